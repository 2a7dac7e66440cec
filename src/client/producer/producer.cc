#include "odradek/producer.h"

#include "client/producer/producer_core.h"
#include "client/producer/producer_options.h"

namespace odradek::kafka {

Result<Producer> Producer::create(const Client& client, ProducerOptions options) {
  if (const auto checked = client::check(options); !checked) {
    return client::to_public(checked.error());
  }
  auto core = std::make_shared<ProducerCore>(client.core(), options);
  core->start();
  return Producer(std::move(core));
}

Producer::Producer(const Client& client, ProducerOptions options) {
  auto created = create(client, options);
  if (!created) throw ConfigError(created.error());
  core_ = std::move(created->core_);
}

Producer::Producer(std::shared_ptr<ProducerCore> core) : core_(std::move(core)) {}
Producer::Producer(Producer&& other) noexcept = default;

Producer& Producer::operator=(Producer&& other) noexcept {
  std::swap(core_, other.core_);
  return *this;
}

Producer::~Producer() {
  if (core_ != nullptr) core_->abandon();
}

Op<RecordMetadata> Producer::send(const Record& record) { return core_->send(record); }

Result<void> Producer::send(const Record& record, DeliveryCallback report) {
  return core_->send(record, report);
}

Op<void> Producer::room() { return core_->room(); }
Op<void> Producer::flush(std::chrono::milliseconds wait) { return core_->flush(wait); }
Op<void> Producer::close(std::chrono::milliseconds wait) { return core_->close(wait); }
size_t Producer::buffered_bytes() const { return core_->buffered_bytes(); }

}  // namespace odradek::kafka
