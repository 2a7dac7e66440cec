#!/usr/bin/env python3
"""Runs the commands of the pages under docs/, page by page, in a network of their own.

usage: docs_test.py BIN_DIR [PAGE...]

A block of a page is run when its first word is one of our programs or of the tools below. A page's
blocks are one session: what an earlier block left is there for the later ones. Comments steer it:

    <!-- try: COMMANDS -->       run before the block that follows
    <!-- not tried: REASON -->   leaves the block that follows out
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
SERVERS = ("odradek-broker", "kafka-partition-proxy")
TOOLS = SERVERS + ("kafka-backup", "odk", "kcat", "seq", "curl", "openssl")
NOT_RUN = 77  # what ctest counts as skipped
SESSION_SECONDS = 120
OWN_NETWORK = ["unshare", "--net", "--map-root-user"]
LOOPBACK_UP = (  # SIOCSIFFLAGS with IFF_UP
    "import fcntl, socket, struct; "
    "fcntl.ioctl(socket.socket(), 0x8914, struct.pack('16sh', b'lo', 1))")


def commented(text):
    match = re.fullmatch(r"<!--\s*(try|not tried):\s*(.*?)\s*-->", text.strip(), re.S)
    return match.groups() if match else None


def blocks(page):
    """What a page has, in order: ("try", commands), ("not tried", why) or ("block", text)."""
    text = page.read_text()
    pattern = r"<!--.*?-->|^```[^\n]*\n.*?^```|(?:^    [^\n]*\n(?:\n(?=    ))?)+"
    for match in re.finditer(pattern, text, re.S | re.M):
        found = match.group(0)
        if found.startswith("<!--"):
            if comment := commented(found):
                yield comment
        elif found.startswith("```"):
            yield "block", "\n".join(found.splitlines()[1:-1])
        elif text[:match.start()].endswith(("\n\n", "-->\n")):
            yield "block", re.sub(r"^    ", "", found, flags=re.M)


def session(page):
    """The page as one shell script, empty when it has nothing to run."""
    script, before, leave_out = [], [], False
    for kind, text in blocks(page):
        if kind == "try":
            before.append(text)
        elif kind == "not tried":
            leave_out = True
        else:
            words = text.split()
            if words and words[0] in TOOLS and not leave_out:
                script += before + [text]
            before, leave_out = [], False
    return "\n".join(script)


# A server of the page goes to the background, ends the one before it, and serves when the next
# command runs.
PRELUDE = r"""
set -euo pipefail
trap 'kill $(jobs -p) 2>/dev/null || true; wait' EXIT
declare -A running
serve() {
  local name=$1; shift
  if [ -n "${running[$name]:-}" ]; then
    kill "${running[$name]}"; wait "${running[$name]}" || true
  fi
  rm -f "$name.ready"
  command "$name" "$@" 2>"$name.log" >"$name.ready" & running[$name]=$!
  for _ in $(seq 200); do
    [ -s "$name.ready" ] && return
    kill -0 "${running[$name]}" 2>/dev/null || break
    sleep 0.05
  done
  cat "$name.log"; echo "$name $* does not serve"; exit 1
}
odradek-broker() { serve odradek-broker "$@"; }
kafka-partition-proxy() { serve kafka-partition-proxy "$@"; }
curl() {
  case " $* " in
    *" -sN "*) # an endless stream
      command curl --fail-with-body --max-time 1 "$@" || [ $? -eq 28 ] ;;
    *) command curl --fail-with-body "$@" ;;
  esac
}
set -v
"""


def try_page(page, bin_dir):
    script = session(page)
    if not script:
        return True
    script = re.sub(r" &( +#.*)?$", "", script, flags=re.M)
    with tempfile.TemporaryDirectory(prefix="odradek-docs-") as folder:
        shutil.copytree(ROOT / "config", pathlib.Path(folder) / "config")
        environment = dict(os.environ, PATH=f"{bin_dir}:{os.environ['PATH']}")
        try:
            done = subprocess.run(
                OWN_NETWORK + ["bash", "-c", f'python3 -c "{LOOPBACK_UP}"\n{PRELUDE}{script}'],
                cwd=folder, env=environment, text=True, errors="replace", timeout=SESSION_SECONDS,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        except subprocess.TimeoutExpired as late:
            print(f"{page.relative_to(ROOT)}: not done after {SESSION_SECONDS} s\n{late.stdout}")
            return False
    name = page.relative_to(ROOT)
    if done.returncode != 0:
        print(f"{name}: a command failed ({done.returncode})\n{done.stdout[-6000:]}")
        return False
    print(f"{name}: ok")
    return True


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    if subprocess.run(OWN_NETWORK + ["true"], stderr=subprocess.DEVNULL).returncode != 0:
        print("this machine allows no network of its own (unshare --net)")
        sys.exit(NOT_RUN)
    bin_dir = pathlib.Path(sys.argv[1]).resolve()
    pages = [pathlib.Path(name).resolve() for name in sys.argv[2:]]
    pages = pages or sorted(ROOT.glob("docs/**/*.md"))
    failed = [page for page in pages if not try_page(page, bin_dir)]
    sys.exit(1 if failed else 0)


if __name__ == "__main__":
    main()
