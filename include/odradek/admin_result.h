#pragma once

#include <cstdint>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "odradek/result.h"
#include "odradek/types.h"

// How admin calls about many things answer: one Result for each of them.
namespace odradek::kafka {

// The outcome for a topic, group, user, transactional id, feature.
template <class T>
struct Named {
  using Value = T;
  std::string name{};
  Result<T> result;
};
using Outcome = Named<void>;

template <class T>
struct OfPartition {
  using Value = T;
  TopicPartition partition{};
  Result<T> result;
};

template <class T>
struct OfBroker {
  using Value = T;
  int32_t broker = -1;
  Result<T> result;
};

// All values, or the error of the call, or of the first item that failed.
template <class Item>
auto all(Result<std::vector<Item>> items) {
  using Value = typename Item::Value;
  if constexpr (std::is_void_v<Value>) {
    if (!items) return Result<void>(items.error());
    for (const Item& item : *items) {
      if (!item.result) return item.result;
    }
    return Result<void>();
  } else {
    if (!items) return Result<std::vector<Value>>(items.error());
    std::vector<Value> values;
    values.reserve(items->size());
    for (Item& item : *items) {
      if (!item.result) return Result<std::vector<Value>>(item.result.error());
      values.push_back(*std::move(item.result));
    }
    return Result<std::vector<Value>>(std::move(values));
  }
}

}  // namespace odradek::kafka
