// Text the client reads of others: answers of token endpoints, JAAS entries, expressions for
// topics.
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "auth/jaas.h"
#include "base/assert.h"
#include "client/consumer/topic_filter.h"
#include "client/security/token_endpoint.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace odradek;
  using namespace odradek::client;
  if (size == 0) return 0;
  const std::string_view text(reinterpret_cast<const char*>(data + 1), size - 1);
  switch (data[0] % 4) {
    case 0: {
      const auto token = parse_token_answer(200, text, {});
      ODK_ASSERT(!token || !token->token.empty());
      break;
    }
    case 1: ODK_ASSERT(!parse_token_answer(400, text, {})); break;
    case 2: {
      const auto entry = auth::parse_jaas(text);
      ODK_ASSERT(!entry || !entry->module.empty());
      break;
    }
    default: {
      const auto filter = TopicFilter::create(std::string(text));
      if (filter) (void)filter->matches("orders-eu-1");
    }
  }
  return 0;
}
