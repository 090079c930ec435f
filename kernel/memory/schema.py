"""The one database's shape, as migrations: named functions, run in order, each once (``PRAGMA user_version``).

A change is a new function at the end of ``MIGRATIONS``; one that has been shipped is never edited.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from kernel.errors import HomeError

_FIRST = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
INSERT INTO meta VALUES ('serial', '0');

CREATE TABLE batches (id TEXT PRIMARY KEY, created TEXT NOT NULL) WITHOUT ROWID;

CREATE TABLE notes (
    id TEXT PRIMARY KEY,
    revision INTEGER NOT NULL,
    batch TEXT REFERENCES batches (id) ON DELETE SET NULL,
    origin TEXT NOT NULL CHECK (origin IN ('owner', 'other', 'web', 'self')),
    kind TEXT NOT NULL,
    title TEXT NOT NULL,
    text TEXT NOT NULL,
    happened_at TEXT,
    happened_from TEXT NOT NULL,
    learned_at TEXT NOT NULL,
    source TEXT NOT NULL,
    content_hash TEXT NOT NULL,
    language TEXT NOT NULL,
    tags TEXT NOT NULL,      -- JSON list
    pages TEXT NOT NULL      -- JSON list of [start, end]
);
CREATE INDEX notes_source ON notes (source);
CREATE INDEX notes_hash ON notes (content_hash);
CREATE INDEX notes_when ON notes (happened_at);
CREATE INDEX notes_batch ON notes (batch);

CREATE TABLE revisions (     -- what a note was before: whole, as JSON of kernel.types.Note
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    revision INTEGER NOT NULL,
    batch TEXT,              -- that wrote it
    content_hash TEXT NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (note_id, revision)
);

CREATE TABLE chunks (
    id TEXT PRIMARY KEY,
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    heading TEXT NOT NULL,
    page INTEGER
);
CREATE INDEX chunks_note ON chunks (note_id);

CREATE TABLE sentences (
    row INTEGER PRIMARY KEY AUTOINCREMENT,   -- never used again: the search's cache and the word indexes go by it
    id TEXT NOT NULL UNIQUE,
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    chunk_id TEXT NOT NULL REFERENCES chunks (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    context TEXT NOT NULL,
    resolved INTEGER NOT NULL DEFAULT 0,
    origin TEXT NOT NULL,
    serial INTEGER NOT NULL                  -- of the transaction that last touched it or its vector
);
CREATE INDEX sentences_note ON sentences (note_id, ordinal);
CREATE INDEX sentences_chunk ON sentences (chunk_id);
CREATE INDEX sentences_serial ON sentences (serial);
CREATE INDEX sentences_unresolved ON sentences (note_id) WHERE resolved = 0;

CREATE TABLE vectors (
    row INTEGER PRIMARY KEY REFERENCES sentences (row) ON DELETE CASCADE,
    model TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0,        -- the sentence's context changed since: good enough to find it by
    vector BLOB NOT NULL                     -- float32, little endian, length 1
);

CREATE TABLE days (                          -- dates that stand in a sentence: 2025-06-25, 2025-06, 2025, --06-25
    row INTEGER NOT NULL REFERENCES sentences (row) ON DELETE CASCADE,
    day TEXT NOT NULL
);
CREATE INDEX days_day ON days (day);
CREATE INDEX days_row ON days (row);

-- Words are indexed as kernel.memory.words makes them (stems, relatives and numbers in one form), so no porter here.
CREATE VIRTUAL TABLE words USING fts5 (terms, title, tokenize = 'unicode61 remove_diacritics 0');
CREATE VIRTUAL TABLE words_vocabulary USING fts5vocab (words, 'row');
CREATE VIRTUAL TABLE trigrams USING fts5 (context, tokenize = 'trigram');
CREATE VIRTUAL TABLE hangul USING fts5 (bigrams, tokenize = 'unicode61 remove_diacritics 0');

CREATE TABLE insights (
    content_hash TEXT NOT NULL,
    analyst TEXT NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (content_hash, analyst)
);
CREATE TABLE identities (
    version INTEGER PRIMARY KEY,
    created TEXT NOT NULL,
    input_hash TEXT NOT NULL,
    body TEXT NOT NULL
);
CREATE TABLE runs (id TEXT PRIMARY KEY, started TEXT NOT NULL, body TEXT NOT NULL);
CREATE INDEX runs_started ON runs (started);
CREATE TABLE last_runs (name TEXT PRIMARY KEY, at TEXT NOT NULL) WITHOUT ROWID;
"""


def first_schema(connection: sqlite3.Connection) -> None:
    """Notes with revisions, chunks, sentences, vectors, three word indexes, insights, identities, runs."""
    for statement in _statements(_FIRST):
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (first_schema,)
SCHEMA_VERSION = len(MIGRATIONS)


def _statements(script: str) -> list[str]:
    """``executescript`` would commit; a migration is one transaction."""
    found, current = [], ""
    for line in script.splitlines(keepends=True):
        current += line
        if sqlite3.complete_statement(current):
            found.append(current)
            current = ""
    return found


def configure(connection: sqlite3.Connection) -> None:
    """What every connection needs. ``secure_delete``: what is deleted is overwritten."""
    for pragma in (
        "foreign_keys = ON",
        "secure_delete = ON",
        "busy_timeout = 10000",
        "synchronous = NORMAL",
        "temp_store = MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring the database to this version. Raises ``HomeError`` if it is newer, or no database at all."""
    try:
        version = connection.execute("PRAGMA user_version").fetchone()[0]
        if version > SCHEMA_VERSION:
            raise HomeError(
                f"{path} was written by a newer Oneself (schema {version}, this one knows {SCHEMA_VERSION}). "
                "Update Oneself, or use another home.",
                code="home_newer",
            )
        connection.execute("PRAGMA journal_mode = WAL")
        configure(connection)
        for number, migration in enumerate(MIGRATIONS[version:], version + 1):
            connection.execute("BEGIN IMMEDIATE")
            migration(connection)
            connection.execute(f"PRAGMA user_version = {number}")
            connection.execute("COMMIT")
    except sqlite3.DatabaseError as error:
        raise HomeError(
            f"{path} cannot be used as a database ({error}). Restore it from an export, or move it away."
        ) from error
