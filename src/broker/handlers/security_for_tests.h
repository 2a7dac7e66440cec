#pragma once

#include <gtest/gtest.h>

#include <map>
#include <string>
#include <vector>

#include "auth/sasl.h"
#include "broker/broker_for_tests.h"
#include "proto/messages/create_acls_request.h"
#include "proto/messages/create_acls_response.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

// A broker with access control: "admin" may everything, "alice" what entries allow.
namespace odradek::broker::testing {

inline constexpr int8_t kTopic = 2;
inline constexpr int8_t kGroup = 3;
inline constexpr int8_t kAllow = 3;
inline constexpr int8_t kRead = 3;
inline constexpr int8_t kWrite = 4;
inline constexpr int8_t kCreate = 5;

class SecurityTest : public BrokerTest {
 protected:
  void SetUp() override {
    options_.listeners[0].security = SecurityProtocol::kSaslPlaintext;
    options_.security.users = {{"admin", Secret("admin-secret")}, {"alice", Secret("secret")}};
    options_.properties = {
        {"authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer"},
        {"super.users", "User:admin"},
        {"connection.failed.authentication.delay.ms", "0"}};
    start();
    create_topic("t");
  }

  Result<std::unique_ptr<rpc::ClientConnection>> try_connect(const std::string& user,
                                                             const std::string& password) {
    auto [ours, theirs] = io::memory_streams(loop_);
    broker_->serve(std::move(theirs));
    rpc::ConnectOptions options;
    options.client_id = "test";
    options.deadline = deadline();
    options.security.mechanism = "PLAIN";
    options.security.start_sasl = [user, password] {
      auth::SaslClientOptions sasl;
      sasl.mechanism = "PLAIN";
      sasl.username = user;
      sasl.password = Secret(password);
      return auth::make_sasl_client(sasl);
    };
    return loop_.block_on(rpc::ClientConnection::over(loop_, std::move(ours), std::move(options)));
  }
  rpc::ClientConnection& as(const std::string& user) {
    if (by_user_.contains(user)) return *by_user_[user];
    auto made = try_connect(user, user == "admin" ? "admin-secret" : "secret");
    EXPECT_TRUE(made) << made.error().to_string();
    by_user_[user] = made->get();
    clients_.push_back(*std::move(made));
    return *by_user_[user];
  }
  template <class Req>
  rpc::Decoded<proto::ResponseOf<Req>> call_as(const std::string& user, const Req& request) {
    rpc::ClientConnection& connection = as(user);
    return send(connection, request, *connection.version_for(Req::kApiKey)).get();
  }

  int16_t add_acl(const std::string& by, int8_t type, std::string_view name, int8_t operation) {
    proto::CreateAclsRequest::AclCreation acl;
    acl.resource_type = type;
    acl.resource_name = name;
    acl.principal = "User:alice";
    acl.host = "*";
    acl.operation = operation;
    acl.permission_type = kAllow;
    proto::CreateAclsRequest request;
    request.creations = {&acl, 1};
    return call_as(by, request)->results[0].error_code;
  }
  rpc::Decoded<proto::MetadataResponse> metadata(const std::string& user,
                                                 std::vector<std::string_view> names) {
    std::vector<proto::MetadataRequest::MetadataRequestTopic> topics;
    for (const std::string_view name : names) topics.push_back({{}, name, {}});
    proto::MetadataRequest request;
    request.topics = proto::array_of(topics);
    request.include_topic_authorized_operations = true;
    return call_as(user, request);
  }

  std::map<std::string, rpc::ClientConnection*> by_user_;
};

}  // namespace odradek::broker::testing
