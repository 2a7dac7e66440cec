#include "broker/kafka_environment.h"

#include <gtest/gtest.h>

namespace odradek::broker {
namespace {

KafkaEnvironment read(std::vector<std::string_view> variables) {
  return read_kafka_environment(variables);
}

TEST(KafkaEnvironment, GivesPropertiesByTheirVariables) {
  const auto environment = read({"KAFKA_NUM_PARTITIONS=3", "KAFKA_LISTENERS=PLAINTEXT://:9092",
                                 "PATH=/bin", "KAFKA_AUTO_CREATE_TOPICS_ENABLE=a=b"});
  EXPECT_EQ(environment.properties,
            (std::map<std::string, std::string>{{"num.partitions", "3"},
                                                {"listeners", "PLAINTEXT://:9092"},
                                                {"auto.create.topics.enable", "a=b"}}));
  EXPECT_TRUE(environment.unknown.empty());
}

TEST(KafkaEnvironment, TellsDotsUnderscoresAndDashesApart) {
  const auto environment = read({"KAFKA_LISTENER_NAME_IN__SIDE_SASL_ENABLED_MECHANISMS=PLAIN",
                                 "KAFKA_LISTENER_NAME_OUT___SIDE_SSL_CLIENT_AUTH=none"});
  EXPECT_TRUE(environment.properties.contains("listener.name.in_side.sasl.enabled.mechanisms"));
  EXPECT_TRUE(environment.properties.contains("listener.name.out-side.ssl.client.auth"));
}

TEST(KafkaEnvironment, LeavesJavaOut) {
  const auto environment =
      read({"KAFKA_HEAP_OPTS=-Xmx1g", "KAFKA_LOG4J_LOGGERS=kafka=INFO", "KAFKA_JMX_PORT=9999"});
  EXPECT_TRUE(environment.properties.empty());
  EXPECT_TRUE(environment.unknown.empty());
}

TEST(KafkaEnvironment, NamesWhatIsNoProperty) {
  EXPECT_EQ(read({"KAFKA_NO_SUCH_THING=1"}).unknown, std::vector<std::string>{"no.such.thing"});
}

TEST(KafkaEnvironment, TakesTheIdOfTheCluster) {
  EXPECT_EQ(read({"CLUSTER_ID=4L6g3nShT-eMCtK--X86sw"}).cluster_id, "4L6g3nShT-eMCtK--X86sw");
}

}  // namespace
}  // namespace odradek::broker
