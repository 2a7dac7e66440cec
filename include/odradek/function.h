#pragma once

#include <cstddef>
#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace odradek::kafka {

template <class Signature>
class UniqueFunction;

// A callable that can be moved but not copied (std::move_only_function, for C++20). Callables of
// up to 32 bytes that move without throwing are kept inside: storing them allocates nothing.
template <class R, class... Args>
class UniqueFunction<R(Args...)> {
 public:
  UniqueFunction() noexcept = default;
  UniqueFunction(std::nullptr_t) noexcept {}

  template <class F>
    requires(!std::is_same_v<std::remove_cvref_t<F>, UniqueFunction> &&
             std::is_invocable_r_v<R, std::decay_t<F>&, Args...>)
  UniqueFunction(F&& callable) {
    using Callable = std::decay_t<F>;
    if constexpr (kFits<Callable>) {
      std::construct_at(reinterpret_cast<Callable*>(storage_), std::forward<F>(callable));
      operations_ = &kInside<Callable>;
    } else {
      auto owned = std::make_unique<Callable>(std::forward<F>(callable));
      std::construct_at(reinterpret_cast<Callable**>(storage_), owned.release());
      operations_ = &kOutside<Callable>;
    }
  }

  UniqueFunction(UniqueFunction&& other) noexcept { take(other); }
  UniqueFunction& operator=(UniqueFunction&& other) noexcept {
    if (this != &other) {
      clear();
      take(other);
    }
    return *this;
  }
  UniqueFunction(const UniqueFunction&) = delete;
  UniqueFunction& operator=(const UniqueFunction&) = delete;
  ~UniqueFunction() { clear(); }

  explicit operator bool() const noexcept { return operations_ != nullptr; }

  R operator()(Args... args) { return operations_->call(storage_, std::forward<Args>(args)...); }

 private:
  static constexpr std::size_t kStorageBytes = 32;

  struct Operations {
    R (*call)(std::byte*, Args&&...);
    void (*move)(std::byte* from, std::byte* to) noexcept;
    void (*destroy)(std::byte*) noexcept;
  };

  template <class F>
  static constexpr bool kFits =
      sizeof(F) <= kStorageBytes && alignof(F) <= alignof(std::max_align_t) &&
      std::is_nothrow_move_constructible_v<F>;

  template <class F>
  static F& inside(std::byte* at) {
    return *reinterpret_cast<F*>(at);
  }
  template <class F>
  static F*& outside(std::byte* at) {
    return *reinterpret_cast<F**>(at);
  }

  template <class F>
  static constexpr Operations kInside{
      [](std::byte* at, Args&&... args) -> R {
        return std::invoke(inside<F>(at), std::forward<Args>(args)...);
      },
      [](std::byte* from, std::byte* to) noexcept {
        std::construct_at(reinterpret_cast<F*>(to), std::move(inside<F>(from)));
        std::destroy_at(&inside<F>(from));
      },
      [](std::byte* at) noexcept { std::destroy_at(&inside<F>(at)); }};

  template <class F>
  static constexpr Operations kOutside{
      [](std::byte* at, Args&&... args) -> R {
        return std::invoke(*outside<F>(at), std::forward<Args>(args)...);
      },
      [](std::byte* from, std::byte* to) noexcept {
        std::construct_at(reinterpret_cast<F**>(to), outside<F>(from));
      },
      [](std::byte* at) noexcept { std::unique_ptr<F> freed(outside<F>(at)); }};

  void take(UniqueFunction& other) noexcept {
    operations_ = std::exchange(other.operations_, nullptr);
    if (operations_ != nullptr) operations_->move(other.storage_, storage_);
  }
  void clear() noexcept {
    if (operations_ != nullptr) std::exchange(operations_, nullptr)->destroy(storage_);
  }

  const Operations* operations_ = nullptr;
  alignas(std::max_align_t) std::byte storage_[kStorageBytes];
};

}  // namespace odradek::kafka
