#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

// Standard output. What cannot be written is remembered by the stream, and told by is_written():
// commands need not look after each line.
namespace odk {

void write_text(std::string_view text);

template <class... Args>
void write_out(fmt::format_string<Args...> format, Args&&... args) {
  write_text(fmt::format(format, std::forward<Args>(args)...));
}

// Whether all of it is where it belongs; flushes.
bool is_written();
// Whether it went to a pipe that nobody reads any more, as with `| head -1`.
bool is_reader_gone();

// One line on standard error.
void write_error(std::string_view text);

}  // namespace odk
