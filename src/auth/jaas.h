#pragma once

#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/secret.h"

namespace odradek::auth {

// One entry of Java's sasl.jaas.config: `org.example.LoginModule required key="value" ...;`
struct JaasEntry {
  std::string module;  // without its package: "ScramLoginModule"
  std::map<std::string, Secret, std::less<>> options;

  // Empty when it is not there.
  Secret option(std::string_view name) const;
};

// Values may be quoted with ' or ", with \ before a quote or another \. Errors: kInvalidArgument,
// without any value.
Result<JaasEntry> parse_jaas(std::string_view text);

}  // namespace odradek::auth
