#pragma once

#include <memory>
#include <string>

#include "store/store_settings.h"

namespace odradek::store {

// Opens the store that the settings name, by `path` or by `backend`. Nothing is asked of a cloud
// before the first call. Errors: kConfig (names the key), kIo.
Result<std::unique_ptr<ObjectStore>> open_store(const StoreSettings& settings,
                                                const StoreContext& context = {});

// The same with settings.path = url.
Result<std::unique_ptr<ObjectStore>> open_store(const std::string& url, StoreSettings settings,
                                                const StoreContext& context = {});

}  // namespace odradek::store
