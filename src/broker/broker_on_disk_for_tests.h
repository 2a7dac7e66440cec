#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <thread>
#include <vector>

#include "broker/broker_for_tests.h"
#include "log/disk/faulty_file_system_for_tests.h"
#include "proto/messages/metadata_request.h"
#include "proto/messages/metadata_response.h"

namespace odradek::broker::testing {

namespace fs = std::filesystem;

// A broker with a data directory of its own, on a disk that can fail.
class BrokerOnDisk : public BrokerTest {
 protected:
  BrokerOnDisk() {
    std::string path = (fs::temp_directory_path() / "odradek-disk-XXXXXX").string();
    directory_ = mkdtemp(path.data());
    options_.data_directory = (directory_ / "data").string();
    options_.files = disk_;
    options_.flush_threads = 0;
  }
  ~BrokerOnDisk() override { fs::remove_all(directory_); }

  void stop() {
    clients_.clear();
    loop_.block_on(broker_->stop_async());
  }
  void restart() {
    stop();
    start();
  }
  // The machine or the process goes away: what a stop would have written is not there.
  void crash() {
    const fs::path kept = directory_ / "kept";
    fs::copy(data(), kept, fs::copy_options::recursive);
    stop();
    fs::remove_all(data());
    fs::rename(kept, data());
    start();
  }
  fs::path data() const { return options_.data_directory; }

  rpc::Decoded<proto::MetadataResponse> metadata() {
    proto::MetadataRequest request;
    request.topics = {};
    return call(request, 12);
  }
  const proto::MetadataResponse::MetadataResponseTopic* find(
      const rpc::Decoded<proto::MetadataResponse>& answer, std::string_view name) {
    for (const auto& topic : answer->topics) {
      if (topic.name == name) return &topic;
    }
    return nullptr;
  }
  std::vector<std::string> values(const std::string& topic) {
    const FetchAnswer answer = fetch({.topic = topic});
    std::vector<std::string> found;
    EXPECT_EQ(only_partition(answer).error_code, 0);
    EXPECT_TRUE(wire::for_each_batch(only_partition(answer).records.bytes,
                                     [&](const wire::BatchView& batch) {
                                       wire::RecordCursor cursor(batch, batch.stored_records());
                                       while (const wire::RecordView* record = cursor.next()) {
                                         found.emplace_back(as_text(record->value));
                                       }
                                     }));
    return found;
  }

  // Lets other threads and the loop go on until the answer is there.
  template <class Req>
  rpc::Decoded<proto::ResponseOf<Req>> wait_for(const Waiting<Req>& waiting) {
    while (!waiting.done()) {
      loop_.run_ready();
      std::this_thread::yield();
    }
    return waiting.get();
  }

  fs::path directory_;
  std::shared_ptr<log::FaultyFileSystem> disk_ = std::make_shared<log::FaultyFileSystem>();
};

}  // namespace odradek::broker::testing
