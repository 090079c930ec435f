"""What the owner has decided about the identity, within a transaction: rows of ``marks``, the notes that correct, and the
versions that come of it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from kernel.memory.rows import NOTE_COLUMNS, note_of
from kernel.types import Identity, Mark, Note, Span

CORRECTION = "correction:"
"""How the ``source`` of a note that corrects an attribute begins; its key follows."""


def put_mark(connection: sqlite3.Connection, mark: Mark) -> bool:
    """One decision for each sentence: the later takes the place of the earlier. False: its note is not there any more."""
    values = (mark.id, mark.kind, mark.text, mark.note_id, mark.span.start, mark.span.end, mark.created)
    sql = (
        "INSERT OR REPLACE INTO marks SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7"
        " WHERE EXISTS (SELECT 1 FROM notes WHERE id = ?4)"
    )
    return connection.execute(sql, values).rowcount > 0


def marks(connection: sqlite3.Connection) -> list[Mark]:
    """Oldest first."""
    return [
        Mark(
            id=row["id"],
            kind=row["kind"],
            text=row["text"],
            note_id=row["note_id"],
            span=Span(row["start"], row["end"]),
            created=row["created"],
        )
        for row in connection.execute("SELECT * FROM marks ORDER BY created, id")
    ]


def delete_mark(connection: sqlite3.Connection, mark_id: str) -> bool:
    """Whether it was there."""
    return connection.execute("DELETE FROM marks WHERE id = ?", (mark_id,)).rowcount > 0


def notes_by_id(connection: sqlite3.Connection, ids: Iterable[str]) -> dict[str, Note]:
    """Those of them that are there."""
    sql = f"SELECT {NOTE_COLUMNS} FROM notes WHERE id IN (SELECT value FROM json_each(?))"
    wanted = msgspec.json.encode(sorted(set(ids))).decode()
    return {row["id"]: note_of(row) for row in connection.execute(sql, (wanted,))}


def correcting_notes(connection: sqlite3.Connection) -> list[Note]:
    """In the order in which they were written."""
    after = CORRECTION[:-1] + chr(ord(CORRECTION[-1]) + 1)  # the first text that sorts behind all that begin so
    sql = f"SELECT {NOTE_COLUMNS} FROM notes WHERE source >= ? AND source < ? ORDER BY learned_at, id"
    return [note_of(row) for row in connection.execute(sql, (CORRECTION, after))]


def latest_identity(connection: sqlite3.Connection) -> Identity | None:
    row = connection.execute("SELECT body FROM identities ORDER BY version DESC LIMIT 1").fetchone()
    return msgspec.json.decode(row["body"], type=Identity) if row else None


def append_identity(connection: sqlite3.Connection, identity: Identity) -> Identity:
    """As the version after the latest."""
    latest = connection.execute("SELECT max(version) FROM identities").fetchone()[0]
    numbered = msgspec.structs.replace(identity, version=(latest or 0) + 1)
    body = msgspec.json.encode(numbered).decode()
    values = (numbered.version, numbered.created, numbered.input_hash, body)
    connection.execute("INSERT INTO identities VALUES (?, ?, ?, ?)", values)
    return numbered
