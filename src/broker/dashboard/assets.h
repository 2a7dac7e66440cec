#pragma once

#include <span>
#include <string_view>

#include "base/bytes.h"
#include "http/message.h"

namespace odradek::broker::dashboard {

// One file of assets/, compiled in by tools/codegen/embed_assets.py.
struct Asset {
  std::string_view name;  // "style.css"
  std::string_view content_type;
  std::string_view etag;  // of the content, with quotes
  Bytes gzip;
};

std::span<const Asset> all_assets();
// Null when there is no such file.
const Asset* find_asset(std::string_view name);

// The file, packed when the client unpacks it, or 304 when it has it already.
http::HttpResponse serve_asset(const Asset& asset, const http::HttpRequest& request);

}  // namespace odradek::broker::dashboard
