#pragma once

#include "proxy/handlers/coordinator.h"

namespace odradek::proxy {
namespace detail {

// Sends one question; the answer comes to `gather`. False when there was nobody to send it to.
template <class Req>
io::Task<Result<int16_t>> send_question(Session& session, const GroupQuestion<Req>& question,
                                        int16_t version_max, Gather& gather,
                                        MonotonicTime deadline) {
  Result<Upstream::Connection> connected =
      co_await coordinator_of(session, question.group, deadline, question.type);
  if (!connected) co_return connected.error();
  ODK_CO_TRY(const int16_t version, (*connected)->version_for(Req::kApiKey, version_max));
  wire::Writer writer(256);
  encode(writer, version, question.request);
  ODK_CO_TRY(SliceChain body, writer.finish());
  (*connected)->send(Req::kApiKey, version, std::move(body), deadline, gather.slot());
  co_return version;
}

}  // namespace detail

template <class Req, class HasMoved>
io::Task<std::vector<GroupAnswer<Req>>> ask_coordinators(
    Session& session, const std::vector<GroupQuestion<Req>>& questions, int16_t version_max,
    HasMoved has_moved, MonotonicTime deadline) {
  using Response = proto::ResponseOf<Req>;
  std::vector<GroupAnswer<Req>> answers;
  answers.reserve(questions.size());
  for (size_t i = 0; i < questions.size(); ++i) answers.emplace_back(Errc::kNotFound);
  std::deque<size_t> open;
  for (size_t i = 0; i < questions.size(); ++i) open.push_back(i);

  // Each in one attempt and, where that failed, in another; so many at a time that a client that
  // asks about very many does not have all of them under way.
  std::vector<int> attempts(questions.size(), 0);
  while (!open.empty()) {
    Gather gather(session.context.loop);
    std::vector<std::pair<size_t, int16_t>> sent;  // question, version
    const size_t count = std::min(open.size(), kAskedAtOnce);
    const std::vector<size_t> asked(open.begin(), open.begin() + static_cast<ptrdiff_t>(count));
    open.erase(open.begin(), open.begin() + static_cast<ptrdiff_t>(count));
    for (const size_t i : asked) {
      ++attempts[i];
      const Result<int16_t> version =
          co_await detail::send_question(session, questions[i], version_max, gather, deadline);
      if (version) {
        sent.emplace_back(i, *version);
      } else {
        answers[i] = version.error();
      }
    }
    const Result<void> answered = co_await gather.wait();
    if (!answered || session.is_closed) break;
    for (size_t n = 0; n < sent.size(); ++n) {
      const auto [i, version] = sent[n];
      Result<rpc::RawResponse>& raw = gather.answers()[n];
      if (raw) {
        answers[i] = rpc::decode_body<Response>(std::move(raw->frame), raw->body, version);
      } else {
        answers[i] = raw.error();
      }
      const bool is_open = !raw || (answers[i] && has_moved(answers[i]->message));
      if (!is_open) continue;
      forget_coordinator(session, questions[i].group, questions[i].type);
      if (attempts[i] < 2) open.push_back(i);
    }
  }
  co_return answers;
}

template <class Req, class HasMoved>
io::Task<GroupAnswer<Req>> ask_coordinator(Session& session, std::string group, Req request,
                                           int16_t version_max, HasMoved has_moved,
                                           MonotonicTime deadline, CoordinatorType type) {
  std::vector<GroupQuestion<Req>> questions;
  questions.push_back({std::move(group), request, type});
  auto answers = co_await ask_coordinators(session, questions, version_max, has_moved, deadline);
  co_return std::move(answers.front());
}

template <class Req>
io::Task<Result<void>> pass_to_coordinator(Session& session, rpc::Request& request, std::string key,
                                           MonotonicTime deadline, CoordinatorType type) {
  using Response = proto::ResponseOf<Req>;
  Response refusal;
  refusal.error_code = proto::to_number(proto::ErrorCode::kCoordinatorNotAvailable);
  const proto::ErrorCode refused = type == CoordinatorType::kGroup
                                       ? session.group_refusal(Operation::kRead, key)
                                       : session.transaction_refusal(Operation::kWrite, key);
  const bool is_refused = refused != proto::ErrorCode{};
  if (is_refused) refusal.error_code = proto::to_number(refused);
  for (int attempt = 0; attempt < 2 && !is_refused; ++attempt) {
    Result<Upstream::Connection> connected = co_await coordinator_of(session, key, deadline, type);
    if (!connected) break;
    const Result<rpc::RawResponse> raw = co_await forward_raw(*connected, request, deadline);
    if (session.is_closed) co_return Errc::kClosed;
    if (!raw) {
      forget_coordinator(session, key, type);
      continue;
    }
    ODK_CO_TRY(const auto answer,
               rpc::decode_body<Response>(raw->frame, raw->body, request.version));
    const int16_t code = answer.message.error_code;
    if (is_moved_coordinator(code)) {
      forget_coordinator(session, key, type);
      if (attempt == 0) continue;
    }
    count_error(session, request.api_key, code);
    respond_raw(request, *raw);
    co_return Result<void>{};
  }
  count_error(session, request.api_key, refusal.error_code);
  rpc::respond(request, refusal);
  co_return Result<void>{};
}

}  // namespace odradek::proxy
