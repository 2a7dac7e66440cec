#pragma once

// XXH3 with the widest vectors of this processor; the library's plain functions stay with those
// that every processor of the kind has.
#if defined(__x86_64__)
#include <xxh_x86dispatch.h>  // IWYU pragma: export
#else
#include <xxhash.h>  // IWYU pragma: export
#endif
