#pragma once

#include <map>
#include <string>
#include <string_view>

#include "base/result.h"

namespace odradek::broker {

// One line of a Java login configuration, as sasl.jaas.config has it:
// `org.apache...PlainLoginModule required user_alice="secret";`
struct JaasEntry {
  std::string module;  // the class without its package: "PlainLoginModule"
  std::map<std::string, std::string, std::less<>> options;
};

// Errors: kConfig, without the text: it holds passwords.
Result<JaasEntry> parse_jaas(std::string_view text);

}  // namespace odradek::broker
