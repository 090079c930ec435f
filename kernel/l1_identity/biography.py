"""The biography: the owner's own sentences that say most of who they are, in three voices, each with its evidence."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from typing import Literal

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.attributes import of_whom
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.key_values import says_alone
from kernel.l1_identity.merging import same_said
from kernel.l1_identity.voice import OWN_KIN, sure, turnable, turned, turned_kin, turned_pair
from kernel.types import Attribute, Biography, Cited, Statement

_LONGEST, _SHORT = 18, 3
_OF_A_NOTE, _OF_A_KEY, _OF_OTHERS = 3, 2, 6
"""At most so many sentences of one note, for one kind of fact, and of facts of others near the owner."""
_TELLING, _TOLD, _FULL = 3.0, 2.0, 7
"""A fact of the owner and either an identity verb or a relative: less is a moment, not a life.
A sentence of seven words may have less."""
_MOST_WORDS, _FEWEST_WORDS = 34, 4
_UNTOLD = {"name", "age", "birthday", "plan", "friend", "neighbour", "colleague", "teacher", "vet", "dentist", "physio"}
"""Facts that the attributes carry; a sentence for their sake would be a moment's."""
_WORTH_QUOTING = {
    "occupation", "employer", "business", "home_city", "partner", "mother", "father", "son", "daughter", "sister", "brother",
}  # fmt: skip
"""For other facts a sentence that cannot be turned to the second and third person is left to the attributes."""
_SUBJECTLESS = re.compile(
    r"^(?:Saw|Went|Got|Had|Met|Took|Made|Sang|Bought|Sold|Told|Ran|Swam|Ate|Slept|Came|Left|Put|Gave|Wrote|"
    r"(?!Red\b|Fred\b|Ted\b)[A-Z]\w*ed)\b"
)
_SEVERAL = {"son", "daughter", "sister", "brother", "pet", "languages", "instrument", "likes", "dislikes"}
_IDENTITY = re.compile(
    r"\bI(?: am|'m|’m| have been|'ve been) (?:an?|the|from|in [A-Z]\w+|allergic|married|\d|afraid|learning)\b|"
    r"\bI (?:live|work|study|teach|play|speak|grew up|was born|run|keep|own|have (?:two|three|an?|one)|believe|love|"
    r"like|hate|can't stand|never|always|prefer|sing|cook|drink|swim|collect)\b|^(?:나는|저는)\s"
)
_FLEETING = re.compile(
    r"\b(?:today|yesterday|tonight|this (?:morning|week|evening|afternoon|year)|last (?:night|week|month)|tomorrow|"
    r"(?:on|since) (?:Mon|Tues|Wednes|Thurs|Fri|Satur|Sun)day)\b|오늘|어제|내일|이번",
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
    first = next((i for i, line in enumerate(chosen) if of_owner(line)), 0)
    names = [owner if i == first else first_name(owner) for i in range(len(chosen))]
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
    if not of_owner(line):
        said = line.resolved
        text = said if person == "first" else turned_kin(said, person, owner)
        return Cited(text=text, citations=(line.passage,))
    if person == "first":
        text = _undated(line.words)
    elif line.unit.kind == "pair":
        text = turned_pair(line.unit.key, line.words, person, owner)
    else:
        text = turned(_undated(line.words), person, owner)
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


def fleeting(line: Line) -> bool:
    """Whether it tells of a moment (``this morning``) and not of what lasts."""
    return bool(_FLEETING.search(line.words))


def speaks_of_owner(line: Line) -> bool:
    """The owner's own whole sentence in the first person that can be read by itself."""
    length = len(line.words.split())
    korean = any("가" <= c <= "힣" for c in line.words)
    first = _FIRST_KO.search(line.words) if korean else _FIRST_EN.search(line.words)
    if not line.own or first is None or length > _MOST_WORDS or length < (2 if korean else _FEWEST_WORDS):
        return False
    quoted = any(c in line.words for c in '"“”「」')
    if _SUBJECTLESS.match(line.words):
        return False
    return line.unit.kind == "prose" and line.stands_alone and not quoted and "?" not in line.words


def _weight(statement: Statement) -> float:
    return _WEIGHT[statement.kind]


def of_owner(line: Line) -> bool:
    """Whether it is in the first person or a key-value line, and not only about somebody else."""
    korean = any("가" <= c <= "힣" for c in line.words)
    return line.unit.kind == "pair" or bool((_FIRST_KO if korean else _FIRST_EN).search(line.words))


def _undated(words: str) -> str:
    """``Today I joined Cartolys`` outlives the day: ``I joined Cartolys``."""
    return re.sub(r"^Today,? (?=(?:I|[Ww]e) \w+ed\b)", "", words)


def _chosen(lines: Sequence[Line], attributes: Sequence[Attribute]) -> list[Line]:
    """Sentences behind the attributes that hold now, in the attributes' order; then the most telling others."""
    ends = {(line.note.id, line.unit.end): line for line in lines if line.own}
    over = {(c.note_id, c.span.end) for a in attributes if a.valid_to and a.key != "age" for c in a.citations}
    chosen: list[Line] = []
    keys: Counter[str] = Counter()
    notes: Counter[str] = Counter()
    for one in attributes:
        near, _ = of_whom(one.key)
        kind = "of others" if near else one.key
        most = _OF_OTHERS if near else _OF_A_KEY if one.key in _SEVERAL else 1
        if one.valid_to or one.key in _UNTOLD or one.key.startswith("favourite_") or keys[kind] >= most:
            continue
        behind = [ends[c.note_id, c.span.end] for c in one.citations if (c.note_id, c.span.end) in ends]
        behind = [
            line for line in behind if (line.note.id, line.unit.end) not in over and _tells(line, one.key, chosen)
        ]
        behind.sort(key=lambda line: (line.unit.kind == "pair", _best(line)))
        if behind and (behind[0] in chosen or _add(chosen, behind[0], notes)):
            keys[kind] += 1
    free = [line for line in lines if (line.note.id, line.unit.end) not in over and not fleeting(line)]
    for line in sorted((one for one in free if _fills(one)), key=_best):
        if not notes[line.note.id]:
            _add(chosen, line, notes)
    return _varied(chosen[:_LONGEST])


def _varied(chosen: Sequence[Line]) -> list[Line]:
    """The short form, which is the front, takes one sentence of a note."""
    front: list[Line] = []
    for line in chosen:
        if len(front) < _SHORT and line.note.id not in {one.note.id for one in front} and of_owner(line):
            front.append(line)
    return [*front, *(line for line in chosen if line not in front)]


def _tells(line: Line, key: str, chosen: Sequence[Line]) -> bool:
    """Whether the sentence behind a fact of this key can stand in a biography after those that are chosen."""
    if line.unit.kind == "pair":
        return says_alone(line)
    if fleeting(line) and _undated(line.words) == line.words:
        return False
    if speaks_of_owner(line):
        return key in _WORTH_QUOTING or turnable(line.words)
    near, _ = of_whom(key)
    return bool(near) and not of_owner(line) and _stands(line) and _introduced(line, chosen)


def _fills(line: Line) -> bool:
    """Whether a sentence behind no fact is worth telling."""
    score, length = telling(line), len(line.words.split())
    enough = score >= _TELLING or (score >= _TOLD and length >= _FULL)
    return enough and ";" not in line.words and sure(line.words)


def _introduced(line: Line, chosen: Sequence[Line]) -> bool:
    """``Dad drove a bus`` says who it is; ``Luc bakes`` once ``Luc is my partner`` has been said."""
    first = re.split(r"[\s,]", line.resolved, maxsplit=1)[0]
    if first in OWN_KIN or re.match(r"(?:My|Our) ", line.resolved) is not None:
        return True
    return any(first in re.split(r"[^\w'’-]+", other.words) and of_owner(other) for other in chosen)


_UNTURNED = re.compile(r"[\"“”「」?]|\b(?:we|us|you|your)\b", re.I)


def _stands(line: Line) -> bool:
    """A sentence about somebody near the owner that says who it is."""
    named = line.resolved != line.words or line.stands_alone
    short = _FEWEST_WORDS <= len(line.resolved.split()) <= _MOST_WORDS
    return line.own and line.unit.kind == "prose" and named and short and not _UNTURNED.search(line.words)


def _add(chosen: list[Line], line: Line, notes: Counter[str]) -> bool:
    """Whether it was added: not the same again, not too many of one note."""
    full = len(chosen) >= _LONGEST or notes[line.note.id] >= _OF_A_NOTE
    if full or any(same_said(line.words, other.words) for other in chosen):
        return False
    chosen.append(line)
    notes[line.note.id] += 1
    return True


def _best(line: Line) -> tuple[float, str, str, int]:
    """Most telling first; of equals the newest."""
    newest = "".join(chr(0x10FFFF - ord(c)) for c in line.day)
    return (-telling(line), newest, line.note.id, line.unit.start)
