#pragma once

#include <mutex>

#if defined(__clang__)
#define ODK_THREAD_ANNOTATION(x) __attribute__((x))
#else
#define ODK_THREAD_ANNOTATION(x)
#endif

// Which mutex guards a member, for clang's -Wthread-safety.
#define ODK_GUARDED_BY(x) ODK_THREAD_ANNOTATION(guarded_by(x))

namespace odradek {

// std::mutex that the compiler's thread safety analysis understands. Product code belongs to one
// loop and needs none: mutexes stay in base/.
class ODK_THREAD_ANNOTATION(capability("mutex")) Mutex {
 public:
  constexpr Mutex() = default;
  Mutex(const Mutex&) = delete;
  Mutex& operator=(const Mutex&) = delete;

  void lock() ODK_THREAD_ANNOTATION(acquire_capability()) { mutex_.lock(); }
  void unlock() ODK_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  std::mutex mutex_;
};

class ODK_THREAD_ANNOTATION(scoped_lockable) MutexLock {
 public:
  explicit MutexLock(Mutex& mutex) ODK_THREAD_ANNOTATION(acquire_capability(mutex))
      : mutex_(mutex) {
    mutex_.lock();
  }
  MutexLock(const MutexLock&) = delete;
  MutexLock& operator=(const MutexLock&) = delete;
  ~MutexLock() ODK_THREAD_ANNOTATION(release_capability()) { mutex_.unlock(); }

 private:
  Mutex& mutex_;
};

}  // namespace odradek
