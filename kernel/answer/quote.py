"""Answers made of the owner's own sentences, and the words for not knowing."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kernel.abc import Engine
from kernel.answer.check import names
from kernel.types import Citation, Hit, Language, Memory, Sampling, Span

DOES_NOT_KNOW: dict[Language, str] = {
    "en": "I don't know. I have no note about that.",
    "ko": "모르겠어요. 제 기록에는 없어요.",
    "other": "I don't know. I have no note about that.",
}
NOTHING_TO_SAY = "I'd rather not make anything up about that."
"""To talk or a request for a text where every sentence held a name or number from nowhere."""
BACK = 3
LONGEST = 260
"""Characters of a passage that is still quoted as an answer; a longer one is only cited."""
SECOND_WORTH = 0.5
"""A second sentence is quoted with the first where its score is at least this share of it."""


def chosen(evidence: Sequence[Hit]) -> list[Hit]:
    """The one or two sentences worth quoting, in the order in which they stand in their note."""
    best = list(evidence[:1])
    best += [hit for hit in evidence[1:2] if hit.score >= SECOND_WORTH * best[0].score]
    if len({hit.note_id for hit in best}) == 1:
        best.sort(key=lambda hit: hit.span.start)
    return best


def text_of(hits: Sequence[Hit]) -> str:
    """The quoted answer: each sentence once, with the one that says who "she" is where that is short enough to read."""
    said: list[str] = []
    for hit in hits:
        words = " ".join((hit.passage if 0 < len(hit.passage) <= LONGEST else hit.text).split())
        if hit.speaker and hit.origin != "owner":
            words = f"{hit.speaker}: {words}"
        if not any(words in other for other in said):
            said = [other for other in said if other not in words] + [words]
    return " ".join(map(_ended, said))


def citation(hit: Hit) -> Citation:
    if hit.passage and hit.passage_span is not None:
        return Citation(note_id=hit.note_id, title=hit.title, quote=hit.passage, span=hit.passage_span)
    return Citation(note_id=hit.note_id, title=hit.title, quote=hit.text, span=hit.span)


def needs_passage(hit: Hit) -> bool:
    """Whether the model is shown more than the hit's own sentence. What is said in a conversation stands by itself."""
    return not hit.speaker and _said(hit) != " ".join(hit.text.split())


def with_passage(hit: Hit, memory: Memory) -> Hit:
    """The hit with its passage: the sentences beside it that its context holds, and as many before it (``BACK`` at
    most) as its resolved names need."""
    said = _said(hit)
    at = next((n for n, one in enumerate(memory.sentences) if one.id == hit.sentence_id), 0)
    first = last = at
    while first > max(0, at - BACK) and _words(memory, first - 1) in said:
        first -= 1
    while last < min(len(memory.sentences) - 1, at + BACK) and _words(memory, last + 1) in said:
        last += 1
    wanted = names(said)
    for further in range(first, max(-1, at - 1 - BACK), -1):
        start, end = memory.sentences[further].start, memory.sentences[last].end
        if wanted <= names(memory.note.text[start:end]):
            first = further
            break
    if (first, last) == (at, at):
        return hit
    span = Span(memory.sentences[first].start, memory.sentences[last].end)
    return msgspec.structs.replace(hit, passage=memory.note.text[span.start : span.end], passage_span=span)


def _said(hit: Hit) -> str:
    """The context without the title that list items carry."""
    return " ".join(hit.context.removeprefix(f"{hit.title}: ").split())


def _words(memory: Memory, at: int) -> str:
    one = memory.sentences[at]
    return " ".join(memory.note.text[one.start : one.end].split())


def marks(text: str, parts: Sequence[str]) -> tuple[Span, ...]:
    """For each part: where it stands in ``text``, or the whole text where it does not stand there as such."""
    found = []
    for part in parts:
        at = text.find(part)
        found.append(Span(at, at + len(part)) if part and at >= 0 else Span(0, len(text)))
    return tuple(found)


async def kept(engine: Engine, asked: Sampling, text: str) -> tuple[str, str]:
    """What is sent of a text that no model wrote, and what ended it: ``stop`` (its own end or a stop string), or
    ``length`` where it has more tokens than were asked for. It is cut at a word; a single word is cut itself."""
    most = min((at for stop in asked.stop if (at := text.find(stop)) >= 0), default=len(text))
    said = text[:most]
    while len(said) > 1 and len(await engine.tokenize(said, special=False)) > asked.max_tokens:
        words = said.split(" ")
        said = " ".join(words[: len(words) * 9 // 10]) if len(words) > 1 else said[: len(said) * 9 // 10]
    return said, "stop" if len(said) == most else "length"


def i_am(owner: str, language: Language) -> str:
    """Who answers, where the notes do not say."""
    if language == "ko":
        return f"저는 {owner}입니다." if owner else "저는 이 기록을 쓴 사람의 분신이에요."
    return f"I'm {owner}." if owner else "I'm the self of whoever wrote these notes."


def _ended(sentence: str) -> str:
    return sentence if sentence[-1:] in ".!?。…\"'”’)" else sentence + "."
