"""What the kernel takes to move bytes over loopback TCP, without any program around it.

A server cannot answer a fetch for less than send() costs, nor a single small request for less than
the wake-up. The rows of the broker stand beside this floor, measured in the same run.
"""

import mmap
import os
import resource
import select
import socket
import time

PIECE = 1 << 20


def cpu_seconds():
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def connected():
    """A pair of TCP sockets of this machine."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname())
        server, _ = listener.accept()
    return client, server


def in_child(work):
    """Runs `work` in a process of its own, so that its CPU is not ours."""
    child = os.fork()
    if child == 0:
        try:
            work()
        finally:
            os._exit(0)
    return child


def drain(source):
    room = memoryview(bytearray(PIECE))
    while source.recv_into(room):
        pass


def send_all(target, source, size):
    for start in range(0, size, PIECE):
        target.sendall(source[start:min(start + PIECE, size)])


def send_floor(size):
    """CPU seconds to send `size` different bytes of memory."""
    with mmap.mmap(-1, size) as memory:
        for start in range(0, size, mmap.PAGESIZE):
            memory[start] = 1
        near, far = connected()
        child = in_child(lambda: (near.close(), drain(far)))
        far.close()
        before = cpu_seconds()
        with memoryview(memory) as view:
            send_all(near, view, size)
        used = cpu_seconds() - before
        near.close()
        os.waitpid(child, 0)
    return used


def answer_floor(count, per_second, request_bytes=1100, answer_bytes=100):
    """CPU seconds to wake up, receive and answer a request, `per_second` of them with pauses."""
    near, far = connected()
    for end in (near, far):
        end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask():
        near.close()
        for _ in range(count):
            time.sleep(1 / per_second)
            far.sendall(bytes(request_bytes))
            far.recv(answer_bytes, socket.MSG_WAITALL)

    child = in_child(ask)
    far.close()
    room, answer = bytearray(PIECE), bytes(answer_bytes)
    with select.epoll() as poll:
        poll.register(near, select.EPOLLIN)
        before = cpu_seconds()
        while poll.poll() and near.recv_into(room):
            near.sendall(answer)
        used = cpu_seconds() - before
    near.close()
    os.waitpid(child, 0)
    return used / count


if __name__ == "__main__":
    print(f"send {send_floor(1 << 30):.3f} CPU s per GiB, "
          f"answer {answer_floor(2000, 1000) * 1e6:.1f} CPU us")
