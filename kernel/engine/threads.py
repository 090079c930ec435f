"""How many threads a step is worth, found by trying.

More are not always faster: for a small model one core reads a token as fast as two, and where another process has the
second core every layer waits for the thread that was put aside (measured with two threads on two contested cores: 13 to
44 tokens of prompt a second, where one thread reads 150 to 280). So the numbers that come into question are timed,
apart for single rows, small and large batches, and the best so far is tried against its neighbours now and then. The
results do not depend on it: llama.cpp never splits one sum over threads.
"""

from __future__ import annotations

import os
import time

TRY_SECONDS = 1.0
"""Between two trials of a neighbour."""
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
        self._tried_at: dict[int, float] = {}

    def choose(self, rows: int) -> int:
        size = _size(rows)
        unknown = [option for option in reversed(self._options) if (size, option) not in self._seconds]
        if unknown:
            return unknown[0]
        best = min(range(len(self._options)), key=lambda index: self._seconds[size, self._options[index]])
        now = time.monotonic()
        if now - self._tried_at.setdefault(size, now) < TRY_SECONDS:
            return self._options[best]
        self._tried_at[size] = now
        neighbours = [index for index in (best - 1, best + 1) if 0 <= index < len(self._options)]
        return self._options[neighbours[int(now) % len(neighbours)] if neighbours else best]

    def record(self, rows: int, threads: int, seconds: float) -> None:
        key = (_size(rows), threads)
        per_row = seconds / rows
        self._seconds[key] = self._seconds.get(key, per_row) * (1 - WEIGHT) + per_row * WEIGHT


def cores() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _size(rows: int) -> int:
    """Steps of one kind: a single row, a few streams, prompts."""
    return 0 if rows == 1 else 1 if rows <= 16 else 2
