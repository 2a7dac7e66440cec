// Properties of the connection to the cluster.
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

template <std::string kafka::Tls::* field>
Result<void> tls_file(Value value, PropertyDraft& draft) {
  draft.tls.*field = value;
  return {};
}

// Java's key store of type PEM is one file with the chain and the key.
Result<void> pem_key_store(Value value, PropertyDraft& draft) {
  draft.tls.certificate_file = value;
  draft.tls.key_file = value;
  return {};
}

Result<void> store_type(Value value, PropertyDraft& /*draft*/) {
  if (lower_case(value) == "pem") return {};
  return Error(Errc::kUnsupported, "only PEM stores can be read; convert the key store to PEM");
}

Result<void> key_password(Value value, PropertyDraft& draft) {
  draft.tls.key_password = kafka::Secret(value);
  return {};
}

Result<void> endpoint_identification(Value value, PropertyDraft& draft) {
  const std::string algorithm = lower_case(value);
  if (algorithm == "https") return {};
  if (!algorithm.empty() && algorithm != "none") {
    return Error(Errc::kInvalidArgument, "is neither https nor none");
  }
  draft.tls.verify_peer = false;
  return {};
}

Result<void> verify_certificate(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.tls.verify_peer, property_bool(value));
  return {};
}

Result<void> security_protocol(Value value, PropertyDraft& draft) {
  const std::string protocol = lower_case(value);
  draft.is_tls = protocol == "ssl" || protocol == "sasl_ssl";
  draft.is_sasl = protocol == "sasl_plaintext" || protocol == "sasl_ssl";
  if (draft.is_tls || draft.is_sasl || protocol == "plaintext") return {};
  return Error(Errc::kInvalidArgument, "is none of plaintext, ssl, sasl_plaintext, sasl_ssl");
}

Result<void> mechanism(Value value, PropertyDraft& draft) {
  draft.mechanism = value;
  return {};
}

Result<void> user(Value value, PropertyDraft& draft) {
  draft.user = value;
  return {};
}

Result<void> password(Value value, PropertyDraft& draft) {
  draft.password = kafka::Secret(value);
  return {};
}

Result<void> allow_auto_create(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.options.client.allow_auto_topic_creation, property_bool(value));
  return {};
}

using Client = kafka::ClientOptions;
using Tls = kafka::Tls;

constexpr Property kProperties[] = {
    {"bootstrap.servers", text<&Client::bootstrap>},
    {"metadata.broker.list", text<&Client::bootstrap>},
    {"client.id", text<&Client::client_id>},
    {"socket.connection.setup.timeout.ms", duration<&Client::connection_timeout>},
    {"request.timeout.ms", duration<&Client::request_timeout>},
    {"socket.timeout.ms", duration<&Client::request_timeout>},
    {"metadata.max.age.ms", duration<&Client::metadata_max_age>},
    {"retry.backoff.ms", duration<&Client::retry_backoff_min>},
    {"retry.backoff.max.ms", duration<&Client::retry_backoff_max>},
    {"allow.auto.create.topics", allow_auto_create},
    {"security.protocol", security_protocol},
    {"ssl.ca.location", tls_file<&Tls::ca_file>},
    {"ssl.certificate.location", tls_file<&Tls::certificate_file>},
    {"ssl.key.location", tls_file<&Tls::key_file>},
    {"ssl.key.password", key_password},
    {"ssl.truststore.location", tls_file<&Tls::ca_file>},
    {"ssl.truststore.type", store_type},
    {"ssl.keystore.location", pem_key_store},
    {"ssl.keystore.type", store_type},
    {"ssl.endpoint.identification.algorithm", endpoint_identification},
    {"enable.ssl.certificate.verification", verify_certificate},
    {"sasl.mechanism", mechanism},
    {"sasl.mechanisms", mechanism},
    {"sasl.username", user},
    {"sasl.password", password},
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
    "connections.max.idle.ms",
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
