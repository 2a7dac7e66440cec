#pragma once

#include <cstdint>
#include <span>

namespace odradek {

// Fills `bytes` from the kernel's random number generator (getrandom(2)): good for keys, nonces and
// salts. Ends the program when there is none. Any thread.
void fill_random(std::span<uint8_t> bytes);

}  // namespace odradek
