#include "io/stream.h"

namespace odradek::io {

Task<Result<void>> Stream::write(SliceChain bytes) {
  size_t written = 0;
  while (true) {
    Result<size_t> taken = write_now(bytes, written);
    if (!taken) co_return std::move(taken).error();
    written += *taken;
    if (written == bytes.size()) co_return Result<void>{};
    Result<void> writable = co_await wait_writable();
    if (!writable) co_return writable;
  }
}

Task<Result<void>> Stream::read_exactly(MutableBytes into) {
  while (!into.empty()) {
    Result<size_t> taken = read_now(into);
    if (!taken) co_return std::move(taken).error();
    into = into.subspan(*taken);
    if (*taken != 0) continue;
    Result<void> readable = co_await wait_readable();
    if (!readable) co_return readable;
  }
  co_return Result<void>{};
}

}  // namespace odradek::io
