#include "odradek/record_batch.h"

#include "client/consumer/fetched_chunk.h"
#include "wire/varint.h"

namespace odradek::kafka {

// The bounds were checked when the batch was decoded.
void HeaderRange::Iterator::decode() {
  if (left_ <= 0) return;
  int32_t size = 0;
  at_ = wire::read_varint(at_, end_, size);
  header_.key = {reinterpret_cast<const char*>(at_), static_cast<size_t>(size)};
  at_ += size;
  at_ = wire::read_varint(at_, end_, size);
  header_.value.reset();
  if (size < 0) return;
  header_.value = std::string_view(reinterpret_cast<const char*>(at_), static_cast<size_t>(size));
  at_ += size;
}

std::optional<Header> HeaderRange::last(std::string_view key) const {
  std::optional<Header> found;
  for (const Header& header : *this) {
    if (header.key == key) found = header;
  }
  return found;
}

RecordBatch::RecordBatch() = default;
RecordBatch::RecordBatch(std::unique_ptr<Content> content)
    : content_(std::move(content)), records_(content_->records) {}
RecordBatch::RecordBatch(RecordBatch&& other) noexcept
    : content_(std::move(other.content_)), records_(std::exchange(other.records_, {})) {}

RecordBatch& RecordBatch::operator=(RecordBatch&& other) noexcept {
  std::swap(content_, other.content_);
  std::swap(records_, other.records_);
  return *this;
}

RecordBatch::~RecordBatch() = default;

std::string_view RecordBatch::topic() const {
  return content_ == nullptr ? std::string_view() : std::string_view(*content_->topic);
}

int32_t RecordBatch::partition() const { return content_ == nullptr ? -1 : content_->partition; }

int64_t RecordBatch::next_offset() const {
  return content_ == nullptr ? -1 : content_->next_offset;
}

int32_t RecordBatch::leader_epoch() const {
  return content_ == nullptr ? -1 : content_->leader_epoch;
}

int64_t RecordBatch::high_watermark() const {
  return content_ == nullptr ? -1 : content_->high_watermark;
}

}  // namespace odradek::kafka
