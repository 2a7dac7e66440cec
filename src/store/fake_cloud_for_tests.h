#pragma once

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "store/http_server_for_tests.h"

// What the fakes of the clouds do alike.
namespace odradek::store {

// A handler that notes what came, and lets a test answer first.
inline HttpServerForTests::Handler logged(AskedLog& log, HttpServerForTests::Handler handle) {
  return [&log, handle = std::move(handle)](const Asked& asked) {
    const std::optional<Told> first = log.note(asked);
    return first ? *first : handle(asked);
  };
}

// The part of `whole` that a range asks for ("bytes=5-9", "bytes=5-", "bytes=-4"), with status 206;
// none when it begins behind the end.
inline std::optional<Told> part_of(Told whole, const std::string& range) {
  constexpr size_t kUnitEnd = std::string_view("bytes=").size();
  const size_t size = whole.body.size();
  const size_t dash = range.find('-');
  const std::string from = range.substr(kUnitEnd, dash - kUnitEnd);
  const std::string to = range.substr(dash + 1);
  const size_t first =
      from.empty() ? size - std::min(size, size_t(std::stoull(to))) : size_t(std::stoull(from));
  const size_t last =
      from.empty() || to.empty() ? size - 1 : std::min(size - 1, size_t(std::stoull(to)));
  if (first >= size) return std::nullopt;
  whole.status = 206;
  whole.body = whole.body.substr(first, last - first + 1);
  whole.headers["content-range"] = fmt::format("bytes {}-{}/{}", first, last, size);
  return whole;
}

// A page of a listing: three objects with that prefix, from a key on; and the key the next page
// begins with, empty behind the last.
template <class Object>
struct FakePage {
  std::vector<std::pair<std::string, const Object*>> entries{};
  std::string next{};
};

template <class Object>
FakePage<Object> page_of(const std::map<std::string, Object>& objects, const std::string& prefix,
                         const std::string& from) {
  constexpr size_t kEntries = 3;
  FakePage<Object> page;
  for (auto at = objects.lower_bound(std::max(prefix, from)); at != objects.end(); ++at) {
    if (!at->first.starts_with(prefix)) break;
    if (page.entries.size() == kEntries) {
      page.next = at->first;
      break;
    }
    page.entries.emplace_back(at->first, &at->second);
  }
  return page;
}

}  // namespace odradek::store
