"""What all the servers agree about."""

HEADER = 4
LONGEST = 64 << 20
CHUNK = b"U" * 65536


def payload_length(header):
    length = int.from_bytes(header, "big")
    if length > LONGEST:
        raise ValueError("frame too long")
    return length
