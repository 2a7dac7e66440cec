#pragma once

#include "obs/metrics.h"

namespace odradek::obs {

// The metrics every Prometheus client shows of its process, by their usual names: CPU seconds,
// resident memory, open files, start time. Linux: read from /proc at each scrape.
[[nodiscard]] Registry::Registration add_process_metrics(Registry& registry);

}  // namespace odradek::obs
