"""The invented people as structs, and their questions as training samples in the serving format."""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec

from kernel.answer.check import refuses, unsupported
from kernel.answer.prompt import prompt_of_self
from kernel.l2_training.skill import FOLDER
from kernel.memory.hits import distinct, holds
from kernel.types import Frozen, Hit, Message, Sample

Search = Callable[[str, tuple[str, ...]], list[Hit]]
"""``(question, turns before) -> hits``, best first: the person's own memory, searched as in serving."""


BY_OWNER = 0.2
"""Share of the questions asked once more as the owner asks."""
BESIDE = 2
"""How often a question is asked of evidence that was found for another one."""


class Evidence(Frozen, frozen=True, kw_only=True):
    note: str
    quote: str


class Turn(Frozen, frozen=True, kw_only=True):
    q: str
    a: str


class SkillQuestion(Frozen, frozen=True, kw_only=True):
    id: str
    kind: str
    q: str
    a: str
    evidence: tuple[Evidence, ...] = ()
    any: tuple[str | tuple[str, ...], ...] = ()
    abstain: bool = False
    before: tuple[Turn, ...] = ()


class Person(Frozen, frozen=True, kw_only=True):
    slug: str
    name: str
    folder: Path
    questions: tuple[SkillQuestion, ...]


class Line(msgspec.Struct, frozen=True):
    """A line of ``general``, ``conversation`` or ``identity``."""

    q: str
    a: str


def people(which: str) -> list[Person]:
    """``people`` (to learn from) or ``held_out`` (to measure with), in the order of their names."""
    decode = msgspec.json.Decoder(SkillQuestion)
    found = []
    for folder in sorted((FOLDER / which).iterdir()):
        name = msgspec.json.decode((folder / "person.json").read_bytes())["name"]
        lines = (folder / "qa.jsonl").read_text("utf-8").splitlines()
        questions = tuple(decode.decode(line) for line in lines if line.strip())
        found.append(Person(slug=folder.name, name=name, folder=folder / "notes", questions=questions))
    return found


def lines(name: str) -> list[Line]:
    """``general``, ``conversation`` or ``identity``."""
    text = (FOLDER / f"{name}.jsonl").read_text("utf-8")
    return [msgspec.json.decode(line, type=Line) for line in text.splitlines() if line.strip()]


def samples_of(
    person: Person, search: Search, sentence_of: Callable[[str], Hit | None], rng: random.Random
) -> Iterator[Sample]:
    """A few samples for each question, with the evidence that serving would show.

    ``sentence_of(quote)`` finds the stored sentence of a gold quote. Where search missed it, it is put in, as what is
    learned is reading. Other questions that the same evidence answers are asked of it too: what is to be said follows
    from the question, and in a pack they share its tokens. An answer that holds a name or number that its evidence
    does not is left out.
    """
    gold_of = {
        question.id: [hit for hit in (sentence_of(item.quote) for item in question.evidence) if hit is not None]
        for question in person.questions
    }
    asked_beside: Counter[str] = Counter()
    for question in person.questions:
        if question.abstain and not refuses(question.a):
            continue
        turns = tuple(
            message
            for turn in question.before
            for message in (Message(role="user", content=turn.q), Message(role="assistant", content=turn.a))
        )
        hits = search(question.q, tuple(turn.q for turn in question.before))
        shown = _shown(hits, gold_of[question.id], rng)
        first = _sample(person, question, question.q, shown, turns)
        if not question.abstain and unsupported(question.a, [message.content for message in first.prompt]):
            continue
        yield first
        asked_by_owner = as_owner(question.q)
        if asked_by_owner and question.kind != "my" and rng.random() < BY_OWNER:
            yield _sample(person, question, asked_by_owner, shown, turns)
        elif not question.abstain and len(shown) > 1 and rng.random() < 0.15:
            yield _sample(person, question, question.q, rng.sample(shown, len(shown)), turns)
        if not turns:
            for other in _answered_by(shown, person, gold_of, but=question):
                sample = _sample(person, other, other.q, shown, ())
                if asked_beside[other.id] < BESIDE and not unsupported(other.a, [one.content for one in sample.prompt]):
                    asked_beside[other.id] += 1
                    yield msgspec.structs.replace(sample, id=f"{sample.id}/beside-{question.id}")


def _answered_by(
    shown: Sequence[Hit], person: Person, gold_of: Mapping[str, Sequence[Hit]], *, but: SkillQuestion
) -> Iterator[SkillQuestion]:
    """The person's other questions whose whole evidence is among ``shown``."""
    for question in person.questions:
        gold = gold_of[question.id]
        whole = (
            gold and len(gold) == len(question.evidence) and all(any(holds(hit, one) for hit in shown) for one in gold)
        )
        if whole and question is not but and not question.before and not question.abstain:
            yield question


def _shown(hits: Sequence[Hit], gold: Sequence[Hit], rng: random.Random) -> list[Hit]:
    """Two or three sentences, best first, that hold every gold one."""
    count = 3 if rng.random() < 0.8 else 2
    shown = list(hits[:count])
    missing = [hit for hit in gold if not any(holds(other, hit) for other in shown)]
    if missing:
        keep = [hit for hit in shown if any(holds(hit, one) for one in gold)]
        rest = [hit for hit in shown if hit not in keep]
        put_in = distinct([*keep, *missing])
        shown = distinct([*put_in, *rest])[: max(count, len(put_in))]
        if rng.random() < 0.5:  # what search missed is not always first when it is found
            rng.shuffle(shown)
    return shown


def _sample(
    person: Person, question: SkillQuestion, asked: str, shown: Sequence[Hit], turns: Sequence[Message]
) -> Sample:
    return Sample(
        id=f"{person.slug}/{question.id}/{'my' if asked != question.q else 'q'}",
        kind="refusal" if question.abstain else "grounded",
        prompt=prompt_of_self(person.name, asked, shown, before=turns),
        answer=question.a,
        question=asked,
        note_ids=tuple(dict.fromkeys(hit.note_id for hit in shown)),
        generator="skill corpus",
        passed="hand-written",
    )


REFUSALS = (
    "I don't know. There's nothing about that in my notes.",
    "I don't know, I haven't written that down.",
    "No idea, I have no note about it.",
    "I can't say. Nothing in my notes tells me.",
    "I don't remember, it's not in my notes.",
    "I have no note of that.",
    "That's something I haven't written anywhere, so I don't know.",
    "Nothing in my notes says, so I can't say.",
    "I don't know. I never wrote that down.",
    "Not in my notes, I'm afraid, so I don't know.",
    "I couldn't say, there's no record of it in what I wrote.",
    "I really don't know, my notes are silent on that.",
)
STRANGE_BELOW = 0.35
"""A stranger's question whose best evidence scores above this may have an answer in these notes after all."""


def strange_questions(
    person: Person, everyone: Sequence[Person], search: Search, rng: random.Random, *, count: int
) -> Iterator[Sample]:
    """Questions of other people, which this person's notes do not answer, with what search really finds for them."""
    others = [question for other in everyone if other is not person for question in other.questions]
    candidates = [
        question for question in others if question.kind in ("fact", "indirect", "my") and not question.before
    ]
    rng.shuffle(candidates)
    made = 0
    for question in candidates:
        hits = search(question.q, ())
        if made == count:
            return
        if hits and hits[0].score < STRANGE_BELOW:
            made += 1
            refusing = msgspec.structs.replace(
                question, id=f"strange-{made}", a=rng.choice(REFUSALS), abstain=True, evidence=(), kind="unanswerable"
            )
            yield _sample(person, refusing, refusing.q, hits[: 3 if rng.random() < 0.8 else 2], ())


_SWAPS = (
    (r"\byour\b", "my"), (r"\byours\b", "mine"), (r"\byourself\b", "myself"), (r"\bare you\b", "am I"), (r"\bwere you\b", "was I"),
    (r"\b(do|did|have|had|can|could|would|will|should|must) you\b", r"\1 I"), (r"\byou're\b", "I'm"), (r"\byou've\b", "I've"),
    (r"\b(for|to|with|of|by|from|give|gave|tell|told|make|made|about|taught|lent|helped|let|asked) you\b", r"\1 me"),
    (r"\byou (have|had|did|do|like|live|lived|were|was|are|bought|got|went|said|wanted|want|think)\b", r"I \1"),
)  # fmt: skip


def as_owner(question: str) -> str | None:
    """The question as the owner would ask it ("Where do you live?" -> "Where do I live?"); ``None`` where unsure."""
    text = question
    for pattern, replacement in _SWAPS:
        text = re.sub(pattern, replacement, text, flags=re.I)
    text = re.sub(r"\bI are\b", "I am", text)
    text = re.sub(r"\bI were\b", "I was", text)
    if text == question or re.search(r"\byou\b", text, re.I):
        return None
    return text[0].upper() + text[1:]


def manners(names: Sequence[str], rng: random.Random) -> list[Sample]:
    """Identity, conversation and general samples under many names; general ones also without a persona."""
    samples = []
    for kind in ("identity", "conversation", "general"):
        for number, line in enumerate(lines(kind) * (2 if kind == "identity" else 1)):
            name = names[rng.randrange(len(names))]
            asked, answer = (text.replace("{name}", name) for text in (line.q, line.a))
            bare = kind == "general" and number % 4 == 0
            prompt = (Message(role="user", content=asked),) if bare else prompt_of_self(name, asked)
            samples.append(
                Sample(
                    id=f"{kind}/{number}",
                    kind={"identity": "identity", "conversation": "chat", "general": "replay"}[kind],
                    prompt=prompt,
                    answer=answer,
                    question=asked,
                    note_ids=(),
                    generator="skill corpus",
                    passed="hand-written",
                )
            )
    return samples
