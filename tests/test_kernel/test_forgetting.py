"""Forgetting for good: whatever was made of a note is gone, in every file of the home, and the receipt says so."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from pathlib import Path

import msgspec
import pytest

from kernel.config import KernelConfig, OwnerConfig, Paths, TrainingConfig
from kernel.errors import NotFound, WrongUse
from kernel.mind import Mind
from kernel.selves.reach import runs_of
from kernel.types import Message, Question, Sample, SelfVersion

NOTES = {
    "dog.md": "# Pepper\nPepper is a brown whippet who is afraid of the vacuum cleaner. We adopted her in Lisbon in 2021.\n",
    "work.md": "---\ndate: 2024-05-02\ntags: [work]\n---\nI started at the ferry office in Porto on 2 May 2024. My boss is Ines "
    "Corral and she sings in the corridor.\n\n- [ ] send Ines the March timetable before Friday\n",
    "house.md": "I live in a small blue house behind the old cannery. The rent is 640 euros and the roof still leaks.\n",
    "jiwoo.md": "나는 2024년 3월에 부산 광안리 근처로 이사했다. 옆집 할머니가 매일 아침 감자를 나눠 주신다.\n",
    "band.txt": "On Tuesdays I play the tuba in a brass band called The Low Tide, badly but with great conviction.\n",
}


@pytest.fixture
async def mind(home: Paths, tmp_path: Path) -> AsyncIterator[Mind]:
    vault = tmp_path / "vault"
    vault.mkdir()
    for name, text in NOTES.items():
        (vault / name).write_text(text, "utf-8")
    config = KernelConfig(owner=OwnerConfig(name="Robin Vale"), training=TrainingConfig(after_forgetting=0.0))
    opened = await Mind.open(home, config)
    await opened.remember_files([vault])
    await opened.understand()
    identity = await opened.trainings.pipeline.make_identity(await opened.trainings.pipeline.input_hash())
    assert identity.biography.third_person
    await opened.mirroring.sync()
    yield opened
    await opened.close()


async def a_self(mind: Mind, version: str, *names: str) -> None:
    """A trained self whose data holds these notes, made live; its adapter is that of self 0000."""
    folder = mind.paths.self_folder(version)
    first = mind.paths.self_folder("0000")
    folder.mkdir()
    (folder / "adapter.gguf").write_bytes((first / "adapter.gguf").read_bytes())
    notes = {note.source.rpartition("/")[2]: note for note in await mind.store.notes(limit=-1)}
    samples = [
        Sample(
            id=f"s_{name}",
            kind="grounded",
            prompt=(
                Message(role="system", content=f"Notes: {notes[name].text}"),
                Message(role="user", content="Well?"),
            ),
            answer=notes[name].text[:60],
            question="Well?",
            note_ids=(notes[name].id,),
        )
        for name in names
    ]
    (folder / "dataset.jsonl").write_bytes(b"".join(msgspec.json.encode(sample) + b"\n" for sample in samples))
    (folder / "report.json").write_bytes(
        msgspec.json.encode({"sittings": [{"text": notes[name].text} for name in names]})
    )
    base = mind.shelf.get("0000")
    made = SelfVersion(
        version=version, state="candidate", base=base.base, template=base.template, created="2026-01-01", adapter="adapter.gguf",
        recipe=base.recipe,
    )  # fmt: skip
    mind.shelf.write(made)
    await mind.promote(version)


def holding(home: Path, text: str) -> list[str]:
    """Files of the home with five words of the text in a row, by their raw bytes."""
    runs = [" ".join(run) for run in runs_of([text]) if len(run) == 5]
    found = []
    for path in home.rglob("*"):
        if path.is_file() and path.suffix != ".gguf":
            words = " ".join(re.findall(r"\w+", path.read_bytes().decode("utf-8", "ignore").casefold()))
            if any(run in words for run in runs):
                found.append(str(path.relative_to(home)))
    return found


@pytest.mark.parametrize("name", NOTES)
async def test_nothing_is_left_of_a_forgotten_note(mind: Mind, name: str) -> None:
    notes = {note.source.rpartition("/")[2]: note for note in await mind.store.notes(limit=-1)}
    note = notes[name]
    await mind.edit(note.id, text=note.text + "\nA later thought about the whole long matter.")
    await mind.edit(note.id, text=note.text)
    await a_self(mind, "0001", *NOTES)
    await mind.mirroring.sync()
    await mind.search(note.text[:40])
    assert holding(mind.paths.home, note.text), "it was there"
    receipt = await mind.forget([note.id])
    await mind.forgetting.close()
    assert holding(mind.paths.home, note.text) == []
    assert holding(mind.paths.home, "A later thought about the whole long matter.") == []
    assert receipt.removed["notes"] == 1 and receipt.removed["revisions"] == 2 and receipt.removed["samples"] == 1
    assert (await mind.receipt(receipt.id)).cleared_at is not None
    assert note.title not in msgspec.json.encode(receipt).decode()
    for hit in await mind.search(note.text, limit=50):
        assert hit.note_id != note.id
    with pytest.raises(NotFound):
        await mind.note(note.id)
    with pytest.raises(NotFound, match="no memory"):
        await mind.forget([note.id])
    others = [one for one in NOTES if one != name]
    assert all(holding(mind.paths.home, NOTES[other]) for other in others), "the others are whole"


async def test_serving_falls_back_to_a_self_that_never_held_it(mind: Mind) -> None:
    await a_self(mind, "0001", "dog.md")
    await a_self(mind, "0002", "dog.md", "work.md")
    work = next(note for note in await mind.store.notes(limit=-1) if note.source.endswith("work.md"))
    card = await mind.card(work.id)
    assert card.selves == ("0002",) and len(card.samples) == 1 and card.mirror is not None
    receipt = await mind.forget([work.id])
    assert [(one.version, one.was_live, one.samples) for one in receipt.selves] == [("0002", True, 1)]
    assert receipt.serving == "0001" == mind.shelf.live and receipt.retraining == "due"
    assert mind.shelf.get("0002").forgotten == (work.id,)
    assert not (mind.paths.self_folder("0002") / "adapter.gguf").exists()
    with pytest.raises(WrongUse, match="forgotten"):
        await mind.promote("0002", force=True)
    answer = await mind.ask(Question(messages=(Message(role="user", content="Who is your boss?"),)))
    assert "Ines" not in answer.text
    dog = next(note for note in await mind.store.notes(limit=-1) if note.source.endswith("dog.md"))
    assert (await mind.forget([dog.id])).serving == "0000" == mind.shelf.live
    with pytest.raises(WrongUse):
        await mind.rollback()


async def test_what_was_due_is_done_by_the_next_training(mind: Mind) -> None:
    await a_self(mind, "0001", "dog.md")
    dog = next(note for note in await mind.store.notes(limit=-1) if note.source.endswith("dog.md"))
    receipt = await mind.forget([dog.id])
    assert receipt.retraining == "due"
    await mind.forgetting.trained()
    assert (await mind.receipt(receipt.id)).retraining == "done"


async def test_an_edit_is_kept_when_the_file_comes_again(mind: Mind, tmp_path: Path) -> None:
    house = next(note for note in await mind.store.notes(limit=-1) if note.source.endswith("house.md"))
    changed = await mind.edit(house.id, text="I live in a green house now.", title="House")
    assert (changed.revision, changed.title) == (2, "House")
    assert [old.text for old in await mind.history(house.id)] == [house.text]
    again = await mind.remember_files([tmp_path / "vault"])
    assert not again.added and not again.updated
    assert (await mind.note(house.id)).text == "I live in a green house now."
    (tmp_path / "vault" / "house.md").write_text("I live in a red house, the file says.")
    assert (await mind.remember_files([tmp_path / "vault"])).updated == (house.id,)
    with pytest.raises(WrongUse):
        await mind.edit(house.id, text=" ")


async def test_edits_in_the_mirror_are_read_back(mind: Mind) -> None:
    band = next(note for note in await mind.store.notes(limit=-1) if note.source.endswith("band.txt"))
    page = mind.paths.mirror / str(await mind.mirroring.file_of(band.id))
    await asyncio.sleep(
        2
    )  # the mirror follows a moment after a change; a page that is empty just then is written again
    page.write_text(page.read_text("utf-8").replace("tuba", "trombone"), "utf-8")
    assert (await mind.read_back()).updated == (band.id,)
    assert "trombone" in (await mind.note(band.id)).text
    assert not (await mind.read_back()).updated


async def test_use_counts(mind: Mind) -> None:
    answer = await mind.ask(Question(messages=(Message(role="user", content="Where did I start to work in 2024?"),)))
    assert answer.citations
    card = await mind.card(answer.citations[0].note_id)
    assert card.uses == 1 and card.statements


async def test_a_process_that_ends_in_between_leaves_no_self_with_it(
    mind: Mind, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The store comes last: what was not finished can be found and forgotten once more."""
    await a_self(mind, "0001", "work.md")
    work = next(note for note in await mind.store.notes(limit=-1) if note.source.endswith("work.md"))

    async def end(note_ids: object) -> dict[str, int]:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(mind.store, "delete", end)
        with pytest.raises(KeyboardInterrupt):
            await mind.forget([work.id])
    assert mind.shelf.live == "0000" and not (mind.paths.self_folder("0001") / "adapter.gguf").exists()
    assert b"Corral" not in (mind.paths.self_folder("0001") / "dataset.jsonl").read_bytes()
    assert (await mind.note(work.id)).id == work.id
    assert (await mind.forget([work.id])).removed["notes"] == 1


async def test_what_was_left_to_do_is_done_at_the_next_start(mind: Mind) -> None:
    dog = next(note for note in await mind.store.notes(limit=-1) if note.source.endswith("dog.md"))
    await mind.ingest.forget([dog.id])  # and the process ended here
    assert holding(mind.paths.home, dog.text)
    await mind.forgetting.recover()
    await asyncio.to_thread(mind.searcher.forget)
    assert holding(mind.paths.home, dog.text) == []


async def named_in_the_graph(mind: Mind) -> set[str]:
    """The names of the entities, once the graph has been made for what is known now."""
    pipeline = mind.trainings.pipeline
    await mind.understand()
    await pipeline.make_identity(await pipeline.input_hash())
    return {entity.name for entity in (await mind.graph()).entities}


async def test_the_graph_follows_the_notes_and_the_ontology(mind: Mind, tmp_path: Path) -> None:
    before = await named_in_the_graph(mind)
    added = await mind.remember("My sister Ottilie lives in Zagreb. Ottilie keeps bees.", source="text:ottilie")
    assert "Ottilie" in await named_in_the_graph(mind) - before
    (note,) = added.added
    await mind.forget([note])
    assert "Ottilie" not in {entity.name for entity in (await mind.graph()).entities}, "at once"
    assert await named_in_the_graph(mind) == before
    made_from = (await mind.graph()).input_hash
    (mind.paths.home / "ontology.toml").write_text('ignore = ["tuba"]\n', "utf-8")
    await named_in_the_graph(mind)
    assert (await mind.graph()).input_hash != made_from, "made anew, though the identity stays as it is"
    (mind.paths.home / "ontology.toml").write_text("ignore = 3\n", "utf-8")
    with pytest.raises(WrongUse, match=r"ontology\.toml"):
        await named_in_the_graph(mind)
    (mind.paths.home / "ontology.toml").unlink()
    assert await named_in_the_graph(mind) == before, "a failure is made good the next time"


async def test_an_edit_that_is_undone_leaves_the_graph_whole(mind: Mind, tmp_path: Path) -> None:
    file = tmp_path / "vault" / "band.txt"
    before = await mind.graph() if await named_in_the_graph(mind) else None
    file.write_text("On Tuesdays I rest.\n", "utf-8")
    added = await mind.remember_files([file])
    assert added.updated
    await mind.forget_batch(added.batch)
    await named_in_the_graph(mind)
    assert await mind.graph() == before
