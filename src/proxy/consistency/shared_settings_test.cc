#include "proxy/consistency/shared_settings.h"

#include <gtest/gtest.h>

namespace odradek::proxy {
namespace {

SharedSettings some_settings() {
  return {.shadow_suffix = "~vp",
          .fallback = MappingSpec{.virtual_partitions = 12, .physical_partitions = 3},
          .topics = {{"orders", {.virtual_partitions = 64, .physical_partitions = 8}},
                     {"clicks-.*", {.virtual_partitions = 100, .physical_partitions = 10}}}};
}

void expect_refused(const SharedSettings& own, const SharedSettings& others,
                    std::string_view reason) {
  const Result<void> checked = check_shared(own, others);
  ASSERT_FALSE(checked);
  EXPECT_EQ(checked.error().code(), Errc::kConfig);
  EXPECT_NE(checked.error().message().find(reason), std::string_view::npos)
      << checked.error().message();
}

TEST(SharedSettings, AreReadBackAsTheyWereWritten) {
  SharedSettings settings = some_settings();
  settings.topics[0].spec.segmented = true;
  settings.topics[1].pattern = "two words\\or\nlines";
  settings.shadow_suffix = " shadow ";
  const Result<SharedSettings> read = parse_shared_settings(to_text(settings));
  ASSERT_TRUE(read) << read.error().to_string();
  EXPECT_EQ(*read, settings);
  const SharedSettings nothing = {.shadow_suffix = "x", .fallback = {}, .topics = {}};
  EXPECT_EQ(*parse_shared_settings(to_text(nothing)), nothing);
}

TEST(SharedSettings, HaveTheDocumentedText) {
  EXPECT_EQ(to_text(some_settings()),
            "kafka-partition-proxy settings 1\n"
            "mark auto\n"
            "suffix ~vp\n"
            "default 12 3 1099511627776 identity\n"
            "topic 64 8 1099511627776 identity orders\n"
            "topic 100 10 1099511627776 identity clicks-.*\n");
}

TEST(SharedSettings, RefuseTextOfNoOrAnotherVersion) {
  const std::string title = "kafka-partition-proxy settings 1\n";
  for (const std::string& text :
       {std::string(), std::string("hello"), std::string("kafka-partition-proxy settings 2\n"),
        title + "mark header\n", title + "default 12 3\n", title + "default 12 3 7 identity 1\n",
        title + "topic 12 x 7 identity a\n", title + "topic 12 3 7 dense a\n", title + "\n"}) {
    const Result<SharedSettings> read = parse_shared_settings(text);
    ASSERT_FALSE(read) << text;
    EXPECT_EQ(read.error().code(), Errc::kMalformed);
  }
}

TEST(SharedSettings, MayHaveMoreTopicsThanTheOthers) {
  SharedSettings own = some_settings();
  own.topics.insert(own.topics.begin() + 1,
                    {"more", {.virtual_partitions = 2, .physical_partitions = 1}});
  EXPECT_TRUE(check_shared(own, some_settings()));
  SharedSettings others = some_settings();
  others.fallback.reset();
  EXPECT_TRUE(check_shared(some_settings(), others));
}

TEST(SharedSettings, RefuseWhatDiffersFromTheOthers) {
  SharedSettings own = some_settings();
  own.shadow_suffix = "-shadow";
  expect_refused(own, some_settings(), "shadow_suffix");

  own = some_settings();
  own.fallback->virtual_partitions = 24;
  expect_refused(own, some_settings(), "topics by default with \"12 3 ");
  own.fallback.reset();
  expect_refused(own, some_settings(), "this one does not");

  own = some_settings();
  own.topics[0].spec.segmented = true;
  expect_refused(own, some_settings(), "\"orders\"");
  own.topics.erase(own.topics.begin());
  expect_refused(own, some_settings(), "maps \"orders\", this one does not");

  own = some_settings();
  std::swap(own.topics[0], own.topics[1]);
  expect_refused(own, some_settings(), "another place");
}

}  // namespace
}  // namespace odradek::proxy
