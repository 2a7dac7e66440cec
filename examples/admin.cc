// What a deployment script and a monitoring job do with a cluster.
// usage: example_admin HOST:PORT TOPIC GROUP
#include <odradek/kafka.h>

#include <cstdio>
#include <string>
#include <vector>

namespace ok = odradek::kafka;
using namespace std::chrono_literals;

namespace {

// [ensure]
// Creates the topic, or changes it to what it is to be.
ok::Result<void> ensure_topic(ok::Admin& admin, const std::string& name) {
  const auto created =
      admin
          .create_topics(
              {{.name = name, .partitions = 6, .configs = {{"retention.ms", "86400000"}}}})
          .get();
  if (!created) return created.error();         // nobody could be asked
  const auto& outcome = created->front().result;  // one for each topic
  if (outcome) return {};
  if (outcome.error().code() != ok::ServerCode::topic_already_exists) return outcome.error();
  return admin.alter_configs({.name = name}, {{.name = "retention.ms", .value = "86400000"}}).get();
}
// [end]

// [lag]
// How far a group is behind, in records.
ok::Result<int64_t> lag_of(ok::Admin& admin, const std::string& group) {
  const auto committed = admin.group_offsets(group).get();
  if (!committed) return committed.error();
  std::vector<ok::TopicPartition> partitions;
  for (const ok::CommittedOffset& item : *committed) partitions.push_back(item.partition);
  const auto ends = ok::all(admin.list_offsets(partitions, ok::OffsetSpec::latest).get());
  if (!ends) return ends.error();
  int64_t lag = 0;
  for (size_t i = 0; i < partitions.size(); ++i) {
    lag += (*ends)[i].offset - (*committed)[i].committed->offset;
  }
  return lag;
}
// [end]

// [access]
ok::Result<void> let_read(ok::Admin& admin, const std::string& user, const std::string& topic) {
  const ok::Acl read{.name = topic, .principal = "User:" + user};
  ok::Acl describe = read;
  describe.operation = ok::AclOperation::describe;
  return ok::all(admin.create_acls({read, describe}).get());
}
// [end]

}  // namespace

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "usage: %s HOST:PORT TOPIC GROUP\n", argv[0]);
    return 2;
  }
  ok::Client client({.bootstrap = argv[1]});
  ok::Admin admin(client);
  if (const auto ensured = ensure_topic(admin, argv[2]); !ensured) {
    std::fprintf(stderr, "%s\n", ensured.error().to_string().c_str());
    return 1;
  }
  const auto lag = lag_of(admin, argv[3]);
  if (!lag) {
    std::fprintf(stderr, "%s\n", lag.error().to_string().c_str());
    return 1;
  }
  std::printf("lag %lld\n", static_cast<long long>(*lag));
  if (const auto allowed = let_read(admin, "alice", argv[2]); !allowed) {
    std::printf("no access control here: %s\n", allowed.error().to_string().c_str());
  }
  return 0;
}
