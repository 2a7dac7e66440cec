#!/usr/bin/env bash
# Proves that a clean clone works on a bare Debian 12: nothing but make, git and apt beforehand.
# Needs root, debootstrap and about 8 GB; takes as long as the installation and the build.
set -euo pipefail

usage() {
  cat <<'U'
bare_debian.sh [--dir DIR] [--keep] [COMMAND...]
Makes a Debian 12 file system in DIR (a new temporary folder), clones the committed tree into it
and runs each COMMAND there with CI=true and no keyboard: "make test", then "make demo" by default.
--keep leaves the file system (made or not), so that a second run with --dir is quick.
DEBIAN_MIRROR: where packages come from; the default is the first one apt uses here.
U
}

say() { echo "bare_debian: $*"; }
die() { echo "bare_debian: $*" >&2; exit 1; }

KEEP=
ROOT_DIR=
COMMANDS=()
while [ $# -gt 0 ]; do
  case $1 in
    --dir) ROOT_DIR=$2; shift 2 ;;
    --keep) KEEP=1; shift ;;
    -h | --help) usage; exit 0 ;;
    *) COMMANDS+=("$1"); shift ;;
  esac
done
[ ${#COMMANDS[@]} -gt 0 ] || COMMANDS=("make test" "make demo")
[ "$(id -u)" -eq 0 ] || die "root is needed: debootstrap and chroot"
command -v debootstrap >/dev/null || die "debootstrap is not installed"
SOURCE=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
git -C "$SOURCE" rev-parse HEAD >/dev/null 2>&1 || die "$SOURCE has no commit to clone"

sources_of_host() { # prints "URI SUITES..." lines of both apt formats
  local file
  for file in /etc/apt/sources.list /etc/apt/sources.list.d/*.list; do
    [ -f "$file" ] && sed -n 's/^deb *\(\[[^]]*\] *\)\{0,1\}//p' "$file"
  done
  for file in /etc/apt/sources.list.d/*.sources; do
    [ -f "$file" ] && awk '/^URIs:/ { uri = $2 } /^Suites:/ { $1 = ""; print uri $0 }' "$file"
  done
}
MIRROR=${DEBIAN_MIRROR:-$(sources_of_host | awk '/ bookworm( |$)/ { print $1; exit }')}
[ -n "$MIRROR" ] || die "no Debian 12 mirror in apt's sources; name one in DEBIAN_MIRROR"

LOG=$(mktemp)
[ -n "$ROOT_DIR" ] || ROOT_DIR=$(mktemp -d)
mkdir -p "$ROOT_DIR"
ROOT_DIR=$(cd "$ROOT_DIR" && pwd)
[ "$ROOT_DIR" != / ] || die "not the root of this system"

unmount_all() {
  local point
  for point in proc sys dev/pts dev; do
    if mountpoint -q "$ROOT_DIR/$point"; then umount "$ROOT_DIR/$point" || true; fi
  done
}
cleanup() {
  unmount_all
  rm -f "$LOG"
  if [ -z "$KEEP" ] && ! grep -q " $ROOT_DIR/" /proc/mounts; then
    rm -rf --one-file-system "$ROOT_DIR"
  fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM

inside() { # COMMAND: in the file system, with an environment of its own
  chroot "$ROOT_DIR" /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/ LANG=C.UTF-8 \
    CI=true ${http_proxy:+http_proxy="$http_proxy"} \
    ${https_proxy:+https_proxy="$https_proxy"} bash -c "$1" </dev/null
}

if [ ! -x "$ROOT_DIR/usr/bin/apt-get" ]; then
  say "Debian 12 from $MIRROR into $ROOT_DIR"
  debootstrap --variant=minbase --include=make,git bookworm "$ROOT_DIR" "$MIRROR" >"$LOG" 2>&1 ||
    { tail -n 20 "$LOG" >&2; die "debootstrap failed"; }
fi
# How this machine reaches the mirror.
for file in /etc/resolv.conf /etc/hosts /etc/apt/apt.conf.d/*proxy*; do
  if [ -f "$file" ]; then install -D -m 644 "$file" "$ROOT_DIR$file"; fi
done
mount -t proc proc "$ROOT_DIR/proc"
mount -t sysfs sysfs "$ROOT_DIR/sys" 2>/dev/null || say "without /sys"
mount --bind /dev "$ROOT_DIR/dev"
mount -t devpts devpts "$ROOT_DIR/dev/pts" -o newinstance,ptmxmode=0666 2>/dev/null ||
  mount --bind /dev/pts "$ROOT_DIR/dev/pts"

say "clean clone of $(git -C "$SOURCE" rev-parse --short HEAD)"
rm -rf "$ROOT_DIR/src/odradek" "$ROOT_DIR/src/odradek.bundle"
mkdir -p "$ROOT_DIR/src"
git -C "$SOURCE" bundle create -q "$ROOT_DIR/src/odradek.bundle" HEAD
inside "git -c advice.detachedHead=false clone -q /src/odradek.bundle /src/odradek"

STATUS=0
for command in "${COMMANDS[@]}"; do
  say "== $command"
  BEGIN=$SECONDS
  if inside "cd /src/odradek && $command"; then
    say "ok: $command ($((SECONDS - BEGIN)) s)"
  else
    say "FAILED: $command ($((SECONDS - BEGIN)) s)"
    STATUS=1
  fi
done
exit $STATUS
