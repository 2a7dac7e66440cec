#include "proxy/remap/batch_mark.h"

#include <fmt/format.h>

namespace odradek::proxy {
namespace {

bool has_epoch_mark(const wire::BatchView& batch) {
  return batch.producer_id() == wire::kNoProducerId && batch.producer_epoch() == kEpochMark &&
         batch.base_sequence() >= 0;
}

Result<void> check_produced(const wire::BatchView& batch) {
  if (batch.is_control())
    return Error(Errc::kMalformed, "a client may not produce control batches");
  if ((batch.attributes() & kAttributesMark) != 0) {
    return Error(Errc::kMalformed,
                 fmt::format("batch attributes {:#06x} have unknown bits", batch.attributes()));
  }
  if (has_epoch_mark(batch)) {
    return Error(Errc::kMalformed, "batch without producer id has an epoch and a sequence");
  }
  if (batch.producer_id() < wire::kNoProducerId || batch.producer_id() > kProducerIdMax) {
    return Error(Errc::kLimitExceeded, fmt::format("producer id {} is not in 0..{}",
                                                   batch.producer_id(), kProducerIdMax));
  }
  return {};
}

}  // namespace

Result<std::optional<wire::HeaderEdit>> mark_edit(const wire::BatchView& batch,
                                                  const PartitionRemapper& remapper,
                                                  VirtualPartitionId partition) {
  ODK_TRY_VOID(check_produced(batch));
  const GroupIndex group = remapper.group_of(partition);
  if (group.value() == 0) return std::optional<wire::HeaderEdit>();
  wire::HeaderEdit edit;
  if (batch.is_transactional()) {
    const auto bits = static_cast<uint16_t>(static_cast<uint32_t>(group.value()) << 8U);
    edit.attributes = static_cast<uint16_t>(batch.attributes() | bits);
  } else if (batch.has_producer()) {
    const int64_t named = int64_t{partition.value()} << kProducerIdBits;
    edit.producer_id = kProducerIdMark | named | batch.producer_id();
  } else {
    edit.producer_epoch = kEpochMark;
    edit.base_sequence = partition.value();
  }
  return std::optional(edit);
}

MarkedProducer unmark_producer_id(int64_t producer_id) {
  if (producer_id < kProducerIdMark) return {producer_id, std::nullopt};
  const int64_t named = (producer_id & ~kProducerIdMark) >> kProducerIdBits;
  return {producer_id & kProducerIdMax, VirtualPartitionId(static_cast<int32_t>(named))};
}

BatchOwner owner_of(const wire::BatchView& batch, const PartitionRemapper& remapper,
                    PartitionId partition) {
  if (batch.is_control()) return {BatchOwner::Kind::kEvery, VirtualPartitionId(-1)};
  VirtualPartitionId owner(partition.value());
  if (batch.is_transactional()) {
    const int32_t group = batch.attributes() >> 8;
    if (group >= remapper.compression_ratio()) return {};
    owner = remapper.virtual_of(GroupIndex(group), partition);
  } else if (const auto marked = unmark_producer_id(batch.producer_id()); marked.partition) {
    owner = *marked.partition;
  } else if (has_epoch_mark(batch)) {
    owner = VirtualPartitionId(batch.base_sequence());
  }
  if (!remapper.contains(owner) || remapper.physical_of(owner) != partition) return {};
  return {BatchOwner::Kind::kOne, owner};
}

std::optional<wire::HeaderEdit> restore_edit(const wire::BatchView& batch) {
  if (batch.is_control()) return std::nullopt;
  wire::HeaderEdit edit;
  if (batch.is_transactional()) {
    if ((batch.attributes() & kAttributesMark) == 0) return std::nullopt;
    edit.attributes = static_cast<uint16_t>(batch.attributes() & ~uint32_t{kAttributesMark});
    return edit;
  }
  if (const auto marked = unmark_producer_id(batch.producer_id()); marked.partition) {
    edit.producer_id = marked.producer_id;
    return edit;
  }
  if (!has_epoch_mark(batch)) return std::nullopt;
  edit.producer_epoch = wire::kNoProducerEpoch;
  edit.base_sequence = wire::kNoSequence;
  return edit;
}

}  // namespace odradek::proxy
