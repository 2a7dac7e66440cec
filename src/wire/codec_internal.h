#pragma once

#include <memory>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/slice.h"

// The five codecs behind Compressor and Decompressor. Private to wire/.
namespace odradek::wire::codec {

// Of each codec's file, or the one in its place in builds without it.
extern const bool kHasGzip;
extern const bool kHasSnappy;
extern const bool kHasLz4;
extern const bool kHasZstd;

// Output of a decompressor: hands out room step by step and notices when the limit is passed.
class BoundedOutput {
 public:
  BoundedOutput(Buffer& out, size_t limit_bytes) : out_(&out), limit_bytes_(limit_bytes) {
    out_->clear();
  }

  // Free room of at least `wanted` bytes, fewer near the limit. It ends one byte past the limit,
  // so that output of exactly the limit is told from output that goes on.
  MutableBytes room(size_t wanted);
  void commit(size_t bytes) { out_->resize(out_->size() + bytes); }

  bool over_limit() const { return out_->size() > limit_bytes_; }
  size_t left_bytes() const { return limit_bytes_ - out_->size(); }  // when not over_limit()
  Error limit_error(std::string_view codec) const;

 private:
  Buffer* out_;
  size_t limit_bytes_;
};

Error corrupt(std::string_view codec, std::string_view detail);

class GzipCompressor {
 public:
  GzipCompressor();
  ~GzipCompressor();
  Result<void> compress(Bytes input, int level, Buffer& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class GzipDecompressor {
 public:
  GzipDecompressor();
  ~GzipDecompressor();
  Result<void> decompress(Bytes input, BoundedOutput& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

Result<void> snappy_compress_xerial(Bytes input, Buffer& out);
Result<void> snappy_decompress_any(Bytes input, BoundedOutput& out);

class Lz4Compressor {
 public:
  Lz4Compressor();
  ~Lz4Compressor();
  Result<void> compress(Bytes input, int level, Buffer& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class Lz4Decompressor {
 public:
  Lz4Decompressor();
  ~Lz4Decompressor();
  Result<void> decompress(Bytes input, BoundedOutput& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ZstdCompressor {
 public:
  ZstdCompressor();
  ~ZstdCompressor();
  Result<void> compress(Bytes input, int level, Buffer& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

class ZstdDecompressor {
 public:
  ZstdDecompressor();
  ~ZstdDecompressor();
  Result<void> decompress(Bytes input, BoundedOutput& out);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace odradek::wire::codec
