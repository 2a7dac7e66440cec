#pragma once

#include <cstdint>
#include <string>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/result.h"
#include "proto/decode_message.h"
#include "wire/writer.h"

namespace odradek::broker {

// The bytes of a coordinator record's key or value: its type (of a key) or version (of a value),
// then the message. Empty when the message cannot be written (a text above 32767 bytes), which is
// never a record's: whoever writes records refuses it.
// Source: CoordinatorRecordSerde, MessageUtil.toVersionPrefixedBytes.
template <class Message>
std::string prefixed_bytes(int16_t prefix, int16_t version, const Message& message) {
  wire::Writer writer(128);
  writer.i16(prefix);
  encode(writer, version, message);
  const Result<SliceChain> bytes = writer.finish();
  if (!bytes) return {};
  return std::string(as_text(bytes->flatten().bytes()));
}
template <class Key>
std::string record_key(const Key& key) {
  return prefixed_bytes(Key::kRecordType, 0, key);
}
template <class Value>
std::string record_value(int16_t version, const Value& value) {
  return prefixed_bytes(version, version, value);
}

// The message behind the two bytes of its prefix. kMalformed; kUnsupported for a later version.
template <class Message>
Result<void> decode_prefixed(Bytes bytes, int16_t version, Arena& arena, Message& out) {
  if (version < Message::kMinVersion || version > Message::kMaxVersion) {
    return Error(Errc::kUnsupported, std::string(Message::kName));
  }
  return proto::decode_all(bytes.subspan(sizeof(int16_t)), version, arena, out);
}
template <class Value>
Result<void> decode_value(Bytes bytes, Arena& arena, Value& out) {
  if (bytes.size() < sizeof(int16_t)) return Error(Errc::kMalformed, std::string(Value::kName));
  wire::Reader reader(bytes, arena);
  return decode_prefixed(bytes, reader.i16(), arena, out);
}

}  // namespace odradek::broker
