#include "io/address.h"

#include <gtest/gtest.h>

namespace odradek::io {
namespace {

TEST(HostPort, IsReadFromText) {
  EXPECT_EQ(parse_host_port("localhost:9092").value(), (HostPort{"localhost", 9092}));
  EXPECT_EQ(parse_host_port(" 10.0.0.1:0 ").value(), (HostPort{"10.0.0.1", 0}));
  EXPECT_EQ(parse_host_port("[::1]:9092").value(), (HostPort{"::1", 9092}));
  EXPECT_EQ(parse_host_port("broker", 9092).value(), (HostPort{"broker", 9092}));
  EXPECT_EQ(parse_host_port("[fe80::1]", 9092).value(), (HostPort{"fe80::1", 9092}));
}

TEST(HostPort, IsWrittenWithBracketsForIpv6) {
  EXPECT_EQ((HostPort{"::1", 9092}).to_string(), "[::1]:9092");
  EXPECT_EQ((HostPort{"localhost", 1}).to_string(), "localhost:1");
}

TEST(HostPort, NonsenseIsRefusedInWords) {
  for (const char* text : {"", "localhost", ":9092", "host:", "host:65536", "host:-1", "host:9x",
                           "::1:9092", "[::1", "[::1]9092", "http://host:80", "a b:1"}) {
    const Result<HostPort> parsed = parse_host_port(text);
    ASSERT_FALSE(parsed) << text;
    EXPECT_EQ(parsed.error().code(), Errc::kInvalidArgument);
    EXPECT_NE(parsed.error().message().find(text), std::string_view::npos);
  }
}

TEST(HostPort, ListsAreSeparatedByCommas) {
  const auto parsed = parse_host_ports(" a:1, b ,[::1]:3,", 9092);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, (std::vector<HostPort>{{"a", 1}, {"b", 9092}, {"::1", 3}}));
  EXPECT_FALSE(parse_host_ports(" , "));
  EXPECT_FALSE(parse_host_ports("a:1,b:x"));
}

}  // namespace
}  // namespace odradek::io
