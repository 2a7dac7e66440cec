#!/usr/bin/env python3
"""Measures, compares with goals and peers, writes bench/results/NAME.json and prints that table.

usage: run.py NAME [--rounds N] [--min-time SECONDS]
NAME:  core, broker, client, proxy or backup

Rows come from two kinds of sources:
- google-benchmark programs build/release/bin/*_bench: NAME_*_bench belong to NAME, all others to
  core. The least of N interleaved rounds counts, in CPU time: wall clock on a shared machine says
  little.
- bench/NAME_rows.py, a script that prints one JSON row a line.
Peers, goals and directions that a source does not know are looked up in bench/goals.json.
"""

import argparse
import datetime
import fnmatch
import json
import os
import pathlib
import platform
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
BIN = ROOT / "build/release/bin"
NAMES = ("core", "broker", "client", "proxy", "backup")
COLUMNS = ("name", "unit", "value", "peer", "peer_value", "ratio", "goal", "better")


def belongs_to(program):
    """The result a benchmark program's rows go to."""
    first = program.split("_")[0]
    return first if first in NAMES else "core"


def run_benchmark(program, rounds, min_time):
    """The JSON of one google-benchmark program, every round of every benchmark in it."""
    command = [str(program), "--benchmark_format=json", f"--benchmark_repetitions={rounds}",
               f"--benchmark_min_time={min_time}", "--benchmark_enable_random_interleaving=true"]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False, text=True)
    if done.returncode != 0:
        sys.exit(f"run.py: {program.name} ended with {done.returncode}")
    return json.loads(done.stdout)


def rows_of_benchmark(report):
    """One row per benchmark: CPU us per operation, or per item where items are counted; and GB/s
    where bytes are. A counter NAME_us replaces the time: CPU spent in another thread."""
    rounds = {}
    for entry in report["benchmarks"]:
        if entry.get("error_occurred"):
            sys.exit(f"run.py: {entry['name']}: {entry.get('error_message')}")
        if entry.get("run_type", "iteration") == "iteration":
            rounds.setdefault(entry["run_name"], []).append(entry)
    scale = {"ns": 1e-3, "us": 1.0, "ms": 1e3, "s": 1e6}
    rows = []
    for name, entries in rounds.items():
        counters = [key for key in entries[0] if key.endswith("_us")]
        if counters:
            for counter in counters:
                label = counter.removesuffix("_us").replace("_", " ")
                rows.append({"name": f"{name} {label}", "unit": "us CPU",
                             "value": min(entry[counter] for entry in entries), "better": "lower"})
        elif "items_per_second" in entries[0]:
            best = max(entry["items_per_second"] for entry in entries)
            rows.append({"name": name, "unit": "us CPU/item", "value": 1e6 / best,
                         "better": "lower"})
        else:
            best = min(entry["cpu_time"] * scale[entry["time_unit"]] for entry in entries)
            rows.append({"name": name, "unit": "us CPU/op", "value": best, "better": "lower"})
        if "bytes_per_second" in entries[0]:
            best = max(entry["bytes_per_second"] for entry in entries)
            rows.append({"name": f"{name} rate", "unit": "GB/s", "value": best / 1e9,
                         "better": "higher"})
    return rows


def rows_of_script(script):
    """The rows a script prints, one JSON object a line; its messages go to standard error."""
    with subprocess.Popen([sys.executable, str(script)], stdout=subprocess.PIPE, text=True,
                          cwd=ROOT) as process:
        rows = [json.loads(line) for line in process.stdout if line.strip()]
    if process.returncode != 0:
        sys.exit(f"run.py: {script.name} ended with {process.returncode}")
    return rows


def complete(row, goals):
    """The row with all columns: what the source left open comes from goals.json, the first pattern
    that fits. ratio = ours / peer's, so for `lower` below 1 is better than the peer."""
    known = next((facts for pattern, facts in goals.items()
                  if fnmatch.fnmatchcase(row["name"], pattern)), {})
    full = {column: row.get(column, known.get(column)) for column in COLUMNS}
    if full["value"] is not None and full["peer_value"]:
        full["ratio"] = full["value"] / full["peer_value"]
    for column in ("value", "peer_value", "ratio"):
        if full[column] is not None:
            full[column] = float(f"{full[column]:.4g}")
    note = row.get("note", known.get("note"))
    return {**full, "note": note} if note else full


def met(row):
    """Whether the goal is reached; None when there is none, or no value."""
    if row["goal"] is None or row["value"] is None:
        return None
    return row["value"] <= row["goal"] if row["better"] == "lower" else row["value"] >= row["goal"]


def first_line(command):
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=ROOT)
    except OSError:
        return None
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else None


def machine():
    lines = pathlib.Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")),
                 platform.machine())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    return {"cpu": model, "cores": os.cpu_count(), "memory_gib": round(memory, 1),
            "kernel": platform.release()}


def commit():
    head = first_line(["git", "rev-parse", "--short=12", "HEAD"])
    if head is None:
        return "none"
    changed = first_line(["git", "status", "--porcelain", "--", "src", "apps", "bench", "cmake"])
    return f"{head} with changes" if changed else head


def compiler():
    cache = ROOT / "build/release/CMakeCache.txt"
    if not cache.exists():
        return None
    for line in cache.read_text(encoding="utf-8").splitlines():
        if line.startswith("CMAKE_CXX_COMPILER:"):
            return first_line([line.split("=", 1)[1], "--version"])
    return None


def text(value):
    """A number for the table: three digits that matter."""
    if value is None:
        return "-"
    if isinstance(value, float) and value < 1000:
        return f"{value:.3g}"
    return f"{value:,.0f}"


def print_table(report):
    head = ("name", "ours", "unit", "peer's", "ratio", "goal", "")
    verdict = {None: "", True: "met", False: "MISSED"}
    lines = [head]
    for row in report["rows"]:
        goal = "-" if row["goal"] is None else ("<= " if row["better"] == "lower" else ">= ") \
            + text(row["goal"])
        peer = f"{text(row['peer_value'])} ({row['peer']})" if row["peer"] else "-"
        lines.append((row["name"], text(row["value"]), row["unit"], peer, text(row["ratio"]), goal,
                      verdict[met(row)] + (f" {row['note']}" if row.get("note") else "")))
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
    print(f"{report['machine']['cpu']}, {report['machine']['cores']} cores; {report['compiler']}; "
          f"commit {report['commit']}; load {report['load']['before'][0]:.1f} to "
          f"{report['load']['after'][0]:.1f}")


def measure(name, rounds, min_time):
    rows = []
    for program in sorted(BIN.glob("*_bench")):
        if belongs_to(program.name) == name:
            rows += rows_of_benchmark(run_benchmark(program, rounds, min_time))
    script = ROOT / "bench" / f"{name}_rows.py"
    if script.exists():
        rows += rows_of_script(script)
    return rows


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("name", choices=NAMES)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--min-time", type=float, default=0.1, help="seconds a benchmark and round")
    options = parser.parse_args()

    goals = json.loads((ROOT / "bench/goals.json").read_text(encoding="utf-8"))
    before = os.getloadavg()
    rows = measure(options.name, options.rounds, options.min_time)
    if not rows:
        sys.exit(f"run.py: nothing measures {options.name} yet")
    report = {
        "name": options.name,
        "date": datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d"),
        "machine": machine(),
        "compiler": compiler(),
        "commit": commit(),
        "load": {"before": before, "after": os.getloadavg()},
        "rows": [complete(row, goals) for row in rows],
    }
    target = ROOT / "bench/results" / f"{options.name}.json"
    target.parent.mkdir(exist_ok=True)
    target.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print_table(report)


if __name__ == "__main__":
    main()
