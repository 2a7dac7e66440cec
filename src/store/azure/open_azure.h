#pragma once

#include <memory>

#include "store/store_settings.h"

namespace odradek::store::azure {

// Errors: kConfig.
Result<std::unique_ptr<ObjectStore>> open_azure(const StoreSettings& settings,
                                                const StoreContext& context);

}  // namespace odradek::store::azure
