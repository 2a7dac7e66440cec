#include "backup/format/segment_writer.h"

#include <algorithm>
#include <cstring>

namespace odradek::backup {

SegmentWriter::SegmentWriter(std::unique_ptr<store::ObjectWriter> object,
                             const SegmentHeader& header, SegmentWriterOptions options)
    : object_(std::move(object)),
      header_(header),
      options_(options),
      sha256_(EVP_MD_CTX_new()),
      raw_hash_(XXH3_createState()),
      frame_(options.zstd_level) {
  ODK_ASSERT(sha256_ != nullptr && raw_hash_ != nullptr);
  const int started = EVP_DigestInit_ex(sha256_.get(), EVP_sha256(), nullptr);
  ODK_ASSERT(started == 1);
  XXH3_128bits_reset(raw_hash_.get());
}

SegmentWriter::~SegmentWriter() = default;

Result<std::unique_ptr<SegmentWriter>> SegmentWriter::begin(
    std::unique_ptr<store::ObjectWriter> object, const SegmentHeader& header,
    SegmentWriterOptions options) {
  std::unique_ptr<SegmentWriter> writer(new SegmentWriter(std::move(object), header, options));
  ODK_TRY_VOID(writer->write(encode_header(header).bytes()));
  return writer;
}

Result<void> SegmentWriter::write(Bytes bytes) {
  ODK_TRY_VOID(object_->write(bytes));
  const int hashed = EVP_DigestUpdate(sha256_.get(), bytes.data(), bytes.size());
  ODK_ASSERT(hashed == 1);
  position_ += bytes.size();
  return {};
}

Result<void> SegmentWriter::add(Bytes batch, BatchEntry facts) {
  ODK_ASSERT(index_.batches.empty() || facts.base_offset > index_.batches.back().last_offset);
  if (!frame_.empty() && frame_.raw_bytes() + batch.size() > options_.frame_bytes) {
    ODK_TRY_VOID(close_frame());
  }
  facts.frame = static_cast<uint32_t>(index_.frames.size());
  facts.position = static_cast<uint32_t>(frame_.raw_bytes());
  account(facts, batch.size());
  index_.batches.push_back(facts);
  frame_.append(batch);
  if (XXH3_128bits_update(raw_hash_.get(), batch.data(), batch.size()) != XXH_OK) {
    return Error(Errc::kInternal, "xxh3 of a batch");
  }
  if (frame_.raw_bytes() >= options_.frame_bytes) return close_frame();
  return {};
}

void SegmentWriter::account(const BatchEntry& entry, size_t bytes) {
  if (index_.batches.empty()) footer_.first_offset = entry.base_offset;
  footer_.last_offset = entry.last_offset;
  footer_.raw_bytes += bytes;
  ++footer_.batch_count;
  if (entry.is_control()) {
    ++footer_.control_batch_count;
    return;
  }
  const bool is_first = footer_.record_count == 0;
  footer_.record_count += static_cast<uint64_t>(entry.record_count);
  footer_.min_timestamp =
      is_first ? entry.min_timestamp : std::min(footer_.min_timestamp, entry.min_timestamp);
  footer_.max_timestamp =
      is_first ? entry.max_timestamp : std::max(footer_.max_timestamp, entry.max_timestamp);
}

Result<void> SegmentWriter::close_frame() {
  const size_t raw_bytes = frame_.raw_bytes();
  ODK_TRY(const Bytes stored, frame_.finish());
  index_.frames.push_back({position_, stored.size(), raw_bytes});
  return write(stored);
}

Result<FinishedSegment> SegmentWriter::finish(int64_t covered_start, int64_t covered_end) {
  if (!frame_.empty()) ODK_TRY_VOID(close_frame());
  if (index_.batches.empty()) {
    footer_.first_offset = covered_start;
    footer_.last_offset = covered_start - 1;
  }
  ODK_TRY(const Slice index, encode_index(index_));
  footer_.index_position = position_;
  footer_.index_bytes = static_cast<uint32_t>(index.size());
  footer_.frame_count = static_cast<uint32_t>(index_.frames.size());
  footer_.covered_start = covered_start;
  footer_.covered_end = covered_end;
  XXH128_canonical_t raw_hash;
  XXH128_canonicalFromHash(&raw_hash, XXH3_128bits_digest(raw_hash_.get()));
  std::memcpy(footer_.raw_xxh128.data(), raw_hash.digest, sizeof raw_hash.digest);
  ODK_TRY_VOID(write(index.bytes()));

  const Slice hashed = encode_footer_head(footer_);
  ODK_TRY_VOID(write(hashed.bytes()));
  const int finished = EVP_DigestFinal_ex(sha256_.get(), footer_.sha256.data(), nullptr);
  ODK_ASSERT(finished == 1);
  const Slice footer = encode_footer(footer_);
  ODK_TRY_VOID(object_->write(footer.bytes().subspan(kFooterHashedBytes)));
  ODK_TRY(store::ObjectInfo object, object_->commit_if_absent());
  return FinishedSegment{std::move(object), footer_};
}

}  // namespace odradek::backup
