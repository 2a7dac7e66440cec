"""Kafka's messages from the schema table as dictionaries: an implementation of its own, so that a
fault of the generated C++ codecs shows up as a difference."""
import pathlib
import struct
import sys
import uuid

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.dont_write_bytecode = True
sys.path.insert(0, str(ROOT / "tools" / "codegen"))
import model  # noqa: E402  (the parser of the schema table)

FIXED = {"bool": "?", "int8": "b", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I",
         "int64": "q", "float64": "d"}
NO_ID = "AAAAAAAAAAAAAAAAAAAAAA"  # the zero uuid as Kafka prints it


class Malformed(Exception):
    """Bytes that are not the message they should be."""


def load_messages():
    table = model.parse_table((ROOT / "schema" / "kafka-4.4.txt").read_text())
    found = {}
    for message in table:
        if message.kind in ("request", "response"):
            found[message.name] = message
    return found


MESSAGES = load_messages()


def id_text(raw):
    """A uuid as Kafka prints it: 22 characters of base64url."""
    import base64
    return base64.urlsafe_b64encode(raw).decode().rstrip("=")


def id_bytes(text):
    import base64
    return base64.urlsafe_b64decode(text + "==")


def uvarint(value):
    out = b""
    while value > 0x7F:
        out += bytes([value & 0x7F | 0x80])
        value >>= 7
    return out + bytes([value])


def varint(value):
    return uvarint((value << 1) ^ (value >> 63))


class Reader:
    def __init__(self, data):
        self.data, self.at = data, 0

    def take(self, count):
        if count < 0 or self.at + count > len(self.data):
            raise Malformed(f"{count} bytes wanted at {self.at} of {len(self.data)}")
        self.at += count
        return self.data[self.at - count:self.at]

    def number(self, code):
        return struct.unpack(">" + code, self.take(struct.calcsize(code)))[0]

    def uvarint(self):
        value = shift = 0
        while True:
            byte = self.take(1)[0]
            value |= (byte & 0x7F) << shift
            if byte < 0x80:
                return value
            shift += 7

    def varint(self):
        raw = self.uvarint()
        return (raw >> 1) ^ -(raw & 1)

    def left(self):
        return len(self.data) - self.at


def default_of(field):
    """What a field has that nobody set."""
    text = field.default
    if field.is_array:
        return None if text == "null" else []
    if text == "null":
        return None
    if field.struct is not None:
        return {}
    if field.type in ("bytes", "records"):
        return b""
    if field.type == "string":
        return text or ""
    if field.type == "uuid":
        return NO_ID
    if field.type == "bool":
        return text == "true"
    return float(text or 0) if field.type == "float64" else int(text or "0", 0)


class Codec:
    """One message in one version."""

    def __init__(self, name, version):
        self.message = MESSAGES[name]
        self.version = version
        self.flexible = version in self.message.flexible
        self.default_tags = []  # tagged fields that were sent although they have their default

    def is_flexible(self, field):
        return self.version in (field.flexible or self.message.flexible)

    # Encoding

    def encode(self, value):
        return self._struct(self.message.root, value)

    def _struct(self, struct_, value):
        unknown = set(value) - {field.name for field in struct_.fields}
        if unknown:
            raise KeyError(f"{struct_.name} has no {unknown}")
        out, tags = b"", []
        for field in struct_.fields:
            if self.version not in field.versions:
                continue
            item = value.get(field.name, default_of(field))
            if field.tag is not None and self.version in field.tagged:
                if item != default_of(field):
                    tags.append((field.tag, self._value(field, item, True)))
            else:
                out += self._value(field, item, False)
        if self.flexible:
            out += uvarint(len(tags))
            for tag, body in sorted(tags):
                out += uvarint(tag) + uvarint(len(body)) + body
        return out

    def _value(self, field, item, tagged):
        flexible = self.is_flexible(field)
        if field.is_array:
            if item is None:
                return uvarint(0) if flexible else struct.pack(">i", -1)
            head = uvarint(len(item) + 1) if flexible else struct.pack(">i", len(item))
            return head + b"".join(self._element(field, one) for one in item)
        if field.struct is not None and field.nullable and self.version in field.nullable:
            if item is None:
                return uvarint(0) if tagged else b"\xff"
            return (uvarint(1) if tagged else b"\x01") + self._struct(field.struct, item)
        return self._element(field, item)

    def _element(self, field, item):
        if field.struct is not None:
            return self._struct(field.struct, item)
        if field.type == "uuid":
            return id_bytes(item)
        if field.type in FIXED:
            return struct.pack(">" + FIXED[field.type], item)
        raw = item.encode() if isinstance(item, str) else item
        flexible = self.is_flexible(field)
        if raw is None:
            return uvarint(0) if flexible else b"\xff" * (2 if field.type == "string" else 4)
        if flexible:
            return uvarint(len(raw) + 1) + raw
        return struct.pack(">h" if field.type == "string" else ">i", len(raw)) + raw

    # Decoding

    def decode(self, data):
        reader = Reader(data)
        value = self._read_struct(reader, self.message.root)
        if reader.left():
            raise Malformed(f"{reader.left()} bytes after the message")
        return value

    def _read_struct(self, reader, struct_):
        value, tagged = {}, {}
        for field in struct_.fields:
            if self.version not in field.versions:
                continue
            if field.tag is not None and self.version in field.tagged:
                tagged[field.tag] = field
                value[field.name] = default_of(field)
            else:
                value[field.name] = self._read_value(reader, field, False)
        if self.flexible:
            self._read_tags(reader, tagged, value)
        return value

    def _read_tags(self, reader, known, value):
        last = -1
        for _ in range(reader.uvarint()):
            tag, size = reader.uvarint(), reader.uvarint()
            if tag <= last:
                raise Malformed(f"tag {tag} after {last}")
            last, body = tag, Reader(reader.take(size))
            if tag not in known:
                value[f"tag {tag}"] = body.data.hex()
                continue
            field = known[tag]
            value[field.name] = self._read_value(body, field, True)
            if body.left():
                raise Malformed(f"{body.left()} bytes after {field.name}")
            if value[field.name] == self._full_default(field):
                self.default_tags.append(field.name)

    def _full_default(self, field):
        if field.struct is None or field.is_array or default_of(field) is None:
            return default_of(field)
        return {one.name: self._full_default(one) for one in field.struct.fields
                if self.version in one.versions}

    def _read_value(self, reader, field, tagged):
        flexible = self.is_flexible(field)
        if field.is_array:
            count = reader.uvarint() - 1 if flexible else reader.number("i")
            if count > reader.left():
                raise Malformed(f"{count} elements of {field.name}")
            return None if count < 0 else [self._read_element(reader, field) for _ in range(count)]
        if field.struct is not None and field.nullable and self.version in field.nullable:
            present = reader.uvarint() if tagged else reader.number("b")
            if present == (0 if tagged else -1):
                return None
        return self._read_element(reader, field)

    def _read_element(self, reader, field):
        if field.struct is not None:
            return self._read_struct(reader, field.struct)
        if field.type == "uuid":
            return id_text(reader.take(16))
        if field.type in FIXED:
            return reader.number(FIXED[field.type])
        if self.is_flexible(field):
            size = reader.uvarint() - 1
        else:
            size = reader.number("h" if field.type == "string" else "i")
        if size < 0:
            return None
        raw = reader.take(size)
        return raw.decode() if field.type == "string" else raw


def random_id():
    return id_text(uuid.uuid4().bytes)


def key_of(api):
    return MESSAGES[api + "Request"].api_key


def header(api, version, correlation, client_id):
    flexible = version in MESSAGES[api + "Request"].flexible
    name = client_id.encode()
    return (struct.pack(">hhih", key_of(api), version, correlation, len(name)) + name
            + (b"\0" if flexible else b""))


def answer_header_is_flexible(api, version):
    return api != "ApiVersions" and version in MESSAGES[api + "Response"].flexible
