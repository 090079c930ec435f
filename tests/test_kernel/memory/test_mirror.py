"""The mirror: each note's words in a file of its own, none elsewhere, edits kept, nothing of what is forgotten."""

from __future__ import annotations

import shutil
import stat
import tempfile
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.config import Paths
from kernel.memory.mirror import Mirror, Synced
from kernel.memory.mirror.edits import Edited, edited, removed
from kernel.types import Note, Segment
from tests.test_kernel.notes import remembered

NASTY_TITLES = [
    "", " ", ".", "..", "../../x", "/etc/passwd", "C:\\temp\\x", "CON", "con.txt", "nul", "LPT¹", "a/b",
    "A walk", "a WALK", "산책", unicodedata.normalize("NFD", "산책"), "é", "e\u0301", "👩‍👩‍👧 family",
    "\u202egnp.exe", "x" * 500, "긴 제목 " * 100, "e\u0301" * 90, "\u0301" * 200, "tab\tand\nline",
    "trailing. . .", "-rf", "~", "what? *all*|", "2024-07-06", "2024-07-06 A walk", 'say "hi" \\ bye',
    "title: yes", "- [ ] x", "null", "\x85\u2028\x7f", "#tag [[link]]",
]  # fmt: skip
TITLES = st.one_of(st.sampled_from(NASTY_TITLES), st.text(max_size=80))
DAYS = st.sampled_from([None, "2024-07-06", "2023-12-31T23:59:00+00:00", "2024", "1066-10", "yesterday", "../../x"])
TEXTS = st.one_of(
    st.text(),
    st.sampled_from(["---\n", "---\nid: n_0\n---\n\nx", "\n\nwalk\n\n", "a\r\nb\rc", "\ufeffx", "산책\n", "id: n_1"]),
)
DEVICES = {"con", "prn", "aux", "nul", *(f"{d}{n}" for d in ("com", "lpt") for n in "0123456789¹²³")}


@st.composite
def some_notes(draw: st.DrawFn) -> list[Note]:
    parts = draw(st.lists(st.tuples(TITLES, DAYS, TEXTS, st.booleans()), max_size=8))
    return [
        note_of(text, title, day, number=number, speaker="Ada" if chat else "")
        for number, (title, day, text, chat) in enumerate(parts)
    ]


def note_of(
    text: str, title: str = "A walk", day: str | None = "2024-07-06", *, number: int = 0, speaker: str = ""
) -> Note:
    return msgspec.structs.replace(
        remembered(text, title=title, tags=("river", "한강")).note,
        id=f"n_{number:012x}",
        happened_at=day,
        segments=(Segment(start=0, end=len(text), speaker=speaker),) if speaker else (),
    )


def revised(note: Note, text: str, **changes: object) -> Note:
    again = msgspec.structs.replace(note, text=text, content_hash=remembered(text).note.content_hash, **changes)
    return msgspec.structs.replace(again, revision=note.revision + 1)


def files_of(folder: Path) -> dict[str, bytes]:
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def note_files(folder: Path) -> dict[str, bytes]:
    return {name: data for name, data in files_of(folder).items() if name.startswith(("notes/", "conversations/"))}


def holds(folder: Path, words: str) -> list[str]:
    """Files with the words in name or content."""
    return [name for name, data in files_of(folder).items() if words in name or words.encode() in data]


@pytest.fixture
def mirror(tmp_path: Path) -> Mirror:
    return Mirror(Paths(tmp_path).mirror)


@pytest.fixture
def walk() -> Note:
    return note_of("We walked along the river.\n")


@pytest.fixture(scope="module")
def room() -> Iterator[Path]:
    """A folder for the folders of many examples."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder)


def mirror_in(room: Path) -> Mirror:
    for left in room.iterdir():
        shutil.rmtree(left)
    return Mirror(room / "home" / "mirror")


# --- what is written --------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(notes=some_notes())
def test_every_note_is_exactly_in_one_file_within_the_folder(room: Path, notes: list[Note]) -> None:
    mirror = mirror_in(room)
    assert mirror.sync(notes).written == len(notes)

    by_id = {note.id: note for note in notes}
    assert mirror.files().keys() == by_id.keys()
    assert {name for name, _ in note_files(mirror.folder).items()} == set(mirror.files().values())
    assert set(files_of(room)) == {f"home/mirror/{name}" for name in files_of(mirror.folder)}
    for note_id, name in mirror.files().items():
        written, note = (mirror.folder / name).read_bytes().decode(), by_id[note_id]
        _, front, _ = written.split("---\n", 2)
        assert written == f"---\n{front}---\n\n{note.text}"
        fields = yaml.safe_load(front)
        assert (fields["id"], fields["title"], fields["tags"]) == (note.id, note.title, list(note.tags))
    assert edited(mirror.folder) == removed(mirror.folder) == []
    assert mirror.sync(notes[::-1]) == Synced()


@settings(deadline=None)
@given(notes=some_notes())
def test_names_are_safe_on_every_file_system(room: Path, notes: list[Note]) -> None:
    mirror = mirror_in(room)
    mirror.sync(notes)
    names = list(mirror.files().values())
    assert len({unicodedata.normalize("NFD", name.casefold()) for name in names}) == len(names)
    for name in names:
        kind, year, file = name.split("/")
        stem = file.removesuffix(".md")
        assert kind in ("notes", "conversations") and (year == "undated" or (len(year) == 4 and year.isdecimal()))
        assert unicodedata.is_normalized("NFC", stem) and 0 < len(stem.encode()) <= 120
        assert not set(stem) & set('<>:"/\\|?*\n\t\x00') and stem == stem.strip(" .")
        assert not any(unicodedata.category(c) in ("Cc", "Cs", "Cn") for c in stem)
        assert stem.split(".")[0].strip().casefold() not in DEVICES


@pytest.mark.parametrize(
    ("title", "day", "file"),
    [
        ("A walk", "2024-07-06", "notes/2024/2024-07-06 A walk.md"),
        ("한강 산책", "2024-07-06T10:00:00+00:00", "notes/2024/2024-07-06 한강 산책.md"),
        ("2024-07-06 A walk", "2024-07-06", "notes/2024/2024-07-06 A walk.md"),
        ("", "2024-07-06", "notes/2024/2024-07-06.md"),
        ("Tea? Or: coffee", None, "notes/undated/Tea Or coffee.md"),
        ("", None, "notes/undated/untitled.md"),
        ("CON", None, "notes/undated/_CON.md"),
        ("../../x", None, "notes/undated/x.md"),
    ],
)
def test_names_say_day_and_title(mirror: Mirror, title: str, day: str | None, file: str) -> None:
    mirror.write_notes([note_of("x", title, day)])
    assert list(note_files(mirror.folder)) == [file]


@pytest.mark.parametrize(
    ("title", "stem"),
    [
        ("가나다 " * 100, " ".join(["가나다"] * 12)),
        ("x" * 500, "x" * 120),
        ("x" * 118 + "q\u0323 and more", "x" * 118),  # its dot below does not fit
        ("x" * 117 + ". . and more", "x" * 117),
    ],
)
def test_a_long_title_is_cut_between_words_and_never_within_a_letter(mirror: Mirror, title: str, stem: str) -> None:
    mirror.write_notes([note_of("x", title, None)])
    assert list(mirror.files().values()) == [f"notes/undated/{stem}.md"]


def test_conversations_have_a_room_of_their_own_and_recordings_have_not(mirror: Mirror) -> None:
    chat = note_of("Hi", "With Ada", number=1, speaker="Ada")
    recording = msgspec.structs.replace(
        note_of("Hm", "Memo", number=2), segments=(Segment(start=0, end=2, seconds=0.0),)
    )
    mirror.write_notes([chat, recording])
    assert set(note_files(mirror.folder)) == {
        "conversations/2024/2024-07-06 With Ada.md",
        "notes/2024/2024-07-06 Memo.md",
    }


def test_only_the_owner_can_open_it(mirror: Mirror, walk: Note) -> None:
    mirror.sync([walk])
    mirror.write_pages({"shades/river.md": "river"}, [walk.id])
    modes = {path: stat.S_IMODE(path.stat().st_mode) for path in [mirror.folder, *mirror.folder.rglob("*")]}
    assert all(mode == (0o700 if path.is_dir() else 0o600) for path, mode in modes.items()) and len(modes) > 6


# --- kept current -----------------------------------------------------------------------------------------------------


def test_a_name_stays_until_the_title_changes(mirror: Mirror, walk: Note) -> None:
    other = note_of("Another walk.", number=0xABCDEF)
    mirror.sync([walk, other])
    files = mirror.files()
    assert files[other.id] == "notes/2024/2024-07-06 A walk abcdef.md"

    mirror.remove([walk.id])
    again = revised(other, "Another walk, told again.")
    assert mirror.sync([again]).written == 1
    assert mirror.files() == {other.id: files[other.id]}

    mirror.sync([revised(again, again.text, title="A swim")])
    assert list(note_files(mirror.folder)) == ["notes/2024/2024-07-06 A swim.md"]


def test_sync_writes_what_changed_and_removes_what_is_not_there(mirror: Mirror, walk: Note) -> None:
    swim, tea = note_of("A swim.", "Swim", number=1), note_of("Tea.", "Tea", "2021-01-01", number=2)
    mirror.sync([walk, swim, tea])
    assert mirror.sync([revised(walk, "We ran."), swim]) == Synced(written=1, removed=1)
    assert not holds(mirror.folder, "walked") and not holds(mirror.folder, "Tea")
    assert not (mirror.folder / "notes" / "2021").exists()
    assert mirror.sync([walk, swim, tea]).written == 2  # put back as it was, as undoing an ``add`` does
    assert mirror.sync([walk, msgspec.structs.replace(swim, tags=("sea",)), tea]).written == 1


def test_a_title_that_changes_only_in_case_keeps_its_file(mirror: Mirror, walk: Note) -> None:
    mirror.sync([walk])
    mirror.sync([revised(walk, walk.text, title="A WALK")])
    assert list(note_files(mirror.folder)) == ["notes/2024/2024-07-06 A WALK.md"]


@pytest.mark.parametrize("spoil", ["missing", "damaged", "escaping"])
def test_without_its_index_it_finds_its_files_again(mirror: Mirror, walk: Note, spoil: str) -> None:
    swim, gone = note_of("A swim.", "Swim", number=1), note_of("Secret tea.", "Tea", number=2)
    mirror.sync([walk, swim, gone])
    mirror.write_pages({"identity.md": "Secret tea."}, [gone.id])
    (mirror.folder / mirror.files()[swim.id]).write_text(
        (mirror.folder / mirror.files()[swim.id]).read_text().replace("A swim.", "A long swim.")
    )
    index, before = mirror.folder / ".index.json", set(note_files(mirror.folder))
    outside = mirror.folder.parent / "precious.md"
    outside.write_text("precious")
    if spoil == "missing":
        index.unlink()
    else:
        index.write_text("{" if spoil == "damaged" else index.read_text().replace("notes/2024", "notes/../.."))
    assert mirror.sync([walk, swim]).kept == (swim.id,)
    assert set(note_files(mirror.folder)) == {name for name in before if "Tea" not in name}
    assert not holds(mirror.folder, "Secret") and outside.exists()
    assert edited(mirror.folder) == [Edited(swim.id, "A long swim.", "Swim")]


def test_an_interrupted_sync_goes_on(mirror: Mirror, walk: Note, monkeypatch: pytest.MonkeyPatch) -> None:
    notes = [walk, note_of("A swim.", "Swim", number=1), note_of("Tea.", "Tea", number=2)]
    made = []

    def full_disk(part: Path, target: Path) -> Path:
        made.append(target)
        if len(made) == 3:
            raise OSError(28, "No space left on device")
        return part.rename(target)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "replace", full_disk)
        with pytest.raises(OSError, match="No space"):
            mirror.sync(notes)
    assert [name for name in files_of(mirror.folder) if name.endswith(".part")]
    mirror.sync(notes[:2])
    assert set(note_files(mirror.folder)) == set(mirror.files().values()) and len(mirror.files()) == 2
    assert not holds(mirror.folder, "Tea")


def test_a_file_that_a_person_put_there_is_left_alone(mirror: Mirror, walk: Note) -> None:
    own = mirror.folder / "notes" / "2024" / "2024-07-06 A walk.md"
    own.parent.mkdir(parents=True)
    own.write_text("---\nid: 42\n---\nmy own page")
    mirror.sync([walk])
    assert "my own page" in own.read_text() and len(note_files(mirror.folder)) == 2
    mirror.sync([])
    assert list(note_files(mirror.folder)) == ["notes/2024/2024-07-06 A walk.md"]


# --- forgetting -------------------------------------------------------------------------------------------------------


@settings(deadline=None)
@given(notes=some_notes(), data=st.data())
def test_nothing_is_left_of_what_was_removed(room: Path, notes: list[Note], data: st.DataObject) -> None:
    mirror = mirror_in(room)
    marked = [
        msgspec.structs.replace(n, text=f"{n.text} secret{i}x", title=f"hidden{i}x {n.title}")
        for i, n in enumerate(notes)
    ]
    mirror.sync(marked)
    mirror.write_pages({f"{n.id}.md": n.text for n in marked}, [n.id for n in marked])
    gone = data.draw(st.sets(st.sampled_from(range(len(notes))))) if notes else set()
    mirror.remove([notes[i].id for i in gone])
    for i, note in enumerate(marked):
        found = holds(mirror.folder, f"secret{i}x"), holds(mirror.folder, f"hidden{i}x"), holds(mirror.folder, note.id)
        assert all(found) if i not in gone else not any(found)
    assert mirror.sync([note for i, note in enumerate(marked) if i not in gone]) == Synced()


def test_copies_and_leavings_go_too(mirror: Mirror, walk: Note) -> None:
    other = note_of("Tea.", "Tea", number=1)
    mirror.sync([walk, other])
    file = mirror.folder / mirror.files()[walk.id]
    file.with_name(f"{file.name}~").write_text(walk.text)
    file.with_name(f".{file.name}.swp").write_text(walk.text)
    shutil.copy(file, mirror.folder / "conversations.md")  # in no room: a person's own business
    (mirror.folder / "notes" / "best").mkdir()
    file.rename(mirror.folder / "notes" / "best" / "River.md")
    mirror.remove([walk.id])
    assert holds(mirror.folder, "walked") == ["conversations.md"]
    assert list(note_files(mirror.folder)) == [mirror.files()[other.id]]


def test_pages_go_with_a_note_that_they_are_made_of_and_stay_without(mirror: Mirror, walk: Note) -> None:
    other = note_of("Tea.", "Tea", number=1)
    mirror.sync([walk, other])
    assert mirror.write_pages({"identity.md": "I walked.", "shades/river.md": "river"}, [walk.id]) == 2
    assert mirror.write_pages({"identity.md": "I walked.", "shades/river.md": "river"}, [walk.id]) == 0
    mirror.remove([other.id])
    assert (mirror.folder / "identity" / "identity.md").read_text() == "I walked."
    mirror.sync([])
    assert not list((mirror.folder / "identity").rglob("*.md"))


def test_pages_go_even_if_the_note_was_never_mirrored(mirror: Mirror, walk: Note) -> None:
    for forget in (lambda: mirror.remove([walk.id]), lambda: mirror.sync([])):
        mirror.write_pages({"identity.md": walk.text}, [walk.id])
        forget()
        assert not holds(mirror.folder, "walked") and not holds(mirror.folder, walk.id)


def test_pages_that_are_no_more_are_removed(mirror: Mirror) -> None:
    mirror.write_pages({"identity.md": "a", "shades/river.md": "b"}, ["n_1"])
    assert mirror.write_pages({"identity.md": "c"}, ["n_1"]) == 1
    assert set(files_of(mirror.folder / "identity")) == {"identity.md"}


def test_removing_from_no_mirror_makes_none(mirror: Mirror) -> None:
    assert mirror.remove(["n_1"]) == 0
    assert edited(mirror.folder) == removed(mirror.folder) == [] and not mirror.folder.exists()


# --- reading back -----------------------------------------------------------------------------------------------------


def change(mirror: Mirror, note: Note, old: str, new: str) -> Path:
    path = mirror.folder / mirror.files()[note.id]
    text = path.read_bytes().decode()
    assert old in text
    path.write_bytes(text.replace(old, new).encode())
    return path


@pytest.mark.parametrize(
    ("old", "new", "text", "title"),
    [
        ("river", "sea", "We walked along the sea.\n", "A walk"),
        ('title: "A walk"', "title: Walk: the river", "We walked along the river.\n", "Walk: the river"),
        ('title: "A walk"', "title: '산책'", "We walked along the river.\n", "산책"),
        ("\n\nWe", "\nWe never", "We never walked along the river.\n", "A walk"),
    ],
)
def test_an_edit_is_found_and_kept_until_it_is_read_back(
    mirror: Mirror, walk: Note, old: str, new: str, text: str, title: str
) -> None:
    mirror.sync([walk])
    path = change(mirror, walk, old, new)
    assert edited(mirror.folder) == [(walk.id, text, title)]
    assert mirror.sync([walk]) == Synced()
    assert mirror.sync([revised(walk, "We ran.")]) == Synced(kept=(walk.id,))
    assert new in path.read_text()

    assert mirror.sync([revised(walk, text, title=title)]).written == 1
    assert edited(mirror.folder) == []


def test_what_editors_do_by_themselves_is_no_edit(mirror: Mirror, walk: Note) -> None:
    mirror.sync([walk])
    path = mirror.folder / mirror.files()[walk.id]
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes().replace(b"\n", b"\r\n") + b"\r\n")
    assert edited(mirror.folder) == []
    path.write_bytes(b"")
    assert edited(mirror.folder) == [] and mirror.sync([walk]).written == 1


def test_words_without_front_matter_are_still_an_edit_of_that_note(mirror: Mirror, walk: Note) -> None:
    mirror.sync([walk])
    (mirror.folder / mirror.files()[walk.id]).write_bytes("우리는 강을 걸었다.".encode("cp949"))
    assert edited(mirror.folder) == [Edited(walk.id, "우리는 강을 걸었다.", "A walk")]


def test_another_notes_text_is_not_taken_for_an_edit(mirror: Mirror, walk: Note) -> None:
    other = note_of("Tea.", "Tea", number=1)
    mirror.sync([walk, other])
    files = [mirror.folder / name for name in mirror.files().values()]
    shutil.copy(files[0], files[1])
    assert edited(mirror.folder) == []


def test_a_removed_file_is_reported_and_comes_back(mirror: Mirror, walk: Note) -> None:
    other = note_of("Tea.", "Tea", number=1)
    mirror.sync([walk, other])
    (mirror.folder / mirror.files()[walk.id]).unlink()
    assert removed(mirror.folder) == [walk.id] and edited(mirror.folder) == []
    assert mirror.write_notes([other]) == Synced()
    assert mirror.sync([walk, other]).written == 1 and removed(mirror.folder) == []


def test_a_renamed_file_is_neither_removed_nor_written_twice(mirror: Mirror, walk: Note) -> None:
    mirror.sync([walk])
    path = change(mirror, walk, "river", "sea")
    path.rename(path.with_name("By the sea.md"))
    assert removed(mirror.folder) == []
    assert edited(mirror.folder) == [Edited(walk.id, "We walked along the sea.\n", "A walk")]
    assert mirror.sync([walk]) == Synced()
    assert list(note_files(mirror.folder)) == ["notes/2024/By the sea.md"] == list(mirror.files().values())
    mirror.sync([revised(walk, "We walked along the sea.\n")])
    assert list(note_files(mirror.folder)) == ["notes/2024/By the sea.md"] and not edited(mirror.folder)
