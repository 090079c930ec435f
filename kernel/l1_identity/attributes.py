"""Facts of single sentences -> attributes with validity, confidence and evidence; contradictions settled in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import msgspec

from kernel.l1_identity.english_facts import english_facts, left
from kernel.l1_identity.english_people import about_people, people
from kernel.l1_identity.english_words import KIN_KEY, ROLE_KEY
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found
from kernel.l1_identity.key_values import from_pair, plans
from kernel.l1_identity.korean_facts import korean_about_people, korean_facts
from kernel.types import Attribute, Citation, Confidence

FUNCTIONAL = {
    "name", "employer", "occupation", "home_city", "address", "partner", "mother", "father", "manager", "birthday",
    "age", "bank", "landlord", "doctor", "dentist", "rent", "vet", "car", "blood_type", "saving_for", "physio",
    "workplace_name", "workplace_address", "workplace_rent", "workplace_landlord", "height", "origin", "birthplace",
    "voice", "school", "university", "nationality", "bike", "van", "moped", "motorbike",
}  # fmt: skip
"""One value at a time: a later value closes the earlier one. ``favourite_*`` too, and what is said of one person."""
_FIXED = {"birthday", "mother", "father", "blood_type", "name", "birthplace", "origin", "height"}
"""Facts that do not change: of two values the one with more evidence is kept, the earlier one at a tie."""
_ORDER = (
    "name occupation business employer role manager workplace_name workplace_address home_city address partner mother "
    "father twin sister brother son daughter grandmother grandfather aunt uncle cousin niece nephew granddaughter "
    "grandson pet birthday age birthplace origin grew_up_in languages instrument voice studies allergy condition doctor"
).split()
_OF_PEOPLE = {"city", "age", "origin", "employer", "voice", "birthday", "died"}
"""Of one person one at a time, as ``FUNCTIONAL``."""
_LEVELS: tuple[Confidence, ...] = ("LOW", "MEDIUM", "HIGH", "VERY_HIGH")
_MOST_CITATIONS = 5


def attributes(lines: Sequence[Line], owner: str) -> list[Attribute]:
    """All attributes, the most identity-bearing keys first, the value that holds now before those that are over."""
    by_key: dict[tuple[str, str], list[Found]] = {}
    names: dict[str, list[Found]] = {}
    for fact in found(lines, owner):
        if fact.key == "name":
            names.setdefault("", []).append(fact)
        else:
            by_key.setdefault((fact.key, fact.who), []).append(fact)
    several = {key for key in {k for k, _ in by_key} if len({who for k, who in by_key if k == key and who}) > 1}
    made: list[Attribute] = []
    if owner:
        made.append(_given_name(owner, names.get("", []), lines))
    for key, who in sorted(by_key, key=lambda pair: (_rank(pair[0]), pair[1])):
        settled = _settled(key, _merged(by_key[key, who]))
        if who and key in several:
            settled = [msgspec.structs.replace(one, value=f"{who}: {one.value}") for one in settled]
        made += settled
    return made


def found(lines: Sequence[Line], owner: str) -> list[Found]:
    """Every fact of every own line: first of the owner and who is near them, then of those people by their names."""
    facts: list[Found] = []
    before: Line | None = None
    for line in lines:
        if line.own:
            facts += _facts(line, before if before is not None and before.note.id == line.note.id else None)
        before = line
    known = _known(facts, owner)
    for line in lines:
        if line.own and line.unit.kind in {"prose", "item"}:
            said = korean_about_people(line, known) if _hangul(line) else about_people(line, known)
            facts += [_of_one(fact, facts) for fact in said]
    employers = {fact.value for fact in facts if fact.key == "employer"}
    for line in lines:
        if line.own and (name := left(line)) in employers:
            facts.append(Found("employer", name, line, None, line.day or None, ended=True))
    return facts


def _facts(line: Line, before: Line | None) -> Iterator[Found]:
    if line.unit.kind == "pair":
        yield from from_pair(line)
    yield from plans(line)
    if not _hangul(line):
        yield from english_facts(line)
        yield from people(line, before)
    elif line.unit.kind != "pair":
        yield from korean_facts(line, before)


def _hangul(line: Line) -> bool:
    return any("가" <= c <= "힣" for c in line.words)


def _known(facts: Sequence[Found], owner: str) -> dict[str, str]:
    """Names of the owner's kin and animals -> their key; a name that two keys claim, or the owner's own, is nobody's."""
    keys: dict[str, set[str]] = {}
    for fact in facts:
        if fact.key in _NEAR:
            name = fact.value.partition(" (")[0]
            for one in {name, name.split()[0]}:
                keys.setdefault(one, set()).add(fact.key)
    return {name: next(iter(of)) for name, of in keys.items() if len(of) == 1 and name not in owner.split()}


_NEAR = set(KIN_KEY.values()) | set(ROLE_KEY.values()) | {"pet", "sibling"}


def _of_one(fact: Found, facts: Sequence[Found]) -> Found:
    """``my sister`` and ``Liv`` are one where the owner has one sister: said of her by her name."""
    kin, _ = of_whom(fact.key)
    names = {f.value.partition(" (")[0] for f in facts if f.key == kin and not f.ended}
    if fact.who.lower() in KIN_KEY or fact.who.islower():
        return fact if len(names) != 1 else replace(fact, who=next(iter(names)))
    whole = [name for name in names if name.split()[0] == fact.who.split()[0]]
    return replace(fact, who=whole[0]) if len(whole) == 1 else fact


def _rank(key: str) -> tuple[int, str]:
    """A key's place; what is said of somebody follows them, tastes and plans come last."""
    near, what = of_whom(key)
    if key in _ORDER:
        return (2 * _ORDER.index(key), key)
    if what and near in _ORDER:
        return (2 * _ORDER.index(near) + 1, key)
    return (2 * len(_ORDER) + (key in {"likes", "dislikes"}) + 2 * (key == "plan"), key)


def of_whom(key: str) -> tuple[str, str]:
    """``sister_city`` -> ``("sister", "city")``; what is said of the owner: ``("", key)``."""
    near = max((kin for kin in _NEAR if key.startswith(f"{kin}_") and key not in _NEAR), key=len, default="")
    return (near, key[len(near) + 1 :]) if near else ("", key)


def _given_name(owner: str, said: Sequence[Found], lines: Sequence[Line]) -> Attribute:
    first = owner.split()[0].casefold()
    agreeing = [f.line for f in said if f.value.casefold() in owner.casefold()]
    signed = [line for line in lines if line.own and line.words.strip(" .,!-—").casefold() in {first, owner.casefold()}]
    return Attribute(
        key="name",
        value=owner,
        confidence="VERY_HIGH",
        citations=tuple(line.citation for line in [*agreeing, *signed][:3]),
    )


def _merged(found: Sequence[Found]) -> list[list[Found]]:
    """Facts that give the same value, in order of time; a longer form of a name is the same value."""
    groups: list[list[Found]] = []
    for fact in sorted(found, key=lambda f: (f.valid_from or f.line.day or "", f.line.note.id, f.line.unit.start)):
        same = next((g for g in groups if _same(g[0].value, fact.value)), None)
        if same is None:
            groups.append([fact])
        else:
            same.append(fact)
    return groups


def _same(one: str, other: str) -> bool:
    a, b = one.casefold().removeprefix("the "), other.casefold().removeprefix("the ")
    return a == b or a.split() == b.split()[: len(a.split())] or b.split() == a.split()[: len(b.split())]


def _settled(key: str, groups: list[list[Found]]) -> list[Attribute]:
    """One attribute a value; for a functional key each value ends where the next begins."""
    if key in _FIXED and len(groups) > 1:
        groups = [max(groups, key=lambda g: len({f.line.note.id for f in g}))]
    made = [_attribute(key, group) for group in groups]
    if key in FUNCTIONAL or key.startswith("favourite_") or (of_whom(key)[1] in _OF_PEOPLE and of_whom(key)[0]):
        made = _closed(made)
    return sorted(made, key=lambda a: (a.valid_to is not None, _negative(a.valid_from), a.value))


def _negative(day: str | None) -> tuple[int, ...]:
    return tuple(-ord(c) for c in day or "")


def _closed(made: list[Attribute]) -> list[Attribute]:
    ordered = sorted(made, key=lambda a: (a.valid_from or "", a.valid_to or "9"))
    result = []
    for now, following in zip(ordered, [*ordered[1:], None], strict=True):
        end = now.valid_to
        if following is not None and following.valid_from and (end is None or end > following.valid_from):
            end = following.valid_from
        result.append(msgspec.structs.replace(now, valid_to=end))
    return result


def _attribute(key: str, group: Sequence[Found]) -> Attribute:
    notes = {fact.line.note.id for fact in group}
    level = min(len(notes), 3) if key != "age" else 1
    citations: list[Citation] = []
    telling = [f for f in group if f.value.split()[0] in f.line.words] or list(group)
    for citation in (c for fact in telling for c in fact.citations):
        if citation not in citations:
            citations.append(citation)
    dates = [f.valid_from for f in group if f.valid_from]
    last = group[-1]
    return Attribute(
        key=key,
        value=max((f.value for f in group), key=len),
        confidence=_LEVELS[level],
        citations=tuple(citations[:_MOST_CITATIONS]),
        valid_from=min(dates) if dates else None,
        valid_to=last.valid_to or (last.line.day if last.ended else None) or None,
    )
