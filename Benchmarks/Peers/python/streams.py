"""asyncio's streams: a task for each connection."""

import asyncio

from frame import CHUNK, HEADER, payload_length, tune


def served(body):
    """Closes the connection when the body ends, and takes its end by the client as one."""

    async def handler(reader, writer):
        tune(writer.transport)
        try:
            await body(reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    return handler


@served
async def echo(reader, writer):
    while data := await reader.read(65536):
        writer.write(data)
        await writer.drain()


@served
async def sink(reader, writer):
    while await reader.read(65536):
        pass


@served
async def source(reader, writer):
    while True:
        writer.write(CHUNK)
        await writer.drain()
        if writer.is_closing():
            return


@served
async def frames(reader, writer):
    while True:
        header = await reader.readexactly(HEADER)
        await reader.readexactly(payload_length(header))
        writer.write(header)
        await writer.drain()


MODES = {"echo": echo, "sink": sink, "source": source, "frames": frames}
