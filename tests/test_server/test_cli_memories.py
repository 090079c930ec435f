"""``oneself add``, ``search``, ``memories`` and ``mirror`` through a running server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.test_server.wire import Run, document


def test_add_and_undo(run: Run, served: Any, folder: Path) -> None:
    added = run("add", str(folder), "--json")
    assert len(document(added)["added"]) == 2 and "reading: done in" in added.stderr
    told = run("add", str(folder / "oslo.md"))
    assert told.exit_code == 0 and "oneself memories forget --batch b_2" in told.stdout
    assert document(run("memories", "forget", "--batch", "b_1", "--yes", "--json"))["note_ids"] == ["n_1", "n_2"]
    assert run("memories", "forget", "--batch", "b_9", "--yes").exit_code == 1
    text = document(run("add", "-", "--title", "Typed", "--json", stdin="나는 부산에 산다."))
    assert served.mind.notes[text["added"][0]].origin == "owner"


def test_add_of_nothing_that_can_be_read(run: Run, tmp_path: Path) -> None:
    empty = tmp_path / "empty"
    empty.mkdir()
    for arguments in ([str(empty)], [str(empty), "--json"]):
        result = run("add", *arguments)
        assert result.exit_code == 1 and ".md" in result.output and ".pdf" in result.output
    (empty / "photo.png").write_bytes(b"\x89PNG")
    pictures = run("add", str(empty), "--json")
    assert document(pictures, 1)["skipped"][0]["code"] == "unsupported" and ".md" in pictures.stderr
    assert run("add", str(tmp_path / "absent")).exit_code == 2
    assert run("add", "https://").exit_code == 2
    assert run("add", "-", stdin=" \n").exit_code == 2
    assert run("add", "-", str(empty), stdin="x").exit_code == 2


def test_search(run: Run, folder: Path) -> None:
    run("add", str(folder))
    (found,) = document(run("search", "Kaya", "--json"))["results"]
    assert {"note_id", "chunk_id", "title", "text", "span", "score", "explain", "happened_at", "origin"} <= set(found)
    assert (found["before"], found["after"]) == ("", "")
    told = run("search", "Kaya")
    assert "My cat is called Kaya." in told.stdout and "vector 0.90" in told.stdout
    assert document(run("search", "nowhere", "--json")) == {"results": []}
    assert "Nothing" in run("search", "nowhere").stdout
    assert run("search", "x", "--as-of", "soon").exit_code == 2
    beside = run("search", "Kaya", "--neighbours", "--origin", "other", "--kind", "text").stdout
    assert "… The one before.\n0.90  Ines: My cat is called Kaya.\n" in beside and "page 2" in beside
    assert document(run("search", "Kaya", "--origin", "owner", "--json")) == {"results": []}
    assert run("search", "Kaya", "--origin", "alien").exit_code == 2


def test_memories(run: Run, served: Any, folder: Path) -> None:
    run("add", str(folder), "--mine")
    page = document(run("memories", "list", "--limit", "1", "--offset", "1", "--json"))
    assert (page["total"], len(page["memories"])) == (2, 1)
    note_id = page["memories"][0]["note_id"]
    assert document(run("memories", "show", note_id, "--json"))["text"] == "I live in Oslo."
    assert "I live in Oslo." in run("memories", "show", note_id).stdout
    assert document(run("memories", "list", "--query", "Kaya", "--json"))["total"] == 1
    no = run("memories", "forget", note_id, stdin="n\n")
    assert no.exit_code == 1 and len(served.mind.notes) == 2
    both = run("memories", "forget", note_id, "n_nine", "--yes")
    assert both.exit_code == 1 and len(served.mind.notes) == 2
    yes = run("memories", "forget", note_id, "--json", stdin="y\n")
    assert document(yes)["note_ids"] == [note_id] and "oslo" in yes.stderr
    assert run("memories", "forget").exit_code == 2
    assert run("memories", "forget", "n_1", "--batch", "b").exit_code == 2
    assert document(run("memories", "show", "n_9", "--json"), 1)["error"]["code"] == "not_found"


def test_add_of_links_beside_paths(run: Run, served: Any, folder: Path) -> None:
    both = run("add", "https://example.org/a", str(folder), "HTTPS://example.org/missing", "--mine", "--json")
    added = document(both)
    assert (len(added["added"]), added["batch"]) == (3, "b_1") and "reading" in both.stderr
    assert added["undo"] == "oneself memories forget --batch b_1 && oneself memories forget --batch b_2"
    assert [one["code"] for one in added["skipped"]] == ["http_404"]
    assert {note.origin for note in served.mind.notes.values()} == {"owner"}
    told = run("add", "https://example.org/b", "https://example.org/missing").stdout
    assert "1 added, 1 skipped" in told and "https://example.org/missing is not there" in told
    lost = run("add", "https://example.org/missing")
    assert lost.exit_code == 1 and "Nothing was remembered" in lost.stdout and ".pdf" not in lost.stdout
    assert run("add", "-", "https://example.org", stdin="x").exit_code == 2


@pytest.fixture
def three(served: Any) -> list[str]:
    memories = [
        {"text": "- [ ] Paint the boat.", "title": "Boat", "tags": ["sea"], "happened_at": "2025-03-01"},
        {"text": "- [x] Buy paint.", "title": "Shop", "origin": "other", "happened_at": "2025-03-02"},
        {"text": "I live in Oslo.", "title": "Home", "happened_at": "2020-01-01"},
    ]
    with served.http() as http:
        ids: list[str] = http.post("/api/memories", json={"memories": memories}).json()["added"]
    return ids


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        (["--origin", "other"], [1]),
        (["--kind", "pdf"], []),
        (["--tag", "sea"], [0]),
        (["--since", "2025-03-01", "--until", "2025-03-01"], [0]),
        (["--todo", "done"], [1]),
    ],
)
def test_lists_are_filtered(run: Run, three: list[str], asked: list[str], found: list[int]) -> None:
    page = document(run("memories", "list", *asked, "--json"))
    assert [one["note_id"] for one in page["memories"]] == [three[n] for n in found]
    assert f"{len(found)} of {len(found)}" in run("memories", "list", *asked).stdout


def test_wrong_filters_are_wrong_use(run: Run) -> None:
    for asked in (["--since", "soon"], ["--until", "2025-13-01"], ["--todo", "late"], ["--origin", "alien"]):
        result = run("memories", "list", *asked)
        assert result.exit_code == 2 and asked[0][2:] in result.stderr, result.output


def test_the_card_of_a_note(run: Run, three: list[str]) -> None:
    run("memories", "edit", three[2], "--title", "Oslo")
    card = document(run("memories", "show", three[2], "--json"))
    named = {"chunks", "sentences", "statements", "identity", "samples", "selves", "uses", "mirror", "links"}
    assert named <= set(card) and [one["title"] for one in card["history"]] == ["Home"]
    told = run("memories", "show", three[2]).stdout
    for words in (
        "revision 2 (1 earlier)", "1 chunk, 1 sentence", "in the mirror: notes/Home.md", "links: Kaya", "width: 3",
        "statements: 1\n  Noor lives in Oslo. (semantic)", "in the identity: 1", "0001 grounded: Where do you live?",
        "selves trained on it: 0001", "cited by 2 answers",
    ):  # fmt: skip
        assert words in told
    assert told.endswith("\n\nI live in Oslo.\n")


def test_edit_and_history(run: Run, served: Any, three: list[str], tmp_path: Path) -> None:
    note_id = three[0]
    assert "has not been changed" in run("memories", "history", note_id).stdout
    told = run("memories", "edit", note_id, "--title", "The boat", "--tag", "sea", "--tag", "paint")
    assert told.exit_code == 0 and f"{note_id} is at revision 2" in told.stdout
    assert served.mind.notes[note_id].tags == ("sea", "paint")
    edited = document(run("memories", "edit", note_id, "--text", "I sold the boat.", "--tag", "", "--json"))
    assert (edited["text"], edited["tags"], edited["title"]) == ("I sold the boat.", [], "The boat")
    file = tmp_path / "new.txt"
    file.write_text("배를 팔았다.")
    assert document(run("memories", "edit", note_id, "--file", str(file), "--json"))["text"] == "배를 팔았다."
    typed = ("memories", "edit", note_id, "--text", "-", "--happened-at", "2025-04-01", "--origin", "other", "--json")
    by_hand = document(run(*typed, stdin="Sold."))
    assert (by_hand["text"], by_hand["happened_at"], by_hand["origin"]) == ("Sold.", "2025-04-01", "other")
    revisions = document(run("memories", "history", note_id, "--json"))["revisions"]
    assert [one["revision"] for one in revisions] == [4, 3, 2, 1]
    shown = run("memories", "history", note_id).stdout
    assert "revision 2, of 2025-06-25T10:00: The boat [sea, paint]\n  - [ ] Paint the boat.\n" in shown


def test_wrong_edits_change_nothing(run: Run, served: Any, three: list[str], tmp_path: Path) -> None:
    binary = tmp_path / "binary"
    binary.write_bytes(b"\xff\xfe\x00")
    wrong = (
        [], ["--text", " "], ["--title", " "], ["--happened-at", "soon"], ["--origin", "alien"],
        ["--file", str(tmp_path / "none")], ["--file", str(binary)], ["--text", "x", "--file", str(binary)],
    )  # fmt: skip
    for arguments in wrong:
        result = run("memories", "edit", three[0], *arguments)
        assert result.exit_code == 2 and result.stderr, arguments
    assert document(run("memories", "edit", "n_9", "--title", "x", "--json"), 1)["error"]["code"] == "not_found"
    assert run("memories", "history", "n_9").exit_code == 1
    assert served.mind.revisions == {}


def test_forgetting_prints_a_receipt_in_plain_words(run: Run, served: Any, three: list[str]) -> None:
    told = run("memories", "forget", *three[:2], "--yes").stdout
    for words in (
        "2 memories forgotten (receipt f_1).", "Removed: 2 notes, 4 sentences, 1 file of the mirror, 3 training samples.",
        "Self 0001 had learned it (3 samples, it was live); its weights were deleted at 2025-06-25T10:00.",
        "Self 0000, which never held it, answers since.", "training.after_forgetting", "in a moment",
    ):  # fmt: skip
        assert words in told
    assert len(served.mind.written) == 1 and list(served.mind.notes) == three[2:]
    (receipt,) = document(run("memories", "receipts", "--json"))["receipts"]
    assert receipt["note_ids"] == three[:2]
    rows = run("memories", "receipts").stdout
    assert "f_1  2025-06-25T10:00  2 memories, 1 self had learned it; retraining due" in rows
    assert document(run("memories", "receipts", "f_1", "--json")) == receipt
    assert "Removed: 2 notes" in run("memories", "receipts", "f_1").stdout
    assert run("memories", "receipts", "f_9").exit_code == 1


def test_no_receipts_and_no_tasks_yet(run: Run) -> None:
    assert run("memories", "receipts").stdout == "Nothing has been forgotten.\n"
    assert run("memories", "todos").stdout == "No task is open.\n"


def test_todos(run: Run, three: list[str]) -> None:
    (task,) = document(run("memories", "todos", "--json"))["todos"]
    assert (task["note_id"], task["state"]) == (three[0], "open")
    assert "[x] " in run("memories", "todos", "--done").stdout and "Shop" in run("memories", "todos", "--done").stdout


def test_mirror(run: Run, served: Any) -> None:
    assert run("mirror").stdout == f"{served.home / 'mirror'}\n"
    assert document(run("mirror", "--json")) == {"folder": str(served.home / "mirror")}
    assert "Nothing in" in run("mirror", "--read-back").stdout
    served.mind.edited_by_hand = ["n_1"]
    assert document(run("mirror", "--read-back", "--json"))["updated"] == ["n_1"]
    assert "1 read back" in run("mirror", "--read-back").stdout
