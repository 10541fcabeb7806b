"""What all the servers agree about."""

# What asyncio lets a plain protocol receive at a time. It asks for a bytes object of that size each
# time, and with its own figure, 256 KiB, small messages were three times as dear.
RECEIVE = 65536

HEADER = 4
LONGEST = 64 << 20
CHUNK = b"U" * 65536


def payload_length(header):
    length = int.from_bytes(header, "big")
    if length > LONGEST:
        raise ValueError("frame too long")
    return length


def tune(transport):
    # In uvloop it cannot be chosen.
    if hasattr(transport, "max_size"):
        transport.max_size = RECEIVE
