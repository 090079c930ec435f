"""Every analyst, held to the same contract: spans are exact, nothing is claimed that the words do not say."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel.abc import Analyst
from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.l0_insight.grounding import content_words
from kernel.memory.marks import plain
from kernel.types import Memory, Origin
from tests.test_kernel import notes

ENGLISH = (
    "I moved to Porto in September 2025. My brother Deniz helped me carry the piano.\n\n"
    '> "I am never moving again," he said.\n\n'
    "- Rent: 640 a month\n- Landlord: Mr Abara\n\nI can't stand fondant icing. I used to work at a bank."
)
KOREAN = "나는 2008년에 부산에서 일했다. 엄마는 수영을 하신다. 매일 아침 여섯 시에 나가신다. 나는 커피를 안 마신다."
FRAGMENTS = "I she they my mother Deniz moved likes not in Porto since 2019 and the cat . ? - > Rent: '' # 나는 산다. é"
WORDS = st.sampled_from([*FRAGMENTS.split(), "\n", '"'])


def remembered(text: str, origin: Origin = "owner") -> Memory:
    return notes.remembered(text, title="A note", day="2025-10-01", origin=origin)


@pytest.fixture(params=[ExtractiveAnalyst], scope="module")
def analyst(request: pytest.FixtureRequest) -> Analyst:
    made: Analyst = request.param()
    return made


@pytest.mark.parametrize("text", [ENGLISH, KOREAN, "", "!!!", "Ein deutscher Satz ohne Anspruch."])
def test_spans_point_at_the_words_that_they_stand_for(analyst: Analyst, text: str) -> None:
    memory = remembered(text)
    insight = analyst.analyse(memory)
    assert (insight.note_id, insight.content_hash, insight.analyst) == (
        memory.note.id,
        memory.note.content_hash,
        analyst.name,
    )
    for entity in insight.entities:
        assert memory.note.text[entity.span.start : entity.span.end] == entity.text
    for statement in insight.statements:
        assert memory.note.text[statement.span.start : statement.span.end].strip()
        assert content_words(statement.object) <= content_words(plain(memory.note.text))


@pytest.mark.parametrize("text", [ENGLISH, KOREAN])
def test_the_same_note_is_read_the_same_way(analyst: Analyst, text: str) -> None:
    once, twice = analyst.analyse(remembered(text)), analyst.analyse(remembered(text))
    assert msgspec.json.encode(once) == msgspec.json.encode(twice)
    assert len({s.id for s in once.statements}) == len(once.statements) > 0


@pytest.mark.parametrize("origin", ["other", "web", "self"])
def test_another_persons_first_person_is_never_the_owner(analyst: Analyst, origin: Origin) -> None:
    for text in (ENGLISH, KOREAN):
        statements = analyst.analyse(remembered(text, origin)).statements
        assert statements and all(s.subject != "owner" for s in statements)


def test_a_quotation_in_the_owners_note_is_not_the_owner(analyst: Analyst) -> None:
    statements = analyst.analyse(remembered("> I have bought a boat.\n\nI have sold my car.")).statements
    assert [s.object for s in statements if s.subject == "owner"] == ["my car"]


def test_one_context_a_sentence(analyst: Analyst) -> None:
    for text in (ENGLISH, KOREAN, ""):
        memory = remembered(text)
        assert len(analyst.resolve(memory)) == len(memory.sentences)


@settings(max_examples=40, deadline=None)
@given(st.lists(WORDS, max_size=30).map(" ".join))
@example("I . ''")
def test_any_text_at_all_is_read_without_inventing(text: str) -> None:
    memory = remembered(text)
    insight = ExtractiveAnalyst().analyse(memory)
    for statement in insight.statements:
        assert content_words(statement.object) <= content_words(plain(memory.note.text))
