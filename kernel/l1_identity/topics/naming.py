"""What a topic is called: phrases that its notes use and the others do not (class-TF-IDF, Grootendorst 2022, arXiv
2203.05794), counted by notes. A phrase is a noun, a name, a tag, or nouns that stand together; all its forms are one."""

from __future__ import annotations

import math
import re
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from kernel.memory.language import is_hangul
from kernel.memory.words import STOP, fold, term_of
from kernel.types import Insight, Note

Key = tuple[str, ...]
_KEYPHRASES = 6
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_LONGEST = 3
_IN_TITLE, _IN_TAGS = 3.0, 2.0
"""Weights beside 1.0 in the text."""
_ONCE = 0.3
"""Of a phrase that only one of the topic's notes has."""
_TOGETHER = 1.6
"""Of several words: they say more than one."""
NO_LABELS = frozenset(
    "diary journal list lists note notes misc reference thing things way time day year week month people person morning "
    "evening night bit lot half part side end today minute hour daily log place name word one two three four five kind "
    "number letter monday tuesday wednesday thursday friday saturday sunday january february march april may june july "
    "august september october november december fact facts opinion then now meeting page idea reason "
    "메모 일기 목록 오늘 생각 시간 동안 사람 그때 이야기 하루 정도 마음".split()
)
"""Words that say what kind of page it is, when, or nothing."""


@dataclass(frozen=True)
class Phrases:
    """Of one note: how much each phrase weighs in it, and the forms that it has there."""

    weights: Mapping[Key, float]
    forms: Mapping[Key, Counter[str]]


@dataclass(frozen=True)
class Named:
    label: str
    keyphrases: tuple[str, ...]


def nouns_of(insights: Sequence[Insight]) -> frozenset[str]:
    """Terms of the words that the analyst has found to be nouns, anywhere."""
    return frozenset(_term(k) for insight in insights for k in insight.keywords if " " not in k)


def phrases(note: Note, insight: Insight | None, nouns: frozenset[str]) -> Phrases:
    """Everything in the note that could be a topic's name."""
    weights: dict[Key, float] = defaultdict(float)
    forms: dict[Key, Counter[str]] = defaultdict(Counter)

    def found(words: Sequence[str], weight: float, *, form: int = 1) -> None:
        key = tuple(map(_term, words))
        if any(w in STOP for w in map(str.lower, words)) or all(not _tells(w) for w in words):
            return
        if len(key) == 1 and len(words[0]) < 2 + words[0].isascii():
            return
        weights[key] = max(weights[key], weight) if weight == 1.0 else weights[key] + weight
        forms[key][" ".join(words)] += form

    for keyword in insight.keywords if insight else ():
        found(_WORD.findall(keyword), 1.0, form=2)
    for run in _runs(note.text):
        for start in range(len(run) - 1):
            for end in range(start + 2, min(start + _LONGEST, len(run)) + 1):
                if _term(run[end - 1]) not in nouns:
                    continue
                if all(_term(word) in nouns and _tells(word) for word in run[start:end]):
                    found([*run[start : end - 1], _bare(run[end - 1])], 1.0)
    for run in _runs(note.title):
        for start in range(len(run)):
            for end in range(start + 1, min(start + _LONGEST, len(run)) + 1):
                if all(_term(word) in nouns for word in run[start:end]):
                    words = [_bare(word) for word in run[start:end]]
                    found([word if is_hangul(word[0]) else word.lower() for word in words], _IN_TITLE, form=0)
    for tag in note.tags:
        found(_WORD.findall(re.sub(r"[-_/]", " ", tag)), _IN_TAGS, form=0)
    return Phrases(weights, forms)


def names(
    topics: Mapping[int, Sequence[Phrases]],
    others: Sequence[Phrases],
    share: float,
    labels: Mapping[int, str],
    count: int,
) -> dict[int, Named]:
    """Label and keyphrases of each of ``topics``.

    ``others``: notes of the topics that are not named now, ``share`` of them all; ``labels``: what all have been called
    so far, and go on being called while their notes still say so; ``count``: how many topics there are.
    """
    classes = {number: _counts(notes) for number, notes in topics.items()}
    total: dict[Key, float] = defaultdict(float)
    for counts, times in [*((one, 1.0) for one in classes.values()), (_counts(others), 1 / share if share else 0.0)]:
        for key, weight in counts.items():
            total[key] += weight * times
    average = sum(total.values()) / max(count, 1)
    taken = {label for number, label in labels.items() if number not in topics}
    made = {}
    for number, notes in topics.items():
        made[number] = _named(notes, classes[number], total, average, labels.get(number, ""), taken)
        taken.add(made[number].label)
    return made


def _named(
    notes: Sequence[Phrases],
    counts: Mapping[Key, float],
    total: Mapping[Key, float],
    average: float,
    label: str,
    taken: set[str],
) -> Named:
    held = Counter(key for note in notes for key in note.weights)

    def weight(key: Key) -> float:
        often = held[key] > 1 or len(notes) == 1
        found = counts[key] * math.sqrt(held[key] / len(notes)) * counts[key] / total[key]
        return found * math.log1p(average / total[key]) * (_ONCE if not often else _TOGETHER if len(key) > 1 else 1.0)

    chosen: list[Key] = []
    for key in sorted(counts, key=lambda k: (-weight(k), k)):
        if not any(set(key) <= set(other) or set(other) <= set(key) for other in chosen):
            chosen.append(key)
        if len(chosen) == _KEYPHRASES:
            break
    shown = [_shown(key, notes) for key in chosen]
    kept = label not in taken and label and all(part.lower() in map(str.lower, shown) for part in label.split(", "))
    if not kept:
        singles = [one for one in shown if _capital(one) not in taken] or shown
        few = bool(chosen) and held[chosen[0]] * 2 < len(notes)
        label = _capital(", ".join(singles[: 2 if few else 1])) or "Notes"
    return Named(label, tuple(shown))


def _counts(notes: Sequence[Phrases]) -> dict[Key, float]:
    found: dict[Key, float] = defaultdict(float)
    for note in notes:
        for key, weight in note.weights.items():
            found[key] += weight
    return found


def _shown(key: Key, notes: Sequence[Phrases]) -> str:
    forms: Counter[str] = Counter()
    for note in notes:
        forms.update(note.forms.get(key, {}))
    return min(forms, key=lambda form: (-forms[form], len(form), form))


def _runs(text: str) -> list[list[str]]:
    """Words with nothing but a space between them."""
    found: list[list[str]] = []
    last = -2
    for match in _WORD.finditer(text):
        if match.start() == last + 1 and text[last] == " ":
            found[-1].append(match.group())
        else:
            found.append([match.group()])
        last = match.end()
    return found


def _capital(label: str) -> str:
    return label[:1].upper() + label[1:]


def _bare(word: str) -> str:
    """A Korean word without its particle."""
    return _term(word) if is_hangul(word[0]) else word


def _tells(word: str) -> bool:
    return word.lower() not in NO_LABELS and word.lower() not in STOP


@cache
def _term(word: str) -> str:
    return term_of(fold(word).removesuffix("'s").removesuffix("’s"))
