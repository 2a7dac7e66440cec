#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>

#include "odradek/observe.h"
#include "odradek/op.h"
#include "odradek/secret.h"

namespace odradek::kafka {

// TLS to the brokers, with PEM in files or in memory. Without a CA the system's certificates are
// trusted. A file that changed is read again for the next connection; while it cannot be used, the
// certificates loaded before stay.
struct Tls {
  std::string ca_file{};
  std::string certificate_file{};  // mutual TLS: certificate chain and
  std::string key_file{};          // private key; empty: it is in certificate_file, too
  Secret key_password{};
  std::string ca_pem{};  // in place of the files
  std::string certificate_pem{};
  Secret key_pem{};
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
// A token for OAUTHBEARER.
struct BearerToken {
  Secret token{};
  // Until when it can be used; it is replaced before. None: each connection asks for another.
  std::optional<std::chrono::system_clock::time_point> expires_at{};
  std::map<std::string, std::string> extensions{};
};
struct OAuthBearer {
  Secret token{};  // one that never changes, or
  // who gives tokens when they are needed. Called on a thread of its own, never twice at once, and
  // may block; a call under way does not keep the client from being destroyed. After an error of
  // kind network, timeout or tls, or an exception, it is called again for the next connection, with
  // back-off; any other error means that we are refused, and is final.
  std::function<Result<BearerToken>()> token_provider{};
  std::map<std::string, std::string> extensions{};  // with `token`
};
// OAUTHBEARER with tokens of an identity provider, by OAuth 2.0 client credentials (RFC 6749 4.4;
// KIP-768). Tokens are kept for most of their life.
struct OidcClientCredentials {
  std::string token_endpoint{};  // "https://idp.example.com/oauth2/token"
  std::string client_id{};
  Secret client_secret{};
  std::string scope{};
  std::map<std::string, std::string> extensions{};
  std::string ca_file{};  // for the endpoint's certificate; empty: the system's
  std::chrono::milliseconds timeout{10'000};
};

using Security = std::variant<std::monostate, Tls>;  // none: plaintext
using Authentication = std::variant<std::monostate, Plain, ScramSha256, ScramSha512, OAuthBearer,
                                    OidcClientCredentials>;

// How names of brokers become addresses (client.dns.lookup).
enum class DnsLookup : uint8_t {
  use_all_dns_ips,  // each address of a name is tried in turn
  // And the bootstrap servers go by the names their addresses have: for one name that stands for
  // several brokers with certificates of their own.
  resolve_canonical_bootstrap_servers_only,
};

// What a client does when it can reach no broker it knows of (KIP-899, KIP-1102).
enum class MetadataRecovery : uint8_t {
  rebootstrap,  // begins with ClientOptions::bootstrap again
  none,  // goes on trying
};

struct ClientOptions {
  std::string bootstrap{};  // "host:port,host:port"
  DnsLookup dns_lookup = DnsLookup::use_all_dns_ips;
  std::string client_id = "odradek";
  Security security{};
  Authentication auth{};
  // TCP, TLS and SASL together. Doubles with each failure of a broker in a row, up to _max, and
  // has up to 20 % of jitter (KIP-601).
  std::chrono::milliseconds connection_timeout{10'000};
  std::chrono::milliseconds connection_timeout_max{30'000};
  std::chrono::milliseconds connection_idle_max{540'000};  // then it is closed; zero: never
  std::chrono::milliseconds request_timeout{30'000};
  std::chrono::milliseconds metadata_max_age{300'000};
  std::chrono::milliseconds retry_backoff_min{50};
  std::chrono::milliseconds retry_backoff_max{1'000};
  bool allow_auto_topic_creation = false;
  MetadataRecovery metadata_recovery = MetadataRecovery::rebootstrap;
  std::chrono::milliseconds rebootstrap_after{300'000};  // without an answer about the cluster
  // Called on the client's thread for each request that ended: a span for tracing.
  std::function<void(const RequestEvent&)> on_request{};
  // Called on the client's thread each metrics_interval.
  std::function<void(const ClientMetrics&)> on_metrics{};
  std::chrono::milliseconds metrics_interval{30'000};
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

  // What happened so far, and what is now. `brokers` in the order of their addresses.
  Op<ClientMetrics> metrics() const;

  const std::shared_ptr<ClientCore>& core() const { return core_; }  // for the library

 private:
  explicit Client(std::shared_ptr<ClientCore> core);

  std::shared_ptr<ClientCore> core_;
};

}  // namespace odradek::kafka
