#pragma once

#include <cstdio>
#include <nlohmann/json.hpp>
#include <string>

namespace odk {

// Members in the order they are set.
using Json = nlohmann::ordered_json;

// Prints the value as one line. Bytes that are no UTF-8 become U+FFFD.
inline void print_json(const Json& value) {
  const std::string text = value.dump(-1, ' ', false, Json::error_handler_t::replace) + "\n";
  std::fwrite(text.data(), 1, text.size(), stdout);
}

}  // namespace odk
