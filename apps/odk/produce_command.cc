// odk produce.
#include <fmt/format.h>

#include <atomic>
#include <fstream>
#include <iostream>
#include <iterator>
#include <string>
#include <vector>

#include "commands.h"
#include "format.h"
#include "output.h"

namespace odk {

namespace ok = odradek::kafka;
using std::chrono::seconds;

namespace {

ok::Compression compression(const std::string& name) {
  if (name == "gzip") return ok::Gzip();
  if (name == "snappy") return ok::Snappy();
  if (name == "lz4") return ok::Lz4();
  if (name == "zstd") return ok::Zstd();
  return {};
}

ok::Acks acks(const std::string& name) {
  if (name == "0") return ok::Acks::none;
  return name == "1" ? ok::Acks::leader : ok::Acks::all;
}

// Sends what it is given, one record after the other, and counts what failed.
class Feeder {
 public:
  Feeder(const ok::Client& client, const Settings& settings)
      : settings_(&settings),
        key_delimiter_(unescape(settings.key_delimiter)),
        producer_(client, producer_options(settings)) {
    for (const std::string& text : settings.headers) pairs_.push_back(split_pair(text));
    for (const auto& [name, value] : pairs_) headers_.push_back({name, value});
    record_.topic = settings.topic;
    record_.headers = headers_;
    if (!settings.only_partitions.empty()) record_.partition = settings.only_partitions.front();
  }

  bool is_full() const { return sent_ >= settings_->count; }

  // `text` is a record's value, or key, delimiter and value.
  Outcome send(std::string_view text) {
    record_.key.reset();
    if (settings_->key) record_.key = *settings_->key;
    const size_t at = key_delimiter_.empty() ? std::string_view::npos : text.find(key_delimiter_);
    if (at != std::string_view::npos) {
      record_.key = text.substr(0, at);
      text.remove_prefix(at + key_delimiter_.size());
    }
    record_.value = text;
    if (settings_->empty_is_null) {
      if (record_.key && record_.key->empty()) record_.key.reset();
      if (text.empty()) record_.value.reset();
    }
    ++sent_;
    return producer_.send(record_, [this](const ok::Result<ok::RecordMetadata>& done) {
      if (!done && failed_++ == 0) write_error(done.error().to_string());
    });
  }

  Outcome close() {
    auto closed = producer_.close(seconds(120)).get();
    if (!closed) return closed;
    if (failed_ == 0) return {};
    return ok::KafkaError(ok::ErrorKind::server,
                          fmt::format("{} of {} records failed", failed_.load(), sent_));
  }

 private:
  const Settings* settings_;
  std::string key_delimiter_;
  std::vector<std::pair<std::string, std::optional<std::string>>> pairs_;
  std::vector<ok::Header> headers_;
  ok::Record record_;
  uint64_t sent_ = 0;
  std::atomic<uint64_t> failed_ = 0;
  ok::Producer producer_;  // last: its reports use what stands above
};

// Records end with the delimiter; the last one may do without.
Outcome feed(Feeder& feeder, std::istream& input, const std::string& delimiter) {
  if (delimiter.size() == 1) {
    for (std::string line; !feeder.is_full() && std::getline(input, line, delimiter[0]);) {
      if (const Outcome sent = feeder.send(line); !sent) return sent;
    }
    return {};
  }
  const std::string all{std::istreambuf_iterator<char>(input), {}};
  std::string_view left = all;
  while (!left.empty() && !feeder.is_full()) {
    const size_t at = delimiter.empty() ? std::string_view::npos : left.find(delimiter);
    if (const Outcome sent = feeder.send(left.substr(0, at)); !sent) return sent;
    left.remove_prefix(at == std::string_view::npos ? left.size() : at + delimiter.size());
  }
  return {};
}

Outcome feed_files(Feeder& feeder, const Settings& settings) {
  const std::string delimiter = unescape(settings.record_delimiter);
  for (const std::string& path : settings.files) {
    if (feeder.is_full()) break;
    std::ifstream file(path, std::ios::binary);
    if (!file) return wrong("cannot read " + path);
    if (settings.by_line) {
      if (const Outcome fed = feed(feeder, file, delimiter); !fed) return fed;
      continue;
    }
    const std::string all{std::istreambuf_iterator<char>(file), {}};
    if (const Outcome sent = feeder.send(all); !sent) return sent;
  }
  return {};
}

}  // namespace

ok::ProducerOptions producer_options(const Settings& settings) {
  ok::ProducerOptions options = settings.options.producer;
  if (settings.acks) options.acks = acks(*settings.acks);
  if (settings.compression) options.compression = compression(*settings.compression);
  return options;
}

Outcome produce(const ok::Client& client, const Settings& settings) {
  if (settings.only_partitions.size() > 1) return wrong("-p names one partition only");
  Feeder feeder(client, settings);
  const Outcome fed = settings.files.empty()
                          ? feed(feeder, std::cin, unescape(settings.record_delimiter))
                          : feed_files(feeder, settings);
  const Outcome closed = feeder.close();
  return fed ? closed : fed;
}

}  // namespace odk
