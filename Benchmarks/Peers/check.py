#!/usr/bin/env python3
"""Checks that a server does what all of them have to.

    Benchmarks/Peers/check.py COMMAND...

COMMAND is the server's, without `--port` and `--mode`. Whether bytes are right under load, the
load generator sees with --verify; here is what it does not do: clients that end their half while
answers are under way, that send and never read, that reset, and frames in pieces of all sizes.
"""

import os
import random
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

PATIENCE = 10


class Server:
    running = []

    def __init__(self, mode):
        command = sys.argv[1:] + ["--port", "0", "--mode", mode]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        Server.running.append(self.process)
        greeting = self.process.stdout.readline()
        assert greeting.startswith("listening on "), greeting
        self.port = int(greeting.split()[-1])

    def connect(self):
        client = socket.create_connection(("127.0.0.1", self.port))
        client.settimeout(PATIENCE)
        return client

    def descriptors(self):
        return len(os.listdir(f"/proc/{self.process.pid}/fd"))

    def end(self, number):
        self.process.send_signal(number)
        try:
            status = self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError("it still runs") from None
        assert status == 0, f"it ended with status {status}"


def rest(client):
    received = bytearray()
    while part := client.recv(1 << 16):
        received += part
    return bytes(received)


def in_background(body):
    thread = threading.Thread(target=body, daemon=True)
    thread.start()
    return thread


def reset(client):
    client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    client.close()


def fill(client):
    """Sends until nobody takes any more; returns how much that was."""
    client.settimeout(1)
    sent = 0
    try:
        while sent < 256 << 20:
            sent += client.send(bytes(1 << 16))
    except TimeoutError:
        pass
    return sent


def echo_answers_after_the_end_of_the_client():
    server = Server("echo")
    client, data = server.connect(), os.urandom(12_000_000)

    def send():
        client.sendall(data)
        client.shutdown(socket.SHUT_WR)

    sender = in_background(send)
    # So that it has to wait for the client before and after its end.
    time.sleep(0.5)
    assert rest(client) == data, "other bytes came back"
    sender.join()
    server.end(signal.SIGTERM)


def echo_holds_back_who_does_not_read():
    server = Server("echo")
    client = server.connect()
    assert fill(client) < 64 << 20, "it takes more and more"
    server.end(signal.SIGINT)


def echo_leaves_no_descriptor_of_who_resets():
    server = Server("echo")
    first = server.connect()
    first.sendall(b"x")
    first.recv(1)
    before = server.descriptors()
    for _ in range(5):
        client = server.connect()
        fill(client)
        reset(client)
    deadline = time.monotonic() + PATIENCE
    while server.descriptors() > before and time.monotonic() < deadline:
        time.sleep(0.05)
    assert server.descriptors() <= before, "descriptors are left"
    server.end(signal.SIGTERM)


def frames_of_all_sizes_in_pieces():
    server = Server("frames")
    client = server.connect()
    client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    sizes = [0, 5, 0, 100_000, 3, 0, 70_000, 65_532, 65_531, 1, 0, 0, 200_000, 3 << 20, 7]
    headers = [struct.pack(">I", size) for size in sizes]
    data = b"".join(header + bytes(size) for header, size in zip(headers, sizes))
    pieces = [1, 2, 3, 4, 1, 7, 50_000, 3, 100_000, 65_536, 1, 1, 1, 1 << 20]

    def send():
        start = number = 0
        while start < len(data):
            end = start + pieces[number % len(pieces)]
            client.sendall(data[start:end])
            start, number = end, number + 1
            time.sleep(0.002)
        client.shutdown(socket.SHUT_WR)

    sender = in_background(send)
    assert rest(client) == b"".join(headers), "other answers came back"
    sender.join()
    server.end(signal.SIGINT)


def sink_closes_after_the_client():
    server = Server("sink")
    client = server.connect()
    client.sendall(bytes(1_000_000))
    client.shutdown(socket.SHUT_WR)
    assert rest(client) == b"", "it answered"
    server.end(signal.SIGTERM)


def source_sends_until_the_client_closes():
    server = Server("source")
    client = server.connect()
    for _ in range(100):
        assert client.recv(1 << 16), "it ended"
    client.close()
    server.connect()
    server.end(signal.SIGTERM)


def each_mode_ends_whatever_comes():
    for number in range(24):
        server = Server(random.choice(["echo", "sink", "source", "frames"]))
        clients = [server.connect() for _ in range(random.choice([1, 5, 40]))]
        for client in clients[::2]:
            client.sendall(b"\0\0\0\1x")
        server.end(signal.SIGINT if number % 2 else signal.SIGTERM)


CHECKS = [
    echo_answers_after_the_end_of_the_client,
    echo_holds_back_who_does_not_read,
    echo_leaves_no_descriptor_of_who_resets,
    frames_of_all_sizes_in_pieces,
    sink_closes_after_the_client,
    source_sends_until_the_client_closes,
    each_mode_ends_whatever_comes,
]


def main():
    if len(sys.argv) < 2:
        sys.exit(__doc__)
    failures = 0
    for check in CHECKS:
        name = check.__name__.replace("_", " ")
        try:
            check()
            print("ok    ", name, flush=True)
        except (AssertionError, OSError) as problem:
            failures += 1
            print("FAILED", name, "-", problem)
        finally:
            for process in Server.running:
                process.kill()
            Server.running.clear()
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
