#include "client/consumer/fetch_session.h"

#include <limits>

namespace odradek::client {

// A topic that was deleted and created again is another one: then everything is said.
bool FetchSession::has_new_topic(const Parts& wanted) const {
  for (const auto& [id, part] : wanted) {
    const auto known = known_.find(id);
    if (known != known_.end() && known->second.topic_id != part.topic_id) return true;
  }
  return false;
}

FetchSession::Request FetchSession::next(Parts wanted) {
  if (has_new_topic(wanted)) epoch_ = kFull;
  Request request{.session_id = id_, .session_epoch = epoch_, .named = {}, .forgotten = {}};
  const bool is_full = epoch_ == kFull;
  for (const auto& [id, part] : wanted) {
    const auto known = known_.find(id);
    if (is_full || known == known_.end() || known->second != part) request.named.push_back(id);
  }
  if (!is_full) {
    for (const auto& [id, part] : known_) {
      if (!wanted.contains(id)) request.forgotten.push_back(id);
    }
  }
  known_ = std::move(wanted);
  return request;
}

void FetchSession::on_answer(int32_t session_id) {
  if (session_id == 0) {
    id_ = 0;
    epoch_ = kFull;
    return;
  }
  id_ = session_id;
  epoch_ = epoch_ == std::numeric_limits<int32_t>::max() ? 1 : epoch_ + 1;
}

bool FetchSession::on_error(proto::ErrorCode code) {
  const bool is_gone = code == proto::ErrorCode::kFetchSessionIdNotFound;
  if (is_gone) id_ = 0;
  epoch_ = kFull;
  return is_gone || code == proto::ErrorCode::kInvalidFetchSessionEpoch;
}

// A full request that names the old session ends it.
void FetchSession::on_loss() { epoch_ = kFull; }

}  // namespace odradek::client
