#pragma once

#include <string>
#include <string_view>

namespace odradek::broker {

// A member id nobody has: the prefix (client or instance id), a dash, a random UUID.
// Source: ClassicGroup.generateMemberId.
std::string make_member_id(std::string_view prefix);

}  // namespace odradek::broker
