"""Shades: how sure, what is joined, and that a shade grows without losing what it was."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import pytest

from kernel.l0_insight.jobs import understand
from kernel.l1_identity.certainty import Evidence, confidence, evidence_of
from kernel.l1_identity.evidence import Line, lines
from kernel.l1_identity.shades import shades
from kernel.types import Biography, Confidence, Identity, Mark, Memory, Shade, Topic
from tests.test_kernel.notes import remembered

Page = tuple[str, str, str]
CELLO = [
    ("2025-01-03", "Lesson", "I play the cello every evening. My teacher Ida laughed."),
    ("2025-02-03", "Concert", "I played the cello in the church. I was nervous."),
    ("2025-03-03", "Strings", "I bought new strings for the cello from Deniz."),
]
RIVER = [
    ("2025-01-09", "River", "I swim in the cold river before work."),
    ("2025-02-09", "Ice", "I swam under the bridge and lost a shoe."),
]


def memories_of(pages: Sequence[Page], tags: tuple[str, ...] = ()) -> list[Memory]:
    return [remembered(text, title=title, day=day, tags=tags) for day, title, text in pages]


def read(memories: Sequence[Memory]) -> list[Line]:
    return lines(memories, [one.insight for one in understand(list(memories), lambda event: None)])


def topic(name: str, phrases: Sequence[str], memories: Sequence[Memory]) -> Topic:
    ids = tuple(m.note.id for m in memories)
    return Topic(id=name, label=", ".join(phrases[:2]), keyphrases=tuple(phrases), note_ids=ids, core=len(ids))


def version(made: Sequence[Shade]) -> Identity:
    return Identity(
        version=1, created="", owner="Robin Vale", input_hash="", topics=(), outliers=(), shades=tuple(made),
        biography=Biography(), attributes=(),
    )  # fmt: skip


@pytest.mark.parametrize(
    ("evidence", "level"),
    [
        (Evidence(0), "VERY_LOW"),
        (Evidence(1), "VERY_LOW"),
        (Evidence(1, 0, 0), "LOW"),
        (Evidence(1, 400, 0), "LOW"),
        (Evidence(2, 10, 10), "LOW"),
        (Evidence(2, 120, 10), "MEDIUM"),
        (Evidence(3, 120, 10), "HIGH"),
        (Evidence(6, 120, 10), "VERY_HIGH"),
        (Evidence(6, 120, 400), "HIGH"),
        (Evidence(6, 10, 400), "MEDIUM"),
        (Evidence(6, 120, 10, against=2), "HIGH"),
        (Evidence(6, 120, 10, against=3), "MEDIUM"),
        (Evidence(2, 10, 10, against=2), "VERY_LOW"),
    ],
)
def test_confidence_from_evidence(evidence: Evidence, level: Confidence) -> None:
    assert confidence(evidence) == level


def test_two_notes_of_a_day_that_say_the_same_are_one() -> None:
    same = [("2025-01-03", "A", "I play the cello."), ("2025-01-03", "B", "I play the cello.")]
    apart = [("2025-01-03", "A", "I play the cello."), ("2025-02-03", "B", "I play the cello.")]
    other = [("2025-01-03", "A", "I play the cello."), ("2025-01-03", "B", "Deniz sold my kayak to a priest.")]
    counts = [evidence_of(read(memories_of(pages)), set(), "2025-03-01").notes for pages in (same, apart, other)]
    assert counts == [1, 2, 2]


def test_what_is_taken_back_counts_against() -> None:
    pages = [("2025-01-03", "A", "I like cold milk."), ("2025-02-03", "B", "I don't like cold milk.")]
    found = evidence_of(read(memories_of(pages)), set(), "2025-02-03")
    assert (found.notes, found.against, found.span, found.since) == (2, 1, 31, 0)


def test_two_topics_that_say_the_same_are_one_shade_with_the_older_id() -> None:
    one, again = memories_of(CELLO, ("music",)), memories_of([(f"{d[:8]}20", t, x) for d, t, x in CELLO], ("music",))
    river = memories_of(RIVER, ("sport",))
    found = read([*one, *again, *river])
    first = shades([topic("t_old", ["cello"], again)], found, "Robin Vale", None)
    topics = [topic("t_new", ["cello"], one), topic("t_old", ["cello"], again), topic("t_r", ["river"], river)]
    made = shades(topics, found, "Robin Vale", version(first))
    assert [(s.id == first[0].id, s.aspect) for s in made] == [(True, "music"), (False, "sport")]
    assert {e.citation.note_id for e in made[0].timeline} == {m.note.id for m in [*one, *again]}
    texts = [c.text for c in made[0].first_person]
    assert len(texts) == len(set(texts))


def test_topics_that_differ_stay_apart() -> None:
    cello, river = memories_of(CELLO), memories_of(RIVER)
    topics = [topic("t_c", ["cello"], cello), topic("t_r", ["river"], river)]
    made = shades(topics, read([*cello, *river]), "Robin Vale", None)
    assert [s.topic_id for s in made] == ["t_c", "t_r"]
    assert [s.name for s in made] == ["Cello", "River"]


def test_a_shade_grows_by_new_notes_and_keeps_what_it_was() -> None:
    old = memories_of(CELLO[:2], ("music",))
    before = shades([topic("t_c", ["cello"], old)], read(old), "Robin Vale", None)
    pin = before[0].first_person[-1].citations[0]
    mark = Mark(id="s_1", kind="pin", text=pin.quote, note_id=pin.note_id, span=pin.span, created="2025-06-01")
    fresh = [(f"2025-0{n}-07", f"Cello {n}", f"I played the cello with Ida for {n} hours.") for n in range(4, 9)]
    every = [*old, *memories_of(fresh, ("music",))]
    (after,) = shades([topic("t_c", ["cello"], every)], read(every), "Robin Vale", version(before), marks=[mark])
    assert after.id == before[0].id
    assert pin.quote in {c.citations[0].quote for c in after.first_person}
    assert set(before[0].timeline) <= set(after.timeline) and len(after.timeline) > len(before[0].timeline)


def test_a_shade_goes_on_under_another_topic_and_not_with_a_forgotten_note() -> None:
    old = memories_of(CELLO, ("music",))
    before = shades([topic("t_c", ["cello"], old)], read(old), "Robin Vale", None)
    (after,) = shades([topic("t_d", ["cello"], old[1:])], read(old[1:]), "Robin Vale", version(before))
    assert after.id == before[0].id
    assert old[0].note.id not in {e.citation.note_id for e in after.timeline}


def test_what_is_over_is_told_by_the_timeline_alone() -> None:
    pages = [
        ("2023-01-10", "Home", "I live in Porto."),
        ("2025-09-20", "Moved", "I moved to Lisbon in September 2025."),
    ]
    memories = memories_of(pages, ("home",))
    (made,) = shades([topic("t_h", ["home"], memories)], read(memories), "Robin Vale", None)
    assert [c.text for c in made.first_person] == ["I moved to Lisbon in September 2025."]
    assert "I live in Porto." in {e.text for e in made.timeline}


def test_a_struck_sentence_stands_nowhere() -> None:
    memories = memories_of(CELLO)
    (made,) = shades([topic("t_c", ["cello"], memories)], read(memories), "Robin Vale", None)
    gone = made.first_person[0].citations[0]
    strike = Mark(id="s_1", kind="strike", text=gone.quote, note_id=gone.note_id, span=gone.span, created="2025-06-01")
    (after,) = shades([topic("t_c", ["cello"], memories)], read(memories), "Robin Vale", None, marks=[strike])
    said = [c.citations[0].quote for c in after.first_person] + [e.citation.quote for e in after.timeline]
    assert gone.quote not in said and msgspec.json.encode(after)
