"""Counts the instructions and the allocations of each operation, and compares them with the limits
of `limits.json`. `./dev guard` builds what it needs and runs it; README.md says how to use it."""

import argparse
import os
import sys
from concurrent.futures import ThreadPoolExecutor

import callgrind
import limits
import rows

# What is above its limit is counted again so often, and the least is taken: what disturbs a run
# makes more of it, never less.
RETRIES = 2
# So many measurements make a limit.
ROUNDS = 5
# Much less than what the limit was made from means that the limit has become useless.
BETTER = 0.95


class Guard:
    def __init__(self, programs, pool):
        self.programs = programs
        self.pool = pool

    def measure(self, chosen, rounds=1):
        """For each row and kind what one operation takes, once for each round. What both runs of a
        row have in common, such as the start of the process, goes out by the difference."""
        jobs = [
            (row, [self.pool.submit(callgrind.count, self.programs, row, n) for n in row.counts])
            for _ in range(rounds)
            for row in chosen
        ]
        values = {}
        for row, (short, long) in jobs:
            operations = row.counts[1] - row.counts[0]
            for kind, less, more in zip(limits.KINDS, short.result(), long.result()):
                values.setdefault((row.name, kind), []).append((more - less) / operations)
        return values

    def check(self, chosen):
        """Prints the table. Whether everything is within its limit."""
        made_with, stored = limits.load()
        here = limits.surroundings()
        if here["machine"] != made_with.get("machine"):
            print(f"guard: skipped; the limits are for {made_with.get('machine')}")
            return True
        for row in chosen:
            if (row.name, limits.KINDS[0]) not in stored:
                raise callgrind.Failure(f"no limit for {row.name}; --update makes it")
        values = {key: each[0] for key, each in self.measure(chosen).items()}
        for _ in range(RETRIES):
            above = {key[0] for key, value in values.items() if value > stored[key]["limit"]}
            again = self.measure([row for row in chosen if row.name in above])
            for key, (value,) in again.items():
                values[key] = min(values[key], value)
        failures = show(values, stored)
        for key, value in here.items():
            if value != made_with[key]:
                print(f"guard: the limits were made with {key} {made_with[key]}, this is {value}")
        where = "Benchmarks/README.md says what to do"
        print(f"guard: {failures} above the limit; {where}" if failures else "guard: passed")
        return failures == 0

    def update(self, chosen):
        """Makes new limits for the chosen rows; those of the others stay."""
        made_with, stored = limits.load()
        if len(chosen) < len(rows.ROWS) and limits.surroundings() != made_with:
            raise callgrind.Failure(f"the others were made with {made_with}: update all of them")
        for key, values in self.measure(chosen, ROUNDS).items():
            new = limits.entry(*key, values)
            old = stored.get(key, {"limit": float("nan")})
            stored[key] = new
            print(
                f"{key[0]:<34}{key[1]:<14}{new['measured']:>10.2f}  spread {new['spread']:.2f},"
                f" limit {new['limit']:.2f}, was {old['limit']:.2f}"
            )
        limits.store([stored[row.name, kind] for row in rows.ROWS for kind in limits.KINDS])


def show(values, stored):
    """Prints the rows. How many are above their limit."""
    print(f"{'operation':<34}{'kind':<14}{'measured':>10}{'before':>10}{'limit':>10}")
    failures = 0
    for (name, kind), value in values.items():
        before, limit = stored[name, kind]["measured"], stored[name, kind]["limit"]
        verdict = "ok"
        if value > limit:
            verdict = "FAILED"
            failures += 1
        elif value < BETTER * before:
            verdict = "ok, better: lower the limit"
        print(f"{name:<34}{kind:<14}{value:>10.2f}{before:>10.2f}{limit:>10.2f}  {verdict}")
    return failures


def main():
    parser = argparse.ArgumentParser(prog="dev guard", description="Counts and compares.")
    parser.add_argument("parts", nargs="*", metavar="PART", help="only rows with this in the name")
    parser.add_argument("--update", action="store_true", help="make new limits of what is counted")
    parser.add_argument("--programs", required=True, help=argparse.SUPPRESS)
    options = parser.parse_args()
    parts = options.parts or [""]
    chosen = [row for row in rows.ROWS if any(part in row.name for part in parts)]
    if not chosen:
        sys.exit(f"guard: no operation has one of these in its name: {', '.join(parts)}")
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        guard = Guard(options.programs, pool)
        try:
            if options.update:
                guard.update(chosen)
            elif not guard.check(chosen):
                sys.exit(1)
        except callgrind.Failure as failure:
            pool.shutdown(wait=False, cancel_futures=True)
            sys.exit(f"guard: {failure}")


if __name__ == "__main__":
    main()
