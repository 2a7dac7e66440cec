#pragma once

#include <string>
#include <utility>
#include <vector>

#include "auth/pem.h"
#include "base/secret.h"

namespace odradek::broker {

// What the program or a test says about identities; everything else is in Kafka's properties.
struct SecurityOptions {
  // Users of PLAIN on every listener, who also get SCRAM credentials unless there are some.
  std::vector<std::pair<std::string, Secret>> users;
  std::string users_file;  // auth::MemoryCredentialStore::load_file()
  // For tests: PLAIN takes every user with every password, OAUTHBEARER unsigned tokens.
  bool insecure_any_user = false;
  // OAUTHBEARER takes tokens without a signature, as Kafka does when nothing else is configured.
  bool unsecured_tokens = false;
  // Of every TLS listener without ssl.* properties of its own.
  auth::PemSource certificate;
  auth::PemSource key;  // empty: in `certificate` as well
  Secret key_password;
  auth::PemSource client_ca;  // clients must show a certificate of these authorities
  // Without a certificate: one is made for this run, and its authority written here for clients.
  std::string development_ca_file;
};

}  // namespace odradek::broker
