#pragma once

#include <set>
#include <string>

#include "base/bytes.h"

namespace odradek::broker {

// Adds the topics of a consumer's subscription, as members of type "consumer" send it when they
// join. False when the bytes are none. Source: ConsumerProtocolSubscription.json v0, with which
// all later versions begin.
bool add_subscribed_topics(Bytes metadata, std::set<std::string, std::less<>>& topics);

}  // namespace odradek::broker
