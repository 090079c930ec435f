"""Structs -> rows and back: the one place that knows both ``kernel.types`` and the columns of the schema."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

import msgspec
import numpy as np

from kernel.abc import Vectors
from kernel.memory.dates import find_dates
from kernel.memory.graph_rows import forget_words
from kernel.memory.kinds import kind_of
from kernel.memory.names import names_in
from kernel.memory.words import all_terms, hangul_bigrams
from kernel.types import Chunk, Memory, Note, Segment, Sentence, Span

NOTE_COLUMNS = (
    "id, revision, batch, origin, kind, title, text, happened_at, happened_from, learned_at, source, content_hash, "
    "language, tags, pages, file_hash, segments, links, details"
)
_CHUNK_COLUMNS = "id, note_id, ordinal, start, end, heading, page"
SENTENCE_COLUMNS = "id, note_id, chunk_id, ordinal, start, end, context, resolved, origin, todo, speaker"


def note_of(row: sqlite3.Row) -> Note:
    return Note(
        id=row["id"],
        origin=row["origin"],
        kind=row["kind"],
        title=row["title"],
        text=row["text"],
        happened_at=row["happened_at"],
        happened_from=row["happened_from"],
        learned_at=row["learned_at"],
        source=row["source"],
        content_hash=row["content_hash"],
        language=row["language"],
        tags=msgspec.json.decode(row["tags"], type=tuple[str, ...]),
        revision=row["revision"],
        pages=msgspec.json.decode(row["pages"], type=tuple[Span, ...]),
        file_hash=row["file_hash"],
        segments=msgspec.json.decode(row["segments"], type=tuple[Segment, ...]),
        links=msgspec.json.decode(row["links"], type=tuple[str, ...]),
        details=msgspec.json.decode(row["details"], type=dict[str, str | int | float | None]),
    )


def note_row(note: Note, batch: str | None) -> tuple[object, ...]:
    """In the order of ``NOTE_COLUMNS``."""
    tags, pages, segments, links, details = (
        msgspec.json.encode(value).decode()
        for value in (note.tags, note.pages, note.segments, note.links, note.details)
    )
    return (
        note.id,
        note.revision,
        batch,
        note.origin,
        note.kind,
        note.title,
        note.text,
        note.happened_at,
        note.happened_from,
        note.learned_at,
        note.source,
        note.content_hash,
        note.language,
        tags,
        pages,
        note.file_hash,
        segments,
        links,
        details,
    )


def chunk_of(row: sqlite3.Row) -> Chunk:
    return Chunk(
        id=row["id"],
        note_id=row["note_id"],
        ordinal=row["ordinal"],
        start=row["start"],
        end=row["end"],
        heading=row["heading"],
        page=row["page"],
    )


def sentence_of(row: sqlite3.Row) -> Sentence:
    return Sentence(
        id=row["id"],
        note_id=row["note_id"],
        chunk_id=row["chunk_id"],
        ordinal=row["ordinal"],
        start=row["start"],
        end=row["end"],
        context=row["context"],
        resolved=bool(row["resolved"]),
        origin=row["origin"],
        todo=row["todo"],
        speaker=row["speaker"],
    )


def vector_blob(vector: Vectors) -> bytes:
    return np.ascontiguousarray(vector, dtype="<f4").tobytes()


def index_sentence(connection: sqlite3.Connection, row: int, sentence: Sentence, note: Note) -> None:
    """Put one sentence into the word indexes and the tables of days and names. What was there must have been taken out."""
    context = sentence.told
    year = int(note.happened_at[:4]) if note.happened_at and note.happened_at[:4].isdigit() else None
    about = " ".join([*all_terms(note.title), *(term for tag in note.tags for term in all_terms(tag))])
    connection.execute(
        "INSERT INTO words (rowid, terms, title) VALUES (?, ?, ?)", (row, " ".join(all_terms(context)), about)
    )
    connection.execute("INSERT INTO trigrams (rowid, context) VALUES (?, ?)", (row, context))
    if bigrams := hangul_bigrams(context):
        connection.execute("INSERT INTO hangul (rowid, bigrams) VALUES (?, ?)", (row, " ".join(bigrams)))
    days = {found.value for found in find_dates(context, year=year)}
    connection.executemany("INSERT INTO days (row, day) VALUES (?, ?)", [(row, day) for day in sorted(days)])
    names = names_in(note.text[sentence.start : sentence.end], context)
    connection.executemany("INSERT INTO names (row, name) VALUES (?, ?)", [(row, name) for name in sorted(names)])


def unindex(connection: sqlite3.Connection, rows: Sequence[int]) -> None:
    """Take sentences out of the word indexes (virtual tables know no foreign keys) and the tables of days and names."""
    for table, key in (
        ("words", "rowid"),
        ("trigrams", "rowid"),
        ("hangul", "rowid"),
        ("days", "row"),
        ("names", "row"),
    ):
        connection.executemany(f"DELETE FROM {table} WHERE {key} = ?", [(row,) for row in rows])


def insert_memory(
    connection: sqlite3.Connection, memory: Memory, vectors: Iterator[Vectors] | None, model: str, serial: int
) -> None:
    """A note's chunks and sentences with their vectors and index rows; the note's own row is there already."""
    connection.executemany(
        f"INSERT INTO chunks ({_CHUNK_COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(c.id, c.note_id, c.ordinal, c.start, c.end, c.heading, c.page) for c in memory.chunks],
    )
    for s in memory.sentences:
        cursor = connection.execute(
            f"INSERT INTO sentences ({SENTENCE_COLUMNS}, kind, serial) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                *(s.id, s.note_id, s.chunk_id, s.ordinal, s.start, s.end, s.context, s.resolved, s.origin),
                *(s.todo, s.speaker, kind_of(s.context), serial),
            ),
        )
        row = cursor.lastrowid
        assert row is not None
        index_sentence(connection, row, s, memory.note)
        if vectors is not None:
            connection.execute(
                "INSERT INTO vectors (row, model, vector) VALUES (?, ?, ?)", (row, model, vector_blob(next(vectors)))
            )


def remove_sentences(connection: sqlite3.Connection, note_id: str) -> None:
    """A note's chunks, sentences, vectors, days and index rows, and what the graph has from its words."""
    rows = [row[0] for row in connection.execute("SELECT row FROM sentences WHERE note_id = ?", (note_id,))]
    unindex(connection, rows)
    connection.execute("DELETE FROM sentences WHERE note_id = ?", (note_id,))
    connection.execute("DELETE FROM chunks WHERE note_id = ?", (note_id,))
    forget_words(connection, note_id)


def put_note(connection: sqlite3.Connection, note: Note, batch: str | None) -> None:
    """Insert or replace a note's own row."""
    columns = [name.strip() for name in NOTE_COLUMNS.split(",")]
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    marks = ", ".join("?" for _ in columns)
    sql = f"INSERT INTO notes ({NOTE_COLUMNS}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {updates}"
    connection.execute(sql, note_row(note, batch))
