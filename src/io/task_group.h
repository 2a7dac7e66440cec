#pragma once

#include <memory>

#include "io/loop.h"
#include "io/task.h"

namespace odradek::io {

// Owns tasks that run beside their creator. Whoever owns a group cancels and joins it before the
// things its tasks refer to go away; destroying a group with running tasks is a broken invariant.
// One loop.
class TaskGroup {
 public:
  explicit TaskGroup(Loop& loop);
  TaskGroup(const TaskGroup&) = delete;
  TaskGroup& operator=(const TaskGroup&) = delete;
  ~TaskGroup();

  // Starts the task (its first step runs soon, not inside this call). After cancel() new tasks
  // start cancelled.
  void spawn(Task<void> task);
  // Makes what the tasks await fail with kCancelled. Safe at any time, also from one of the tasks.
  void cancel();
  // Done when no task is left.
  Task<void> join();
  size_t size() const;

 private:
  struct State;
  std::shared_ptr<State> state_;
};

// Starts a task that nobody joins: for objects whose destructor cannot wait. Such a task owns all
// it touches (by shared_ptr) and waits only on what its owner closes, so that it ends soon after.
void spawn_self_owned(Loop& loop, Task<void> task);

}  // namespace odradek::io
