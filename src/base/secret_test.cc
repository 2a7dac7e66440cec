#include "base/secret.h"

#include <gtest/gtest.h>

#include <cstdlib>

namespace odradek {
namespace {

TEST(Secret, FormatsAsStars) {
  const Secret secret("hunter2");
  EXPECT_EQ(fmt::format("{}", secret), "****");
  EXPECT_EQ(secret.reveal(), "hunter2");
}

TEST(Secret, MovingWipesTheSource) {
  Secret source("short");
  const Secret target(std::move(source));
  EXPECT_EQ(target.reveal(), "short");
  EXPECT_TRUE(source.empty());  // NOLINT(bugprone-use-after-move): what is tested
}

TEST(Secret, WipingOverwritesTheWholeBuffer) {
  std::string text = "a long enough text that lies on the heap";
  const char* const memory = text.data();
  const size_t size = text.size();
  wipe(text);
  EXPECT_TRUE(text.empty());
  ASSERT_EQ(text.data(), memory);
  text.resize(size);
  for (size_t i = 1; i < size; ++i) EXPECT_EQ(text[i], '\0');
}

TEST(Secret, ComparesWholeTexts) {
  const Secret secret("abc");
  EXPECT_TRUE(secret.equals("abc"));
  EXPECT_FALSE(secret.equals("abd"));
  EXPECT_FALSE(secret.equals("ab"));
  EXPECT_TRUE(Secret().equals(""));
}

TEST(Secret, ComesFromTheEnvironment) {
  ASSERT_EQ(::setenv("ODK_SECRET_TEST", "value", 1), 0);
  EXPECT_EQ(secret_from_environment("ODK_SECRET_TEST").value().reveal(), "value");
  ASSERT_EQ(::unsetenv("ODK_SECRET_TEST"), 0);
  EXPECT_EQ(secret_from_environment("ODK_SECRET_TEST").error().message(),
            "environment variable ODK_SECRET_TEST is not set");
}

}  // namespace
}  // namespace odradek
