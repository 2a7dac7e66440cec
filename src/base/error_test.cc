#include "base/error.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

namespace odradek {
namespace {

TEST(Error, OfACodeAloneIsOnePointerWide) {
  static_assert(sizeof(Error) == sizeof(void*));
  const Error error(Errc::kTimedOut);
  EXPECT_EQ(error.code(), Errc::kTimedOut);
  EXPECT_EQ(error.message(), "");
  EXPECT_EQ(error.server_code(), 0);
  EXPECT_EQ(error.to_string(), "timed out");
}

TEST(Error, SaysWhatWentWrong) {
  const Error error(Errc::kMalformed, "ends early at byte 3");
  EXPECT_EQ(error.code(), Errc::kMalformed);
  EXPECT_EQ(error.message(), "ends early at byte 3");
  EXPECT_EQ(error.to_string(), "malformed: ends early at byte 3");
}

TEST(Error, CarriesTheServersCode) {
  const Error error = Error::server(6, "metadata of orders-3");
  EXPECT_EQ(error.code(), Errc::kServer);
  EXPECT_EQ(error.server_code(), 6);
  EXPECT_EQ(error.to_string(), "server error 6: metadata of orders-3");
}

TEST(Error, ContextGoesInFrontAndKeepsTheCodes) {
  const Error error = Error::server(6, "moved").with_context("fetch orders-3");
  EXPECT_EQ(error.message(), "fetch orders-3: moved");
  EXPECT_EQ(error.server_code(), 6);
  EXPECT_EQ(Error(Errc::kClosed).with_context("read").to_string(), "closed: read");
}

TEST(Error, CopiesAndMovesKeepTheMessage) {
  const Error first(Errc::kIo, "disk");
  Error copy = first;
  Error moved = std::move(copy);
  EXPECT_EQ(moved.message(), "disk");
  Error assigned(Errc::kTls);
  assigned = first;
  EXPECT_EQ(assigned.message(), "disk");
  assigned = Error(Errc::kTls);
  EXPECT_EQ(assigned.message(), "");
  EXPECT_EQ(first.message(), "disk");
}

TEST(Error, EveryCodeHasAName) {
  for (auto code = static_cast<uint16_t>(Errc::kInvalidArgument);
       code <= static_cast<uint16_t>(Errc::kInternal); ++code) {
    EXPECT_NE(errc_name(static_cast<Errc>(code)), "unknown") << code;
  }
  EXPECT_EQ(errc_name(static_cast<Errc>(999)), "unknown");
}

}  // namespace
}  // namespace odradek
