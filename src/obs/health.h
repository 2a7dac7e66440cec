#pragma once

#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "http/router.h"
#include "obs/metrics.h"

namespace odradek::obs {

// Is this process ready to serve? Conditions are asked when somebody wants to know, so they must
// be quick and must not block. One loop.
class Health {
 public:
  // Success, or an error whose message is the reason shown.
  using Check = std::function<Result<void>()>;

  // `name` is one word: "bootstrap", "storage".
  void add(std::string name, Check check);
  // Not ready any more: load balancers stop sending while open work is finished.
  void set_stopping() { stopping_ = true; }

  struct Condition {
    std::string name;
    std::string reason;  // empty: fulfilled
  };
  std::vector<Condition> conditions() const;
  bool is_ready() const;

 private:
  struct Entry {
    std::string name;
    Check check;
  };
  std::vector<Entry> entries_;
  bool stopping_ = false;
};

// GET /metrics (Prometheus text), /healthz (200 while the process runs), /readyz (200 or 503, JSON
// with every condition and its reason). Registry and health must outlive the router.
void add_routes(http::Router& router, const Registry& registry, const Health& health);

}  // namespace odradek::obs
