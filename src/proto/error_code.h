#pragma once

#include <cstdint>
#include <string_view>

#include "base/error.h"

namespace odradek::proto {

// The error codes of the Kafka protocol, as of 4.4. A peer may send others: keep them as they are.
enum class ErrorCode : int16_t {
#define ODK_KAFKA_ERROR(number, enumerator, name, retriable, text) enumerator = number,
#include "proto/error_table.inc"
#undef ODK_KAFKA_ERROR
};

// Kafka's name, "NOT_LEADER_OR_FOLLOWER"; "UNKNOWN_ERROR_CODE" for a number without one.
std::string_view error_name(ErrorCode code);

// One sentence in lower case for people.
std::string_view error_text(ErrorCode code);

// Whether Kafka's own client sees a chance that the same request succeeds later, after it looked
// up metadata or coordinator again. The call site knows more: say there why you retry or not.
bool is_retriable(ErrorCode code);

// "fetch orders-3: NOT_LEADER_OR_FOLLOWER (6): the broker is not ...", as Errc::kServer.
// `code` is not kNone.
Error to_error(ErrorCode code, std::string_view context);
// The same with the server's own words in place of ours, where it sent some.
Error to_error(ErrorCode code, std::string_view context, std::string_view server_message);

// One row of the table.
struct ErrorCodeInfo {
  ErrorCode code;
  bool retriable;
  std::string_view name;
  std::string_view text;
};
// Null when the number has no name.
const ErrorCodeInfo* find_error(ErrorCode code);

// The code in an answer's error_code field.
constexpr ErrorCode error_code(int16_t number) { return static_cast<ErrorCode>(number); }
constexpr int16_t to_number(ErrorCode code) { return static_cast<int16_t>(code); }

}  // namespace odradek::proto
