#pragma once

#include <string>
#include <vector>

#include "base/result.h"
#include "cluster/cluster.h"

namespace odradek::proxy {

// Whether a cluster keeps one kind of batch mark.
struct MarkCheck {
  std::string mark;    // "producer epoch", "producer id", "attributes"
  bool is_kept = false;
  std::string detail;  // what was found, or why it could not be tried
};

// Writes a batch with each mark to a temporary topic, reads them back, and deletes the topic. To
// be run against brokers that are not Apache Kafka. Errors: what keeps it from trying at all.
io::Task<Result<std::vector<MarkCheck>>> check_marks_of(io::Loop& loop,
                                                        cluster::ClusterOptions options);

}  // namespace odradek::proxy
