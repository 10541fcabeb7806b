"""The servers in Python: asyncio's own loop or uvloop, by each of asyncio's three APIs.

    server.py --port P --mode echo|sink|source|frames --loop asyncio|uvloop
              --api protocol|buffered|stream

Needs Python 3.8 or later, and for uvloop the package of that name.
"""

import argparse
import asyncio
import ctypes
import resource
import signal

import buffered
import protocols
import streams

HOST = "127.0.0.1"
BACKLOG = 1024


# Of glibc's mallopt, and sizes beyond all that is received at a time.
M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3
TRIM_THRESHOLD, MMAP_THRESHOLD = 16 << 20, 4 << 20


def keep_memory():
    """Lets memory be used again. By itself glibc maps it anew for each bytes object of more than
    128 KiB, which makes large plain reads of uvloop several times as dear.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, MMAP_THRESHOLD)
        mallopt(M_TRIM_THRESHOLD, TRIM_THRESHOLD)


def parse_arguments():
    parser = argparse.ArgumentParser(allow_abbrev=False)
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--mode", choices=["echo", "sink", "source", "frames"], required=True)
    parser.add_argument("--loop", choices=["asyncio", "uvloop"], default="asyncio")
    parser.add_argument("--api", choices=["protocol", "buffered", "stream"], default="protocol")
    return parser.parse_args()


def new_event_loop(name):
    if name == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


async def start(mode, api, port):
    if api == "stream":
        # The limit is how much a stream reads ahead: room for a frame of a mebibyte.
        return await asyncio.start_server(
            streams.MODES[mode], HOST, port, backlog=BACKLOG, limit=1 << 20
        )
    modes = buffered.MODES if api == "buffered" else protocols.MODES
    loop = asyncio.get_running_loop()
    return await loop.create_server(modes[mode], HOST, port, backlog=BACKLOG)


async def serve(arguments):
    loop = asyncio.get_running_loop()
    ended = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    server = await start(arguments.mode, arguments.api, arguments.port)
    print("listening on", server.sockets[0].getsockname()[1], flush=True)
    await ended.wait()
    server.close()


async def cancel_the_rest():
    """Streams have a task for each connection."""
    rest = asyncio.all_tasks() - {asyncio.current_task()}
    for task in rest:
        task.cancel()
    await asyncio.gather(*rest, return_exceptions=True)


def main():
    arguments = parse_arguments()
    keep_memory()
    # Thousands of idle connections do not fit the usual soft limit of 1,024 descriptors.
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    loop = new_event_loop(arguments.loop)
    # A client that is gone is nothing to report.
    loop.set_exception_handler(lambda loop, context: None)
    try:
        asyncio.set_event_loop(loop)
        loop.run_until_complete(serve(arguments))
        loop.run_until_complete(cancel_the_rest())
    finally:
        loop.close()


if __name__ == "__main__":
    main()
