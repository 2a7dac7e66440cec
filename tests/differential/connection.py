"""One TCP connection that speaks Kafka: requests as dictionaries, and bytes as they are."""
import socket
import struct
import time

import codec

PATIENCE_S = 8.0


class Closed(Exception):
    """The broker closed the connection."""


class Connection:
    def __init__(self, address, client_id="diff"):
        self.socket = socket.create_connection(address, timeout=PATIENCE_S)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.client_id = client_id
        self.correlation = 0
        self.waiting = []  # (correlation, api, version) in order of sending
        self.buffer = b""

    def close(self):
        self.socket.close()

    def send(self, api, version, fields, answered=True):
        body = codec.Codec(api + "Request", version).encode(fields)
        self.correlation += 1
        frame = codec.header(api, version, self.correlation, self.client_id) + body
        if answered:
            self.waiting.append((self.correlation, api, version))
        self.send_bytes(struct.pack(">i", len(frame)) + frame)

    def send_bytes(self, data):
        try:
            self.socket.sendall(data)
        except (BrokenPipeError, ConnectionResetError):
            pass  # reading finds out

    def _fill(self, wanted, deadline):
        while len(self.buffer) < wanted:
            left = deadline - time.monotonic()
            if left <= 0:
                return False
            self.socket.settimeout(left)
            try:
                data = self.socket.recv(1 << 20)
            except TimeoutError:
                return False
            except ConnectionResetError:
                data = b""
            if not data:
                raise Closed()
            self.buffer += data
        return True

    def frame(self, patience_s=PATIENCE_S):
        """The next frame's bytes; None: nothing came in time."""
        deadline = time.monotonic() + patience_s
        if not self._fill(4, deadline):
            return None
        size = struct.unpack(">i", self.buffer[:4])[0]
        if not self._fill(4 + size, deadline):
            return None
        frame, self.buffer = self.buffer[4:4 + size], self.buffer[4 + size:]
        return frame

    def receive(self, patience_s=PATIENCE_S):
        """The answer to the oldest request that waits, as (fields, needlessly sent tags)."""
        frame = self.frame(patience_s)
        if frame is None:
            return None
        correlation, api, version = self.waiting.pop(0)
        reader = codec.Reader(frame)
        got = reader.number("i")
        if got != correlation:
            raise codec.Malformed(f"answer {got} where {correlation} was due")
        if codec.answer_header_is_flexible(api, version) and reader.uvarint() != 0:
            raise codec.Malformed("tags in the header of an answer")
        decoder = codec.Codec(api + "Response", version)
        return decoder.decode(frame[reader.at:]), decoder.default_tags

    def is_closed(self, patience_s=PATIENCE_S):
        """True when the broker closes in time without sending a byte more."""
        try:
            self._fill(1, time.monotonic() + patience_s)
        except Closed:
            return True
        return False
