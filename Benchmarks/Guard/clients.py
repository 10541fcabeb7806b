"""What talks to the servers: exactly so many messages, and the next only when the last is answered.
So the server does the same steps in every run, however the machine shares its time.

Each client returns the connections that it has left open."""

import os
import signal
import socket
import struct

# For one answer, in seconds: callgrind is slow, and the machine may be busy.
PATIENCE = 60
TOGETHER = 20
MESSAGE = bytes(range(64))


def connect(port):
    connection = socket.create_connection(("127.0.0.1", port), PATIENCE)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return connection


def expect(connection, answer):
    received = b""
    while len(received) < len(answer):
        piece = connection.recv(len(answer) - len(received))
        if not piece:
            raise ValueError("the server has closed")
        received += piece
    if received != answer:
        raise ValueError("the server has answered something else")


def echo(server, port, count):
    """One connection: each message costs the server a turn of its loop."""
    connection = connect(port)
    for _ in range(count):
        connection.sendall(MESSAGE)
        expect(connection, MESSAGE)
    return [connection]


def echo_together(server, port, count):
    """Several connections, whose messages the server finds in one turn. It is stopped until all of
    them are there: else chance would say how many turns they take."""
    connections = [connect(port) for _ in range(TOGETHER)]
    # Its first turn accepts, and is not to be stopped on the way.
    for connection in connections:
        connection.sendall(MESSAGE)
        expect(connection, MESSAGE)
    for _ in range(count // TOGETHER):
        stop(server)
        for connection in connections:
            connection.sendall(MESSAGE)
        server.send_signal(signal.SIGCONT)
        for connection in connections:
            expect(connection, MESSAGE)
    return connections


def stop(server):
    """Returns when the process has come to a halt."""
    server.send_signal(signal.SIGSTOP)
    os.waitid(os.P_PID, server.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)


def frames(server, port, count):
    header = struct.pack(">I", 16 * 1024)
    message = header + bytes(16 * 1024)
    connection = connect(port)
    for _ in range(count):
        connection.sendall(message)
        expect(connection, header)
    return [connection]


def churn(server, port, count):
    """One connection after the other. The next comes when the server has closed the last."""
    for _ in range(count):
        with connect(port) as connection:
            connection.sendall(MESSAGE)
            expect(connection, MESSAGE)
            connection.shutdown(socket.SHUT_WR)
            if connection.recv(1):
                raise ValueError("the server has sent more than the answer")
    return []
