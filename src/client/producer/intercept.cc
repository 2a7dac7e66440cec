// Records of a producer with an interceptor.
#include <list>

#include "client/client_thread.h"
#include "client/producer/producer_core.h"

namespace odradek::kafka {
namespace {

// The headers of a record and those added to it.
class AddedHeaders final : public HeaderSink {
 public:
  explicit AddedHeaders(std::span<const Header> own) : all_(own.begin(), own.end()) {}

  void add(std::string_view key, std::string_view value) override {
    const std::string& kept_key = texts_.emplace_back(key);
    const std::string& kept_value = texts_.emplace_back(value);
    all_.push_back({.key = kept_key, .value = kept_value});
  }
  std::span<const Header> all() const { return all_; }

 private:
  std::list<std::string> texts_;  // stays where it is
  std::vector<Header> all_;
};

}  // namespace

Result<void> ProducerCore::intercept(const Record& record, DeliveryCallback& report,
                                     std::optional<uint64_t> transaction) {
  AddedHeaders headers(record.headers);
  const auto on_send = [&] { options_.interceptor->on_send(record, headers); };
  UniqueFunction<void()> guarded = on_send;
  client::run_user_code(guarded);
  Record sent = record;
  sent.headers = headers.all();
  DeliveryCallback told = [interceptor = options_.interceptor, topic = std::string(record.topic),
                           own = std::move(report)](const Result<RecordMetadata>& result) mutable {
    const auto on_delivery = [&] { interceptor->on_delivery(topic, result); };
    UniqueFunction<void()> first = on_delivery;
    client::run_user_code(first);
    if (own) own(result);
  };
  Result<void> taken = append(sent, told, transaction);
  // Who hears of it now is the caller, who still has to be told; so is the interceptor.
  if (!taken) report = std::move(told);
  return taken;
}

}  // namespace odradek::kafka
