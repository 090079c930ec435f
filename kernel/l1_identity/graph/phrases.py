"""Statements read by the verbs of the ontology: which relation a sentence says, and the words of its target."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from kernel.l0_insight import english_claims, korean_claims
from kernel.l1_identity.attributes import found as facts_of
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found
from kernel.l1_identity.graph.spotted import Spotted
from kernel.l1_identity.graph.spotting import masked
from kernel.l1_identity.graph.structs import Ontology, RelationKind
from kernel.l1_identity.graph.words import HONORIFICS, Vocabulary
from kernel.memory.language import is_hangul
from kernel.memory.words import fold
from kernel.types import Statement

How = Literal["holds", "begins", "ends"]
_ADVERBS = r"(?:now |still |also |currently |back |just |always |really |very much |a lot |both |together |again )*"
_NEAR = re.compile(
    r"(?:the |a |an |my |our |his |her |their |this )?(?:(?!(?:with|from|for|by|at|in|on|to|and|or|of|as|near|about|into|over|after|before|through|against|than|that|which|who|when|because|but|not)\b)[\w-]+ ){0,2}(?:the )?\W?$"
)
_THING = re.compile(
    r"^(?:the |an? |my |our |his |her |their |all )?(?P<what>[a-zà-ÿ][a-zà-ÿ-]+(?: (?!and\b|but\b|in\b|on\b|with\b|for\b|at\b|when\b|because\b|so\b|"
    r"more\b|very\b|from\b|to\b|of\b|as\b|too\b|that\b|than\b|it\b)[a-zà-ÿ-]+)?)"
)
_KOREAN_THING = re.compile(r"(?P<what>[가-힣]{2,})(?P<particle>을|를|이|가)(?:\s[가-힣]+)?$")
_NO_THINGS = frozenset(
    "to it that this him her them you how what when one me more about being having going each other everything nothing "
    "something anything my mine all most much so well here there home people work someone everyone myself if not".split()
)
_OVER_KOREAN = re.compile(r"더 ?이상|예전에|옛날에|한때|았었|었었")


@dataclass(frozen=True)
class Phrase:
    """``words``: what must stand before the target (English) or the particle behind it (Korean)."""

    relation: RelationKind
    how: How
    words: str
    pattern: re.Pattern[str]
    """Of an English object, up to its target."""


@lru_cache(maxsize=4)
def phrases(ontology: Ontology) -> dict[str, list[Phrase]]:
    """Verb in the form of the dictionary -> what it may say."""
    found: dict[str, list[Phrase]] = {}
    for relation in ontology.relations:
        ways: tuple[tuple[How, tuple[str, ...]], ...] = (
            ("holds", relation.verbs),
            ("begins", relation.begins),
            ("ends", relation.ends),
        )
        for how, listed in ways:
            for phrase in listed:
                words = phrase.split()
                hangul = is_hangul(phrase[0])
                verb = words[-1] if hangul else words[0]
                rest = words[:-1] if hangul else words[1:]
                before = rf"{_ADVERBS}(?:an? |the )?{re.escape(' '.join(rest))}(?:\s+|$)" if rest else _ADVERBS
                found.setdefault(verb, []).append(Phrase(relation, how, " ".join(rest), re.compile(before)))
    for listed_phrases in found.values():
        listed_phrases.sort(key=lambda p: (-len(p.words), p.relation.name))
    return found


def said_in(said: Statement, line: Line, ontology: Ontology) -> Iterator[tuple[Phrase, str]]:
    """What a statement may say, with the words in which its target stands first. Nothing where it is unsure or denied."""
    verb, what = _spoken(said)
    known = phrases(ontology).get(verb)
    if not known or (said.negated and not is_over(said, line)):
        return
    korean = is_hangul(verb[:1])
    if (korean_claims.UNSURE if korean else english_claims.UNSURE).search(line.words):
        return
    for phrase in known:
        if korean:
            yield phrase, what
        elif m := phrase.pattern.match(what):
            yield phrase, what[m.end() :]


def _spoken(said: Statement) -> tuple[str, str]:
    """Verb and object; of ``used to live in Graz`` those of what is over."""
    used = re.match(r"to (?P<verb>\w+) ?(?P<what>.*)", said.object, re.S) if said.relation == "use" else None
    return (used["verb"], used["what"]) if used else (said.relation, said.object)


def is_over(said: Statement, line: Line) -> bool:
    """``used to``, ``no longer``, or a state in the past."""
    over = _OVER_KOREAN if is_hangul(said.relation[:1]) else english_claims.OVER
    return bool(over.search(line.words)) or said.kind == "episodic"


def stands_first(one: Spotted, phrase: Phrase, words: str) -> int:
    """How far into ``words`` a name stands as the phrase wants its target; -1: it does not."""
    if is_hangul(one.name[:1]) and is_hangul(phrase.words[:1]):
        m = re.search(rf"{re.escape(one.name)}(?:\s?(?:{HONORIFICS}))?{re.escape(phrase.words)}(?=\s|$)", words)
        return m.start() if m else -1
    at = words.find(one.name) if one.name else -1
    return at if at >= 0 and _NEAR.match(words[:at]) else -1


def with_facts(
    lines: list[Line], found: list[list[Spotted]], owner: str, vocabulary: Vocabulary
) -> tuple[list[list[Spotted]], dict[int, list[tuple[Found, int]]]]:
    """What the owner's attributes and the verbs of taste name is spotted too, and gets its role.

    ``(found, facts)``: by line, each fact with the start of what it names.
    """
    numbers = {(line.note.id, line.unit.index): n for n, line in enumerate(lines)}
    here = [list(one) for one in found]
    facts: dict[int, list[tuple[Found, int]]] = {}
    for fact in facts_of(lines, owner):
        relation = vocabulary.relations.get(vocabulary.facts.get(fact.key, ""))
        number = numbers[fact.line.note.id, fact.line.unit.index]
        if relation is None or fact.who or _of_another(fact):
            continue
        at = _value(here[number], number, fact, relation)
        if at is not None:
            facts.setdefault(number, []).append((fact, at))
    for number, line in enumerate(lines):
        for said in line.statements:
            _taste(here[number], number, line, said, vocabulary)
        here[number].sort(key=lambda s: s.start)
    return here, facts


def _of_another(fact: Found) -> bool:
    """A Korean sentence with a subject of its own says nothing of the owner but who is near."""
    subjects = {said.subject for said in fact.line.statements}
    return (
        any("가" <= c <= "힣" for c in fact.line.words)
        and bool(subjects)
        and "owner" not in subjects
        and (fact.key in {"instrument", "employer", "home_city", "occupation", "allergy", "likes", "dislikes"})
    )


def _value(here: list[Spotted], number: int, fact: Found, relation: RelationKind) -> int | None:
    """Where the value stands: a name that is spotted already, or a new one."""
    value = re.sub(r" \([^)]*\)$", "", fact.value)
    value = re.sub(r"^(?:the|an?|my|our|his|her) ", "", value, flags=re.I).strip(" .,")
    key = tuple(fold(value).split())
    for at, one in enumerate(here):
        if one.owner or not one.key:
            continue
        if one.key == key or "".join(one.key) == "".join(key) or (one.name and fold(one.name) == fold(value)):
            people = {"person", "animal"} & set(relation.target)
            if people and not one.role and not one.whose:
                here[at] = replace(one, role=relation.name, noun=fact.key, type=one.type or relation.target[0])
            elif not one.type and len(relation.target) == 1:
                here[at] = replace(one, type=relation.target[0])
            return one.start
    return _new(here, number, fact.line, value, relation)


def _new(here: list[Spotted], number: int, line: Line, value: str, relation: RelationKind) -> int | None:
    text = masked(line)
    m = re.search(rf"(?<!\w){re.escape(value)}", text, re.I) if value and len(value.split()) <= 4 else None
    if m is None:
        return None
    start, end = line.unit.start + m.start(), line.unit.start + m.end()
    if any(s.start < end and start < s.end for s in here):
        return None
    kind = relation.target[0] if relation.target else ""
    name = line.note.text[start:end]
    plainly = not name[:1].isupper() and kind in {"", "thing", "concept"}
    key = (fold(name),) if plainly else tuple(fold(name).split())
    here.append(Spotted(number, start, end, name, key, name, type="" if plainly else kind, concept=plainly))
    return start


def _taste(here: list[Spotted], number: int, line: Line, said: Statement, vocabulary: Vocabulary) -> None:
    for phrase, words in said_in(said, line, vocabulary.ontology):
        target = phrase.relation.target
        if target and not {"thing", "concept"} & set(target):
            continue
        if any(stands_first(s, phrase, words) >= 0 for s in here if not s.owner):
            return
        if is_hangul(said.relation[:1]):
            m = _KOREAN_THING.search(words)
            value = m["what"] if m and m["particle"] == phrase.words else ""
        else:
            m = _THING.match(words)
            value = m["what"] if m else ""
        if value and fold(value.split()[0]) not in vocabulary.ignore | _NO_THINGS:
            _new(here, number, line, value, phrase.relation)
            return
