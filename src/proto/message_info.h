#pragma once

#include <cstdint>
#include <string_view>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::proto {

enum class MessageKind : uint8_t {
  kRequest,
  kResponse,
  kHeader,
  kData,         // consumer protocol, control records and the like
  kRecordKey,    // keys and values of the coordinators' internal topics
  kRecordValue,  // and records of the metadata log
};

// What tools that handle any message know of one. The table: proto/all_messages.h (generated).
struct MessageInfo {
  std::string_view name;  // as in Kafka's schema, "FetchRequest"
  MessageKind kind;
  int16_t key;  // API key or record type, -1 if neither
  int16_t min_version;
  int16_t max_version;
  int16_t first_flexible;
  // Decodes `body`, whole, and encodes the result. Errors: as decode_all, or of the writer.
  // The result owns its bytes; `arena` is used for decoding only.
  Result<SliceChain> (*reencode)(Bytes body, int16_t version, Arena& arena);
};

template <class T>
Result<SliceChain> reencode(Bytes body, int16_t version, Arena& arena) {
  wire::Reader reader(body, arena);
  T message;
  decode(reader, version, message);
  ODK_TRY_VOID(reader.finish());
  wire::Writer writer(body.size());
  encode(writer, version, message);
  return writer.finish();
}

template <class T>
constexpr MessageInfo message_info(MessageKind kind, int16_t key) {
  return {T::kName, kind, key, T::kMinVersion, T::kMaxVersion, T::kFirstFlexible, &reencode<T>};
}

}  // namespace odradek::proto
