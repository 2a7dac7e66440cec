#include "proxy/tail/tail_readers.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "proxy/remap/piece_list.h"

namespace odradek::proxy {

using proto::ErrorCode;
using proto::FetchRequest;
using proto::FetchResponse;

namespace {

// Beside the lanes for metadata and for queries; one more for read_committed.
constexpr cluster::Lane kTailLane = 2;
constexpr int16_t kFetchByNameMax = 12;  // later versions name topics by id
// How long a broker waits for new data; what is new in the set of tails waits so long to be read.
constexpr int32_t kPollMs = 250;
constexpr int32_t kPartitionBytes = 1 << 20;
constexpr int32_t kResponseBytes = 16 << 20;
constexpr Duration kUnwantedMax = std::chrono::seconds(30);
constexpr size_t kTailsMax = 10'000;

}  // namespace

void Tail::notify() {
  for (const auto& [session, waiter] : std::exchange(waiting_, {})) waiter.wake();
  forget_at_ = kForgetAtMin;
}

// Where nothing changes, sessions come and go and nobody is woken.
void Tail::when_changed(uint64_t session, Waiter waiter) {
  waiting_.insert_or_assign(session, std::move(waiter));
  if (waiting_.size() < forget_at_) return;
  std::erase_if(waiting_, [](const auto& entry) { return entry.second.lifetime.expired(); });
  forget_at_ = std::max(kForgetAtMin, 2 * waiting_.size());
}

TailReaders::TailReaders(cluster::Cluster& cluster, ProxyStats& stats, size_t bytes_max)
    : cluster_(&cluster), stats_(&stats), bytes_max_(bytes_max), tasks_(cluster.loop()) {}

std::shared_ptr<Tail> TailReaders::find(const TailKeyView& key, int32_t leader) {
  const auto found = tails_.find(key);
  if (found == tails_.end()) return nullptr;
  std::shared_ptr<Tail> tail = found->second;
  if (tail->leader() != leader) {
    end(tail);
    return nullptr;
  }
  tail->wanted_at_ = cluster_->loop().now();
  return tail;
}

void TailReaders::want(const TailKeyView& key, int32_t leader, int64_t offset) {
  if (bytes_max_ == 0 || tails_.contains(key)) return;
  end_others(key);
  if (tails_.size() >= kTailsMax) return;
  const TailKey made = {.topic = std::string(key.topic),
                        .partition = key.partition,
                        .isolation_level = key.isolation_level,
                        .topic_id = key.topic_id};
  auto tail = std::make_shared<Tail>(made, leader, offset);
  tail->wanted_at_ = cluster_->loop().now();
  tails_.emplace(made, std::move(tail));
  const Source source{leader, key.isolation_level};
  if (reading_.insert(source).second) tasks_.spawn(read_all(source));
}

// A topic made anew has another id: brokers are asked by name, and take a partition once.
void TailReaders::end_others(const TailKeyView& key) {
  TailKeyView first = key;
  first.topic_id = Uuid{};
  std::vector<std::shared_ptr<Tail>> others;
  for (auto at = tails_.lower_bound(first); at != tails_.end(); ++at) {
    const TailKey& other = at->first;
    const bool is_same_place = other.topic == key.topic && other.partition == key.partition &&
                               other.isolation_level == key.isolation_level;
    if (!is_same_place) break;
    others.push_back(at->second);
  }
  for (const std::shared_ptr<Tail>& other : others) end(other);
}

bool TailReaders::is_current(const std::shared_ptr<Tail>& tail) const {
  const auto known = tails_.find(tail->key());
  return known != tails_.end() && known->second == tail;
}

void TailReaders::cancel() { tasks_.cancel(); }
io::Task<void> TailReaders::join() { co_await tasks_.join(); }

// Those somebody wants; first what could not be read whole the last time.
TailReaders::Tails TailReaders::tails_of(Source source) {
  const MonotonicTime now = cluster_->loop().now();
  Tails cut;
  Tails wanted;
  Tails unwanted;
  for (const auto& [key, tail] : tails_) {
    if (Source{tail->leader(), key.isolation_level} != source) continue;
    if (now - tail->wanted_at_ > kUnwantedMax) {
      unwanted.push_back(tail);
    } else {
      (tail->was_cut_ ? cut : wanted).push_back(tail);
    }
  }
  for (const std::shared_ptr<Tail>& tail : unwanted) end(tail);
  wanted.insert(wanted.begin(), cut.begin(), cut.end());
  return wanted;
}

io::Task<void> TailReaders::read_all(Source source) {
  while (true) {
    const Tails tails = tails_of(source);
    if (tails.empty()) break;
    const auto response = co_await read(source, tails);
    if (!response) {
      if (response.error().code() != Errc::kCancelled) {
        ODK_LOG(info, "shared reads ended", kv("broker", source.first),
                kv("error", response.error().to_string()));
        cluster_->expire_metadata();
      }
      for (const std::shared_ptr<Tail>& tail : tails) end(tail);
      if (response.error().code() == Errc::kCancelled) break;
      continue;
    }
    take(tails, *response);
  }
  reading_.erase(source);
}

io::Task<Result<rpc::Decoded<FetchResponse>>> TailReaders::read(Source source, Tails tails) {
  std::vector<FetchRequest::FetchPartition> partitions(tails.size());
  std::vector<FetchRequest::FetchTopic> topics(tails.size());
  for (size_t i = 0; i < tails.size(); ++i) {
    Tail& tail = *tails[i];
    partitions[i].partition = tail.key().partition;
    partitions[i].fetch_offset = tail.ring().end();
    partitions[i].last_fetched_epoch = tail.ring().last_epoch();
    partitions[i].partition_max_bytes = kPartitionBytes;
    topics[i].topic = tail.key().topic;
    topics[i].partitions = std::span(partitions).subspan(i, 1);
  }
  FetchRequest request;
  request.max_wait_ms = kPollMs;
  request.min_bytes = 1;
  request.max_bytes = kResponseBytes;
  request.isolation_level = source.second;
  request.topics = topics;
  const MonotonicTime deadline = cluster_->request_deadline();
  Result<cluster::Cluster::Connection> connected = co_await cluster_->connection(
      source.first, kTailLane + static_cast<cluster::Lane>(source.second), deadline);
  if (!connected) co_return connected.error();
  ODK_CO_TRY(const int16_t version,
             (*connected)->version_for(proto::ApiKey::kFetch, kFetchByNameMax));
  co_return co_await (*connected)->call(request, version, deadline);
}

void TailReaders::take(const Tails& tails, const rpc::Decoded<FetchResponse>& response) {
  std::map<std::pair<std::string_view, int32_t>, const FetchResponse::PartitionData*> by_name;
  for (const auto& topic : response.message.responses) {
    for (const auto& data : topic.partitions) by_name[{topic.topic, data.partition_index}] = &data;
  }
  for (const std::shared_ptr<Tail>& tail : tails) {
    if (!is_current(tail)) continue;  // it ended meanwhile
    const auto found = by_name.find({tail->key().topic, tail->key().partition});
    const bool is_fine = found != by_name.end() && response.message.error_code == 0 &&
                         take_one(*tail, *found->second, response.frame);
    if (!is_fine) end(tail);
  }
  evict();
}

// False ends the tail.
bool TailReaders::take_one(Tail& tail, const FetchResponse::PartitionData& data,
                           const Slice& frame) {
  if (data.error_code != 0) cluster_->expire_metadata();
  if (data.error_code != 0 || data.diverging_epoch.epoch >= 0) return false;
  tail.begin_running();
  const bool is_news = data.high_watermark != tail.high_watermark;
  tail.high_watermark = data.high_watermark;
  tail.last_stable_offset = data.last_stable_offset;
  tail.log_start_offset = data.log_start_offset;
  const Bytes records = data.records.bytes;
  if (records.empty()) {
    if (is_news) tail.notify();
    return true;
  }
  stats_->fetch_scanned_bytes += records.size();
  const bool copies = is_worth_a_copy(records.size(), frame.size());
  const Slice kept = copies ? Slice::copy_of(records) : frame.share(records);
  const size_t before = tail.ring_.cost();
  const bool is_taken = tail.ring_.append(kept, data.aborted_transactions);
  // A batch larger than a read comes whole when its partition is the first.
  if (!is_taken && tail.was_cut_) return false;
  tail.was_cut_ = !is_taken;
  if (!is_taken) return true;
  bytes_ += tail.ring_.cost() - before;
  oldest_.push_back(tails_.at(tail.key()));
  tail.notify();
  return true;
}

void TailReaders::end(const std::shared_ptr<Tail>& tail) {
  if (!is_current(tail)) return;
  bytes_ -= tail->ring_.cost();
  chunks_of_ended_ += tail->ring_.chunk_count();
  tails_.erase(tail->key());
  tail->is_running_ = false;
  tail->notify();
}

void TailReaders::evict() {
  while (bytes_ > bytes_max_ && !oldest_.empty()) {
    const std::shared_ptr<Tail> tail = oldest_.front().lock();
    oldest_.pop_front();
    // What ended tails held was taken off when they ended.
    if (tail != nullptr && is_current(tail)) bytes_ -= tail->ring_.drop_oldest();
  }
  // Chunks of tails that ended leave only their mark here.
  if (chunks_of_ended_ <= oldest_.size() / 2) return;
  std::erase_if(oldest_, [](const std::weak_ptr<Tail>& tail) { return tail.expired(); });
  chunks_of_ended_ = 0;
}

}  // namespace odradek::proxy
