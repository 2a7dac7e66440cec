#include "broker/security/endpoints.h"

#include <gtest/gtest.h>

#include "broker/listener_specs.h"

namespace odradek::broker {
namespace {

Result<std::vector<ListenerSpec>> listeners(std::map<std::string, std::string> properties) {
  Settings settings;
  for (const auto& [name, value] : properties) {
    EXPECT_TRUE(settings.set_static(name, value)) << name;
  }
  return resolve_listeners(settings, std::vector<ListenerSpec>(1));
}

TEST(Listeners, AreReadByKafkasProperties) {
  const auto found =
      listeners({{"listeners", "inside://:9092, OUT://10.0.0.1:9093,CTL://:9094"},
                 {"listener.security.protocol.map", "INSIDE:PLAINTEXT,OUT:SASL_SSL,CTL:PLAINTEXT"},
                 {"controller.listener.names", "CTL"},
                 {"advertised.listeners", "OUT://broker.example:19093"}});
  ASSERT_TRUE(found) << found.error().to_string();
  ASSERT_EQ(found->size(), 2U);
  EXPECT_EQ(found->at(0).options.name, "INSIDE");
  EXPECT_EQ(found->at(0).options.host, "0.0.0.0");
  EXPECT_EQ(found->at(0).security, SecurityProtocol::kPlaintext);
  EXPECT_EQ(found->at(1).security, SecurityProtocol::kSaslSsl);
  EXPECT_EQ(found->at(1).advertise->to_string(), "broker.example:19093");
}

TEST(Listeners, WithoutAProtocolOrTwiceAreRefused) {
  EXPECT_FALSE(listeners({{"listeners", "X://:9092"}}));
  EXPECT_FALSE(listeners({{"listeners", "SSL://:9092,SSL://:9093"}}));
  EXPECT_FALSE(listeners({{"listeners", "9092"}}));
  EXPECT_FALSE(
      listeners({{"listeners", "SSL://:9092"}, {"advertised.listeners", "PLAINTEXT://a:1"}}));
}

}  // namespace
}  // namespace odradek::broker
