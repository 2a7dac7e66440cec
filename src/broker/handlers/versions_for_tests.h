#pragma once

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "broker/broker_for_tests.h"
#include "broker/handlers/apis.h"
#include "proto/all_messages.h"

namespace odradek::broker::testing {

// Sends one request in every version its API has here, with what `fill` puts into it; each must
// be answered on a connection that stays open.
class Versions : public BrokerTest {
 protected:
  void SetUp() override {
    BrokerTest::SetUp();
    create_topic("t", 2);
    produce("t", {"a", "b"});
  }

  template <class Req, class Fill>
  void try_all(const HandlerInfo& handler, Fill&& fill) {
    ASSERT_EQ(handler.key, Req::kApiKey);
    tried_.insert(handler.key);
    for (int16_t version = handler.min_version; version <= handler.max_version; ++version) {
      if (version < Req::kMinVersion) continue;  // advertised, but closed on use
      SCOPED_TRACE(std::string(Req::kName) + " v" + std::to_string(version));
      Req request{};
      fill(request, version);
      const auto waiting = send(client(), request, version);
      pass(Duration::zero());
      ASSERT_TRUE(waiting.done());
      ASSERT_TRUE(client().is_open());
      waiting.get();
    }
  }
  // The same without anything in the request.
  template <class Req>
  void try_empty(const HandlerInfo& handler) {
    try_all<Req>(handler, [](Req&, int16_t) {});
  }

  void try_data();
  void try_transactions();
  void try_groups();
  void try_offsets();
  void try_consumer_groups();
  void try_admin();
  void try_describing();
  void try_security();
  void try_cluster();

  std::set<proto::ApiKey> tried_;
};

}  // namespace odradek::broker::testing
