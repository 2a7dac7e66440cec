// Admin::delete_topics and delete_topics_by_id.
#include "client/admin/ask.h"
#include "client/admin/public_values.h"
#include "client/admin/start.h"
#include "proto/messages/delete_topics_request.h"
#include "proto/messages/delete_topics_response.h"

namespace odradek::client {
namespace {

constexpr int16_t kFirstWithIds = 6;

struct DeleteTopics {
  using Request = proto::DeleteTopicsRequest;
  using Key = std::string;
  using Value = void;
  static constexpr std::string_view kDoing = "delete topic";
  static constexpr int16_t kAtMost = kFirstWithIds - 1;  // a plain list of names

  int32_t timeout_ms = 0;
  std::vector<std::string_view> names{};

  Request request(const std::vector<Key>& keys) {
    names = views_of(keys);
    Request request;
    request.topic_names = proto::array_of(names);
    request.timeout_ms = timeout_ms;
    return request;
  }
  static Result<void> read(const proto::DeleteTopicsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& topic : response.responses) {
      const std::string name(topic.name);
      replies.settle(name, topic.error_code, topic.error_message);
    }
    return {};
  }
};

// The same by ids, which are what a key's text stands for.
struct DeleteTopicsById {
  using Request = proto::DeleteTopicsRequest;
  using Key = std::string;
  using Value = void;
  static constexpr std::string_view kDoing = "delete topic";

  std::map<std::string, Uuid> ids;
  int32_t timeout_ms = 0;
  std::vector<Request::DeleteTopicState> topics{};

  Request request(const std::vector<Key>& keys) {
    topics.resize(keys.size());
    for (size_t i = 0; i < keys.size(); ++i) {
      topics[i].topic_id = ids.at(keys[i]);
      topics[i].name = {};  // null: the id says which
    }
    Request request;
    request.topics = proto::array_of(topics);
    request.timeout_ms = timeout_ms;
    return request;
  }
  static Result<void> read(const proto::DeleteTopicsResponse& response, const std::vector<Key>&,
                           Replies<Key, Value>& replies) {
    for (const auto& topic : response.responses) {
      const std::string id = topic.topic_id.to_string();
      replies.settle(id, topic.error_code, topic.error_message);
    }
    return {};
  }
};

io::Task<Result<std::vector<kafka::Outcome>>> delete_topics(Cluster& cluster,
                                                            std::vector<std::string> names,
                                                            MonotonicTime deadline) {
  DeleteTopics api{.timeout_ms = milliseconds_left(cluster, deadline)};
  auto items =
      co_await ask_items(cluster, Route::kController, std::move(api), std::move(names), deadline);
  cluster.expire_metadata();
  co_return items;
}

io::Task<Result<std::vector<kafka::Outcome>>> delete_topics_by_id(Cluster& cluster,
                                                                  std::vector<kafka::TopicId> ids,
                                                                  MonotonicTime deadline) {
  DeleteTopicsById api{.ids = {}, .timeout_ms = milliseconds_left(cluster, deadline)};
  std::vector<std::string> keys;
  for (const kafka::TopicId& id : ids) {
    keys.push_back(id.to_string());
    api.ids[keys.back()] = Uuid{.bytes = id.bytes};
  }
  auto items =
      co_await ask_items(cluster, Route::kController, std::move(api), std::move(keys), deadline);
  cluster.expire_metadata();
  co_return items;
}

}  // namespace
}  // namespace odradek::client

namespace odradek::kafka {

Op<std::vector<Outcome>> Admin::delete_topics(std::vector<std::string> names, Wait wait) {
  return client::start<std::vector<Outcome>>(core_, wait, client::delete_topics, std::move(names));
}

Op<std::vector<Outcome>> Admin::delete_topics_by_id(std::vector<TopicId> ids, Wait wait) {
  return client::start<std::vector<Outcome>>(core_, wait, client::delete_topics_by_id,
                                             std::move(ids));
}

}  // namespace odradek::kafka
