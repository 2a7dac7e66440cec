#include "broker/txn/txn.h"

#include <algorithm>
#include <array>
#include <utility>

namespace odradek::broker {
namespace {

constexpr std::array<std::pair<TxnState, std::string_view>, 8> kNames{{
    {TxnState::kEmpty, "Empty"},
    {TxnState::kOngoing, "Ongoing"},
    {TxnState::kPrepareCommit, "PrepareCommit"},
    {TxnState::kPrepareAbort, "PrepareAbort"},
    {TxnState::kCompleteCommit, "CompleteCommit"},
    {TxnState::kCompleteAbort, "CompleteAbort"},
    {TxnState::kDead, "Dead"},
    {TxnState::kPrepareEpochFence, "PrepareEpochFence"},
}};

}  // namespace

std::string_view txn_state_name(TxnState state) {
  return kNames[static_cast<size_t>(state)].second;
}

std::optional<TxnState> txn_state_by_name(std::string_view name) {
  const auto found =
      std::ranges::find(kNames, name, &std::pair<TxnState, std::string_view>::second);
  if (found == kNames.end()) return std::nullopt;
  return found->first;
}

}  // namespace odradek::broker
