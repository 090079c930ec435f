"""Which sequence holds which KV cells: the book-keeping behind prefix sharing, exact and without llama.cpp.

A ``Resident`` is a sequence that has cells: running, or kept after its end because the next prompt may begin the same
way. Sequences share the cells of a common beginning; a cell is free when no resident holds it. Every cell was computed
by one resident first, so a resident's cells are a few ``(owner, start, end)`` stretches, and the cells in use are, for
each owner, from its first to the furthest that anyone still holds.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable

_owners = itertools.count()


class Resident:
    """``tokens[:computed]`` are in the KV cache under ``slot``, llama.cpp's sequence id.

    ``tokens`` is the sequence's own list and grows with it. Those up to ``straight`` were computed with no other sequence
    in the cache, so that they lie in it as they would in an empty one.
    """

    def __init__(self, slot: int, tokens: list[int], source: Resident | None = None, shared: int = 0) -> None:
        self.slot = slot
        self.tokens = tokens
        self.computed = shared
        self.straight: int = min(shared, source.straight) if source is not None else 0
        self.used_at = 0
        self.saved = False
        """Whether it was saved while there was nothing else to do."""
        self._owner = next(_owners)
        self._start = shared
        self._inherited = source.stretches(shared) if source is not None and shared else []

    def shares_with(self, tokens: list[int]) -> int:
        """How many tokens ``tokens`` begins with that it can take from here, once they are computed."""
        return common_prefix(self.tokens, tokens)

    def stretches(self, upto: int | None = None) -> list[tuple[int, int, int]]:
        """``(owner, start, end)`` of the cells of the first ``upto`` tokens."""
        limit = self.computed if upto is None else upto
        own = (self._owner, self._start, self.computed)
        return [(owner, start, min(end, limit)) for owner, start, end in [*self._inherited, own] if start < limit]


def cells_of(residents: Iterable[Resident]) -> int:
    """Cells that these hold together, shared ones counted once."""
    first: dict[int, int] = {}
    last: dict[int, int] = {}
    for resident in residents:
        for owner, start, end in resident.stretches():
            first[owner] = start
            last[owner] = max(last.get(owner, start), end)
    return sum(last[owner] - first[owner] for owner in first)


def common_prefix(one: list[int], other: list[int]) -> int:
    """Number of tokens that both begin with."""
    low, high = 0, min(len(one), len(other))
    while low < high:
        middle = (low + high + 1) // 2
        if one[low:middle] == other[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
