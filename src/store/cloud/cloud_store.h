#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "store/cloud/exchange.h"
#include "store/cloud/part_pool.h"
#include "store/cloud/parted_writer.h"
#include "store/object_store.h"

namespace odradek::store::cloud {

// What every cloud store is opened with.
struct CloudOptions {
  web::HttpClientOptions http{};
  RetryPolicy retry{};
  WriterOptions writer{};
  size_t upload_threads = 16;
  std::shared_ptr<const Clock> clock = std::make_shared<SystemClock>();
  Sleeper sleeper = thread_sleeper();
};

struct PutCondition {
  enum class Kind : uint8_t { kNone, kAbsent, kMatches };
  Kind kind = Kind::kNone;
  std::string etag{};  // with kMatches
};

// Bytes [offset, offset + length) of an object, or its last `length` bytes.
struct ReadRange {
  enum class Kind : uint8_t { kWhole, kFrom, kSuffix };
  Kind kind = Kind::kWhole;
  uint64_t offset = 0;
  uint64_t length = UINT64_MAX;

  // "bytes=3-6", "bytes=3-", "bytes=-3"; not for kWhole.
  std::string text() const;
  // The most that an answer may have.
  size_t max_bytes() const;
};

struct ListPage {
  std::vector<ObjectInfo> objects{};  // whole keys, with the store's prefix
  std::string next{};                 // where to go on; empty at the end
};

using PutOutcome = std::expected<ObjectInfo, CallFailure>;

// What the clouds' stores have in common: keys below a prefix, pages, ranges, and what to think of
// a refused condition after an attempt nobody answered. A kind of store says how its requests
// look. `object` is a whole key, with the prefix. Any thread.
class CloudStore : public ObjectStore {
 public:
  Result<ObjectInfo> put_if_absent(const std::string& key, Bytes content) final;
  Result<ObjectInfo> put_if_match(const std::string& key, Bytes content,
                                  const std::string& etag) final;
  Result<ObjectInfo> put(const std::string& key, Bytes content) final;
  Result<std::unique_ptr<ObjectWriter>> open_writer(
      const std::string& key, const std::optional<WriterOptions>& options = {}) final;
  Result<Slice> get(const std::string& key) final;
  Result<Slice> get_range(const std::string& key, uint64_t offset, uint64_t length) final;
  Result<Slice> get_suffix(const std::string& key, uint64_t length) final;
  Result<ObjectInfo> head(const std::string& key) final;
  Result<std::vector<ObjectInfo>> list(const std::string& prefix) final;
  Result<void> remove(const std::string& key) final;
  std::string describe() const final;

 protected:
  // `place` is "s3://bucket"; `prefix` is without slashes at its ends, or empty.
  CloudStore(const CloudOptions& options, std::string place, std::string prefix);

  // After a condition that failed: the object when an earlier attempt, which nobody answered, wrote
  // it, else the error.
  Result<ObjectInfo> settle_put(const std::string& object, Bytes content,
                                const CallFailure& refused);

  virtual PutOutcome put_object(const std::string& object, Bytes content,
                                const PutCondition& condition) = 0;
  // 200 or 206 with bytes, 416 when the range begins behind the end.
  virtual Outcome read_object(const std::string& object, const ReadRange& range) = 0;
  virtual std::string etag_of(const web::HttpResponse& read) const = 0;
  virtual Result<ObjectInfo> head_object(const std::string& object) = 0;
  virtual Result<ListPage> list_page(const std::string& prefix, const std::string& from) = 0;
  virtual Result<void> remove_object(const std::string& object) = 0;
  virtual std::unique_ptr<PartUpload> start_upload(const std::string& object,
                                                   const WriterOptions& options) = 0;

  web::HttpClient& http() { return http_; }
  const CloudOptions& cloud_options() const { return options_; }
  // "s3://bucket/key", for errors.
  std::string name_of(const std::string& object) const { return place_ + "/" + object; }

 private:
  std::string object_of(const std::string& key) const { return prefix_ + key; }
  Result<ObjectInfo> conditional_put(const std::string& key, Bytes content,
                                     const PutCondition& condition);
  Result<Slice> read(const std::string& key, const ReadRange& range);

  CloudOptions options_;
  std::string place_;
  std::string prefix_;  // with a slash at its end, or empty
  web::HttpClient http_;
  PartPool pool_;
};

// Lets a call for a range of an object be answered with 416: the range begins behind the end.
void allow_no_range(Call& call);
// Runs a call for a page of names, which is at most 32 MiB; `parse` is the store's.
Result<ListPage> run_listing(Exchange& exchange, Call call,
                             Result<ListPage> (*parse)(std::string_view body));
// Runs a call that removes an object; one that is not there is removed.
Result<void> run_removal(Exchange& exchange, const Call& call);

// What of an answer lies in the range. Errors: kMalformed when the answer is about other bytes.
Result<Slice> cut_answer(const web::HttpResponse& response, const ReadRange& range);

}  // namespace odradek::store::cloud
