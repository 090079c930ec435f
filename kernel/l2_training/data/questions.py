"""Question-answer pairs from the owner's own sentences, each let in only when search finds its sentence again.

Candidates are made by rule (``english``, ``pairs``, ``korean``); what is someone else's, secret, vague, said twice or
answered in two ways is dropped, and counted by its reason.
"""

from __future__ import annotations

import hashlib
import re
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.answer.check import unsupported
from kernel.answer.prompt import when
from kernel.l0_insight import layout
from kernel.l0_insight.english import load
from kernel.l2_training.data.english import from_sentence, of_day
from kernel.l2_training.data.korean import from_korean, from_korean_pair
from kernel.l2_training.data.made import Made
from kernel.l2_training.data.pairs import from_pair
from kernel.l2_training.data.secrets import holds_secret
from kernel.memory.hits import holds
from kernel.memory.marks import plain
from kernel.memory.words import content_terms
from kernel.types import Hit, Language, Memory, Sentence

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline

Find = Callable[[str], list[Hit]]
"""A question -> what search finds for it, best first (more than are shown)."""
SHOWN = 3
PER_SENTENCE, PER_NOTE = 3, 8
FEWEST_TERMS = 2
"""Content words in a question: fewer ask about everything."""
_ALIKE = 0.8
_SHORTER = 0.4
"""Share of answers in as few words as one would say."""
_NAME = re.compile(r"(?<=[a-zà-ž,] )[A-ZÀ-Þ][\w'-]+")
"""A capital within a sentence."""
_MOSTLY_EASY = {"who did": 0.25, "day": 0.08, "about": 0.12, "pair noted": 0.35}
"""Rules that would otherwise be most of it, and the share of the whole that they may be."""


@dataclass(frozen=True)
class Candidate:
    """A question that a note seems to answer."""

    made: Made
    answer: str
    memory: Memory
    sentence: Sentence
    language: Language

    @property
    def question(self) -> str:
        return self.made.question

    @property
    def key(self) -> str:
        return hashlib.sha256(f"{self.sentence.id}\0{self.question}".encode()).hexdigest()[:12]


@dataclass(frozen=True)
class Answered:
    """A candidate that passed the round trip. ``hits``: what search found for it; ``rank`` counts from 1."""

    candidate: Candidate
    hits: tuple[Hit, ...]
    rank: int


def normalised(question: str) -> str:
    """Lower-case words without marks, the owner and the one asked the same: whether two are one question."""
    words = re.findall(r"\w+", question.lower().replace("’", "'").replace("'s", " is"))
    turned = {
        "my": "your",
        "i": "you",
        "me": "you",
        "mine": "yours",
        "am": "are",
        "was": "were",
        "favorite": "favourite",
    }
    return " ".join(turned.get(word, word) for word in words)


def make_answered(
    memories: Sequence[Memory],
    find: Find,
    *,
    languages: Sequence[str],
    seed: int,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[Answered], Counter[str]]:
    """All pairs worth training, in the order of notes, and how many candidates were dropped for what."""
    dropped: Counter[str] = Counter()
    made = list(_unlike(_agreeing(list(candidates(memories, languages, dropped, seed)), dropped), dropped))
    passed: list[Answered] = []
    for number, candidate in enumerate(made):
        if progress is not None:
            progress(number, len(made))
        found = round_trip(candidate, find, dropped)
        if found is not None:
            passed.append(found)
    return _within(passed, dropped, seed), dropped


def candidates(
    memories: Sequence[Memory], languages: Sequence[str], dropped: Counter[str], seed: int
) -> Iterator[Candidate]:
    """Everything that the rules make of the owner's own sentences."""
    pipeline = load() if "en" in languages and any(memory.note.language == "en" for memory in memories) else None
    text = "\n".join(memory.note.text for memory in memories)
    small = set(re.findall(r"\b[a-zà-ž][\w'-]+", text))
    names = frozenset(name for name in _NAME.findall(text) if name.lower() not in small)
    english = sum(memory.note.language == "en" for memory in memories) * 2 > len(memories)
    for memory in memories:
        language = memory.note.language
        if language == "other" and english:
            language = "en"  # a list has few of the words by which a language is known
        if language not in languages:
            dropped["language not trained"] += len(memory.sentences)
            continue
        if memory.note.origin != "owner":
            dropped["someone else's words"] += len(memory.sentences)
            continue
        day_is_free = True
        for unit, sentence in zip(layout.units(memory), memory.sentences, strict=True):
            if sentence.origin != "owner" or unit.kind == "quote":
                dropped["someone else's words"] += 1
                continue
            if holds_secret(f"{unit.key}: {unit.value} {sentence.context} {unit.text}"):
                dropped["secret"] += 1
                continue
            if memory.note.language == "other" and unit.kind != "pair":
                dropped["language not trained"] += 1
                continue
            for made in _made(memory, unit, sentence, pipeline, names):
                if made.rule == "day":
                    if not day_is_free:
                        continue
                    day_is_free = False
                candidate = _candidate(made, memory, sentence, language, seed)
                if candidate is None:
                    dropped["vague"] += 1
                else:
                    yield candidate


def _made(
    memory: Memory, unit: layout.Unit, sentence: Sentence, pipeline: Pipeline | None, names: frozenset[str]
) -> Iterator[Made]:
    words = plain(memory.note.text[sentence.start : sentence.end])
    if unit.kind == "pair":
        subject = unit.section or memory.note.title
        if memory.note.language == "ko":
            yield from from_korean_pair(unit.key, unit.value, subject)
        elif pipeline is not None:
            yield from from_pair(plain(unit.key), plain(unit.value), subject, pipeline, names)
    elif unit.kind in {"prose", "item"}:
        # a resolved context stands for the words; one with a heading or a sentence in front does not
        text = words if words in sentence.context or unit.kind == "item" else sentence.context
        if memory.note.language == "ko":
            yield from from_korean(text)
        elif pipeline is not None:
            yield from from_sentence(text, pipeline)
            if memory.note.happened_from in {"front_matter", "file_name"}:
                yield from of_day(pipeline(text), when(memory.note.happened_at, "en"))


def _candidate(made: Made, memory: Memory, sentence: Sentence, language: Language, seed: int) -> Candidate | None:
    if (
        language == "en"
        and made.rule != "day"
        and len(content_terms(made.question)) < FEWEST_TERMS
        and not _personal(made)
    ):
        return None
    shorter = (
        made.short
        and (chance(seed, made.question, "short") < _SHORTER or len(made.answer.split()) > 14)
        and len(made.short.split()) <= 12
    )
    return Candidate(made, made.short if shorter else made.answer, memory, sentence, language)


def _personal(made: Made) -> bool:
    """Short questions that everybody understands: kin, age, work, favourites."""
    return made.rule in {"kin", "who", "my", "age", "work", "favourite", "called"} or made.rule.startswith("pair ")


def chance(seed: int, *parts: str) -> float:
    """A number in 0..1 that follows from the seed and a key alone."""
    digest = hashlib.sha256("\0".join([str(seed), *parts]).encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _agreeing(made: list[Candidate], dropped: Counter[str]) -> list[Candidate]:
    """One of each question; one with answers that differ ("What is your brother's name?") is not asked at all."""
    by_question: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in made:
        by_question[normalised(candidate.question)].append(candidate)
    kept = []
    for alike in by_question.values():
        if alike[0].made.rule == "about":
            kept.append(alike[0])
            continue
        terms = [set(content_terms(one.made.short or one.made.answer)) for one in alike]
        if any(not (a <= b or b <= a) for a in terms for b in terms):
            dropped["answers differ"] += len(alike)
            continue
        dropped["said twice"] += len(alike) - 1
        kept.append(alike[0])
    return kept


def _unlike(made: Iterable[Candidate], dropped: Counter[str]) -> Iterator[Candidate]:
    """Without near-duplicates: questions of nearly the same words with the same answer."""
    seen: dict[str, list[set[str]]] = defaultdict(list)
    for candidate in made:
        words = set(normalised(candidate.question).split())
        others = seen[normalised(candidate.answer)]
        if any(len(words & other) / len(words | other) >= _ALIKE for other in others):
            dropped["near-duplicate"] += 1
            continue
        others.append(words)
        yield candidate


def round_trip(candidate: Candidate, find: Find, dropped: Counter[str]) -> Answered | None:
    """Search the question: its sentence must be among those shown, and hold the answer's names."""
    sentence, note = candidate.sentence, candidate.memory.note
    sources = [
        sentence.context,
        note.text[sentence.start : sentence.end],
        note.title,
        when(note.happened_at, "en"),
        candidate.question,
    ]
    if unsupported(candidate.answer, sources):
        dropped["answer not in its sentence"] += 1
        return None
    hits = [hit for hit in find(candidate.question) if not holds_secret(f"{hit.context} {hit.title}")]
    rank = next((n for n, hit in enumerate(hits[:SHOWN], start=1) if holds(hit, sentence)), None)
    if rank is None:
        dropped["not found again"] += 1
        return None
    return Answered(candidate, tuple(hits), rank)


def _within(passed: Sequence[Answered], dropped: Counter[str], seed: int) -> list[Answered]:
    """At most so many of a sentence, of a note and of the easy rules; which ones follows from the seed."""
    order = sorted(passed, key=lambda one: chance(seed, one.candidate.key, "order"))
    most = {rule: max(3, round(share * len(passed))) for rule, share in _MOSTLY_EASY.items()}
    count: Counter[str] = Counter()
    kept = []
    for one in order:
        of_sentence, of_note, rule = one.candidate.sentence.id, one.candidate.memory.note.id, one.candidate.made.rule
        if (
            count[of_sentence] >= PER_SENTENCE
            or count[of_note] >= PER_NOTE
            or count[rule] >= most.get(rule, len(passed))
        ):
            dropped["more than enough"] += 1
            continue
        count.update({of_sentence: 1, of_note: 1, rule: 1})
        kept.append(one)
    place = {one.candidate.key: n for n, one in enumerate(passed)}
    return sorted(kept, key=lambda one: place[one.candidate.key])
