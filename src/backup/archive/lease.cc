#include "backup/archive/lease.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "backup/archive/process_identity.h"
#include "backup/archive/seal.h"

namespace odradek::backup {
namespace {

Result<LeaseContent> parse(std::string_view text, const std::string& key) {
  const Result<std::string> content = unseal(text);
  if (!content) return content.error().with_context(fmt::format("object {}", key));
  try {
    const auto object = nlohmann::json::parse(*content);
    return LeaseContent{object.at("epoch").get<uint32_t>(), object.at("owner").get<std::string>(),
                        object.at("expires_at").get<int64_t>()};
  } catch (const std::exception& failure) {
    return Error(Errc::kMalformed, fmt::format("object {}: {}", key, failure.what()));
  }
}

}  // namespace

Result<LeaseContent> read_lease(store::ObjectStore& store, const ArchiveKeys& keys) {
  ODK_TRY(const Slice text, store.get(keys.lease()));
  return parse(text.text(), keys.lease());
}

Result<std::unique_ptr<Lease>> Lease::acquire(store::ObjectStore& store, const ArchiveKeys& keys,
                                              const Clock& clock, std::string owner) {
  std::unique_ptr<Lease> lease(new Lease(store, keys.lease(), clock, std::move(owner)));
  // The etag is read before the content, so that a change between the two fails the swap.
  const Result<store::ObjectInfo> there = store.head(lease->key_);
  if (there) {
    ODK_TRY(const Slice text, store.get(lease->key_));
    ODK_TRY(const LeaseContent held, parse(text.text(), lease->key_));
    if (held.expires_at > clock.wall_ms() && !is_ended_process(held.owner)) {
      return Error(Errc::kAlreadyExists,
                   fmt::format("another backup writes this archive: {}, for {} ms more", held.owner,
                               held.expires_at - clock.wall_ms()));
    }
    lease->etag_ = there->etag;
    lease->epoch_ = held.epoch;
  } else if (there.error().code() != Errc::kNotFound) {
    return there.error();
  }
  ++lease->epoch_;
  Result<void> taken = lease->renew();
  if (!taken && taken.error().code() == Errc::kFenced) {
    return Error(Errc::kAlreadyExists, "another backup took this archive just now");
  }
  if (!taken) return taken.error();
  return lease;
}

Result<void> Lease::renew() {
  return put(clock_->wall_ms() + std::chrono::milliseconds(kExpiry).count());
}

Result<void> Lease::release() { return put(0); }

Result<void> Lease::put(TimestampMs expires_at) {
  const nlohmann::ordered_json content = {
      {"epoch", epoch_}, {"owner", owner_}, {"expires_at", expires_at}};
  const std::string text =
      seal(content.dump(1, ' ', false, nlohmann::ordered_json::error_handler_t::replace));
  Result<store::ObjectInfo> stored = store_->put_if_match(key_, as_bytes(text), etag_);
  if (!stored) {
    const Errc code = stored.error().code();
    if (code == Errc::kPrecondition || code == Errc::kAlreadyExists) {
      return Error(Errc::kFenced, fmt::format("object {} was taken by another backup", key_));
    }
    return stored.error();
  }
  etag_ = stored->etag;
  return {};
}

}  // namespace odradek::backup
