#pragma once

#include <CLI/CLI.hpp>
#include <vector>

#include "commands.h"

// The command line: what can be typed, and into which setting it goes.
namespace odk {

// Everything; the subcommand that was typed sets `command`. Both outlive parsing.
void add_arguments(CLI::App& app, Settings& settings, Command& command);

void add_record_arguments(CLI::App& app, Settings& settings, Command& command);
void add_admin_arguments(CLI::App& app, Settings& settings, Command& command);

// An option that may be given several times, each time with one value.
template <class T>
CLI::Option* add_repeated(CLI::App& app, const char* names, std::vector<T>& into,
                          const char* about) {
  return app.add_option(names, into, about)->allow_extra_args(false);
}

// A subcommand that runs `run`.
inline CLI::App* add_command(CLI::App& app, Command& command, const char* name, const char* about,
                             Command run) {
  CLI::App* const sub = app.add_subcommand(name, about);
  sub->callback([&command, run] { command = run; });
  return sub;
}

}  // namespace odk
