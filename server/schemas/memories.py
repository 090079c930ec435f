"""Memories on the wire."""

from __future__ import annotations

import msgspec

from kernel.types import Added, Explain, Hit, Insight, Memory, Note, Origin
from server.faults import BadParameter, Unsupported


class RememberRequest(msgspec.Struct):
    """``POST /api/memories`` as JSON: a text, or paths of files and folders on this very machine."""

    text: str | None = None
    title: str = ""
    origin: Origin = "owner"
    source: str = "text:"
    paths: list[str] | None = None
    mine: bool = False
    url: str | None = None

    def check(self) -> None:
        """Exactly one thing to remember. Raises ``BadParameter``."""
        if self.url is not None:
            raise Unsupported("'url' is not supported by this server; send the page's text.", "url")
        if (self.text is None) == (self.paths is None):
            raise BadParameter("Send either 'text' or 'paths'.", "text")
        if self.text is not None and not self.text.strip():
            raise BadParameter("'text' is empty; there is nothing to remember.", "text")
        if self.paths is not None and (not self.paths or not all(path.startswith("/") for path in self.paths)):
            raise BadParameter("'paths' must be absolute paths, at least one.", "paths")


class SkippedOut(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    code: str
    message: str


class AddedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What one addition did; ``DELETE /api/memories/batches/{batch}`` undoes it."""

    batch: str
    added: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[SkippedOut, ...]
    vectors_pending: int
    undo: str
    """The command that undoes it; empty where nothing was added."""


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


class MemoryOut(NoteOut, frozen=True, kw_only=True):
    """One note whole: spans are characters of ``text``."""

    text: str
    chunks: tuple[ChunkOut, ...]
    sentences: tuple[SentenceOut, ...]
    insight: Insight | None


class NotePage(msgspec.Struct, frozen=True, kw_only=True):
    memories: tuple[NoteOut, ...]
    total: int
    offset: int
    limit: int


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


class SearchResults(msgspec.Struct, frozen=True):
    results: tuple[SearchResult, ...]


class Forgotten(msgspec.Struct, frozen=True):
    forgotten: int


def added_out(added: Added, names: dict[str, str] | None = None) -> AddedOut:
    """``names``: what the client called the files that were kept under other names on the way."""
    called = names or {}
    changed = bool(added.added or added.updated)
    return AddedOut(
        batch=added.batch,
        added=added.added,
        updated=added.updated,
        unchanged=added.unchanged,
        skipped=tuple(
            SkippedOut(source=called.get(one.source, one.source), code=one.code, message=_renamed(one.message, called))
            for one in added.skipped
        ),
        vectors_pending=added.vectors_pending,
        undo=f"oneself memories forget --batch {added.batch}" if changed else "",
    )


def _renamed(message: str, names: dict[str, str]) -> str:
    for path, name in names.items():
        message = message.replace(path, name)
    return message


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


def memory_out(memory: Memory, insight: Insight | None) -> MemoryOut:
    text = memory.note.text
    return MemoryOut(
        **msgspec.structs.asdict(note_out(memory.note)),
        text=text,
        chunks=tuple(
            ChunkOut(chunk_id=chunk.id, span=(chunk.start, chunk.end), heading=chunk.heading, page=chunk.page)
            for chunk in memory.chunks
        ),
        sentences=tuple(
            SentenceOut(
                sentence_id=sentence.id,
                chunk_id=sentence.chunk_id,
                span=(sentence.start, sentence.end),
                text=text[sentence.start : sentence.end],
                context=sentence.context,
                resolved=sentence.resolved,
            )
            for sentence in memory.sentences
        ),
        insight=insight,
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
            )
            for hit in hits
        )
    )
