#pragma once

#include <nlohmann/json.hpp>

#include "output.h"

namespace odk {

// Members in the order they are set.
using Json = nlohmann::ordered_json;

// Prints the value as one line. Bytes that are no UTF-8 become U+FFFD.
inline void print_json(const Json& value) {
  write_text(value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n");
}

}  // namespace odk
