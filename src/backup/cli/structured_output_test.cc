#include "backup/cli/structured_output.h"

#include <gtest/gtest.h>

namespace odradek::backup {
namespace {

TEST(StructuredOutput, YamlSaysWhatTheJsonSays) {
  EXPECT_EQ(structured(R"({"a":1,"b":"x: y","c":[],"d":{"e":null},"f":[{"g":1,"h":[2]},3]})",
                       OutputFormat::kYaml),
            "a: 1\nb: \"x: y\"\nc: []\nd:\n  e: null\nf:\n"
            "  - g: 1\n    h:\n      - 2\n  - 3\n");
  EXPECT_EQ(structured("{}", OutputFormat::kYaml), "{}\n");
  EXPECT_EQ(structured("{}", OutputFormat::kJson), "{}\n");
}

}  // namespace
}  // namespace odradek::backup
