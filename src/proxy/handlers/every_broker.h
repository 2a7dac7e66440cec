#pragma once

#include <utility>
#include <vector>

#include "proxy/handlers/leaders.h"

namespace odradek::proxy {

// What the brokers said of which each knows only its own part.
template <class Req>
struct EveryAnswer {
  std::vector<rpc::Decoded<proto::ResponseOf<Req>>> answers;
  int16_t error_code = 0;  // of one that failed, or could not be asked
};

// Asks each broker of the cluster the client's own question.
template <class Req>
io::Task<Result<EveryAnswer<Req>>> ask_every_broker(Session& session, const Req& request,
                                                    int16_t version, MonotonicTime deadline) {
  const auto metadata = co_await session.context.cluster.metadata({}, deadline);
  if (!metadata) co_return metadata.error();
  EveryAnswer<Req> all;
  for (const cluster::Broker& broker : (*metadata)->brokers) {
    Result<Upstream::Connection> connected =
        co_await leader_connection(session, broker.id, Via::kShared, deadline);
    Result<rpc::Decoded<proto::ResponseOf<Req>>> answer(Errc::kNotFound);
    if (connected) answer = co_await (*connected)->call(request, version, deadline);
    if (session.is_closed) co_return Errc::kClosed;
    if (!answer) {
      all.error_code = proto::to_number(proto::ErrorCode::kCoordinatorNotAvailable);
      continue;
    }
    if (answer->message.error_code != 0) all.error_code = answer->message.error_code;
    all.answers.push_back(*std::move(answer));
  }
  co_return all;
}

}  // namespace odradek::proxy
