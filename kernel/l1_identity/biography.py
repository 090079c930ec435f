"""The biography: the owner's own sentences that say most of who they are, in three voices, each with its evidence."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Literal

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.attributes import facts
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.voice import turnable, turned, turned_pair
from kernel.types import Attribute, Biography, Cited, Statement

_LONGEST = 14
_SHORT = 3
_TELLING = 3.0
"""A fact of the owner and either an identity verb or a relative: less is a moment, not a life."""
_MOST_WORDS, _FEWEST_WORDS = 34, 4
_KEYS = [
    "name",
    "occupation",
    "employer",
    "home_city",
    "address",
    "partner",
    "son",
    "daughter",
    "sister",
    "brother",
    "mother",
    "father",
    "grandmother",
    "grandfather",
    "pet",
    "languages",
    "instrument",
    "allergy",
    "birthday",
    "age",
    "granddaughter",
    "grandson",
    "niece",
    "nephew",
    "aunt",
    "uncle",
    "cousin",
    "manager",
    "likes",
    "dislikes",
]
_MANY = {"son", "daughter", "sister", "brother", "pet", "languages", "instrument", "likes", "dislikes"}
_A_KEY = 2
"""At most so many sentences for one kind of fact."""
_IDENTITY = re.compile(
    r"\bI(?: am|'m|’m| have been|'ve been) (?:an?|the|from|in [A-Z]\w+|allergic|married|\d|afraid|learning)\b|"
    r"\bI (?:live|work|study|teach|play|speak|grew up|was born|run|keep|own|have (?:two|three|an?|one)|believe|love|"
    r"like|hate|can't stand|never|always|prefer|sing|cook|drink|swim|collect)\b|^(?:나는|저는)\s"
)
_FLEETING = re.compile(
    r"\b(?:today|yesterday|tonight|this (?:morning|week|evening|afternoon|year)|last (?:night|week|month)|tomorrow|"
    r"on (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b|오늘|어제|내일|이번",
    re.I,
)
_FIRST_EN = re.compile(r"\b(?:I|[Mm]y|[Oo]ur)\b")
_FIRST_KO = re.compile(r"(?:^|\s)(?:나는|저는|내|제|나도|저도|우리)\s")
_WEIGHT = {"semantic": 2.0, "emotional": 1.5, "reflective": 0.8, "episodic": 0.3, "procedural": 0.0}


def biography(lines: Sequence[Line], attributes: Sequence[Attribute], owner: str) -> Biography:
    """Empty where the notes say nothing of their owner outright."""
    chosen = _chosen(lines, attributes)
    if not chosen:
        return Biography()
    names = [owner, *[first_name(owner)] * (len(chosen) - 1)]
    return Biography(
        first_person=tuple(cited(line, "first", owner) for line in chosen),
        second_person=tuple(cited(line, "second", owner) for line in chosen),
        third_person=tuple(cited(line, "third", name) for line, name in zip(chosen, names, strict=True)),
        short=min(_SHORT, len(chosen)),
    )


def first_name(owner: str) -> str:
    """``Amara`` of ``Amara Okafor``; a Korean name stays whole."""
    return owner.split()[0] if owner.split() else owner


def cited(line: Line, person: Literal["first", "second", "third"], owner: str) -> Cited:
    """One sentence in one voice with its evidence."""
    if person == "first":
        text = line.words
    elif line.unit.kind == "pair":
        text = turned_pair(line.unit.key, line.words, person, owner)
    else:
        text = turned(line.words, person, owner)
    return Cited(text=text, citations=(line.citation,))


def telling(line: Line) -> float:
    """How much a sentence says of what its owner is; 0 where it must not stand in an identity."""
    if not speaks_of_owner(line):
        return 0.0
    words = line.words.split()
    score = sum(_weight(s) for s in line.statements if s.subject == "owner")
    score += 2.0 if _IDENTITY.search(line.words) else 0.0
    score += 1.0 if {w.strip(".,'’s").lower() for w in words} & lx.KIN else 0.0
    score -= 1.5 if _FLEETING.search(line.words) else 0.0
    score -= max(0, len(words) - 22) * 0.1
    return max(score, 0.05)


def speaks_of_owner(line: Line) -> bool:
    """The owner's own whole sentence in the first person that can be read by itself."""
    length = len(line.words.split())
    korean = any("가" <= c <= "힣" for c in line.words)
    first = _FIRST_KO.search(line.words) if korean else _FIRST_EN.search(line.words)
    if not line.own or first is None or length > _MOST_WORDS or length < (2 if korean else _FEWEST_WORDS):
        return False
    quoted = any(c in line.words for c in '"“”「」')
    return line.unit.kind == "prose" and line.stands_alone and not quoted and "?" not in line.words


def _weight(statement: Statement) -> float:
    return _WEIGHT[statement.kind]


def _chosen(lines: Sequence[Line], attributes: Sequence[Attribute]) -> list[Line]:
    """Sentences behind the attributes that hold now, by rank of the attribute; then the most telling others."""
    holding = {(a.key, c.note_id, c.span) for a in attributes if not a.valid_to for c in a.citations}
    over = {(c.note_id, c.span) for a in attributes if a.valid_to and a.key not in {"age"} for c in a.citations}
    chosen: list[Line] = []
    for key in _KEYS:
        behind = [line for line in lines if (key, line.note.id, line.unit.span) in holding]
        behind = [line for line in behind if speaks_of_owner(line) or (line.own and line.unit.kind == "pair")]
        behind = [line for line in behind if any(f.key == key for f in facts(line))]
        behind.sort(key=lambda line: (line.unit.kind == "pair", _best(line)))
        chosen += [line for line in behind if line not in chosen][: _A_KEY if key in _MANY else 1]
    free = [line for line in lines if (line.note.id, line.unit.span) not in over]
    _add(
        chosen,
        sorted((line for line in free if telling(line) >= _TELLING and turnable(line.words)), key=_best),
        _LONGEST,
    )
    return chosen[:_LONGEST]


def _add(chosen: list[Line], others: Iterable[Line], up_to: int) -> None:
    """At most one more sentence of a note that nothing was chosen from yet."""
    notes = {line.note.id for line in chosen}
    for line in others:
        if len(chosen) < up_to and line.note.id not in notes:
            chosen.append(line)
            notes.add(line.note.id)


def _best(line: Line) -> tuple[float, str, str, int]:
    """Most telling first; of equals the newest."""
    newest = "".join(chr(0x10FFFF - ord(c)) for c in line.day)
    return (-telling(line), newest, line.note.id, line.unit.start)
