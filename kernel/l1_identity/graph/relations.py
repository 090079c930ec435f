"""Typed relations with their time: from roles (``my sister Ingrid``), the owner's attributes and the ontology's verbs.

Of a functional relation a later target closes the earlier one; the same target again later is a relation of its own.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found
from kernel.l1_identity.graph.entities import OWNER, Cast
from kernel.l1_identity.graph.phrases import Phrase, is_over, said_in, stands_first
from kernel.l1_identity.graph.spotted import Spotted
from kernel.l1_identity.graph.structs import RelationKind
from kernel.l1_identity.graph.words import Vocabulary
from kernel.memory.words import fold
from kernel.types import Citation, GraphRelation, Statement

_MOST_CITATIONS = 20


@dataclass(frozen=True)
class Evidence:
    """One line's word for a relation. ``over``: as something that no longer holds; ``ends``: that it ends then."""

    source: str
    relation: str
    target: str
    line: Line
    start: str
    end: str = ""
    over: bool = False
    ends: bool = False
    said: str = ""
    """Id of the statement that says it."""

    @property
    def order(self) -> tuple[str, str, int]:
        return self.start or self.end, self.line.note.id, self.line.unit.start


@dataclass
class _Interval:
    target: str
    start: str
    end: str
    evidence: list[Evidence] = field(default_factory=list)


@dataclass(frozen=True)
class Settled:
    """``replaced``: id of a statement -> the one that took its place, and since when."""

    relations: list[GraphRelation]
    replaced: dict[str, tuple[str, str]]


def evidence(
    lines: Sequence[Line], people: Cast, facts: Mapping[int, Sequence[tuple[Found, int]]], vocabulary: Vocabulary
) -> list[Evidence]:
    """Everything that the lines say outright."""
    found: list[Evidence] = []
    for number, line in enumerate(lines):
        found += _roles(number, line, people, vocabulary)
        found += _facts(number, people, facts.get(number, ()), vocabulary)
        for said in line.statements:
            found += _verbs(number, line, said, people, vocabulary)
    return [one for one in found if _fits(one, people, vocabulary.relations[one.relation])]


def _fits(one: Evidence, people: Cast, kind: RelationKind) -> bool:
    source, target = people.type_of(one.source), people.type_of(one.target)
    return (
        one.source != one.target
        and (not kind.source or source in kind.source)
        and (not kind.target or target in kind.target)
    )


def _roles(number: int, line: Line, people: Cast, vocabulary: Vocabulary) -> Iterator[Evidence]:
    for identity, one in people.here[number]:
        if one.role not in vocabulary.relations or (not line.own and not one.whose):
            continue
        source = OWNER if not one.whose else _possessor(number, line, one, people, vocabulary)
        if source:
            yield Evidence(source, one.role, identity, line, line.day, said=_saying(line, source, one.name))


def _possessor(number: int, line: Line, one: Spotted, people: Cast, vocabulary: Vocabulary) -> str:
    """Whose wife in ``his wife Marit``: the subject's of the sentence, or who is named."""
    whose = one.whose.removesuffix("'s").removesuffix("’s")
    if whose.lower() not in {"his", "her", "their"}:
        return people.meant(whose, number, line.note.id, vocabulary)
    subjects = {people.meant(said.subject, number, line.note.id, vocabulary) for said in line.statements} - {"", OWNER}
    return next(iter(subjects)) if len(subjects) == 1 else ""


def _facts(number: int, people: Cast, facts: Iterable[tuple[Found, int]], vocabulary: Vocabulary) -> Iterator[Evidence]:
    for fact, start in facts:
        meant = next((i for i, one in people.here[number] if one.start == start), "")
        if meant:
            over = fact.ended or bool(fact.valid_to)
            end = fact.valid_to or (fact.line.day if fact.ended else "") or ""
            first = fact.value.split()[0]
            yield Evidence(
                OWNER, vocabulary.facts[fact.key], meant, fact.line, fact.valid_from or "", end, over,
                ends=fact.ended and not fact.valid_from, said=_saying(fact.line, OWNER, first),
            )  # fmt: skip


def _saying(line: Line, source: str, word: str) -> str:
    """The statement of a line that says it of the owner: the one with the word, or the only one."""
    mine = [s for s in line.statements if (s.subject == OWNER) == (source == OWNER)]
    return next((s.id for s in mine if word in s.object), mine[0].id if len(mine) == 1 else "")


def _verbs(number: int, line: Line, said: Statement, people: Cast, vocabulary: Vocabulary) -> Iterator[Evidence]:
    if line.note.origin not in {"owner", "other"} or (said.subject == OWNER and not line.own):
        return
    done: set[str] = set()
    source = ""
    for phrase, words in said_in(said, line, vocabulary.ontology):
        source = source or people.meant(said.subject, number, line.note.id, vocabulary)
        if not source or phrase.relation.name in done:
            continue
        target = _target(number, phrase, words, people)
        if target:
            done.add(phrase.relation.name)
            yield _told(line, said, phrase, source, target)


def _target(number: int, phrase: Phrase, words: str, people: Cast) -> str:
    found = [
        (at, -len(one.name), identity)
        for identity, one in people.here[number]
        if not one.owner and (at := stands_first(one, phrase, words)) >= 0
        and (not phrase.relation.target or people.type_of(identity) in phrase.relation.target)
    ]  # fmt: skip
    return min(found)[2] if found else ""


def _told(line: Line, said: Statement, phrase: Phrase, source: str, target: str) -> Evidence:
    start, end = said.valid_from or "", said.valid_to or ""
    if phrase.how == "ends":
        return Evidence(source, phrase.relation.name, target, line, "", start or line.day, True, True, said.id)
    over = phrase.how == "holds" and is_over(said, line)
    if over:
        given = start if start and start != line.day else ""
        return Evidence(
            source, phrase.relation.name, target, line, given, end or given or line.day, True, False, said.id
        )
    return Evidence(source, phrase.relation.name, target, line, start, end, False, False, said.id)


def settle(found: Iterable[Evidence], people: Cast, vocabulary: Vocabulary) -> Settled:
    """One relation for each stretch of time in which it holds."""
    groups: dict[tuple[str, str, str], list[Evidence]] = defaultdict(list)
    for one in found:
        kind = vocabulary.relations[one.relation]
        alone = kind.functional and fold(people.entities[one.target].name) not in vocabulary.broad
        groups[one.source, one.relation, "" if alone else one.target].append(one)
    relations: list[GraphRelation] = []
    replaced: dict[str, tuple[str, str]] = {}
    for (source, name, _), group in sorted(groups.items()):
        intervals = _intervals(sorted(group, key=lambda e: (*e.order, e.target, e.ends)), replaced)
        relations += [_relation(source, name, interval, number) for number, interval in _numbered(intervals)]
    return Settled(sorted(relations, key=lambda r: (-r.weight, r.id)), replaced)


def _intervals(ordered: Sequence[Evidence], replaced: dict[str, tuple[str, str]]) -> list[_Interval]:
    found: list[_Interval] = []
    for one in ordered:
        same = next((i for i in reversed(found) if i.target == one.target), None)
        if one.ends and same is not None and not same.end:
            same.end = one.end
            _take_place(replaced, same, one, one.end)
            same.evidence.append(one)
        elif same is not None and _continues(same, one, found):
            same.evidence.append(one)
            same.start = min(filter(None, (same.start, one.start)), default="")
            same.end = one.end if one.over and not same.end else same.end
        else:
            if not one.over and one.start:
                for other in found:
                    if other.target != one.target and _is_before(other, one.start):
                        other.end = one.start
                        _take_place(replaced, other, one, one.start)
            found.append(_Interval(one.target, one.start, one.end, [one]))
    return found


def _continues(interval: _Interval, one: Evidence, found: Sequence[_Interval]) -> bool:
    """Whether it speaks of the same stretch of time; of one that is over only what was before its end does."""
    if one.over:
        return not interval.start or not one.start or one.start >= interval.start
    return not interval.end or not one.start or one.start < interval.end


def _is_before(interval: _Interval, start: str) -> bool:
    """On one day, or of a day and its month, neither takes the other's place."""
    common = min(len(interval.start), len(start))
    return (
        bool(interval.start)
        and interval.start[:common] < start[:common]
        and not (interval.end and interval.end <= start)
    )


def _take_place(replaced: dict[str, tuple[str, str]], old: _Interval, new: Evidence, since: str) -> None:
    for one in old.evidence:
        if one.said and new.said and one.said != new.said:
            replaced.setdefault(one.said, (new.said, since))


def _numbered(intervals: Sequence[_Interval]) -> Iterator[tuple[int, _Interval]]:
    counts: dict[str, int] = defaultdict(int)
    for interval in intervals:
        yield counts[interval.target], interval
        counts[interval.target] += 1


def _relation(source: str, name: str, interval: _Interval, number: int) -> GraphRelation:
    cited = {(e.line.note.id, e.line.unit.start): e.line.citation for e in interval.evidence}
    return GraphRelation(
        id=identity_of(source, name, interval.target, number),
        source=source,
        type=name,
        target=interval.target,
        weight=float(len({e.line.note.id for e in interval.evidence})),
        citations=first_cited(cited.values(), _MOST_CITATIONS),
        valid_from=interval.start or None,
        valid_to=interval.end or None,
    )


def identity_of(source: str, name: str, target: str, number: int = 0) -> str:
    basis = f"{source}\0{name}\0{target}" + (f"\0{number}" if number else "")
    return "r_" + hashlib.sha256(basis.encode()).hexdigest()[:12]


def first_cited(citations: Iterable[Citation], most: int) -> tuple[Citation, ...]:
    """In the order in which they are kept: of their notes' ids, then of the text."""
    ordered = sorted(citations, key=lambda c: (c.note_id, c.span.start))
    return tuple(ordered[:most])
