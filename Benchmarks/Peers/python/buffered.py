"""asyncio.BufferedProtocol: the protocol says where the loop reads to."""

import asyncio

import protocols
from frame import HEADER, payload_length

# What has been read is used up before the next is: all connections share it.
SHARED = memoryview(bytearray(65536))


class Connection(asyncio.BufferedProtocol):
    __slots__ = ("transport",)

    def connection_made(self, transport):
        self.transport = transport

    def get_buffer(self, size_hint):
        return SHARED

    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Echo(Connection):
    __slots__ = ()

    def buffer_updated(self, count):
        # A copy, because both loops may keep what the socket does not take at once.
        self.transport.write(bytes(SHARED[:count]))


class Sink(Connection):
    __slots__ = ()

    def buffer_updated(self, count):
        pass


class Source(protocols.Source):
    """There is nothing to read."""


class Frames(Connection):
    """Asks for exactly what is missing, so that no payload is ever copied."""

    __slots__ = ("header", "payload", "in_payload", "length", "filled")

    def connection_made(self, transport):
        self.transport = transport
        self.header = memoryview(bytearray(HEADER))
        self.payload = memoryview(b"")
        self.in_payload = False
        self.filled = 0

    def get_buffer(self, size_hint):
        if self.in_payload:
            return self.payload[self.filled : self.length]
        return self.header[self.filled :]

    def buffer_updated(self, count):
        self.filled += count
        if self.in_payload:
            if self.filled == self.length:
                self.answer()
        elif self.filled == HEADER:
            self.length = payload_length(self.header)
            self.filled = 0
            if self.length == 0:
                return self.answer()
            self.in_payload = True
            if len(self.payload) < self.length:
                self.payload = memoryview(bytearray(self.length))

    def answer(self):
        self.in_payload = False
        self.filled = 0
        self.transport.write(bytes(self.header))


MODES = {"echo": Echo, "sink": Sink, "source": Source, "frames": Frames}
