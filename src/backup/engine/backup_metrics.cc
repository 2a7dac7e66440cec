#include "backup/engine/backup_metrics.h"

#include <fmt/format.h>

namespace odradek::backup {
namespace {

using obs::MetricInfo;
using enum obs::MetricType;

constexpr MetricInfo kRecords{"kafka_backup_records_total", kCounter, "records",
                              "Records in finished segments."};
constexpr MetricInfo kBytes{
    "kafka_backup_bytes_total", kCounter, "bytes",
    "Batches in finished segments, as they are before frames compress them."};
constexpr MetricInfo kCompressed{"kafka_backup_compressed_bytes_total", kCounter, "bytes",
                                 "Finished segments, as stored."};
constexpr MetricInfo kSegments{"kafka_backup_segments_total", kCounter, "segments",
                               "Finished segments."};
constexpr MetricInfo kErrors{"kafka_backup_errors_total", kCounter, "errors",
                             "Failures of cluster and store, those healed by a retry included."};
constexpr MetricInfo kRetries{"kafka_backup_retries_total", kCounter, "retries", "Tries again."};
constexpr MetricInfo kGaps{"kafka_backup_offset_gaps_total", kCounter, "gaps",
                           "Ranges of offsets that could not be copied."};
constexpr MetricInfo kSkipped{"kafka_backup_offsets_skipped_total", kCounter, "offsets",
                              "Offsets in those ranges."};
constexpr MetricInfo kWritten{"kafka_backup_storage_write_bytes_total", kCounter, "bytes",
                              "Bytes written to the store."};
constexpr MetricInfo kRead{"kafka_backup_storage_read_bytes_total", kCounter, "bytes",
                           "Bytes read from the store."};
constexpr MetricInfo kLag{"kafka_backup_lag_records",
                          kGauge,
                          "records",
                          "Offsets between what is archived and the end of the log.",
                          {"topic", "partition"}};
constexpr MetricInfo kLagSum{"kafka_backup_lag_records_sum", kGauge, "records",
                             "The lag of all partitions."};
constexpr MetricInfo kLsoLag{"kafka_backup_lso_lag",
                             kGauge,
                             "records",
                             "Offsets that open transactions keep back.",
                             {"topic", "partition"}};
constexpr MetricInfo kRatio{"kafka_backup_compression_ratio", kGauge, "ratio",
                            "Bytes of batches by bytes stored."};
constexpr MetricInfo kTarget{"kafka_backup_snapshot_records_target", kGauge, "records",
                             "Offsets the cycle under way is to copy."};
constexpr MetricInfo kRemaining{"kafka_backup_snapshot_records_remaining", kGauge, "records",
                                "Offsets it has still to copy."};
constexpr MetricInfo kLastCommit{"kafka_backup_last_successful_commit_timestamp_seconds", kGauge,
                                 "seconds", "When the last commit became durable; 0: none yet."};
constexpr MetricInfo kCommitSeq{"kafka_backup_commit_seq", kGauge, "commits",
                                "Number of the last commit."};
constexpr MetricInfo kCommitSeconds{"kafka_backup_commit_latency_seconds", kHistogram, "seconds",
                                    "Time of one commit, tries again included."};
constexpr MetricInfo kMemory{"kafka_backup_memory_budget_used_bytes", kGauge, "bytes",
                             "What is taken of the memory budget."};
constexpr MetricInfo kBreaker{"kafka_backup_breaker_state",
                              kGauge,
                              "state",
                              "0 closed, 1 half open, 2 open: this peer is left alone.",
                              {"peer"}};
constexpr MetricInfo kWriteSeconds{"kafka_backup_storage_write_latency_seconds", kHistogram,
                                   "seconds", "Time of one write to the store."};
constexpr MetricInfo kReadSeconds{"kafka_backup_storage_read_latency_seconds", kHistogram,
                                  "seconds", "Time of one read from the store."};

constexpr const MetricInfo* kAll[] = {
    &kRecords,   &kBytes,         &kCompressed, &kSegments,     &kErrors,     &kRetries,
    &kGaps,      &kSkipped,       &kWritten,    &kRead,         &kLag,        &kLagSum,
    &kLsoLag,    &kRatio,         &kTarget,     &kRemaining,    &kLastCommit, &kMemory,
    &kCommitSeq, &kCommitSeconds, &kBreaker,    &kWriteSeconds, &kReadSeconds};

double number(uint64_t value) { return static_cast<double>(value); }

}  // namespace

void declare_backup_metrics(obs::Registry& registry) { registry.declare(kAll); }

void collect_backup_metrics(obs::Collection& into, const BackupStatus& status,
                            const StoreMeter& store, size_t partitions_max) {
  into.counter(kRecords, {}, number(status.copied.records));
  into.counter(kBytes, {}, number(status.copied.raw_bytes));
  into.counter(kCompressed, {}, number(status.copied.stored_bytes));
  into.counter(kSegments, {}, number(status.copied.segments));
  into.counter(kErrors, {}, number(status.copied.errors + store.errors()));
  into.counter(kRetries, {}, number(status.retries));
  into.counter(kGaps, {}, number(status.gaps));
  into.counter(kSkipped, {}, number(status.gap_offsets));
  into.counter(kWritten, {}, number(store.written_bytes()));
  into.counter(kRead, {}, number(store.read_bytes()));
  double lag_sum = 0;
  size_t shown = 0;
  for (const PartitionStatus& p : status.partitions) {
    const auto lag = static_cast<double>(p.log_end - std::min(p.position, p.log_end));
    lag_sum += lag;
    if (shown++ >= partitions_max) continue;
    const std::string partition = fmt::format("{}", p.partition);
    into.gauge(kLag, {p.topic, partition}, lag);
    into.gauge(kLsoLag, {p.topic, partition}, static_cast<double>(p.lso_lag));
  }
  into.gauge(kLagSum, {}, lag_sum);
  const double stored = number(status.copied.stored_bytes);
  into.gauge(kRatio, {}, stored == 0 ? 0 : number(status.copied.raw_bytes) / stored);
  into.gauge(kTarget, {}, number(status.offsets_total()));
  into.gauge(kRemaining, {}, number(status.offsets_total() - status.offsets_done()));
  into.gauge(kLastCommit, {}, static_cast<double>(status.last_commit_at) / 1000);
  into.gauge(kCommitSeq, {}, number(status.commit_seq));
  if (status.commit_seconds != nullptr) {
    into.histogram(kCommitSeconds, {}, *status.commit_seconds);
  }
  into.gauge(kMemory, {}, number(status.memory_used_bytes));
  for (const auto& [peer, state] : status.breakers) {
    into.gauge(kBreaker, {peer}, static_cast<double>(state));
  }
  store.collect(into, kWriteSeconds, kReadSeconds);
}

}  // namespace odradek::backup
