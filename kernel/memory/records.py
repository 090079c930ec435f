"""What the store keeps beside memories: insights, identities, training runs, times of last runs. Part of ``Store``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from typing import TypeVar

import msgspec

from kernel.errors import NotFound
from kernel.memory.rows import NOTE_COLUMNS, SENTENCE_COLUMNS, note_of, sentence_of
from kernel.types import Identity, Insight, Memory, Receipt, Run, Sentence, Statement

T = TypeVar("T")


class Stated(msgspec.Struct, frozen=True):
    """The part of an ``Insight`` that ``Records.statements`` reads."""

    statements: tuple[Statement, ...]


class Records:
    """Rows that hold one struct each, as JSON."""

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        raise NotImplementedError

    async def query(self, work: Callable[[sqlite3.Connection], T]) -> T:
        raise NotImplementedError

    # --- insights

    async def put_insights(self, insights: Sequence[Insight]) -> None:
        """Keyed by content hash and analyst; those of notes forgotten meanwhile are left out."""
        rows = [(i.content_hash, i.analyst, msgspec.json.encode(i).decode()) for i in insights]
        sql = (
            "INSERT OR REPLACE INTO insights SELECT ?1, ?2, ?3"
            " WHERE EXISTS (SELECT 1 FROM notes WHERE content_hash = ?1)"
        )
        await self.transact(lambda c: c.executemany(sql, rows))

    async def insight(self, note_id: str, analyst: str | None = None) -> Insight | None:
        """What an analyst (any, if not named) found in a note as it is now."""
        sql = (
            "SELECT i.body FROM insights i JOIN notes n ON n.content_hash = i.content_hash"
            " WHERE n.id = ?1 AND (?2 IS NULL OR i.analyst = ?2) ORDER BY i.analyst DESC LIMIT 1"
        )
        row = await self.query(lambda c: c.execute(sql, (note_id, analyst)).fetchone())
        return msgspec.json.decode(row["body"], type=Insight) if row else None

    async def insights(self, analyst: str) -> list[Insight]:
        """All of one analyst, for the notes as they are now, in the order of note ids."""
        sql = (
            "SELECT i.body FROM insights i JOIN notes n ON n.content_hash = i.content_hash"
            " WHERE i.analyst = ? ORDER BY n.id"
        )
        rows = await self.query(lambda c: c.execute(sql, (analyst,)).fetchall())
        return [msgspec.json.decode(row["body"], type=Insight) for row in rows]

    async def statements(self, analyst: str) -> dict[str, Stated]:
        """Of ``insights`` the statements alone, by note id: quicker for those who read all of them."""
        sql = "SELECT n.id, i.body FROM insights i JOIN notes n ON n.content_hash = i.content_hash WHERE i.analyst = ?"
        rows = await self.query(lambda c: c.execute(sql, (analyst,)).fetchall())
        decode = msgspec.json.Decoder(Stated).decode
        return {row["id"]: decode(row["body"]) for row in rows}

    async def without_insight(self, analyst: str) -> list[str]:
        """Ids of the notes that this analyst has not seen as they are now."""
        sql = (
            "SELECT n.id FROM notes n LEFT JOIN insights i ON i.content_hash = n.content_hash AND i.analyst = ?"
            " WHERE i.content_hash IS NULL ORDER BY n.id"
        )
        return [row["id"] for row in await self.query(lambda c: c.execute(sql, (analyst,)).fetchall())]

    # --- what no longer holds

    async def read_memories(self) -> list[Memory]:
        """All notes with their sentences, without chunks, in the order of their ids; two queries for them all."""
        return await self.query(_memories_without_chunks)

    async def set_superseded(self, found: Sequence[tuple[str, str, str]]) -> None:
        """Replace all marks by these: ``(older sentence's id, newer one's, since)``; those whose sentences are gone are
        left out. Either sentence's end takes its mark with it."""
        sql = (
            "INSERT OR REPLACE INTO superseded (row, by_row, since) SELECT o.row, n.row, ?3"
            " FROM sentences o JOIN sentences n ON n.id = ?2 WHERE o.id = ?1"
        )

        def work(connection: sqlite3.Connection) -> None:
            connection.execute("DELETE FROM superseded")
            connection.executemany(sql, found)

        await self.transact(work)

    async def superseded(self) -> list[tuple[str, str, str]]:
        """What ``set_superseded`` stored and still stands, in the order of the older sentences' ids."""
        sql = (
            "SELECT o.id, n.id, x.since FROM superseded x JOIN sentences o ON o.row = x.row"
            " JOIN sentences n ON n.row = x.by_row ORDER BY o.id"
        )
        return [tuple(row) for row in await self.query(lambda c: c.execute(sql).fetchall())]

    # --- identities

    async def put_identity(self, identity: Identity) -> None:
        body = msgspec.json.encode(identity).decode()
        values = (identity.version, identity.created, identity.input_hash, body)
        await self.transact(lambda c: c.execute("INSERT OR REPLACE INTO identities VALUES (?, ?, ?, ?)", values))

    async def identity(self, version: int | None = None) -> Identity | None:
        """The latest, or one version. ``None`` while there is none; raises ``NotFound`` for an unknown version."""
        if version is None:
            sql, values = "SELECT body FROM identities ORDER BY version DESC LIMIT 1", ()
        else:
            sql, values = "SELECT body FROM identities WHERE version = ?", (version,)  # type: ignore[assignment]
        row = await self.query(lambda c: c.execute(sql, values).fetchone())
        if row is None and version is not None:
            raise NotFound(f"there is no identity version {version}. `oneself identity history` shows what there is.")
        return msgspec.json.decode(row["body"], type=Identity) if row else None

    async def identity_versions(self) -> list[tuple[int, str]]:
        """``(version, created)``, latest first."""
        sql = "SELECT version, created FROM identities ORDER BY version DESC"
        return [(row["version"], row["created"]) for row in await self.query(lambda c: c.execute(sql).fetchall())]

    # --- runs

    async def put_run(self, run: Run) -> None:
        values = (run.id, run.started, msgspec.json.encode(run).decode())
        await self.transact(lambda c: c.execute("INSERT OR REPLACE INTO runs VALUES (?, ?, ?)", values))

    async def run(self, run_id: str) -> Run:
        """Raises ``NotFound``."""
        row = await self.query(lambda c: c.execute("SELECT body FROM runs WHERE id = ?", (run_id,)).fetchone())
        if row is None:
            raise NotFound(f"there is no training run {run_id}.")
        return msgspec.json.decode(row["body"], type=Run)

    async def runs(self, limit: int = 20) -> list[Run]:
        """Latest first."""
        sql = "SELECT body FROM runs ORDER BY started DESC, id DESC LIMIT ?"
        rows = await self.query(lambda c: c.execute(sql, (limit,)).fetchall())
        return [msgspec.json.decode(row["body"], type=Run) for row in rows]

    # --- receipts of forgetting

    async def put_receipt(self, receipt: Receipt) -> None:
        values = (receipt.id, receipt.created, msgspec.json.encode(receipt).decode())
        await self.transact(lambda c: c.execute("INSERT OR REPLACE INTO receipts VALUES (?, ?, ?)", values))

    async def receipts(self, limit: int = 50) -> list[Receipt]:
        """Latest first."""
        sql = "SELECT body FROM receipts ORDER BY created DESC, id DESC LIMIT ?"
        rows = await self.query(lambda c: c.execute(sql, (limit,)).fetchall())
        return [msgspec.json.decode(row["body"], type=Receipt) for row in rows]

    async def receipt(self, receipt_id: str) -> Receipt:
        """Raises ``NotFound``."""
        row = await self.query(lambda c: c.execute("SELECT body FROM receipts WHERE id = ?", (receipt_id,)).fetchone())
        if row is None:
            raise NotFound(f"there is no receipt {receipt_id}. `oneself memories receipts` shows what there is.")
        return msgspec.json.decode(row["body"], type=Receipt)

    # --- times of last runs, by name

    async def last_run(self, name: str) -> str | None:
        row = await self.query(lambda c: c.execute("SELECT at FROM last_runs WHERE name = ?", (name,)).fetchone())
        return row["at"] if row else None

    async def drop_last_run(self, name: str) -> None:
        await self.transact(lambda c: c.execute("DELETE FROM last_runs WHERE name = ?", (name,)))

    async def set_last_run(self, name: str, at: str) -> None:
        await self.transact(lambda c: c.execute("INSERT OR REPLACE INTO last_runs VALUES (?, ?)", (name, at)))


def _memories_without_chunks(connection: sqlite3.Connection) -> list[Memory]:
    by_note: dict[str, list[Sentence]] = {}
    for row in connection.execute(f"SELECT {SENTENCE_COLUMNS} FROM sentences ORDER BY note_id, ordinal"):
        by_note.setdefault(row["note_id"], []).append(sentence_of(row))
    notes = [note_of(row) for row in connection.execute(f"SELECT {NOTE_COLUMNS} FROM notes ORDER BY id")]
    return [Memory(note=note, chunks=(), sentences=tuple(by_note.get(note.id, ()))) for note in notes]
