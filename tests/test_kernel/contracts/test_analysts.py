"""Every analyst, held to the same contract: spans are exact, nothing is claimed that the words do not say."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from kernel.abc import Analyst, Generate
from kernel.answer.prompt import ChatTemplate
from kernel.engine.scripted import ScriptedEngine
from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.l0_insight.grounding import content_words
from kernel.l0_insight.written.analyst import WrittenAnalyst
from kernel.l0_insight.written.structs import name_of
from kernel.memory.marks import plain
from kernel.types import Insight, Memory, Origin
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


def copied_and_made_up(request: Generate) -> str:
    """A model's reply that is half true: of each sentence every split into subject, verb and object, the owner's and
    somebody's, and lies made of the words of all sentences."""
    said = [(int(number), text) for number, text in re.findall(r"^(\d+)\. (.+)$", request.messages[-1].content, re.M)]
    reply = {"statements": list(_proposals(said)), "summary": [_line(at, text) for at, text in said]}
    return json.dumps(reply, separators=(",", ":"))  # few words, so that it comes to its end


def _proposals(said: list[tuple[int, str]]) -> Iterator[dict[str, Any]]:
    everything = " ".join(text for _, text in said).split()
    for number, text in said:
        words = text.split()
        for at in range(1, min(len(words), 6)):
            for subject in ("owner", " ".join(words[:at]), "Deniz"):
                yield _proposed(number, subject, words[at], " ".join(words[at + 1 :]) or words[at], text)
        yield _proposed(number, "owner", "move", "to Lisbon", "I moved to Lisbon.")
        yield _proposed(number, "owner", everything[-1], everything[0], " ".join(reversed(everything[:9])))
        yield _proposed(number + 1, "owner", words[0], text, text)


def _proposed(number: int, subject: str, relation: str, object_: str, text: str) -> dict[str, Any]:
    said = {"sentence": number, "subject": subject, "relation": relation, "object": object_, "text": text}
    return {**said, "kind": "semantic", "sentiment": ""}


def _line(number: int, text: str) -> dict[str, Any]:
    return {"sentences": [number], "text": text}


class Written(Analyst):
    """The model-written analyst over the extractive one, each note by itself."""

    name = name_of("scripted")

    def analyse(self, memory: Memory) -> Insight:
        return asyncio.run(self._analyse(memory))

    def resolve(self, memory: Memory) -> list[str]:
        return ExtractiveAnalyst().resolve(memory)

    async def _analyse(self, memory: Memory) -> Insight:
        engine = ScriptedEngine(copied_and_made_up)
        info = await engine.start()
        template = ChatTemplate(info.chat_template)

        return await WrittenAnalyst(engine, info, template.render).understand(
            memory, ExtractiveAnalyst().analyse(memory)
        )


@pytest.fixture(params=[ExtractiveAnalyst, Written], scope="module")
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


def test_a_half_true_model_is_believed_in_half() -> None:
    memory = remembered(ENGLISH)
    rules, insight = ExtractiveAnalyst().analyse(memory), Written().analyse(memory)
    assert insight.dropped > len(insight.statements) > 0
    assert {one.id for one in insight.statements} - {one.id for one in rules.statements}
    assert "Lisbon" not in str(insight) and insight.entities == rules.entities


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
@given(text=st.lists(WORDS, max_size=30).map(" ".join))
@example(text="I . ''")
@pytest.mark.parametrize("kind", [ExtractiveAnalyst, Written])
def test_any_text_at_all_is_read_without_inventing(kind: type[Analyst], text: str) -> None:
    memory = remembered(text)
    insight = kind().analyse(memory)
    for statement in insight.statements:
        assert content_words(statement.object) <= content_words(plain(memory.note.text))
