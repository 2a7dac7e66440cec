#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <string>
#include <variant>

#include "odradek/op.h"
#include "odradek/secret.h"

namespace odradek::kafka {

// TLS to the brokers. Files are PEM. Without ca_file the system's certificates are trusted.
struct Tls {
  std::string ca_file{};
  std::string certificate_file{};  // mutual TLS: certificate chain and
  std::string key_file{};          // private key
  Secret key_password{};
  bool verify_peer = true;  // false: trusts anybody; for tests only
};

// SASL mechanisms.
struct Plain {
  std::string user{};
  Secret password{};
};
struct ScramSha256 {
  std::string user{};
  Secret password{};
};
struct ScramSha512 {
  std::string user{};
  Secret password{};
};
struct OAuthBearer {
  Secret token{};
  std::map<std::string, std::string> extensions{};
};

using Security = std::variant<std::monostate, Tls>;  // none: plaintext
using Authentication = std::variant<std::monostate, Plain, ScramSha256, ScramSha512, OAuthBearer>;

struct ClientOptions {
  std::string bootstrap{};  // "host:port,host:port"
  std::string client_id = "odradek";
  Security security{};
  Authentication auth{};
  std::chrono::milliseconds connection_timeout{10'000};  // TCP, TLS and SASL together
  std::chrono::milliseconds request_timeout{30'000};
  std::chrono::milliseconds metadata_max_age{300'000};
  std::chrono::milliseconds retry_backoff_min{50};
  std::chrono::milliseconds retry_backoff_max{1'000};
  bool allow_auto_topic_creation = false;
};

class ClientCore;

// The connection to one Kafka cluster, and the one thread that does all I/O of the producers,
// consumers and admins made from it. Connects when first needed. Any thread.
class Client {
 public:
  // Throws ConfigError for options that can never work.
  explicit Client(ClientOptions options);
  static Result<Client> create(ClientOptions options);

  Client(Client&& other) noexcept;
  Client& operator=(Client&& other) noexcept;
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;
  // Closes. Whatever is under way fails with ErrorKind::closed; waits for no broker.
  ~Client();

  // The same, early. Producers and consumers should be closed before.
  void close();

  const std::shared_ptr<ClientCore>& core() const { return core_; }  // for the library

 private:
  explicit Client(std::shared_ptr<ClientCore> core);

  std::shared_ptr<ClientCore> core_;
};

}  // namespace odradek::kafka
