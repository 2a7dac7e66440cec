#include "backup/engine/measured_store.h"

#include <chrono>

namespace odradek::backup {
namespace {

// A refusal such as "exists already" is an answer, not a failure of the store.
template <class T>
bool is_ok(const Result<T>& result) {
  if (result) return true;
  const Errc code = result.error().code();
  return code == Errc::kNotFound || code == Errc::kAlreadyExists || code == Errc::kPrecondition;
}

class Watch {
 public:
  double seconds() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
  }

 private:
  std::chrono::steady_clock::time_point started_ = std::chrono::steady_clock::now();
};

template <class Work>
auto measured_write(StoreMeter& meter, uint64_t bytes, Work work) {
  const Watch watch;
  auto result = work();
  meter.on_write(result ? bytes : 0, watch.seconds(), is_ok(result));
  return result;
}

template <class Work>
Result<Slice> measured_read(StoreMeter& meter, Work work) {
  const Watch watch;
  Result<Slice> result = work();
  meter.on_read(result ? result->size() : 0, watch.seconds(), is_ok(result));
  return result;
}

class MeasuredWriter final : public store::ObjectWriter {
 public:
  MeasuredWriter(std::unique_ptr<store::ObjectWriter> inner, StoreMeter& meter)
      : inner_(std::move(inner)), meter_(&meter) {}

  Result<void> write(Bytes bytes) override {
    return measured_write(*meter_, bytes.size(), [&] { return inner_->write(bytes); });
  }
  Result<store::ObjectInfo> commit_if_absent() override {
    return measured_write(*meter_, 0, [&] { return inner_->commit_if_absent(); });
  }

 private:
  std::unique_ptr<store::ObjectWriter> inner_;
  StoreMeter* meter_;
};

}  // namespace

void StoreMeter::on_write(uint64_t bytes, double seconds, bool ok) {
  written_bytes_ += bytes;
  if (!ok) ++errors_;
  const MutexLock lock(mutex_);
  write_seconds_.record(seconds);
}

void StoreMeter::on_read(uint64_t bytes, double seconds, bool ok) {
  read_bytes_ += bytes;
  if (!ok) ++errors_;
  const MutexLock lock(mutex_);
  read_seconds_.record(seconds);
}

void StoreMeter::collect(obs::Collection& into, const obs::MetricInfo& writes,
                         const obs::MetricInfo& reads) const {
  const MutexLock lock(mutex_);
  into.histogram(writes, {}, write_seconds_);
  into.histogram(reads, {}, read_seconds_);
}

Result<store::ObjectInfo> MeasuredStore::put_if_absent(const std::string& key, Bytes content) {
  return measured_write(*meter_, content.size(),
                        [&] { return inner_->put_if_absent(key, content); });
}

Result<store::ObjectInfo> MeasuredStore::put_if_match(const std::string& key, Bytes content,
                                                      const std::string& etag) {
  return measured_write(*meter_, content.size(),
                        [&] { return inner_->put_if_match(key, content, etag); });
}

Result<store::ObjectInfo> MeasuredStore::put(const std::string& key, Bytes content) {
  return measured_write(*meter_, content.size(), [&] { return inner_->put(key, content); });
}

Result<std::unique_ptr<store::ObjectWriter>> MeasuredStore::open_writer(
    const std::string& key, const std::optional<store::WriterOptions>& options) {
  ODK_TRY(std::unique_ptr<store::ObjectWriter> inner, inner_->open_writer(key, options));
  return std::make_unique<MeasuredWriter>(std::move(inner), *meter_);
}

Result<Slice> MeasuredStore::get(const std::string& key) {
  return measured_read(*meter_, [&] { return inner_->get(key); });
}

Result<Slice> MeasuredStore::get_range(const std::string& key, uint64_t offset, uint64_t length) {
  return measured_read(*meter_, [&] { return inner_->get_range(key, offset, length); });
}

Result<Slice> MeasuredStore::get_suffix(const std::string& key, uint64_t length) {
  return measured_read(*meter_, [&] { return inner_->get_suffix(key, length); });
}

}  // namespace odradek::backup
