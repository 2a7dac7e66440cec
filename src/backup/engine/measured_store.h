#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "obs/metrics.h"
#include "store/object_store.h"

namespace odradek::backup {

// What went through a store. Any thread.
class StoreMeter {
 public:
  StoreMeter() = default;
  StoreMeter(const StoreMeter&) = delete;
  StoreMeter& operator=(const StoreMeter&) = delete;

  void on_write(uint64_t bytes, double seconds, bool ok);
  void on_read(uint64_t bytes, double seconds, bool ok);

  uint64_t written_bytes() const { return written_bytes_; }
  uint64_t read_bytes() const { return read_bytes_; }
  uint64_t errors() const { return errors_; }
  // Publishes the histograms under these names.
  void collect(obs::Collection& into, const obs::MetricInfo& writes,
               const obs::MetricInfo& reads) const;

 private:
  std::atomic<uint64_t> written_bytes_ = 0;
  std::atomic<uint64_t> read_bytes_ = 0;
  std::atomic<uint64_t> errors_ = 0;
  mutable Mutex mutex_;
  obs::Histogram write_seconds_ ODK_GUARDED_BY(mutex_);
  obs::Histogram read_seconds_ ODK_GUARDED_BY(mutex_);
};

// A store whose traffic is measured. Borrows both.
class MeasuredStore final : public store::ObjectStore {
 public:
  MeasuredStore(store::ObjectStore& inner, StoreMeter& meter) : inner_(&inner), meter_(&meter) {}

  Result<store::ObjectInfo> put_if_absent(const std::string& key, Bytes content) override;
  Result<store::ObjectInfo> put_if_match(const std::string& key, Bytes content,
                                         const std::string& etag) override;
  Result<store::ObjectInfo> put(const std::string& key, Bytes content) override;
  Result<std::unique_ptr<store::ObjectWriter>> open_writer(
      const std::string& key, const std::optional<store::WriterOptions>& options) override;
  Result<Slice> get(const std::string& key) override;
  Result<Slice> get_range(const std::string& key, uint64_t offset, uint64_t length) override;
  Result<Slice> get_suffix(const std::string& key, uint64_t length) override;
  Result<store::ObjectInfo> head(const std::string& key) override { return inner_->head(key); }
  Result<std::vector<store::ObjectInfo>> list(const std::string& prefix) override {
    return inner_->list(prefix);
  }
  Result<void> remove(const std::string& key) override { return inner_->remove(key); }
  std::string describe() const override { return inner_->describe(); }

 private:
  store::ObjectStore* inner_;
  StoreMeter* meter_;
};

}  // namespace odradek::backup
