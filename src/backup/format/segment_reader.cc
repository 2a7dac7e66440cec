#include "backup/format/segment_reader.h"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstring>

#include "backup/format/xxh3.h"
#include "wire/record_batch.h"

namespace odradek::backup {
namespace {

constexpr uint64_t kSuffixBytes = 64 * 1024;
constexpr uint64_t kHeaderReadBytes = 512;
// Larger than any frame the writer makes: a batch is at most 2 GiB, and frames hold few of them.
constexpr uint64_t kFrameRawBytesMax = 2ULL * 1024 * 1024 * 1024;

Error malformed(std::string message) { return {Errc::kMalformed, std::move(message)}; }

}  // namespace

Error SegmentReader::named(const Error& error) const {
  return error.with_context(fmt::format("object {}", key_));
}

Result<std::unique_ptr<SegmentReader>> SegmentReader::open(store::ObjectStore& store,
                                                           std::string key) {
  std::unique_ptr<SegmentReader> reader(new SegmentReader(store, std::move(key)));
  if (Result<void> loaded = reader->load(); !loaded) return reader->named(loaded.error());
  return reader;
}

Result<void> SegmentReader::load() {
  ODK_TRY(const store::ObjectInfo object, store_->head(key_));
  object_bytes_ = object.size_bytes;
  ODK_TRY(const Slice suffix, store_->get_suffix(key_, kSuffixBytes));
  if (suffix.size() < kFooterBytes) return malformed("too short for a segment");
  const uint64_t footer_position = object_bytes_ - kFooterBytes;
  ODK_TRY(footer_, decode_footer(suffix.bytes().last(kFooterBytes)));
  if (footer_.index_position > footer_position ||
      footer_.index_bytes != footer_position - footer_.index_position) {
    return malformed("index does not end where the footer begins");
  }
  const uint64_t suffix_position = object_bytes_ - suffix.size();
  Slice index;
  if (footer_.index_position >= suffix_position) {
    index = suffix.subslice(footer_.index_position - suffix_position, footer_.index_bytes);
  } else {
    ODK_TRY(index, store_->get_range(key_, footer_.index_position, footer_.index_bytes));
  }
  ODK_TRY(index_, decode_index(index.bytes()));

  ODK_TRY(Slice begin, store_->get_range(key_, 0, kHeaderReadBytes));
  ODK_TRY(header_bytes_, skippable_frame_bytes(begin.bytes()));
  if (header_bytes_ > begin.size()) {
    ODK_TRY(begin, store_->get_range(key_, 0, std::min<uint64_t>(header_bytes_, 128 * 1024)));
  }
  ODK_TRY(header_, decode_header(begin.bytes()));
  return check_layout();
}

Result<void> SegmentReader::check_layout() const {
  if (index_.frames.size() != footer_.frame_count || index_.batches.size() != footer_.batch_count) {
    return malformed("index and footer count differently");
  }
  ODK_TRY_VOID(check_frames(header_bytes_));
  return check_batches();
}

Result<void> SegmentReader::check_frames(uint64_t header_bytes) const {
  uint64_t next = header_bytes;
  for (size_t i = 0; i < index_.frames.size(); ++i) {
    const FrameEntry& frame = index_.frames[i];
    if (frame.position != next || frame.stored_bytes > footer_.index_position - next ||
        frame.raw_bytes > kFrameRawBytesMax) {
      return malformed(fmt::format("frame {} lies outside its place", i));
    }
    next += frame.stored_bytes;
  }
  if (next != footer_.index_position)
    return malformed("bytes between the last frame and the index");
  return {};
}

Result<void> SegmentReader::check_batches() const {
  uint64_t records = 0;
  uint32_t control = 0;
  int64_t last_offset = footer_.covered_start - 1;
  for (size_t i = 0; i < index_.batches.size(); ++i) {
    const BatchEntry& batch = index_.batches[i];
    const bool begins_frame = i == 0 || batch.frame != index_.batches[i - 1].frame;
    const bool in_place =
        begins_frame
            ? batch.position == 0 && batch.frame == (i == 0 ? 0 : index_.batches[i - 1].frame + 1)
            : batch.position > index_.batches[i - 1].position;
    if (batch.frame >= index_.frames.size() || !in_place ||
        batch.position >= index_.frames[batch.frame].raw_bytes) {
      return malformed(fmt::format("batch {} lies outside its frame", i));
    }
    // The first batch may begin before what this segment speaks for: its records there are masked.
    if ((i != 0 && batch.base_offset <= last_offset) || batch.last_offset < batch.base_offset ||
        batch.record_count < 0) {
      return malformed(fmt::format("batch {} has offsets {}..{} after {}", i, batch.base_offset,
                                   batch.last_offset, last_offset));
    }
    last_offset = batch.last_offset;
    if (batch.is_control()) {
      ++control;
    } else {
      records += static_cast<uint64_t>(batch.record_count);
    }
  }
  const bool all_frames_used = index_.batches.empty()
                                   ? index_.frames.empty()
                                   : index_.batches.back().frame + 1 == index_.frames.size();
  if (!all_frames_used || records != footer_.record_count ||
      control != footer_.control_batch_count || last_offset > footer_.covered_end) {
    return malformed("index and footer disagree");
  }
  return {};
}

Result<Slice> SegmentReader::read_frame(size_t frame) {
  const FrameEntry& entry = index_.frames[frame];
  ODK_TRY(const Slice stored, store_->get_range(key_, entry.position, entry.stored_bytes));
  Result<Slice> content = zstd_.decompress(stored.bytes(), entry.raw_bytes);
  if (!content) return named(content.error().with_context(fmt::format("frame {}", frame)));
  return content;
}

Result<Slice> SegmentReader::batch(const Slice& frame_content, size_t batch) const {
  const BatchEntry& entry = index_.batches[batch];
  const bool ends_frame =
      batch + 1 == index_.batches.size() || index_.batches[batch + 1].frame != entry.frame;
  const size_t end = ends_frame ? frame_content.size() : index_.batches[batch + 1].position;
  if (end > frame_content.size() || entry.position >= end) {
    return named(malformed(fmt::format("batch {} lies outside its frame", batch)));
  }
  Slice bytes = frame_content.subslice(entry.position, end - entry.position);
  const Result<wire::BatchView> view = wire::BatchView::parse(bytes.bytes());
  if (!view) return named(view.error().with_context(fmt::format("batch {}", batch)));
  if (view->size() != bytes.size()) {
    return named(malformed(fmt::format("batch {} does not end where the next begins", batch)));
  }
  return bytes;
}

Result<void> SegmentReader::verify_batch(Bytes bytes, size_t number) const {
  const BatchEntry& entry = index_.batches[number];
  ODK_TRY(const wire::BatchView view, wire::BatchView::parse(bytes));
  ODK_TRY_VOID(view.verify_crc());
  if (view.base_offset() != entry.base_offset || view.last_offset() != entry.last_offset ||
      view.record_count() != entry.record_count || view.is_control() != entry.is_control() ||
      view.leader_epoch() != entry.leader_epoch) {
    return malformed("header differs from the index");
  }
  return {};
}

Result<void> SegmentReader::verify_sha256() {
  constexpr uint64_t kStepBytes = 4 * 1024 * 1024;
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> digest(EVP_MD_CTX_new(),
                                                                       &EVP_MD_CTX_free);
  ODK_ASSERT(digest != nullptr && EVP_DigestInit_ex(digest.get(), EVP_sha256(), nullptr) == 1);
  const uint64_t hashed_bytes = object_bytes_ - kFooterBytes + kFooterHashedBytes;
  for (uint64_t at = 0; at < hashed_bytes;) {
    ODK_TRY(const Slice piece,
            store_->get_range(key_, at, std::min(kStepBytes, hashed_bytes - at)));
    if (piece.empty()) return malformed("object ends early");
    const int hashed = EVP_DigestUpdate(digest.get(), piece.data(), piece.size());
    ODK_ASSERT(hashed == 1);
    at += piece.size();
  }
  Sha256 sum{};
  const int finished = EVP_DigestFinal_ex(digest.get(), sum.data(), nullptr);
  ODK_ASSERT(finished == 1);
  if (sum != footer_.sha256) return Error(Errc::kChecksum, "SHA-256 differs from the footer's");
  return {};
}

Result<void> SegmentReader::check_sha256() {
  Result<void> sum = verify_sha256();
  if (!sum) return named(sum.error());
  return sum;
}

Result<void> SegmentReader::verify() {
  if (Result<void> sum = verify_sha256(); !sum) return named(sum.error());
  const std::unique_ptr<XXH3_state_t, decltype(&XXH3_freeState)> raw_hash(XXH3_createState(),
                                                                          &XXH3_freeState);
  ODK_ASSERT(raw_hash != nullptr);
  XXH3_128bits_reset(raw_hash.get());
  uint64_t raw_bytes = 0;
  size_t number = 0;
  for (size_t frame = 0; frame < index_.frames.size(); ++frame) {
    ODK_TRY(const Slice content, read_frame(frame));
    XXH3_128bits_update(raw_hash.get(), content.data(), content.size());
    raw_bytes += content.size();
    for (; number < index_.batches.size() && index_.batches[number].frame == frame; ++number) {
      ODK_TRY(const Slice bytes, batch(content, number));
      if (Result<void> checked = verify_batch(bytes.bytes(), number); !checked) {
        return named(checked.error().with_context(
            fmt::format("batch {} at offset {}", number, index_.batches[number].base_offset)));
      }
    }
  }
  XXH128_canonical_t sum;
  XXH128_canonicalFromHash(&sum, XXH3_128bits_digest(raw_hash.get()));
  if (raw_bytes != footer_.raw_bytes ||
      std::memcmp(sum.digest, footer_.raw_xxh128.data(), sizeof sum.digest) != 0) {
    return named(Error(Errc::kChecksum, "raw bytes differ from the footer's hash"));
  }
  return {};
}

}  // namespace odradek::backup
