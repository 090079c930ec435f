"""The database: schema, revisions, contexts, records."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from kernel.errors import HomeError, NotFound
from kernel.memory.ingest import Ingest
from kernel.memory.schema import SCHEMA_VERSION
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.types import Biography, Identity, Insight, Run


async def test_newer_schema_and_no_database_are_refused(tmp_path: Path) -> None:
    newer = tmp_path / "newer.db"
    with sqlite3.connect(newer) as connection:
        connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION + 1}")
    connection.close()
    with pytest.raises(HomeError, match="newer Oneself") as caught:
        await Store.open(newer)
    assert caught.value.code == "home_newer"
    (tmp_path / "text.db").write_text("not a database at all, but long enough to look at" * 40)
    with pytest.raises(HomeError, match="cannot be used"):
        await Store.open(tmp_path / "text.db")


async def test_reopening_keeps_everything(ingest: Ingest, store: Store) -> None:
    added = await ingest.add_text("I was born in Herat.")
    again = await Store.open(store.path)
    assert (await again.note(added.added[0])).text == "I was born in Herat."
    assert (await again.counts()) == (await store.counts())
    await again.close()
    await again.close()


async def test_resolved_contexts_are_found_by_their_new_words(ingest: Ingest, store: Store, engine) -> None:
    added = await ingest.add_text("Pepper came from the shelter. She is four.")
    (memory,) = await store.unresolved()
    assert await store.set_contexts(memory, [memory.sentences[0].context, "Pepper is four."]) == 1
    assert await store.unresolved() == []
    assert (await store.counts()).vectors_pending == 1
    assert await ingest.fill_vectors() == 1 and engine.texts[-1] == "Pepper is four."
    changed = await store.memory(added.added[0])
    assert changed.sentences[1].context == "Pepper is four."
    assert changed.note.text[changed.sentences[1].start : changed.sentences[1].end] == "She is four."
    searcher = Searcher(store.path)
    hit = searcher.search("How old is Pepper?", None)[0]
    searcher.close()
    assert (hit.text, hit.context) == ("She is four.", "Pepper is four.")


async def test_insights_go_with_their_note(ingest: Ingest, store: Store) -> None:
    note_id = (await ingest.add_text("I play the cello.")).added[0]
    note = await store.note(note_id)
    insight = Insight(
        note_id=note_id,
        content_hash=note.content_hash,
        analyst="a-1",
        title="",
        summary="",
        insight="",
        tags=(),
        keywords=(),
        entities=(),
        statements=(),
    )
    assert await store.without_insight("a-1") == [note_id]
    await store.put_insights([insight])
    assert await store.insight(note_id) == insight and await store.without_insight("a-1") == []
    await store.delete([note_id])
    assert await store.insights("a-1") == []
    await store.put_insights([insight])  # a job that finished after the note was forgotten
    assert await store.insights("a-1") == []


async def test_identities_runs_and_last_runs(store: Store) -> None:
    assert await store.identity() is None
    for version in (1, 2):
        await store.put_identity(
            Identity(
                version=version,
                created=f"2026-01-0{version}",
                owner="Ada",
                input_hash="h",
                topics=(),
                outliers=(),
                shades=(),
                biography=Biography(),
                attributes=(),
            )
        )
    latest = await store.identity()
    assert latest is not None and latest.version == 2
    assert (await store.identity(1)) is not None
    with pytest.raises(NotFound):
        await store.identity(9)
    run = Run(id="r1", started="2026-01-01T00:00:00+00:00", events=({"event": "RunStarted", "run": "r1"},))
    await store.put_run(run)
    assert await store.run("r1") == run and await store.runs() == [run]
    await store.set_last_run("train", "2026-01-01")
    assert await store.last_run("train") == "2026-01-01" and await store.last_run("other") is None


async def test_a_failed_write_leaves_nothing(ingest: Ingest, store: Store) -> None:
    added = await ingest.add_text("First version of a line about herrings.")
    memory = await store.memory(added.added[0])
    before = await store.counts()
    with pytest.raises(sqlite3.IntegrityError):
        await store.write([memory, memory], None, "b_x")  # the same sentence ids twice cannot be
        await store.transact(lambda c: c.execute("INSERT INTO chunks VALUES ('x', 'no such note', 0, 0, 1, '', NULL)"))
    assert (await store.counts()).notes == before.notes


async def test_another_process_reads_and_cannot_write(ingest: Ingest, store: Store) -> None:
    added = await ingest.add_text("Bosun is a whippet.")
    reading = await Store.open_to_read(store.path)
    try:
        assert [memory.note.text for memory in await reading.memories()] == ["Bosun is a whippet."]
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await reading.put_run(Run(id="t_1", started="2026-01-01T00:00:00+00:00", plan={}))
    finally:
        await reading.close()
    assert (await store.note(added.added[0])).text == "Bosun is a whippet."
    with pytest.raises(NotFound, match="oneself init"):
        await Store.open_to_read(store.path.with_name("absent.db"))
