"""What the owner says of themself wins, is a note like any other, and can be read back from it."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.errors import WrongUse
from kernel.l1_identity.corrections import (
    corrected,
    correction_note,
    corrections_of,
    corrects,
    overruled,
    with_corrections,
)
from kernel.types import Attribute, Citation, Identity, Note, Span
from tests.test_kernel.notes import remembered


def note_of(
    key: str,
    value: str,
    since: str | None = None,
    was: str | None = None,
    *,
    before: str = "",
    learned: str = "2025-10-01T00:00:00+00:00",
) -> Note:
    item = correction_note(key, value, since, was, before)
    made = remembered(item.text, title=item.title, origin=item.origin).note
    return msgspec.structs.replace(made, id=f"n_{item.source}", source=item.source, learned_at=learned)


def held(key: str, value: str, since: str | None = None, until: str | None = None, note: str = "n_1") -> Attribute:
    cited = Citation(note_id=note, title="", quote=value, span=Span(0, len(value)))
    return Attribute(key=key, value=value, confidence="MEDIUM", citations=(cited,), valid_from=since, valid_to=until)


def brief(attributes: list[Attribute]) -> list[tuple[str, str, str | None, str | None]]:
    return [(one.key, one.value, one.valid_from, one.valid_to) for one in attributes]


# --- the note ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (("employer", "Tidewater Instruments", "2025-09-01"), "Employer: Tidewater Instruments, since 2025-09-01."),
        (("employer", "Acme Inc."), "Employer: Acme Inc."),
        (("Home City", "Oslo, Norway", "2025", "Bergen"), "Home city: Oslo, Norway, since 2025, instead of Bergen."),
        (("pet", "", None, "Kaya"), "My pet is not Kaya."),
        (("likes", "", None, "cold tea"), "My likes are not cold tea."),
        (("employer", "한빛전자", "2025-09-01"), "직장: 한빛전자 (2025-09-01부터)"),
        (("employer", "한빛전자", "2025-09-01", "서울전자"), "직장: 한빛전자 (2025-09-01부터, 서울전자 대신)"),
        (("home_city", "부산 (해운대)"), "사는 곳: 부산 (해운대)"),
        (("allergy", "", None, "복숭아"), "알레르기: 복숭아 아님"),
    ],
)
def test_a_correction_is_a_plain_line_that_is_read_back(said: tuple[str, ...], text: str) -> None:
    note = note_of(*said)
    assert note.text == text and note.origin == "owner"
    (found,) = corrections_of(note)
    key, value, since, was = (*said, None, None)[:4]
    assert note.source == f"correction:{found.key}" and found.key == str(key).lower().replace(" ", "_")
    assert (found.value, found.valid_from, found.was) == (value, since, was or "")
    assert found.citation is not None
    assert note.text[found.citation.span.start : found.citation.span.end] == found.citation.quote == text


words = st.from_regex(r"[A-Za-z가-힣0-9']{1,9}( [A-Za-z가-힣0-9'&]{1,9}){0,3}", fullmatch=True)


@given(words, st.none() | st.dates(), st.none() | words)
def test_any_value_is_read_back(value: str, day: object, was: str | None) -> None:
    since = None if day is None else str(day)
    (found,) = corrections_of(note_of("employer", value, since, was))
    assert (found.value, found.valid_from, found.was) == (value, since, was or "")


def test_later_lines_stay_beside_those_on_other_values() -> None:
    first = note_of("pet", "", None, "Kaya")
    both = note_of("pet", "Miso", "2025-01-01", before=first.text)
    assert both.text.splitlines() == ["My pet is not Kaya.", "Pet: Miso, since 2025-01-01."]
    after = note_of("pet", "Kaya", before=both.text)
    assert after.text.splitlines() == ["Pet: Miso, since 2025-01-01.", "Pet: Kaya"], "what was said of Kaya is over"
    quotes = [one.citation.quote for one in corrections_of(both) if one.citation]
    assert quotes == both.text.splitlines()


def test_only_the_owners_notes_correct() -> None:
    note = note_of("employer", "Tidewater")
    assert not corrects(msgspec.structs.replace(note, origin="web"))
    assert corrections_of(msgspec.structs.replace(note, source="text:")) == []
    by_hand = msgspec.structs.replace(note, text="Well.\n\nEmployer:   Alder Press, since 2025-10.\nand so on\n")
    assert [(one.value, one.valid_from) for one in corrections_of(by_hand)] == [("Alder Press", "2025-10")]


@pytest.mark.parametrize("said", [("employer", " \n"), ("", "x"), ("a\0b", "x"), ("9", "x"), ("employer", "x" * 400)])
def test_what_cannot_be_a_correction(said: tuple[str, str]) -> None:
    with pytest.raises(WrongUse):
        correction_note(*said)


# --- the attributes ---------------------------------------------------------------------------------------------------

LAB, PRESS = held("employer", "Harbour Lab", "2023-01-01"), held("employer", "Alder Press", "2020", "2023-01-01")


def test_a_corrected_value_ends_the_others_on_its_day() -> None:
    note = note_of("employer", "Tidewater", "2025-09-01")
    made = corrected([held("name", "Robin"), LAB, PRESS, held("pet", "Kaya")], [note])
    assert brief(made) == [
        ("name", "Robin", None, None),
        ("employer", "Tidewater", "2025-09-01", None),
        ("employer", "Harbour Lab", "2023-01-01", "2025-09-01"),
        ("employer", "Alder Press", "2020", "2023-01-01"),
        ("pet", "Kaya", None, None),
    ]
    assert made[1].confidence == "VERY_HIGH" and [c.note_id for c in made[1].citations] == [note.id]


def test_what_began_later_gives_way_and_without_a_day_what_holds_now() -> None:
    later = held("employer", "Late Lab", "2025-10-01")
    since = note_of("employer", "Tidewater", "2025-09-01")
    assert [one.value for one in corrected([later, PRESS], [since])] == ["Tidewater", "Alder Press"]
    assert brief(corrected([LAB, PRESS], [note_of("employer", "Tidewater")])) == [
        ("employer", "Tidewater", None, None),
        ("employer", "Alder Press", "2020", "2023-01-01"),
    ]


def test_a_value_that_was_found_is_made_certain() -> None:
    (made,) = corrected([LAB], [note_of("employer", "Harbour Lab")])
    assert (made.confidence, made.valid_from) == ("VERY_HIGH", "2023-01-01")


def test_what_is_not_true_goes_and_nothing_else() -> None:
    pets = [held("pet", "Kaya (cat)"), held("pet", "Miso (dog)")]
    assert brief(corrected(pets, [note_of("pet", "", None, "Kaya")])) == [("pet", "Miso (dog)", None, None)]
    assert brief(corrected(pets, [note_of("pet", "Pip", "2025-01-01", "Miso")])) == [
        ("pet", "Pip", "2025-01-01", None),
        ("pet", "Kaya (cat)", None, None),
        ("pet", "Miso (dog)", None, "2025-01-01"),
    ]
    assert [one.value for one in corrected(pets, [note_of("pet", "Pip")])] == ["Pip", "Kaya (cat)", "Miso (dog)"]
    korean = [held("allergy", "복숭아"), held("allergy", "새우")]
    assert [one.value for one in corrected(korean, [note_of("allergy", "", None, "복숭아")])] == ["새우"]


def test_a_correction_that_was_changed_leaves_nothing_behind() -> None:
    first = note_of("employer", "Tidewater", "2025-09-01")
    made = corrected([LAB], [first])
    changed = msgspec.structs.replace(first, text="Employer: Tidewater Instruments, since 2025-09-01.")
    assert [one.value for one in corrected(made, [changed])] == ["Tidewater Instruments", "Harbour Lab"]


@given(
    st.lists(st.sampled_from([LAB, PRESS, held("pet", "Kaya"), held("home_city", "Porto", "2019")]), unique=True),
    st.lists(
        st.tuples(
            st.sampled_from(["employer", "pet", "home_city"]),
            st.sampled_from(["", "Harbour Lab", "Kaya", "Turin", "Tidewater"]),
            st.sampled_from([None, "2021-01-01", "2025-09-01"]),
            st.sampled_from(["Harbour Lab", "Kaya", "Porto"]),
        ),
        max_size=4,
    ),
)
def test_correcting_again_changes_nothing(found: list[Attribute], said: list[tuple[str, str, str | None, str]]) -> None:
    notes: dict[str, Note] = {}
    for key, value, since, was in said:
        before = notes[key].text if key in notes else ""
        notes[key] = note_of(key, value, since, was, before=before)
    once = corrected(found, list(notes.values()))
    assert corrected(once, list(notes.values())) == once
    for key, note in notes.items():
        last = corrections_of(note)[-1]
        holding = [one for one in once if one.key == key and one.valid_to is None]
        if last.value:
            assert last.value in {one.value for one in holding}
        assert all(one.citations for one in once)


# --- the identity -----------------------------------------------------------------------------------------------------


def test_an_identity_does_not_go_on_saying_what_was_corrected(identify: Callable[..., Identity]) -> None:
    made = identify(
        [
            ("2024-01-05", "Work", "I work as a bookbinder at Alder Press."),
            ("2024-02-01", "Home", "I live in Porto."),
            ("2024-03-01", "Family", "My brother Deniz drives trucks."),
        ]
    )
    said = [one.text for one in made.biography.first_person]
    assert {"I live in Porto.", "My brother Deniz drives trucks."} <= set(said)
    home = note_of("home_city", "Turin", "2025-05-01")
    after = with_corrections(made, [home, note_of("brother", "", None, "Deniz")])
    assert {(one.key, one.value) for one in after.attributes if one.valid_to is None} >= {("home_city", "Turin")}
    assert "Deniz" not in {one.value for one in after.attributes}
    left = [one.text for one in after.biography.first_person]
    assert left == [text for text in said if text not in ("I live in Porto.", "My brother Deniz drives trucks.")]
    told = [one.text for shade in after.shades for one in (*shade.first_person, *shade.timeline)]
    assert not any("Deniz" in text for text in told), "never true: nowhere"
    assert with_corrections(after, [home, note_of("brother", "", None, "Deniz")]) == after


def test_a_place_that_says_what_holds_now_is_not_overruled() -> None:
    (cited,) = held("employer", "Harbour Lab").citations
    beside = held("employer", "Tidewater", "2025-09-01")
    also = msgspec.structs.replace(beside, citations=(cited,))
    job = msgspec.structs.replace(held("occupation", "welder"), citations=(cited,))
    before = [held("employer", "Harbour Lab"), job]
    assert overruled(before, [job, beside]) == {("n_1", cited.span.end)}, "it goes on saying where"
    assert overruled(before, [job, also]) == frozenset()
    named = corrected(before, [note_of("employer", "The Harbour Lab")])
    assert overruled(before, named) == frozenset(), "the same in other words"
