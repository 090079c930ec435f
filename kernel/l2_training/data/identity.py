"""Who the self is: many wordings, the owner's name, and the biography's beginning where serving shows it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kernel.answer.answerer import biography_hit
from kernel.answer.prompt import prompt_of_self
from kernel.answer.route import route
from kernel.l2_training.data.questions import SHOWN, Find
from kernel.l2_training.data.secrets import holds_secret
from kernel.l2_training.skill.corpus import lines
from kernel.memory.language import language_of
from kernel.types import Biography, Hit, Sample

ABOUT = (
    "Tell me about yourself.",
    "Tell me a little about yourself.",
    "Tell me a bit about yourself, please.",
    "tell me about yourself",
    "Describe yourself.",
    "Could you describe yourself?",
    "Who are you, really?",
    "So, who are you?",
    "Who are you and what do you do?",
    "Introduce yourself to a stranger.",
)
_LONGEST = 60


def identity(owner: str, biography: Biography, find: Find) -> Iterator[Sample]:
    """Nothing where the owner has no name: then the self does not say who it is."""
    if not owner:
        return
    who = [biography_hit(one.text, one.citations[0]) for one in biography.first_person[:SHOWN]]
    for number, line in enumerate(lines("identity")):
        question, answer = (text.replace("{name}", owner) for text in (line.q, line.a))
        yield _sample(owner, f"identity/{number}", question, answer, _shown(question, who, find))
    own = [hit.context for hit in who if language_of(hit.context) == "en" and not holds_secret(hit.context)]
    for number, question in enumerate(ABOUT):
        told = own[: 1 + number % 2]
        if told and route(question, "en") == "identity":
            answer = " ".join([f"I'm {owner}.", *told])
            if len(answer.split()) <= _LONGEST:
                yield _sample(owner, f"identity/about-{number}", question, answer, who)


def _shown(question: str, who: Sequence[Hit], find: Find) -> list[Hit]:
    """The evidence that serving gives with this question."""
    way = route(question, "en")
    if way == "identity":
        return list(who)
    if way == "conversation":
        return []
    return [hit for hit in find(question) if not holds_secret(f"{hit.context} {hit.title}")][:SHOWN]


def _sample(owner: str, id_: str, question: str, answer: str, shown: Sequence[Hit]) -> Sample:
    return Sample(
        id=id_,
        kind="identity",
        prompt=prompt_of_self(owner, question, shown),
        answer=answer,
        question=question,
        note_ids=tuple(dict.fromkeys(hit.note_id for hit in shown)),
        generator="skill corpus" if "about" not in id_ else "biography",
        passed="hand-written" if "about" not in id_ else "cited",
    )
