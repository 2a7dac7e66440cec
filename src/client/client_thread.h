#pragma once

#include <exception>
#include <utility>

#include "base/log.h"

namespace odradek::client {

// Makes kafka::on_client_thread() true on the calling thread from now on.
void mark_client_thread();

// Calls what a program gave us (callback, continuation), if anything; what it throws is logged
// and swallowed, since nobody up the stack could handle it.
template <class F, class... Args>
void run_user_code(F& function, Args&&... args) noexcept {
  if (!function) return;
  try {
    function(std::forward<Args>(args)...);
  } catch (const std::exception& thrown) {
    ODK_LOG(error, "a callback of the program threw", kv("what", thrown.what()));
  } catch (...) {
    ODK_LOG(error, "a callback of the program threw");
  }
}

}  // namespace odradek::client
