#pragma once

#include "base/result.h"
#include "cluster/metadata.h"
#include "proto/messages/metadata_response.h"

namespace odradek::cluster {

// The response as a Metadata of its own memory. A partition whose leader epoch would go back, as
// answers of a broker that lags do, stays as `previous` has it, unless the topic was made anew.
// Errors: kMalformed for ports and ids that cannot be. Source: KIP-320, "Metadata propagation".
Result<MetadataPtr> build_metadata(const proto::MetadataResponse& response,
                                   const Metadata& previous, bool asked_for_all, MonotonicTime now);

}  // namespace odradek::cluster
