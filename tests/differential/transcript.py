"""Answers as text that two brokers can have in common: ids, times and addresses are masked, a value
that comes again keeps its mask, so that "the same member id as before" is compared too."""
import re
import time

import batches
import codec

UUID = re.compile(r"^(.*?)([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$", re.S)
DAY_MS = 86_400_000
ALWAYS = {"Host": "<host>", "Port": "<port>", "ClusterId": "<cluster>", "LogDir": "<dir>",
          "FinalizedFeaturesEpoch": "<epoch>"}
TEXTS = {"ErrorMessage", "Documentation", "BatchIndexErrorMessage", "PartitionErrorMessage"}
NUMBERED = {"ProducerId": "producer", "SessionId": "session", "MemberId": "member",
            "MemberEpoch": None}
# Elements of arrays are put in order by these, for brokers answer from hash tables.
SORT_BY = ("Name", "TopicName", "Topic", "ResourceType", "ResourceName", "GroupId",
           "TransactionalId", "ApiKey", "PartitionIndex", "Partition", "Index", "Host",
           "EntityType",
           "FirstOffset", "PrincipalType", "Principal", "Mechanism", "User")
# But not those of a Fetch, save for the list of aborted transactions: Kafka gives them as they were
# aborted, we by their first offset, which simpler clients rely on.
AS_SENT = {"Fetch"}


def is_marker(name, value):
    """The value of a transaction marker: version 0 and the epoch of the coordinator."""
    return name == "Value" and isinstance(value, bytes) and len(value) == 6 and value[:2] == b"\0\0"


def sort_key(item):
    if not isinstance(item, dict):
        return []
    return [repr(item[name]).rjust(12) for name in SORT_BY if name in item]


class Masker:
    """The masks of one case."""

    def __init__(self):
        self.now = int(time.time() * 1000)
        self.given = set()  # values the case itself made up: shown as they are
        self.bound = {}
        self.counts = {}
        self.epochs = False  # how far a start moves leader and coordinator epochs is a broker's own

    def at(self, delta_ms):
        """A timestamp, shown as T+delta wherever it comes back."""
        self.given.add(self.now + delta_ms)
        return self.now + delta_ms

    def _bind(self, kind, value):
        if (kind, value) not in self.bound:
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.bound[kind, value] = f"<{kind} {self.counts[kind]}>"
        return self.bound[kind, value]

    def value(self, api, name, value, differ):
        if name in differ:
            return f"<differs: {differ[name]}>"
        if isinstance(value, dict):
            return {key: self.value(api, key, item, differ) for key, item in value.items()}
        if name == "Records":
            value = batches.show(value)
        if isinstance(value, list):
            as_sent = api in AS_SENT and name != "AbortedTransactions"
            items = value if as_sent else sorted(value, key=sort_key)
            masked = [self.value(api, name, item, differ) for item in items]
            # Random member ids have no order of their own, but their masks do.
            return sorted(masked, key=str) if name == "Members" else masked
        return self._scalar(name, value)

    def _scalar(self, name, value):
        if value is None or value == "" or isinstance(value, bool):
            return value
        if name in ALWAYS:
            return ALWAYS[name]
        if name in TEXTS:
            return "<text>"
        if self.epochs and (name == "LeaderEpoch" and value > 0 or is_marker(name, value)):
            return "<epoch>"
        if isinstance(value, int):
            return self._number(name, value)
        if not isinstance(value, str):
            return value
        if name.endswith("TopicId") and value != codec.NO_ID and value not in self.given:
            return self._bind("topic-id", value)
        if name == "MemberId" and value not in self.given and len(value) == 22:
            return self._bind("member", value)
        match = UUID.match(value)
        if match and value not in self.given:
            return match[1] + self._bind("id", match[2])
        return value

    def _number(self, name, value):
        if abs(value - self.now) < DAY_MS:
            return f"T{value - self.now:+d}" if value in self.given else "<time>"
        if name in ("TotalBytes", "UsableBytes") and value > 0:
            return "<bytes>"
        kind = NUMBERED.get(name)
        if kind and value > 0 and value not in self.given or kind == "producer" and value == 0:
            return self._bind(kind, value)
        return value


def plain(value):
    return not isinstance(value, (dict, list))


def scalar_text(value):
    if isinstance(value, bytes):
        if all(32 <= byte < 127 for byte in value):
            return f"b'{value.decode()}'"
        return "0x" + value.hex()
    if value is None or isinstance(value, bool):
        return {None: "null", True: "true", False: "false"}[value]
    if isinstance(value, str) and not value.startswith("<"):
        return f"'{value}'"
    return str(value)


def dump(value, indent=""):
    """Lines of text; what holds only scalars is one line."""
    if plain(value):
        return scalar_text(value)
    if isinstance(value, dict):
        flat = [f"{key}: {dump(item)}" for key, item in value.items()
                if plain(item) or not item or all(map(plain, item))]
        deep = {key: item for key, item in value.items()
                if not plain(item) and item and not all(map(plain, item))}
        text = "{" + ", ".join(flat) + "}" if flat or not deep else ""
        for key, item in deep.items():
            text += ("\n" + indent if text else "") + f"{key}:"
            items = item if isinstance(item, list) else [item]
            for one in items:
                text += f"\n{indent}  " + dump(one, indent + "    ")
        return text
    return "[" + ", ".join(dump(item, indent) for item in value) + "]"
