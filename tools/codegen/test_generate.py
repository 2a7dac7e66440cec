#!/usr/bin/env python3
"""One test per construct of the schema language: what the generator makes of it."""
import pathlib
import sys
import tempfile
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import emit_message  # noqa: E402
import emit_tables  # noqa: E402
import extract  # noqa: E402
import generate  # noqa: E402
import model  # noqa: E402


def parse(*lines):
    return model.parse_table("\n".join(lines))


def message(fields, versions="0-5", flexible="none", kind="request", extra=""):
    head = f"message DemoRequest {kind} versions={versions} flexible={flexible} apikey=7{extra}"
    return parse(head, *fields)[0]


def header(*fields, **options):
    return emit_message.header(message(fields, **options))


def source(*fields, **options):
    return emit_message.source(message(fields, **options))


class VersionsTest(unittest.TestCase):
    def test_ranges(self):
        self.assertIn(3, model.Versions.parse("3"))
        self.assertNotIn(4, model.Versions.parse("3"))
        self.assertIn(99, model.Versions.parse("3+"))
        self.assertIn(4, model.Versions.parse("1-4"))
        self.assertFalse(model.Versions.parse("none"))


class NamesTest(unittest.TestCase):
    def test_snake_case(self):
        self.assertEqual(model.snake_case("ThrottleTimeMs"), "throttle_time_ms")
        self.assertEqual(model.snake_case("KRaftVersionRecord"), "kraft_version_record")
        self.assertEqual(model.snake_case("ISRNodes"), "isr_nodes")
        self.assertEqual(model.snake_case("V3AndBelowTopics"), "v3_and_below_topics")

    def test_keywords_get_an_underscore(self):
        self.assertIn("int32_t default_ = 0;", header(" Default int32 0+"))


class StructTest(unittest.TestCase):
    def test_constants_and_response(self):
        text = header(" A int8 0+", flexible="2+")
        for expected in ('kName = "DemoRequest"', "kApiKey{7}", "kMinVersion = 0",
                         "kMaxVersion = 5", "kFirstFlexible = 2", "using Response = DemoResponse"):
            self.assertIn(expected, text)

    def test_coordinator_records_have_a_type_instead_of_a_key(self):
        self.assertIn("kRecordType = 7", header(" A int8 0+", kind="coordinator-key"))

    def test_defaults(self):
        text = header(" A int32 0+ default=-1", " B bool 0+ default=true", " C string 0+",
                      " D string 0+ nullable=0+", " E string 0+ nullable=0+ default=null",
                      " F []int32 0+ nullable=0+", " G []int32 0+", " H float64 0+",
                      " I int32 0+ default=-2147483648")
        for expected in ("int32_t a = -1;", "bool b = true;", "std::string_view c{};",
                         'std::string_view d = "";', "std::string_view e{};",
                         "std::span<int32_t> f = empty_array<int32_t>();",
                         "std::span<int32_t> g{};", "double h = 0.0;",
                         "int32_t i = (-2147483647 - 1);"):
            self.assertIn(expected, text)

    def test_types(self):
        text = header(" A uint16 0+", " B uuid 0+", " C bytes 0+", " D records 0+ nullable=0+",
                      " E []string 0+", " F uint32 0+")
        for expected in ("uint16_t a", "Uuid b", "Bytes c", "wire::Records d",
                         "std::span<std::string_view> e", "uint32_t f"):
            self.assertIn(expected, text)

    def test_nested_structs_come_before_their_users(self):
        text = header(" A []Outer 0+", "  B []Inner 0+", "   C int8 0+")
        self.assertLess(text.index("struct Inner {"), text.index("struct Outer {"))

    def test_common_structs_are_declared_once(self):
        text = header(" A []Shared 0+", " B []Shared 2+", " struct Shared 0+", "  C int8 0+")
        self.assertEqual(text.count("struct Shared {"), 1)

    def test_unknown_tags_only_where_flexible(self):
        self.assertIn("UnknownTags unknown_tags", header(" A int8 0+", flexible="1+"))
        self.assertNotIn("UnknownTags", header(" A int8 0+"))

    def test_fields_of_no_valid_version_are_left_out(self):
        self.assertNotIn("old", header(" Old int8 0-1", " New int8 0+", versions="2-5"))


class DecodeTest(unittest.TestCase):
    def test_version_conditions(self):
        text = source(" A int8 0+", " B int8 2+", " C int8 0-3", " D int8 1-2")
        for expected in ("if (version >= 2) {\n    message.b", "if (version <= 3) {\n    message.c",
                         "if (version >= 1 && version <= 2) {\n    message.d"):
            self.assertIn(expected, text)
        self.assertIn("\n  message.a = reader.i8();", text)

    def test_neighbours_of_fixed_size_are_read_together(self):
        text = source(" A int32 0+", " B int16 0+", " C string 0+", " D int8 0+")
        self.assertIn("read_run<6>(reader)", text)
        self.assertIn("message.b = load<int16_t>(at + 4);", text)
        self.assertIn("message.d = reader.i8();", text)

    def test_strings(self):
        text = source(" A string 0+ nullable=3+", flexible="2+")
        self.assertIn("message.a = reader.string(flexible, version >= 3);", text)

    def test_a_field_may_stay_old_style_in_flexible_versions(self):
        text = source(" A string 0+ flexible=none", flexible="0+")
        self.assertIn("reader.string(false, false)", text)

    def test_arrays_know_their_least_element(self):
        text = source(" A []Item 0+", "  B string 0+", "  C int32 0+", "  D int64 3+",
                      flexible="2+")
        self.assertIn("read_count<DemoRequest::Item, 6>(reader, flexible, false)", text)

    def test_arrays_of_numbers(self):
        self.assertIn("read_numbers<int32_t>(reader, false, false)", source(" A []int32 0+"))

    def test_nullable_structs(self):
        text = source(" A Item 0+ nullable=0+ default=null", "  B int8 0+")
        self.assertIn("if (reader.i8() < 0) {", text)
        self.assertIn("reader.allocate_one<DemoRequest::Item>()", text)

    def test_tagged_fields(self):
        text = source(" A int32 1+ tag=3 tagged=1+", " B string 0+", flexible="0+")
        self.assertIn("case 3: {\n        if (!(version >= 1)) return tags.reject();", text)
        self.assertIn("default: tags.keep();", text)

    def test_a_null_struct_inside_a_tagged_field_is_a_varint(self):
        text = source(" A Item 0+ nullable=0+ tag=0 tagged=0+ default=null", "  B int8 0+",
                      flexible="0+")
        self.assertIn("if (reader.uvarint() == 0) {", text)
        self.assertIn("writer.uvarint(0);", text)

    def test_a_field_tagged_only_in_newer_versions_is_plain_before(self):
        text = source(" A int32 0+ tag=0 tagged=3+", flexible="3+")
        self.assertIn("if (version <= 2) {\n    message.a = reader.i32();", text)
        self.assertIn("case 0:", text)


class EncodeTest(unittest.TestCase):
    def test_value_the_version_cannot_carry(self):
        text = source(" A int32 2+ default=-1", " B int32 3+ ignorable")
        self.assertIn('if (message.a != -1) {\n      return cannot_encode(writer, '
                      'DemoRequest::kName, "a", version);', text)
        self.assertNotIn('"b"', text)

    def test_null_the_version_cannot_carry(self):
        text = source(" A []int32 0+ nullable=2+")
        self.assertIn("if (!(version >= 2) && message.a.data() == nullptr) return cannot_encode",
                      text)

    def test_tagged_fields_are_written_when_not_default(self):
        text = source(" A int32 0+ tag=1 tagged=0+ default=5", " B Item 0+ tag=0 tagged=0+",
                      "  C int8 0+", flexible="0+")
        self.assertIn("const bool has_1 = message.a != 5;", text)
        self.assertIn("const bool has_0 = !is_default(message.b);", text)
        self.assertLess(text.index("tags.begin(0)"), text.index("tags.begin(1)"))
        self.assertIn("bool is_default(const DemoRequest::Item& message)", text)

    def test_fixed_runs(self):
        self.assertIn("store<int64_t>(at + 4, message.b);", source(" A int32 0+", " B int64 0+"))


class TableTest(unittest.TestCase):
    REQUEST = "message InitRequest request versions=0-6 flexible=2+ apikey=22 unstable"
    RESPONSE = "message InitResponse response versions=0-6 flexible=2+ apikey=22"

    def test_unstable_versions_are_left_out_of_both(self):
        messages = parse(self.REQUEST, " A int8 6+", " B int8 0+", "", self.RESPONSE, " C int8 0+")
        self.assertEqual([m.versions.high for m in messages], [5, 5])
        self.assertNotIn("int8_t a", emit_message.header(messages[0]))

    def test_api_rows(self):
        messages = parse(self.REQUEST + " listeners=broker", " B int8 0+", "", self.RESPONSE,
                         " C int8 0+")
        self.assertIn('{ApiKey::kInit, "Init", 0, 5, 2, 2, true, false},',
                      emit_tables.api_rows(messages))

    def test_keys_of_dead_apis_stay_known(self):
        messages = parse("message OldRequest request versions=none flexible=none apikey=4")
        self.assertIn("kOld = 4,", emit_tables.api_key_header(messages))
        self.assertNotIn("proto/messages/old_request.h", generate.outputs(messages))

    def test_mistakes_in_the_table(self):
        with self.assertRaisesRegex(ValueError, "unknown type Item"):
            message([" A []Item 0+"])
        with self.assertRaisesRegex(ValueError, "a tag twice"):
            message([" A int8 0+ tag=0 tagged=0+", " B int8 0+ tag=0 tagged=0+"], flexible="0+")
        with self.assertRaisesRegex(ValueError, "contains itself"):
            message([" A []Item 0+", " struct Item 0+", "  B []Item 0+"])


class OutputTest(unittest.TestCase):
    def test_files_are_touched_only_when_they_change_and_old_ones_removed(self):
        with tempfile.TemporaryDirectory() as folder:
            out = pathlib.Path(folder)
            generate.write_changed(out, {"proto/a.h": "one", "proto/b.h": "two"})
            before = (out / "proto/a.h").stat().st_mtime_ns
            generate.remove_stale(out, {"proto/a.h": "one"})
            generate.write_changed(out, {"proto/a.h": "one"})
            self.assertEqual((out / "proto/a.h").stat().st_mtime_ns, before)
            self.assertFalse((out / "proto/b.h").exists())


class ExtractTest(unittest.TestCase):
    def test_comments(self):
        self.assertEqual(extract.strip_comments('{"a": "http://x", // no\n"b": 1}'),
                         '{"a": "http://x", \n"b": 1}')

    def test_defaults(self):
        def fact(type_name, value):
            return extract.default_fact({"type": type_name, "default": value})
        self.assertEqual(fact("int32", "0x7fffffff"), "2147483647")
        self.assertEqual(fact("int32", "-1"), "-1")
        self.assertIsNone(fact("int32", "0"))
        self.assertEqual(fact("string", "null"), "null")
        self.assertIsNone(fact("string", None))
        self.assertIsNone(fact("bool", "False"))
        self.assertEqual(fact("bool", True), "true")

    def test_a_field_only_tagged_has_the_tagged_versions(self):
        field = {"name": "A", "type": "int8", "taggedVersions": "1+", "tag": 0, "about": "prose"}
        self.assertEqual(list(extract.field_lines(field, 1)), [" A int8 1+ tag=0 tagged=1+"])


if __name__ == "__main__":
    unittest.main()
