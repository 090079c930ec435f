"""An identity of a folder of notes, made as a home makes it but in this process: read, understand, build.

The worker's own jobs are called, on vectors of the starter's embedding model.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import numpy as np

from kernel.abc import Vectors
from kernel.config import MemoryConfig
from kernel.l0_insight.jobs import understand
from kernel.l1_identity.jobs import build
from kernel.l1_identity.structs import IdentityPayload
from kernel.memory.chunks import to_memory
from kernel.memory.jobs import read_memories
from kernel.memory.structs import FileToRead, ReadFiles, note_id_for
from kernel.types import Identity, Insight, Memory

Embed = Callable[[Sequence[str]], Vectors]
SUFFIXES = {".md", ".txt", ".pdf"}


@dataclass(frozen=True)
class Life:
    """Notes as they come out of ``analyse``, and what they are called in their vault."""

    owner: str
    memories: tuple[Memory, ...]
    insights: tuple[Insight, ...]
    vectors: dict[str, bytes]
    paths: dict[str, str]
    """Note id -> its file, ``FOLDER-NAME/…`` below the vault."""
    seconds: dict[str, float] = field(default_factory=dict)


def live(vaults: dict[str, Path], owner: str, embed: Embed) -> Life:
    """``vaults``: a name -> a folder; notes are named ``name/path``."""
    job = ReadFiles(files=(), limits=MemoryConfig(), learned_at="2026-11-01T00:00:00+00:00")
    read: list[Memory] = []
    paths: dict[str, str] = {}
    for name, folder in vaults.items():
        for file in sorted(path for path in folder.rglob("*") if path.suffix in SUFFIXES):
            called = f"{name}/{file.relative_to(folder).as_posix()}"
            for number, memory in enumerate(read_memories(FileToRead(path=str(file)), job)):
                note = msgspec.structs.replace(memory.note, id=note_id_for(f"{called}#{number}", owner))
                read.append(to_memory(note, MemoryConfig().chunk_characters))
                paths[note.id] = called
    began = time.perf_counter()
    found = understand(read, lambda event: None)
    understood = time.perf_counter() - began
    memories = tuple(
        msgspec.structs.replace(
            memory,
            sentences=tuple(
                msgspec.structs.replace(sentence, context=context, resolved=True)
                for sentence, context in zip(memory.sentences, one.contexts, strict=True)
            ),
        )
        for memory, one in zip(read, found, strict=True)
    )
    vectors = {
        memory.note.id: embed([sentence.context for sentence in memory.sentences]).mean(axis=0).astype("<f4").tobytes()
        for memory in memories
        if memory.sentences
    }
    insights = tuple(one.insight for one in found)
    return Life(owner, memories, insights, vectors, paths, {"understand": understood})


def identity_of(life: Life, previous: Identity | None = None) -> tuple[Identity, float]:
    """The identity and the seconds that it took."""
    payload = IdentityPayload(
        owner=life.owner,
        input_hash="bench",
        created="2026-11-01T00:00:00+00:00",
        memories=life.memories,
        insights=life.insights,
        vectors=life.vectors,
        previous=previous,
    )
    began = time.perf_counter()
    made = build(payload, lambda event: None)
    return made, time.perf_counter() - began


def vector_of(life: Life, note_id: str) -> np.ndarray:
    return np.frombuffer(life.vectors[note_id], "<f4")
