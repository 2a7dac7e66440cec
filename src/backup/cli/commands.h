#pragma once

#include <cstdint>
#include <string>

#include "backup/cli/settings.h"
#include "backup/inspect/describe.h"

namespace odradek::backup {

enum class Command : uint8_t { kBackup, kRestore, kList, kDescribe, kValidate };

struct CommandLine {
  Command command = Command::kList;
  OutputFormat format = OutputFormat::kText;
  bool deep = false;  // validate --deep
};

// Runs one command: results go to standard output, progress and the one sentence of a failure to
// standard error. Gives the exit code (docs/exit-codes.md).
int run_command(const CommandLine& line, const Settings& settings);

// The exit code of a failed command.
int exit_code_of(const Error& error);

}  // namespace odradek::backup
