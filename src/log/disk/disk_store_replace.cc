// Compaction's side of the disk: a new segment for some old ones.

#include <algorithm>

#include "log/disk/disk_store.h"
#include "log/disk/segment_files.h"

namespace odradek::log {

// X.log.cleaned while it is written, X.log.swap when it is whole, X.log when the old ones are gone:
// a crash at any point leaves either side whole.
class DiskStore::Writer final : public SegmentWriter {
 public:
  Writer(DiskStore& store, int64_t first_base, int64_t last_base)
      : store_(store),
        first_base_(first_base),
        last_base_(last_base),
        segment_(std::make_unique<log::Segment>(store.cache_, store.options_.directory, first_base,
                                                kCleanedSuffix)) {}
  ~Writer() override {
    if (segment_ == nullptr) return;
    // What stays is removed by the next start.
    static_cast<void>(segment_->remove_files().has_value());
  }

  Result<void> create() { return segment_->create(0); }
  Result<void> append(Bytes batch) override {
    constexpr size_t kHeader = wire::batch_layout::kHeaderBytes;
    return segment_->append(batch.first(kHeader), batch.subspan(kHeader), store_.options_.index, 0);
  }
  size_t size_bytes() const override { return segment_->size_bytes(); }

  Result<std::function<Result<void>()>> sync_work() override {
    segment_->seal();
    ODK_TRY_VOID(segment_->write_indexes());
    ODK_TRY(std::vector<std::shared_ptr<File>> files, segment_->share_files());
    return std::function<Result<void>()>([files = std::move(files)]() -> Result<void> {
      for (const auto& file : files) ODK_TRY_VOID(file->sync());
      return {};
    });
  }

  Result<void> finish() override {
    ODK_TRY_VOID(segment_->rename_files(kSwapSuffix));
    // Before the old ones go: a crash of the machine must not leave neither.
    ODK_TRY_VOID(store_.cache_.files().sync_directory(store_.options_.directory));
    return store_.put_in_place(first_base_, last_base_, std::move(segment_));
  }

 private:
  DiskStore& store_;
  int64_t first_base_;
  int64_t last_base_;
  SegmentPointer segment_;
};

Result<std::unique_ptr<SegmentWriter>> DiskStore::replace(int64_t first_base, int64_t last_base) {
  auto writer = std::make_unique<Writer>(*this, first_base, last_base);
  ODK_TRY_VOID(writer->create());
  return std::unique_ptr<SegmentWriter>(std::move(writer));
}

Result<void> DiskStore::put_in_place(int64_t first_base, int64_t last_base,
                                     SegmentPointer segment) {
  const auto first = std::ranges::find_if(
      segments_, [&](const SegmentPointer& each) { return each->base_offset() >= first_base; });
  if (first == segments_.end() || (*first)->base_offset() != first_base ||
      segments_.back()->base_offset() <= last_base) {
    return segment->remove_files();  // retention was faster
  }
  const auto place = static_cast<size_t>(first - segments_.begin());
  int64_t next_offset = first_base;
  int64_t appended_ms = 0;
  while (segments_[place]->base_offset() <= last_base) {
    next_offset = segments_[place]->next_offset();
    appended_ms = segments_[place]->summary().appended_ms;
    if (!retire(segments_[place])) {
      return Error(Errc::kIo, "a compacted segment waits for the next start");
    }
    segments_.erase(segments_.begin() + static_cast<std::ptrdiff_t>(place));
  }
  ODK_TRY_VOID(segment->rename_files(""));
  segment->set_next_offset(next_offset);
  segment->set_appended_ms(appended_ms);
  size_bytes_ += segment->size_bytes();
  segments_.insert(segments_.begin() + static_cast<std::ptrdiff_t>(place), std::move(segment));
  ++name_changes_;
  return {};
}

}  // namespace odradek::log
