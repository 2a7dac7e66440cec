#include "client/admin/public_values.h"

#include "client/error_map.h"
#include "proto/error_code.h"

namespace odradek::kafka {

std::string TopicId::to_string() const { return Uuid{.bytes = bytes}.to_string(); }

}  // namespace odradek::kafka

namespace odradek::client {

std::set<kafka::AclOperation> operations_of(int32_t bits) {
  constexpr int8_t kFirst = static_cast<int8_t>(kafka::AclOperation::read);
  constexpr int8_t kLast = static_cast<int8_t>(kafka::AclOperation::two_phase_commit);
  std::set<kafka::AclOperation> operations;
  if (bits < 0) return operations;  // INT32_MIN: not asked for
  for (int8_t bit = kFirst; bit <= kLast; ++bit) {
    if ((static_cast<uint32_t>(bits) >> static_cast<uint32_t>(bit) & 1U) != 0) {
      operations.insert(static_cast<kafka::AclOperation>(bit));
    }
  }
  return operations;
}

kafka::Result<void> public_outcome(int16_t code, std::string_view server_message,
                                   std::string_view what) {
  const proto::ErrorCode error = proto::error_code(code);
  if (error == proto::ErrorCode::kNone) return {};
  return to_public(proto::to_error(error, what, server_message));
}

kafka::ConfigSource config_source(int8_t number) {
  using kafka::ConfigSource;
  switch (number) {
    case 1: return ConfigSource::topic;
    case 2: return ConfigSource::broker;
    case 3: return ConfigSource::broker_default;
    case 4: return ConfigSource::broker_file;
    case 5: return ConfigSource::built_in;
    case 6: return ConfigSource::broker_logger;
    case 7: return ConfigSource::client_metrics;
    case 8: return ConfigSource::group;
    default: return ConfigSource::unknown;
  }
}

}  // namespace odradek::client
