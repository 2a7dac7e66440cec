#!/usr/bin/env python3
"""Backup and restore of a cluster with an authorizer: ACLs and a KIP-848 group are captured, the
group goes on in a new cluster, and a user who may little gets told what is missing.

usage: authorizer.py --bin build/dev/bin --peer KAFKA.SH [--port 27500]

KAFKA.SH starts Apache Kafka with SASL users admin and alice (passwords NAME-secret) and ACLs.
Prints one line a check; exit 1 when anything is wrong.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

NAME = "backup-acl"
RECORDS, READ = 300, 100
CONFIG = """
backup_id: acl
storage: {{path: {store}}}
source: &cluster
  bootstrap_servers: ["127.0.0.1:{port}"]
  security:
    security_protocol: SASL_PLAINTEXT
    sasl_mechanism: SCRAM-SHA-512
    sasl_username: {user}
    sasl_password: {user}-secret
target: *cluster
"""
# What alice may do: type, name, pattern, operation, deny.
ACLS = [("topic", "orders", "literal", "read", False),
        ("topic", "log-", "prefixed", "write", False),
        ("topic", "secret", "literal", "read", True),
        ("group", "billing", "literal", "read", False)]


class Steps:
    def __init__(self, args, folder):
        self.args, self.folder = args, folder
        self.bootstrap = f"127.0.0.1:{args.port}"

    def kafka(self, *arguments):
        subprocess.run([self.args.peer, *arguments, "--name", NAME], check=True,
                       stdout=subprocess.DEVNULL)

    def start(self):
        self.kafka("start", "--fast", "--security", "sasl_plaintext", "--acl", "--port-base",
                   str(self.args.port))

    def odk(self, user, *arguments, text=None):
        command = [str(self.args.bin / "odk"), "-b", self.bootstrap, "--mechanism",
                   "SCRAM-SHA-512", "--user", user, *arguments]
        done = subprocess.run(command, env={**os.environ, "ODK_PASSWORD": f"{user}-secret"},
                              input=text, text=True, capture_output=True)
        if done.returncode != 0:
            sys.exit(f"odk {' '.join(arguments)}: exit {done.returncode}: {done.stderr}")
        return done.stdout

    def backup(self, user, command, *arguments, store="archives"):
        config = self.folder / f"{user}.yaml"
        config.write_text(CONFIG.format(store=self.folder / store, port=self.args.port, user=user))
        return subprocess.run([str(self.args.bin / "kafka-backup"), command, "--config",
                               str(config), "--format", "json", *arguments], text=True,
                              capture_output=True)

    def snapshot(self, kind, store="archives"):
        """The newest snapshot of groups or cluster, as it stands in the archive."""
        newest = sorted((self.folder / store / "acl" / kind).glob("*.zst"))[-1]
        done = subprocess.run(["zstd", "-dcq", str(newest)], check=True, stdout=subprocess.PIPE)
        return json.loads(done.stdout)

    def allow_alice(self):
        for kind, name, pattern, operation, deny in ACLS:
            self.odk("admin", "acls", "add", "-t", kind, "-n", name, "--pattern", pattern, "-u",
                     "User:alice", "--operation", operation, *(["--deny"] if deny else []))

    def read(self, count):
        """The values alice reads next as a member of the group."""
        text = self.odk("alice", "consume", "orders", "-g", "billing", "--consumer-protocol", "-n",
                        str(count), "-f", "%v\\n")
        return text.splitlines()


def check(what, good, details=""):
    print(f"{'ok' if good else 'WRONG'}: {what}", flush=True)
    if not good:
        sys.exit(str(details))


def expect_success(what, done):
    check(what, done.returncode == 0, f"exit {done.returncode}: {done.stdout}{done.stderr}")
    return json.loads(done.stdout)


def check_capture(steps):
    report = expect_success("the admin backs up", steps.backup("admin", "backup"))
    check("all records, no warnings", report["records"] == RECORDS and not report["warnings"],
          report)
    cluster = steps.snapshot("cluster")
    found = {(acl["resource_type"].lower(), acl["resource_name"], acl["pattern_type"].lower(),
              acl["operation"].lower(), acl["permission"].lower() == "deny")
             for acl in cluster["acls"] if acl["principal"] == "User:alice"}
    check("its ACLs are in the archive", found == set(ACLS) and not cluster["not_captured"],
          cluster)
    groups = {group["id"]: group for group in steps.snapshot("groups")["groups"]}
    check("the group is there, of its type", groups["billing"]["type"] == "consumer", groups)
    captured = sum(offset["offset"] for offset in groups["billing"]["offsets"])
    check("with its positions", captured == READ, groups)


def check_little_rights(steps):
    done = steps.backup("alice", "backup", "--topics", "orders", store="little")
    if done.returncode == 0:
        cluster = steps.snapshot("cluster", store="little")
        check("alice's archive says what she could not see",
              "AUTHORIZATION" in cluster["not_captured"].get("acls", ""), cluster)
    else:
        check("alice is told what she may not", "AUTHORIZATION" in done.stderr, done.stderr)
    done = steps.backup("alice", "restore")
    check("alice may not restore, and is told why",
          done.returncode in (3, 9) and "AUTHORIZATION" in done.stderr + done.stdout,
          f"exit {done.returncode}: {done.stdout}{done.stderr}")


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--bin", type=pathlib.Path, required=True)
    parser.add_argument("--peer", required=True)
    parser.add_argument("--port", type=int, default=27500)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="odradek-authorizer-") as name:
        steps = Steps(args, pathlib.Path(name))
        steps.start()
        try:
            run(steps)
        finally:
            steps.kafka("stop", "--purge")


def run(steps):
    values = [f"value {number}" for number in range(RECORDS)]
    steps.odk("admin", "topics", "create", "orders", "-p", "2", "-c", "retention.ms=-1")
    steps.allow_alice()
    steps.odk("admin", "produce", "orders", text="\n".join(values) + "\n")
    before = steps.read(READ)
    check_capture(steps)
    check_little_rights(steps)
    steps.kafka("stop", "--purge")
    steps.start()
    restored = expect_success("the admin restores into a new cluster",
                              steps.backup("admin", "three-phase-restore"))
    check("all records, verified", restored["records"] == restored["records_verified"] == RECORDS,
          restored)
    steps.allow_alice()
    after = steps.read(RECORDS - READ)
    check("the group goes on: no record skipped, none twice",
          sorted(before + after) == sorted(values),
          f"{len(before)} and {len(after)} of {len(values)}")


if __name__ == "__main__":
    main()
