"""The whole identity: every sentence cited, every citation true, nothing from nothing, the same from the same."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.l1_identity.voice import turned
from kernel.types import Citation, Cited, Identity, Memory
from tests.test_kernel.notes import remembered

from .conftest import identity_of

Identify = Callable[..., Identity]
SENTENCES = [
    "I live in Porto with my brother Deniz.",
    "I am a bookbinder and I love old glue.",
    "She sings, and I can't stand it.",
    "My cat Sesame sleeps on the [[press]].",
    "> I own a boat.",
    "- Maryam: my wife",
    "Rent: 640 a month",
    "나는 전주에 산다.",
    "It rained.",
    "I said: “I am *late*.”",
    "Moved.",
]


def cited(identity: Identity) -> list[Cited]:
    found = [*identity.biography.first_person, *identity.biography.second_person, *identity.biography.third_person]
    for shade in identity.shades:
        found += [*shade.first_person, *shade.second_person, *shade.third_person]
    return found


def citations(identity: Identity) -> list[Citation]:
    found = [c for sentence in cited(identity) for c in sentence.citations]
    found += [c for a in identity.attributes for c in a.citations]
    return found + [event.citation for shade in identity.shades for event in shade.timeline]


@settings(max_examples=25, deadline=None)
@given(st.lists(st.lists(st.sampled_from(SENTENCES), min_size=1, max_size=5), max_size=6))
def test_every_sentence_is_cited_and_every_quote_stands_at_its_span(notes: list[list[str]]) -> None:
    memories = {
        m.note.id: m
        for m in (remembered("\n".join(lines), title=f"P{i}", day=f"2025-0{i + 1}-01") for i, lines in enumerate(notes))
    }
    identity = identity_of(list(memories.values()), "Robin Vale")
    assert all(sentence.citations for sentence in cited(identity))
    for citation in citations(identity):
        text = memories[citation.note_id].note.text
        assert text[citation.span.start : citation.span.end] == citation.quote != ""


def test_an_empty_memory_says_nothing() -> None:
    identity = identity_of([], "")
    assert msgspec.json.decode(msgspec.json.encode(identity), type=Identity) == identity
    assert (identity.topics, identity.shades, identity.attributes, cited(identity)) == ((), (), (), [])


def test_the_biography_puts_who_before_what(identify: Identify) -> None:
    told = identify(
        [
            ("2025-01-01", "Cake", "I love a plain sponge cake with jam."),
            ("2025-02-01", "Work", "I work as a bookbinder at Alder Press."),
            ("2025-03-01", "Family", "My brother Deniz drives trucks."),
        ]
    ).biography
    assert [c.text for c in told.first_person] == [
        "I work as a bookbinder at Alder Press.",
        "My brother Deniz drives trucks.",
        "I love a plain sponge cake with jam.",
    ]
    assert told.second_person[0].text == "You work as a bookbinder at Alder Press."
    assert told.third_person[0].text == "Robin Vale works as a bookbinder at Alder Press."
    assert told.third_person[1].text == "Robin's brother Deniz drives trucks."


@pytest.mark.parametrize(
    ("text", "second", "third"),
    [
        ("I'll swim on Monday.", "You'll swim on Monday.", "Robin will swim on Monday."),
        ("I am an alto.", "You are an alto.", "Robin is an alto."),
        ("I have a cat and live alone.", "You have a cat and live alone.", "Robin has a cat and lives alone."),
        ("I don't like my knee.", "You don't like your knee.", "Robin doesn't like their knee."),
        (
            "I've lived here since I was nine.",
            "You've lived here since you were nine.",
            "Robin has lived here since they were nine.",
        ),
        (
            "I never forgave him and I gave up.",
            "You never forgave him and you gave up.",
            "Robin never forgave him and they gave up.",
        ),
        ("My aunt taught me.", "Your aunt taught you.", "Robin's aunt taught them."),
        ("We sold the car.", 'You wrote: "We sold the car."', 'Robin wrote: "We sold the car."'),
        ("나는 전주에 산다.", "당신은 전주에 산다.", "Robin은 전주에 산다."),
        (
            "내 고양이는 흰색이다.",
            '당신은 "내 고양이는 흰색이다."라고 적었다.',
            'Robin은 "내 고양이는 흰색이다."라고 적었다.',
        ),
    ],
)
def test_a_sentence_is_turned_or_quoted(text: str, second: str, third: str) -> None:
    assert (turned(text, "second", "Robin"), turned(text, "third", "Robin")) == (second, third)


def _vault() -> tuple[list[Memory], dict[str, bytes], list[int]]:
    """Three clear topics of six notes and one note of no topic."""
    subjects = [
        ("bread", "I bake bread with rye flour."),
        ("river", "I swim in the river."),
        ("cello", "I play the cello."),
    ]
    random = np.random.default_rng(3)
    memories, vectors, labels = [], {}, []
    for label, (name, text) in enumerate(subjects):
        centre = np.eye(16)[label]
        for n in range(6):
            memory = remembered(
                f"{text} Day {n} of {name}.", title=f"{name} {n}", day=f"2025-0{n + 1}-0{label + 1}", tags=(name,)
            )
            memories.append(memory)
            vectors[memory.note.id] = (centre + random.normal(0, 0.05, 16)).astype("<f4").tobytes()
            labels.append(label)
    stray = remembered("The printer jammed twice.", title="Tax form", day="2025-05-09")
    vectors[stray.note.id] = np.eye(16)[9].astype("<f4").tobytes()
    return [*memories, stray], vectors, [*labels, 3]


def test_clear_topics_are_found_named_and_kept_over_a_new_note() -> None:
    memories, vectors, labels = _vault()
    identity = identity_of(memories, "Robin Vale", vectors)
    found = {note: i for i, topic in enumerate(identity.topics) for note in topic.note_ids}
    assert len(identity.topics) == 3 and identity.outliers == (memories[-1].note.id,)
    for label in range(3):
        assert len({found[m.note.id] for m, of in zip(memories, labels, strict=True) if of == label}) == 1
    assert {topic.keyphrases[0] for topic in identity.topics} == {"bread", "river", "cello"}
    assert all(topic.core == 5 for topic in identity.topics)

    new = remembered(
        "I bake bread with rye flour. It was dark bread.", title="bread again", day="2025-09-01", tags=("bread",)
    )
    vectors[new.note.id] = np.eye(16)[0].astype("<f4").tobytes()
    again = identity_of([*memories, new], "Robin Vale", vectors, identity)
    assert {t.id for t in again.topics} == {t.id for t in identity.topics} and again.version == 2
    assert {s.id for s in again.shades} == {s.id for s in identity.shades}
    assert next(t for t in again.topics if new.note.id in t.note_ids).keyphrases[0] == "bread"


def test_the_same_notes_in_another_order_give_the_same_identity() -> None:
    memories, vectors, _ = _vault()
    assert identity_of(memories, "Robin Vale", vectors) == identity_of(memories[::-1], "Robin Vale", vectors)


def test_a_shades_events_are_dated_and_in_order() -> None:
    memories, vectors, _ = _vault()
    for shade in identity_of(memories, "Robin Vale", vectors).shades:
        days = [event.when for event in shade.timeline]
        assert days == sorted(days) and len(days) == 6
