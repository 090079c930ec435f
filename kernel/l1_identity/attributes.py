"""Facts of single sentences -> attributes with validity, confidence and evidence; contradictions settled in time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import msgspec

from kernel.l1_identity.english_facts import english_facts, from_pair
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found
from kernel.l1_identity.korean_facts import korean_facts
from kernel.types import Attribute, Citation, Confidence

FUNCTIONAL = {
    "name", "employer", "occupation", "home_city", "address", "partner", "mother", "father", "manager", "birthday",
    "age", "bank", "landlord", "doctor", "dentist", "rent", "vet", "car", "blood_type", "saving_for", "physio",
}  # fmt: skip
"""One value at a time: a later value closes the earlier one. ``favourite_*`` too."""
_FIXED = {"birthday", "mother", "father", "blood_type", "name"}
"""Facts that do not change: of two values the one with more evidence is kept, the earlier one at a tie."""
_ORDER = [
    "name",
    "occupation",
    "employer",
    "manager",
    "home_city",
    "address",
    "partner",
    "mother",
    "father",
    "sister",
    "brother",
    "son",
    "daughter",
    "grandmother",
    "grandfather",
    "aunt",
    "uncle",
    "cousin",
    "niece",
    "nephew",
    "granddaughter",
    "grandson",
    "pet",
    "birthday",
    "age",
    "languages",
    "instrument",
    "allergy",
    "doctor",
]
_LEVELS: tuple[Confidence, ...] = ("LOW", "MEDIUM", "HIGH", "VERY_HIGH")
_MOST_CITATIONS = 5


def attributes(lines: Sequence[Line], owner: str) -> list[Attribute]:
    """All attributes, the most identity-bearing keys first, the value that holds now before those that are over."""
    found = [fact for line in lines if line.own for fact in facts(line)]
    by_key: dict[str, list[Found]] = {}
    for fact in found:
        by_key.setdefault(fact.key, []).append(fact)
    made: list[Attribute] = []
    if owner:
        made.append(_given_name(owner, by_key.pop("name", []), lines))
    for key in sorted(by_key, key=_rank):
        made += _settled(key, _merged(by_key[key]))
    return made


def facts(line: Line) -> Iterator[Found]:
    """What one sentence says of the owner outright."""
    if line.unit.kind == "pair":
        yield from from_pair(line)
        if any("가" <= c <= "힣" for c in line.words):
            return
        yield from english_facts(line)
    elif any("가" <= c <= "힣" for c in line.words):
        yield from korean_facts(line)
    else:
        yield from english_facts(line)


def _rank(key: str) -> tuple[int, str]:
    return (_ORDER.index(key) if key in _ORDER else len(_ORDER) + (key in {"likes", "dislikes"}), key)


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
    if key in FUNCTIONAL or key.startswith("favourite_"):
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
    for fact in telling:
        if fact.line.citation not in citations:
            citations.append(fact.line.citation)
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
