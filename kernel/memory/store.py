"""``Store``: the one writer of ``memory.db``. Every change is one transaction; everything returned is a struct.

SQLite runs on a thread of its own (aiosqlite); a transaction is one function handed to that thread, so that nothing of
another task can come in between. Reading goes over a second connection and never waits for a write.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections.abc import Awaitable, Callable, Iterable, Sequence
from pathlib import Path
from typing import TypeVar

import aiosqlite
import msgspec
import numpy as np

from kernel.abc import Vectors
from kernel.errors import NotFound
from kernel.memory.chunks import to_memory
from kernel.memory.records import Records
from kernel.memory.rows import (
    NOTE_COLUMNS,
    SENTENCE_COLUMNS,
    chunk_of,
    index_sentence,
    insert_memory,
    note_of,
    note_row,
    remove_sentences,
    sentence_of,
    unindex,
    vector_blob,
)
from kernel.memory.schema import configure, migrate
from kernel.types import Memory, MemoryCounts, Note, Origin

EMBEDDING_MODEL = "all-MiniLM-L6-v2"
T = TypeVar("T")

_PENDING = "FROM sentences s LEFT JOIN vectors v ON v.row = s.row WHERE v.row IS NULL OR v.stale OR v.model != ?"


def now() -> str:
    """This moment, as a UTC timestamp."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


class Store(Records):
    """Open it with ``await Store.open(path)``; one per home."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection, model: str) -> None:
        self.path, self.embedding_model = path, model
        self._writer, self._reader = writer, reader
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, *, embedding_model: str = EMBEDDING_MODEL) -> Store:
        """Open or make the database. Raises ``HomeError`` if it is of a newer schema, damaged, or no database."""
        path.parent.mkdir(parents=True, exist_ok=True)
        writer = await aiosqlite.connect(path, isolation_level=None)
        try:
            await _on(writer, migrate, path)
        except BaseException:
            await writer.close()
            raise
        reader = await aiosqlite.connect(path, isolation_level=None)
        await _on(reader, configure)
        writer.row_factory = reader.row_factory = sqlite3.Row
        store = cls(path, writer, reader, embedding_model)
        await store.transact(lambda c: _set_meta(c, "embedding_model", embedding_model))
        return store

    @classmethod
    async def open_to_read(cls, path: Path, *, embedding_model: str = EMBEDDING_MODEL) -> Store:
        """For another process than the home's one writer: every change fails. Raises ``NotFound`` without a database."""
        if not path.exists():
            raise NotFound(f"{path} is missing. Run `oneself init`, then `oneself add`.")
        reader = await aiosqlite.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        await _on(reader, configure)
        reader.row_factory = sqlite3.Row
        return cls(path, reader, reader, embedding_model)

    async def close(self) -> None:
        """Fold the write-ahead log into the file and close. Safe to call twice."""
        async with self._turn:
            for connection in (self._reader, self._writer):
                if connection._running:
                    await connection.close()

    # --- the two ways to the database

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run ``work`` on the writing thread inside one transaction: all of it or nothing."""
        async with self._turn:
            return await asyncio.shield(_on(self._writer, _transaction, work))

    async def query(self, work: Callable[[sqlite3.Connection], T]) -> T:
        """Run a reading function on the reading thread."""
        return await _on(self._reader, work)

    # --- notes

    async def write(self, memories: Sequence[Memory], vectors: Vectors | None, batch: str) -> None:
        """Write notes with chunks, sentences, vectors and index rows in one transaction.

        ``vectors``: one row per sentence of ``memories`` in order, or ``None`` (they are pending then). A note whose id
        is there already becomes a new revision of it: its sentences are replaced, the old text is kept.
        """

        def work(connection: sqlite3.Connection) -> None:
            serial = _next_serial(connection)
            rows = iter(vectors) if vectors is not None else None
            connection.execute("INSERT OR IGNORE INTO batches VALUES (?, ?)", (batch, now()))
            for memory in memories:
                _keep_revision(connection, memory.note)
                _put_note(connection, memory.note, batch)
                insert_memory(connection, memory, rows, self.embedding_model, serial)

        await self.transact(work)

    async def note(self, note_id: str) -> Note:
        """Raises ``NotFound``."""
        found = await self._notes("WHERE id = ?", (note_id,))
        if not found:
            raise NotFound(f"there is no note {note_id}. `oneself memories list` shows what there is.")
        return found[0]

    async def notes(
        self, *, limit: int = 50, offset: int = 0, origin: Origin | None = None, batch: str | None = None
    ) -> list[Note]:
        """Newest first by when it happened. ``limit`` -1: all."""
        where, values = _where({"origin": origin, "batch": batch})
        return await self._notes(f"{where} ORDER BY happened_at DESC, id LIMIT ? OFFSET ?", (*values, limit, offset))

    async def memory(self, note_id: str) -> Memory:
        """A note with its chunks and sentences. Raises ``NotFound``."""
        note = await self.note(note_id)
        return await self.query(lambda c: _memory(c, note))

    async def memories(self) -> list[Memory]:
        """All of them, newest first. For the stages that read everything (analysis, identity, data)."""
        notes = await self.notes(limit=-1)
        return await self.query(lambda c: [_memory(c, note) for note in notes])

    async def history(self, note_id: str) -> list[Note]:
        """Earlier revisions, latest first."""
        sql = "SELECT note FROM revisions WHERE note_id = ? ORDER BY revision DESC"
        rows = await self._all(sql, (note_id,))
        return [msgspec.json.decode(row["note"], type=Note) for row in rows]

    async def by_source(self, source: str) -> Note | None:
        return next(iter(await self._notes("WHERE source = ? ORDER BY learned_at DESC LIMIT 1", (source,))), None)

    async def by_hash(self, content_hash: str) -> Note | None:
        return next(iter(await self._notes("WHERE content_hash = ? LIMIT 1", (content_hash,))), None)

    async def counts(self) -> MemoryCounts:
        def work(connection: sqlite3.Connection) -> MemoryCounts:
            def one(sql: str, *values: object) -> int:
                return int(connection.execute(sql, values).fetchone()[0])

            return MemoryCounts(
                notes=one("SELECT count(*) FROM notes"),
                chunks=one("SELECT count(*) FROM chunks"),
                sentences=one("SELECT count(*) FROM sentences"),
                vectors_pending=one(f"SELECT count(*) {_PENDING}", self.embedding_model),
                unresolved=one("SELECT count(*) FROM sentences WHERE resolved = 0"),
                insights_pending=one(
                    "SELECT count(*) FROM notes n WHERE NOT EXISTS"
                    " (SELECT 1 FROM insights i WHERE i.content_hash = n.content_hash)"
                ),
            )

        return await self.query(work)

    # --- forgetting

    async def delete(self, note_ids: Sequence[str]) -> int:
        """Forget notes: rows, vectors, index entries, insights and every revision, down to the bytes of the file.

        Returns how many were there. The last step rewrites the file (seconds for a large one), so delete many at once.
        """

        def work(connection: sqlite3.Connection) -> int:
            _next_serial(connection)
            return sum(_forget(connection, note_id) for note_id in dict.fromkeys(note_ids))

        gone = await self.transact(work)
        if gone:
            await self._scrub()
        return gone

    async def delete_batch(self, batch: str, *, chunk_characters: int = 1200) -> tuple[list[str], list[str]]:
        """Undo one ``add``: notes that it made are forgotten, notes that it changed are as they were before.

        Returns the ids of both. Raises ``NotFound`` for an unknown batch.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
            if not connection.execute("SELECT 1 FROM batches WHERE id = ?", (batch,)).fetchone():
                raise NotFound(f"there is no batch {batch}; perhaps it has been undone already.")
            serial = _next_serial(connection)
            ids = [
                row["id"] for row in connection.execute("SELECT id FROM notes WHERE batch = ? ORDER BY id", (batch,))
            ]
            forgotten, restored = [], []
            for note_id in ids:
                if _restore(connection, note_id, batch, chunk_characters, self.embedding_model, serial):
                    restored.append(note_id)
                else:
                    _forget(connection, note_id)
                    forgotten.append(note_id)
            connection.execute("DELETE FROM batches WHERE id = ?", (batch,))
            return forgotten, restored

        result = await self.transact(work)
        await self._scrub()
        return result

    async def _scrub(self) -> None:
        """Deleted words stay in segments of FTS, free pages and the log until these three have run."""

        def work(connection: sqlite3.Connection) -> None:
            for table in ("words", "trigrams", "hangul"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        async with self._turn:
            await asyncio.shield(_on(self._writer, work))

    # --- vectors and contexts

    async def pending_vectors(self, limit: int = 512) -> list[tuple[str, str]]:
        """``(sentence id, context)`` of sentences without a vector of the current model and context."""
        rows = await self._all(
            f"SELECT s.id, s.context {_PENDING} ORDER BY s.row LIMIT ?", (self.embedding_model, limit)
        )
        return [(row["id"], row["context"]) for row in rows]

    async def set_vectors(self, pending: Sequence[tuple[str, str]], vectors: Vectors) -> int:
        """Store the vectors of what ``pending_vectors`` gave. A sentence changed or gone since is left out."""

        def work(connection: sqlite3.Connection) -> int:
            serial, done = _next_serial(connection), 0
            for (sentence_id, context), vector in zip(pending, vectors, strict=True):
                sql = "UPDATE sentences SET serial = ? WHERE id = ? AND context = ? RETURNING row"
                found = connection.execute(sql, (serial, sentence_id, context)).fetchall()
                for row in found:
                    connection.execute(
                        "INSERT OR REPLACE INTO vectors (row, model, stale, vector) VALUES (?, ?, 0, ?)",
                        (row["row"], self.embedding_model, vector_blob(vector)),
                    )
                    done += 1
            return done

        return await self.transact(work)

    async def vectors_of(self, note_ids: Iterable[str]) -> dict[str, Vectors]:
        """For each note the vectors of its sentences in order, ``(n, d)``; notes with none pending only."""

        def work(connection: sqlite3.Connection) -> dict[str, Vectors]:
            sql = (
                "SELECT v.vector FROM sentences s LEFT JOIN vectors v ON v.row = s.row"
                " WHERE s.note_id = ? ORDER BY s.ordinal"
            )
            found = {}
            for note_id in note_ids:
                blobs = [row[0] for row in connection.execute(sql, (note_id,))]
                if blobs and all(blob is not None for blob in blobs):
                    found[note_id] = np.stack([np.frombuffer(blob, dtype="<f4") for blob in blobs])
            return found

        return await self.query(work)

    async def unresolved(self, limit: int = 64) -> list[Memory]:
        """Memories with sentences whose pronouns nobody has looked at yet."""

        def work(connection: sqlite3.Connection) -> list[Memory]:
            sql = (
                f"SELECT {NOTE_COLUMNS} FROM notes WHERE id IN"
                " (SELECT DISTINCT note_id FROM sentences WHERE resolved = 0 LIMIT ?) ORDER BY id"
            )
            return [_memory(connection, note_of(row)) for row in connection.execute(sql, (limit,)).fetchall()]

        return await self.query(work)

    async def set_contexts(self, memory: Memory, contexts: Sequence[str]) -> int:
        """Store resolved contexts, one per sentence of ``memory`` in order; returns how many changed.

        A changed sentence is indexed anew; its old vector serves until ``set_vectors`` brings the new one. If the note
        has been revised or forgotten since ``memory`` was read, nothing happens.
        """

        def work(connection: sqlite3.Connection) -> int:
            serial, changed = _next_serial(connection), 0
            for sentence, context in zip(memory.sentences, contexts, strict=True):
                sql = "UPDATE sentences SET resolved = 1 WHERE id = ? AND start = ? AND end = ? RETURNING row, context"
                row = next(iter(connection.execute(sql, (sentence.id, sentence.start, sentence.end)).fetchall()), None)
                if row is None or row["context"] == context:
                    continue
                unindex(connection, [row["row"]])
                connection.execute(
                    "UPDATE sentences SET context = ?, serial = ? WHERE row = ?", (context, serial, row["row"])
                )
                connection.execute("UPDATE vectors SET stale = 1 WHERE row = ?", (row["row"],))
                index_sentence(connection, row["row"], context, memory.note)
                changed += 1
            return changed

        return await self.transact(work)

    # --- within

    async def _all(self, sql: str, values: Sequence[object] = ()) -> list[sqlite3.Row]:
        return await self.query(lambda c: c.execute(sql, values).fetchall())

    async def _notes(self, rest: str, values: Sequence[object]) -> list[Note]:
        return [note_of(row) for row in await self._all(f"SELECT {NOTE_COLUMNS} FROM notes {rest}", values)]


async def _on(connection: aiosqlite.Connection, work: Callable[..., T], *values: object) -> T:
    """Run ``work(sqlite3 connection, *values)`` on the connection's own thread."""
    execute: Callable[..., Awaitable[T]] = connection._execute
    return await execute(work, connection._conn, *values)


def _transaction(connection: sqlite3.Connection, work: Callable[[sqlite3.Connection], T]) -> T:
    connection.execute("BEGIN IMMEDIATE")
    try:
        result = work(connection)
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
    return result


def _where(filters: dict[str, object]) -> tuple[str, tuple[object, ...]]:
    given = {column: value for column, value in filters.items() if value is not None}
    return ("WHERE " + " AND ".join(f"{column} = ?" for column in given) if given else ""), tuple(given.values())


def _set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def _next_serial(connection: sqlite3.Connection) -> int:
    sql = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'serial' RETURNING CAST(value AS INTEGER)"
    return int(connection.execute(sql).fetchall()[0][0])


def _memory(connection: sqlite3.Connection, note: Note) -> Memory:
    chunks = connection.execute("SELECT * FROM chunks WHERE note_id = ? ORDER BY ordinal", (note.id,)).fetchall()
    sql = f"SELECT {SENTENCE_COLUMNS} FROM sentences WHERE note_id = ? ORDER BY ordinal"
    sentences = connection.execute(sql, (note.id,)).fetchall()
    return Memory(note=note, chunks=tuple(map(chunk_of, chunks)), sentences=tuple(map(sentence_of, sentences)))


def _keep_revision(connection: sqlite3.Connection, note: Note) -> None:
    row = connection.execute(f"SELECT {NOTE_COLUMNS} FROM notes WHERE id = ?", (note.id,)).fetchone()
    if row is None:
        return
    old = note_of(row)
    connection.execute(
        "INSERT OR REPLACE INTO revisions VALUES (?, ?, ?, ?, ?)",
        (old.id, old.revision, row["batch"], old.content_hash, msgspec.json.encode(old).decode()),
    )
    remove_sentences(connection, note.id)


def _put_note(connection: sqlite3.Connection, note: Note, batch: str | None) -> None:
    columns = [name.strip() for name in NOTE_COLUMNS.split(",")]
    updates = ", ".join(f"{name} = excluded.{name}" for name in columns[1:])
    marks = ", ".join("?" for _ in columns)
    sql = f"INSERT INTO notes ({NOTE_COLUMNS}) VALUES ({marks}) ON CONFLICT (id) DO UPDATE SET {updates}"
    connection.execute(sql, note_row(note, batch))


def _forget(connection: sqlite3.Connection, note_id: str) -> int:
    hashes = connection.execute(
        "SELECT content_hash FROM notes WHERE id = ? UNION SELECT content_hash FROM revisions WHERE note_id = ?",
        (note_id, note_id),
    ).fetchall()
    if not hashes:
        return 0
    remove_sentences(connection, note_id)
    connection.execute("DELETE FROM notes WHERE id = ?", (note_id,))
    _drop_insights(connection, [row[0] for row in hashes])
    return 1


def _drop_insights(connection: sqlite3.Connection, hashes: Iterable[str]) -> None:
    """Insights of content that no note holds any more."""
    connection.executemany(
        "DELETE FROM insights WHERE content_hash = ?1 AND NOT EXISTS (SELECT 1 FROM notes WHERE content_hash = ?1)",
        [(content_hash,) for content_hash in hashes],
    )


def _restore(
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
    _put_note(connection, note, row["batch"])
    connection.execute("DELETE FROM revisions WHERE note_id = ? AND revision >= ?", (note_id, note.revision))
    insert_memory(connection, to_memory(note, characters), None, model, serial)
    _drop_insights(connection, [row[0] for row in undone])
    return True
