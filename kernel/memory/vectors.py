"""The vectors of sentences in the database: which are still to be made, and whose search serves. Part of ``Store``."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import numpy as np

from kernel.abc import Vectors
from kernel.memory.rows import vector_blob
from kernel.types import DEFAULT_EMBEDDER

T = TypeVar("T")
PENDING = "FROM sentences s LEFT JOIN vectors v ON v.row = s.row AND v.model = ? WHERE v.row IS NULL OR v.stale"


def set_meta(connection: sqlite3.Connection, key: str, value: str) -> None:
    connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, value))


def next_serial(connection: sqlite3.Connection) -> int:
    """Of the transaction that is under way: what search looks at to know what has changed."""
    sql = "UPDATE meta SET value = CAST(value AS INTEGER) + 1 WHERE key = 'serial' RETURNING CAST(value AS INTEGER)"
    return int(connection.execute(sql).fetchall()[0][0])


class VectorRows:
    """Rows of the table ``vectors``."""

    embedding_model: str = DEFAULT_EMBEDDER
    """Whose vectors search serves."""

    async def transact(self, work: Callable[[sqlite3.Connection], T]) -> T:
        raise NotImplementedError

    async def query(self, work: Callable[[sqlite3.Connection], T]) -> T:
        raise NotImplementedError

    async def pending_vectors(self, limit: int = 512, model: str | None = None) -> list[tuple[str, str]]:
        """``(sentence id, context)`` of sentences without a vector of the model (the serving one) and of their context."""
        sql, values = f"SELECT s.id, s.context {PENDING} ORDER BY s.row LIMIT ?", (model or self.embedding_model, limit)
        rows = await self.query(lambda c: c.execute(sql, values).fetchall())
        return [(row["id"], row["context"]) for row in rows]

    async def set_vectors(self, pending: Sequence[tuple[str, str]], vectors: Vectors, model: str | None = None) -> int:
        """Store the vectors of what ``pending_vectors`` gave. A sentence changed or gone since is left out."""
        of = model or self.embedding_model

        def work(connection: sqlite3.Connection) -> int:
            serial, done = next_serial(connection), 0
            for (sentence_id, context), vector in zip(pending, vectors, strict=True):
                sql = "UPDATE sentences SET serial = ? WHERE id = ? AND context = ? RETURNING row"
                if of != self.embedding_model:  # nothing that search looks at changes yet
                    sql = "SELECT row FROM sentences WHERE ? AND id = ? AND context = ?"
                found = connection.execute(sql, (serial, sentence_id, context)).fetchall()
                for row in found:
                    connection.execute(
                        "INSERT OR REPLACE INTO vectors (row, model, stale, vector) VALUES (?, ?, 0, ?)",
                        (row["row"], of, vector_blob(vector)),
                    )
                    done += 1
            return done

        return await self.transact(work)

    async def serve_model(self, model: str) -> None:
        """From now on search with this model's vectors; those of others are dropped."""

        def work(connection: sqlite3.Connection) -> None:
            next_serial(connection)
            set_meta(connection, "embedding_model", model)
            connection.execute("DELETE FROM vectors WHERE model != ?", (model,))

        await self.transact(work)
        self.embedding_model = model

    async def vectors_of(self, note_ids: Iterable[str]) -> dict[str, Vectors]:
        """For each note the vectors of its sentences in order, ``(n, d)``; notes with none pending only."""

        def work(connection: sqlite3.Connection) -> dict[str, Vectors]:
            sql = (
                "SELECT v.vector FROM sentences s LEFT JOIN vectors v ON v.row = s.row AND v.model = ?"
                " WHERE s.note_id = ? ORDER BY s.ordinal"
            )
            found = {}
            for note_id in note_ids:
                blobs = [row[0] for row in connection.execute(sql, (self.embedding_model, note_id))]
                if blobs and all(blob is not None for blob in blobs):
                    found[note_id] = np.stack([np.frombuffer(blob, dtype="<f4") for blob in blobs])
            return found

        return await self.query(work)
