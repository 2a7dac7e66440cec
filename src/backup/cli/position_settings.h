#pragma once

#include <string>

#include "backup/positions/position_planner.h"
#include "config/binder.h"

namespace odradek::backup {

struct Settings;

// How positions of groups are carried over.
struct PositionSettings {
  PositionStrategy strategy = PositionStrategy::kAutomatic;
};

void declare_positions(config::Binder& binder, PositionSettings& settings);

// Errors: kConfig.
Result<PositionOptions> position_options(const Settings& settings);

}  // namespace odradek::backup
