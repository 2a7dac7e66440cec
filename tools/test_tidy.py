#!/usr/bin/env python3
"""Tests of tidy.py: each rule finds what it is for and leaves the rest alone."""

import contextlib
import io
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import tidy  # noqa: E402


def rules(path, text):
    return sorted({finding.rule for finding in tidy.check_file(path, text)})


def lines_of(path, text, rule):
    return [f.line for f in tidy.check_file(path, text) if f.rule == rule]


def function(lines):
    """A C++ function of that many lines, signature and closing brace included."""
    return "void work() {\n" + "  step();\n" * (lines - 2) + "}\n"


class Lines(unittest.TestCase):
    def test_columns(self):
        self.assertEqual(rules("src/io/a.cc", "x" * 100 + "\n"), [])
        self.assertEqual(rules("src/io/a.cc", "x" * 101 + "\n"), ["columns"])
        self.assertEqual(rules("docs/a.md", "# A\n" + "x" * 200 + "\n"), [])
        self.assertEqual(rules("src/proto/error_table.h", "x" * 200 + "\n"), [])

    def test_white_space(self):
        self.assertEqual(rules("src/io/a.cc", "int a; \n"), ["space"])
        self.assertEqual(rules("src/io/a.cc", "int a;"), ["space"])
        self.assertEqual(rules("src/io/a.cc", "\tint a;\n"), ["tab"])
        self.assertEqual(rules("Makefile", "a:\n\techo\n"), [])

    def test_data_files_are_free(self):
        self.assertEqual(rules("tests/golden/kafka.txt", "a\t \n"), [])
        self.assertEqual(rules("schema/kafka.txt", "x" * 300), [])


class Words(unittest.TestCase):
    def test_machine_paths(self):
        self.assertEqual(rules("docs/a.md", "# A\nsee /wor" "k/main/x\n"), ["machine-path"])
        self.assertEqual(rules("src/io/a.cc", '// "/roo' 't/x"\n'), ["machine-path"])
        self.assertEqual(rules("docs/a.md", "# A\nsee ../shared/peers and network/main\n"), [])

    def test_registries(self):
        self.assertEqual(rules("docs/a.md", "# A\nfrom py" "pi.org\n"), ["registry"])
        self.assertEqual(rules("docs/a.md", "# A\nfrom kafka.apache.org\n"), [])

    def test_foreign_pages(self):
        self.assertEqual(rules("src/io/a.cc", "// see sty" "le.md section 5\n"), ["foreign-page"])
        self.assertEqual(rules("src/io/a.cc", "// see docs/architecture.md\n"), [])

    def test_todo_needs_an_issue(self):
        self.assertEqual(rules("src/io/a.cc", "// TO" "DO later\n"), ["todo"])
        self.assertEqual(rules("src/io/a.cc", "// FIX" "ME\n"), ["todo"])
        self.assertEqual(rules("src/io/a.cc", "// TODO(#12): the second codec\n"), [])


class Banned(unittest.TestCase):
    def test_waiting_and_detaching(self):
        self.assertEqual(rules("tests/e2e/a_test.cc", "std::this_thread::sleep_for(1s);\n"),
                         ["banned"])
        self.assertEqual(rules("src/rpc/a.cc", "spawn(f(), detached);\n"), ["banned"])
        self.assertEqual(rules("src/io/a.cc", "spawn(f(), detached);\n"), [])

    def test_printing(self):
        self.assertEqual(rules("src/rpc/a.cc", "std::cout << 1;\n"), ["banned"])
        self.assertEqual(rules("src/rpc/a.cc", "printf(x);\n"), ["banned"])
        self.assertEqual(rules("src/rpc/a.cc", "std::snprintf(x);\n"), [])

    def test_new_and_delete(self):
        for code in ("auto* a = new A;", "auto* a = new (memory) A;", "delete a;", "delete[] a;"):
            self.assertEqual(rules("src/rpc/a.cc", code + "\n"), ["banned"], code)
        for code in ("A(const A&) = delete;", "void* operator new(size_t);", "int renew = newer;",
                     "// a new thing", 'say("new thing");', "new_one(a);", "operator delete(p);"):
            self.assertEqual(rules("src/rpc/a.cc", code + "\n"), [], code)
        self.assertEqual(rules("src/base/a.cc", "auto* a = new A;\n"), [])
        for owned in ("return std::unique_ptr<Writer>(new Writer(path));",
                      "std::unique_ptr<Writer> writer(new Writer(path));"):
            self.assertEqual(rules("src/store/a.cc", owned + "\n"), [])

    def test_allowed_with_a_reason_only(self):
        self.assertEqual(rules("src/log/a.cc", "new A;  // tidy: allow new, counted\n"), [])
        self.assertEqual(rules("src/log/a.cc", "// tidy: allow new, freed by itself\nnew A;\n"), [])
        self.assertEqual(rules("src/log/a.cc", "new A;  // tidy: allow new\n"), ["banned"])

    def test_skipped_tests(self):
        self.assertEqual(rules("src/io/a_test.cc", "GTEST_" "SKIP();\n"), ["banned"])
        self.assertEqual(rules("src/io/a_test.cc", "TEST(A, DISABLED_B) {}\n"), ["banned"])


class Sizes(unittest.TestCase):
    def test_file_length(self):
        self.assertEqual(rules("src/io/a.h", "//\n" * 800), [])
        self.assertEqual(rules("src/io/a.h", "//\n" * 801), ["file-length"])
        self.assertEqual(rules("src/io/names_table.h", "//\n" * 801), [])

    def test_long_files_are_named(self):
        self.assertEqual(len(list(tidy.long_files({"src/io/a.h": "//\n" * 401}))), 1)
        self.assertEqual(len(list(tidy.long_files({"src/io/a.h": "//\n" * 400}))), 0)

    def test_function_length(self):
        self.assertEqual(rules("src/io/a.cc", function(70)), [])
        self.assertEqual(rules("src/io/a.cc", function(71)), ["function-length"])

    def test_function_inside_namespace_class_and_template(self):
        for before, after in (("namespace a {\n", "}\n"), ("class A {\n", "};\n"),
                              ("template <class T>\nstruct A {\n", "};\n"),
                              ("extern \"C\" {\n", "}\n"), ("template <class T>\n", "")):
            text = before + function(69) + function(72) + after
            self.assertEqual(len(lines_of("src/io/a.cc", text, "function-length")), 1, before)

    def test_class_and_namespace_may_be_long(self):
        body = "  int a();\n" * 100
        self.assertEqual(rules("src/io/a.h", "class A : public B {\n" + body + "};\n"), [])
        self.assertEqual(rules("src/io/a.h", "namespace a::b {\n" + body + "}\n"), [])

    def test_braces_in_literals_and_macros_do_not_count(self):
        text = ("#define A(x) \\\n  do { x \\\n\n" 'void f() { g("{{{"); h(\'{\'); }  // {\n'
                'auto t = R"({ " { )";\n' + "int a;\n" * 100)
        self.assertEqual(rules("src/io/a.cc", text), [])

    def test_lambda_counts_as_part_of_its_function(self):
        text = "void f() {\n  g([] {\n" + "    h();\n" * 80 + "  });\n}\n"
        self.assertEqual(lines_of("src/io/a.cc", text, "function-length"), [1])

    def test_python_function_length(self):
        self.assertEqual(rules("tools/a.py", "def f():\n" + "    g()\n" * 69), [])
        self.assertEqual(rules("tools/a.py", "def f():\n" + "    g()\n" * 70), ["function-length"])


class Includes(unittest.TestCase):
    def test_downward_only(self):
        self.assertEqual(rules("src/wire/a.cc", '#include "base/bytes.h"\n'), [])
        self.assertEqual(rules("src/base/a.cc", '#include "wire/reader.h"\n'), ["layer"])
        self.assertEqual(rules("src/rpc/a.cc", '#include "proto/messages/x.h"\n'), [])
        self.assertEqual(rules("src/io/a.cc", '#include "proto/messages/x.h"\n'), ["layer"])

    def test_products_do_not_meet(self):
        products = ("client", "broker", "proxy", "backup")
        for one in products:
            for other in set(products) - {one}:
                self.assertEqual(rules(f"src/{one}/a.cc", f'#include "{other}/a.h"\n'), ["layer"])

    def test_tests_may_use_the_broker(self):
        self.assertEqual(rules("src/proxy/a_test.cc", '#include "broker/broker.h"\n'), [])
        self.assertEqual(rules("src/proxy/a_test.cc", '#include "backup/engine.h"\n'), ["layer"])

    def test_unknown_folder(self):
        self.assertEqual(rules("src/helpers/a.cc", '#include "base/a.h"\n'), ["layer"])

    def test_full_path(self):
        self.assertEqual(rules("src/wire/a.cc", '#include "reader.h"\n'), ["include-path"])
        self.assertEqual(rules("apps/odk/a.cc", '#include "commands.h"\n'), [])

    def test_third_party_has_one_home(self):
        for header, home, elsewhere in (
                ("boost/asio.hpp", "src/io/a.cc", "src/rpc/a.cc"),
                ("boost/beast.hpp", "src/http/a.cc", "src/obs/a.cc"),
                ("spdlog/spdlog.h", "src/base/log.cc", "src/base/error.cc"),
                ("yaml-cpp/yaml.h", "src/config/yaml.cc", "src/broker/a.cc"),
                ("CLI/CLI.hpp", "apps/odk/main.cc", "src/config/a.cc"),
                ("curl/curl.h", "src/web/ask.cc", "src/store/s3.cc"),
                ("prometheus/counter.h", "src/obs/a.cc", "src/rpc/a.cc")):
            self.assertEqual(rules(home, f"#include <{header}>\n"), [], header)
            self.assertEqual(rules(elsewhere, f"#include <{header}>\n"), ["third-party"], header)

    def test_public_headers(self):
        self.assertEqual(rules("include/odradek/a.h", '#include "odradek/b.h"\n'), [])
        self.assertEqual(rules("include/odradek/a.h", '#include "base/b.h"\n'), ["public-header"])
        self.assertEqual(rules("include/odradek/a.h", "#include <boost/a.hpp>\n"), ["third-party"])


class Pages(unittest.TestCase):
    def test_one_title(self):
        self.assertEqual(rules("docs/a.md", "# A\n\n```\n# a comment\n```\n## B\n"), [])
        self.assertEqual(rules("docs/a.md", "# A\n# B\n"), ["one-title"])
        self.assertEqual(rules("docs/a.md", "no title\n"), ["one-title"])


class Tree(unittest.TestCase):
    def found(self, check, files):
        return [(f.path, f.rule) for f in check(files)]

    def test_readme_of_each_folder(self):
        page = "# io\n" + "line\n" * 25
        good = {"src/io/a.h": "", "src/io/README.md": page}
        self.assertEqual(self.found(tidy.check_folders, good), [])
        missing = [("src/io/README.md", "readme")]
        self.assertEqual(self.found(tidy.check_folders, {"src/io/a.h": ""}), missing)
        short = {"src/io/a.h": "", "src/io/README.md": "# io\n"}
        self.assertEqual(self.found(tidy.check_folders, short), missing)

    def test_dead_headers(self):
        files = {"src/io/a.h": "", "src/io/b.h": "", "src/io/a.cc": '#include "io/a.h"\n'}
        dead = [("src/io/b.h", "dead-header")]
        self.assertEqual(self.found(tidy.check_dead_headers, files), dead)

    def test_links(self):
        page = "# A\n[a](b.md) [c](adr/) [d](b.md#part) [e](https://a.org/) [f](gone.md)\n"
        files = {"docs/a.md": page, "docs/b.md": "", "docs/adr/1.md": ""}
        found = list(tidy.check_links(files))
        self.assertEqual([(f.rule, f.text) for f in found], [("dead-link", "gone.md")])

    def test_link_lists(self):
        def findings(text):
            return self.found(tidy.check_modules, {"cmake/modules.cmake": text})
        self.assertEqual(findings("odk_module(rpc DEPS proto io auth LIBS odk_asio ASIO)\n"
                                  "odk_module(base LIBS fmt::fmt)\n"), [])
        self.assertEqual(findings("odk_module(client DEPS cluster LIBS x TEST_DEPS broker)\n"), [])
        self.assertEqual(len(findings("odk_module(client DEPS cluster broker LIBS x)\n")), 1)
        self.assertEqual(len(findings("odk_module(helpers DEPS base)\n")), 1)

    def test_reading_skips_build_products_and_binaries(self):
        with tempfile.TemporaryDirectory() as folder:
            root = pathlib.Path(folder)
            for path, data in (("build/dev/a.cc", b""), ("src/io/a.cc", b"int a;\n"),
                               ("src/io/a.o", b"\0\1")):
                (root / path).parent.mkdir(parents=True, exist_ok=True)
                (root / path).write_bytes(data)
            self.assertEqual(list(tidy.read_tree(root)), ["src/io/a.cc"])


class Exit(unittest.TestCase):
    def test_status(self):
        with tempfile.TemporaryDirectory() as folder:
            page = pathlib.Path(folder, "README.md")
            for text, status in (("# A\n", 0), ("# A\n# B\n", 1)):
                page.write_text(text)
                with contextlib.redirect_stdout(io.StringIO()):
                    self.assertEqual(tidy.main([folder]), status)


if __name__ == "__main__":
    unittest.main()
