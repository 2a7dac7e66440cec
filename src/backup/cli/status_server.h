#pragma once

#include <functional>
#include <string>

#include "backup/cli/backup_settings.h"
#include "backup/engine/backup_metrics.h"
#include "http/router.h"
#include "http/server.h"

namespace odradek::backup {

// What a run tells over HTTP: /metrics, /health/live (200 while the process runs), /health/ready
// (503 with the reason while a breaker is open or the run stops) and /status (JSON). One loop.
class StatusServer {
 public:
  using GetStatus = std::function<BackupStatus()>;

  // `status` is asked on the loop, until stop() is done.
  StatusServer(io::Loop& loop, GetStatus status, const StoreMeter& store,
               const MetricsSettings& settings);

  // Gives "127.0.0.1:8080". Errors: kNetwork.
  Result<std::string> listen();
  io::Task<void> stop() { return server_.stop(); }

 private:
  http::HttpResponse ready() const;

  GetStatus status_;
  MetricsSettings settings_;
  obs::Registry registry_;
  obs::Registry::Registration registration_;
  http::Router router_;
  http::HttpServer server_;
};

// The status as /status and USR1 show it.
std::string status_json(const BackupStatus& status);

}  // namespace odradek::backup
