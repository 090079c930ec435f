"""The one database's shape, as migrations: named functions, run in order, each once (``PRAGMA user_version``).

A change is a new function at the end of ``MIGRATIONS``; one that has been shipped is never edited.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from kernel.errors import HomeError
from kernel.memory.kinds import kind_of
from kernel.memory.names import names_in

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


_WHO_SAID_WHAT = """
ALTER TABLE notes ADD COLUMN file_hash TEXT NOT NULL DEFAULT '';    -- of the file, where a file holds several notes
ALTER TABLE notes ADD COLUMN segments TEXT NOT NULL DEFAULT '[]';   -- JSON list of kernel.types.Segment
ALTER TABLE notes ADD COLUMN links TEXT NOT NULL DEFAULT '[]';      -- JSON list
ALTER TABLE notes ADD COLUMN details TEXT NOT NULL DEFAULT '{}';    -- JSON object
CREATE INDEX notes_file ON notes (file_hash) WHERE file_hash != '';
ALTER TABLE sentences ADD COLUMN todo TEXT NOT NULL DEFAULT '' CHECK (todo IN ('', 'open', 'done'));
ALTER TABLE sentences ADD COLUMN speaker TEXT NOT NULL DEFAULT '';
CREATE INDEX sentences_todo ON sentences (todo) WHERE todo != '';
CREATE INDEX sentences_speaker ON sentences (speaker) WHERE speaker != '';
"""
_WORTH = """
ALTER TABLE sentences ADD COLUMN kind TEXT NOT NULL DEFAULT '';     -- of memory: kernel.types.MemoryKind
ALTER TABLE notes ADD COLUMN uses INTEGER NOT NULL DEFAULT 0;       -- answers that cited it
ALTER TABLE notes ADD COLUMN used_at TEXT;

CREATE TABLE names (         -- who and what a sentence names, folded: people, places, links
    row INTEGER NOT NULL REFERENCES sentences (row) ON DELETE CASCADE,
    name TEXT NOT NULL
);
CREATE INDEX names_name ON names (name);
CREATE INDEX names_row ON names (row);

CREATE TABLE superseded (    -- a statement that no longer holds, and the one that took its place
    row INTEGER PRIMARY KEY REFERENCES sentences (row) ON DELETE CASCADE,
    by_row INTEGER NOT NULL REFERENCES sentences (row) ON DELETE CASCADE,
    since TEXT NOT NULL
);

-- More than one model's vectors, while those of a new one are being made.
ALTER TABLE vectors RENAME TO old_vectors;
CREATE TABLE vectors (
    row INTEGER NOT NULL REFERENCES sentences (row) ON DELETE CASCADE,
    model TEXT NOT NULL,
    stale INTEGER NOT NULL DEFAULT 0,        -- the sentence's context changed since: good enough to find it by
    vector BLOB NOT NULL,                    -- float32, little endian, length 1
    PRIMARY KEY (row, model)
);
INSERT INTO vectors (row, model, stale, vector)
    SELECT row, replace(model, 'all-MiniLM-L6-v2', 'embedder'), stale, vector FROM old_vectors;
UPDATE meta SET value = 'embedder' WHERE key = 'embedding_model' AND value = 'all-MiniLM-L6-v2';
DROP TABLE old_vectors;

CREATE TABLE forgotten (     -- content that is not to come back by itself when its file is met again
    content_hash TEXT PRIMARY KEY,
    at TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE receipts (id TEXT PRIMARY KEY, created TEXT NOT NULL, body TEXT NOT NULL) WITHOUT ROWID;
"""


def who_said_what(connection: sqlite3.Connection) -> None:
    """Several notes to a file, who said what and when in a note, links, and the state of tasks."""
    for statement in _statements(_WHO_SAID_WHAT):
        connection.execute(statement)


def what_it_is_worth(connection: sqlite3.Connection) -> None:
    """Signals of search (names, kinds, use, what superseded what), vectors of several models, receipts of forgetting."""
    for statement in _statements(_WORTH):
        connection.execute(statement)
    sql = "SELECT s.row, s.context, substr(n.text, s.start + 1, s.end - s.start) FROM sentences s JOIN notes n ON n.id = s.note_id"
    for row, context, text in connection.execute(sql).fetchall():
        connection.execute("UPDATE sentences SET kind = ? WHERE row = ?", (kind_of(context), row))
        names = [(row, name) for name in sorted(names_in(text, context))]
        connection.executemany("INSERT INTO names (row, name) VALUES (?, ?)", names)


_WHO_IT_IS = """
CREATE TABLE marks (         -- what the owner has pinned or struck: kernel.types.Mark
    id TEXT PRIMARY KEY,
    kind TEXT NOT NULL CHECK (kind IN ('pin', 'strike')),
    text TEXT NOT NULL,
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    created TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE entities (      -- the graph: one building of it, replaced whole or by what changed
    id TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    type TEXT NOT NULL,
    aliases TEXT NOT NULL,   -- JSON list
    weight REAL NOT NULL
) WITHOUT ROWID;
CREATE TABLE mentions (
    entity TEXT NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    text TEXT NOT NULL,
    PRIMARY KEY (entity, note_id, start)
) WITHOUT ROWID;
CREATE INDEX mentions_note ON mentions (note_id);
CREATE TABLE relations (
    id TEXT PRIMARY KEY,
    source TEXT NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    type TEXT NOT NULL,
    target TEXT NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    weight REAL NOT NULL,
    valid_from TEXT,
    valid_to TEXT
) WITHOUT ROWID;
CREATE INDEX relations_source ON relations (source);
CREATE INDEX relations_target ON relations (target);
CREATE TABLE relation_evidence (
    relation TEXT NOT NULL REFERENCES relations (id) ON DELETE CASCADE,
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    PRIMARY KEY (relation, note_id, start)
) WITHOUT ROWID;
CREATE INDEX relation_evidence_note ON relation_evidence (note_id);
CREATE TABLE claims (
    id TEXT NOT NULL,
    entity TEXT NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    text TEXT NOT NULL,
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    valid_from TEXT,
    valid_to TEXT,
    superseded_by TEXT NOT NULL,
    PRIMARY KEY (id, entity)
) WITHOUT ROWID;
CREATE INDEX claims_entity ON claims (entity);
CREATE INDEX claims_note ON claims (note_id);
CREATE TABLE communities (
    id TEXT PRIMARY KEY,
    level INTEGER NOT NULL,
    parent TEXT NOT NULL,
    name TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE community_members (
    community TEXT NOT NULL REFERENCES communities (id) ON DELETE CASCADE,
    entity TEXT NOT NULL REFERENCES entities (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    PRIMARY KEY (community, entity)
) WITHOUT ROWID;
CREATE INDEX community_members_entity ON community_members (entity);
CREATE TABLE community_sentences (
    community TEXT NOT NULL REFERENCES communities (id) ON DELETE CASCADE,
    ordinal INTEGER NOT NULL,
    text TEXT NOT NULL,
    note_id TEXT NOT NULL REFERENCES notes (id) ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    PRIMARY KEY (community, ordinal)
) WITHOUT ROWID;
CREATE INDEX community_sentences_note ON community_sentences (note_id);
"""


def who_it_is(connection: sqlite3.Connection) -> None:
    """What the owner decided about sentences of the identity, and the graph; all of it goes with the notes."""
    for statement in _statements(_WHO_IT_IS):
        connection.execute(statement)


MIGRATIONS: tuple[Callable[[sqlite3.Connection], None], ...] = (
    first_schema,
    who_said_what,
    what_it_is_worth,
    who_it_is,
)
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
