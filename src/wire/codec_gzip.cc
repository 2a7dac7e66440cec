#include <zlib.h>

#include <algorithm>
#include <limits>

#include "base/assert.h"
#include "wire/codec_internal.h"

namespace odradek::wire::codec {

const bool kHasGzip = true;
namespace {

constexpr int kGzipWindowBits = 15 + 16;  // the largest window; +16 means a gzip wrapper
constexpr int kMemoryLevel = 8;           // zlib's default

uInt chunk(size_t bytes) {
  return static_cast<uInt>(std::min<size_t>(bytes, std::numeric_limits<uInt>::max()));
}

}  // namespace

struct GzipCompressor::State {
  z_stream stream{};
  int level = 0;
  bool open = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (open) deflateEnd(&stream);
  }
  Result<void> start(int wanted_level) {
    if (open && level == wanted_level) {
      deflateReset(&stream);
      return {};
    }
    if (open) deflateEnd(&stream);
    open = false;
    stream = {};
    const int code = deflateInit2(&stream, wanted_level, Z_DEFLATED, kGzipWindowBits, kMemoryLevel,
                                  Z_DEFAULT_STRATEGY);
    if (code != Z_OK) return Error(Errc::kInternal, "zlib could not start");
    level = wanted_level;
    open = true;
    return {};
  }
};

GzipCompressor::GzipCompressor() : state_(std::make_unique<State>()) {}
GzipCompressor::~GzipCompressor() = default;

Result<void> GzipCompressor::compress(Bytes input, int level, Buffer& out) {
  // Any level below zlib's own means its default.
  ODK_TRY_VOID(state_->start(std::max(level, Z_DEFAULT_COMPRESSION)));
  z_stream& stream = state_->stream;
  const size_t bound = deflateBound(&stream, static_cast<uLong>(input.size()));
  const size_t before = out.size();
  out.reserve(before + bound);
  stream.next_in = const_cast<Bytef*>(input.data());
  stream.avail_in = chunk(input.size());
  stream.next_out = out.data() + before;
  stream.avail_out = chunk(bound);
  const int code = deflate(&stream, Z_FINISH);
  if (code != Z_STREAM_END) return Error(Errc::kInternal, "zlib could not compress");
  out.resize(before + stream.total_out);
  return {};
}

struct GzipDecompressor::State {
  z_stream stream{};
  bool open = false;

  State() = default;
  State(const State&) = delete;
  State& operator=(const State&) = delete;
  ~State() {
    if (open) inflateEnd(&stream);
  }
  Result<void> start() {
    const int code = open ? inflateReset(&stream) : inflateInit2(&stream, kGzipWindowBits);
    if (code != Z_OK) return Error(Errc::kInternal, "zlib could not start");
    open = true;
    return {};
  }
};

GzipDecompressor::GzipDecompressor() : state_(std::make_unique<State>()) {}
GzipDecompressor::~GzipDecompressor() = default;

Result<void> GzipDecompressor::decompress(Bytes input, BoundedOutput& out) {
  if (input.empty()) return corrupt("gzip", "empty");
  z_stream& stream = state_->stream;
  while (!input.empty()) {  // one round a member
    ODK_TRY_VOID(state_->start());
    int code = Z_OK;
    while (code != Z_STREAM_END) {
      const MutableBytes room = out.room(std::max<size_t>(3 * input.size(), 64));
      stream.next_in = const_cast<Bytef*>(input.data());
      stream.avail_in = chunk(input.size());
      stream.next_out = room.data();
      stream.avail_out = chunk(room.size());
      const uInt offered_in = stream.avail_in;
      const uInt offered_out = stream.avail_out;
      code = inflate(&stream, Z_NO_FLUSH);
      if (code != Z_OK && code != Z_STREAM_END && code != Z_BUF_ERROR) {
        return corrupt("gzip", stream.msg != nullptr ? stream.msg : "corrupt");
      }
      const size_t written = offered_out - stream.avail_out;
      const size_t consumed = offered_in - stream.avail_in;
      out.commit(written);
      if (out.over_limit()) return out.limit_error("gzip");
      input = input.subspan(consumed);
      if (code != Z_STREAM_END && input.empty() && stream.avail_out != 0) {
        return corrupt("gzip", "ends early");
      }
    }
  }
  return {};
}

}  // namespace odradek::wire::codec
