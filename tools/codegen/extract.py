#!/usr/bin/env python3
"""Writes the compact table of facts that generate.py reads from Kafka's JSON message schemas.

usage: extract.py SCHEMA_DIR OUT

SCHEMA_DIR holds one folder per Kafka module with the module's common/message/*.json files.
Only facts are kept (names, types, versions, nullability, tags, defaults); no descriptions.
The format is documented in schema/README.md. The same input always gives the same bytes.
"""
import json
import pathlib
import sys

MODULES = ["kafka-clients", "kafka-group-coordinator", "kafka-transaction-coordinator",
           "kafka-metadata"]


def strip_comments(text):
    """Removes // comments outside of strings."""
    out, i, in_string = [], 0, False
    while i < len(text):
        char = text[i]
        if in_string and char == "\\":
            out.append(text[i:i + 2])
            i += 2
            continue
        if char == '"':
            in_string = not in_string
        elif not in_string and text.startswith("//", i):
            end = text.find("\n", i)
            i = len(text) if end < 0 else end
            continue
        out.append(char)
        i += 1
    return "".join(out)


def default_fact(field):
    """The default as one word, or None where it is the type's own (0, false, empty).

    JSON null is no default at all, the word "null" is one: that is how Kafka reads them.
    """
    value = field.get("default")
    if value is None or value == "":
        return None
    word = str(value).strip()
    if isinstance(value, bool) or word.lower() in ("true", "false"):
        return "true" if word.lower() == "true" else None
    if word == "null":
        return "null"
    if field["type"].startswith(("int", "uint")):
        number = int(word, 16) if word.startswith("0x") else int(word)
        return str(number) if number != 0 else None
    if " " in word:
        raise ValueError(f"default with a space: {field}")
    return word


def field_lines(field, depth):
    versions = field.get("versions") or field["taggedVersions"]
    words = [field["name"], field["type"], versions]
    for key, name in (("nullableVersions", "nullable"), ("flexibleVersions", "flexible"),
                      ("tag", "tag"), ("taggedVersions", "tagged")):
        if field.get(key) is not None and field[key] != "":
            words.append(f"{name}={field[key]}")
    default = default_fact(field)
    if default is not None:
        words.append(f"default={default}")
    if field.get("entityType"):
        words.append(f"entity={field['entityType']}")
    for key, name in (("mapKey", "key"), ("ignorable", "ignorable")):
        if field.get(key):
            words.append(name)
    yield " " * depth + " ".join(words)
    for inner in field.get("fields") or []:
        yield from field_lines(inner, depth + 1)


def message_lines(message, module):
    words = ["message", message["name"], message["type"],
             f"versions={message['validVersions']}",
             f"flexible={message.get('flexibleVersions', 'none')}"]
    if "apiKey" in message:
        words.append(f"apikey={message['apiKey']}")
    if message.get("latestVersionUnstable"):
        words.append("unstable")
    if message.get("listeners"):
        words.append("listeners=" + ",".join(sorted(message["listeners"])))
    words.append(f"module={module}")
    yield " ".join(words)
    for field in message.get("fields") or []:
        yield from field_lines(field, 1)
    for struct in message.get("commonStructs") or []:
        yield f" struct {struct['name']} {struct['versions']}"
        for field in struct["fields"]:
            yield from field_lines(field, 2)


def extract(schema_dir):
    lines = ["# Facts of Kafka's message schemas; format and origin: schema/README.md"]
    for module in MODULES:
        folder = pathlib.Path(schema_dir) / module
        paths = sorted(folder.glob("*.json"))
        if not paths:
            raise FileNotFoundError(f"no schemas in {folder}")
        for path in paths:
            message = json.loads(strip_comments(path.read_text(encoding="utf-8")))
            lines.append("")
            lines.extend(message_lines(message, module))
    return "\n".join(lines) + "\n"


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    pathlib.Path(sys.argv[2]).write_text(extract(sys.argv[1]), encoding="utf-8")


if __name__ == "__main__":
    main()
