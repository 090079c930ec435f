"""A database of the first schema ever shipped is brought up to this one with everything that was in it."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import numpy as np
import pytest

from kernel.errors import HomeError
from kernel.memory.schema import MIGRATIONS, SCHEMA_VERSION
from kernel.memory.search import Searcher
from kernel.memory.store import Store

NOTE = "I adopted Pepper the whippet in Lisbon. She is afraid of the vacuum cleaner."
SIGNALS = 3
"""The schema that names what stands in sentences and holds vectors of several models; what came before is read anew."""


def of_version(path: Path, version: int) -> None:
    """A database as that version left it, with one note of two sentences."""
    connection = sqlite3.connect(path, isolation_level=None)
    for migration in MIGRATIONS[:version]:
        migration(connection)
    connection.execute(f"PRAGMA user_version = {version}")
    connection.execute("INSERT INTO meta VALUES ('embedding_model', 'all-MiniLM-L6-v2')")
    connection.execute("UPDATE meta SET value = '1' WHERE key = 'serial'")
    connection.execute(
        "INSERT INTO notes (id, revision, origin, kind, title, text, happened_at, happened_from, learned_at, source,"
        " content_hash, language, tags, pages) VALUES ('n_1', 1, 'owner', 'text', 'Pepper', ?, '2024-05-02', 'given',"
        " '2024-05-02', '/a.txt', 'h', 'en', ?, '[]')",
        (NOTE, '["dog"]'),
    )
    connection.execute("INSERT INTO chunks VALUES ('c_1', 'n_1', 0, 0, ?, '', NULL)", (len(NOTE),))
    for number, (start, end) in enumerate(((0, 39), (40, len(NOTE)))):
        sql = (
            "INSERT INTO sentences (row, id, note_id, chunk_id, ordinal, start, end, context, resolved, origin, serial)"
            " VALUES (?, ?, 'n_1', 'c_1', ?, ?, ?, ?, 1, 'owner', 1)"
        )
        connection.execute(sql, (number + 1, f"s_{number}", number, start, end, NOTE[start:end]))
        connection.execute(
            "INSERT INTO words (rowid, terms, title) VALUES (?, ?, '')", (number + 1, NOTE[start:end].lower())
        )
        vector = np.eye(384, dtype="<f4")[number].tobytes()
        connection.execute(
            "INSERT INTO vectors (row, model, stale, vector) VALUES (?, 'all-MiniLM-L6-v2', 0, ?)", (number + 1, vector)
        )
    connection.close()


@pytest.mark.parametrize("version", range(1, SCHEMA_VERSION + 1))
async def test_every_earlier_schema(version: int, tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    of_version(path, version)
    store = await Store.open(path)
    try:
        memory = await store.memory("n_1")
        assert memory.note.text == NOTE and memory.note.tags == ("dog",) and memory.note.segments == ()
        assert [NOTE[s.start : s.end] for s in memory.sentences] == [NOTE[:39], NOTE[40:]]
        assert (await store.vectors_of(["n_1"]))["n_1"].shape == (2, 384) or version >= SIGNALS
    finally:
        await store.close()
    searcher = Searcher(path)
    try:
        best = searcher.search("Who is Pepper?", np.eye(384, dtype=np.float32)[0])[0]
        assert "Pepper" in best.text
        if version < SIGNALS:
            assert best.explain.vector == 1.0 and best.explain.parts is not None
    finally:
        searcher.close()
    connection = sqlite3.connect(path)
    assert connection.execute("PRAGMA user_version").fetchone()[0] == SCHEMA_VERSION
    assert connection.execute("PRAGMA integrity_check").fetchone()[0] == "ok"
    assert connection.execute("PRAGMA foreign_key_check").fetchall() == []
    if version < SIGNALS:
        assert ("pepper",) in connection.execute("SELECT name FROM names").fetchall()
        assert connection.execute("SELECT DISTINCT kind FROM sentences").fetchone()[0]
    connection.close()


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "memory.db"
    of_version(path, SCHEMA_VERSION)
    connection = sqlite3.connect(path)
    connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    before = path.read_bytes()
    with pytest.raises(HomeError, match="newer Oneself"):
        await Store.open(path)
    assert path.read_bytes() == before
