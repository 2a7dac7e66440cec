"""The schema table (schema/README.md) as objects, resolved for the generator."""
import dataclasses
import re

MAX = 32767  # the open end of "3+"
FIXED_BYTES = {"bool": 1, "int8": 1, "int16": 2, "uint16": 2, "int32": 4, "uint32": 4,
               "int64": 8, "float64": 8, "uuid": 16}
PRIMITIVES = set(FIXED_BYTES) | {"string", "bytes", "records"}
KEYWORDS = {"namespace", "operator", "default", "class", "private", "public", "register",
            "delete", "new", "this", "union", "enum", "template", "export", "switch"}


@dataclasses.dataclass(frozen=True)
class Versions:
    """A closed range; empty when low > high."""
    low: int
    high: int

    @staticmethod
    def parse(text):
        if text in ("none", "", None):
            return NONE
        if text.endswith("+"):
            return Versions(int(text[:-1]), MAX)
        low, _, high = text.partition("-")
        return Versions(int(low), int(high or low))

    def __bool__(self):
        return self.low <= self.high

    def __contains__(self, version):
        return self.low <= version <= self.high

    def __and__(self, other):
        return Versions(max(self.low, other.low), min(self.high, other.high))

    def covers(self, other):
        return not other or (bool(self) and self.low <= other.low and other.high <= self.high)


NONE = Versions(1, 0)


@dataclasses.dataclass
class Field:
    name: str
    type: str  # without the [] of an array
    is_array: bool
    versions: Versions
    nullable: Versions = NONE
    flexible: Versions | None = None  # overrides the message's own
    tag: int | None = None
    tagged: Versions = NONE
    default: str | None = None
    ignorable: bool = False
    map_key: bool = False
    fields: list = dataclasses.field(default_factory=list)
    struct: "Struct | None" = None

    @property
    def cpp_name(self):
        name = snake_case(self.name)
        return name + "_" if name in KEYWORDS else name

    @property
    def is_pointer(self):
        return self.struct is not None and not self.is_array and bool(self.nullable)

    @property
    def can_be_null(self):
        return bool(self.nullable)

    @property
    def body(self):
        """The versions in which the field is not tagged. Tagged versions are open ended."""
        if not self.tagged:
            return self.versions
        return self.versions & Versions(0, self.tagged.low - 1)


@dataclasses.dataclass
class Struct:
    name: str
    versions: Versions
    fields: list

    @property
    def tagged_fields(self):
        return sorted((f for f in self.fields if f.tag is not None), key=lambda f: f.tag)


@dataclasses.dataclass
class Message:
    name: str
    kind: str  # request, response, header, data, coordinator-key, coordinator-value, metadata
    versions: Versions
    flexible: Versions
    api_key: int | None
    listeners: list
    root: Struct
    structs: list  # nested ones, users after what they use

    @property
    def file(self):
        return snake_case(self.name)


def snake_case(name):
    name = name.replace("KRaft", "Kraft")
    name = re.sub(r"([A-Z]+)([A-Z][a-z])", r"\1_\2", name)
    return re.sub(r"([a-z0-9])([A-Z])", r"\1_\2", name).lower()


def split_attributes(words):
    pairs = (word.partition("=") for word in words)
    return {name: value if equals else True for name, equals, value in pairs}


def parse_field(words):
    name, type_name, versions = words[:3]
    extra = split_attributes(words[3:])
    flexible = Versions.parse(extra["flexible"]) if "flexible" in extra else None
    return Field(
        name=name, type=type_name.removeprefix("[]"), is_array=type_name.startswith("[]"),
        versions=Versions.parse(versions), nullable=Versions.parse(extra.get("nullable")),
        flexible=flexible, tag=int(extra["tag"]) if "tag" in extra else None,
        tagged=Versions.parse(extra.get("tagged")), default=extra.get("default"),
        ignorable="ignorable" in extra, map_key="key" in extra)


def parse_block(lines):
    """The lines of one message: its words, top fields, common structs."""
    head, fields, commons = lines[0].split(), [], []
    stack = [(0, fields)]  # (depth, children of the open line at that depth)
    for line in lines[1:]:
        words, depth = line.split(), len(line) - len(line.lstrip(" "))
        while stack[-1][0] >= depth:
            stack.pop()
        if words[0] == "struct":
            struct = Struct(words[1], Versions.parse(words[2]), [])
            commons.append(struct)
            children = struct.fields
        else:
            field = parse_field(words)
            stack[-1][1].append(field)
            children = field.fields
        stack.append((depth, children))
    return head, fields, commons


def resolve(message_name, fields, commons):
    """Gives every struct field its Struct and lists the structs, used ones first."""
    known = {struct.name: struct for struct in commons}

    def declare(owned):
        for field in owned:
            if field.fields:
                if field.type in known or field.type == message_name:
                    raise ValueError(f"{message_name}: struct {field.type} twice")
                known[field.type] = Struct(field.type, field.versions, field.fields)
                declare(field.fields)

    declare(fields)
    for struct in commons:
        declare(struct.fields)
    ordered, open_names = [], []

    def visit(owned):
        for field in owned:
            if field.type in PRIMITIVES:
                continue
            if field.type not in known:
                raise ValueError(f"{message_name}.{field.name}: unknown type {field.type}")
            field.struct = known[field.type]
            if field.type in open_names:
                raise ValueError(f"{message_name}: {field.type} contains itself")
            if field.struct not in ordered:
                open_names.append(field.type)
                visit(field.struct.fields)
                open_names.pop()
                ordered.append(field.struct)

    visit(fields)
    return ordered


def drop_absent(fields, versions):
    """Removes the fields that no valid version has, at every depth."""
    for field in fields:
        field.fields = drop_absent(field.fields, versions & field.versions)
    return [field for field in fields if field.versions & versions]


def parse_message(lines, stable_high):
    """`stable_high`: the last stable version of the APIs (by key) whose newest is not."""
    head, fields, commons = parse_block(lines)
    extra = split_attributes(head[3:])
    versions = Versions.parse(extra["versions"])
    if head[2] in ("request", "response"):
        versions = versions & Versions(0, stable_high.get(extra["apikey"], MAX))
    fields = drop_absent(fields, versions)
    for struct in commons:
        struct.fields = drop_absent(struct.fields, versions & struct.versions)
    structs = resolve(head[1], fields, commons) if versions else []
    check_tags(head[1], [Struct(head[1], versions, fields), *structs])
    key = extra.get("apikey")
    return Message(
        name=head[1], kind=head[2], versions=versions, flexible=Versions.parse(extra["flexible"]),
        api_key=None if key is None else int(key),
        listeners=extra["listeners"].split(",") if "listeners" in extra else [],
        root=Struct(head[1], versions, fields), structs=structs)


def check_tags(message_name, structs):
    for struct in structs:
        tags = [field.tag for field in struct.tagged_fields]
        if len(tags) != len(set(tags)):
            raise ValueError(f"{message_name}.{struct.name}: a tag twice")
        for field in struct.tagged_fields:
            if field.tagged.high != MAX:
                raise ValueError(f"{message_name}.{field.name}: tagged versions must be open")


def stable_highs(blocks):
    """A response, too, goes no further than its request's highest stable version."""
    highs = {}
    for words in (block[0].split() for block in blocks):
        extra = split_attributes(words[3:])
        if "unstable" in extra:
            highs[extra["apikey"]] = Versions.parse(extra["versions"]).high - 1
    return highs


def parse_table(text):
    blocks, block = [], []
    for line in text.splitlines() + [""]:
        if line.startswith("#"):
            continue
        if line.strip():
            block.append(line.rstrip())
        elif block:
            blocks.append(block)
            block = []
    highs = stable_highs(blocks)
    return [parse_message(block, highs) for block in blocks]
