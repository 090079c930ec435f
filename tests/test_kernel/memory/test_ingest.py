"""From files to notes: once each, revised, undone, forgotten; nothing stops the rest."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest

from kernel.errors import NotFound, WrongUse
from kernel.memory.ingest import Ingest
from kernel.memory.store import Store


def raw(store: Store) -> bytes:
    """Every byte of the database and its log."""
    return b"".join(path.read_bytes() for path in store.path.parent.glob(f"{store.path.name}*"))


async def test_a_folder_is_remembered_once_and_an_edit_is_a_revision(
    ingest: Ingest, store: Store, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    (vault / ".obsidian").mkdir(parents=True)
    (vault / ".obsidian" / "workspace.md").write_text("not a note")
    (vault / "dog.md").write_text("# Dog\nI adopted a greyhound called Fathom.\n")
    for n in range(5):
        (vault / f"copy{n}.txt").write_text("The same words five times.")
    events: list[object] = []
    first = await ingest.add_files([vault], on_event=events.append)
    assert (len(first.added), len(first.skipped), first.vectors_pending) == (2, 0, 0)
    assert [type(event).__name__ for event in events] == ["StageStarted", "Progressed", "StageFinished"]

    again = await ingest.add_files([vault])
    assert set(again.unchanged) == set(first.added) and not again.added and not again.updated

    dog = next(note for note in await store.notes() if note.title == "Dog")
    (vault / "dog.md").write_text("# Dog\nFathom died in May.\n")
    edited = await ingest.add_files([vault])
    assert edited.updated == (dog.id,)
    now = await store.memory(dog.id)
    assert now.note.revision == 2 and [s.context for s in now.sentences] == ["Dog: Fathom died in May."]
    assert [old.text for old in await store.history(dog.id)] == [dog.text]

    forgotten, restored = await ingest.undo(edited.batch)
    assert (forgotten, restored) == ([], [dog.id])
    assert (await store.note(dog.id)).text == dog.text
    await store.clear_deleted()
    assert b"Fathom died" not in raw(store)
    assert (await store.counts()).vectors_pending == 1  # the restored sentence's
    assert await ingest.fill_vectors() == 1


async def test_undo_removes_what_a_wrong_folder_brought(ingest: Ingest, store: Store, tmp_path: Path) -> None:
    await ingest.add_text("Kept: the harbour at dawn is mine.")
    wrong = tmp_path / "wrong"
    wrong.mkdir()
    (wrong / "a.txt").write_text("Somebody else's marzipan recipe.")
    added = await ingest.add_files([wrong])
    forgotten, restored = await ingest.undo(added.batch)
    assert (forgotten, restored) == (list(added.added), [])
    assert (await store.counts()).notes == 1
    await store.clear_deleted()
    assert b"marzipan" not in raw(store)
    with pytest.raises(NotFound):
        await ingest.undo(added.batch)


async def test_bad_files_are_reported_and_the_rest_is_read(ingest: Ingest, tmp_path: Path) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    (vault / "good.md").write_text("I live in Bergen.")
    (vault / "photo.jpg").write_bytes(b"\xff\xd8\xff\xe0")
    (vault / "empty.md").write_text("")
    (vault / "one.pdf").write_bytes(b"%")
    (vault / "binary.md").write_bytes(bytes(range(256)) * 8)
    (vault / "paper.md").write_bytes(b"%PDF-1.7\n\x00")
    with (vault / "huge.md").open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    (vault / "way.md").symlink_to("/etc/hostname")
    result = await ingest.add_files([vault, tmp_path / "nowhere"])
    assert len(result.added) == 1
    assert {Path(s.source).name: s.code for s in result.skipped} == {
        "photo.jpg": "damaged",
        "empty.md": "empty",
        "one.pdf": "mislabelled",
        "binary.md": "mislabelled",
        "paper.md": "mislabelled",
        "huge.md": "too_large",
        "way.md": "outside",
        "nowhere": "not_found",
    }
    assert all(Path(s.source).name in s.message for s in result.skipped)


async def test_empty_folder_and_pictures_only(ingest: Ingest, tmp_path: Path) -> None:
    empty, pictures = tmp_path / "empty", tmp_path / "pictures"
    empty.mkdir()
    pictures.mkdir()
    (pictures / "a.xcf").write_bytes(b"gimp xcf")
    assert [s.code for s in (await ingest.add_files([empty])).skipped] == ["empty_folder"]
    only = await ingest.add_files([pictures])
    assert not only.added and "Read today" in only.skipped[0].message and ".md" in only.skipped[0].message


async def test_engine_down_leaves_vectors_pending(ingest: Ingest, store: Store, engine, tmp_path: Path) -> None:
    engine.down = True
    added = await ingest.add_text("My sister Ifeoma teaches chemistry. She lives in Enugu.")
    assert added.vectors_pending == 2 == (await store.counts()).vectors_pending
    engine.down = False
    assert await ingest.fill_vectors() == 2
    vectors = (await store.vectors_of(added.added))[added.added[0]]
    assert vectors.shape == (2, 64) and np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


async def test_typed_text(ingest: Ingest, store: Store) -> None:
    with pytest.raises(WrongUse):
        await ingest.add_text("  \n ")
    first = await ingest.add_text("On 3 May 2023 I moved to Oslo.")
    assert (await ingest.add_text("On 3 May 2023 I moved to Oslo.")).unchanged == first.added
    note = await store.note(first.added[0])
    assert (note.happened_at, note.happened_from, note.title) == (
        "2023-05-03",
        "text",
        "On 3 May 2023 I moved to Oslo.",
    )


async def test_forgetting_leaves_no_bytes(ingest: Ingest, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "secret.txt"
    path.write_text("The zanzibarian periwinkle blooms at midnight. 부산에서 몰래 샀다.")
    added = await ingest.add_files([path])
    copies = list((tmp_path / "files").rglob("*.txt"))
    assert [copy.read_bytes() for copy in copies] == [path.read_bytes()]
    await ingest.add_text("Something that stays.")
    removed = await ingest.forget([*added.added, "n_000000000000"])
    assert removed["notes"] == 1 == removed["originals"] and removed["sentences"] == 2
    await store.clear_deleted()
    for word in ("zanzibarian", "periwinkl", "부산에서"):
        assert word.encode() not in raw(store)
    assert not list((tmp_path / "files").rglob("*.txt"))
    assert (await store.counts()).notes == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root reads everything")
async def test_a_closed_file_is_reported(ingest: Ingest, tmp_path: Path) -> None:
    path = tmp_path / "closed.md"
    path.write_text("words")
    path.chmod(0)
    assert [s.code for s in (await ingest.add_files([path])).skipped] == ["unreadable"]
