#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "client/promise.h"
#include "cluster/cluster.h"
#include "io/event.h"
#include "io/loop.h"
#include "io/task_group.h"
#include "odradek/client.h"

namespace odradek::client {

// What the program wants to be told.
struct Observers {
  std::function<void(const kafka::RequestEvent&)> on_request;
  std::function<void(const kafka::ClientMetrics&)> on_metrics;
  std::chrono::milliseconds metrics_interval{30'000};
};

// A producer or consumer as its client sees it: something on the loop that has to be stopped.
class Service {
 public:
  Service() = default;
  Service(const Service&) = delete;
  Service& operator=(const Service&) = delete;
  virtual ~Service() = default;

  // On the loop. Gives up what is under way (its Ops and reports end) and returns when no task of
  // the service runs any more. Waits for no broker. Called once.
  virtual io::Task<void> stop() = 0;
  // On the loop. Adds what it counted.
  virtual void add_metrics(kafka::ClientMetrics& metrics) = 0;
};

}  // namespace odradek::client

namespace odradek::kafka {

// What a Client owns: the thread, its loop, the cluster. Kept alive by the producers, consumers
// and admins made from it, stopped with the Client. Public functions may be called by any thread
// unless they say otherwise.
class ClientCore : public std::enable_shared_from_this<ClientCore> {
 public:
  // Starts the thread.
  static std::shared_ptr<ClientCore> start(cluster::ClusterOptions options,
                                           client::Observers observers = {});
  ClientCore(cluster::ClusterOptions options, client::Observers observers);
  ClientCore(const ClientCore&) = delete;
  ClientCore& operator=(const ClientCore&) = delete;
  ~ClientCore();

  // Stops the services, the cluster and the thread, and waits for it (but not on itself).
  void close();

  // Runs `work` on the loop; or false, and destroys it unrun, when the client is closed.
  bool post(std::move_only_function<void()> work);

  // Runs make() on the loop; the task it gives is the operation.
  template <class T, class Make>
  Op<T> run(Make make) {
    client::Promise<T> promise;
    Op<T> op = promise.op();
    post([this, promise = std::move(promise), make = std::move(make)]() mutable {
      operations_->spawn(keep<T>(std::move(promise), make()));
    });
    return op;
  }

  // On the loop, and only there:
  io::Loop& loop() { return loop_; }
  cluster::Cluster& cluster() { return *cluster_; }
  cluster::Lane new_lane() { return next_lane_++; }
  ClientMetrics metrics() const;
  // Stopped with the client, unless removed before.
  void add(std::shared_ptr<client::Service> service);
  // Stops the service and lets go of it. Does nothing when that happened already.
  void remove(std::shared_ptr<client::Service> service);

 private:
  // `Outcome` is the library's own Result or the public one.
  template <class T, class Outcome>
  static io::Task<void> keep(client::Promise<T> promise, io::Task<Outcome> task) {
    Outcome result = co_await std::move(task);
    promise.set(std::move(result));
  }

  void watch_requests(cluster::ClusterOptions& options);
  void report_metrics();
  void thread_main();
  io::Task<void> main_task();
  io::Task<void> stop_service(std::shared_ptr<client::Service> service);

  io::Loop loop_;
  client::Observers observers_;
  std::map<std::string, BrokerMetrics, std::less<>> brokers_;
  io::TimerId metrics_timer_ = 0;
  std::unique_ptr<cluster::Cluster> cluster_;
  std::unique_ptr<io::TaskGroup> operations_;  // cancelled with the client
  std::unique_ptr<io::TaskGroup> stops_;  // runs to its end
  std::unique_ptr<io::Event> closing_;
  bool is_closing_ = false;
  cluster::Lane next_lane_ = cluster::kGeneralLane + 1;
  std::vector<std::shared_ptr<client::Service>> services_;

  Mutex mutex_;
  bool takes_work_ ODK_GUARDED_BY(mutex_) = true;
  std::thread thread_ ODK_GUARDED_BY(mutex_);
};

}  // namespace odradek::kafka
