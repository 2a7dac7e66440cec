"""Record batches (format 2) by hand: to build also those that no client would send, and to show
what comes back."""
import gzip
import struct

from codec import Malformed, Reader, varint


def crc32c_table():
    table = []
    for byte in range(256):
        for _ in range(8):
            byte = byte >> 1 ^ (0x82F63B78 if byte & 1 else 0)
        table.append(byte)
    return table


CRC_TABLE = crc32c_table()


def crc32c(data):
    crc = 0xFFFFFFFF
    for byte in data:
        crc = CRC_TABLE[(crc ^ byte) & 0xFF] ^ crc >> 8
    return crc ^ 0xFFFFFFFF


def sized(data):
    return varint(-1) if data is None else varint(len(data)) + data


def record(delta, time_delta, key, value, headers=()):
    body = b"\0" + varint(time_delta) + varint(delta) + sized(key) + sized(value)
    body += varint(len(headers))
    for name, text in headers:
        body += sized(name) + sized(text)
    return varint(len(body)) + body


def batch(time_ms, records, *, producer=-1, epoch=-1, sequence=-1, attributes=0, base=0, magic=2,
          count=None, last_delta=None, crc_xor=0, step_ms=0):
    """Bytes of a batch. `records`: (key, value) or (key, value, headers); attributes 1 is gzip,
    8 log append time, 16 transactional, 32 control."""
    payload = b"".join(record(n, n * step_ms, *one) for n, one in enumerate(records))
    if attributes & 7 == 1:
        payload = gzip.compress(payload, mtime=0)
    last = len(records) - 1 if last_delta is None else last_delta
    body = struct.pack(">hiqqqhii", attributes, last, time_ms,
                       time_ms + step_ms * max(len(records) - 1, 0), producer, epoch, sequence,
                       len(records) if count is None else count) + payload
    rest = struct.pack(">ibI", -1, magic, crc32c(body) ^ crc_xor) + body
    return struct.pack(">qi", base, len(rest)) + rest


def show(data):
    """Batches as dictionaries; None and b"" stay apart."""
    if not data:
        return data if data is None else []
    reader, out = Reader(data), []
    while reader.left() >= 61:
        base, size = reader.number("q"), reader.number("i")
        if size > reader.left():
            out.append("a batch that is cut off")
            break
        one = Reader(reader.take(size))
        leader_epoch, magic, crc = one.number("i"), one.number("b"), one.number("I")
        good = crc == crc32c(one.data[one.at:])
        attributes, last = one.number("h"), one.number("i")
        first_time, max_time = one.number("q"), one.number("q")
        shown = {"Base": base, "LastDelta": last, "LeaderEpoch": leader_epoch, "Magic": magic,
                 "CrcGood": good, "Attributes": attributes, "FirstTimestamp": first_time,
                 "MaxTimestamp": max_time, "ProducerId": one.number("q"),
                 "ProducerEpoch": one.number("h"), "Sequence": one.number("i")}
        count = one.number("i")
        payload = one.take(one.left())
        if attributes & 7 == 1:
            payload = gzip.decompress(payload)
        if attributes & 7 in (0, 1):
            shown["Items"] = [show_record(item) for item in split(payload, count)]
        out.append(shown)
    return out


def split(payload, count):
    reader = Reader(payload)
    for _ in range(count):
        yield Reader(reader.take(reader.varint()))
    if reader.left():
        raise Malformed("bytes after the last record")


def show_record(reader):
    def blob():
        size = reader.varint()
        return None if size < 0 else reader.take(size)
    reader.take(1)
    reader.varint()
    delta = reader.varint()
    key, value = blob(), blob()
    headers = [[blob(), blob()] for _ in range(reader.varint())]
    return {"Delta": delta, "Key": key, "Value": value, "Headers": headers}
