"""Facts about the owner with their time: outright ones only, later ones over earlier ones."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.l1_identity.english_facts import number
from kernel.types import Identity

Identify = Callable[..., Identity]


def values(identity: Identity, key: str) -> list[tuple[str, str | None, str | None]]:
    return [(a.value, a.valid_from, a.valid_to) for a in identity.attributes if a.key == key]


@pytest.mark.parametrize(
    ("text", "key", "value"),
    [
        ("I work as a night nurse at Saint Bride Hospital.", "occupation", "night nurse"),
        ("I work as a night nurse at Saint Bride Hospital.", "employer", "Saint Bride Hospital"),
        ("I'm a bookbinder in a town that reads little.", "occupation", "bookbinder"),
        ("We live in Wilhelmsburg, on the fourth floor.", "home_city", "Wilhelmsburg"),
        ("My brother Deniz drives trucks.", "brother", "Deniz"),
        ("Luc Amiro is my partner, a baker.", "partner", "Luc Amiro"),
        ("I adopted a grey cat. I named her Sesame.", "pet", "Sesame (cat)"),
        ("Rosin is our dog and she is six.", "pet", "Rosin (dog)"),
        ("I am allergic to walnuts, badly.", "allergy", "walnuts"),
        ("I play the cello, not well.", "instrument", "cello"),
        ("My favourite colour is the green of old copper.", "favourite_colour", "the green of old copper"),
        ("My birthday is on 4 May and nobody remembers.", "birthday", "4 May"),
        ("I'm saving up for a cargo bike.", "saving_for", "a cargo bike"),
        ("I turned forty-two today.", "age", "42"),
        ("I can't stand fondant icing.", "dislikes", "fondant icing"),
        ("Landlord: Mr Abara", "landlord", "Mr Abara"),
        ("- Maryam: my wife, 12 August", "partner", "Maryam"),
        ("나는 전주에 산다.", "home_city", "전주"),
        ("우리 고양이 이름은 보리다.", "pet", "보리 (고양이)"),
        ("제일 좋아하는 색은 초록색이다.", "favourite_색", "초록색"),
        ("나는 땅콩 알레르기가 있다.", "allergy", "땅콩"),
        ("내 생일은 3월 14일이다.", "birthday", "3월 14일"),
    ],
)
def test_what_is_said_outright_is_known(identify: Identify, text: str, key: str, value: str) -> None:
    assert [v for v, _, _ in values(identify([("2025-06-01", "A page", text)]), key)] == [value]


@pytest.mark.parametrize(
    "text",
    [
        "I would live in Lisbon if I could.",
        "My friend says I am a dreamer.",
        "She lives in Porto and is allergic to cats.",
        '"I work at Northgate," said Ellie.',
        "> I live in Porto.",
        "엄마는 부산에 산다.",
    ],
)
def test_what_is_not_said_of_the_owner_is_not_known(identify: Identify, text: str) -> None:
    known = {a.key for a in identify([("2025-06-01", "A page", text)]).attributes}
    assert known <= {"name"}


def test_another_persons_note_says_nothing_of_the_owner(identify: Identify) -> None:
    identity = identify([("2025-06-01", "A page", "I live in Porto. My brother Deniz drives.")], origin="other")
    assert {a.key for a in identity.attributes} == {"name"} and identity.biography.first_person == ()


def test_a_later_value_closes_the_earlier_one(identify: Identify) -> None:
    identity = identify(
        [("2023-01-10", "Home", "I live in Porto."), ("2025-09-20", "Moved", "I moved to Lisbon in September 2025.")]
    )
    assert values(identity, "home_city") == [("Lisbon", "2025-09", None), ("Porto", "2023-01-10", "2025-09")]


def test_more_notes_make_it_surer(identify: Identify) -> None:
    pages = [(f"2025-0{n}-01", f"Page {n}", f"My brother Deniz rang {n} times.") for n in (1, 2, 3)]
    (brother,) = [a for a in identify(pages).attributes if a.key == "brother"]
    assert brother.confidence == "VERY_HIGH" and len(brother.citations) == 3
    (once,) = [a for a in identify(pages[:1]).attributes if a.key == "brother"]
    assert once.confidence == "MEDIUM"


@pytest.mark.parametrize(
    ("word", "expected"), [("42", 42), ("forty-two", 42), ("nineteen", 19), ("ninety", 90), ("tired", None)]
)
def test_numbers_in_words(word: str, expected: int | None) -> None:
    assert number(word) == expected
