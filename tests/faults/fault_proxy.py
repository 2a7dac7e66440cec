"""A TCP proxy that does to connections what networks do: cut, stall, delay, half-close, reorder.

As a module: FaultProxy({listen: target}).start(), then the methods. As a program:
    fault_proxy.py LISTEN=TARGET...    ports on 127.0.0.1; commands on standard input, one a line:
    cut | stall SECONDS | delay MILLISECONDS | half_close | refuse SECONDS | quit
"""

import asyncio
import random
import sys
import threading
import time

CHUNK = 256 * 1024


class Link:
    """One connection through the proxy."""

    def __init__(self, client, server):
        self.client = client  # writers
        self.server = server

    def cut(self):
        for writer in (self.client, self.server):
            writer.transport.abort()

    def half_close(self):
        """The client's side hears nothing more, and may go on talking."""
        try:
            self.client.write_eof()
        except (OSError, RuntimeError):
            self.cut()  # it was closing anyway


class FaultProxy:
    def __init__(self, routes):
        self.routes = routes
        self.links = []
        self.cuts = 0
        self.delay_s = 0.0
        self.stalled_until = 0.0
        self.refusing_until = 0.0
        self.loop = asyncio.new_event_loop()
        self.ready = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)

    def start(self):
        self.thread.start()
        self.ready.wait()
        return self

    def stop(self):
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join()

    # --- faults; any thread

    def cut(self, share=1.0):
        """Resets connections: all, or each with a probability. Gives how many."""
        return self._on_loop(lambda: self._end(share, Link.cut))

    def half_close(self, share=1.0):
        return self._on_loop(lambda: self._end(share, Link.half_close))

    def stall(self, seconds):
        """Nothing gets through in either direction for a while, and then everything does."""
        self.stalled_until = time.monotonic() + seconds

    def delay(self, seconds):
        """Each piece of data takes this much longer; 0 ends it."""
        self.delay_s = seconds

    def refuse(self, seconds):
        """New connections are reset; with cut(), later ones overtake earlier ones."""
        self.refusing_until = time.monotonic() + seconds

    # --- the loop's side

    def _on_loop(self, work):
        async def run():
            return work()

        return asyncio.run_coroutine_threadsafe(run(), self.loop).result()

    def _end(self, share, fault):
        chosen = [link for link in self.links if random.random() < share]
        for link in chosen:
            fault(link)
        self.cuts += len(chosen)
        return len(chosen)

    def _run(self):
        asyncio.set_event_loop(self.loop)
        for listen, target in self.routes.items():
            serve = self._server(target)
            self.loop.run_until_complete(asyncio.start_server(serve, "127.0.0.1", listen))
        self.ready.set()
        self.loop.run_forever()

    def _server(self, target):
        async def serve(reader, writer):
            if time.monotonic() < self.refusing_until:
                writer.transport.abort()
                return
            try:
                out_reader, out_writer = await asyncio.open_connection("127.0.0.1", target)
            except OSError:
                writer.transport.abort()
                return
            link = Link(writer, out_writer)
            self.links.append(link)
            try:
                await asyncio.gather(self._pump(reader, out_writer), self._pump(out_reader, writer))
            finally:
                self.links.remove(link)
                link.cut()

        return serve

    async def _pump(self, reader, writer):
        try:
            while data := await reader.read(CHUNK):
                if self.delay_s:
                    await asyncio.sleep(self.delay_s)
                while (left := self.stalled_until - time.monotonic()) > 0:
                    await asyncio.sleep(left)
                writer.write(data)
                await writer.drain()
            if writer.can_write_eof():
                writer.write_eof()
        except (OSError, RuntimeError):
            writer.transport.abort()


def main():
    routes = dict(tuple(map(int, word.split("="))) for word in sys.argv[1:])
    proxy = FaultProxy(routes).start()
    for line in sys.stdin:
        command, *words = line.split() or [""]
        if command == "quit":
            break
        if command in ("cut", "half_close"):
            print(getattr(proxy, command)(), flush=True)
        elif command == "delay":
            proxy.delay(float(words[0]) / 1000)
        elif command in ("stall", "refuse"):
            getattr(proxy, command)(float(words[0]))
        elif command:
            print(f"unknown command {command}", flush=True)
    proxy.stop()


if __name__ == "__main__":
    main()
