#include "broker/dashboard/assets.h"

#include <algorithm>

#include "wire/codec.h"

namespace odradek::broker::dashboard {

const Asset* find_asset(std::string_view name) {
  const std::span<const Asset> assets = all_assets();
  const auto found = std::ranges::find(assets, name, &Asset::name);
  return found == assets.end() ? nullptr : &*found;
}

http::HttpResponse serve_asset(const Asset& asset, const http::HttpRequest& request) {
  http::HttpResponse response;
  response.content_type = asset.content_type;
  response.headers.emplace_back("ETag", asset.etag);
  response.headers.emplace_back("Cache-Control", "no-cache");  // asked for again, mostly 304
  response.headers.emplace_back("Vary", "Accept-Encoding");
  if (request.header("If-None-Match") == asset.etag) {
    response.status = 304;
    return response;
  }
  if (request.header("Accept-Encoding").find("gzip") != std::string_view::npos) {
    response.headers.emplace_back("Content-Encoding", "gzip");
    response.body = as_text(asset.gzip);
    return response;
  }
  wire::Decompressor decompressor;
  Buffer plain;
  const Result<Bytes> unpacked = decompressor.decompress(wire::Codec::kGzip, asset.gzip, plain);
  if (!unpacked) return http::plain_response(500);
  response.body = as_text(*unpacked);
  return response;
}

}  // namespace odradek::broker::dashboard
