#include "client/client_core.h"

#include <pthread.h>

#include <algorithm>
#include <csignal>

#include "client/client_thread.h"

namespace odradek::kafka {

ClientCore::ClientCore(cluster::ClusterOptions options, client::Observers observers)
    : observers_(std::move(observers)),
      operations_(std::make_unique<io::TaskGroup>(loop_)),
      stops_(std::make_unique<io::TaskGroup>(loop_)),
      closing_(std::make_unique<io::Event>(loop_)) {
  watch_requests(options);
  cluster_ = std::make_unique<cluster::Cluster>(loop_, std::move(options));
}

ClientCore::~ClientCore() = default;

std::shared_ptr<ClientCore> ClientCore::start(cluster::ClusterOptions options,
                                              client::Observers observers) {
  auto core = std::make_shared<ClientCore>(std::move(options), std::move(observers));
  const MutexLock lock(core->mutex_);
  core->thread_ = std::thread([core] { core->thread_main(); });
  return core;
}

void ClientCore::thread_main() {
  // Signals are the program's business, and go to its threads.
  sigset_t all;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  pthread_setname_np(pthread_self(), "odradek");
  client::mark_client_thread();
  loop_.block_on(main_task());
  {
    const MutexLock lock(mutex_);
    takes_work_ = false;
  }
  loop_.run_ready();  // what was posted before; services and cluster answer "closed"
  loop_.block_on(stops_->join());
  loop_.block_on(operations_->join());
}

io::Task<void> ClientCore::main_task() {
  if (observers_.on_metrics) report_metrics();
  while (!is_closing_) {
    const odradek::Result<void> woken = co_await closing_->wait();
    if (!woken) break;
  }
  if (metrics_timer_ != 0) loop_.cancel(metrics_timer_);
  operations_->cancel();
  while (!services_.empty()) remove(services_.back());
  co_await stops_->join();
  co_await cluster_->stop();
  co_await operations_->join();
}

void ClientCore::close() {
  post([this] {
    is_closing_ = true;
    closing_->notify_all();
  });
  std::thread thread;
  {
    const MutexLock lock(mutex_);
    thread = std::move(thread_);
  }
  if (!thread.joinable()) return;
  if (loop_.is_current()) {
    // Closed by a callback on this very thread, which cannot wait for itself; it holds a
    // reference to this object until it is done.
    thread.detach();  // tidy: allow detached, the thread owns what it uses
  } else {
    thread.join();
  }
}

bool ClientCore::post(std::move_only_function<void()> work) {
  const MutexLock lock(mutex_);
  if (takes_work_) loop_.post(std::move(work));
  return takes_work_;
}

void ClientCore::add(std::shared_ptr<client::Service> service) {
  if (is_closing_) {
    stops_->spawn(stop_service(std::move(service)));
  } else {
    services_.push_back(std::move(service));
  }
}

void ClientCore::remove(std::shared_ptr<client::Service> service) {
  const auto found = std::ranges::find(services_, service);
  if (found == services_.end()) return;
  services_.erase(found);
  stops_->spawn(stop_service(std::move(service)));
}

io::Task<void> ClientCore::stop_service(std::shared_ptr<client::Service> service) {
  co_await service->stop();
}

}  // namespace odradek::kafka
