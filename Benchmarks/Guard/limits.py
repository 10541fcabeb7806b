"""The stored limits, and how they follow from what is measured."""

import ctypes
import json
import os
import platform
import statistics
import subprocess

PATH = os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "limits.json")
KINDS = ("instructions", "allocations")


def entry(operation, kind, values):
    """What several measurements make of a row. The limit leaves room above the highest for chance,
    and for small changes around the library: 3 % more instructions, or an allocation in twenty
    operations."""
    highest = max(values)
    spread = highest - min(values)
    room = 0.05 if kind == "allocations" else 0.03 * highest
    return {
        "operation": operation,
        "kind": kind,
        "measured": round(statistics.median(values), 2),
        "spread": round(spread, 2),
        "limit": round(highest + max(room, 2 * spread), 2),
    }


def surroundings():
    """What the counts depend on besides the code of this repository."""
    libuv = ctypes.CDLL("libuv.so.1")
    libuv.uv_version_string.restype = ctypes.c_char_p
    swift = subprocess.run(["swift", "--version"], capture_output=True, text=True, check=True)
    return {
        "machine": platform.machine(),
        "swift": swift.stdout.splitlines()[0],
        "libuv": libuv.uv_version_string().decode(),
        "glibc": platform.libc_ver()[1],
    }


def load():
    """What the limits were made with, and each of them by its operation and kind."""
    if not os.path.exists(PATH):
        return {}, {}
    with open(PATH, encoding="utf-8") as file:
        stored = json.load(file)
    return stored["made with"], {(x["operation"], x["kind"]): x for x in stored["limits"]}


def store(entries):
    """Writes one line for each limit, so that a change shows what it changes."""
    made_with = ",\n".join(f'    "{key}": {json.dumps(x)}' for key, x in surroundings().items())
    lines = ",\n".join("    " + json.dumps(each) for each in entries)
    with open(PATH, "w", encoding="utf-8") as file:
        file.write(f'{{\n  "made with": {{\n{made_with}\n  }},\n  "limits": [\n{lines}\n  ]\n}}\n')
