"""Searching a memory in this process, as serving does it: for making samples in a worker child."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from kernel.abc import Vectors
from kernel.memory.asked import text_to_embed
from kernel.memory.search import Searcher
from kernel.types import Hit

Find = Callable[[str], list[Hit]]
"""A question -> what search finds for it, best first."""


class Embeds(Protocol):
    """``kernel.engine.embedder.Embedder``, or anything with its one method."""

    def embed(self, texts: Sequence[str]) -> Vectors: ...


class Finder:
    """A searcher and an embedder together. ``search(question, limit, turns before) -> hits``, best first."""

    def __init__(self, searcher: Searcher, embedder: Embeds) -> None:
        self._searcher, self._embedder = searcher, embedder

    def search(self, question: str, limit: int, turns_before: Sequence[str] = ()) -> list[Hit]:
        vector = self._embedder.embed([text_to_embed(question, tuple(turns_before))])[0]
        return self._searcher.search(question, vector, limit=limit, as_of=None, previous=tuple(turns_before))
