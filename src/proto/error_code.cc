#include "proto/error_code.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "base/assert.h"

namespace odradek::proto {
namespace {

constexpr ErrorCodeInfo kErrors[] = {
#define ODK_KAFKA_ERROR(number, enumerator, name, retriable, text) \
  {ErrorCode::enumerator, retriable, name, text},
#include "proto/error_table.inc"
#undef ODK_KAFKA_ERROR
};
static_assert(std::ranges::is_sorted(kErrors, {}, &ErrorCodeInfo::code));

}  // namespace

const ErrorCodeInfo* find_error(ErrorCode code) {
  const auto* found = std::ranges::lower_bound(kErrors, code, {}, &ErrorCodeInfo::code);
  return found != std::end(kErrors) && found->code == code ? found : nullptr;
}

std::string_view error_name(ErrorCode code) {
  const ErrorCodeInfo* error = find_error(code);
  return error == nullptr ? "UNKNOWN_ERROR_CODE" : error->name;
}

std::string_view error_text(ErrorCode code) {
  const ErrorCodeInfo* error = find_error(code);
  return error == nullptr ? "an error code this version does not know" : error->text;
}

bool is_retriable(ErrorCode code) {
  const ErrorCodeInfo* error = find_error(code);
  return error != nullptr && error->retriable;
}

Error to_error(ErrorCode code, std::string_view context) { return to_error(code, context, {}); }

Error to_error(ErrorCode code, std::string_view context, std::string_view server_message) {
  ODK_ASSERT(code != ErrorCode::kNone, "{}", context);
  const std::string_view text = server_message.empty() ? error_text(code) : server_message;
  std::string said = fmt::format("{} ({}): {}", error_name(code), to_number(code), text);
  if (!context.empty()) said = fmt::format("{}: {}", context, said);
  return Error::server(to_number(code), std::move(said));
}

}  // namespace odradek::proto
