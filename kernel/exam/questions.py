"""Questions from the owner's own notes, by rules, kept out of what is trained on.

The wording is this room's own: the training data is phrased by another generator, so that what is measured is knowing
and not having seen the question. Made in the worker child; the module itself is light, for ``ExamQuestion`` is read in
the server process too.

Every question belongs to the part (``calibration``, ``gate`` or ``report``) of its note, which follows from the note's
id alone: no note is in two parts, and a note stays in its part for ever.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec

from kernel.exam.structs import ANSWERABLE, ExamQuestion, Kind, Part, Wanted
from kernel.types import Frozen, Insight, Memory

_SHARES: tuple[tuple[Part, float], ...] = (("calibration", 0.25), ("gate", 0.5), ("report", 0.25))
PER_NOTE = 3
UNANSWERABLE_SHARE, FEWEST_UNANSWERABLE = 0.3, 8
"""Unanswerable questions, as a share of the answerable ones, and how many there are at least."""
OWN_SHARE = 0.2
"""Of the answerable questions, those asked as the owner asks."""
INDIRECT_SHARE = 0.3


class _Line(Frozen, frozen=True, kw_only=True):
    id: str
    kind: Kind
    q: str
    any: tuple[Wanted, ...] = ()


def make_questions(
    insights: Sequence[Insight], memories: Sequence[Memory], *, limit: int, seed: int
) -> list[ExamQuestion]:
    """At most ``limit`` questions that the owner's notes answer, unanswerable ones beside them (a third as many), and
    the fixed general, chat and writing ones. The same for the same notes, limit and seed."""
    from kernel.exam.made import answerable, unanswerable

    mine = [memory for memory in memories if memory.note.origin == "owner"]
    chosen = _within(answerable(insights, mine, share=_chance(seed)), limit, seed)
    count = max(FEWEST_UNANSWERABLE, round(len(chosen) * UNANSWERABLE_SHARE))
    blank = unanswerable(memories, seed=seed)
    return [*chosen, *_spread(blank, count, seed), *fixed()]


def fixed() -> list[ExamQuestion]:
    """The general, chat and writing questions, which are the same for everybody."""
    found = []
    for name in ("general", "conversation"):
        for line in (Path(__file__).parent / f"{name}.jsonl").read_text("utf-8").splitlines():
            one = msgspec.json.decode(line, type=_Line)
            found.append(ExamQuestion(id=one.id, kind=one.kind, part=part_of(one.id), q=one.q, any=one.any))
    return found


def part_of(key: str) -> Part:
    """The part of a note (or of a question that comes from none), from its id alone."""
    at = _hash(key) / 2**64
    for part, share in _SHARES:
        if at < share:
            return part
        at -= share
    return "report"


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _chance(seed: int) -> Callable[[str], float]:
    """A number in 0..1 that follows from a key and the seed."""
    return lambda key: _hash(f"{seed}\0{key}") / 2**64


def _within(questions: Iterable[ExamQuestion], limit: int, seed: int) -> list[ExamQuestion]:
    """At most ``limit``: each part its share, and of each part first one question a note."""
    by_part: dict[Part, list[ExamQuestion]] = defaultdict(list)
    for question in questions:
        by_part[question.part].append(question)
    kept: list[ExamQuestion] = []
    for part, share in _SHARES:
        kept += _round_robin(by_part[part], round(limit * share), seed)
    spare = limit - len(kept)
    taken = {question.id for question in kept}
    rest = [q for part in ("gate", "report", "calibration") for q in by_part[part] if q.id not in taken]
    kept += rest[: max(0, spare)]
    return sorted(kept, key=lambda question: question.id)


def _round_robin(questions: Sequence[ExamQuestion], count: int, seed: int) -> list[ExamQuestion]:
    by_note: dict[str | None, list[ExamQuestion]] = defaultdict(list)
    for question in questions:
        by_note[question.note_id].append(question)
    order = sorted(by_note, key=lambda note: _hash(f"{seed}\0{note}"))
    turns: Iterator[ExamQuestion] = (
        by_note[note][turn] for turn in range(PER_NOTE) for note in order if turn < len(by_note[note])
    )
    return [question for question, _ in zip(turns, range(count), strict=False)]


def _spread(questions: Sequence[ExamQuestion], count: int, seed: int) -> list[ExamQuestion]:
    """``count`` of the questions, each part its share."""
    order = sorted(questions, key=lambda question: _hash(f"{seed}\0{question.id}"))
    kept: list[ExamQuestion] = []
    for part, share in _SHARES:
        kept += [question for question in order if question.part == part][: round(count * share)]
    return kept


__all__ = ["ANSWERABLE", "ExamQuestion", "fixed", "make_questions", "part_of"]
