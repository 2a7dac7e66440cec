#pragma once

#include <memory>

#include "store/store_settings.h"

namespace odradek::store::gcs {

// Errors: kConfig.
Result<std::unique_ptr<ObjectStore>> open_gcs(const StoreSettings& settings,
                                              const StoreContext& context);

}  // namespace odradek::store::gcs
