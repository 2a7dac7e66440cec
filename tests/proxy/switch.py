#!/usr/bin/env python3
"""Stands between clients and several instances of the proxy and sends each request to one of them,
drawn at random. What is in a transaction keeps to one instance per connection, since the others
would end the transaction.

Usage: switch.py PORT SEED INSTANCE_ADDRESS...
"""
import asyncio
import random
import struct
import sys

PRODUCE = 0
FIRST_FLEXIBLE_PRODUCE = 9


def string_at(frame, at):
    """A nullable string with its length in two bytes, and what is behind it."""
    (length,) = struct.unpack_from(">h", frame, at)
    return length, at + 2 + max(length, 0)


def produce_facts(frame):
    """Whether a Produce request has a transactional id, and its acks."""
    (version,) = struct.unpack_from(">h", frame, 2)
    _, at = string_at(frame, 8)
    if version < FIRST_FLEXIBLE_PRODUCE:
        length, at = string_at(frame, at)
        return length >= 0, struct.unpack_from(">h", frame, at)[0]
    at += 1  # no tags in the header
    length = frame[at] - 1  # ids here are shorter than 127
    return length >= 0, struct.unpack_from(">h", frame, at + 1 + max(length, 0))[0]


async def read_frame(reader):
    (length,) = struct.unpack(">i", await reader.readexactly(4))
    return await reader.readexactly(length)


class Client:
    """One client connection, with one connection to each instance it was sent to."""

    def __init__(self, instances, seed):
        self.instances = instances
        self.random = random.Random(seed)
        self.own = self.random.randrange(len(instances))
        self.open = {}

    async def connection(self, which):
        if which not in self.open:
            host, port = self.instances[which].rsplit(":", 1)
            self.open[which] = await asyncio.open_connection(host, int(port))
        return self.open[which]

    async def serve(self, reader, writer):
        while True:
            frame = await read_frame(reader)
            which, is_answered = self.random.randrange(len(self.instances)), True
            if struct.unpack_from(">h", frame)[0] == PRODUCE:
                is_transactional, acks = produce_facts(frame)
                is_answered = acks != 0
                if is_transactional:
                    which = self.own
            counts[which] += 1
            answers, requests = await self.connection(which)
            requests.write(struct.pack(">i", len(frame)) + frame)
            await requests.drain()
            if not is_answered:
                continue
            answer = await read_frame(answers)
            writer.write(struct.pack(">i", len(answer)) + answer)
            await writer.drain()

    def close(self):
        for _, requests in self.open.values():
            requests.close()


counts = {}


async def main():
    port, seed, instances = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3:]
    seeds = random.Random(seed)
    counts.update({which: 0 for which in range(len(instances))})

    async def on_client(reader, writer):
        client = Client(instances, seeds.random())
        try:
            await client.serve(reader, writer)
        except (asyncio.IncompleteReadError, OSError):
            pass
        finally:
            client.close()
            writer.close()

    server = await asyncio.start_server(on_client, "127.0.0.1", port)
    async with server:
        loop = asyncio.get_running_loop()
        stop = loop.create_future()
        loop.add_signal_handler(15, stop.set_result, None)
        await stop
    print("requests to each instance:", *counts.values(), flush=True)


asyncio.run(main())
