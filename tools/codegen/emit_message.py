"""The .h and .cc of one message: the structs, decode() and encode()."""
import cpp
from cpp import NOTICE, condition, in_parentheses, literal
from model import FIXED_BYTES, NONE, Versions


class Out:
    """Lines of C++ with their indentation."""

    def __init__(self):
        self.lines = []
        self.depth = 0

    def __call__(self, line=""):
        self.lines.append("  " * self.depth + line if line else "")

    def open(self, line):
        self(line)
        self.depth += 1

    def close(self, line="}"):
        self.depth -= 1
        self(line)

    def text(self):
        return "\n".join(self.lines) + "\n"


def first_flexible(message):
    if not message.flexible & message.versions:
        return "kNeverFlexible"
    return str(max(message.flexible.low, 0))


def emit_struct(out, struct, message, head=()):
    out.open(f"struct {struct.name} {{")
    for line in head:
        out(line)
    for nested in message.structs if struct is message.root else ():
        emit_struct(out, nested, message)
    for field in struct.fields:
        out(f"{cpp.field_type(field)} {field.cpp_name} = {cpp.initializer(field)};"
            .replace(" = {};", "{};"))
    if message.flexible & message.versions:
        out("UnknownTags unknown_tags{};")
    out.close("};")
    if struct is not message.root:
        out()


def header(message):
    out = Out()
    out("#pragma once")
    out()
    out('#include "proto/message_base.h"')
    out()
    out("namespace odradek::proto {")
    out()
    if message.kind == "request":
        out(f"struct {response_name(message)};")
        out()
    emit_struct(out, message.root, message, constants(message))
    out()
    out("// Failure is sticky in the reader or writer; the views live as its bytes and arena do.")
    out(f"void decode(wire::Reader& reader, int16_t version, {message.name}& message);")
    out(f"void encode(wire::Writer& writer, int16_t version, const {message.name}& message);")
    out()
    out("}  // namespace odradek::proto")
    return NOTICE + out.text()


def constants(message):
    yield f'static constexpr std::string_view kName = "{message.name}";'
    if message.kind in ("request", "response"):
        yield f"static constexpr ApiKey kApiKey{{{message.api_key}}};"
    elif message.api_key is not None:
        yield f"static constexpr int16_t kRecordType = {message.api_key};"
    yield f"static constexpr int16_t kMinVersion = {message.versions.low};"
    yield f"static constexpr int16_t kMaxVersion = {message.versions.high};"
    yield f"static constexpr int16_t kFirstFlexible = {first_flexible(message)};"
    if message.kind == "request":
        yield f"using Response = {response_name(message)};"
    yield ""


def response_name(message):
    return message.name.removesuffix("Request") + "Response"


class SourceEmitter:
    def __init__(self, message):
        self.message = message
        self.out = Out()
        self.flexible = message.flexible & message.versions
        self.compared = []
        self.default_tests = []  # (struct, the tests of its fields), inner structs first

    # -- shared by both directions

    def scope(self, struct):
        name = self.message.name
        return name if struct is self.message.root else f"{name}::{struct.name}"

    def is_flexible(self, field, possible):
        versions = self.flexible if field is None or field.flexible is None else field.flexible
        return condition(versions, possible)

    def flexible_text(self, field, possible):
        test = self.is_flexible(field, possible)
        return "flexible" if isinstance(test, str) else literal(test)

    def declare_flexible(self, possible):
        test = self.is_flexible(None, possible)
        if isinstance(test, str):
            self.out(f"[[maybe_unused]] const bool flexible = {test};")

    def guarded(self, test, emit, otherwise=None):
        """emit() under the condition `test`, otherwise() elsewhere."""
        if test is True:
            emit()
        elif test is False:
            if otherwise:
                otherwise()
        else:
            self.out.open(f"if ({test}) {{")
            emit()
            if otherwise:
                self.out.close("} else {")
                self.out.depth += 1
                otherwise()
            self.out.close()

    def runs(self, struct, possible):
        """The fields in order; neighbours of fixed size that every version has go together."""
        groups = []
        for field in struct.fields:
            fixed = (field.type in FIXED_BYTES and not field.is_array
                     and condition(field.body, possible) is True)
            if fixed and groups and groups[-1][0]:
                groups[-1][1].append(field)
            else:
                groups.append((fixed, [field]))
        return [fields for _, fields in groups]

    def fixed_run(self, run, begin, each):
        self.out.open("{")
        self.out(begin.format(sum(FIXED_BYTES[field.type] for field in run)))
        offset = 0
        for field in run:
            self.out(each.format(cpp.element_type(field), field.cpp_name, offset))
            offset += FIXED_BYTES[field.type]
        self.out.close()

    # -- decoding

    def read_struct(self, struct, possible):
        out = self.out
        tagged = [f for f in struct.tagged_fields if f.tagged & possible]
        if tagged:
            self.read_tags(struct, tagged, possible)
        out.open(f"void read(wire::Reader& reader, [[maybe_unused]] int16_t version, "
                 f"[[maybe_unused]] {self.scope(struct)}& message) {{")
        self.declare_flexible(possible)
        for run in self.runs(struct, possible):
            if len(run) > 1:
                self.fixed_run(run, "const uint8_t* at = read_run<{}>(reader);",
                               "message.{1} = load<{0}>(at + {2});")
                continue
            field = run[0]
            self.guarded(condition(field.body, possible),
                         lambda: self.read_field(field, field.body & possible))
        for field in tagged:
            if field.is_pointer and field.default != "null":
                out(f"message.{field.cpp_name} = reader.allocate_one<"
                    f"{cpp.element_type(field, self.message.name + '::')}>();")
        if self.flexible & possible:
            call = ("read_tags(reader, version, message);" if tagged else
                    "message.unknown_tags = read_unknown_tags(reader);")
            self.guarded(self.is_flexible(None, possible), lambda: out(call))
        out.close()
        out()

    def read_field(self, field, possible, tagged=False):
        out, place = self.out, f"message.{field.cpp_name}"
        compact = self.flexible_text(field, possible)
        nullable = literal(condition(field.nullable, possible))
        if field.is_array:
            self.read_array(field, possible, place, compact, nullable)
        elif field.is_pointer:
            # Kafka's mark of a null struct: -1 as int8, but varint 0 inside a tagged field.
            out.open("if (reader.uvarint() == 0) {" if tagged else "if (reader.i8() < 0) {")
            if nullable != "true":
                out(f"if ({'true' if nullable == 'false' else f'!({nullable})'}) "
                    "reader.fail(wire::ReadFault::kBadValue);")
            out(f"{place} = nullptr;")
            out.close("} else {")
            out.depth += 1
            element = cpp.element_type(field, self.message.name + "::")
            out(f"{place} = reader.allocate_one<{element}>();")
            out(f"if ({place} != nullptr) read(reader, version, *{place});")
            out.close()
        elif field.struct is not None:
            out(f"read(reader, version, {place});")
        elif field.type == "string":
            out(f"{place} = reader.string({compact}, {nullable});")
        elif field.type in ("bytes", "records"):
            part = place + (".bytes" if field.type == "records" else "")
            out(f"{part} = reader.bytes({compact}, {nullable});")
        else:
            out(f"{place} = reader.{cpp.PRIMITIVE_CALLS[field.type]}();")

    def read_array(self, field, possible, place, compact, nullable):
        out = self.out
        element = cpp.element_type(field, self.message.name + "::")
        if field.type in cpp.NUMBERS:
            out(f"{place} = read_numbers<{element}>(reader, {compact}, {nullable});")
            return
        size = cpp.element_bytes(field, possible, self.flexible)
        out(f"{place} = read_count<{element}, {size}>(reader, {compact}, {nullable});")
        out.open(f"for ({element}& element : {place}) {{")
        out("if (!reader.ok()) return;")
        if field.struct is not None:
            out("read(reader, version, element);")
        elif field.type == "string":
            out(f"element = reader.string({compact}, false);")
        elif field.type == "bytes":
            out(f"element = reader.bytes({compact}, false);")
        else:
            out(f"element = reader.{cpp.PRIMITIVE_CALLS[field.type]}();")
        out.close()

    def read_tags(self, struct, tagged, possible):
        out = self.out
        out.open(f"void read_tags(wire::Reader& reader, [[maybe_unused]] int16_t version, "
                 f"{self.scope(struct)}& message) {{")
        out("const uint32_t count = reader.uvarint();")
        out("if (count == 0) return;")
        inner = possible & self.flexible
        out("TagReader tags(reader, count);")
        out.open("while (tags.next()) {")
        out.open("switch (tags.tag()) {")
        for field in tagged:
            out.open(f"case {field.tag}: {{")
            test = condition(field.tagged, inner)
            if test is not True:
                out(f"if (!({test})) return tags.reject();")
            self.read_field(field, field.tagged & inner, tagged=True)
            out("tags.done();")
            out("break;")
            out.close()
        out("default: tags.keep();")
        out.close()
        out.close()
        out("message.unknown_tags = tags.unknown();")
        out.close()
        out()

    # -- encoding

    def write_struct(self, struct, possible):
        out = self.out
        tagged = [f for f in struct.tagged_fields if f.tagged & possible]
        if tagged:
            self.write_tags(struct, tagged, possible)
        out.open(f"void write(wire::Writer& writer, [[maybe_unused]] int16_t version, "
                 f"[[maybe_unused]] const {self.scope(struct)}& message) {{")
        self.declare_flexible(possible)
        for run in self.runs(struct, possible):
            if len(run) > 1:
                self.fixed_run(run, "uint8_t* at = writer.extend({});",
                               "store<{0}>(at + {2}, message.{1});")
                continue
            self.write_or_refuse(struct, run[0], possible)
        if self.flexible & possible:
            call = ("write_tags(writer, version, message);" if tagged else
                    "write_unknown_tags(writer, message.unknown_tags);")
            self.guarded(self.is_flexible(None, possible), lambda: out(call))
        out.close()
        out()

    def write_or_refuse(self, struct, field, possible):
        body = field.body & possible
        if body:
            absent = None
            if not field.ignorable and not field.tagged:
                absent = lambda: self.refuse(struct, field)
            self.guarded(condition(body, possible), lambda: self.write_field(struct, field, body),
                         absent)
        if field.tagged and not field.ignorable:
            test = condition(field.versions, possible)
            if isinstance(test, str):
                self.guarded(f"!({test})", lambda: self.refuse(struct, field))

    def refuse(self, struct, field):
        self.out.open(f"if ({self.differs(field)}) {{")
        self.out(self.failure(struct, field))
        self.out.close()

    def failure(self, struct, field):
        name = field.cpp_name if struct is self.message.root else f"{struct.name}.{field.cpp_name}"
        return (f'return cannot_encode(writer, {self.message.name}::kName, "{name}", version);')

    def refuse_null(self, struct, field, possible):
        """Null in a version that does not allow it, though others do."""
        test = condition(field.nullable, possible)
        if not field.can_be_null or test is True:
            return
        place = f"message.{field.cpp_name}"
        null = (f"{place} == nullptr" if field.is_pointer else
                f"{place}.is_null()" if field.type == "records" else
                f"{place}.data() == nullptr")
        versions = "" if test is False else f"!({test}) && "
        self.out(f"if ({versions}{null}) {self.failure(struct, field)}")

    def write_field(self, struct, field, possible, tagged=False):
        out, place = self.out, f"message.{field.cpp_name}"
        compact = self.flexible_text(field, possible)
        nullable = literal(condition(field.nullable, possible))
        self.refuse_null(struct, field, possible)
        if field.is_array:
            self.write_array(field, place, compact, nullable)
        elif field.is_pointer:
            out.open(f"if ({place} == nullptr) {{")
            out("writer.uvarint(0);" if tagged else "writer.i8(-1);")
            out.close("} else {")
            out.depth += 1
            out("writer.i8(1);")
            out(f"write(writer, version, *{place});")
            out.close()
        elif field.struct is not None:
            out(f"write(writer, version, {place});")
        elif field.type in ("string", "bytes", "records"):
            out(f"writer.{field.type}({place}, {compact}, {nullable});")
        else:
            out(f"writer.{cpp.PRIMITIVE_CALLS[field.type]}({place});")

    def write_array(self, field, place, compact, nullable):
        out = self.out
        null = {"true": f"{place}.data() == nullptr", "false": "false"}.get(
            nullable, f"{in_parentheses(nullable)} && {place}.data() == nullptr")
        out(f"writer.array_count({place}.size(), {null}, {compact});")
        element = cpp.element_type(field, self.message.name + "::")
        if field.type in cpp.NUMBERS:
            out(f"writer.numbers<{element}>({place});")
            return
        out.open(f"for (const {element}& element : {place}) {{")
        if field.struct is not None:
            out("write(writer, version, element);")
        elif field.type in ("string", "bytes"):
            out(f"writer.{field.type}(element, {compact}, false);")
        else:
            out(f"writer.{cpp.PRIMITIVE_CALLS[field.type]}(element);")
        out.close()

    def write_tags(self, struct, tagged, possible):
        out = self.out
        inner = possible & self.flexible
        out.open(f"void write_tags(wire::Writer& writer, [[maybe_unused]] int16_t version, "
                 f"const {self.scope(struct)}& message) {{")
        for field in tagged:
            test = self.differs(field)
            versions = condition(field.tagged, inner)
            if versions is not True:
                test = f"{versions} && {test}"
            out(f"const bool has_{field.tag} = {test};")
        count = " + ".join(f"uint32_t{{has_{field.tag}}}" for field in tagged)
        out(f"TagWriter tags(writer, message.unknown_tags, {count});")
        for field in tagged:
            out.open(f"if (has_{field.tag}) {{")
            out(f"tags.begin({field.tag});")
            self.write_field(struct, field, field.tagged & inner, tagged=True)
            out("tags.end();")
            out.close()
        out("tags.finish();")
        out.close()
        out()

    # -- defaults of structs

    def differs(self, field):
        """As cpp.differs_from_default; remembers the structs it compares, inner ones first."""
        text = cpp.differs_from_default(field, f"message.{field.cpp_name}")
        if "is_default(" in text and field.struct not in self.compared:
            self.default_tests.append((field.struct, [self.differs(f) for f in
                                                      field.struct.fields]))
            self.compared.append(field.struct)
        return text

    def default_test(self, out, struct, differences):
        tests = [f"!({difference})" for difference in differences]
        if self.flexible:
            tests.append("message.unknown_tags.empty()")
        out.open(f"bool is_default(const {self.scope(struct)}& message) {{")
        out("return " + " &&\n         ".join(tests) + ";")
        out.close()
        out()

    def struct_versions(self):
        """The versions in which each struct can occur, by name."""
        found = {self.message.name: self.message.versions}

        def visit(fields, possible):
            for field in fields:
                if field.struct is None:
                    continue
                versions = possible & field.versions & field.struct.versions
                old = found.get(field.struct.name, NONE)
                found[field.struct.name] = (versions if not old else Versions(
                    min(old.low, versions.low), max(old.high, versions.high)))
                visit(field.struct.fields, versions)

        visit(self.message.root.fields, self.message.versions)
        return found

    def source(self):
        message, out = self.message, Out()
        versions = self.struct_versions()
        for struct in [*message.structs, message.root]:
            self.read_struct(struct, versions[struct.name])
            self.write_struct(struct, versions[struct.name])
        out(f'#include "proto/messages/{message.file}.h"')
        out()
        out('#include "proto/codec.h"')
        out()
        out("namespace odradek::proto {")
        out("namespace {")
        out()
        for struct, differences in self.default_tests:
            self.default_test(out, struct, differences)
        out.lines += self.out.lines
        out("}  // namespace")
        out()
        name = message.name
        outside = f"version < {name}::kMinVersion || version > {name}::kMaxVersion"
        out.open(f"void decode(wire::Reader& reader, int16_t version, {name}& message) {{")
        out("message = {};")
        out(f"if ({outside}) return reader.fail(wire::ReadFault::kBadValue);")
        out("read(reader, version, message);")
        out.close()
        out()
        out.open(f"void encode(wire::Writer& writer, int16_t version, const {name}& message) {{")
        out(f"if ({outside}) return no_such_version(writer, {name}::kName, version);")
        out("write(writer, version, message);")
        out.close()
        out()
        out("}  // namespace odradek::proto")
        return NOTICE + out.text()


def source(message):
    return SourceEmitter(message).source()
