"""What all the servers agree about."""

# What asyncio lets a plain protocol receive at a time. Its own figure, 256 KiB, is from where glibc
# maps memory anew for each bytes object, which makes a small message three times as dear.
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
    # uvloop has no such figure, and receives 64 KiB.
    if hasattr(transport, "max_size"):
        transport.max_size = RECEIVE
