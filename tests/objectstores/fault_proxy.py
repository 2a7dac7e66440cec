#!/usr/bin/env python3
"""A proxy in front of an object store that goes wrong in one way, as often as it is told.

usage: fault_proxy.py LISTEN_PORT UPSTREAM_PORT MODE [--share 0.2] [--seed 1] [--spare METHOD]

MODE  pass    nothing goes wrong
      500     refuses with status 500, nothing is done
      503     refuses with status 503 and Retry-After: 1
      lost    does it and closes the connection instead of answering
      cut     closes the connection in the middle of the answer
      flip    flips a bit of the request's body
      slow    passes answers on in small pieces
      silent  never answers, whatever the share
"""

import argparse
import http.client
import http.server
import random
import threading
import time

HOP_BY_HOP = {"connection", "keep-alive", "transfer-encoding", "te", "trailer", "upgrade"}


class Faults:
    def __init__(self, mode, share, seed, spare):
        self.mode, self.share, self.spare = mode, share, spare
        self.random = random.Random(seed)
        self.lock = threading.Lock()

    def next(self, method):
        """The fault of this request, or "pass"."""
        if self.mode == "silent":
            return self.mode
        with self.lock:
            hit = self.random.random() < self.share
        return self.mode if hit and method != self.spare else "pass"


def read_body(handler):
    if "chunked" in handler.headers.get("transfer-encoding", ""):
        raise ValueError("the client sends lengths")
    return handler.rfile.read(int(handler.headers.get("content-length", 0)))


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    faults = None
    upstream_port = 0

    def handle_one(self):
        fault = self.faults.next(self.command)
        body = read_body(self)
        if fault == "silent":
            time.sleep(3600)
        if fault in ("500", "503"):
            return self.refuse(int(fault))
        if fault == "flip" and body:
            body = body[:-1] + bytes([body[-1] ^ 1])
        status, headers, answer = self.ask(body)
        if fault == "lost":
            self.close_connection = True
            return None
        return self.answer(status, headers, answer, fault)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = handle_one

    def ask(self, body):
        upstream = http.client.HTTPConnection("127.0.0.1", self.upstream_port, timeout=60)
        upstream.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in self.headers.items():
            if name.lower() not in HOP_BY_HOP:
                upstream.putheader(name, value)
        upstream.endheaders(body)
        response = upstream.getresponse()
        answer = response.read()
        upstream.close()
        return response.status, response.getheaders(), answer

    def answer(self, status, headers, body, fault):
        self.send_response_only(status)
        names = set()
        for name, value in headers:
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
                names.add(name.lower())
        if "content-length" not in names and status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "HEAD":
            return
        if fault == "cut":
            self.wfile.write(body[:len(body) // 2])
            self.close_connection = True
        elif fault == "slow":
            for at in range(0, len(body), 65536):
                self.wfile.write(body[at:at + 65536])
                self.wfile.flush()
                time.sleep(0.02)
        else:
            self.wfile.write(body)

    def refuse(self, status):
        self.send_response_only(status)
        self.send_header("Content-Length", "0")
        if status == 503:
            self.send_header("Retry-After", "1")
        self.end_headers()

    def log_message(self, *_):
        pass


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def handle_error(self, request, client_address):
        pass  # clients that went away while they were answered slowly


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listen_port", type=int)
    parser.add_argument("upstream_port", type=int)
    parser.add_argument("mode")
    parser.add_argument("--share", type=float, default=0.2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--spare", default="")
    given = parser.parse_args()
    Handler.faults = Faults(given.mode, given.share, given.seed, given.spare)
    Handler.upstream_port = given.upstream_port
    Server(("127.0.0.1", given.listen_port), Handler).serve_forever()


if __name__ == "__main__":
    main()
