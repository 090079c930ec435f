"""A folder with a file of every kind, through the real worker: remembered, found, known again, forgotten."""

from __future__ import annotations

import mailbox
from email.message import EmailMessage
from pathlib import Path

import msgspec
import pytest

from kernel.config import KernelConfig, OwnerConfig
from kernel.errors import WrongUse
from kernel.memory.ingest import Ingest
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.memory.structs import content_hash
from kernel.worker import ProcessWorker
from tests.test_kernel.contracts.test_readers import GOOD
from tests.test_kernel.memory.conftest import WordEngine

OWNER = KernelConfig(owner=OwnerConfig(name="Robin Vale", aliases=("robin@example.org",)))


async def test_a_folder_of_everything(store: Store, engine: WordEngine, tmp_path: Path, whisper_models: Path) -> None:
    vault = tmp_path / "vault"
    for kind, (name, data) in GOOD.items():
        (vault / kind).mkdir(parents=True)
        (vault / kind / name).write_bytes(data)
    (store.path.parent / "models").symlink_to(whisper_models)
    worker = ProcessWorker(tmp_path / "logs")
    ingest = Ingest(store, engine, worker, OWNER)
    searcher = Searcher(store.path)
    try:
        added = await ingest.add_files([vault])
        assert not added.skipped and len(added.added) >= len(GOOD)
        for note in await store.notes(limit=-1):
            memory = await store.memory(note.id)
            assert memory.sentences, f"{note.kind} holds sentences"
            for segment in note.segments:
                assert note.text[segment.start : segment.end].strip()
            for sentence in memory.sentences:
                assert not note.segments or any(
                    segment.start <= sentence.start and sentence.end <= segment.end for segment in note.segments
                ), "what stands between the segments is nobody's words"
            words = memory.note.text[memory.sentences[0].start : memory.sentences[0].end]
            assert note.id in {hit.note_id for hit in searcher.search(words, None, limit=5)}, f"{note.kind} is found"
        again = await ingest.add_files([vault])
        assert not again.added and not again.updated and set(again.unchanged) == set(added.added)
    finally:
        searcher.close()
        await worker.close()


async def test_one_message_of_a_mailbox_is_forgotten(ingest: Ingest, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "letters.mbox"
    box = mailbox.mbox(path)
    for number, words in enumerate(("The herons are back on the weir.", "Your secret marzipan recipe arrived safely.")):
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = "mina@example.org", "robin@example.org", f"Letter {number}"
        message["Date"], message["Message-ID"] = "Tue, 05 Mar 2024 10:00:00 +0000", f"<{number}@example.org>"
        message.set_content(words)
        box.add(message)
    box.close()
    added = await ingest.add_files([path])
    assert len(added.added) == 2
    kept = list((tmp_path / "files").rglob("*.mbox"))
    assert [content_hash(one.read_bytes()) for one in kept] == [content_hash(path.read_bytes())]
    notes = {note.title: note for note in await store.notes(limit=-1)}
    assert notes["Letter 1"].source == f"{path}#1@example.org" and notes["Letter 1"].origin == "other"
    removed = await ingest.forget([notes["Letter 1"].id])
    assert removed["notes"] == 1 == removed["originals"], "the copy of the file held its words"
    await store.clear_deleted()
    assert not list((tmp_path / "files").rglob("*.mbox")) and b"marzipan" not in store.path.read_bytes()
    assert (await store.note(notes["Letter 0"].id)).text.startswith("The herons")
    box = mailbox.mbox(path)
    box.add(third_letter("A third letter about the ferry."))
    box.close()
    again = await ingest.add_files([path])
    assert notes["Letter 0"].id in again.unchanged and len(again.added) == 1
    assert [one.code for one in again.skipped] == ["forgotten"], "what was forgotten does not come back by itself"
    wanted = await ingest.add_files([path], again=True)
    assert len(wanted.unchanged) == 2 and len(wanted.added) == 1


def third_letter(words: str) -> EmailMessage:
    message = EmailMessage()
    message["From"], message["Subject"], message["Message-ID"] = "mina@example.org", "Letter 2", "<2@example.org>"
    message["Date"] = "Wed, 06 Mar 2024 10:00:00 +0000"
    message.set_content(words)
    return message


async def test_links(store: Store, engine: WordEngine, tmp_path: Path) -> None:
    worker = ProcessWorker(tmp_path / "logs")
    try:
        ingest = Ingest(store, engine, worker, OWNER)
        refused = await ingest.add_links(
            ["http://127.0.0.1:9/x", "ftp://example.org/a", "http://169.254.169.254/latest"]
        )
        assert not refused.added and len(refused.skipped) == 3
        assert all(
            one.source in ("http://127.0.0.1:9/x", "ftp://example.org/a", "http://169.254.169.254/latest")
            for one in refused.skipped
        )
    finally:
        await worker.close()
    assert not list(tmp_path.glob("fetched-*"))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [("부산으로 언제 이사했어?", "2024년 3월"), ("옆집 할머니는 뭘 나눠 줘?", "감자"), ("동생 이름이 뭐야?", "지우")],
)
async def test_a_korean_vault_is_searched_in_korean(ingest: Ingest, store: Store, question: str, wanted: str) -> None:
    for text in (
        "나는 2024년 3월에 부산 광안리로 이사했다. 집이 작지만 바다가 보인다.",
        "옆집 할머니가 매일 아침 감자를 나눠 주신다.",
        "동생 지우는 대전에서 수학을 가르친다. 우리는 일요일마다 통화한다.",
        "오늘은 커피를 너무 많이 마셨다. 잠이 오지 않는다.",
    ):
        await ingest.add_text(text)
    searcher = Searcher(store.path)
    try:
        assert wanted in searcher.search(question, None)[0].text
    finally:
        searcher.close()


async def test_a_forgotten_file_leaves_no_copy_when_it_comes_again(
    ingest: Ingest, store: Store, tmp_path: Path
) -> None:
    vault = tmp_path / "vault"
    vault.mkdir()
    path = vault / "secret.md"
    path.write_text("My secret word is zanzibarquartz.")
    added = await ingest.add_files([path])
    await ingest.forget(added.added)
    again = await ingest.add_files([vault])
    assert [one.code for one in again.skipped] == ["forgotten"] and not list((tmp_path / "files").rglob("*.md"))
    assert (await ingest.add_files([path], again=True)).added and list((tmp_path / "files").rglob("*.md"))


async def test_an_undone_batch_of_a_chat_can_be_added_once_more(ingest: Ingest, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "WhatsApp Chat with Zed.txt"
    path.write_text(
        "1/14/26, 09:00 - Zed: Hello!\n1/14/26, 09:01 - Robin: Hi.\n1/15/26, 10:00 - Zed: The ferry is late.\n"
    )
    first = await ingest.add_files([path])
    path.write_text(path.read_text() + "2/3/26, 10:00 - Zed: The ferry came.\n")
    assert len((await ingest.add_files([path])).added) == 1
    await ingest.undo(first.batch)
    assert len((await ingest.add_files([path])).added) == 2 and len(await store.notes(limit=-1)) == 3


async def test_a_batch_that_was_changed_since_says_so(ingest: Ingest, store: Store) -> None:
    added = await ingest.add_text("My cello is by nobody in particular.")
    note = await store.note(added.added[0])
    await ingest.edit(msgspec.structs.replace(note, title="Cello"))
    with pytest.raises(WrongUse, match="changed since"):
        await ingest.undo(added.batch)
    assert (await store.note(note.id)).title == "Cello"


async def test_a_day_to_come_does_not_date_a_note(ingest: Ingest, store: Store, tmp_path: Path) -> None:
    path = tmp_path / "passport.txt"
    path.write_text("My passport expires on 9 September 2099.")
    added = [*(await ingest.add_files([path])).added, *(await ingest.add_text("The lease ends on 1 May 2098.")).added]
    assert ["2099" in str((await store.note(note_id)).happened_at) for note_id in added] == [False, False]
    assert ["2098" in str((await store.note(note_id)).happened_at) for note_id in added] == [False, False]


async def test_a_folder_with_a_hash_in_its_name(ingest: Ingest, store: Store, tmp_path: Path) -> None:
    """``#`` also parts a file from the note within it."""
    folder = tmp_path / "C# notes"
    folder.mkdir()
    path = folder / "WhatsApp Chat with Zed.txt"
    path.write_text("1/14/26, 09:00 - Zed: Hello!\n1/15/26, 10:00 - Zed: The ferry is late.\n")
    added = await ingest.add_files([folder])
    sources = {note.source for note in await store.notes(limit=-1)}
    assert len(added.added) == 2 and all(source.startswith(f"{path}#") for source in sources)
    assert set((await ingest.add_files([folder])).unchanged) == set(added.added)
    assert {note.source for note in await store.notes(limit=-1)} == sources
    moved = tmp_path / "moved"
    folder.rename(moved)
    await ingest.add_files([moved])
    assert {note.source for note in await store.notes(limit=-1)} == {
        source.replace(str(folder), str(moved)) for source in sources
    }
