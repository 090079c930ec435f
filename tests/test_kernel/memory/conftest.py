"""What the memory tests share: a home of their own, an embedder that is really used, an engine that is down."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import numpy as np
import pytest

from kernel.abc import Vectors
from kernel.config import KernelConfig
from kernel.errors import EngineDied
from kernel.memory.ingest import Ingest
from kernel.memory.store import Store
from kernel.worker import ProcessWorker


class WordEngine:
    """The ``embed`` of an Engine: a fixed random direction per word, so that texts sharing words are near each other.

    ``down = True`` makes it fail as an engine whose child has died.
    """

    def __init__(self) -> None:
        self.down = False
        self.texts: list[str] = []

    async def embed(self, texts: Sequence[str], *, model: str = "embedder") -> Vectors:
        if self.down:
            raise EngineDied("the engine ended; it is being started again.")
        self.texts += texts
        return np.stack([vector_of(text) for text in texts])


def vector_of(text: str) -> Vectors:
    """``(64,)``, of length 1."""
    total = np.full(64, 1e-3, np.float32)
    for word in text.lower().split():
        seed = int.from_bytes(hashlib.sha256(word.strip('.,:?!"').encode()).digest()[:4], "big")
        total += np.random.default_rng(seed).normal(size=64).astype(np.float32)
    return total / np.linalg.norm(total)


@pytest.fixture
def engine() -> WordEngine:
    return WordEngine()


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[Store]:
    store = await Store.open(tmp_path / "memory.db")
    yield store
    await store.close()


@pytest.fixture
async def ingest(store: Store, engine: WordEngine, tmp_path: Path) -> AsyncIterator[Ingest]:
    worker = ProcessWorker(tmp_path / "logs")
    yield Ingest(store, engine, worker, KernelConfig())
    await worker.close()
