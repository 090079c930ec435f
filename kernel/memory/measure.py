"""How good search is: people whose notes and evidence are known, made into stores, asked, counted.

For ``scripts/fit_search`` and ``scripts/bench/retrieval``; nothing that serves imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

import msgspec
import numpy as np

from kernel.abc import Vectors
from kernel.config import MemoryConfig
from kernel.memory.asked import text_to_embed
from kernel.memory.chunks import to_memory
from kernel.memory.jobs import read_memories
from kernel.memory.language import language_of
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.memory.structs import FileToRead, ReadFiles, note_id_for
from kernel.memory.words import all_terms, fold
from kernel.types import Memory, Note, Segment

Embed = Callable[[Sequence[str]], Vectors]


class Evidence(msgspec.Struct, frozen=True):
    note: str
    quote: str


class Turn(msgspec.Struct, frozen=True):
    q: str
    a: str


class Asking(msgspec.Struct, frozen=True):
    """One line of a person's ``qa.jsonl``."""

    id: str
    kind: str
    q: str
    a: str
    evidence: tuple[Evidence, ...] = ()
    any: tuple[str | tuple[str, ...], ...] = ()
    """An answer is right if it holds one of these; of a list, all."""
    abstain: bool = False
    before: tuple[Turn, ...] = ()

    @property
    def previous(self) -> tuple[str, ...]:
        return tuple(text for turn in self.before for text in (turn.q, turn.a))


class Person(msgspec.Struct, frozen=True):
    name: str
    database: Path
    memories: dict[str, Memory]
    """By file name."""
    askings: tuple[Asking, ...]
    vectors: Vectors
    """Of the questions, in order."""


def read_askings(folder: Path) -> tuple[Asking, ...]:
    lines = (folder / "qa.jsonl").read_text("utf-8").splitlines()
    return tuple(msgspec.json.decode(line, type=Asking) for line in lines if line.strip())


async def make_person(folder: Path, home: Path, embed: Embed) -> Person:
    """A store of the person's notes under ``home``, with vectors."""
    config = MemoryConfig()
    memories = {}
    for path in sorted((folder / "notes").iterdir()):
        job = ReadFiles(files=(), limits=config, learned_at="2026-01-01T00:00:00+00:00")
        (memory,) = read_memories(FileToRead(path=str(path)), job)
        note = msgspec.structs.replace(memory.note, id=note_id_for(path.name, folder.name))
        memories[path.name] = to_memory(note, config.chunk_characters)
    askings = read_askings(folder)
    database = home / f"{folder.name}.db"
    store = await Store.open(database)
    try:
        contexts = [sentence.context for memory in memories.values() for sentence in memory.sentences]
        await store.write(list(memories.values()), embed(contexts), "b_measure")
    finally:
        await store.close()
    return Person(
        folder.name,
        database,
        memories,
        askings,
        embed([text_to_embed(asking.q, asking.previous) for asking in askings]),
    )


def gold(person: Person, asking: Asking) -> list[set[str]]:
    """For each piece of evidence the ids of the sentences that hold it."""
    found = []
    for evidence in asking.evidence:
        memory = person.memories[evidence.note]
        start = memory.note.text.find(evidence.quote)
        end = start + len(evidence.quote)
        ids = {s.id for s in memory.sentences if start >= 0 and s.start < end and start < s.end}
        if ids:
            found.append(ids)
    return found


def answered_by(asking: Asking, contexts: Sequence[str]) -> bool:
    """Whether the answer's words stand in these sentences."""
    text = fold(" ".join(contexts)).replace(",", "")
    terms = set(all_terms(" ".join(contexts)))

    def held(pattern: str) -> bool:
        plain = fold(pattern).replace(",", "")
        return plain in text or (" " not in plain and bool(set(all_terms(plain)) & terms))

    return any(all(map(held, one)) if isinstance(one, tuple) else held(one) for one in asking.any)


class DialogueTurn(msgspec.Struct, frozen=True):
    who: str
    text: str


class DialogueSession(msgspec.Struct, frozen=True):
    day: str
    turns: tuple[DialogueTurn, ...]


class DialogueQuestion(msgspec.Struct, frozen=True):
    q: str
    turns: tuple[str, ...]
    """``session:turn``, both from 1, of every turn that holds some of the answer."""
    kind: str


class Dialogue(msgspec.Struct, frozen=True):
    """Two people's conversation over months, with questions about it."""

    speakers: tuple[str, ...]
    sessions: tuple[DialogueSession, ...]
    questions: tuple[DialogueQuestion, ...]

    def notes(self) -> list[Note]:
        """One for each session, as a messenger's export is read."""
        return [_session_note(number, session) for number, session in enumerate(self.sessions, 1)]


def _session_note(number: int, session: DialogueSession) -> Note:
    lines, segments, at = [], [], 0
    for turn in session.turns:
        start = at + len(turn.who) + 2
        segments.append(Segment(start=start, end=start + len(turn.text), speaker=turn.who, at=session.day))
        lines.append(f"{turn.who}: {turn.text}")
        at = segments[-1].end + 1
    return Note(
        id=f"n_{number:012d}",
        origin="other",
        kind="whatsapp",
        title=f"Chat on {session.day}",
        text="\n".join(lines),
        happened_at=session.day,
        happened_from="content",
        learned_at=session.day,
        source=f"dialogue#{number}",
        content_hash=f"{number}",
        language=language_of(" ".join(turn.text for turn in session.turns)),
        segments=tuple(segments),
    )


async def store_dialogue(dialogue: Dialogue, database: Path, embed: Embed) -> dict[str, set[str]]:
    """A store of its notes, with vectors. Returns for each turn (``session:turn``) the ids of its sentences."""
    memories = [to_memory(note, MemoryConfig().chunk_characters) for note in dialogue.notes()]
    store = await Store.open(database)
    try:
        contexts = [sentence.context for memory in memories for sentence in memory.sentences]
        await store.write(memories, embed(contexts), "b_measure")
    finally:
        await store.close()
    held: dict[str, set[str]] = {}
    for session, memory in enumerate(memories, 1):
        for turn, segment in enumerate(memory.note.segments, 1):
            inside = {s.id for s in memory.sentences if segment.start <= s.start < segment.end}
            held[f"{session}:{turn}"] = inside
    return held


class Recall(msgspec.Struct):
    """Counts over questions that have evidence."""

    asked: int = 0
    any_at: dict[int, int] = msgspec.field(default_factory=lambda: {1: 0, 3: 0, 5: 0})
    all_at: dict[int, int] = msgspec.field(default_factory=lambda: {1: 0, 3: 0, 5: 0})
    answer_at: dict[int, int] = msgspec.field(default_factory=lambda: {1: 0, 3: 0, 5: 0})

    def count(self, asking: Asking, wanted: list[set[str]], ranked: Sequence[tuple[str, str]]) -> None:
        """``ranked``: ``(sentence id, context)``, best first."""
        self.asked += 1
        for k in self.any_at:
            top = {sid for sid, _ in ranked[:k]}
            held = [bool(ids & top) for ids in wanted]
            self.any_at[k] += any(held)
            self.all_at[k] += all(held)
            self.answer_at[k] += answered_by(asking, [context for _, context in ranked[:k]])


def rankings(person: Person, searcher: Searcher, asking: Asking, vector: Vectors) -> dict[str, list[tuple[str, str]]]:
    """The best five of ours, of the vectors alone and of BM25 alone."""
    hits = searcher.search(asking.q, vector, limit=5, previous=asking.previous)
    ranked = {"ours": [(hit.sentence_id, hit.context) for hit in hits]}
    by_row = searcher.sentences()
    found = searcher.candidates(asking.q, vector, previous=asking.previous)
    assert found is not None
    alone = {
        "vectors": [-1.0 if score.cosine is None else score.cosine for score in found.scores],
        "bm25": [score.words for score in found.scores],
    }
    for name, values in alone.items():
        order = np.argsort(-np.array(values), kind="stable")[:5]
        ranked[name] = [by_row[found.parsed[n].row] for n in order]
    return ranked
