"""The biography: who before what, each fact once, what holds now, in three persons that read right."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.l1_identity.voice import turned, turned_kin, turned_pair
from kernel.types import Identity

Identify = Callable[..., Identity]


def told(identity: Identity) -> list[str]:
    return [c.text for c in identity.biography.first_person]


def test_what_is_over_is_not_told_as_if_it_held(identify: Identify) -> None:
    pages = [
        ("2023-01-10", "Home", "I live in Porto with my cousin Deniz."),
        ("2025-09-20", "Moved", "I moved to Lisbon in September 2025."),
    ]
    assert "I moved to Lisbon in September 2025." in told(identify(pages))
    assert not [text for text in told(identify(pages)) if "live in Porto" in text]


def test_the_same_is_not_told_twice(identify: Identify) -> None:
    pages = [(f"2025-0{n}-01", f"P{n}", "I work as a bookbinder at Alder Press.") for n in range(1, 5)]
    pages.append(("2025-06-01", "P6", "I work as a bookbinder at Alder Press in Porto."))
    assert len(told(identify(pages))) == 1


def test_somebody_near_is_told_of_once_it_is_said_who_they_are(identify: Identify) -> None:
    pages = [("2025-01-01", "Otis", "My partner Otis bakes bread. He comes from Cork and cannot swim.")]
    identity = identify(pages)
    assert told(identity) == ["My partner Otis bakes bread.", "My partner Otis comes from Cork and cannot swim."]
    own = identity.biography.first_person[1].citations[0]
    assert own.quote == "My partner Otis bakes bread. He comes from Cork and cannot swim."


def test_the_short_form_takes_one_sentence_of_a_note(identify: Identify) -> None:
    pages = [
        ("2025-01-01", "Me", "I work as a bookbinder at Alder Press. I live in Porto. My sister Ada lives in Cork."),
        ("2025-02-01", "Dog", "Our dog Mungo sleeps all day."),
        ("2025-03-01", "Music", "I play the cello, not well."),
    ]
    front = identify(pages).biography.first_person[:3]
    assert len({c.citations[0].note_id for c in front}) == 3


def test_a_passing_day_is_left_out(identify: Identify) -> None:
    identity = identify([("2025-01-01", "Work", "Today I joined the press team at Alder Hall for good work.")])
    assert told(identity) in ([], ["I joined the press team at Alder Hall for good work."])
    assert not told(identify([("2025-01-01", "Doctor", "Saw Dr Whitaker about my right wrist.")]))


def test_without_evidence_nothing_is_told(identify: Identify) -> None:
    assert told(identify([])) == [] and told(identify([("2025-01-01", "Rain", "It rained all day.")])) == []


@pytest.mark.parametrize(
    ("text", "second", "third"),
    [
        ("Dad drove a bus.", "Your Dad drove a bus.", "Robin's Dad drove a bus."),
        ("My aunt Ida is 74.", "Your aunt Ida is 74.", "Robin's aunt Ida is 74."),
        ("Otis cannot swim.", "Otis cannot swim.", "Otis cannot swim."),
        ("엄마는 강릉에 산다.", '당신은 "엄마는 강릉에 산다."라고 적었다.', 'Robin은 "엄마는 강릉에 산다."라고 적었다.'),
    ],
)  # fmt: skip
def test_a_sentence_about_somebody_near_says_whose_they_are(text: str, second: str, third: str) -> None:
    assert (turned_kin(text, "second", "Robin"), turned_kin(text, "third", "Robin")) == (second, third)


def test_what_the_rules_cannot_turn_is_quoted() -> None:
    assert turned("I let in everything.", "third", "Robin") in {
        'Robin wrote: "I let in everything."',
        "Robin let in everything.",
    }
    assert turned_pair("mother", "mother: lives with us", "third", "Robin") == 'Robin wrote: "mother: lives with us"'
    assert turned_pair("Allergy", "Allergy: penicillin", "second", "Robin") == "Your allergy: penicillin"
    assert turned("나는 전주에 산다.", "third", "James") == "James는 전주에 산다."
