#include "auth/jaas.h"

#include <gtest/gtest.h>

namespace odradek::auth {
namespace {

TEST(Jaas, IsReadWithItsOptions) {
  const auto entry = parse_jaas(
      "org.apache.kafka.common.security.plain.PlainLoginModule required\n"
      "  username=\"admin\" user_alice='a \\' b' user_bob=plain;");
  ASSERT_TRUE(entry) << entry.error().to_string();
  EXPECT_EQ(entry->module, "PlainLoginModule");
  EXPECT_EQ(entry->option("user_alice").reveal(), "a ' b");
  EXPECT_EQ(entry->option("user_bob").reveal(), "plain");
  EXPECT_TRUE(entry->option("user_carl").empty());
}

TEST(Jaas, WithFaultsIsRefusedWithoutItsSecrets) {
  for (const char* text :
       {"", "M", "M required", "M required a", "M required a=\"b;", "M required secret=hush"}) {
    const auto entry = parse_jaas(text);
    ASSERT_FALSE(entry) << text;
    EXPECT_EQ(entry.error().to_string().find("hush"), std::string::npos);
  }
}

}  // namespace
}  // namespace odradek::auth
