"""Sentences -> chunks along headings, paragraphs and pages; and a read document -> a whole ``Memory``."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.memory.sentences import Piece, page_sentences, segment_sentences, split_sentences
from kernel.types import Chunk, Memory, Note, Sentence, Span


def cut(pieces: Sequence[Piece], pages: Sequence[Span], characters: int) -> list[tuple[int, int]]:
    """``[first, last)`` indexes of the sentences of each chunk.

    A chunk ends at a new heading or page, and at the first paragraph's end after ``characters``; within a paragraph
    only when it has reached one and a half times that.
    """
    chunks: list[tuple[int, int]] = []
    first = 0
    for index in range(1, len(pieces)):
        before, here = pieces[index - 1], pieces[index]
        length = here.end - pieces[first].start
        new_page = page_of(before.start, pages) != page_of(here.start, pages)
        new_heading = before.heading != here.heading
        full = (length > characters and before.block != here.block) or length > characters * 3 // 2
        if new_page or new_heading or full:
            chunks.append((first, index))
            first = index
    if pieces:
        chunks.append((first, len(pieces)))
    return chunks


def page_of(position: int, pages: Sequence[Span]) -> int | None:
    """1-based page number, or ``None`` for a note without pages."""
    for number, page in enumerate(pages, 1):
        if page.start <= position < page.end:
            return number
    return len(pages) or None


def to_memory(note: Note, characters: int) -> Memory:
    """Cut a note into chunks of about ``characters`` and sentences. Ids follow from the note's id and revision."""
    if note.segments:
        pieces = segment_sentences(note.text, note.segments, origin=note.origin)
    elif note.pages:
        spans = iter([(page.start, page.end) for page in note.pages])
        pieces = page_sentences(note.text, spans, title=note.title, origin=note.origin)
    else:
        pieces = split_sentences(note.text, title=note.title, origin=note.origin)
    stem = f"{note.id[2:]}_{note.revision}"
    chunks, sentences = [], []
    for number, (first, last) in enumerate(cut(pieces, note.pages, characters)):
        start, end = pieces[first].start, pieces[last - 1].end
        chunk = Chunk(
            id=f"c_{stem}_{number}",
            note_id=note.id,
            ordinal=number,
            start=start,
            end=end,
            heading=pieces[first].heading,
            page=page_of(start, note.pages),
        )
        chunks.append(chunk)
        for ordinal in range(first, last):
            piece = pieces[ordinal]
            sentences.append(
                Sentence(
                    id=f"s_{stem}_{ordinal}",
                    note_id=note.id,
                    chunk_id=chunk.id,
                    ordinal=ordinal,
                    start=piece.start,
                    end=piece.end,
                    context=piece.context,
                    origin=piece.origin,
                    todo=piece.todo,
                    speaker=piece.speaker,
                )
            )
    return Memory(note=note, chunks=tuple(chunks), sentences=tuple(sentences))
