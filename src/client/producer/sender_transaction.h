#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/error.h"

namespace odradek::client {

// What a Sender has to know of the transaction its batches belong to. On the loop.
class SenderTransaction {
 public:
  SenderTransaction() = default;
  SenderTransaction(const SenderTransaction&) = delete;
  SenderTransaction& operator=(const SenderTransaction&) = delete;
  virtual ~SenderTransaction() = default;

  virtual std::string_view id() const = 0;
  // Brokers add partitions by themselves (KIP-890).
  virtual bool is_v2() const = 0;
  // May batches of the partition be sent? If not now, the transaction asks its coordinator and
  // calls Sender::pump() when they may.
  virtual bool may_send(const std::string& topic, int32_t partition) = 0;
  // A record of the transaction failed for good.
  virtual void on_failure(const Error& error) = 0;
};

}  // namespace odradek::client
