#include "broker/group/subscription.h"

#include "base/arena.h"
#include "proto/decode_message.h"
#include "proto/messages/consumer_protocol_subscription.h"

namespace odradek::broker {

bool add_subscribed_topics(Bytes metadata, std::set<std::string, std::less<>>& topics) {
  Arena arena(proto::decode_budget_bytes(metadata.size()));
  wire::Reader reader(metadata, arena);
  const int16_t version = reader.i16();
  proto::ConsumerProtocolSubscription subscription;
  decode(reader, 0, subscription);
  if (!reader.ok() || version < 0) return false;
  for (const std::string_view topic : subscription.topics) topics.emplace(topic);
  return true;
}

}  // namespace odradek::broker
