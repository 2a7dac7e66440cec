#pragma once

#include <memory>

#include "store/store_settings.h"

namespace odradek::store::s3 {

// Errors: kConfig.
Result<std::unique_ptr<ObjectStore>> open_s3(const StoreSettings& settings,
                                             const StoreContext& context);

}  // namespace odradek::store::s3
