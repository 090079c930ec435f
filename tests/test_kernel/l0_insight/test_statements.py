"""Assertions of a note: who, what, when, and whether it is denied."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.l0_insight.jobs import understand
from kernel.types import Memory, Statement

Make = Callable[..., Memory]


def said(memory: Memory) -> list[Statement]:
    return list(ExtractiveAnalyst().analyse(memory).statements)


def test_the_first_person_is_the_owner_and_the_date_its_beginning(remembered: Make) -> None:
    (statement,) = said(remembered("I moved to Porto in September 2025.", day="2025-10-03"))
    assert (statement.subject, statement.relation, statement.object) == ("owner", "move", "to Porto in September 2025")
    assert (statement.valid_from, statement.valid_to, statement.negated) == ("2025-09", None, False)


def test_without_a_date_of_its_own_it_holds_from_the_notes_day(remembered: Make) -> None:
    (statement,) = said(remembered("I live in a red house.", day="2024-02-01"))
    assert statement.valid_from == "2024-02-01"


def test_what_used_to_be_ends(remembered: Make) -> None:
    (statement,) = said(remembered("I used to work at a bank.", day="2024-02-01"))
    assert (statement.valid_from, statement.valid_to) == (None, "2024-02-01")


def test_a_denial_is_marked(remembered: Make) -> None:
    english = said(remembered("I don't like festivals."))
    korean = said(remembered("나는 커피를 마시지 않는다."))
    assert english[0].negated and english[0].kind == "emotional" and korean[0].negated


def test_a_resolved_pronoun_names_the_subject(remembered: Make) -> None:
    statements = said(remembered("Gennaro lives in Turin. He doesn't eat cheese."))
    assert [(s.subject, s.negated) for s in statements] == [("Gennaro", False), ("Gennaro", True)]
    assert statements[1].text == "Gennaro doesn't eat cheese."


@pytest.mark.parametrize(
    ("text", "title", "expected"),
    [
        ("Rent: 640 a month", "Money", ("owner", "rent", "640 a month")),
        ("- Maryam: my wife", "Names", ("Maryam", "be", "my wife")),
        ("Budget: 75 pounds", "Staff meeting", ("Staff meeting", "budget", "75 pounds")),
        ("- gazebo", "Packing for the festival", ("owner", "packing for the festival", "gazebo")),
    ],
)
def test_keys_and_headings_are_relations(
    remembered: Make, text: str, title: str, expected: tuple[str, str, str]
) -> None:
    (statement,) = said(remembered(text, title=title))
    assert (statement.subject, statement.relation, statement.object) == expected


def test_speech_in_quotation_marks_and_questions_assert_nothing(remembered: Make) -> None:
    assert said(remembered('"I own a boat," he told nobody.')) == []
    assert said(remembered("Do I live in Porto?")) == []


def test_korean_subjects(remembered: Make) -> None:
    statements = said(remembered("나는 부산에서 일했다. 엄마는 수영을 하신다. 매일 나가신다."))
    assert [s.subject for s in statements] == ["owner", "엄마"]  # who goes out daily is not said


def test_the_job_answers_every_memory_in_order(remembered: Make) -> None:
    memories = [remembered("I sing."), remembered("나는 부산에 산다."), remembered("")]
    events: list[object] = []
    found = understand(memories, events.append)
    assert [f.note_id for f in found] == [m.note.id for m in memories] and events
    assert all(len(f.contexts) == len(m.sentences) for f, m in zip(found, memories, strict=True))
