#include "log/disk/batch_scan.h"

#include <fmt/format.h>

#include <algorithm>

#include "log/stored_batch.h"
#include "wire/crc32c.h"

namespace odradek::log {
namespace {

namespace layout = wire::batch_layout;
constexpr size_t kVerifyWindowBytes = size_t{1} << 20U;

StoredHeader read_header(const uint8_t* header, uint32_t position) {
  return {position, static_cast<uint32_t>(stored::size(header)), stored::base_offset(header),
          stored::next_offset(header), stored::max_timestamp(header)};
}

}  // namespace

std::optional<std::string_view> header_fault(const uint8_t* header, size_t room) {
  const auto length = wire::load_be<int32_t>(header + layout::kLength);
  if (length < static_cast<int32_t>(layout::kHeaderBytes - layout::kPrefixBytes)) {
    return "a batch shorter than its header";
  }
  if (stored::size(header) > room) return "a batch that is cut";
  if (static_cast<int8_t>(header[layout::kMagic]) != wire::kBatchMagic) return "another magic";
  if (wire::load_be<int32_t>(header + layout::kLastOffsetDelta) < 0 ||
      stored::base_offset(header) < 0) {
    return "negative offsets";
  }
  return std::nullopt;
}

Result<const uint8_t*> HeaderScan::header_at(uint32_t position) {
  const bool inside = window_bytes_ > 0 && position >= window_begin_ &&
                      position + layout::kHeaderBytes <= window_begin_ + window_bytes_;
  if (!inside) {
    const size_t wanted = std::min<size_t>(kWindowBytes, end_ - position);
    ODK_TRY(window_bytes_, file_.read_at(position, {window_.data(), wanted}));
    window_begin_ = position;
    if (window_bytes_ < layout::kHeaderBytes) {
      return Error(Errc::kMalformed, fmt::format("no whole batch at byte {}", position));
    }
  }
  return window_.data() + (position - window_begin_);
}

Result<std::optional<StoredHeader>> HeaderScan::next() {
  if (position_ >= end_) return std::optional<StoredHeader>();
  ODK_TRY(const uint8_t* const header, header_at(position_));
  if (const auto fault = header_fault(header, end_ - position_)) {
    return Error(Errc::kMalformed, fmt::format("{} at byte {}", *fault, position_));
  }
  const StoredHeader found = read_header(header, position_);
  position_ = found.end();
  return std::optional(found);
}

Result<Bytes> VerifyingScan::window_at(uint32_t position, size_t bytes) {
  const size_t behind = position - window_begin_;
  if (position < window_begin_ || behind + bytes > window_.size()) {
    window_.resize(std::min<size_t>(kVerifyWindowBytes, end_ - position));
    ODK_TRY(const size_t got, file_.read_at(position, window_.mutable_bytes()));
    window_.resize(got);
    window_begin_ = position;
  }
  const size_t from = position - window_begin_;
  return window_.bytes().subspan(from, std::min(bytes, window_.size() - from));
}

Result<bool> VerifyingScan::crc_is_right(uint32_t position, uint32_t size) {
  ODK_TRY(const Bytes header, window_at(position, layout::kHeaderBytes));
  const auto wanted = wire::load_be<uint32_t>(header.data() + layout::kCrc);
  uint32_t crc = 0;
  for (uint32_t at = layout::kAttributes; at < size;) {
    ODK_TRY(const Bytes part,
            window_at(position + at, std::min<size_t>(size - at, kVerifyWindowBytes)));
    if (part.empty()) return false;
    crc = wire::crc32c_extend(crc, part);
    at += static_cast<uint32_t>(part.size());
  }
  return crc == wanted;
}

Result<std::optional<StoredHeader>> VerifyingScan::next() {
  const std::optional<StoredHeader> none;
  if (position_ >= end_) return none;
  ODK_TRY(const Bytes header, window_at(position_, layout::kHeaderBytes));
  if (header.size() < layout::kHeaderBytes) {
    fault_ = "a header that is cut";
    return none;
  }
  if (const auto fault = header_fault(header.data(), end_ - position_)) {
    fault_ = *fault;
    return none;
  }
  const StoredHeader found = read_header(header.data(), position_);
  ODK_TRY(const bool right, crc_is_right(position_, found.size));
  if (!right) {
    fault_ = "a wrong CRC";
    return none;
  }
  position_ = found.end();
  return std::optional(found);
}

}  // namespace odradek::log
