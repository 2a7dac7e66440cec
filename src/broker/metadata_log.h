#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/arena.h"
#include "base/result.h"
#include "base/slice.h"
#include "log/disk/disk_store.h"
#include "wire/codec.h"
#include "wire/reader.h"
#include "wire/writer.h"

namespace odradek::broker {

// Changes of the metadata that count together or not at all, as records of KRaft's metadata log.
class MetadataBatch {
 public:
  template <class Message>
  void add(const Message& message, int16_t version = Message::kMaxVersion) {
    wire::Writer writer(64);
    encode(writer, version, message);
    put(Message::kRecordType, version, writer.finish());
  }
  bool empty() const { return records_.empty(); }
  // It frees more space than it takes: see MetadataLog::set_last_resort().
  void frees_space() { frees_space_ = true; }

 private:
  friend class MetadataLog;
  void put(int16_t type, int16_t version, Result<SliceChain> message);

  std::vector<Slice> records_;  // values, framed
  Result<void> status_;
  bool frees_space_ = false;
};

// Where topics, configurations, users and the like are kept over restarts: record batches in
// Kafka's log format, each record a KRaft one (frame version 1, type, version, message; unsigned
// varints). Whoever owns a part of the metadata says with on() how its records are applied when the
// broker starts, and commits a batch before it changes what it has in memory:
//   log.on<proto::AccessControlEntryRecord>([&](const auto& record) { return acls.add(record); });
//   ...                                       // Node::load() opens the log: all is applied
//   MetadataBatch batch;
//   batch.add(record);
//   ODK_TRY_VOID(log.commit(batch, now_ms));  // Node::commit() gives an ApiError instead
//   acls.add(record);
// In memory, without open(), nothing is kept. One loop.
// Source: MetadataRecordSerde of Kafka 4.
class MetadataLog {
 public:
  using Apply = std::function<Result<void>(wire::Reader& reader, int16_t version)>;

  // How records of this type come back. Views in the message are valid during the call.
  template <class Message>
  void on(std::function<Result<void>(const Message&)> apply) {
    appliers_[Message::kRecordType] = [apply = std::move(apply)](wire::Reader& reader,
                                                                 int16_t version) -> Result<void> {
      Message message;
      decode(reader, version, message);
      if (!reader.ok()) return Error(Errc::kMalformed, "a metadata record that does not decode");
      return apply(message);
    };
  }

  // Opens the log in its directory and applies all that is in it. Errors: kMalformed, kUnsupported
  // (a record of a type or version nobody here knows), kIo.
  Result<void> open(log::FileCache& cache, std::string directory, bool clean, int64_t now_ms);
  bool is_open() const { return store_ != nullptr; }

  // Writes the batch down, safe from a crash of the machine with `sync_each` set. Errors:
  // kLimitExceeded (no space), kIo; then nothing has changed.
  Result<void> commit(const MetadataBatch& batch, int64_t now_ms);
  void set_sync_each(bool sync) { sync_each_ = sync; }
  // Called when there is no space for a batch that frees some; true: some was made, try again.
  void set_last_resort(std::function<bool()> make_space) { make_space_ = std::move(make_space); }
  Result<void> flush();
  // From now on commit() fails with this.
  void fail(const Error& error) { fault_ = error; }
  // Forgets everything.
  void clear();

  int64_t end_offset() const { return store_ == nullptr ? 0 : store_->end_offset(); }

 private:
  Result<void> replay();
  Result<void> apply(Bytes value);

  std::map<int16_t, Apply> appliers_;
  std::unique_ptr<log::DiskStore> store_;
  wire::Compressor compressor_;
  bool sync_each_ = false;
  std::function<bool()> make_space_;
  std::optional<Error> fault_;
};

}  // namespace odradek::broker
