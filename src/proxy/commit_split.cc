#include "proxy/commit_split.h"

namespace odradek::proxy {

using proto::ErrorCode;

void CommitSplit::add(size_t topic, size_t index, const ResolvedTopic& resolved,
                      int32_t client_partition, int64_t client_offset) {
  Item item = {.topic = topic,
               .index = index,
               .client_partition = client_partition,
               .error = resolved.error};
  if (resolved.ok()) {
    const auto place = resolved.place(client_partition);
    if (place) item.place = *place;
    if (!place) item.error = ErrorCode::kUnknownTopicOrPartition;
    if (place) {
      const auto offset = resolved.broker_offset(*place, client_offset);
      item.broker_offset = offset.value_or(-1);
      if (!offset) item.error = ErrorCode::kOffsetOutOfRange;
    }
  }
  if (item.error == ErrorCode{}) by_group_[item.place.group].push_back(items_.size());
  items_.push_back(item);
}

void CommitSplit::fail_all(ErrorCode error) {
  for (Item& item : items_) {
    if (item.error == ErrorCode{}) item.error = error;
  }
}

}  // namespace odradek::proxy
