#pragma once

#include <string>
#include <vector>

#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"
#include "proxy/handlers/handler.h"

namespace odradek::proxy {

// Metadata (3): the cluster's answer with virtual partitions and nodes. Missing topics are created
// when the client and the configuration allow it: mapped ones with P partitions by us, others by
// the broker.
Handler metadata_handler();

// Asks a broker for metadata, as it is, and remembers the topic ids.
io::Task<Result<rpc::Decoded<proto::MetadataResponse>>> ask_metadata(
    Session& session, const proto::MetadataRequest& request, MonotonicTime deadline);

// Takes out what the client may not know of; names it asked for get TOPIC_AUTHORIZATION_FAILED.
void hide_topics(const Session& session, proto::MetadataResponse& response, bool asked_all);

}  // namespace odradek::proxy
