"""Memories on the wire, and how they are asked for. For what is sent in see ``server.schemas.remember``."""

from __future__ import annotations

from typing import Any, Literal

import msgspec

from kernel.types import (
    Explain,
    Hit,
    Insight,
    Memory,
    MemoryCard,
    Note,
    Origin,
    SampleOf,
    Segment,
    Sentence,
    Statement,
    Todo,
)
from server.schemas.dates import moment

State = Literal["open", "done"]


class Asked(msgspec.Struct, frozen=True, kw_only=True):
    """Base of what is asked for in a query string."""

    def given(self) -> dict[str, Any]:
        """What is not ``None``, by name, as the kernel and the query string call it."""
        return {name: value for name, value in msgspec.structs.asdict(self).items() if value is not None}


class NotesAsked(Asked, frozen=True, kw_only=True):
    offset: int = 0
    limit: int = 50
    query: str | None = None
    """Words of the title."""
    origin: Origin | None = None
    kind: str | None = None
    tag: str | None = None
    since: str | None = None
    until: str | None = None
    """Both days are within."""
    todo: State | None = None
    """Notes that hold such a task."""

    def checked(self) -> NotesAsked:
        """With its dates as they are kept. Raises ``BadParameter``."""
        dates = {name: moment(value, name) for name in ("since", "until") if (value := getattr(self, name)) is not None}
        return msgspec.structs.replace(self, **dates)


class SearchAsked(Asked, frozen=True, kw_only=True):
    limit: int = 10
    as_of: str | None = None
    neighbours: bool = False
    """With the sentences before and after."""
    origin: Origin | None = None
    kind: str | None = None

    def checked(self) -> SearchAsked:
        """With its date as it is kept. Raises ``BadParameter``."""
        return self if self.as_of is None else msgspec.structs.replace(self, as_of=moment(self.as_of, "as_of"))


# --- notes ------------------------------------------------------------------------------------------------------------


class NoteOut(msgspec.Struct, frozen=True, kw_only=True):
    note_id: str
    title: str
    kind: str
    origin: Origin
    language: str
    happened_at: str | None
    happened_from: str
    learned_at: str
    source: str
    tags: tuple[str, ...]
    revision: int
    characters: int


class ChunkOut(msgspec.Struct, frozen=True, kw_only=True):
    chunk_id: str
    span: tuple[int, int]
    heading: str
    page: int | None


class SentenceOut(msgspec.Struct, frozen=True, kw_only=True):
    sentence_id: str
    chunk_id: str
    span: tuple[int, int]
    text: str
    context: str
    resolved: bool
    origin: Origin
    speaker: str
    todo: str


class MemoryOut(NoteOut, frozen=True, kw_only=True):
    """One note whole: spans are characters of ``text``."""

    text: str
    chunks: tuple[ChunkOut, ...]
    sentences: tuple[SentenceOut, ...]
    segments: tuple[Segment, ...]
    links: tuple[str, ...]
    details: dict[str, str | int | float | None]
    insight: Insight | None


class MemoryCardOut(MemoryOut, frozen=True, kw_only=True):
    """One note whole, and everything that it has reached."""

    history: tuple[NoteOut, ...]
    """Earlier revisions, latest first."""
    statements: tuple[Statement, ...]
    identity: tuple[str, ...]
    """Sentences of the newest identity that cite it."""
    samples: tuple[SampleOf, ...]
    """Training samples that were made of it."""
    selves: tuple[str, ...]
    """Versions that were trained on it."""
    uses: int
    """Answers that cited it."""
    mirror: str | None
    """Its file in ``mirror/``."""


class NotePage(msgspec.Struct, frozen=True, kw_only=True):
    memories: tuple[NoteOut, ...]
    total: int
    offset: int
    limit: int


class RevisionOut(NoteOut, frozen=True, kw_only=True):
    text: str


class HistoryOut(msgspec.Struct, frozen=True, kw_only=True):
    """What a note was before, latest first."""

    note_id: str
    revisions: tuple[RevisionOut, ...]


class TodoList(msgspec.Struct, frozen=True):
    todos: tuple[Todo, ...]


class SearchResult(msgspec.Struct, frozen=True, kw_only=True):
    note_id: str
    chunk_id: str
    sentence_id: str
    title: str
    text: str
    span: tuple[int, int]
    score: float
    explain: Explain
    happened_at: str | None
    origin: Origin
    kind: str
    before: str
    after: str
    """The sentences beside it, where ``neighbours`` were asked for."""
    speaker: str
    todo: str
    page: int | None


class SearchResults(msgspec.Struct, frozen=True):
    results: tuple[SearchResult, ...]


# --- from the kernel's structs ----------------------------------------------------------------------------------------


def note_out(note: Note) -> NoteOut:
    return NoteOut(
        note_id=note.id,
        title=note.title,
        kind=note.kind,
        origin=note.origin,
        language=note.language,
        happened_at=note.happened_at,
        happened_from=note.happened_from,
        learned_at=note.learned_at,
        source=note.source,
        tags=note.tags,
        revision=note.revision,
        characters=len(note.text),
    )


def page_out(notes: list[Note], total: int, asked: NotesAsked) -> NotePage:
    return NotePage(memories=tuple(map(note_out, notes)), total=total, offset=asked.offset, limit=asked.limit)


def history_out(note_id: str, revisions: list[Note]) -> HistoryOut:
    shown = (RevisionOut(**msgspec.structs.asdict(note_out(note)), text=note.text) for note in revisions)
    return HistoryOut(note_id=note_id, revisions=tuple(shown))


def memory_out(memory: Memory, insight: Insight | None) -> MemoryOut:
    note = memory.note
    return MemoryOut(
        **msgspec.structs.asdict(note_out(note)),
        text=note.text,
        chunks=tuple(
            ChunkOut(chunk_id=chunk.id, span=(chunk.start, chunk.end), heading=chunk.heading, page=chunk.page)
            for chunk in memory.chunks
        ),
        sentences=tuple(_sentence_out(sentence, note.text) for sentence in memory.sentences),
        segments=note.segments,
        links=note.links,
        details=note.details,
        insight=insight,
    )


def _sentence_out(sentence: Sentence, text: str) -> SentenceOut:
    return SentenceOut(
        sentence_id=sentence.id,
        chunk_id=sentence.chunk_id,
        span=(sentence.start, sentence.end),
        text=text[sentence.start : sentence.end],
        context=sentence.context,
        resolved=sentence.resolved,
        origin=sentence.origin,
        speaker=sentence.speaker,
        todo=sentence.todo,
    )


def card_out(card: MemoryCard, insight: Insight | None) -> MemoryCardOut:
    return MemoryCardOut(
        **msgspec.structs.asdict(memory_out(card.memory, insight)),
        history=tuple(map(note_out, card.history)),
        statements=card.statements,
        identity=card.identity,
        samples=card.samples,
        selves=card.selves,
        uses=card.uses,
        mirror=card.mirror,
    )


def search_results(hits: list[Hit]) -> SearchResults:
    return SearchResults(
        tuple(
            SearchResult(
                note_id=hit.note_id,
                chunk_id=hit.chunk_id,
                sentence_id=hit.sentence_id,
                title=hit.title,
                text=hit.text,
                span=(hit.span.start, hit.span.end),
                score=hit.score,
                explain=hit.explain,
                happened_at=hit.happened_at,
                origin=hit.origin,
                kind=hit.kind,
                before=hit.before,
                after=hit.after,
                speaker=hit.speaker,
                todo=hit.todo,
                page=hit.page,
            )
            for hit in hits
        )
    )
