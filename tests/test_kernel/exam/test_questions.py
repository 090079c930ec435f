"""Questions from real notes through the real analysers: well formed, answered by their note, in one part each."""

from __future__ import annotations

import re
from collections.abc import Sequence

import msgspec
import pytest

from kernel.exam import grade
from kernel.exam.questions import fixed, make_questions, part_of
from kernel.exam.structs import ANSWERABLE, ExamQuestion
from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.memory.chunks import to_memory
from kernel.memory.language import language_of
from kernel.types import Insight, Memory, Note, Origin

NOTES = {
    "Six years since the bank": "Auntie Obiageli lent me two thousand pounds for my first mixer.",
    "Tortoise": "The tortoise woke up on Thursday. The tortoise is called Reverend and nobody knows how old he is.",
    "Goldfish": "Benedetta won a goldfish at a fair in Pozzuoli. He lives on top of the microwave.",
    "The stall": "The stall at Kirkgate Market is eight feet wide and the wind comes straight through it.",
    "What I think": "I can't stand fondant icing; it tastes like a candle. I love night buses.",
    "Favourites": "- film: Babette's Feast\n- drink: Trocadero, ice cold, bottle not can\n",
    "Health": "Dentist: Dr Amsel, next check-up 14 November\nAllergy: penicillin\n",
    "How we met": "We met in 2006 in the ferry queue to Dartmouth.",
    "Brother": "My brother Deniz repairs bicycles in Izmir.",
    "그때": "그때 나는 영도에서 삼 년 동안 살았다. 안데르스는 미역국을 좋아한다.",
}


def vault(notes: dict[str, str], origin: Origin = "owner") -> tuple[list[Insight], list[Memory]]:
    memories = []
    for number, (title, text) in enumerate(notes.items()):
        note = Note(
            id=f"n_{number:012x}", origin=origin, kind="markdown", title=title, text=text, happened_at="2024-05-01",
            happened_from="front_matter", learned_at="2025-01-01T00:00:00+00:00", source=f"/{number}.md",
            content_hash=str(number), language=language_of(text),
        )  # fmt: skip
        memories.append(to_memory(note, 1200))
    analyst = ExtractiveAnalyst()
    return [analyst.analyse(memory) for memory in memories], memories


@pytest.fixture(scope="module")
def made() -> list[ExamQuestion]:
    insights, memories = vault(NOTES)
    return make_questions(insights, memories, limit=60, seed=7)


def own(questions: Sequence[ExamQuestion]) -> list[ExamQuestion]:
    return [question for question in questions if question.kind in ANSWERABLE]


def about(questions: Sequence[ExamQuestion], word: str) -> list[ExamQuestion]:
    return [question for question in questions if word in question.q.lower()]


@pytest.mark.parametrize(
    ("word", "right", "wrong"),
    [
        ("mixer", "Two thousand pounds, from Auntie Obiageli.", "I don't know."),
        ("tortoise", "He is called Reverend.", "He is called Bishop."),
        ("goldfish", "Benedetta did, in Pozzuoli.", "It was won in Naples by Diego."),
        ("wide", "Only eight feet.", "Eighty feet."),
        ("fondant", "I can't stand it.", "I love it."),
        ("favourite drink", "Trocadero.", "Coffee."),
        ("dentist", "Dr Amsel.", "Dr Miller."),
        ("allergic", "To penicillin.", "To nuts."),
        ("ferry", "It was 2006.", "It was 2007."),
    ],
)
def test_what_the_notes_say_is_asked_and_graded(made: list[ExamQuestion], word: str, right: str, wrong: str) -> None:
    found = about(own(made), word)
    assert found, f"nothing asks about {word}: {[q.q for q in own(made)]}"
    for question in found:
        assert grade.right(question, right), (question.q, question.any)
        assert not grade.right(question, wrong), (question.q, question.any)


def test_korean_is_asked_in_place(made: list[ExamQuestion]) -> None:
    found = [question.q for question in own(made) if question.language == "ko"]
    assert found and all(re.search(r"어디|무엇|몇|누가|누구", asked) and asked.endswith(("?", ".")) for asked in found)
    assert all(question.kind != "general" for question in made if question.language == "ko")


def test_the_note_itself_would_be_a_right_answer_and_the_question_gives_none_away(made: list[ExamQuestion]) -> None:
    for question in own(made):
        assert grade.right(question, question.gold), question
        assert question.note_id and question.span
        if question.rule != "liking":
            assert not grade.holds_answer(question, question.q)


def test_every_question_is_one_to_read(made: list[ExamQuestion]) -> None:
    for question in [q for q in own(made) if q.language == "en"]:
        words = question.q.split()
        assert 4 <= len(words) <= 17 and question.q[0].isupper() and question.q[-1] in "?.", question.q
        assert not re.search(r"[()\[\]*#|]|\b(he|she|it|they|him|her)\b", question.q, re.I), question.q
        if question.kind == "my":
            assert re.search(r"\b(I|my|me)\b", question.q)


def test_no_note_is_in_two_parts_and_the_same_notes_give_the_same_questions(made: list[ExamQuestion]) -> None:
    for question in made:
        assert question.part == part_of(question.note_id or question.id)
    insights, memories = vault(NOTES)
    again = make_questions(list(reversed(insights)), list(reversed(memories)), limit=60, seed=7)
    assert {q.id: q for q in own(again)} == {q.id: q for q in own(made)}


def test_the_limit_holds_and_leaves_every_part_something() -> None:
    many = {
        f"Friend {n}": f"My friend Anna{n} bought {n + 2} goats in Oslo. Tomas{n} sold a piano to Maria{n}."
        for n in range(40)
    }
    insights, memories = vault(many)
    found = own(make_questions(insights, memories, limit=16, seed=7))
    assert len(found) <= 16
    assert len({question.note_id for question in found}) >= 12  # one a note before two a note


def test_what_changed_over_time_is_not_asked_without_saying_when() -> None:
    insights, memories = vault(
        {"Flat": "Rent: 310 euros\n", "Flat again": "Rent: 335 euros\n", "Health": "Dentist: Dr Amsel\n"}
    )
    asked = [question.q for question in own(make_questions(insights, memories, limit=60, seed=7))]
    assert any("dentist" in one for one in asked) and not any(
        "rent is" in one or "is your rent" in one for one in asked
    )


def test_what_others_wrote_is_not_asked_about() -> None:
    insights, memories = vault(
        {"An article": "The tortoise is called Reverend. The price of bread is 4 pounds."}, origin="web"
    )
    assert own(make_questions(insights, memories, limit=60, seed=7)) == []


def test_unanswerable_questions_ask_for_nothing_that_a_note_holds(made: list[ExamQuestion]) -> None:
    from kernel.exam.unanswerable import unanswerable

    _, memories = vault(NOTES)
    asked = [question.q for question in unanswerable(memories, seed=7)]
    assert any("uncle" in one for one in asked) and any("blood type" in one for one in asked)
    assert not any("brother" in one or "aunt" in one for one in asked)  # Deniz and Obiageli
    assert not any("dentist" in one or "fish" in one for one in asked)
    blank = [question for question in made if question.kind == "unanswerable"]
    assert blank and all(not question.any for question in blank)


def test_the_fixed_questions_are_the_same_for_everybody() -> None:
    kinds = [question.kind for question in fixed()]
    assert (kinds.count("general"), kinds.count("chat"), kinds.count("write")) == (40, 8, 8)
    assert {question.part for question in fixed() if question.kind == "general"} == {"calibration", "gate", "report"}
    assert all(question.any for question in fixed() if question.kind == "general")


def test_an_empty_memory_gives_only_what_needs_no_notes() -> None:
    assert {question.kind for question in make_questions([], [], limit=60, seed=7)} == {
        "unanswerable",
        "general",
        "chat",
        "write",
    }


def test_questions_come_back_from_their_file(made: list[ExamQuestion]) -> None:
    lines = [msgspec.json.encode(question) for question in made]
    assert [msgspec.json.decode(line, type=ExamQuestion) for line in lines] == made
    assert any(b'"not":["' in line for line in lines)
