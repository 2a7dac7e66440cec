#!/usr/bin/env bash
# Installs the library into an empty prefix and builds a program against it, as its users do: with
# find_package and with pkg-config, g++ 12 and clang, from `cmake --install` and from the .deb.
# usage: tests/install/package.sh [BUILD_DIRECTORY]     default build/dev; its `odradek` is built
set -euo pipefail
cd "$(dirname "$0")/../.."
build=$(cd "${1:-build/dev}" && pwd)
consumer=$PWD/tests/install/consumer
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

say() { echo "package: $*"; }
run() { "$@" >"$work/log" 2>&1 || { cat "$work/log"; echo "package: FAILED: $*" >&2; exit 1; }; }

# Headers may include the standard library and each other, nothing else.
own_headers() {
  local prefix=$1 foreign
  foreign=$(grep -rhoE '^ *#include *[<"][^>"]+' "$prefix/include/odradek" |
    sed -E 's/.*[<"]//' | grep -E '/|\.h' | grep -v '^odradek/' || true)
  [ -z "$foreign" ] || { echo "package: FAILED: headers include $foreign" >&2; exit 1; }
}

use() { # PREFIX COMPILER STANDARD
  local prefix=$1 compiler=$2 standard=$3 lib out
  out=$(mktemp -d -p "$work")
  lib=$(dirname "$(find "$prefix" -name 'libodradek.so')")
  run cmake -S "$consumer" -B "$out" -DCMAKE_CXX_COMPILER="$compiler" \
    -DCMAKE_PREFIX_PATH="$prefix" -DCMAKE_CXX_STANDARD="$standard"
  run cmake --build "$out"
  run env LD_LIBRARY_PATH="$lib" "$out/consumer"
  # The .pc file knows where it will be; here it lies somewhere else.
  local flags
  flags=$(PKG_CONFIG_PATH="$lib/pkgconfig" pkg-config --define-variable=prefix="$prefix" \
    --cflags --libs odradek)
  # shellcheck disable=SC2086
  run "$compiler" -std=c++"$standard" -Wall -Wextra -Werror "$consumer/main.cc" \
    -o "$work/by-pkg" $flags
  run env LD_LIBRARY_PATH="$lib" "$work/by-pkg"
  say "$compiler -std=c++$standard: find_package and pkg-config"
}

run cmake --build "$build" --target odradek
run cmake --install "$build" --prefix "$work/prefix" --component library
own_headers "$work/prefix"
for compiler in g++-12 clang++-19; do
  if command -v "$compiler" >/dev/null; then use "$work/prefix" "$compiler" 20; fi
done
if command -v clang++-19 >/dev/null; then use "$work/prefix" clang++-19 23; fi

if command -v dpkg-deb >/dev/null; then
  # The package of the library alone: the programs need not be built.
  run cpack --config "$build/CPackConfig.cmake" -G DEB -B "$work/deb" \
    -D CPACK_COMPONENTS_ALL=library
  deb=$(find "$work/deb" -maxdepth 1 -name 'libodradek-dev_*.deb')
  dpkg-deb -x "$deb" "$work/root"
  dpkg-deb -f "$deb" Depends | grep -q libc6 || { echo "package: FAILED: no Depends" >&2; exit 1; }
  own_headers "$work/root/usr"
  use "$work/root/usr" "$(command -v g++-12 || command -v clang++-19)" 20
  say "$(basename "$deb")"
fi
say "all passed"
