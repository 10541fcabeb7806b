"""asyncio.Protocol: what was received comes as a bytes object.

asyncio and uvloop set TCP_NODELAY by themselves.
"""

import asyncio

from frame import CHUNK, HEADER, payload_length, tune


class Connection(asyncio.Protocol):
    __slots__ = ("transport",)

    def connection_made(self, transport):
        tune(transport)
        self.transport = transport

    # A client that sends without reading must not fill our memory.
    def pause_writing(self):
        self.transport.pause_reading()

    def resume_writing(self):
        self.transport.resume_reading()


class Echo(Connection):
    __slots__ = ("write",)

    def connection_made(self, transport):
        super().connection_made(transport)
        # Saves a look-up for each message.
        self.write = transport.write

    def data_received(self, data):
        self.write(data)


class Sink(Connection):
    __slots__ = ()

    def data_received(self, data):
        pass


class Source(Connection):
    __slots__ = ("paused",)

    def connection_made(self, transport):
        super().connection_made(transport)
        self.paused = False
        self.send()

    def send(self):
        while not self.paused and not self.transport.is_closing():
            self.transport.write(CHUNK)

    def pause_writing(self):
        self.paused = True

    def resume_writing(self):
        self.paused = False
        self.send()


class Frames(Connection):
    """A payload that comes whole stays where it is. Others are put together in one bytearray, which
    is used again.
    """

    __slots__ = ("header", "payload", "length", "filled")

    def connection_made(self, transport):
        super().connection_made(transport)
        self.header = b""
        self.payload = bytearray()
        # Of the payload that is being put together, if there is one.
        self.length = None
        self.filled = 0

    def data_received(self, data):
        start, end = 0, len(data)
        if self.length is not None:
            start = self.fill(data, 0)
        while start < end:
            missing = HEADER - len(self.header)
            self.header += data[start : start + missing]
            start += missing
            if len(self.header) < HEADER:
                return
            length = payload_length(self.header)
            if length <= end - start:
                # The payload: memoryview(data)[start : start + length].
                start += length
                self.answer()
            else:
                self.length = length
                self.filled = 0
                if len(self.payload) < length:
                    self.payload = bytearray(length)
                start = self.fill(data, start)

    def fill(self, data, start):
        """Takes what belongs to the payload, and returns where in the data it ends."""
        count = min(self.length - self.filled, len(data) - start)
        part = memoryview(data)[start : start + count]
        self.payload[self.filled : self.filled + count] = part
        self.filled += count
        if self.filled == self.length:
            # The payload: memoryview(self.payload)[: self.length].
            self.length = None
            self.answer()
        return start + count

    def answer(self):
        self.transport.write(self.header)
        self.header = b""


MODES = {"echo": Echo, "sink": Sink, "source": Source, "frames": Frames}
