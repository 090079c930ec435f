"""The identity as pages: what it says with the words that it stands on, and nothing of what was forgotten."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import unquote

import msgspec
import pytest

from kernel.l1_identity.mirror import identity_markdown, write_identity
from kernel.l1_identity.standing import still_standing
from kernel.memory.mirror import Mirror
from kernel.types import Attribute, Citation, Cited, Identity, Note, Span
from tests.test_kernel.notes import remembered

from .conftest import identity_of

DIARY = [
    ("2025-01-05", "Rehearsal (choir)", "I sing in a choir with Deniz. I love the choir. We sang on Sunday."),
    ("2025-02-09", "Concert", "I sang with the choir in the church. I was nervous before the concert."),
    ("2025-03-09", "Choir again", "The choir sang late. I am tired but I love this choir."),
    ("2025-03-12", "Bindery", "I am a bookbinder. I work in a bindery in Porto. I bound an old atlas at work."),
    ("2025-04-02", "제본", "나는 포르투에 산다. 나는 제본 일을 한다."),
    ("2025-05-02", "Atlas | glue", "I repaired an old atlas at the bindery. I use wheat glue for work."),
    ("2025-06-01", "Dog", "My dog Mungo barked at [the] postman. I adopted Mungo in 2021."),
]  # fmt: skip


@pytest.fixture(scope="module")
def notes() -> list[Note]:
    return [remembered(text, title=title, day=day).note for day, title, text in DIARY]


@pytest.fixture(scope="module")
def identity(notes: list[Note]) -> Identity:
    made = identity_of([remembered(text, title=title, day=day) for day, title, text in DIARY], "Robin Vale")
    assert made.topics and made.shades and made.attributes and made.biography.first_person
    return made


@pytest.fixture
def mirror(tmp_path: Path, notes: list[Note]) -> Mirror:
    made = Mirror(tmp_path / "mirror")
    made.sync(notes)
    return made


def pages_of(mirror: Mirror) -> dict[str, str]:
    folder = mirror.folder / "identity"
    return {path.relative_to(folder).as_posix(): path.read_text() for path in sorted(folder.rglob("*.md"))}


def test_every_sentence_fact_and_event_is_there_with_its_citations(identity: Identity) -> None:
    pages = identity_markdown(identity)
    page = re.sub(r"\\([\[\]|])", r"\1", pages["identity.md"])  # as it is shown
    for view in ("first_person", "second_person", "third_person"):
        assert all(re.search(re.escape(s.text) + r"\[\^\d", page) for s in getattr(identity.biography, view))
    rows = [line.split(" | ") for line in page.splitlines() if line.startswith("| ")][1:]
    assert [row[0].removeprefix("| ") for row in rows] == [one.key for one in identity.attributes]
    for row, one in zip(rows, identity.attributes, strict=True):
        assert row[1] == one.value and row[-1].count("[^") == len(one.citations)
    for text in pages.values():
        used, told = set(re.findall(r"\[\^\d+\](?!:)", text)), re.findall(r"^(\[\^\d+\]):", text, re.MULTILINE)
        assert used == set(told) and len(told) == len(set(told))
    shades = [text for name, text in pages.items() if name.startswith("shades/")]
    assert len(shades) == len(identity.shades)
    for shade, text in zip(identity.shades, shades, strict=True):
        assert all(f"- {event.when[:10]}: " in text for event in shade.timeline)


def test_every_link_leads_to_the_file_of_the_note_that_is_cited(
    mirror: Mirror, identity: Identity, notes: list[Note]
) -> None:
    assert write_identity(mirror, identity, notes) == len(pages_of(mirror)) >= 3
    links = 0
    for name, text in pages_of(mirror).items():
        for target in re.findall(r"\]\(([^)]*)\)", text):
            assert " " not in target
            assert ((mirror.folder / "identity" / name).parent / unquote(target)).resolve().is_file()
            links += 1
    assert links >= len(notes)
    assert "제본.md)" in pages_of(mirror)["topics.md"] + pages_of(mirror)["identity.md"]


def test_the_same_identity_is_not_written_again_and_none_takes_the_pages_away(
    mirror: Mirror, identity: Identity, notes: list[Note]
) -> None:
    write_identity(mirror, identity, notes)
    assert write_identity(mirror, identity, notes) == 0
    write_identity(mirror, None, notes)
    assert not pages_of(mirror)


@pytest.mark.parametrize("gone", range(len(DIARY)))
def test_a_forgotten_note_leaves_no_word_that_only_it_said(
    mirror: Mirror, identity: Identity, notes: list[Note], gone: int
) -> None:
    write_identity(mirror, identity, notes)
    forgotten, left = notes[gone], [note for i, note in enumerate(notes) if i != gone]
    mirror.remove([forgotten.id])
    assert not pages_of(mirror)
    write_identity(mirror, identity, left)

    pages = pages_of(mirror)
    assert pages
    said = " ".join(f"{note.title} {note.text}" for note in left).casefold()
    only_there = {w for w in re.findall(r"\w{4,}", f"{forgotten.title} {forgotten.text}".casefold()) if w not in said}
    assert only_there
    for path in mirror.folder.rglob("*"):
        if path.is_file() and path.name != "README.md":
            text = f"{path.name} {path.read_text()}"
            assert forgotten.id not in text and not only_there & set(re.findall(r"\w{4,}", text.casefold()))


def test_what_does_not_rest_on_the_forgotten_note_stays(identity: Identity, notes: list[Note]) -> None:
    assert still_standing(identity, {note.id: note for note in notes}) is identity
    without_dog = still_standing(identity, {note.id: note for note in notes[:-1]})
    stays = [s for s in identity.biography.first_person if notes[-1].id not in {c.note_id for c in s.citations}]
    assert list(without_dog.biography.first_person) == stays and stays
    assert "name" in {one.key for one in without_dog.attributes}


def test_what_rests_on_two_notes_goes_with_either(identity: Identity, notes: list[Note]) -> None:
    both = tuple(Citation(note_id=n.id, title=n.title, quote="I", span=Span(0, 1)) for n in (notes[0], notes[-1]))
    told = msgspec.structs.replace(identity.biography, first_person=(Cited(text="I sing to Mungo.", citations=both),))
    fact = Attribute(key="pet", value="choir", confidence="LOW", citations=both)
    made = msgspec.structs.replace(identity, biography=told, attributes=(fact,))
    for left in (notes[1:], notes[:-1]):
        standing = still_standing(made, {note.id: note for note in left})
        assert not standing.biography.first_person and not standing.attributes


def test_names_of_shades_are_safe_and_differ(identity: Identity) -> None:
    shade = identity.shades[0]
    named = [msgspec.structs.replace(shade, id=f"sh_{i}", name=name) for i, name in enumerate(["../x", "X", "", "CON"])]
    pages = identity_markdown(msgspec.structs.replace(identity, shades=tuple(named)))
    assert [name for name in pages if name.startswith("shades/")] == [
        "shades/x.md",
        "shades/X sh_1.md",
        "shades/untitled.md",
        "shades/_CON.md",
    ]


def test_an_empty_identity_has_no_pages() -> None:
    assert identity_markdown(identity_of([], "")) == {}
