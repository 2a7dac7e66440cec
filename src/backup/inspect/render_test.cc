#include "backup/inspect/render.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>

namespace odradek::backup {
namespace {

using Json = nlohmann::ordered_json;

TEST(Render, YamlNestsAndQuotesWhatItMust) {
  const Json value = {
      {"name", "yes: no"},
      {"count", 3},
      {"none", nullptr},
      {"on", true},
      {"empty", Json::array()},
      {"list", {1, "two"}},
      {"entries", {{{"id", 1}, {"inner", {{"a", 1}}}}, {{"id", 2}}}},
  };
  EXPECT_EQ(render(value, OutputFormat::kYaml),
            "name: \"yes: no\"\n"
            "count: 3\n"
            "none: null\n"
            "\"on\": true\n"
            "empty: []\n"
            "list:\n"
            "  - 1\n"
            "  - \"two\"\n"
            "entries:\n"
            "  - id: 1\n"
            "    inner:\n"
            "      a: 1\n"
            "  - id: 2\n");
}

}  // namespace
}  // namespace odradek::backup
