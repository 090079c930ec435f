"""Reading: the owner's questions in the serving format, with the sentences that search really finds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kernel.answer.check import unsupported
from kernel.answer.prompt import prompt_of_self
from kernel.l2_training.data.questions import SHOWN, Answered, chance
from kernel.l2_training.skill.corpus import as_owner
from kernel.memory.hits import holds
from kernel.types import Hit, Sample

GENERATOR = "rules-1"
FEWER_SHOWN = 0.2
"""Share shown with two sentences instead of three."""
DISTRACTED, BY_OWNER = 0.2, 0.25
"""Share asked once more: among sentences from further down, in any order; and as the owner asks."""


def grounded(owner: str, answered: Sequence[Answered], seed: int) -> Iterator[Sample]:
    """One sample for each pair as serving shows it, and some of them once more."""
    for one in answered:
        question, key = one.candidate.question, one.candidate.key
        lines = SHOWN - 1 if one.rank < SHOWN and chance(seed, key, "fewer") < FEWER_SHOWN else SHOWN
        shown = one.hits[:lines]
        yield sample_of(owner, one, question, shown, "q")
        if chance(seed, key, "distracted") < DISTRACTED and (others := _distracted(one, seed)):
            yield sample_of(owner, one, question, others, "distracted")
        asked = as_owner(question) if one.candidate.language == "en" else None
        if asked and not unsupported(asked, [question]) and chance(seed, key, "my") < BY_OWNER:
            yield sample_of(owner, one, asked, shown, "my")


def sample_of(
    owner: str, one: Answered, question: str, shown: Sequence[Hit], form: str, kind: str = "grounded"
) -> Sample:
    """``one`` asked as ``question``; without ``shown`` evidence it is a recall."""
    sentence = one.candidate.sentence
    return Sample(
        id=f"{kind}/{one.candidate.key}/{form}",
        kind=kind,
        prompt=prompt_of_self(owner, question, shown),
        answer=one.candidate.answer,
        question=question,
        note_ids=tuple(dict.fromkeys([sentence.note_id, *(hit.note_id for hit in shown)])),
        spans=((sentence.note_id, sentence.start, sentence.end),),
        language=one.candidate.language,
        generator=f"{GENERATOR}/{one.candidate.made.rule}",
        passed=f"round trip at rank {one.rank}",
    )


def _distracted(one: Answered, seed: int) -> list[Hit]:
    """Its sentence and two from further down the search, in an order that follows from the seed."""
    own = [hit for hit in one.hits if holds(hit, one.candidate.sentence)]
    far = [hit for hit in one.hits[SHOWN:] if hit not in own][: SHOWN - 1]
    if not own or not far:
        return []
    return sorted([*own, *far], key=lambda hit: chance(seed, one.candidate.key, hit.sentence_id))
