// Properties of the connection to the cluster.
#include <algorithm>

#include "client/properties/property.h"

namespace odradek::client {
namespace {

using Value = std::string_view;

template <std::chrono::milliseconds kafka::ClientOptions::* field>
Result<void> duration(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.options.client.*field, property_milliseconds(value));
  return {};
}

template <std::string kafka::ClientOptions::* field>
Result<void> text(Value value, PropertyDraft& draft) {
  draft.options.client.*field = value;
  return {};
}

Result<void> allow_auto_create(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.options.client.allow_auto_topic_creation, property_bool(value));
  return {};
}

// Java's -1 and librdkafka's 0 both mean never.
Result<void> idle_max(Value value, PropertyDraft& draft) {
  ODK_TRY(const int64_t given, property_integer(value, -1, INT32_MAX));
  draft.options.client.connection_idle_max = std::chrono::milliseconds(std::max<int64_t>(given, 0));
  return {};
}

Result<void> dns_lookup(Value value, PropertyDraft& draft) {
  const std::string mode = lower_case(value);
  const bool is_canonical = mode == "resolve_canonical_bootstrap_servers_only";
  if (!is_canonical && mode != "use_all_dns_ips") {
    return Error(Errc::kInvalidArgument,
                 "is neither use_all_dns_ips nor resolve_canonical_bootstrap_servers_only");
  }
  draft.options.client.dns_lookup = is_canonical
                                        ? kafka::DnsLookup::resolve_canonical_bootstrap_servers_only
                                        : kafka::DnsLookup::use_all_dns_ips;
  return {};
}

Result<void> metadata_recovery(Value value, PropertyDraft& draft) {
  const std::string strategy = lower_case(value);
  if (strategy != "rebootstrap" && strategy != "none") {
    return Error(Errc::kInvalidArgument, "is neither rebootstrap nor none");
  }
  draft.options.client.metadata_recovery =
      strategy == "none" ? kafka::MetadataRecovery::none : kafka::MetadataRecovery::rebootstrap;
  return {};
}

using Client = kafka::ClientOptions;

constexpr Property kProperties[] = {
    {"bootstrap.servers", text<&Client::bootstrap>},
    {"metadata.broker.list", text<&Client::bootstrap>},
    {"client.id", text<&Client::client_id>},
    {"socket.connection.setup.timeout.ms", duration<&Client::connection_timeout>},
    {"socket.connection.setup.timeout.max.ms", duration<&Client::connection_timeout_max>},
    {"connections.max.idle.ms", idle_max},
    {"client.dns.lookup", dns_lookup},
    {"metadata.recovery.strategy", metadata_recovery},
    {"metadata.recovery.rebootstrap.trigger.ms", duration<&Client::rebootstrap_after>},
    {"request.timeout.ms", duration<&Client::request_timeout>},
    {"socket.timeout.ms", duration<&Client::request_timeout>},
    {"metadata.max.age.ms", duration<&Client::metadata_max_age>},
    {"retry.backoff.ms", duration<&Client::retry_backoff_min>},
    {"retry.backoff.max.ms", duration<&Client::retry_backoff_max>},
    {"allow.auto.create.topics", allow_auto_create},
};

constexpr std::string_view kWithoutEffect[] = {
    "api.version.request",
    "api.version.request.timeout.ms",
    "auto.include.jmx.reporter",
    "batch.num.messages",
    "broker.address.family",
    "broker.address.ttl",
    "broker.version.fallback",
    "builtin.features",
    "client.software.name",
    "debug",
    "enable.auto.offset.store",
    "enable.metrics.push",
    "enable.partition.eof",
    "internal.termination.signal",
    "key.deserializer",
    "key.serializer",
    "log.connection.close",
    "log.thread.name",
    "log_level",
    "max.poll.records",
    "message.send.max.retries",
    "metric.reporters",
    "metrics.num.samples",
    "metrics.recording.level",
    "metrics.sample.window.ms",
    "partitioner.adaptive.partitioning.enable",
    "queue.buffering.backpressure.threshold",
    "queue.buffering.max.messages",
    "queued.min.messages",
    "receive.buffer.bytes",
    "receive.message.max.bytes",
    "reconnect.backoff.max.ms",
    "reconnect.backoff.ms",
    "retries",
    "send.buffer.bytes",
    "socket.keepalive.enable",
    "socket.max.fails",
    "socket.nagle.disable",
    "socket.receive.buffer.bytes",
    "socket.send.buffer.bytes",
    "statistics.interval.ms",
    "topic.metadata.refresh.fast.interval.ms",
    "topic.metadata.refresh.interval.ms",
    "topic.metadata.refresh.sparse",
    "value.deserializer",
    "value.serializer",
};

}  // namespace

std::span<const Property> client_properties() { return kProperties; }
std::span<const std::string_view> properties_without_effect() { return kWithoutEffect; }

}  // namespace odradek::client
