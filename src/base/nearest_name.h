#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace odradek {

// The name that was probably meant by a word that is none, for error texts; empty when none is
// near. Case, '_' and '-' do not count.
std::string nearest_name(std::string_view word, const std::vector<std::string>& names);

}  // namespace odradek
