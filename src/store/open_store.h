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

// True when the error's message names a place in a store of the network: "s3://bucket/key".
bool is_about_store(const Error& error);

}  // namespace odradek::store
