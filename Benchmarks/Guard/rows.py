"""What is counted, in the order of the table."""

from dataclasses import dataclass
from typing import Callable, Optional

import clients

# How many operations the shorter and the longer run do. The difference is large enough that what
# comes once does not show: a queue that grows, the end of the process.
EXCHANGES = (200, 1_200)
TASKS = (200, 2_200)
CALLS = (2_000, 22_000)
SLEEPS = (50, 250)
APIS = ("buffered", "protocol", "stream")


@dataclass
class Row:
    name: str
    # The program and its arguments. Without a client, the count comes last.
    arguments: list[str]
    counts: tuple[int, int]
    client: Optional[Callable] = None


def served(name, mode, client):
    """One row for each API of the server."""
    server = ["BenchServer", "--signals", "die", "--mode", mode, "--api"]
    return [Row(f"{name}, {api}", [*server, api], EXCHANGES, client) for api in APIS]


def worked(name, work, counts):
    return Row(name, ["GuardWork", work], counts)


ROWS = [
    *served("echo 64 B", "echo", clients.echo),
    *served("echo 64 B, 20 in a turn", "echo", clients.echo_together),
    *served("frames 16 KiB", "frames", clients.frames),
    *served("connect, echo, close", "echo", clients.churn),
    worked("timer, start and stop", "timer", CALLS),
    worked("call soon, function", "call-function", CALLS),
    worked("call soon, closure", "call-closure", CALLS),
    worked("post from another thread", "post", CALLS),
    worked("receive on the main actor", "receive", TASKS),
    worked("Task.yield", "yield", TASKS),
    worked("Task.sleep, 1 ms", "sleep", SLEEPS),
    worked("spawn on the loop", "spawn-loop", TASKS),
    worked("spawn detached", "spawn-detached", TASKS),
    worked("main actor, another, and back", "hop", TASKS),
]
