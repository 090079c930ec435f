"""What was in the KV cache and had to make room: beginnings kept as bytes in memory, least recently used first out.

To put one back takes a few milliseconds; to read its tokens again takes a second for every few hundred.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from kernel.engine.cells import common_prefix


@dataclass(eq=False)
class State:
    """``tokens`` as they lay in the cache of ``owner``; the first ``straight`` as in a cache of their own."""

    owner: object
    tokens: list[int]
    straight: int
    data: npt.NDArray[np.uint8]


class States:
    """For all schedulers of a process; ``budget`` bytes at most. An owner's states are of use to it alone."""

    def __init__(self, budget: int) -> None:
        self.budget = budget
        self._states: list[State] = []
        """Least recently used first."""
        self.held = 0

    def wants(self, owner: object, tokens: list[int], straight: int) -> bool:
        """Whether a state of these tokens would bring anything that is not there."""
        if self.budget <= 0:
            return False
        covering = (s for s in self._states if s.owner is owner and s.straight >= straight)
        return not any(common_prefix(state.tokens, tokens) == len(tokens) for state in covering)

    def put(self, state: State) -> None:
        """Keep it, and let go of those that it covers and of the oldest."""
        if not len(state.data) or len(state.data) > self.budget:
            return
        for other in list(self._states):
            covered = common_prefix(other.tokens, state.tokens) == len(other.tokens)
            if other.owner is state.owner and covered and other.straight <= state.straight:
                self._remove(other)
        self._states.append(state)
        self.held += len(state.data)
        while self.held > self.budget:
            self._remove(self._states[0])

    def best(self, owner: object, tokens: list[int], *, straight: bool) -> tuple[State | None, int]:
        """The owner's state that begins most like ``tokens``, and with how many of them."""
        found, longest = None, 0
        for state in self._states:
            if state.owner is owner:
                common = common_prefix(state.tokens, tokens)
                common = min(common, state.straight) if straight else common
                if common > longest:
                    found, longest = state, common
        return found, longest

    def used(self, state: State) -> None:
        """It was of use, so that it is the last to go."""
        if state in self._states:
            self._states.remove(state)
            self._states.append(state)

    def forget(self, owner: object) -> None:
        """Its cache is gone for good."""
        for state in [state for state in self._states if state.owner is owner]:
            self._remove(state)

    def _remove(self, state: State) -> None:
        self._states.remove(state)
        self.held -= len(state.data)
