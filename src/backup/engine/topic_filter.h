#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace odradek::backup {

// Which topics (or groups) are meant: names, globs with * and ?, and regular expressions behind a
// '~' (ECMAScript, whole name). No include pattern means all but internal ones ("__...").
class NameFilter {
 public:
  NameFilter() = default;
  // Errors: kConfig for a regular expression that does not compile.
  static Result<NameFilter> make(std::vector<std::string> include,
                                 std::vector<std::string> exclude);

  bool matches(std::string_view name) const;
  const std::vector<std::string>& include() const { return include_; }
  const std::vector<std::string>& exclude() const { return exclude_; }

 private:
  NameFilter(std::vector<std::string> include, std::vector<std::string> exclude)
      : include_(std::move(include)), exclude_(std::move(exclude)) {}

  std::vector<std::string> include_;
  std::vector<std::string> exclude_;
};

// Is the pattern a plain name, which then must exist?
bool is_literal_name(std::string_view pattern);

}  // namespace odradek::backup
