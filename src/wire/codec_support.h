#pragma once

#include "wire/codec.h"

namespace odradek::wire {

// Whether this library was built with the codec (cmake's ODRADEK_WITH_GZIP and so on); kNone is
// always there.
bool has_codec(Codec codec);

}  // namespace odradek::wire
