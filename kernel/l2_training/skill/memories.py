"""An invented person's notes as a real memory: read, cut, resolved, embedded and searched as an owner's are.

Everything runs in this process (readers, language analysis, embedding): it is for scripts and worker children alone.
"""

from __future__ import annotations

import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec

from kernel.abc import Reading
from kernel.config import MemoryConfig, Paths
from kernel.engine.embedder import Embedder
from kernel.l0_insight.jobs import understand
from kernel.l2_training.data.finding import Finder
from kernel.l2_training.skill.corpus import Person
from kernel.memory.chunks import to_memory
from kernel.memory.jobs import read_memories
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.memory.structs import FileToRead, ReadFiles, note_id_for
from kernel.types import Explain, Hit, Memory, Sentence, Span

LEARNED = "2026-01-01T00:00:00+00:00"
"""When the invented people's notes were learned: fixed, so that the same corpus gives the same samples."""
LIMIT = 8


class PersonMemory:
    """What ``open_person`` yields."""

    def __init__(self, finder: Finder, memories: Sequence[Memory]) -> None:
        self._finder = finder
        self.memories = tuple(memories)
        self._at = [
            (_squeezed(memory.note.text[one.start : one.end]), memory, one)
            for memory in memories
            for one in memory.sentences
        ]

    def search(self, question: str, turns_before: tuple[str, ...] = ()) -> list[Hit]:
        """Best first, as serving would find them."""
        return self._finder.search(question, LIMIT, turns_before)

    def sentence_of(self, quote: str) -> Hit | None:
        """The stored sentence whose words hold the quote, or most of which the quote holds; ``None`` where none does.

        A quote over several sentences is given as the longest of them.
        """
        wanted = _squeezed(quote)
        holding = [(memory, one) for words, memory, one in self._at if wanted in words]
        if holding:
            return _hit(*holding[0])
        held = [(len(words), memory, one) for words, memory, one in self._at if len(words) > 3 and words in wanted]
        return _hit(*max(held, key=lambda found: found[0])[1:]) if held else None


@asynccontextmanager
async def open_person(paths: Paths, person: Person) -> AsyncIterator[PersonMemory]:
    """A temporary ``memory.db`` with the person's notes. ``paths``: a home with the embedding model."""
    memories = resolved([_read(person, file) for file in sorted(person.folder.iterdir()) if file.is_file()])
    embedder = Embedder(paths.embedder, threads=1)  # on a busy machine more threads wait for each other
    try:
        with tempfile.TemporaryDirectory() as folder:
            store = await Store.open(Path(folder) / "memory.db")
            try:
                contexts = [one.context for memory in memories for one in memory.sentences]
                await store.write(memories, embedder.embed(contexts), "b_skill")
                searcher = Searcher(store.path)
                try:
                    yield PersonMemory(Finder(searcher, embedder), memories)
                finally:
                    searcher.close()
            finally:
                await store.close()
    finally:
        embedder.close()


def resolved(memories: Sequence[Memory]) -> list[Memory]:
    """The memories with their pronouns resolved by the analyst of L0."""
    contexts = {one.note_id: one.contexts for one in understand(list(memories), lambda _event: None)}
    return [
        msgspec.structs.replace(
            memory,
            sentences=tuple(
                msgspec.structs.replace(one, context=context, resolved=True)
                for one, context in zip(memory.sentences, contexts[memory.note.id], strict=True)
            ),
        )
        for memory in memories
    ]


def _read(person: Person, file: Path) -> Memory:
    """One note. Its id rests on its name, not on where this was installed; a file's own time is nobody's date."""
    payload = ReadFiles(files=(), limits=MemoryConfig(), learned_at=LEARNED, reading=Reading(mine=True))
    (memory,) = read_memories(FileToRead(path=str(file)), payload)
    note = msgspec.structs.replace(memory.note, id=note_id_for(f"{person.slug}/{file.name}", ""))
    if note.happened_from == "mtime":
        note = msgspec.structs.replace(note, happened_at=None, happened_from="unknown")
    return to_memory(note, payload.limits.chunk_characters)


def _hit(memory: Memory, sentence: Sentence) -> Hit:
    note = memory.note
    return Hit(
        note_id=note.id,
        chunk_id=sentence.chunk_id,
        sentence_id=sentence.id,
        title=note.title,
        text=note.text[sentence.start : sentence.end],
        context=sentence.context,
        span=Span(sentence.start, sentence.end),
        score=0.0,
        explain=Explain(vector=None, words=0, hangul=0, trigram=0, overlap=0, notes=("gold",)),
        happened_at=note.happened_at,
        origin=sentence.origin,
        language=note.language,
    )


def _squeezed(text: str) -> str:
    return " ".join(text.split())
