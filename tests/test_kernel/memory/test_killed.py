"""The process that adds notes is killed with SIGKILL, again and again: what it had acknowledged is there whole, nothing is
there by half, and adding the same folder again completes it with nothing twice."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sqlite3
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from kernel.config import KernelConfig
from kernel.memory.chunks import to_memory
from kernel.memory.ingest import FILES_AT_ONCE, Ingest
from kernel.memory.originals import original_path
from kernel.memory.rows import NOTE_COLUMNS, note_of
from kernel.memory.store import Store
from kernel.memory.words import hangul_bigrams
from kernel.worker import ProcessWorker

KILLS = 5
PART = 2 * FILES_AT_ONCE + 2
"""Notes to a folder: two full trips to the worker and one that is not."""
NOTES = 16 * PART
"""Far more than five rounds get through: in each, about one folder is acknowledged before the kill."""
WIDTH = 64

ADDING = """
import asyncio, hashlib, sys
from pathlib import Path
import numpy as np
from kernel.config import KernelConfig
from kernel.memory.ingest import Ingest
from kernel.memory.store import Store
from kernel.worker import ProcessWorker

class Engine:
    async def embed(self, texts, *, model="embedder"):
        seeds = [int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") for text in texts]
        rows = np.stack([np.random.default_rng(seed).normal(size=64) for seed in seeds]).astype(np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

def acknowledge(*words):
    print(*words, flush=True)

async def main(home, vault, typed):
    store = await Store.open(home / "memory.db")
    worker = ProcessWorker(home / "logs")
    ingest = Ingest(store, Engine(), worker, KernelConfig())
    acknowledge("ready")
    before = 0
    for folder in sorted(vault.iterdir()):
        report = lambda event: acknowledge("files", before + getattr(event, "done", 0))
        await ingest.add_files([folder], on_event=report)
        before += len(list(folder.iterdir()))
        for number in range(typed, typed + 8):
            text = f"Typed line {number}. I counted {number} swans at the weir. 백조를 {number}마리 봤다."
            added = await ingest.add_text(text, source=f"typed:{number}")
            acknowledge("typed", number, *added.added)
        typed += 8
    acknowledge("end")

asyncio.run(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])))
"""


class Adding:
    """A process of its own that adds the folder, one part after another, and types a few texts after each."""

    def __init__(self, home: Path, vault: Path, typed_from: int) -> None:
        arguments = [sys.executable, "-c", ADDING, str(home), str(vault), str(typed_from)]
        self.process = subprocess.Popen(arguments, stdout=subprocess.PIPE, text=True)
        self.ready = False
        self.files = 0
        """So many of the folder's files, in order, are acknowledged."""
        self.typed: dict[int, str] = {}
        """Acknowledged texts: number -> note id."""

    def read_until(self, enough: Callable[[], bool]) -> None:
        assert self.process.stdout is not None
        while not enough():
            line = self.process.stdout.readline()
            assert line, "the adding process ended by itself"
            self._take(line)

    def kill(self) -> None:
        """SIGKILL; then take what it had still said."""
        self.process.kill()
        assert self.process.stdout is not None
        for line in self.process.stdout.read().splitlines(keepends=True):
            if line.endswith("\n"):
                self._take(line)
        assert self.process.wait() == -9
        self.process.stdout.close()

    def _take(self, line: str) -> None:
        what, *words = line.split()
        self.ready = True
        if what == "files":
            self.files = max(self.files, int(words[0]))
        elif what == "typed":
            self.typed[int(words[0])] = words[1]


def write_vault(vault: Path) -> list[Path]:
    """Small notes in the order in which a folder is read; every seventh in Korean, with days, names and tasks."""
    files = []
    for number in range(NOTES):
        file = vault / f"{number // PART:02d}" / f"{number:04d}.md"
        file.parent.mkdir(parents=True, exist_ok=True)
        day = f"{2019 + number % 6}-{1 + number % 12:02d}-{1 + number % 28:02d}"
        text = f"# Walk {number}\n\nOn {day} I walked {number + 2} miles with Odalys Brandt. It rained.\n\n- [ ] mend boot {number}\n"
        if number % 7 == 0:
            text = f"# 산책 {number}\n\n{day}에 지훈 씨와 {number + 2}리를 걸었다. 비가 왔다. 신발 {number}켤레를 고쳐야 한다.\n"
        file.write_text(text, "utf-8")
        files.append(file)
    return files


def faults(database: Path, files: Path, *, width: int = WIDTH) -> list[str]:
    """All that is wrong with a store whose process is gone: rows without their others, notes that are there by half."""
    connection = sqlite3.connect(database)
    connection.row_factory = sqlite3.Row
    try:
        return [*_damage(connection), *_lone_rows(connection, width), *_unlike_their_text(connection), *_torn(files)]
    finally:
        connection.close()


def _damage(connection: sqlite3.Connection) -> Iterator[str]:
    """What SQLite itself finds: pages, foreign keys, and the three word indexes against what they index."""
    yield from (row[0] for row in connection.execute("PRAGMA integrity_check") if row[0] != "ok")
    yield from (f"{row[0]} {row[1]} refers to nothing" for row in connection.execute("PRAGMA foreign_key_check"))
    for table in ("words", "trigrams", "hangul"):
        try:
            connection.execute(f"INSERT INTO {table} ({table}) VALUES ('integrity-check')")
        except sqlite3.DatabaseError as error:
            yield f"{table}: {error}"
    connection.rollback()


def _lone_rows(connection: sqlite3.Connection, width: int) -> Iterator[str]:
    """Each sentence has one row in every index, and no index has a row without a sentence."""

    def rows(sql: str) -> Counter[int]:
        return Counter(row[0] for row in connection.execute(sql))

    sentences = connection.execute("SELECT row, context FROM sentences").fetchall()
    wanted = {
        "words": Counter(row["row"] for row in sentences),
        "trigrams": Counter(row["row"] for row in sentences),
        "hangul": Counter(row["row"] for row in sentences if hangul_bigrams(row["context"])),
        "vectors": Counter(row["row"] for row in sentences),
    }
    for table, expected in wanted.items():
        found = rows(f"SELECT {'row' if table == 'vectors' else 'rowid'} FROM {table}")
        if found != expected:
            yield f"{table}: {len(expected - found)} sentences have no row, {len(found - expected)} rows no sentence"
    known = set(wanted["words"])
    for table in ("days", "names"):
        if lone := set(rows(f"SELECT row FROM {table}")) - known:
            yield f"{table}: {len(lone)} rows of no sentence"
    for row in connection.execute("SELECT row, length(vector) AS size FROM vectors"):
        if row["size"] != 4 * width:
            yield f"the vector of row {row['row']} has {row['size']} bytes"


def _unlike_their_text(connection: sqlite3.Connection) -> Iterator[str]:
    """Each note's chunks and sentences are those that its text is cut into; no source and no content is there twice."""
    for row in connection.execute(f"SELECT {NOTE_COLUMNS} FROM notes").fetchall():
        note = note_of(row)
        memory = to_memory(note, KernelConfig().memory.chunk_characters)
        for table, parts in (("chunks", memory.chunks), ("sentences", memory.sentences)):
            sql = f"SELECT id, start, end FROM {table} WHERE note_id = ? ORDER BY ordinal"
            found = [tuple(one) for one in connection.execute(sql, (note.id,))]
            if found != [(part.id, part.start, part.end) for part in parts]:
                yield f"{note.id}: {len(found)} {table} where its text has {len(parts)}"
    for column in ("source", "content_hash"):
        for row in connection.execute(f"SELECT {column}, count(*) FROM notes GROUP BY {column} HAVING count(*) > 1"):
            yield f"{column} {row[0]} is there {row[1]} times"


def _torn(files: Path) -> Iterator[str]:
    """Every kept original is whole: its name is the hash of its bytes."""
    for file in files.rglob("*.md"):
        if hashlib.sha256(file.read_bytes()).hexdigest() != file.stem:
            yield f"{file.name} does not hold what its name says"


@pytest.mark.slow
async def test_what_was_acknowledged_survives_being_killed(tmp_path: Path, engine) -> None:
    home, vault = tmp_path / "home", tmp_path / "vault"
    home.mkdir()
    files = write_vault(vault)
    database = home / "memory.db"
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    known, typed = 0, {}
    for kill in range(KILLS):
        adding = Adding(home, vault, typed_from=1000 * kill)
        more = known + PART // 2 + chance.randrange(PART) if kill else 0
        adding.read_until(lambda adding=adding, more=more: adding.ready and adding.files >= more)
        await asyncio.sleep(chance.uniform(0, 0.15))
        adding.kill()
        await (await Store.open(database)).close()
        known, typed = max(known, adding.files), typed | adding.typed
        where = f"seed {seed}, kill {kill + 1}, {known} files and {len(typed)} texts acknowledged"
        assert faults(database, home / "files") == [], where
        with sqlite3.connect(database) as connection:
            sources = {row[0]: row[1] for row in connection.execute("SELECT source, id FROM notes")}
        connection.close()
        assert [file for file in files[:known] if str(file) not in sources] == [], where
        assert {f"typed:{number}": note for number, note in typed.items()}.items() <= sources.items(), where
    assert typed and known < NOTES, "the kills came too late to find anything out"

    store, worker = await Store.open(database), ProcessWorker(home / "logs")
    try:
        there = {note.source for note in await store.notes(limit=-1)}
        ingest = Ingest(store, engine, worker, KernelConfig())
        again = await ingest.add_files([vault])
        missing = [file for file in files if str(file) not in there]
        assert (len(again.added), len(again.unchanged)) == (len(missing), NOTES - len(missing))
        assert not again.updated and not again.skipped
        counts = await store.counts()
        assert (counts.notes, counts.vectors_pending) == (NOTES + len([s for s in there if s.startswith("typed:")]), 0)
        last = await ingest.add_files([vault])
        assert not last.added and len(last.unchanged) == NOTES
    finally:
        await worker.close()
        await store.close()
    assert faults(database, home / "files") == []
    for file in files:
        assert original_path(home / "files", hashlib.sha256(file.read_bytes()).hexdigest(), ".md").exists()


async def test_the_checker_finds_what_is_wrong(store: Store, ingest: Ingest, tmp_path: Path) -> None:
    """Each kind of half a note, made by hand: the test above would see it."""
    for number in range(3):
        await ingest.add_text(f"I counted {number} swans. 백조를 {number}마리 봤다.", source=f"typed:{number}")
    assert faults(store.path, tmp_path / "files") == []
    harm = (
        "DELETE FROM words WHERE rowid = 2",
        "DELETE FROM trigrams WHERE rowid = 2",
        "DELETE FROM hangul WHERE rowid = 2",
        "DELETE FROM vectors WHERE row = 2",
        "UPDATE vectors SET vector = x'00' WHERE row = 2",
        "INSERT INTO words (rowid, terms, title) VALUES (99, 'nobody', '')",
        "DELETE FROM sentences WHERE row = 2",
        "DELETE FROM chunks WHERE ordinal = 0",
        "UPDATE notes SET content_hash = 'same'",
    )
    for statement in harm:
        copy = tmp_path / "copy.db"
        await store.query(lambda c, copy=copy: c.execute("VACUUM INTO ?", (str(copy),)))
        with sqlite3.connect(copy) as connection:
            connection.execute(statement)
        connection.close()
        assert faults(copy, tmp_path / "files"), statement
        copy.unlink()
