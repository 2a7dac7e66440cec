#!/usr/bin/env python3
"""Mapping rules that let the conformance suite run through kafka-partition-proxy.

Usage: conformance_rules.py CASES_FOLDER BOOTSTRAP LISTEN > proxy.yaml

A mapped topic has a fixed number of partitions, while the cases make topics with 1, 2, 3, ... of
them. Their names hold the case's name, so each case gets a rule with the number it asks for:
V -> V/10, V/3, V/2 or 1 physical ones, whichever divides first, so that nearly all cases run over
topics that really are compressed. Cases that ask for several numbers, or change them, run on topics
that pass through. Tested by running the suite: tests/proxy/conformance.sh.
"""
import ast
import glob
import os
import sys

# Cases that expect offsets without gaps, or more members with partitions than physical ones: their
# topics are mapped one to one.
ONE_TO_ONE = {"produce_10k", "parallel_20", "idempotent", "begin_end_offsets", "pause_resume",
              "sentry_rewind", "k848_range_assignor"}
CHANGES_COUNT = {"create_partitions", "partitions_added", "auto_create"}


def counts_by_case(folder):
    found = {}
    for path in sorted(glob.glob(os.path.join(folder, "*.py"))):
        for function in ast.parse(open(path).read()).body:
            if not isinstance(function, ast.FunctionDef):
                continue
            counts = set()
            for node in ast.walk(function):
                if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                    continue
                if node.func.attr == "topic":
                    counts.add(node.args[0].value if node.args else 1)
                argument = getattr(node.args[0], "value", "") if node.args else ""
                if node.func.attr == "call" and argument == "create_topics":
                    counts.add(None)
            found[function.name] = counts
    return found


def physical(name, count):
    if name in ONE_TO_ONE:
        return count
    for divisor in (10, 3, 2):
        if count % divisor == 0:
            return count // divisor
    return 1


def main():
    folder, bootstrap, listen = sys.argv[1:]
    print(f"listen: {{address: '{listen}', advertised_address: '{listen}'}}")
    print(f"kafka: {{bootstrap_servers: ['{bootstrap}'], metadata_refresh_interval_secs: 5}}")
    print("logging: {level: info}")
    print("mapping:\n  topics:")
    for name, counts in counts_by_case(folder).items():
        if len(counts) != 1 or None in counts or name in CHANGES_COUNT:
            continue
        count = counts.pop()
        mapped = f"{{virtual_partitions: {count}, physical_partitions: {physical(name, count)}}}"
        print(f'    "conf-.*-{name}-t[0-9]+": {mapped}')


if __name__ == "__main__":
    main()
