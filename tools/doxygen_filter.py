#!/usr/bin/env python3
"""Doxygen's input filter: makes the plain comments of our headers documentation.

usage: doxygen_filter.py FILE      prints the file

A comment in front of a declaration becomes `///`, one behind it `///<`. Line numbers stay. In
pages, links become their text: Doxygen would look for their targets among its own.
"""

import pathlib
import re
import sys

BEHIND = re.compile(r"^(?P<code>\s*[^\s/].*?\S)(?P<gap>\s+)// (?P<text>.*)$")


def header(text):
    lines = []
    for line in text.splitlines():
        stripped = line.lstrip()
        if stripped.startswith("// ---"):
            lines.append("")  # a heading between groups of methods
        elif stripped.startswith("// IWYU") or stripped.startswith("#"):
            lines.append(line.split("  //")[0])
        elif stripped.startswith("// "):
            lines.append(line.replace("// ", "/// ", 1))
        elif (match := BEHIND.match(line)) and match["code"].endswith((";", ",", "}", "{")):
            lines.append(f"{match['code']}{match['gap']}///< {match['text']}")
        else:
            lines.append(line)
    return "\n".join(lines) + "\n"


def page(text):
    return re.sub(r"\[([^\]]*)\]\((?!https?:)[^)]*\)", r"\1", text)


def main(argv):
    path = pathlib.Path(argv[1])
    text = path.read_text()
    sys.stdout.write(page(text) if path.suffix == ".md" else header(text))


if __name__ == "__main__":
    main(sys.argv)
