#include "proxy/remap/mapping_registry.h"

#include <gtest/gtest.h>

namespace odradek::proxy {
namespace {

MappingSpec spec(int32_t virtual_partitions, int32_t physical_partitions) {
  return {.virtual_partitions = virtual_partitions, .physical_partitions = physical_partitions};
}

int32_t virtual_partitions(const MappingRegistry& registry, std::string_view topic) {
  const std::optional<MappingMatch> match = registry.match(topic);
  return match ? match->remapper->virtual_partitions() : 0;
}

TEST(MappingRegistry, PrefersExactNamesThenExpressionsInOrderThenTheDefault) {
  const std::vector<TopicRule> rules = {{"orders-.*", spec(8, 2)},
                                        {"orders-(eu|us)", spec(16, 2)},
                                        {"orders-eu", spec(4, 2)},
                                        {"a.b", spec(6, 2)}};
  const auto registry = MappingRegistry::create(spec(12, 3), rules);
  ASSERT_TRUE(registry);
  EXPECT_EQ(virtual_partitions(*registry, "orders-eu"), 4);
  EXPECT_EQ(virtual_partitions(*registry, "orders-us"), 8);
  EXPECT_EQ(virtual_partitions(*registry, "my-orders-us"), 12);  // anchored at both ends
  EXPECT_EQ(virtual_partitions(*registry, "a.b"), 6);
  EXPECT_EQ(virtual_partitions(*registry, "axb"), 12);  // a name, not an expression
  EXPECT_EQ(registry->match("orders-us")->source, MappingSource::kNamed);
  EXPECT_EQ(registry->match("other")->source, MappingSource::kDefault);
  EXPECT_EQ(registry->groups_max(), 8);
}

TEST(MappingRegistry, NeverMapsInternalTopicsOrImpossibleNames) {
  const auto registry = MappingRegistry::create(spec(12, 3), {{"_.*", spec(4, 2)}});
  ASSERT_TRUE(registry);
  EXPECT_FALSE(registry->match("__consumer_offsets"));
  EXPECT_FALSE(registry->match(""));
  EXPECT_FALSE(registry->match("no/slash"));
  EXPECT_FALSE(registry->match(std::string(250, 'x')));
  EXPECT_TRUE(registry->match("_single"));
}

TEST(MappingRegistry, MapsNothingWithoutADefault) {
  const auto registry = MappingRegistry::create(std::nullopt, {{"mapped", spec(12, 3)}});
  ASSERT_TRUE(registry);
  EXPECT_TRUE(registry->match("mapped"));
  EXPECT_FALSE(registry->match("other"));
  EXPECT_FALSE(registry->match("other"));  // and so from the cache
}

TEST(MappingRegistry, NamesTheRuleThatIsWrong) {
  const auto message = [](const std::vector<TopicRule>& rules) {
    const auto registry = MappingRegistry::create(std::nullopt, rules);
    return registry ? std::string() : registry.error().to_string();
  };
  EXPECT_NE(message({{"t", spec(10, 3)}}).find("\"t\""), std::string::npos);
  EXPECT_NE(message({{"t(", spec(12, 3)}}).find("\"t(\""), std::string::npos);
  EXPECT_NE(message({{"t", spec(12, 3)}, {"t", spec(6, 3)}}).find("twice"), std::string::npos);
  EXPECT_EQ(MappingRegistry::create(spec(5, 2), {}).error().code(), Errc::kConfig);
}

}  // namespace
}  // namespace odradek::proxy
