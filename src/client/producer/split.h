#pragma once

#include <utility>

#include "client/producer/batch.h"

namespace odradek::client {

// A batch the broker finds too large, as two of about half the records each, in order: the first
// half keeps the batch's place in the sequence, the second follows it. `options` are those the
// batch was built with. The batch must have at least two records; its reports move to the halves.
// Source: Sender.failBatch and ProducerBatch.split of the Java client.
Result<std::pair<SealedBatchPtr, SealedBatchPtr>> split(SealedBatch& batch,
                                                        const wire::BatchOptions& options,
                                                        wire::Compressor& compressor);

}  // namespace odradek::client
