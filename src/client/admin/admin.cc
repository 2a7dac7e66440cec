#include "odradek/admin.h"

#include "client/client_core.h"

namespace odradek::kafka {

// The methods are beside the requests they send, one file each.
Admin::Admin(const Client& client) : core_(client.core()) {}

}  // namespace odradek::kafka
