#pragma once

#ifdef ODRADEK_HAS_MIMALLOC
#include <mimalloc.h>
#endif

namespace odradek::apps {

// For programs whose buffers of megabytes come and go all the time. What was freed is kept for a
// second: fresh memory of the system costs more than what is done with it.
inline void keep_freed_memory() {
#ifdef ODRADEK_HAS_MIMALLOC
  constexpr long kDelayMs = 1000;
#if MI_MALLOC_VERSION >= 210
  mi_option_set(mi_option_purge_delay, kDelayMs);
#else
  mi_option_set(mi_option_decommit_delay, kDelayMs);
#endif
#endif
}

// What this thread freed and the allocator kept goes back to the system. The allocator does this
// by itself only while memory is asked for and freed.
inline void give_back_freed_memory() {
#ifdef ODRADEK_HAS_MIMALLOC
  mi_collect(/*force=*/true);
#endif
}

}  // namespace odradek::apps
