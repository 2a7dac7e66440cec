#!/usr/bin/env python3
"""House rules that neither the compiler nor clang-tidy checks. Runs as the test `tidy`.

usage: tidy.py [ROOT]     prints one line a finding, exit 1 when there is any; standard library only

A line may break a banned-word rule with a reason: `// tidy: allow new, the block frees itself`
on the line or the one above it.
"""

import ast
import os
import pathlib
import re
import sys
from typing import NamedTuple

COLUMNS_MAX = 100
FUNCTION_LINES_MAX = 70
FILE_LINES_AIM = 400
FILE_LINES_MAX = 800
README_LINES = range(20, 61)

# Which folders of src/ a folder may include, directly. Downward only; products never meet.
MAY_INCLUDE = {
    "base": "",
    "wire": "base",
    "proto": "base wire",
    "config": "base",
    "io": "base",
    "auth": "base",
    "http": "base io",
    "web": "base io http",
    "obs": "base io http",
    "rpc": "base wire proto io auth",
    "log": "base wire io",
    "store": "base wire auth web config",
    "cluster": "base wire proto io auth rpc",
    "client": "base wire proto io auth rpc cluster web",
    "broker": "base wire proto io auth rpc log http obs config",
    "proxy": "base wire proto io auth rpc cluster http web obs config",
    "backup": "base wire proto io auth rpc cluster http obs config store",
    "testing": "base wire proto io auth rpc cluster web client log http obs config store broker",
}
# What tests inside src/ may include besides.
TEST_EXTRA = {"testing", "broker", "client"}

# Third-party headers with one home: header prefix -> where it may be included.
THIRD_PARTY_HOMES = {
    "boost/": r"src/(io|http)/",
    "spdlog/": r"src/base/log\.cc$",
    "yaml-cpp/": r"src/config/|apps/|src/.*config[^/]*\.cc$",
    "CLI/": r"apps/",
    "curl/": r"src/web/",
    "pugixml": r"src/store/",
    "prometheus/": r"src/obs/",
}

# name, pattern in code (comments and strings removed), files it applies to, files exempt, why
BANNED = [
    ("sleep_for", r"\b(sleep_for|this_thread::sleep_until)\b|\b(u|nano)sleep\s*\(",
     r"\.(cc|h)$", None, "wait for a condition with a deadline"),
    ("detached", r"\bdetached\b|\.detach\s*\(", r"\.(cc|h)$", r"src/io/",
     "spawn into a TaskGroup that is joined"),
    ("std::cout", r"\bstd::(cout|cerr)\b|(?<![\w:])printf\s*\(", r"^(src|apps)/.*\.(cc|h)$",
     r"_test\.cc$", "libraries log, programs print with fmt"),
    ("new", r"(?<!operator )(?<!\w)new\b\s*[\w:(<\[]", r"^(src|apps|include)/.*\.(cc|h)$",
     r"src/base/", "use make_unique, a container or an Arena"),
    ("delete", r"(?<!operator )(?<!\w)delete\b\s*(\[\s*\])?\s*[\w:(*]",
     r"^(src|apps|include)/.*\.(cc|h)$", r"src/base/", "give the object an owner"),
    ("GTEST_SKIP", r"\bGTEST_SKIP\b|\bDISABLED_", r"\.(cc|h)$", None, "no test is skipped"),
]

# The way to an object whose constructor is private.
OWNED_AT_ONCE = re.compile(r"\b(unique_ptr|shared_ptr)<[^;{}()]*>(\s+\w+)?\s*\(\s*\Z")

SKIPPED_FOLDERS = {"build", ".git", ".cache", "__pycache__", "node_modules", "target", ".venv"}
DATA = re.compile(r"^(schema/|tests/golden/.*\.(txt|hex|json|tsv|csv)$|examples/data/.*\.csv$"
                  r"|fuzz/corpus/|bench/results/)|\.(bin|gz|zst|lz4|png|svg|jks|p12)$")
TABLE = re.compile(r"_tables?\.(h|cc|py)$")
TABS_ALLOWED = re.compile(r"(^|/)Makefile$|\.(go|mk|tsv)$|(^|/)go\.(mod|sum)$")
CODE = re.compile(r"\.(h|cc|c|py|sh|cmake|java|go)$|(^|/)(CMakeLists\.txt|Makefile)$|^\.ci/run$")
CPP = re.compile(r"\.(h|cc)$")
SELF = re.compile(r"^tools/(test_)?tidy\.py$")

# Split so that this file does not find itself.
MACHINE_PATH = re.compile(r"(?<![\w.])/(wor" r"k/(main|shared|steering|scratch|\.library)"
                          r"|tm" r"p/brief|roo" r"t/|hom" r"e/[a-z])")
REGISTRY = re.compile(
    r"\b(pypi\.org|pythonhosted\.org|npmjs\.(org|com)|(proxy|sum)\.golang\.org|crates\.io"
    r"|repo1?\.maven\.(apache\.)?org|(deb|snapshot|security)\.debian\.org"
    r"|(docker|ghcr|quay)\.io)\b")

# Pages that are not in this repository.
FOREIGN_PAGE = re.compile(r"\b(style|stack|object-store|partition-proxy)\.md\b"
                          r"|\bshared/desi" r"gn\b")
MARKDOWN_LINK = re.compile(r"\]\(([^)#:\s]+)(#[^)]*)?\)")

LITERAL_OR_COMMENT = re.compile(
    r'R"(?P<raw>[^()\\\s]{0,16})\((?:.|\n)*?\)(?P=raw)"'
    r'|"(?:\\.|[^"\\\n])*"|(?<![0-9a-fA-F])\'(?:\\.|[^\'\\\n])+\''
    r"|//[^\n]*|/\*(?:.|\n)*?\*/")
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]+(["<])([^">]+)[">]', re.M)


class Finding(NamedTuple):
    path: str
    line: int
    rule: str
    text: str

    def __str__(self):
        return f"{self.path}:{self.line}: {self.rule}: {self.text}"


def strip_cpp(text):
    """The code with comments and literals blanked, line numbers kept."""
    def blank(match):
        return re.sub(r"[^\n]", " ", match.group())
    return LITERAL_OR_COMMENT.sub(blank, text)


def line_of(text, position):
    return text.count("\n", 0, position) + 1


def check_lines(path, text):
    tabs_allowed = TABS_ALLOWED.search(path)
    long_allowed = not CODE.search(path) or TABLE.search(path)
    for number, line in enumerate(text.split("\n"), 1):
        if line != line.rstrip():
            yield Finding(path, number, "space", "white space at the end of the line")
        if "\t" in line and not tabs_allowed:
            yield Finding(path, number, "tab", "tab")
        if len(line) > COLUMNS_MAX and not long_allowed:
            yield Finding(path, number, "columns", f"{len(line)} columns, at most {COLUMNS_MAX}")
    if text and not text.endswith("\n"):
        yield Finding(path, text.count("\n") + 1, "space", "no line end at the end of the file")


def check_words(path, text):
    if SELF.search(path):
        return
    for pattern, rule, why in ((MACHINE_PATH, "machine-path", "a path of one machine"),
                               (REGISTRY, "registry", "a host name of a package registry"),
                               (FOREIGN_PAGE, "foreign-page", "not a page of this repository")):
        for match in pattern.finditer(text):
            yield Finding(path, line_of(text, match.start()), rule, f"{why}: {match.group()}")
    if CODE.search(path):
        for match in re.finditer(r"\bFIXME\b|\bXXX\b|\bTODO\b(?!\(#\d+\))", text):
            yield Finding(path, line_of(text, match.start()), "todo",
                          f"{match.group()}: only TODO(#issue) is known")


def allowed_here(lines, number, word):
    """True when the line or the one above allows the word and gives a reason."""
    pattern = re.compile(rf"tidy: allow {re.escape(word)}, \S+")
    return any(pattern.search(lines[n - 1]) for n in (number, number - 1) if n >= 1)


def check_banned(path, text, code):
    lines = text.split("\n")
    for word, pattern, applies, exempt, instead in BANNED:
        if not re.search(applies, path) or (exempt and re.search(exempt, path)):
            continue
        for match in re.finditer(pattern, code):
            number = line_of(code, match.start())
            if word == "new" and OWNED_AT_ONCE.search(code, 0, match.start()):
                continue
            if not allowed_here(lines, number, word):
                yield Finding(path, number, "banned", f"{match.group().strip()}: {instead}")


def check_size(path, text):
    lines = text.count("\n")
    if lines > FILE_LINES_MAX and not TABLE.search(path):
        yield Finding(path, lines, "file-length", f"{lines} lines, at most {FILE_LINES_MAX}")


def block_kind(head, inside_function):
    """What a `{` after `head` opens: namespace, type, function or anything else."""
    if inside_function:
        return "other"
    head = re.sub(r"\btemplate\s*<[^{}()]*?>(?=\s*[\w\[:])", " ", head).strip()
    if re.search(r"\bnamespace\b", head) or re.fullmatch(r"extern", head):
        return "namespace"
    if re.search(r"\b(class|struct|union|enum)\b", head) and not head.endswith(")"):
        return "type"
    return "function" if ")" in head else "other"


def functions_of(code):
    """(first line, last line, head) of each function, by braces: a heuristic, not a parser."""
    code = re.sub(r"^[ \t]*#(?:[^\n]*\\\n)*[^\n]*", lambda m: re.sub(r"[^\n]", " ", m.group()),
                  code, flags=re.M)
    stack, head_start, depth = [], 0, 0
    for match in re.finditer(r"[{};]", code):
        char, at = match.group(), match.start()
        if char == "{":
            head = code[head_start:at]
            kind = block_kind(head, depth > 0)
            first = at if not head.strip() else head_start + len(head) - len(head.lstrip())
            stack.append((kind, first, head))
            depth += kind == "function"
        elif char == "}" and stack:
            kind, first, head = stack.pop()
            if kind == "function":
                depth -= 1
                yield line_of(code, first), line_of(code, at), " ".join(head.split())
        head_start = match.end()


def check_function_lengths(path, code):
    for first, last, head in functions_of(code):
        if last - first + 1 > FUNCTION_LINES_MAX:
            yield Finding(path, first, "function-length",
                          f"{last - first + 1} lines, at most {FUNCTION_LINES_MAX}: {head[:60]}")


def check_python(path, text):
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield Finding(path, error.lineno or 1, "python", str(error.msg))
        return
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
            lines = node.end_lineno - node.lineno + 1
            if lines > FUNCTION_LINES_MAX:
                yield Finding(path, node.lineno, "function-length",
                              f"{lines} lines, at most {FUNCTION_LINES_MAX}: {node.name}")


def includes_of(text):
    """(line, quote, header) of each include."""
    for match in INCLUDE.finditer(text):
        yield line_of(text, match.start()), match.group(1), match.group(2)


def check_includes(path, text):
    folder = path.split("/")[1] if re.match(r"src/[^/]+/", path) else None
    is_test = path.endswith(("_test.cc", "_fuzz.cc", "_bench.cc"))
    for line, quote, header in includes_of(text):
        if quote == '"':
            if folder and "/" not in header:
                yield Finding(path, line, "include-path", f'"{header}": full path from src/')
            elif folder:
                yield from check_direction(path, line, folder, header.split("/")[0], is_test)
        for prefix, home in THIRD_PARTY_HOMES.items():
            if header.startswith(prefix) and re.match(r"(src|apps|include)/", path) \
                    and not re.match(home, path):
                yield Finding(path, line, "third-party", f"<{header}> belongs in {home} alone")
        if path.startswith("include/") and quote == '"' and not header.startswith("odradek/"):
            yield Finding(path, line, "public-header", f'"{header}" is not installed')


def check_direction(path, line, folder, target, is_test):
    if folder not in MAY_INCLUDE:
        yield Finding(path, line, "layer", f"src/{folder} is not in the table of tools/tidy.py")
        return
    allowed = {folder, "odradek", *MAY_INCLUDE[folder].split()}
    if is_test:
        allowed |= TEST_EXTRA
    if target not in allowed:
        yield Finding(path, line, "layer", f"src/{folder} must not include {target}/")


def check_markdown(path, text):
    prose = re.sub(r"^(```|~~~).*?^\1", lambda m: "\n" * m.group().count("\n"), text,
                   flags=re.M | re.S)
    titles = [line_of(prose, m.start()) for m in re.finditer(r"^# ", prose, re.M)]
    if len(titles) != 1:
        yield Finding(path, titles[-1] if titles else 1, "one-title",
                      f"{len(titles)} first-level headings, exactly one is wanted")


def check_file(path, text):
    """All findings that need nothing but the file. `path` is relative with forward slashes."""
    yield from check_words(path, text)
    if DATA.search(path):
        return
    yield from check_lines(path, text)
    if path.endswith(".md"):
        yield from check_markdown(path, text)
    if CODE.search(path):
        yield from check_size(path, text)
    if path.endswith(".py"):
        yield from check_python(path, text)
    if CPP.search(path):
        code = strip_cpp(text)
        yield from check_banned(path, text, code)
        yield from check_function_lengths(path, code)
        yield from check_includes(path, text)


def check_folders(files):
    """Every folder of src/ has its page."""
    folders = {path.split("/")[1] for path in files if re.match(r"src/[^/]+/", path)}
    for folder in sorted(folders):
        readme = f"src/{folder}/README.md"
        if readme not in files:
            yield Finding(readme, 1, "readme", "missing: purpose, types, data flow, invariants")
        elif files[readme].count("\n") not in README_LINES:
            lines = files[readme].count("\n")
            yield Finding(readme, 1, "readme", f"{lines} lines, wanted "
                          f"{README_LINES.start} to {README_LINES.stop - 1}")


def check_dead_headers(files):
    included = {header for path, text in files.items() if re.search(r"\.(h|cc|c|py|cmake)$", path)
                for _, _, header in includes_of(text)}
    for path in sorted(files):
        if path.startswith("src/") and path.endswith(".h") and path[4:] not in included:
            yield Finding(path, 1, "dead-header", "no file includes it")


def check_links(files):
    """Relative links of pages lead to files or folders of the tree."""
    for path, text in files.items():
        if not path.endswith(".md"):
            continue
        for match in MARKDOWN_LINK.finditer(text):
            target = os.path.normpath(os.path.join(os.path.dirname(path), match.group(1)))
            if target not in files and not any(p.startswith(target + "/") for p in files):
                yield Finding(path, line_of(text, match.start()), "dead-link", match.group(1))


def check_modules(files):
    """cmake/modules.cmake links no more than the table allows."""
    path = "cmake/modules.cmake"
    text = files.get(path, "")
    for match in re.finditer(r"^odk_module\((\w+)([^)]*)\)", text, re.M):
        name, rest = match.group(1), match.group(2)
        rest = re.sub(r"\bTEST_DEPS\b.*", "", rest, flags=re.S)
        deps = re.search(r"\bDEPS((?:\s+[a-z]\w*)+)", rest)
        extra = set(deps.group(1).split() if deps else []) - set(MAY_INCLUDE.get(name, "").split())
        if name not in MAY_INCLUDE or extra:
            yield Finding(path, line_of(text, match.start()), "layer",
                          f"{name} links {' '.join(sorted(extra)) or 'what no table knows'}")


def read_tree(root):
    """Path -> text of every text file below root, without build products."""
    files = {}
    for folder, names, file_names in os.walk(root):
        names[:] = [n for n in names if n not in SKIPPED_FOLDERS]
        for name in file_names:
            full = pathlib.Path(folder, name)
            if full.is_symlink():
                continue
            data = full.read_bytes()
            if b"\0" not in data[:4096]:
                relative = full.relative_to(root).as_posix()
                files[relative] = data.decode("utf-8", errors="replace")
    return files


def check_tree(files):
    findings = [f for path in sorted(files) for f in check_file(path, files[path])]
    for check in (check_folders, check_dead_headers, check_links, check_modules):
        findings.extend(check(files))
    return findings


def long_files(files):
    for path, text in sorted(files.items()):
        lines = text.count("\n")
        if CPP.search(path) and lines > FILE_LINES_AIM and not TABLE.search(path):
            yield f"info: {path}: {lines} lines, the aim is {FILE_LINES_AIM}"


def main(arguments):
    root = pathlib.Path(arguments[0]) if arguments else pathlib.Path(__file__).parents[1]
    files = read_tree(root.resolve())
    findings = check_tree(files)
    for line in (*long_files(files), *findings):
        print(line)
    print(f"tidy: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
