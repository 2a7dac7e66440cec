#!/usr/bin/env bash
# Runs clang-tidy over the sources that match a pattern (all when none is given) and prints its
# findings; fails when there is one. build/lint has no precompiled headers, so nothing needs to be
# built first. Tests are not analysed: gtest's macros make clang-tidy slow and wrong.
#   tools/lint.sh [REGEX]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

# Newer than the compiler: version 19 walks through the system's headers for each check, which
# takes five times as long. The analyzer's shallow mode halves what is left.
readonly VERSION=23.1.4
readonly TOOLS=build/lint-tools
readonly SHALLOW=(-extra-arg=-Xclang -extra-arg=-analyzer-config
  -extra-arg=-Xclang -extra-arg=mode=shallow)

if ! "$TOOLS/bin/clang-tidy" --version 2>/dev/null | grep -qF "$VERSION"; then
  echo "lint: installing clang-tidy $VERSION into $TOOLS"
  python3 -m venv "$TOOLS"
  "$TOOLS/bin/pip" install --quiet "clang-tidy==$VERSION"
fi

cmake --preset dev -B build/lint -DCMAKE_DISABLE_PRECOMPILE_HEADERS=ON >/dev/null
cmake --build build/lint --target generated/broker/dashboard_assets.cc >/dev/null
"$TOOLS/bin/python" "$TOOLS/bin/run-clang-tidy.py" -clang-tidy-binary "$TOOLS/bin/clang-tidy" \
  -p build/lint -quiet -use-color=0 "${SHALLOW[@]}" \
  "^$PWD/(?!build/|tests/)(?!.*_test\.cc)(?=.*${1:-.})" 2>/dev/null | sed '/^\[/d; /^$/d'
echo "lint: clean"
