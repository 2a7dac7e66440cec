#include "broker/dashboard/message_json.h"

#include <algorithm>

namespace odradek::broker::dashboard {
namespace {

// A record may have thousands of headers; a page shows the first.
constexpr size_t kHeadersMax = 200;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; }

bool contains(std::string_view text, std::string_view part) {
  return !std::ranges::search(text, part, {}, lower, lower).empty() || part.empty();
}

std::string_view control_name(wire::ControlType type) {
  switch (type) {
    case wire::ControlType::kAbort: return "abort";
    case wire::ControlType::kCommit: return "commit";
    case wire::ControlType::kLeaderChange: return "leader change";
    case wire::ControlType::kSnapshotHeader: return "snapshot header";
    case wire::ControlType::kSnapshotFooter: return "snapshot footer";
    case wire::ControlType::kKraftVersion: return "kraft version";
    case wire::ControlType::kKraftVoters: return "kraft voters";
  }
  return "unknown";
}

Json fate_json(TxnFate fate) {
  switch (fate) {
    case TxnFate::kNone: return nullptr;
    case TxnFate::kCommitted: return "committed";
    case TxnFate::kOpen: return "open";
    case TxnFate::kAborted: return "aborted";
  }
  return nullptr;
}

bool header_passes(const wire::RecordHeaders& headers, std::string_view wanted) {
  const size_t equals = wanted.find('=');
  for (const wire::RecordHeader& header : headers) {
    const std::string_view value = as_text(header.value);
    if (contains(header.key, wanted) || contains(value, wanted)) return true;
    if (equals != std::string_view::npos && contains(header.key, wanted.substr(0, equals)) &&
        contains(value, wanted.substr(equals + 1))) {
      return true;
    }
  }
  return false;
}

}  // namespace

Json message_json(const SeenRecord& seen, size_t bytes_max) {
  const wire::BatchView& batch = *seen.batch;
  Json json{{"partition", seen.partition},
            {"offset", seen.offset()},
            {"timestamp_ms", seen.timestamp_ms()},
            {"timestamp_type",
             batch.timestamp_type() == wire::TimestampType::kCreateTime ? "create" : "append"},
            {"compression", wire::codec_name(batch.codec())},
            {"leader_epoch", batch.leader_epoch()},
            {"transaction", fate_json(seen.fate)},
            {"control", nullptr},
            {"producer", nullptr}};
  if (batch.has_producer()) {
    json["producer"] = {{"id", batch.producer_id()}, {"epoch", batch.producer_epoch()}};
  }
  if (batch.is_control()) json["control"] = seen.control ? control_name(*seen.control) : "unknown";
  if (seen.record == nullptr) {
    json["unreadable"] = std::string(seen.fault);
    return json;
  }
  json["size"] = seen.record->encoded.size();
  json["key"] = payload_json(seen.record->key, bytes_max);
  json["value"] = payload_json(seen.record->value, bytes_max);
  Json headers = Json::array();
  for (const wire::RecordHeader& header : seen.record->headers) {
    if (headers.size() >= kHeadersMax) break;
    headers.push_back({{"key", std::string(header.key.substr(0, bytes_max))},
                       {"value", payload_json(header.value, bytes_max)}});
  }
  json["headers"] = std::move(headers);
  json["header_count"] = seen.record->headers.size();
  return json;
}

bool MessageFilter::passes(const SeenRecord& seen) const {
  if (only_committed &&
      (seen.batch->is_control() || seen.fate == TxnFate::kOpen || seen.fate == TxnFate::kAborted)) {
    return false;
  }
  if (key.empty() && value.empty() && header.empty()) return true;
  if (seen.record == nullptr || seen.batch->is_control()) return false;
  const wire::RecordView& record = *seen.record;
  return contains(as_text(record.key), key) && contains(as_text(record.value), value) &&
         (header.empty() || header_passes(record.headers, header));
}

}  // namespace odradek::broker::dashboard
