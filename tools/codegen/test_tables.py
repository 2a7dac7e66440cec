#!/usr/bin/env python3
"""The committed tables: sound, and what Kafka 4.4 changed over 4.3, by name."""
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import generate  # noqa: E402
import model  # noqa: E402

SCHEMA = pathlib.Path(__file__).parent.parent.parent / "schema"

# Messages 4.4 has and 4.3 has not.
NEW_MESSAGES = {
    "AbortedTxn",
    "StreamsGroupTopologyDescriptionUpdateRequest",
    "StreamsGroupTopologyDescriptionUpdateResponse",
    "UnregisterControllerRecord",
    "UnregisterControllerRequest",
    "UnregisterControllerResponse",
}
# The highest version in 4.3 and in 4.4, where they differ.
NEW_VERSIONS = {
    "ApiVersionsRequest": (4, 5),
    "ApiVersionsResponse": (4, 5),
    "DeleteGroupsRequest": (2, 3),
    "DeleteGroupsResponse": (2, 3),
    "StreamsGroupDescribeRequest": (0, 1),
    "StreamsGroupDescribeResponse": (0, 1),
    "StreamsGroupHeartbeatRequest": (0, 1),
    "StreamsGroupHeartbeatResponse": (0, 1),
    "TxnOffsetCommitRequest": (5, 6),
    "TxnOffsetCommitResponse": (5, 6),
}
# Fields with another name in 4.4 but the same bytes.
RENAMED = {
    ("StreamsGroupHeartbeatResponse", "AcceptableRecoveryLag"): "AcceptableRecoveryLagLegacy",
    ("TxnOffsetCommitRequest", "GenerationId"): "GenerationIdOrMemberEpoch",
}
# Tagged fields 4.4 adds without a new version: unknown tags to a 4.3 peer.
NEW_TAGGED = {
    ("StreamsGroupMetadataValue", "StoredDescriptionTopologyEpoch"),
    ("StreamsGroupMetadataValue", "FailedDescriptionTopologyEpoch"),
}


def load(version):
    text = (SCHEMA / f"kafka-{version}.txt").read_text(encoding="utf-8")
    return {message.name: message for message in model.parse_table(text)}


def layout(message, fields, version):
    """The bytes of a version as a list of facts; structs are expanded in place."""
    for field in fields:
        if version not in field.versions:
            continue
        name = RENAMED.get((message.name, field.name), field.name)
        tag = field.tag if version in field.tagged else None
        if (message.name, field.name) in NEW_TAGGED:
            continue
        yield (name, field.type, field.is_array, version in field.nullable, tag, field.default)
        if field.struct is not None:
            yield from layout(message, field.struct.fields, version)


class TablesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.old, cls.new = load("4.3"), load("4.4")

    def test_nothing_of_43_is_missing(self):
        self.assertEqual(set(self.old) - set(self.new), set())
        self.assertEqual(set(self.new) - set(self.old), NEW_MESSAGES)

    def test_ranges_of_43_lie_within_those_of_44(self):
        differing = {}
        for name, message in self.old.items():
            newer = self.new[name]
            self.assertTrue(newer.versions.covers(message.versions), name)
            self.assertEqual(newer.flexible, message.flexible, name)
            self.assertEqual(newer.api_key, message.api_key, name)
            if newer.versions != message.versions:
                differing[name] = (message.versions.high, newer.versions.high)
        self.assertEqual(differing, NEW_VERSIONS)

    def test_versions_of_43_have_the_same_layout_in_44(self):
        for name, message in self.old.items():
            for version in range(message.versions.low, message.versions.high + 1):
                newer = self.new[name]
                self.assertEqual(list(layout(message, message.root.fields, version)),
                                 list(layout(newer, newer.root.fields, version)),
                                 f"{name} version {version}")

    def test_every_request_has_a_response_of_the_same_versions(self):
        for table in (self.old, self.new):
            for name, message in table.items():
                if message.kind == "request":
                    response = table[name.removesuffix("Request") + "Response"]
                    self.assertEqual(message.versions, response.versions, name)
                    self.assertEqual(message.api_key, response.api_key, name)

    def test_both_tables_generate(self):
        for table in (self.old, self.new):
            self.assertGreater(len(generate.outputs(list(table.values()))), 400)


if __name__ == "__main__":
    unittest.main()
