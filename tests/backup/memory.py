#!/usr/bin/env python3
"""A backup keeps to backup.memory_budget + 64 MiB, whatever the budget and the size of records.

usage: memory.py BIN_DIR [--megabytes 200]
"""
import argparse
import base64
import os
import random
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "faults"))
from backup_kills import Archive, Broker  # noqa: E402

MIB = 1 << 20
ALLOWANCE = 64 * MIB  # for the program itself
BUDGETS = (8, 16, 64, 256)


def produce(broker, topic, record_bytes, megabytes, rng):
    odk = [os.path.join(broker.bin, "odk"), "-b", broker.address, "produce", topic]
    process = subprocess.Popen(odk, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL)
    # Text that does not compress: what is fetched is what is kept.
    for _ in range(megabytes * 1000 * 1000 // record_bytes):
        process.stdin.write(base64.b64encode(rng.randbytes(record_bytes * 3 // 4)) + b"\n")
    process.stdin.close()
    if process.wait() != 0:
        sys.exit("odk failed")


def peak(command):
    """Peak resident bytes of the command, and its exit code."""
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    return usage.ru_maxrss * 1024, os.waitstatus_to_exitcode(status)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("bin")
    parser.add_argument("--megabytes", type=int, default=200)
    args = parser.parse_args()
    rng = random.Random(1)
    broker = Broker(args.bin, {"small": 4, "large": 4})
    wrong = False
    try:
        produce(broker, "small", 1024, args.megabytes // 2, rng)
        produce(broker, "large", 900 * 1000, args.megabytes // 2, rng)
        for budget in BUDGETS:
            with tempfile.TemporaryDirectory(prefix="backup-memory-") as folder:
                config = os.path.join(folder, "backup.yaml")
                with open(config, "w") as file:
                    file.write(f"backup: {{memory_budget: {budget}MiB}}\n")
                archive = Archive(args.bin, folder, "a")
                used, code = peak(archive.command("backup", "--bootstrap", broker.address,
                                                  "--config", config))
                good = code == 0 and used <= budget * MIB + ALLOWANCE
                wrong = wrong or not good
                print(f"{'ok' if good else 'WRONG'}: budget {budget} MiB, "
                      f"peak {used / MIB:.0f} MiB, exit {code}", flush=True)
    finally:
        broker.stop()
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
