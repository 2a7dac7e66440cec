#pragma once

#include <boost/asio/awaitable.hpp>

namespace odradek::io {

// A coroutine that starts when awaited or spawned, and runs on one Loop. Frames are recycled by
// the runtime, so short tasks allocate nothing. Tasks report failure by returning Result<T>;
// cancellation (TaskGroup::cancel) arrives as Errc::kCancelled from whatever is awaited.
template <class T>
using Task = boost::asio::awaitable<T>;

}  // namespace odradek::io
