#pragma once

#include <boost/asio/ip/tcp.hpp>

#include <string>
#include <vector>

#include "io/address.h"
#include "io/loop.h"

namespace odradek::io {

// Every address of a name, in the resolver's order; of an address, itself. Internal to io/.
// Errors: kNetwork (in words), kTimedOut, kCancelled.
Task<Result<std::vector<boost::asio::ip::tcp::endpoint>>> resolve(Loop& loop, std::string host,
                                                                  uint16_t port,
                                                                  MonotonicTime deadline);

}  // namespace odradek::io
