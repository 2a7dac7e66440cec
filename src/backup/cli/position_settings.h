#pragma once

#include <string>

#include "backup/positions/position_planner.h"
#include "config/binder.h"

namespace odradek::backup {

struct Settings;

// How positions of groups are carried over.
struct PositionSettings {
  PositionStrategy strategy = PositionStrategy::kAutomatic;
  bool are_live = false;  // of the source as it is now, not the archive's
};

void declare_positions(config::Binder& binder, PositionSettings& settings);

// Asks the source for its groups where the settings say so. Errors: kConfig, what it answers.
Result<PositionOptions> position_options(const Settings& settings);

}  // namespace odradek::backup
