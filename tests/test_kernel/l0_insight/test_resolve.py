"""Pronouns resolved for the index: right where it is sure, the sentence before where it is not."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.types import Memory

Make = Callable[..., Memory]


@pytest.fixture(scope="module")
def analyst() -> ExtractiveAnalyst:
    return ExtractiveAnalyst()


def resolved(analyst: ExtractiveAnalyst, memory: Memory) -> list[str]:
    contexts = analyst.resolve(memory)
    assert len(contexts) == len(memory.sentences)
    return contexts


@pytest.mark.parametrize(
    ("title", "text", "expected"),
    [
        (
            "A cat",
            "I adopted a grey cat from the shelter. I named her Sesame. She is four years old and hates the hoover.",
            "Sesame is four years old and hates the hoover.",
        ),
        (
            "Palm Sunday",
            "Martin and I have been married twenty years. We met at a bus stop.",
            "Martin and I met at a bus stop.",
        ),
        ("Dad", "## Dad\nDied in the spring of 2014.", "Dad died in the spring of 2014."),
        ("Flour", "Gwen cried on the phone. I sent her a seed cake.", "I sent Gwen a seed cake."),
        (
            "Ettore",
            "Ettore repairs violins in a workshop. He's from Matera.",
            "Ettore is from Matera.",
        ),
        (
            "Enugu",
            "My sister Ifeoma has built a house with a green roof. She teaches chemistry at a girls' school.",
            "My sister Ifeoma teaches chemistry at a girls' school.",
        ),
        ("Hana", "Daughter rang from Plzeň. Hana designs trams there.", "Hana designs trams in Plzeň."),
        (
            "The back",
            "Nyambura is a night nurse. Her twins have started playing rugby.",
            "Nyambura's twins have started playing rugby.",
        ),
    ],
)
def test_a_sure_antecedent_gives_one_sentence(
    analyst: ExtractiveAnalyst, remembered: Make, title: str, text: str, expected: str
) -> None:
    assert resolved(analyst, remembered(text, title=title))[-1].endswith(expected)
    assert expected in resolved(analyst, remembered(text, title=title))[-1]


@pytest.mark.parametrize(
    "text",
    [
        "Meleane had her baby with Siosaia on Thursday. She's called Lupe.",
        "Callum met Duane at the station. He was late.",
        "We borrowed the money from the credit union over three years. I named it Big Patience.",
        "The vet says he is about three. He has one ear up and one ear down.",
    ],
)
def test_where_two_readings_are_possible_the_sentence_before_goes_with_it(
    analyst: ExtractiveAnalyst, remembered: Make, text: str
) -> None:
    memory = remembered(text, title="A note")
    first, second = (memory.note.text[s.start : s.end] for s in memory.sentences)
    assert resolved(analyst, memory)[1].endswith(f"{first} {second}")


@pytest.mark.parametrize(
    "text",
    [
        "Martin cooked on Sunday. It rained all day.",
        'Mum rang. "She is late," I read aloud.',
        "I have a rule. I never lend my tools.",
    ],
)
def test_what_needs_nothing_is_left_as_it_was(analyst: ExtractiveAnalyst, remembered: Make, text: str) -> None:
    memory = remembered(text, title="A note")
    assert resolved(analyst, memory) == [s.context for s in memory.sentences]


def test_korean_without_a_subject_takes_the_sentence_before(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    memory = remembered("엄마는 부산에 사신다. 매일 아침 수영을 하신다. 나는 서울에 산다.", title="가족")
    contexts = resolved(analyst, memory)
    assert contexts[1].endswith("엄마는 부산에 사신다. 매일 아침 수영을 하신다.")
    assert contexts[2].endswith("나는 서울에 산다.") and "매일" not in contexts[2]


def test_the_same_note_gives_the_same_contexts(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    memory = remembered("Gwen cried on the phone. I sent her a seed cake. She framed it.", title="Flour")
    assert analyst.resolve(memory) == ExtractiveAnalyst().resolve(memory)


def test_list_items_and_keys_are_never_mixed_with_their_neighbours(
    analyst: ExtractiveAnalyst, remembered: Make
) -> None:
    memory = remembered("- Maryam: my wife\n- coffee: black\n- he rounds down", title="Names")
    assert resolved(analyst, memory) == [s.context for s in memory.sentences]
