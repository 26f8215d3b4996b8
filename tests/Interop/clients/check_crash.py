"""Killed at random points a hundred times; a damaged catalogue."""

import os
import random

from crash import Crash, program
from harness import expect


def nothing_acknowledged_is_lost_by_a_hundred_kills(check):
    check.binary = program(check.binary)
    seed = int(os.environ.get("SHOAL_CRASH_SEED") or random.randrange(1 << 32))

    crash = Crash(check, seed, 100)
    check.note(crash.run())

    expect(sum(crash.kills.values()) >= 100, f"only {crash.kills} were killed")


nothing_acknowledged_is_lost_by_a_hundred_kills.seconds = 240
