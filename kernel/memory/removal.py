"""Taking notes out of the database, within a transaction: for good, or back to what they were."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

import msgspec

from kernel.memory.chunks import to_memory
from kernel.memory.rows import insert_memory, put_note, remove_sentences
from kernel.types import Note

_COUNTS = {
    "revisions": "SELECT count(*) FROM revisions WHERE note_id = ?",
    "chunks": "SELECT count(*) FROM chunks WHERE note_id = ?",
    "sentences": "SELECT count(*) FROM sentences WHERE note_id = ?",
    "vectors": "SELECT count(*) FROM vectors v JOIN sentences s ON s.row = v.row WHERE s.note_id = ?",
}


def forget_note(connection: sqlite3.Connection, note_id: str) -> dict[str, int]:
    """Remove a note, its revisions and all that was made of it. Returns what there was; empty if it was not there."""
    hashes = connection.execute(
        "SELECT content_hash FROM notes WHERE id = ? UNION SELECT content_hash FROM revisions WHERE note_id = ?",
        (note_id, note_id),
    ).fetchall()
    if not hashes:
        return {}
    counts = {name: int(connection.execute(sql, (note_id,)).fetchone()[0]) for name, sql in _COUNTS.items()}
    remove_sentences(connection, note_id)
    connection.execute("DELETE FROM notes WHERE id = ?", (note_id,))
    dropped = _drop_insights(connection, [row[0] for row in hashes])
    return {"notes": 1, **counts, "insights": dropped}


def _drop_insights(connection: sqlite3.Connection, hashes: Iterable[str]) -> int:
    """Insights of content that no note holds any more; how many there were."""
    sql = "DELETE FROM insights WHERE content_hash = ?1 AND NOT EXISTS (SELECT 1 FROM notes WHERE content_hash = ?1)"
    return connection.executemany(sql, [(content_hash,) for content_hash in hashes]).rowcount


def restore_note(
    connection: sqlite3.Connection, note_id: str, batch: str, characters: int, model: str, serial: int
) -> bool:
    """Put back the latest revision that another batch wrote; false if there is none."""
    sql = "SELECT * FROM revisions WHERE note_id = ? AND batch IS NOT ? ORDER BY revision DESC LIMIT 1"
    row = connection.execute(sql, (note_id, batch)).fetchone()
    if row is None:
        return False
    note = msgspec.json.decode(row["note"], type=Note)
    undone = connection.execute("SELECT content_hash FROM notes WHERE id = ?", (note_id,)).fetchall()
    undone += connection.execute(
        "SELECT content_hash FROM revisions WHERE note_id = ? AND revision > ?", (note_id, note.revision)
    ).fetchall()
    remove_sentences(connection, note_id)
    put_note(connection, note, row["batch"])
    connection.execute("DELETE FROM revisions WHERE note_id = ? AND revision >= ?", (note_id, note.revision))
    insert_memory(connection, to_memory(note, characters), None, model, serial)
    _drop_insights(connection, [row[0] for row in undone])
    return True
