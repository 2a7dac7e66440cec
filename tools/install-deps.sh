#!/usr/bin/env bash
# Installs the Debian 12 packages that are missing to build and test, and says which. Quick when
# nothing is missing. Run as root or with sudo at hand; safe to run again at any time.
set -euo pipefail

# What each command needs. Groups add to each other; `core` is for `make demo` and `make test`.
declare -A GROUPS_OF=(
  [core]="clang-19 lld-19 libclang-rt-19-dev mold ccache cmake ninja-build make git pkg-config
    python3 openssl ca-certificates kcat curl zstd
    libboost1.81-dev libssl-dev libcurl4-openssl-dev prometheus-cpp-dev libisal-dev libzstd-dev
    liblz4-dev libsnappy-dev zlib1g-dev libxxhash-dev libspdlog-dev libfmt-dev libyaml-cpp-dev
    libcli11-dev libre2-dev nlohmann-json3-dev libsqlite3-dev libpugixml-dev libmimalloc-dev
    libgtest-dev libgmock-dev libbenchmark-dev"
  [lint]="clang-format-19 python3-venv"
  [bench]="gcc libc6-dev librdkafka-dev default-jre-headless maven"
  [docs]="doxygen python3"
  [compat]="python3-venv golang-go default-jdk-headless maven"
  [dashboard]="chromium fonts-dejavu-core"
)

usage() {
  cat <<'U'
install-deps.sh [GROUP...]          installs what is missing; the group `core` when none is named
install-deps.sh --list [GROUP...]   prints the packages and installs nothing
groups: core (build, demo, test)  lint (formatter, linter)  bench (peers)  compat (real clients)
        docs (the library's reference)  dashboard (headless browser; node and npm besides)
ODK_SKIP_DEPS=1 in the environment: check nothing, the packages are there by other names
U
}

say() { echo "install-deps: $*"; }
die() { echo "install-deps: $*" >&2; exit 1; }

LIST_ONLY=
WANTED=()
for argument in "$@"; do
  case $argument in
    -h | --help) usage; exit 0 ;;
    --list) LIST_ONLY=1 ;;
    *)
      [ -n "${GROUPS_OF[$argument]:-}" ] || { usage >&2; die "unknown group $argument"; }
      WANTED+=("$argument") ;;
  esac
done
[ ${#WANTED[@]} -gt 0 ] || WANTED=(core)

PACKAGES=()
for group in "${WANTED[@]}"; do
  read -r -d '' -a names <<<"${GROUPS_OF[$group]}" || true
  PACKAGES+=("${names[@]}")
done

if [ -n "$LIST_ONLY" ]; then printf '%s\n' "${PACKAGES[@]}"; exit 0; fi
if [ "${ODK_SKIP_DEPS:-0}" = 1 ]; then exit 0; fi

system_name() { # ID and version, e.g. "debian 12"
  local ID=unknown VERSION_ID=
  # shellcheck disable=SC1091
  [ -r /etc/os-release ] && . /etc/os-release
  echo "$ID ${VERSION_ID%%.*}"
}

SYSTEM=$(system_name)
if [ "$SYSTEM" != "debian 12" ]; then
  {
    say "this is $SYSTEM; packages are installed on Debian 12 only."
    say "Install the equivalents of these, then run again with ODK_SKIP_DEPS=1:"
    printf '  %s\n' "${PACKAGES[@]}"
  } >&2
  exit 1
fi

find_missing() { # sets MISSING
  local installed package
  # Fails when a package is not even known; what it prints is right all the same.
  installed=$(dpkg-query -W -f='${db:Status-Abbrev} ${Package}\n' "${PACKAGES[@]}" \
    2>/dev/null) || true
  MISSING=()
  for package in "${PACKAGES[@]}"; do
    [[ $'\n'$installed$'\n' == *$'\nii  '"$package"$'\n'* ]] || MISSING+=("$package")
  done
}

find_missing
[ ${#MISSING[@]} -gt 0 ] || exit 0
say "missing on this system (${#MISSING[@]}): ${MISSING[*]}"

AS_ROOT=()
if [ "$(id -u)" -ne 0 ]; then
  command -v sudo >/dev/null ||
    die "root is needed: run 'tools/install-deps.sh ${WANTED[*]}' as root"
  AS_ROOT=(sudo)
  [ -t 0 ] || AS_ROOT+=(-n) # nobody is there to type a password
fi

LOG=$(mktemp)
trap 'rm -f "$LOG"' EXIT

apt() { # ARGS...: apt-get without questions, its output in $LOG
  "${AS_ROOT[@]}" env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -q -y \
    -o DPkg::Lock::Timeout=300 -o Acquire::Retries=3 "$@" >"$LOG" 2>&1 </dev/null
}

fail_with_log() { # SENTENCE
  tail -n 25 "$LOG" >&2
  die "$1"
}

update_lists() {
  say "reading the package lists"
  apt update || fail_with_log "apt-get update failed (last lines above): is the network there?"
  grep -E '^[EW]: ' "$LOG" >&2 || true # a mirror out of reach is only a warning of apt-get
  UPDATED=1
}

# Packages apt would take away. Boost 1.81 and 1.74 cannot be installed side by side, so that
# exchange is made and said; anything else is left to the owner of the machine.
check_removals() {
  local removed other
  removed=$(sed -n 's/^Remv \([^ ]*\).*/\1/p' "$LOG" | sort -u)
  [ -n "$removed" ] || return 0
  other=$(grep -v '^libboost[a-z0-9.-]*$' <<<"$removed" | paste -sd ' ') || true
  [ -z "$other" ] ||
    die "apt would remove $other; remove that yourself if nothing needs it, then run again"
  say "replaced by libboost1.81-dev, which cannot stand beside: $(paste -sd ' ' <<<"$removed")"
}

plan() { apt --simulate --no-install-recommends install "${MISSING[@]}"; }
install() { apt --no-install-recommends install "${MISSING[@]}"; }

UPDATED=
plan || { update_lists; plan || fail_with_log "apt-get cannot install these packages (see above)"; }
check_removals
say "installing; with what they need $(grep -c '^Inst ' "$LOG") packages, which takes minutes"
if ! install; then
  [ -z "$UPDATED" ] || fail_with_log "apt-get install failed (last lines above)"
  update_lists # an old list may name packages the mirror no longer has
  install || fail_with_log "apt-get install failed (last lines above)"
fi

find_missing
[ ${#MISSING[@]} -eq 0 ] || die "still missing after the installation: ${MISSING[*]}"
say "done"
