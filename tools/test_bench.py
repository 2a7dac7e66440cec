#!/usr/bin/env python3
"""Tests of bench/run.py (rows, goals, ratios) and of the example data set."""

import contextlib
import importlib.util
import io
import pathlib
import subprocess
import sys
import unittest

ROOT = pathlib.Path(__file__).resolve().parents[1]
spec = importlib.util.spec_from_file_location("run", ROOT / "bench/run.py")
run = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(run)


def entry(name, cpu_time, **more):
    return {"name": name, "run_name": name, "run_type": "iteration", "cpu_time": cpu_time,
            "real_time": 10 * cpu_time, "time_unit": "ns", **more}


class Rows(unittest.TestCase):
    def test_least_cpu_time_of_the_rounds_in_microseconds(self):
        report = {"benchmarks": [entry("a", 3000), entry("a", 2000), entry("b", 1),
                                 {**entry("a", 1), "run_type": "aggregate"}]}
        rows = run.rows_of_benchmark(report)
        self.assertEqual([(r["name"], r["value"], r["unit"]) for r in rows],
                         [("a", 2.0, "us CPU/op"), ("b", 0.001, "us CPU/op")])

    def test_per_item_and_rate(self):
        rows = run.rows_of_benchmark(
            {"benchmarks": [entry("a", 5, items_per_second=2e6, bytes_per_second=3e9)]})
        self.assertEqual([(r["name"], r["value"], r["better"]) for r in rows],
                         [("a", 0.5, "lower"), ("a rate", 3.0, "higher")])

    def test_counter_of_another_thread(self):
        rows = run.rows_of_benchmark({"benchmarks": [entry("echo", 5, server_us=6.5)]})
        self.assertEqual([(r["name"], r["value"]) for r in rows], [("echo server", 6.5)])

    def test_failed_benchmark_stops(self):
        with self.assertRaises(SystemExit):
            run.rows_of_benchmark(
                {"benchmarks": [entry("a", 1, error_occurred=True, error_message="malformed")]})

    def test_goal_and_peer_come_from_the_first_pattern_that_fits(self):
        goals = {"a/*": {"goal": 2, "peer": "other", "peer_value": 8}, "*": {"goal": 9}}
        row = run.complete({"name": "a/x", "unit": "us", "value": 2.0, "better": "lower"}, goals)
        self.assertEqual((row["goal"], row["peer"], row["ratio"]), (2, "other", 0.25))
        self.assertEqual(list(row), list(run.COLUMNS))
        self.assertTrue(run.met(row))

    def test_goal_by_direction_and_missing_value(self):
        row = {"value": 3, "goal": 2, "better": "lower"}
        self.assertFalse(run.met(row))
        self.assertTrue(run.met({**row, "better": "higher"}))
        self.assertIsNone(run.met({**row, "value": None}))
        self.assertIsNone(run.met({**row, "goal": None}))

    def test_programs_are_sorted_by_prefix(self):
        self.assertEqual(run.belongs_to("proxy_fetch_bench"), "proxy")
        self.assertEqual(run.belongs_to("crc32c_bench"), "core")

    def test_table(self):
        rows = [run.complete({"name": "a", "unit": "us", "value": 1.5, "better": "lower"}, {}),
                run.complete({"name": "b", "unit": "s", "value": None, "better": "lower",
                              "note": "peer missing"}, {"b": {"goal": 1}})]
        report = {"rows": rows, "machine": run.machine(), "compiler": "c", "commit": "d",
                  "load": {"before": [0.5], "after": [1.0]}}
        with contextlib.redirect_stdout(io.StringIO()) as out:
            run.print_table(report)
        self.assertIn("peer missing", out.getvalue())
        self.assertIn("commit d; load 0.5 to 1.0", out.getvalue())


class ExampleData(unittest.TestCase):
    def test_committed_file_is_what_its_script_makes(self):
        subprocess.run([sys.executable, str(ROOT / "examples/data/make.py"), "--check"], check=True)


if __name__ == "__main__":
    unittest.main()
