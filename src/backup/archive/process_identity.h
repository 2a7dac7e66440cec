#pragma once

#include <string>
#include <string_view>

namespace odradek::backup {

// This process, told apart from every other on any machine: "host:pid:start:boot:pid-namespace".
std::string process_identity();

// Is that a process of this machine that has ended? False for anything that cannot be judged from
// here: another host, another boot, another container.
bool is_ended_process(std::string_view identity);

}  // namespace odradek::backup
