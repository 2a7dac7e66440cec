"""The tables over all messages: API keys, version ranges, and the walk for tests and fuzzing."""
from cpp import NOTICE, literal
from emit_message import Out, SourceEmitter, first_flexible
from model import NONE

KINDS = {"request": "kRequest", "response": "kResponse", "header": "kHeader", "data": "kData",
         "coordinator-key": "kRecordKey", "coordinator-value": "kRecordValue",
         "metadata": "kRecordValue"}


def api_key_header(messages):
    out = Out()
    out("#pragma once")
    out()
    out("#include <cstdint>")
    out()
    out("namespace odradek::proto {")
    out()
    out("// Every API key Kafka has given out, also those of APIs it no longer has. A key from the")
    out("// wire may have any other value.")
    out.open("enum class ApiKey : int16_t {")
    requests = [m for m in messages if m.kind == "request"]
    for message in sorted(requests, key=lambda m: m.api_key):
        out(f"k{message.name.removesuffix('Request')} = {message.api_key},")
    out.close("};")
    out()
    out("}  // namespace odradek::proto")
    return NOTICE + out.text()


def api_rows(messages):
    """Rows of ApiInfo, ascending by key, for src/proto/api_table.cc."""
    out = Out()
    responses = {m.api_key: m for m in messages if m.kind == "response"}
    requests = [m for m in messages if m.kind == "request"]
    for message in sorted(requests, key=lambda m: m.api_key):
        name = message.name.removesuffix("Request")
        flexible = [first_flexible(m) for m in (message, responses[message.api_key])]
        scopes = ", ".join(literal(scope in message.listeners)
                           for scope in ("broker", "controller"))
        out(f'{{ApiKey::k{name}, "{name}", {message.versions.low}, {message.versions.high}, '
            f"{', '.join(flexible)}, {scopes}}},")
    return NOTICE + out.text()


def includes(out, messages):
    for message in sorted(messages, key=lambda m: m.file):
        out(f'#include "proto/messages/{message.file}.h"')


def all_messages_header(messages):
    out = Out()
    out("#pragma once")
    out()
    out('#include "proto/message_info.h"')
    includes(out, messages)
    out()
    out("namespace odradek::proto {")
    out()
    out("// All messages by name. Only for tools that handle any message: it pulls in every decoder.")
    out.open("inline constexpr MessageInfo kAllMessages[] = {")
    for message in sorted(messages, key=lambda m: m.name):
        key = -1 if message.api_key is None else message.api_key
        out(f"message_info<{message.name}>(MessageKind::{KINDS[message.kind]}, {key}),")
    out.close("};")
    out()
    out("}  // namespace odradek::proto")
    return NOTICE + out.text()


def visit_header(messages):
    """A walk over the fields of a message in schema order, for tests that fill messages."""
    out = Out()
    out("#pragma once")
    out()
    includes(out, messages)
    out()
    out("namespace odradek::proto::testing {")
    out()
    for message in messages:
        versions = SourceEmitter(message).struct_versions()
        for struct in [*message.structs, message.root]:
            scope = message.name if struct is message.root else f"{message.name}::{struct.name}"
            visit_struct(out, scope, struct, versions[struct.name], message.flexible)
    out("// Calls action.operator()<Message>() for every message.")
    out("template <class Action>")
    out.open("void for_each_message(Action&& action) {")
    for message in messages:
        out(f"action.template operator()<{message.name}>();")
    out.close()
    out()
    out("}  // namespace odradek::proto::testing")
    return NOTICE + out.text()


def visit_struct(out, scope, struct, possible, flexible):
    def range_of(versions):
        both = versions & possible
        return f"{both.low}, {both.high}" if both else f"{NONE.low}, {NONE.high}"

    out("template <class Visitor>")
    out.open(f"void visit([[maybe_unused]] Visitor& visitor, [[maybe_unused]] {scope}& message) {{")
    for field in struct.fields:
        tag = -1 if field.tag is None else field.tag
        out(f'visitor.field("{field.name}", message.{field.cpp_name}, '
            f"{{{range_of(field.versions)}, {range_of(field.nullable)}, {tag}}});")
    if flexible & possible:
        out(f"visitor.unknown_tags(message.unknown_tags, {(flexible & possible).low});")
    out.close()
    out()
