"""``Store``: the one writer of ``memory.db``. Every change is one transaction; everything returned is a struct.

SQLite runs on a thread of its own (aiosqlite); a transaction is one function handed to that thread, so that nothing of
another task can come in between. Reading goes over a second connection and never waits for a write.
"""

from __future__ import annotations

import asyncio
import datetime as dt
import sqlite3
from collections import Counter
from collections.abc import Awaitable, Callable, Sequence
from pathlib import Path
from typing import TypeVar

import aiosqlite
import msgspec

from kernel.abc import Vectors
from kernel.errors import NotFound, WrongUse
from kernel.memory.graph_rows import drop_unmentioned
from kernel.memory.records import Records
from kernel.memory.removal import forget_note, restore_note
from kernel.memory.rows import (
    NOTE_COLUMNS,
    SENTENCE_COLUMNS,
    chunk_of,
    index_sentence,
    insert_memory,
    note_of,
    put_note,
    remove_sentences,
    sentence_of,
    unindex,
)
from kernel.memory.schema import configure, migrate
from kernel.memory.vectors import PENDING, VectorRows, next_serial, set_meta
from kernel.types import DEFAULT_EMBEDDER, Memory, MemoryCounts, Note, Origin, Todo

T = TypeVar("T")
_TO_CLEAR = "to_clear"
_HASHES = (
    "SELECT content_hash FROM notes WHERE id = :id UNION SELECT details ->> 'edited_from' FROM notes WHERE id = :id"
    " UNION SELECT content_hash FROM revisions WHERE note_id = :id"
    " UNION SELECT file_hash FROM notes WHERE id = :id UNION SELECT note ->> 'file_hash' FROM revisions WHERE note_id = :id"
)


def now() -> str:
    """This moment, as a UTC timestamp."""
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")


class Store(Records, VectorRows):
    """Open it with ``await Store.open(path)``; one per home."""

    def __init__(self, path: Path, writer: aiosqlite.Connection, reader: aiosqlite.Connection, model: str) -> None:
        self.path, self.embedding_model = path, model
        self._writer, self._reader = writer, reader
        self._turn = asyncio.Lock()

    @classmethod
    async def open(cls, path: Path, *, embedding_model: str = DEFAULT_EMBEDDER) -> Store:
        """Open or make the database. ``embedding_model``: whose vectors a new one will hold; one that is there goes on
        with its own until ``serve_model``. Raises ``HomeError`` if it is of a newer schema, damaged, or no database."""
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
        await store.transact(
            lambda c: c.execute("INSERT OR IGNORE INTO meta VALUES ('embedding_model', ?)", (embedding_model,))
        )
        store.embedding_model = (await store._all("SELECT value FROM meta WHERE key = 'embedding_model'"))[0][0]
        return store

    @classmethod
    async def open_to_read(cls, path: Path) -> Store:
        """For another process than the home's one writer: every change fails. Raises ``NotFound`` without a database."""
        if not path.exists():
            raise NotFound(f"{path} is missing. Run `oneself init`, then `oneself add`.")
        reader = await aiosqlite.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, isolation_level=None)
        await _on(reader, configure)
        reader.row_factory = sqlite3.Row
        store = cls(path, reader, reader, DEFAULT_EMBEDDER)
        found = await store._all("SELECT value FROM meta WHERE key = 'embedding_model'")
        store.embedding_model = found[0][0] if found else DEFAULT_EMBEDDER
        return store

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
            serial = next_serial(connection)
            rows = iter(vectors) if vectors is not None else None
            connection.execute("INSERT OR IGNORE INTO batches VALUES (?, ?)", (batch, now()))
            for memory in memories:
                _keep_revision(connection, memory.note)
                put_note(connection, memory.note, batch)
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

    async def find_notes(
        self,
        *,
        offset: int,
        limit: int,
        query: str | None = None,
        origin: str | None = None,
        kind: str | None = None,
        tag: str | None = None,
        since: str | None = None,
        until: str | None = None,
        todo: str | None = None,
    ) -> tuple[list[Note], int]:
        """A page of the notes that fit, newest first, and how many there are. ``query``: words of the title; ``since`` and
        ``until``: days, both within; ``todo``: notes with a task in that state."""
        parts: list[tuple[str, object]] = [("instr(lower(title), ?)", word.lower()) for word in (query or "").split()]
        given = (
            ("origin = ?", origin),
            ("kind = ?", kind),
            ("EXISTS (SELECT 1 FROM json_each(tags) t WHERE lower(t.value) = lower(?))", tag),
            ("happened_at >= ?", since),
            ("happened_at < ? || '~'", until),
            ("EXISTS (SELECT 1 FROM sentences s WHERE s.note_id = notes.id AND s.todo = ?)", todo),
        )
        parts += [(sql, value) for sql, value in given if value is not None]
        where = "WHERE " + " AND ".join(sql for sql, _ in parts) if parts else ""
        values = [value for _, value in parts]
        total = (await self._all(f"SELECT count(*) FROM notes {where}", values))[0][0]
        page = await self._notes(f"{where} ORDER BY happened_at DESC, id LIMIT ? OFFSET ?", (*values, limit, offset))
        return page, int(total)

    async def todos(self, state: str, limit: int) -> list[Todo]:
        """Tasks in a state, the newest note's first."""
        sql = (
            "SELECT n.id AS note_id, s.id AS sentence_id, n.title, substr(n.text, s.start + 1, s.end - s.start) AS text,"
            " s.todo AS state, n.happened_at FROM sentences s JOIN notes n ON n.id = s.note_id WHERE s.todo = ?"
            " ORDER BY n.happened_at DESC, n.id, s.ordinal LIMIT ?"
        )
        return [msgspec.convert(dict(row), Todo) for row in await self._all(sql, (state, limit))]

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

    async def by_file(self, file_hash: str) -> list[Note]:
        """The notes of a file with this content: one, or as many as it holds."""
        return await self._notes("WHERE content_hash = ?1 OR file_hash = ?1 ORDER BY id", (file_hash,))

    async def set_source(self, note_id: str, source: str) -> None:
        """The file that a note came from lies somewhere else now."""
        await self.transact(lambda c: c.execute("UPDATE notes SET source = ? WHERE id = ?", (source, note_id)))

    async def set_file(self, note_id: str, file_hash: str) -> None:
        """The note came again, unchanged, in another version of its file."""
        await self.transact(lambda c: c.execute("UPDATE notes SET file_hash = ? WHERE id = ?", (file_hash, note_id)))

    async def used(self, note_ids: Sequence[str]) -> None:
        """An answer cited these notes: search counts a little more what is used."""
        sql = "UPDATE notes SET uses = uses + 1, used_at = ? WHERE id = ?"
        await self.transact(lambda c: c.executemany(sql, [(now(), note_id) for note_id in dict.fromkeys(note_ids)]))

    async def uses(self, note_id: str) -> int:
        rows = await self._all("SELECT uses FROM notes WHERE id = ?", (note_id,))
        return int(rows[0][0]) if rows else 0

    async def counts(self) -> MemoryCounts:
        def work(connection: sqlite3.Connection) -> MemoryCounts:
            def one(sql: str, *values: object) -> int:
                return int(connection.execute(sql, values).fetchone()[0])

            return MemoryCounts(
                notes=one("SELECT count(*) FROM notes"),
                chunks=one("SELECT count(*) FROM chunks"),
                sentences=one("SELECT count(*) FROM sentences"),
                vectors_pending=one(f"SELECT count(*) {PENDING}", self.embedding_model),
                unresolved=one("SELECT count(*) FROM sentences WHERE resolved = 0"),
                insights_pending=one(
                    "SELECT count(*) FROM notes n WHERE NOT EXISTS"
                    " (SELECT 1 FROM insights i WHERE i.content_hash = n.content_hash)"
                ),
            )

        return await self.query(work)

    # --- forgetting

    async def forgotten_at(self, content_hash: str) -> str | None:
        """When this content was forgotten, if it was."""
        rows = await self._all("SELECT at FROM forgotten WHERE content_hash = ?", (content_hash,))
        return rows[0][0] if rows else None

    async def allow_again(self, content_hash: str) -> None:
        """Its owner wants it back."""
        await self.transact(lambda c: c.execute("DELETE FROM forgotten WHERE content_hash = ?", (content_hash,)))

    async def delete(self, note_ids: Sequence[str]) -> dict[str, int]:
        """Forget notes: rows, vectors, index entries, insights and every revision. Returns how many of what there were.

        Nothing finds them when this returns; ``clear_deleted`` then takes their bytes out of the file.
        """

        def work(connection: sqlite3.Connection) -> dict[str, int]:
            next_serial(connection)
            removed: Counter[str] = Counter()
            for note_id in dict.fromkeys(note_ids):
                hashes = [row[0] for row in connection.execute(_HASHES, {"id": note_id}) if row[0]]
                connection.executemany("INSERT OR REPLACE INTO forgotten VALUES (?, ?)", [(h, now()) for h in hashes])
                removed.update(forget_note(connection, note_id))
            if removed:
                drop_unmentioned(connection)
                set_meta(connection, _TO_CLEAR, now())
            return dict(removed)

        return await self.transact(work)

    async def made_by(self, batch: str) -> list[Note]:
        """The notes that one ``add`` made, which undoing it forgets: those it only changed have an earlier revision."""
        rest = "WHERE batch = ?1 AND NOT EXISTS (SELECT 1 FROM revisions r WHERE r.note_id = notes.id AND r.batch IS NOT ?1)"
        return await self._notes(f"{rest} ORDER BY id", (batch,))

    async def delete_batch(self, batch: str, *, chunk_characters: int = 1200) -> tuple[list[str], list[str]]:
        """Undo one ``add``: notes that it made are forgotten, notes that it changed are as they were before.

        Returns the ids of both. Raises ``NotFound`` for an unknown batch.
        """

        def work(connection: sqlite3.Connection) -> tuple[list[str], list[str]]:
            if not connection.execute("SELECT 1 FROM batches WHERE id = ?", (batch,)).fetchone():
                raise NotFound(f"there is no batch {batch}; perhaps it has been undone already.")
            serial = next_serial(connection)
            ids = [
                row["id"] for row in connection.execute("SELECT id FROM notes WHERE batch = ? ORDER BY id", (batch,))
            ]
            changed = "SELECT count(DISTINCT note_id) FROM revisions WHERE batch = ?"
            if not ids and (kept := connection.execute(changed, (batch,)).fetchone()[0]):
                raise WrongUse(
                    f"the {kept} notes of batch {batch} have been changed since. Undo the later change first, or forget them "
                    "by their ids (`oneself memories list`).",
                    code="changed_since",
                )
            files = [
                row[0] for row in connection.execute("SELECT DISTINCT file_hash FROM notes WHERE batch = ?", (batch,))
            ]
            forgotten, restored = [], []
            for note_id in ids:
                if restore_note(connection, note_id, batch, chunk_characters, self.embedding_model, serial):
                    restored.append(note_id)
                else:
                    forget_note(connection, note_id)
                    forgotten.append(note_id)
            connection.executemany(  # what is left of their files is no whole file any more: it is read again when it comes
                "UPDATE notes SET file_hash = '' WHERE file_hash = ? AND file_hash != ''", [(one,) for one in files]
            )
            connection.execute("DELETE FROM batches WHERE id = ?", (batch,))
            drop_unmentioned(connection)
            set_meta(connection, _TO_CLEAR, now())
            return forgotten, restored

        return await self.transact(work)

    async def to_clear(self) -> bool:
        """Whether bytes of what was deleted may still be in the file."""
        return bool(await self._all("SELECT 1 FROM meta WHERE key = ?", (_TO_CLEAR,)))

    async def clear_deleted(self) -> None:
        """Take the bytes of what was deleted out of the file: they stay in segments of FTS, free pages and the log until
        these three have run. Rewrites the file (seconds for a large one), so once after many deletions."""

        def work(connection: sqlite3.Connection) -> None:
            for table in ("words", "trigrams", "hangul"):
                connection.execute(f"INSERT INTO {table} ({table}) VALUES ('optimize')")
            connection.execute("DELETE FROM meta WHERE key = ?", (_TO_CLEAR,))
            connection.execute("VACUUM")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")

        async with self._turn:
            await asyncio.shield(_on(self._writer, work))

    # --- contexts

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
            serial, changed = next_serial(connection), 0
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
                changed_to = msgspec.structs.replace(sentence, context=context)
                index_sentence(connection, row["row"], changed_to, memory.note)
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
