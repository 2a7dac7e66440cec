#!/usr/bin/env python3
"""Generates the C++ of Kafka's messages from a schema table.

usage: generate.py --schema schema/kafka-4.4.txt --out DIR

Writes DIR/proto/messages/*.{h,cc}, DIR/proto/api_key.h, DIR/proto/api_rows.inc,
DIR/proto/all_messages.h and DIR/proto/testing/visit_messages.h. A file is touched only when its
content changes, and files of earlier runs that no longer belong are removed.
"""
import argparse
import pathlib
import sys

import emit_message
import emit_tables
import model


def outputs(messages):
    """The path below DIR and the text of every file."""
    valid = [message for message in messages if message.versions]
    files = {}
    for message in valid:
        files[f"proto/messages/{message.file}.h"] = emit_message.header(message)
        files[f"proto/messages/{message.file}.cc"] = emit_message.source(message)
    files["proto/api_key.h"] = emit_tables.api_key_header(messages)
    files["proto/api_rows.inc"] = emit_tables.api_rows(valid)
    files["proto/all_messages.h"] = emit_tables.all_messages_header(valid)
    files["proto/testing/visit_messages.h"] = emit_tables.visit_header(valid)
    return files


def write_changed(out, files):
    for name, text in files.items():
        path = out / name
        if path.exists() and path.read_text(encoding="utf-8") == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def remove_stale(out, files):
    folder = out / "proto"
    for path in sorted(folder.rglob("*")) if folder.exists() else []:
        if path.is_file() and path.relative_to(out).as_posix() not in files:
            path.unlink()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--schema", type=pathlib.Path, required=True)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    options = parser.parse_args()
    try:
        messages = model.parse_table(options.schema.read_text(encoding="utf-8"))
    except (OSError, ValueError, IndexError, KeyError) as error:
        sys.exit(f"generate.py: {options.schema}: {error}")
    files = outputs(messages)
    remove_stale(options.out, files)
    write_changed(options.out, files)


if __name__ == "__main__":
    main()
