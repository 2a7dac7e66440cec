"""A Kafka for the tests: one broker a session, and topics of its own for each test."""

import json
import os
import subprocess
import uuid

import pytest
from confluent_kafka.admin import AdminClient, NewTopic


@pytest.fixture(scope="session")
def kafka():
    """Where the broker is, for bootstrap.servers."""
    broker = os.environ.get("ODRADEK_BROKER", "odradek-broker")
    command = [broker, "--listen", "127.0.0.1:0", "--http", "off"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        yield json.loads(process.stdout.readline())["bootstrap"]
        process.terminate()


@pytest.fixture
def topic(kafka):
    """An empty topic with three partitions."""
    name = f"test-{uuid.uuid4()}"
    admin = AdminClient({"bootstrap.servers": kafka})
    admin.create_topics([NewTopic(name, num_partitions=3)])[name].result()
    return name
