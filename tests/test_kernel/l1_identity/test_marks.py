"""Pinned sentences stand while their notes say them, struck ones nowhere; and nothing stands without evidence."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.l1_identity.marks import apply_marks, for_persona, mark_of, marked, sentence_id
from kernel.memory.mark_rows import delete_mark, marks, put_mark
from kernel.memory.rows import put_note
from kernel.memory.schema import configure, migrate
from kernel.types import (
    Biography,
    Citation,
    Cited,
    Identity,
    Mark,
    Memory,
    Note,
    Recent,
    Shade,
    Span,
    TimelineEvent,
)
from tests.test_kernel.notes import remembered

Kind = Literal["pin", "strike"]
MEMORIES = [
    remembered("I live in Porto. I bind **old** books. It rained.", title="Home", day="2025-01-01"),
    remembered("나는 전주에 산다. 내 고양이는 흰색이다.", title="집", day="2025-02-01"),
    remembered("I live in Porto.\n\n- Maryam: my wife\n\nI said: “I am late.”", title="Again", day="2025-03-01"),
]
NOTES = {memory.note.id: memory.note for memory in MEMORIES}


def citation(memory: Memory, index: int) -> Citation:
    sentence = memory.sentences[index]
    quote = memory.note.text[sentence.start : sentence.end]
    span = Span(sentence.start, sentence.end)
    return Citation(note_id=memory.note.id, title=memory.note.title, quote=quote, span=span)


CITATIONS = [citation(memory, n) for memory in MEMORIES for n in range(len(memory.sentences))]
BOOKS = CITATIONS[1]


def told(citations: Sequence[Citation]) -> dict[str, tuple[Cited, ...]]:
    return {
        person: tuple(Cited(text=f"{person[0]}: {c.quote}", citations=(c,)) for c in citations)
        for person in ("first_person", "second_person", "third_person")
    }


def identity(
    biography: Sequence[Citation], shade: Sequence[Citation] = (), recent: Sequence[Citation] = (), events: int = 0
) -> Identity:
    timeline = tuple(TimelineEvent(when="2025-01-01", text=c.quote, citation=c) for c in CITATIONS[:events])
    side = Shade(
        id="sh_1", topic_id="t_1", name="home", aspect="life", icon="", timeline=timeline, confidence="LOW",
        **told(shade),
    )  # fmt: skip
    week = Recent(period="week", since="2025-01-01", until="2025-01-07", **told(recent))
    return Identity(
        version=1, created="2025-10-01", owner="Robin Vale", input_hash="h", topics=(), outliers=(), shades=(side,) if shade or events else (),
        biography=Biography(short=min(3, len(biography)), **told(biography)), attributes=(), recent=(week,) if recent else (),
    )  # fmt: skip


def everything(made: Identity) -> list[Cited]:
    found = []
    for one in (made.biography, *made.shades, *made.recent):
        found += [*one.first_person, *one.second_person, *one.third_person]
    return found


def mark(cited: Citation, kind: Kind, created: str = "2025-10-02") -> Mark:
    found = marked(identity([cited]), sentence_id(Cited(text="", citations=(cited,))), kind, created)
    assert found is not None
    return found


some = st.lists(st.sampled_from(CITATIONS), unique=True, max_size=4)


@settings(max_examples=150, deadline=None)
@given(some, some, some, st.integers(0, 4), st.lists(st.sampled_from(CITATIONS), unique=True), st.data())
def test_no_sentence_is_left_without_evidence(
    biography: list[Citation], shade: list[Citation], recent: list[Citation], events: int, on: list[Citation],
    data: st.DataObject,
) -> None:  # fmt: skip
    decided = [mark(one, data.draw(st.sampled_from(["pin", "strike"]))) for one in on]
    made = apply_marks(identity(biography, shade, recent, events), decided, NOTES)
    for one in everything(made):
        assert one.citations and one.text.strip()
        for cited in one.citations:
            assert NOTES[cited.note_id].text[cited.span.start : cited.span.end] == cited.quote != ""
    for one in (made.biography, *made.shades, *made.recent):
        views = [[s.citations for s in view] for view in (one.first_person, one.second_person, one.third_person)]
        assert all(a == b for a, b in pairwise(views)), "the three persons say the same"
    ids = {sentence_id(one) for one in everything(made)}
    events_left = {sentence_id(event) for one in made.shades for event in one.timeline}
    assert not {one.id for one in decided if one.kind == "strike"} & (ids | events_left)
    assert {one.id for one in decided if one.kind == "pin"} <= {sentence_id(s) for s in made.biography.first_person}
    assert made.biography.short <= len(made.biography.first_person)
    assert all(one.first_person or one.timeline for one in made.shades) and all(r.first_person for r in made.recent)
    assert apply_marks(made, decided, NOTES) == made


def test_a_pinned_sentence_is_added_as_it_was_written() -> None:
    pins = [mark(BOOKS, "pin"), mark(CITATIONS[3], "pin", "2025-10-03"), mark(CITATIONS[4], "pin", "2025-10-04")]
    told = apply_marks(identity([CITATIONS[2]]), pins, NOTES).biography
    assert [one.text for one in told.first_person[1:]] == [
        "I bind old books.",
        "나는 전주에 산다.",
        "내 고양이는 흰색이다.",
    ]
    assert told.second_person[1].text == 'You wrote: "I bind old books."'
    assert told.third_person[1].text == 'Robin wrote: "I bind old books."'
    assert told.third_person[2].text == 'Robin는 "나는 전주에 산다."라고 적었다.'
    assert told.first_person[1].citations == (BOOKS,)


def test_a_pinned_sentence_is_turned_where_somebody_can() -> None:
    made = apply_marks(identity([]), [mark(BOOKS, "pin")], NOTES, turn=lambda text, person, owner: f"{owner} {person}")
    assert made.biography.third_person[0].text == "Robin Vale third"
    again = apply_marks(identity([], shade=[BOOKS]), [mark(BOOKS, "pin")], NOTES)
    assert again.biography.third_person[0].text == f"t: {BOOKS.quote}", "as its shade has it"


def test_a_struck_sentence_goes_in_the_words_of_another_note_too() -> None:
    porto, again = CITATIONS[0], CITATIONS[5]
    assert porto.quote == again.quote and porto.note_id != again.note_id
    made = apply_marks(identity([porto, again, BOOKS]), [mark(porto, "strike")], NOTES)
    assert [one.citations[0] for one in made.biography.first_person] == [BOOKS]
    both = apply_marks(identity([porto, again]), [mark(porto, "strike"), mark(again, "pin")], NOTES)
    assert [one.citations[0] for one in both.biography.first_person] == [again], "the other one was wanted"


def test_a_mark_goes_with_its_words_through_an_edit() -> None:
    note = NOTES[BOOKS.note_id]
    moved = msgspec.structs.replace(note, text=f"A new beginning. {note.text}", revision=2)
    (kept,) = apply_marks(identity([]), [mark(BOOKS, "pin")], {note.id: moved}).biography.first_person
    cited = kept.citations[0]
    assert kept.text == "I bind old books." and moved.text[cited.span.start : cited.span.end] == BOOKS.quote
    changed = msgspec.structs.replace(note, text="I live in Porto. I bind **odd** books. It rained.", revision=3)
    assert apply_marks(identity([]), [mark(BOOKS, "pin")], {note.id: changed}).biography.first_person == ()
    assert apply_marks(identity([]), [mark(BOOKS, "pin")], {}).biography.first_person == ()
    odd = msgspec.structs.replace(BOOKS, quote="I bind **odd** books.")
    kept_by_strike = apply_marks(identity([odd]), [mark(BOOKS, "strike")], {note.id: changed})
    assert len(kept_by_strike.biography.first_person) == 1, "it is another sentence now"


def test_ids_and_order_for_a_prompt() -> None:
    made = identity([CITATIONS[0], BOOKS], shade=[CITATIONS[3]], events=5)
    assert marked(made, "s_none", "pin", "") is None
    event = made.shades[0].timeline[4]
    found = marked(made, sentence_id(event), "strike", "2025-10-02")
    assert found is not None and (found.text, found.span) == ("내 고양이는 흰색이다.", event.citation.span)
    pin = mark(BOOKS, "pin")
    assert mark_of(made.biography.first_person[1], [pin]) == pin
    assert mark_of(made.biography.third_person[0], [pin]) is None
    assert [one.citations[0] for one in for_persona(made.biography, [pin])] == [BOOKS, CITATIONS[0]]


@pytest.fixture
def connection(tmp_path: Path) -> sqlite3.Connection:
    made = sqlite3.connect(tmp_path / "memory.db", isolation_level=None)
    made.row_factory = sqlite3.Row
    migrate(made, tmp_path / "memory.db")
    configure(made)
    return made


def test_marks_are_kept_replaced_and_gone_with_their_note(connection: sqlite3.Connection) -> None:
    note: Note = NOTES[BOOKS.note_id]
    put_note(connection, note, None)
    pin, strike = mark(BOOKS, "pin"), mark(BOOKS, "strike", "2025-10-03")
    assert put_mark(connection, pin) and marks(connection) == [pin]
    assert put_mark(connection, strike) and marks(connection) == [strike], "one decision for a sentence"
    assert not put_mark(connection, mark(CITATIONS[3], "pin")), "its note is not there"
    put_note(connection, msgspec.structs.replace(note, title="Changed"), None)
    assert marks(connection) == [strike], "an edit keeps it"
    assert delete_mark(connection, strike.id) and not delete_mark(connection, strike.id)
    put_mark(connection, pin)
    connection.execute("DELETE FROM notes WHERE id = ?", (note.id,))
    assert marks(connection) == []
