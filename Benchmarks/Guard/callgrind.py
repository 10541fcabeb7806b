"""Runs programs under callgrind, and reads what it has counted."""

import os
import re
import signal
import subprocess
import tempfile
import threading

# The functions of the C library that Swift's runtime and libuv get memory from. Callgrind sees
# each call of them, so the same run says how many there were.
ALLOCATORS = {"malloc", "calloc", "realloc", "posix_memalign", "aligned_alloc", "memalign"}
# For one run, in seconds; it takes one or two. Then the process is killed, which is a failure.
PATIENCE = 120
# The C library copies with what the processor has: the limits must not depend on that. And the
# order of Swift's dictionaries is not left to chance.
ENVIRONMENT = {
    "GLIBC_TUNABLES": "glibc.cpu.hwcaps=-AVX512F,-AVX2,-AVX,-ERMS,-FSRM",
    "SWIFT_DETERMINISTIC_HASHING": "1",
}


class Failure(Exception):
    pass


def count(programs, row, operations):
    """The instructions and the allocations of one run of a row."""
    with tempfile.TemporaryDirectory() as folder:
        output = os.path.join(folder, "callgrind.out")
        arguments = row.arguments[1:]
        if row.client is None:
            arguments = [*arguments, str(operations)]
        process = subprocess.Popen(
            ["valgrind", "-q", "--tool=callgrind", f"--callgrind-out-file={output}"]
            + [os.path.join(programs, row.arguments[0]), *arguments],
            env={**os.environ, **ENVIRONMENT},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        watch = threading.Timer(PATIENCE, process.kill)
        watch.start()
        try:
            if row.client is not None:
                serve(process, row.client, operations)
            text = process.communicate()[0]
        except (OSError, ValueError) as error:
            raise Failure(f"{row.name}: {error}") from error
        finally:
            watch.cancel()
            process.kill()
            process.wait()
        expected = 0 if row.client is None else -signal.SIGTERM
        if process.returncode != expected:
            raise Failure(f"{row.name}: it ended with status {process.returncode}\n{text}")
        return read(output)


def serve(process, client, operations):
    """Lets the client talk to the server that the process is, and ends it."""
    line = process.stdout.readline()
    found = re.match(r"listening on (\d+)", line)
    if not found:
        raise ValueError(f"it does not listen: {line}{process.stdout.read()}")
    connections = client(process, int(found[1]), operations)
    # Callgrind writes its counts when the signal ends the process. Connections close after it: the
    # server's answer to that is no part of what is counted.
    process.terminate()
    process.wait()
    for connection in connections:
        connection.close()


def read(path):
    """The total of instructions, and the calls of all allocators together.

    Only calls from outside the C library: `posix_memalign` calls `malloc`, which is not a second
    allocation."""
    names = {}
    callee = None
    # Whether the next call goes to another library: then, and only then, a line names that.
    leaves = False
    instructions = allocations = 0
    with open(path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            key, _, rest = line.strip().partition("=")
            if key in ("fn", "cfn"):
                # `(12) name` the first time, `(12)` from then on.
                number, _, name = rest.partition(" ")
                if name:
                    names[number] = name
                callee = names[number]
            elif key == "cob":
                leaves = True
            elif key == "calls":
                if leaves and callee in ALLOCATORS:
                    allocations += int(rest.split()[0])
                leaves = False
            elif line.startswith("totals:"):
                instructions = int(line.split()[1])
    if instructions == 0:
        raise Failure("callgrind has written no counts")
    return instructions, allocations
