#pragma once

#include <string>

#include "backup/inspect/describe.h"
#include "backup/positions/position_executor.h"
#include "backup/restore/restore_job.h"
#include "backup/restore/verify_restore.h"

// What the restoring commands print.
namespace odradek::backup {

// A whole three-phase-restore; a plain restore is one too.
struct FullRestoreReport {
  RestoreReport restore;
  PositionPlan positions;
  ExecutionReport execution;
  std::string positions_left_out;  // why no positions were carried over; empty: they were
  double seconds = 0;
};

std::string restore_report(const FullRestoreReport& report, OutputFormat format);
std::string verify_report(const VerifyRestoreReport& report, OutputFormat format);
std::string execution_report(const ExecutionReport& report, OutputFormat format);
std::string execution_text(const ExecutionReport& report);

}  // namespace odradek::backup
