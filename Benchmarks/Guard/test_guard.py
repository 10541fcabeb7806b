"""That the guard finds what it is there for. `./dev guard` runs this before it counts."""

import contextlib
import io
import os
import tempfile
import unittest
from unittest import mock

import callgrind
import guard
import limits
import rows

# The program calls `posix_memalign` three times and `malloc` twice, by `malloc`'s short name the
# second time; `posix_memalign` calls `malloc`, which counts no more.
COUNTS = """\
ob=(1) program
fn=(1) main
1 10
cob=(2) libc.so.6
cfn=(2) posix_memalign
calls=3 0
1 30
cob=(2)
cfn=(3) malloc
calls=1 0
1 5
cob=(2)
cfn=(3)
calls=1 0
1 5
cfn=(4) mallocate
calls=7 0
1 7
ob=(2)
fn=(2)
1 20
cfn=(3)
calls=3 0
1 15
totals: 1234
"""


class CountsTests(unittest.TestCase):
    def test_allocations_are_calls_from_outside_the_c_library(self):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "counts")
            with open(path, "w", encoding="utf-8") as file:
                file.write(COUNTS)
            self.assertEqual(callgrind.read(path), (1234, 5))

    def test_no_counts_are_a_failure(self):
        with self.assertRaises(callgrind.Failure):
            callgrind.read(os.devnull)


class LimitTests(unittest.TestCase):
    def test_room_is_three_percent_or_twice_the_spread(self):
        self.assertEqual(limits.entry("x", "instructions", [100, 99.5, 99.8])["limit"], 103)
        self.assertEqual(limits.entry("x", "instructions", [100, 97])["limit"], 106)

    def test_a_first_allocation_is_above_the_limit(self):
        self.assertEqual(limits.entry("x", "allocations", [0, 0])["limit"], 0.05)


class CheckTests(unittest.TestCase):
    """With what is measured given instead of counted, one share of the stored limits each time."""

    def is_passed(self, *shares):
        made_with, stored = limits.load()
        shares = list(shares)

        class Given(guard.Guard):
            def measure(self, chosen, rounds=1):
                share = shares.pop(0) if chosen else 0
                return {
                    (row.name, kind): [share * stored[row.name, kind]["limit"]]
                    for row in chosen
                    for kind in limits.KINDS
                }

        here = mock.patch.object(limits, "surroundings", lambda: made_with)
        with here, contextlib.redirect_stdout(io.StringIO()):
            result = Given("", None).check(rows.ROWS)
        self.assertEqual(shares, [])
        return result

    def test_what_is_below_passes(self):
        self.assertTrue(self.is_passed(0.99))

    def test_what_stays_above_fails(self):
        self.assertFalse(self.is_passed(1.01, 1.01, 1.01))

    def test_what_was_disturbed_passes(self):
        self.assertTrue(self.is_passed(1.01, 1.01, 0.99))


unittest.main()
