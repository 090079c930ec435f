"""How many threads a step is worth, found by trying.

More are not always faster: for a small model one core reads a token as fast as two, and where another process has the
second core every layer waits for the thread that was put aside (measured with two threads on two contested cores: 13 to
44 tokens of prompt a second, where one thread reads 150 to 280). So the best number so far is tried against its
neighbours, often while they are close and seldom where they are far behind. Steps are judged among those of about as
many rows: a row costs less in company, and a number that was tried on a long prompt must not seem good for it. The
results do not depend on it: llama.cpp never splits one sum over threads.
"""

from __future__ import annotations

import os
import time

TRY_SECONDS = 1.0
"""Between two trials of a neighbour that is nearly as good as the best."""
SELDOM = 15
"""Times as long where it is not."""
CLOSE = 1.2
"""Times the best's seconds that are nearly as good."""
WEIGHT = 0.3
"""Of the newest measurement in the running mean."""


class ThreadChoice:
    """``choose`` before a step, ``record`` after it. ``threads``: always that many; 0: what is fastest of up to ``most``
    (0: all cores of this process)."""

    def __init__(self, threads: int = 0, *, most: int = 0) -> None:
        most, fixed = threads or most or cores(), threads > 0
        powers = [1 << power for power in range(most.bit_length()) if 1 << power < most]
        self._options = [most] if fixed else [*powers, most]
        self._seconds: dict[tuple[int, int], float] = {}
        self._tried_at: dict[tuple[int, int], float] = {}

    def choose(self, rows: int) -> int:
        size = rows.bit_length()
        known = [option for option in self._options if (size, option) in self._seconds]
        if not known:
            return self._options[-1]
        best = min(known, key=lambda option: self._seconds[size, option])
        now = time.monotonic()
        for neighbour in self._neighbours(best):
            if (size, neighbour) not in self._seconds:
                return neighbour
            close = self._seconds[size, neighbour] <= CLOSE * self._seconds[size, best]
            since = now - self._tried_at.setdefault((size, neighbour), now)
            if since >= TRY_SECONDS * (1 if close else SELDOM):
                return neighbour
        return best

    def _neighbours(self, option: int) -> list[int]:
        at = self._options.index(option)
        return [*self._options[max(0, at - 1) : at], *self._options[at + 1 : at + 2]]

    def record(self, rows: int, threads: int, seconds: float) -> None:
        key = (rows.bit_length(), threads)
        per_row = seconds / rows
        self._seconds[key] = self._seconds.get(key, per_row) * (1 - WEIGHT) + per_row * WEIGHT
        self._tried_at[key] = time.monotonic()


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
