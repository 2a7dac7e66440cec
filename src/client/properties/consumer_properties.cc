#include "client/properties/property.h"

namespace odradek::client {
namespace {

using Value = std::string_view;
using Consumer = kafka::ConsumerOptions;

template <std::chrono::milliseconds Consumer::* field>
Result<void> duration(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.options.consumer.*field, property_milliseconds(value));
  return {};
}

template <std::string Consumer::* field>
Result<void> text(Value value, PropertyDraft& draft) {
  draft.options.consumer.*field = value;
  return {};
}

template <bool Consumer::* field>
Result<void> flag(Value value, PropertyDraft& draft) {
  ODK_TRY(draft.options.consumer.*field, property_bool(value));
  return {};
}

template <int32_t Consumer::* field>
Result<void> number(Value value, PropertyDraft& draft) {
  ODK_TRY(const int64_t given, property_integer(value, 0, INT32_MAX));
  draft.options.consumer.*field = static_cast<int32_t>(given);
  return {};
}

Result<void> prefetch(Value value, PropertyDraft& draft) {
  ODK_TRY(const int64_t kibibytes, property_integer(value, 1, INT32_MAX));
  draft.options.consumer.prefetch_bytes = static_cast<size_t>(kibibytes) << 10U;
  return {};
}

Result<void> protocol(Value value, PropertyDraft& draft) {
  const std::string name = lower_case(value);
  if (name != "classic" && name != "consumer") {
    return Error(Errc::kInvalidArgument, "is neither classic nor consumer");
  }
  draft.options.consumer.protocol =
      name == "classic" ? kafka::GroupProtocol::classic : kafka::GroupProtocol::consumer;
  return {};
}

Result<kafka::Assignor> assignor(std::string_view name) {
  constexpr std::string_view kJavaPackage = "org.apache.kafka.clients.consumer.";
  if (name.starts_with(kJavaPackage)) name.remove_prefix(kJavaPackage.size());
  if (name == "range" || name == "RangeAssignor") return kafka::Assignor::range;
  if (name == "roundrobin" || name == "RoundRobinAssignor") return kafka::Assignor::round_robin;
  if (name == "sticky" || name == "StickyAssignor") return kafka::Assignor::sticky;
  if (name == "cooperative-sticky" || name == "CooperativeStickyAssignor") {
    return kafka::Assignor::cooperative_sticky;
  }
  return Error(Errc::kInvalidArgument,
               "is a list of range, roundrobin, sticky, cooperative-sticky");
}

Result<void> assignors(Value value, PropertyDraft& draft) {
  std::vector<kafka::Assignor> named;
  while (!value.empty()) {
    const size_t comma = value.find(',');
    std::string_view name = value.substr(0, comma);
    while (name.starts_with(' ')) name.remove_prefix(1);
    while (name.ends_with(' ')) name.remove_suffix(1);
    ODK_TRY(const kafka::Assignor next, assignor(name));
    named.push_back(next);
    value = comma == std::string_view::npos ? std::string_view() : value.substr(comma + 1);
  }
  draft.options.consumer.assignors = std::move(named);
  return {};
}

Result<void> start(Value value, PropertyDraft& draft) {
  const std::string name = lower_case(value);
  if (name == "earliest" || name == "smallest" || name == "beginning") {
    draft.options.consumer.start = kafka::Start::earliest;
  } else if (name == "latest" || name == "largest" || name == "end") {
    draft.options.consumer.start = kafka::Start::latest;
  } else if (name == "none" || name == "error") {
    draft.options.consumer.start = kafka::Start::none;
  } else if (constexpr std::string_view kByDuration = "by_duration:";
             name.starts_with(kByDuration)) {
    ODK_TRY(const auto age, property_duration(value.substr(kByDuration.size())));
    draft.options.consumer.start = kafka::Start::by_duration(age);
  } else {
    return Error(Errc::kInvalidArgument, "is none of earliest, latest, none, by_duration:<ISO>");
  }
  return {};
}

Result<void> isolation(Value value, PropertyDraft& draft) {
  const std::string name = lower_case(value);
  if (name != "read_committed" && name != "read_uncommitted") {
    return Error(Errc::kInvalidArgument, "is neither read_committed nor read_uncommitted");
  }
  draft.options.consumer.isolation = name == "read_committed" ? kafka::Isolation::read_committed
                                                              : kafka::Isolation::read_uncommitted;
  return {};
}

constexpr Property kProperties[] = {
    {"group.id", text<&Consumer::group>},
    {"group.instance.id", text<&Consumer::instance_id>},
    {"group.protocol", protocol},
    {"group.remote.assignor", text<&Consumer::remote_assignor>},
    {"partition.assignment.strategy", assignors},
    {"client.rack", text<&Consumer::rack>},
    {"auto.offset.reset", start},
    {"isolation.level", isolation},
    {"enable.auto.commit", flag<&Consumer::auto_commit>},
    {"auto.commit.interval.ms", duration<&Consumer::auto_commit_interval>},
    {"session.timeout.ms", duration<&Consumer::session_timeout>},
    {"heartbeat.interval.ms", duration<&Consumer::heartbeat_interval>},
    {"max.poll.interval.ms", duration<&Consumer::max_poll_interval>},
    {"fetch.min.bytes", number<&Consumer::fetch_bytes_min>},
    {"fetch.max.wait.ms", duration<&Consumer::fetch_wait_max>},
    {"fetch.wait.max.ms", duration<&Consumer::fetch_wait_max>},
    {"fetch.max.bytes", number<&Consumer::fetch_bytes_max>},
    {"max.partition.fetch.bytes", number<&Consumer::partition_bytes_max>},
    {"fetch.message.max.bytes", number<&Consumer::partition_bytes_max>},
    {"queued.max.messages.kbytes", prefetch},
    {"check.crcs", flag<&Consumer::check_crc>},
};

}  // namespace

std::span<const Property> consumer_properties() { return kProperties; }

}  // namespace odradek::client
