"""What is read of varied sentences, against what a careful reader reads: precision and recall over the whole table."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import pytest

from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.types import Memory, Statement
from tests.test_kernel.l0_insight.readings import ENGLISH, KOREAN, Reading

Make = Callable[..., Memory]

UNREAL = [reading for reading in [*ENGLISH, *KOREAN] if not reading.statements]


@pytest.fixture(scope="module")
def analyst() -> ExtractiveAnalyst:
    return ExtractiveAnalyst()


def words(text: str) -> set[str]:
    return set(re.findall(r"[\w,.:]*\w", text.lower()))


def agrees(expected: tuple[str, str, str], said: Statement) -> bool:
    subject, relation, of = expected
    denial = "안 " if re.search(r"[가-힣]", said.relation) else "not "
    told = f"{denial}{said.relation}" if said.negated else said.relation
    return subject.lower() == said.subject.lower() and relation == told and words(of) <= words(said.object)


def compared(readings: Sequence[Reading], analyst: ExtractiveAnalyst, remembered: Make) -> tuple[float, float]:
    """Precision and recall of the statements of all readings together."""
    right = made = wanted = 0
    for reading in readings:
        left = list(analyst.analyse(remembered(reading.text, title=reading.title)).statements)
        made += len(left)
        wanted += len(reading.statements)
        for expected in reading.statements:
            found = next((said for said in left if agrees(expected, said)), None)
            if found is not None:
                left.remove(found)
                right += 1
    return right / made, right / wanted


@pytest.mark.parametrize(
    ("readings", "precision", "recall"), [(ENGLISH, 0.97, 0.92), (KOREAN, 0.97, 0.95)], ids=["English", "Korean"]
)
def test_statements_are_those_of_a_careful_reader(
    analyst: ExtractiveAnalyst, remembered: Make, readings: list[Reading], precision: float, recall: float
) -> None:
    reached = compared(readings, analyst, remembered)
    assert reached[0] >= precision and reached[1] >= recall, reached


@pytest.mark.parametrize("reading", UNREAL, ids=lambda reading: reading.text)
def test_questions_conditions_wishes_and_hearsay_are_no_facts(
    analyst: ExtractiveAnalyst, remembered: Make, reading: Reading
) -> None:
    assert analyst.analyse(remembered(reading.text, title="A note")).statements == ()


@pytest.mark.parametrize(
    ("text", "since"),
    [
        ("Last month I sold the van.", "2025-05"),
        ("I signed the lease a couple of days ago.", "2025-06-23"),
        ("On the third of May I adopted Fathom.", "2025-05-03"),
        ("Last winter I broke my wrist.", "2024-12"),
        ("지난달에 차를 팔았다.", "2025-05"),
        ("작년에 차를 팔고 자전거를 샀다.", "2024"),
        ("그저께 책을 다 읽었다.", "2025-06-23"),
    ],
)
def test_a_date_in_words_is_counted_from_the_notes_day(
    analyst: ExtractiveAnalyst, remembered: Make, text: str, since: str
) -> None:
    assert analyst.analyse(remembered(text, title="A note", day="2025-06-25")).statements[0].valid_from == since


def test_each_clause_is_told_in_words_of_its_own(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    english = analyst.analyse(remembered("I sold the van and bought two folding bikes.")).statements
    korean = analyst.analyse(remembered("누나는 차를 팔고 자전거를 샀다.")).statements
    assert [said.text for said in english] == ["I sold the van.", "I bought two folding bikes."]
    assert [said.text for said in korean] == ["누나는 차를 팔았다.", "누나는 자전거를 샀다."]
    assert [said.kind for said in korean] == ["episodic", "episodic"]


def test_what_follows_a_thing_that_did_something_is_nobodys_deed(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    statements = analyst.analyse(remembered("냉장고가 고장 나서 멈췄다.")).statements
    assert statements and all(said.subject != "owner" for said in statements)


def test_korean_names_dates_and_numbers(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    memory = remembered("민수 씨를 2025년 5월 3일에 만나서 3만 원을 줬다.", title="A note")
    found = [(entity.text, entity.type) for entity in analyst.analyse(memory).entities]
    assert found == [("민수", "person"), ("2025년 5월 3일", "date"), ("3", "number")]
    assert all(memory.note.text[e.span.start : e.span.end] == e.text for e in analyst.analyse(memory).entities)
