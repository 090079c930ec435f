"""Whether a question may be asked: well formed, its answer not in it, and meant for one place only."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from kernel.exam import grade
from kernel.exam.structs import ExamQuestion, Wanted
from kernel.memory.words import content_terms
from kernel.types import Memory

LONGEST, SHORTEST = 17, 4
"""Words of an English question."""
_ODD = re.compile(r"[()\[\]{}<>*_#|=\"“”]|\b(\w+) \1\b|\bhttp|\b(?:w|bc|rn|tbh|ppl|lol|idk|btw|u|r)\b|…|\.\.|--", re.I)
_OPENING = re.compile(
    r"^(?:Can you tell me|Do you remember|I'd like to know|Could you say|Remind me|Do you know|I forget)\b"
)


@dataclass(frozen=True)
class _Place:
    """A sentence and its terms."""

    note_id: str
    text: str
    terms: frozenset[str]


def _same(place: _Place, question: ExamQuestion) -> bool:
    """Whether the sentence stands in the note that the question was made from: there it speaks of the same thing."""
    return place.note_id == question.note_id


class Index:
    """The terms of every sentence, to see whether a question could mean another one."""

    def __init__(self, memories: Sequence[Memory]) -> None:
        self.sentences: dict[str, list[_Place]] = defaultdict(list)
        self.notes_with: dict[str, set[str]] = defaultdict(set)
        for memory in memories:
            for sentence in memory.sentences:
                text = f"{sentence.context} {memory.note.text[sentence.start : sentence.end]}"
                terms = frozenset(content_terms(text))
                place = _Place(memory.note.id, text, terms)
                for term in terms:
                    self.sentences[term].append(place)
                    self.notes_with[term].add(memory.note.id)
        self.notes = max(1, len(memories))

    def elsewhere(self, question: ExamQuestion, terms: Sequence[str]) -> bool:
        """Whether another sentence holds all of the question's terms and not its answer."""
        rarest = min(terms, key=lambda term: len(self.sentences.get(term, ())))
        for place in self.sentences.get(rarest, ()):
            if (
                place.terms.issuperset(terms)
                and not _same(place, question)
                and not grade.holds_answer(question, place.text)
            ):
                return True
        return False

    def telling(self, terms: Sequence[str]) -> bool:
        """Whether the terms lead to one place: two of them at least, one of them in few notes."""
        known = [term for term in terms if self.notes_with.get(term)]
        if not known:
            return False
        rare = [term for term in known if len(self.notes_with[term]) <= max(2, self.notes // 12)]
        return bool(rare) and (len(known) >= 2 or len(self.notes_with[rare[0]]) == 1)


def good(question: ExamQuestion, index: Index) -> bool:
    words = question.q.split()
    if question.language == "ko":
        return 2 <= len(words) <= LONGEST and not _answer_is_asked(question)
    if not SHORTEST <= len(words) <= LONGEST or _ODD.search(question.q) or _answer_is_asked(question):
        return False
    terms = content_terms(_OPENING.sub("", question.q))
    by_key = question.rule.startswith("pair") or question.rule == "allergy"
    if not by_key and (not terms or not index.telling(terms) or index.elsewhere(question, terms)):
        return False
    return question.rule == "note's date" or grade.holds_answer(question, question.gold)


def _answer_is_asked(question: ExamQuestion) -> bool:
    """Whether the question itself holds a word of its answer, also in another form."""
    asked = set(content_terms(question.q)) | set(grade.normal_words(question.q))
    within = [_stands_in(one, asked) for one in question.any]
    return all(within) if question.rule == "liking" else any(within)


def _stands_in(wanted: Wanted, asked: set[str]) -> bool:
    if isinstance(wanted, tuple):
        return any(_stands_in(one, asked) for one in wanted)
    terms = content_terms(wanted) or grade.normal_words(wanted)
    return bool(terms) and all(term in asked for term in terms)


def alike(question: ExamQuestion, kept: Sequence[ExamQuestion]) -> bool:
    """Whether it asks for what another one asks for already."""
    return any(question.any == other.any or question.q == other.q or question.span == other.span for other in kept)
