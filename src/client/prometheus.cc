// Metrics as Prometheus' text exposition format wants them.
#include <fmt/format.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

#include "odradek/observe.h"

namespace odradek::kafka {
namespace {

// A label's value: \, " and line ends are escaped.
std::string label(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '\\' || c == '"') escaped += '\\';
    escaped += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return escaped;
}

// What has the same labels is added up: a series may stand on the page only once.
void add(BrokerMetrics& sum, const BrokerMetrics& more) {
  sum.requests += more.requests;
  sum.failures += more.failures;
  sum.bytes_sent += more.bytes_sent;
  sum.bytes_received += more.bytes_received;
  sum.duration_total += more.duration_total;
  sum.duration_max = std::max(sum.duration_max, more.duration_max);
}

void add(ProducerMetrics& sum, const ProducerMetrics& more) {
  sum.records_delivered += more.records_delivered;
  sum.records_failed += more.records_failed;
  sum.batches_delivered += more.batches_delivered;
  sum.batch_bytes_delivered += more.batch_bytes_delivered;
  sum.retries += more.retries;
  sum.buffered_bytes += more.buffered_bytes;
}

void add(ConsumerMetrics& sum, const ConsumerMetrics& more) {
  sum.records += more.records;
  sum.batches += more.batches;
  sum.bytes += more.bytes;
  sum.rebalances += more.rebalances;
  sum.partitions += more.partitions;
  sum.buffered_bytes += more.buffered_bytes;
  sum.lag_total += more.lag_total;
  sum.lag_max = std::max(sum.lag_max, more.lag_max);
}

// One client id's part of the page, by the other label.
struct Totals {
  size_t connections_open = 0;
  std::map<std::string, BrokerMetrics> brokers;
  std::map<std::string, ProducerMetrics> producers;
  std::map<std::string, ConsumerMetrics> consumers;
};
using Clients = std::map<std::string, Totals>;

Clients totals_of(std::span<const ClientMetrics> all) {
  Clients clients;
  for (const ClientMetrics& metrics : all) {
    Totals& totals = clients[metrics.client_id];
    totals.connections_open += metrics.connections_open;
    for (const auto& broker : metrics.brokers) add(totals.brokers[broker.address], broker);
    for (const auto& one : metrics.producers) add(totals.producers[one.transactional_id], one);
    for (const auto& one : metrics.consumers) add(totals.consumers[one.group], one);
  }
  return clients;
}

class Page {
 public:
  explicit Page(const Clients& clients) : clients_(&clients) {}

  void connections() {
    family("connections_open", "gauge", "Connections to brokers.");
    for (const auto& [id, totals] : *clients_) sample(id, "", "", totals.connections_open);
  }
  // One sample for each of `items` of each client.
  template <class Items, class Number>
  void each(std::string_view name, std::string_view type, std::string_view help,
            std::string_view key, Items Totals::* items, Number number) {
    bool has_family = false;
    for (const auto& [id, totals] : *clients_) {
      for (const auto& [value, item] : totals.*items) {
        if (!std::exchange(has_family, true)) family(name, type, help);
        sample(id, key, value, std::invoke(number, item));
      }
    }
  }
  std::string take() { return std::move(text_); }

 private:
  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = fmt::format("odradek_client_{}", name);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
  }
  template <class Number>
  void sample(std::string_view client_id, std::string_view key, std::string_view value,
              Number number) {
    const std::string more = key.empty() ? "" : fmt::format(",{}=\"{}\"", key, label(value));
    text_ += fmt::format("{}{{client_id=\"{}\"{}}} {}\n", name_, label(client_id), more, number);
  }

  const Clients* clients_;
  std::string name_;
  std::string text_;
};

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void add_brokers(Page& page) {
  const auto show = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto number) {
    page.each(name, type, help, "broker", &Totals::brokers, number);
  };
  using Broker = BrokerMetrics;
  show("requests_total", "counter", "Requests that ended.", &Broker::requests);
  show("request_failures_total", "counter", "Requests without an answer.", &Broker::failures);
  show("sent_bytes_total", "counter", "Bytes of requests.", &Broker::bytes_sent);
  show("received_bytes_total", "counter", "Bytes of answers.", &Broker::bytes_received);
  show("request_seconds_total", "counter", "Time from requests to their answers.",
       [](const Broker& broker) { return seconds(broker.duration_total); });
  show("request_seconds_max", "gauge", "The longest time from a request to its answer.",
       [](const Broker& broker) { return seconds(broker.duration_max); });
}

void add_producers(Page& page) {
  const auto show = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto number) {
    page.each(name, type, help, "transactional_id", &Totals::producers, number);
  };
  using Producer = ProducerMetrics;
  show("records_delivered_total", "counter", "Records a broker has.", &Producer::records_delivered);
  show("records_failed_total", "counter", "Records given up.", &Producer::records_failed);
  show("batches_delivered_total", "counter", "Batches a broker has.", &Producer::batches_delivered);
  show("batch_bytes_delivered_total", "counter", "Bytes of them.",
       &Producer::batch_bytes_delivered);
  show("batch_retries_total", "counter", "Batches sent again.", &Producer::retries);
  show("producer_buffered_bytes", "gauge", "Records not delivered yet.", &Producer::buffered_bytes);
}

void add_consumers(Page& page) {
  const auto show = [&](std::string_view name, std::string_view type, std::string_view help,
                        auto number) {
    page.each(name, type, help, "group", &Totals::consumers, number);
  };
  using Consumer = ConsumerMetrics;
  show("records_consumed_total", "counter", "Records handed out.", &Consumer::records);
  show("batches_consumed_total", "counter", "Batches handed out.", &Consumer::batches);
  show("consumed_bytes_total", "counter", "Bytes of them as fetched.", &Consumer::bytes);
  show("rebalances_total", "counter", "Assignments that came.", &Consumer::rebalances);
  show("assigned_partitions", "gauge", "Partitions assigned now.", &Consumer::partitions);
  show("consumer_buffered_bytes", "gauge", "Fetched and not handed out.",
       &Consumer::buffered_bytes);
  show("lag_records", "gauge", "Records not handed out yet.", &Consumer::lag_total);
  show("lag_records_max", "gauge", "The same, of the partition with most.", &Consumer::lag_max);
}

}  // namespace

std::string to_prometheus(const ClientMetrics& metrics) { return to_prometheus({&metrics, 1}); }

std::string to_prometheus(std::span<const ClientMetrics> all) {
  const Clients clients = totals_of(all);
  Page page(clients);
  page.connections();
  add_brokers(page);
  add_producers(page);
  add_consumers(page);
  return page.take();
}

}  // namespace odradek::kafka
