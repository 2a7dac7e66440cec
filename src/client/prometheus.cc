// Metrics as Prometheus' text exposition format wants them.
#include <fmt/format.h>

#include <functional>

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

class Page {
 public:
  explicit Page(std::string_view client_id) : client_(label(client_id)) {}

  void family(std::string_view name, std::string_view type, std::string_view help) {
    name_ = fmt::format("odradek_client_{}", name);
    text_ += fmt::format("# HELP {} {}\n# TYPE {} {}\n", name_, help, name_, type);
  }
  template <class Number>
  void sample(std::string_view key, std::string_view value, Number number) {
    const std::string more = key.empty() ? "" : fmt::format(",{}=\"{}\"", key, label(value));
    text_ += fmt::format("{}{{client_id=\"{}\"{}}} {}\n", name_, client_, more, number);
  }
  // One sample for each of `items`.
  template <class Item, class Number>
  void each(std::string_view name, std::string_view type, std::string_view help,
            std::string_view key, const std::vector<Item>& items, std::string Item::* value,
            Number number) {
    if (items.empty()) return;
    family(name, type, help);
    for (const Item& item : items) sample(key, item.*value, std::invoke(number, item));
  }
  std::string take() { return std::move(text_); }

 private:
  std::string client_;
  std::string name_;
  std::string text_;
};

double seconds(std::chrono::nanoseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

void add_brokers(Page& page, const std::vector<BrokerMetrics>& brokers) {
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       auto number) {
    page.each(name, type, help, "broker", brokers, &BrokerMetrics::address, number);
  };
  using Broker = BrokerMetrics;
  add("requests_total", "counter", "Requests that ended.", &Broker::requests);
  add("request_failures_total", "counter", "Requests without an answer.", &Broker::failures);
  add("sent_bytes_total", "counter", "Bytes of requests.", &Broker::bytes_sent);
  add("received_bytes_total", "counter", "Bytes of answers.", &Broker::bytes_received);
  add("request_seconds_total", "counter", "Time from requests to their answers.",
      [](const Broker& broker) { return seconds(broker.duration_total); });
  add("request_seconds_max", "gauge", "The longest time from a request to its answer.",
      [](const Broker& broker) { return seconds(broker.duration_max); });
}

void add_producers(Page& page, const std::vector<ProducerMetrics>& producers) {
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       auto number) {
    page.each(name, type, help, "transactional_id", producers, &ProducerMetrics::transactional_id,
              number);
  };
  using Producer = ProducerMetrics;
  add("records_delivered_total", "counter", "Records a broker has.", &Producer::records_delivered);
  add("records_failed_total", "counter", "Records given up.", &Producer::records_failed);
  add("batches_delivered_total", "counter", "Batches a broker has.", &Producer::batches_delivered);
  add("batch_bytes_delivered_total", "counter", "Bytes of them.", &Producer::batch_bytes_delivered);
  add("batch_retries_total", "counter", "Batches sent again.", &Producer::retries);
  add("producer_buffered_bytes", "gauge", "Records not delivered yet.", &Producer::buffered_bytes);
}

void add_consumers(Page& page, const std::vector<ConsumerMetrics>& consumers) {
  const auto add = [&](std::string_view name, std::string_view type, std::string_view help,
                       auto number) {
    page.each(name, type, help, "group", consumers, &ConsumerMetrics::group, number);
  };
  using Consumer = ConsumerMetrics;
  add("records_consumed_total", "counter", "Records handed out.", &Consumer::records);
  add("batches_consumed_total", "counter", "Batches handed out.", &Consumer::batches);
  add("consumed_bytes_total", "counter", "Bytes of them as fetched.", &Consumer::bytes);
  add("rebalances_total", "counter", "Assignments that came.", &Consumer::rebalances);
  add("assigned_partitions", "gauge", "Partitions assigned now.", &Consumer::partitions);
  add("consumer_buffered_bytes", "gauge", "Fetched and not handed out.", &Consumer::buffered_bytes);
  add("lag_records", "gauge", "Records not handed out yet.", &Consumer::lag_total);
  add("lag_records_max", "gauge", "The same, of the partition with most.", &Consumer::lag_max);
}

}  // namespace

std::string to_prometheus(const ClientMetrics& metrics) {
  Page page(metrics.client_id);
  page.family("connections_open", "gauge", "Connections to brokers.");
  page.sample("", "", metrics.connections_open);
  add_brokers(page, metrics.brokers);
  add_producers(page, metrics.producers);
  add_consumers(page, metrics.consumers);
  return page.take();
}

}  // namespace odradek::kafka
