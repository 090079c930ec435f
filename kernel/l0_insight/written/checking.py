"""What a model says of a note, held against the note: every claim against the sentence that it names."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Collection, Sequence

from kernel.l0_insight.dating import validity
from kernel.l0_insight.layout import Unit, units
from kernel.l0_insight.written import who
from kernel.l0_insight.written.structs import ProposedLine, ProposedStatement, ProposedTask
from kernel.l0_insight.written.wording import (
    as_sure,
    as_written,
    clauses,
    content,
    denies,
    in_order,
    missing,
    says_verb,
    side_by_side,
    verb_denied,
    verb_first,
)
from kernel.memory.dates import find_dates
from kernel.memory.marks import plain
from kernel.memory.words import fold
from kernel.types import Insight, Memory, Sentiment, Span, Statement, Task

ANTECEDENTS = 8
"""Sentences before one, of the same window, in which a pronoun's name may stand."""
_OWNERS = {"owner", "the owner", "i", "me", "we", "the author", "the writer", "나", "저", "내", "제", "우리", "글쓴이"}
_EDGES = " .,;:!?\"'“”’"
_FORMS = {form: "be" for form in ("am", "is", "are", "was", "were", "been")} | {form: "have" for form in ("has", "had")}
_SPEECH = re.compile(r"(?:\"(?=[^\s\"])[^\"\n]*+\"|“[^”\n]*+”|«[^»\n]*+»|「[^」\n]*+」|『[^』\n]*+』)")
_SPEAKS = re.compile(r"\b(?:I|we|We|my|My|me|our)\b|(?<![가-힣])(?:나|내|난|저|제|우리)(?:는|가|도|를)?(?=\s)")
_AN_INFINITIVE = re.compile(r"\bto \w+")
_NOT_TO_FORGET = re.compile(r"(?:don['’]t|do not|must not|mustn['’]t) forget to|잊지 ?(?:말|않)\S*", re.I)
_TO_DO = re.compile(
    r"\b(?:must|should|will|need to|needs? \w+ing|have to|has to|got to|gotta|going to|want to|plan to|intend to|remember to"
    r"|remind|to-?do)\b|['’]ll\b|해야|하자|려고|기로|예정|계획|ㄹ ?것",
    re.I,
)
_FEELING = {"emotional", "reflective"}


class Checked:
    """One note, its sentences as they are read, and what the rules found in each.

    ``owner``: names that the owner goes by.
    """

    def __init__(self, memory: Memory, extractive: Insight, owner: Collection[str] = ()) -> None:
        self._memory, self._extractive = memory, extractive
        self._layout = units(memory)
        self.texts = [plain(unit.text) for unit in self._layout]
        """Of each sentence, without list markers and emphasis: what the model is shown."""
        cited = [found.span() for found in _SPEECH.finditer(memory.note.text)]
        self._told = [
            _outside(unit, cited) if cited else text for unit, text in zip(self._layout, self.texts, strict=True)
        ]
        """The same without what somebody else says in it."""
        self._by_span: dict[Span, list[Statement]] = {}
        for statement in extractive.statements:
            self._by_span.setdefault(statement.span, []).append(statement)
        self._owner = {fold(name) for name in owner}
        self._people = {fold(word) for one in extractive.entities if one.type == "person" for word in one.text.split()}
        note = memory.note
        known = note.happened_from not in {"mtime", "unknown", "text"}  # a file's time says when it was copied
        self._day = note.happened_at if known else None

    def span(self, index: int) -> Span:
        return self._layout[index].span

    def statement(self, said: ProposedStatement, shown: range) -> Statement | None:
        """``said`` as a statement, dated by its words; ``None`` where the words do not say it. ``shown``: the sentences
        that the model had before it."""
        if said.sentence not in shown or not said.text.strip() or not said.relation.strip():
            return None
        unit, words = self._layout[said.sentence], self._told[said.sentence]
        if unit.kind == "heading":
            return None
        relation = _lemma(said.relation)
        named = self._subject(said.subject, unit)
        sources = self._sources(unit, shown, said, "" if named == who.OWNER else named)
        subject = self._about(unit, words, named, said, sources) if sources else ""
        object_ = as_written(said.object.strip(_EDGES), " ".join(sources))
        if not subject or not object_ or missing(said.object, [said.text]):
            return None
        found = self._by_span.get(unit.span, [])
        alike = [one for one in found if _same_verb(one.relation, relation)]
        if alike and not any(_shares(one.object, object_) for one in alike):
            return None
        if not alike and not self._says_verb(relation, words, unit, found):
            return None
        if self._memory.note.language == "en" and unit.kind == "prose" and not verb_first(relation, object_, words):
            return None
        if not in_order(said.text, words) or not as_sure(said.text, [words] if unit.kind == "prose" else sources):
            return None
        start, end = self._dates(unit, alike or found, said)
        return Statement(
            id=_id(self._memory.note.id, unit.span, subject, relation, object_),
            note_id=self._memory.note.id,
            span=unit.span,
            text=said.text.strip(),
            kind=said.kind,
            subject=subject,
            relation=relation,
            object=object_,
            entities=self._entities(unit.span, object_),
            valid_from=start,
            valid_to=end,
            negated=verb_denied(said.text),
            sentiment=_sentiment(said, found),
        )

    def line(self, said: ProposedLine, shown: range) -> str:
        """Its text where each clause of it is said by one of the sentences that it names, else nothing. A quotation says
        nothing of the note's writer, and a note of somebody else's nothing of the owner."""
        text = " ".join(said.text.split())
        if not content(text) or not said.sentences or not all(number in shown for number in said.sentences):
            return ""
        mine = self._memory.note.origin == "owner"
        if any(self._mine(self._layout[number]) != mine for number in said.sentences) or (
            not mine and who.says_owner(text)
        ):
            return ""
        told = [words for number in said.sentences for words in (self._told[number], self._context(number))]
        return text if all(self._says(clause, told) for clause in clauses(text)) else ""

    def _says(self, clause: str, told: Sequence[str]) -> bool:
        return any(
            not missing(clause, [words])
            and in_order(clause, words)
            and as_sure(clause, [words])
            and who.keeps_owner(clause, words, self._people, korean=self._korean)
            for words in told
        )

    def _context(self, index: int) -> str:
        """With its pronouns resolved, where nobody else speaks in it."""
        spoken = self._told[index] != self.texts[index]
        return "" if spoken else plain(self._memory.sentences[index].context)

    def task(self, said: ProposedTask, shown: range) -> Task | None:
        """With the state of its box, and the day that its own words name."""
        text = " ".join(said.text.split())
        if said.sentence not in shown or not content(text) or not self._mine(self._layout[said.sentence]):
            return None
        unit, words = self._layout[said.sentence], self._told[said.sentence]
        if missing(text, [words]) or not in_order(text, words) or not self._to_be_done(unit, words):
            return None
        return Task(
            text=text,
            span=unit.span,
            state="done" if self._memory.sentences[said.sentence].todo == "done" else "open",
            due=self._due(unit, words),
        )

    def tag(self, text: str) -> str:
        """A tag of the note's own words, in lower case; else nothing."""
        tag = " ".join(text.lower().split()).lstrip("#")
        return tag if content(tag) and not missing(tag, [*self.texts, self._memory.note.title]) else ""

    # --- whose words, about whom --------------------------------------------------------------------------------------

    def _mine(self, unit: Unit) -> bool:
        return self._memory.note.origin == "owner" and unit.kind != "quote"

    def _subject(self, given: str, unit: Unit) -> str:
        subject = " ".join(given.split())
        own = subject.lower() in _OWNERS or (self._mine(unit) and fold(subject) in self._owner)
        return who.OWNER if own else subject

    def _sources(self, unit: Unit, shown: range, said: ProposedStatement, named: str) -> list[str]:
        """The sentence's own words first, and what else is needed: the heading of a list, or the one sentence in which
        the name stands that a pronoun leans on. Empty: it is not said."""
        own, claimed = self._told[unit.index], f"{said.text} {said.object} {named}"
        new = missing(claimed, [own])
        if not new:
            return [own]
        if unit.kind in {"item", "pair"}:
            framed = [own, unit.section, self._memory.note.title]
            return [] if missing(claimed, framed) else framed
        if self._memory.note.segments or not unit.follows or not who.leans(own, korean=self._korean):
            return []
        if any(word.text[0].isdigit() for word in new) or (missing(said.object, [own]) and not who.leans_after(own)):
            return []
        for index in range(unit.index - 1, max(shown.start, unit.index - ANTECEDENTS) - 1, -1):
            before = self._told[index]
            if not missing(claimed, [own, before]) and side_by_side(new, before):
                return [own, before]
        return []

    def _about(self, unit: Unit, words: str, named: str, said: ProposedStatement, sources: Sequence[str]) -> str:
        """The subject as it is kept, where it is right; else nothing."""
        found = self._by_span.get(unit.span, [])
        language = self._memory.note.language
        if unit.kind in {"item", "pair"}:  # whom a line of a list is about the rules know best
            right = any(who.same_one(one.subject, named) for one in found)
        elif language == "ko":
            right = self._korean_about(found, words, named, sources)
        elif language == "en":
            right = self._english_about(found, words, named, said, sources)
        else:
            right = named != who.OWNER and not missing(named, [words])
        if not right:
            return ""
        return "the author" if named == who.OWNER and not self._mine(unit) else named

    def _english_about(
        self, found: Sequence[Statement], words: str, named: str, said: ProposedStatement, sources: Sequence[str]
    ) -> bool:
        relation = _lemma(said.relation)
        retold = who.agent(said.text, relation, self._people | {fold(named)})
        if (retold == who.OWNER) != (named == who.OWNER) or retold == who.PRONOUN:
            return False
        alike = [one for one in found if _same_verb(one.relation, relation)]
        if alike:
            return any(who.same_one(one.subject, named) for one in alike)
        told = who.agent(words, relation, self._people)
        if named == who.OWNER or told == who.OWNER:
            return named == told
        if told == who.PRONOUN:
            return len(sources) > 1
        if missing(named, [words]):
            return False
        return not told or not missing(told, [named]) or side_by_side(content(f"{told} {named}"), words)

    def _says_verb(self, relation: str, words: str, unit: Unit, found: Sequence[Statement]) -> bool:
        """Whether it is a verb of the sentence that the rules did not see. Of a line of a list, and of Korean, they see
        the only one; a name, a number and a word of what they take for subject or object is none; *be* and *have* stand
        in half of all sentences, mostly as auxiliaries."""
        if found and (self._korean or unit.kind != "prose"):
            return False
        if not content(relation):
            return relation in {"be", "have"} and not found
        if self._korean and not relation.endswith("다"):
            return False
        named = {word.term for word in content(words) if word.exact}
        named |= {word.term for one in found for word in content(f"{one.subject} {_AN_INFINITIVE.sub('', one.object)}")}
        return says_verb(relation, words) and named.isdisjoint(word.term for word in content(relation))

    def _korean_about(self, found: Sequence[Statement], words: str, named: str, sources: Sequence[str]) -> bool:
        if found:
            return any(who.same_one(one.subject, named) for one in found)
        if named == who.OWNER:
            return who.says_i(words)
        return any(who.is_subject_of(named, source) for source in sources) and not who.says_i(words)

    @property
    def _korean(self) -> bool:
        return self._memory.note.language == "ko"

    # --- when, how, who else ------------------------------------------------------------------------------------------

    def _dates(self, unit: Unit, found: Sequence[Statement], said: ProposedStatement) -> tuple[str | None, str | None]:
        """As the rules date what they found in the sentence, where they found anything."""
        if found:
            return found[0].valid_from, found[0].valid_to
        return validity(self._told[unit.index], self._day, past=said.kind == "episodic")

    def _to_be_done(self, unit: Unit, words: str) -> bool:
        """What happened (*I called the vet*) is no task: a box, a list or the words must say that it is to be done."""
        if self._memory.sentences[unit.index].todo or any(one.span == unit.span for one in self._extractive.tasks):
            return True
        said = _NOT_TO_FORGET.sub("remember to", words)
        return not denies(said) and (unit.kind == "item" or bool(_TO_DO.search(said)))

    def _due(self, unit: Unit, words: str) -> str:
        for one in self._extractive.tasks:
            if one.span == unit.span and one.due:
                return one.due
        year = int(self._day[:4]) if self._day else None
        return next((one.value for one in find_dates(words, year=year) if len(one.value) == 10), "")

    def _entities(self, span: Span, object_: str) -> tuple[str, ...]:
        within = (
            one.text
            for one in self._extractive.entities
            if span.start <= one.span.start and one.span.end <= span.end and one.type not in {"date", "number"}
        )
        return tuple(dict.fromkeys(text for text in within if text in object_))


def _outside(unit: Unit, cited: Sequence[tuple[int, int]]) -> str:
    """The words of a sentence without those between quotation marks where an *I* speaks, who is not the writer."""
    text = unit.text
    for start, end in reversed(cited):
        first, last = max(start - unit.start, 0), min(end - unit.start, len(text))
        if first < last and _SPEAKS.search(text[first:last]):
            text = f"{text[:first]}…{text[last:]}"
    return plain(text)


def _lemma(relation: str) -> str:
    words = " ".join(relation.split()).strip(_EDGES)
    return _FORMS.get(words.lower(), words)


def _same_verb(one: str, other: str) -> bool:
    if one == other:
        return True
    terms = {word.term for word in content(other)}
    return bool(terms) and terms == {word.term for word in content(one)}


def _shares(one: str, other: str) -> bool:
    """Whether two objects have a word in common, or either has none."""
    first, second = ({word.term for word in content(text)} for text in (one, other))
    return not first or not second or not first.isdisjoint(second)


def _sentiment(said: ProposedStatement, found: Sequence[Statement]) -> Sentiment:
    """The model's word for what the rules see no feeling in holds only where it is one by its kind; against theirs, none."""
    known: set[Sentiment] = {one.sentiment for one in found if one.sentiment}
    if known:
        return said.sentiment if said.sentiment in known else min(known)
    return said.sentiment if said.kind in _FEELING else ""


def _id(note_id: str, span: Span, subject: str, relation: str, object_: str) -> str:
    basis = f"{note_id}\0{span.start}\0{subject}\0{relation}\0{object_}"
    return "st_" + hashlib.sha256(basis.encode()).hexdigest()[:12]
