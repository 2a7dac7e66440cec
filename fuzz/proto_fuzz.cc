// Decodes any message in any version from hostile bytes, encodes it, and decodes that again.
//
// Input: message number (2 bytes), version (1 byte), body. With ODK_FUZZ_MESSAGE=FetchRequest set,
// only that message is fuzzed and the input begins with the version.
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <iterator>
#include <string_view>

#include "base/arena.h"
#include "base/assert.h"
#include "proto/all_messages.h"
#include "proto/decode_message.h"
#include "proto/message_info.h"

namespace odradek::proto {
namespace {

const MessageInfo* only_message() {
  const char* name = std::getenv("ODK_FUZZ_MESSAGE");
  if (name == nullptr) return nullptr;
  for (const MessageInfo& info : kAllMessages) {
    if (info.name == name) return &info;
  }
  std::fprintf(stderr, "ODK_FUZZ_MESSAGE=%s names no message\n", name);
  std::exit(2);
}

void fuzz_one(const MessageInfo& info, uint8_t choice, Bytes body) {
  const int versions = info.max_version - info.min_version + 1;
  const auto version = static_cast<int16_t>(info.min_version + choice % versions);
  const size_t budget = decode_budget_bytes(body.size());
  Arena arena(budget);
  const Result<SliceChain> first = info.reencode(body, version, arena);
  // One chunk may overshoot by its alignment.
  ODK_ASSERT(arena.allocated_bytes() <= budget + 64, "{} bytes", arena.allocated_bytes());
  if (!first) return;
  const Slice once = first->flatten();
  Arena again_arena;
  const Result<SliceChain> second = info.reencode(once.bytes(), version, again_arena);
  ODK_ASSERT(second.has_value(), "{} version {}: {}", info.name, version,
             second.error().to_string());
  ODK_ASSERT(second->flatten().text() == once.text(), "{} version {}", info.name, version);
}

void fuzz(Bytes input) {
  static const MessageInfo* const only = only_message();
  const size_t head = only != nullptr ? 1 : 3;
  if (input.size() < head) return;
  const MessageInfo* info = only;
  if (info == nullptr) {
    const unsigned number = (unsigned{input[0]} << 8U) | input[1];
    info = &kAllMessages[number % std::size(kAllMessages)];
  }
  fuzz_one(*info, input[head - 1], input.subspan(head));
}

}  // namespace
}  // namespace odradek::proto

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  odradek::proto::fuzz({data, size});
  return 0;
}
