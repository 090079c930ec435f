"""Rows into packs that share their prefixes: one token sequence, a tree inside.

Rows of one person begin with the same persona, and questions on the same evidence share that too. In a pack every
shared prefix stands once and each row is a branch: a token attends to its ancestors only (a 4-D mask) and its position
is its depth, so the loss of each row is what it would be alone. About three times fewer tokens than padding.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt


@dataclass(frozen=True)
class Row:
    """Token ids of one sample: ``prompt`` is read, ``answer`` (with the end token) is learned."""

    prompt: tuple[int, ...]
    answer: tuple[int, ...]
    group: str = ""
    """Rows of one group are kept together, so that they share what they have in common."""

    def __len__(self) -> int:
        return len(self.prompt) + len(self.answer)


@dataclass
class Pack:
    """One tree of rows, laid out parents first."""

    tokens: list[int] = field(default_factory=list)
    parents: list[int] = field(default_factory=list)
    depths: list[int] = field(default_factory=list)
    label_at: list[int] = field(default_factory=list)
    """Index whose hidden state predicts the label beside it."""
    labels: list[int] = field(default_factory=list)
    rows: int = 0
    _children: dict[tuple[int, int], int] = field(default_factory=dict)

    def shared(self, row: Row) -> int:
        """How many of the row's prompt tokens already stand in this pack."""
        at, depth = -1, 0
        for token in row.prompt:
            following = self._children.get((at, token))
            if following is None:
                break
            at, depth = following, depth + 1
        return depth

    def add(self, row: Row) -> None:
        at = -1
        for token in row.prompt:
            following = self._children.get((at, token))
            at = self._append(token, at) if following is None else following
            if following is None:
                self._children[(self.parents[at], token)] = at
        for token in row.answer:
            self.label_at.append(at)
            self.labels.append(token)
            at = self._append(token, at)
        # the last token of an answer predicts nothing: it need not be computed
        for kept in (self.tokens, self.parents, self.depths):
            kept.pop()
        self.rows += 1

    def mask(self) -> npt.NDArray[np.bool_]:
        """``(tokens, tokens)``: whether the row's token may see the column's."""
        size = len(self.tokens)
        allowed = np.zeros((size, size), dtype=np.bool_)
        for index, parent in enumerate(self.parents):
            if parent >= 0:
                allowed[index] = allowed[parent]
            allowed[index, index] = True
        return allowed

    def _append(self, token: int, parent: int) -> int:
        self.tokens.append(token)
        self.parents.append(parent)
        self.depths.append(0 if parent < 0 else self.depths[parent] + 1)
        return len(self.tokens) - 1


def pack(rows: Sequence[Row], size: int, rng: random.Random) -> list[Pack]:
    """Rows in random order of their groups, packed to at most ``size`` tokens (a longer row gets a pack of its own)."""
    groups: dict[str, list[Row]] = {}
    for number, row in enumerate(rows):
        groups.setdefault(row.group or f"#{number}", []).append(row)
    order = list(groups.values())
    rng.shuffle(order)
    packs: list[Pack] = []
    current = Pack()
    for row in _flat(order):
        if current.rows and len(current.tokens) + len(row) - current.shared(row) > size:
            packs.append(current)
            current = Pack()
        current.add(row)
    if current.rows:
        packs.append(current)
    rng.shuffle(packs)
    return packs


def _flat(groups: Iterable[list[Row]]) -> Iterable[Row]:
    for group in groups:
        yield from group
