#pragma once

#include <expected>
#include <type_traits>
#include <utility>

#include "base/error.h"

namespace odradek {

// A value or an Error. Dropping one is a compiler warning, and warnings are errors.
template <class T>
class [[nodiscard]] Result : public std::expected<T, Error> {
 public:
  using Base = std::expected<T, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpect, std::move(error)) {}
  Result(Errc code) : Base(std::unexpect, Error(code)) {}
};

template <>
class [[nodiscard]] Result<void> : public std::expected<void, Error> {
 public:
  using Base = std::expected<void, Error>;
  using Base::Base;
  Result(Error error) : Base(std::unexpect, std::move(error)) {}
  Result(Errc code) : Base(std::unexpect, Error(code)) {}
};

}  // namespace odradek

#define ODK_CONCAT_INNER(a, b) a##b
#define ODK_CONCAT(a, b) ODK_CONCAT_INNER(a, b)

#define ODK_TRY_IMPL(temp, ret, decl, ...) \
  auto temp = (__VA_ARGS__);               \
  if (!temp) [[unlikely]]                  \
    ret std::move(temp).error();           \
  decl = *std::move(temp)

#define ODK_TRY_VOID_IMPL(ret, ...)                                  \
  do {                                                               \
    if (auto odk_result = (__VA_ARGS__); !odk_result) [[unlikely]] { \
      ret std::move(odk_result).error();                             \
    }                                                                \
  } while (false)

// ODK_TRY(auto x, f()); leaves the enclosing function with f's error, or declares x as its value.
#define ODK_TRY(decl, ...) \
  ODK_TRY_IMPL(ODK_CONCAT(odk_result_, __LINE__), return, decl, __VA_ARGS__)
// ODK_TRY_VOID(f()); the same for Result<void>, or where the value is not wanted.
#define ODK_TRY_VOID(...) ODK_TRY_VOID_IMPL(return, __VA_ARGS__)

// The same inside coroutines: ODK_CO_TRY(auto x, co_await f());
#define ODK_CO_TRY(decl, ...) \
  ODK_TRY_IMPL(ODK_CONCAT(odk_result_, __LINE__), co_return, decl, __VA_ARGS__)
#define ODK_CO_TRY_VOID(...)                              \
  auto ODK_CONCAT(odk_result_, __LINE__) = (__VA_ARGS__); \
  if (!ODK_CONCAT(odk_result_, __LINE__)) [[unlikely]]    \
  co_return std::move(ODK_CONCAT(odk_result_, __LINE__)).error()
