"""Assertions, key-value lines, list items -> ``Statement``s with spans, dates and kind; what is not grounded goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from kernel.l0_insight import korean
from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.dating import validity
from kernel.l0_insight.grounding import is_grounded
from kernel.l0_insight.layout import Unit
from kernel.memory.marks import plain
from kernel.types import Memory, MemoryKind, Statement

if TYPE_CHECKING:
    from kernel.l0_insight.clauses import Assertion
    from kernel.l0_insight.resolve import Heard

_FEELING = lx.words(
    "love hate like dislike adore enjoy fear miss cry weep laugh worry dread resent regret prefer loathe detest afraid "
    "scared happy sad angry lonely proud ashamed nervous anxious glad furious jealous homesick grateful"
)
_REFLECTING = lx.words(
    "think believe realise realize wonder hope wish suspect decide learn understand feel mean suppose"
)
_STATES = lx.words(
    "be have own live work study cost weigh know belong want need contain consist stand speak play keep teach"
)
_MEETING = re.compile(r"\b(?:meeting|minutes|agenda|review|kickoff|kick-off|planning|retro|standup)\b|회의", re.I)
_PERSONAL = lx.PERSONAL_KEYS
_OF_A_FIRST_PERSON = re.compile(r"\b(?:I|my|me|mine|I'm|I've)\b")


def english_statements(memory: Memory, heard: Sequence[Heard]) -> tuple[list[Statement], int]:
    """``(statements, dropped)`` in the order of the text."""
    from kernel.l0_insight.clauses import assertions

    found: list[Statement] = []
    dropped = 0
    for sentence in heard:
        unit = sentence.unit
        mine = memory.note.origin == "owner" and unit.kind != "quote"
        made: Iterator[Statement]
        if unit.kind == "pair":
            made = _from_pair(memory, unit, mine=mine)
        elif unit.kind in {"prose", "quote", "item"}:
            said = list(assertions(sentence, heard[unit.index - 1] if unit.follows else None, mine=mine))
            spoken = [_from_assertion(memory, unit, a, plain(unit.text) if len(said) == 1 else a.text) for a in said]
            made = iter(spoken) if spoken or unit.kind != "item" else _from_item(memory, unit, mine=mine)
        else:
            continue
        for statement in made:
            evidence = f"{_evidence(memory, heard, unit)} {memory.note.title} {unit.section}"
            about = "" if statement.subject in {"owner", "the author"} else statement.subject
            if is_grounded(f"{statement.text} {about} {statement.object}", evidence):
                found.append(statement)
            else:
                dropped += 1
    return _numbered(found), dropped


def korean_statements(memory: Memory, layout: Sequence[Unit]) -> tuple[list[Statement], int]:
    """The same for Korean. A sentence without a subject is the owner's only while nobody else is spoken of."""
    found: list[Statement] = []
    dropped = 0
    about = "owner"
    for unit in layout:
        if unit.kind == "heading":
            continue
        mine = memory.note.origin == "owner" and unit.kind != "quote"
        if unit.kind == "pair":
            found += _from_pair(memory, unit, mine=mine)
            continue
        words = plain(unit.text)
        read = korean.read(words)
        about = read.subject or (about if unit.follows else "owner")
        subject = about if mine or about != "owner" else "the author"
        if not read.relation or (not read.subject and about != "owner"):
            continue
        statement = _statement(
            memory, unit, text=words, subject=subject, relation=read.relation, object_=read.object,
            kind="emotional" if read.feeling else "episodic" if read.past else "semantic",
            negated=read.negated, past=read.past,
        )  # fmt: skip
        if all(part in words for part in read.object.split()):
            found.append(statement)
        else:
            dropped += 1
    return _numbered(found), dropped


def _from_assertion(memory: Memory, unit: Unit, said: Assertion, words: str) -> Statement:
    return _statement(
        memory, unit, text=said.text, subject=said.subject, relation=said.relation, object_=said.object,
        kind=_kind(said), negated=said.negated, past=said.past, dated=words,
    )  # fmt: skip


def _from_pair(memory: Memory, unit: Unit, *, mine: bool) -> Iterator[Statement]:
    """``Rent: 640 a month`` says something of the owner; ``Budget: 75`` in a meeting's notes of the meeting."""
    key = plain(unit.key)
    words = key.lower().split()
    about = unit.section or memory.note.title
    kin = bool(set(words) & lx.KIN)
    somebody = key.split()[0] in lx.NAMES or kin
    meeting = bool(_MEETING.search(memory.note.title)) or any(_MEETING.search(t) for t in memory.note.tags)
    if somebody:
        subject, relation = key, "be"
    elif mine and not meeting and not unit.section and (set(words) & _PERSONAL or words[:1] == ["my"]):
        subject, relation = "owner", key.lower().removeprefix("my ")
    else:
        subject, relation = about, key.lower()
    yield _statement(
        memory, unit, text=plain(unit.text), subject=subject, relation=relation, object_=plain(unit.value),
        kind="semantic", negated=False, past=False,
    )  # fmt: skip


def _from_item(memory: Memory, unit: Unit, *, mine: bool) -> Iterator[Statement]:
    """A fragment in a list: what the list is called says what it is to the owner."""
    name = unit.section or memory.note.title
    words = plain(unit.text)
    subject = "owner" if mine and not _MEETING.search(memory.note.title) else name
    kind: MemoryKind = (
        "procedural" if re.search(r"recipe|how to|packing|rules|shopping|todo|list", name, re.I) else "semantic"
    )
    yield _statement(
        memory,
        unit,
        text=words,
        subject=subject,
        relation=name.lower(),
        object_=words,
        kind=kind,
        negated=False,
        past=False,
    )


def _statement(
    memory: Memory, unit: Unit, *, text: str, subject: str, relation: str, object_: str, kind: MemoryKind,
    negated: bool, past: bool, dated: str = "",
) -> Statement:  # fmt: skip
    known = memory.note.happened_from not in {"mtime", "unknown", "text"}  # a file's time says when it was copied
    start, end = validity(dated or plain(unit.text), memory.note.happened_at if known else None, past=past)
    return Statement(
        id="", note_id=memory.note.id, span=unit.span, text=text, kind=kind, subject=subject, relation=relation,
        object=object_, entities=_names(object_), valid_from=start, valid_to=end, negated=negated,
    )  # fmt: skip


def _kind(said: Assertion) -> MemoryKind:
    verb = said.relation.split()[0]
    first = said.object.lower().split()[:2]
    if verb in _FEELING or (verb in {"be", "feel", "get"} and set(first) & _FEELING):
        return "emotional"
    if verb in _REFLECTING or said.modal:
        return "reflective"
    if verb in {"be", "have", "go"} and first[:1] == ["to"]:
        return "reflective"  # "I have to find a mattress" is a plan, not a fact
    if (said.past or said.perfect) and verb not in _STATES:
        return "episodic"
    return "episodic" if said.past else "semantic"


def _names(text: str) -> tuple[str, ...]:
    found = re.findall(r"(?<![.!?] )\b[A-ZÀ-Þ][\w'’-]+(?:\s+[A-ZÀ-Þ][\w'’-]+)*", text)
    return tuple(dict.fromkeys(n for n in found if n not in {"I", "I'm", "I've"} and n.lower() not in lx.STOP))


def _evidence(memory: Memory, heard: Sequence[Heard], unit: Unit) -> str:
    """The span's own words and, where a pronoun was resolved, the sentences that it was resolved from."""
    own = plain(unit.text)
    if not heard[unit.index].referents and heard[unit.index].subject is None:
        return own
    before = [plain(h.unit.text) for h in heard[max(0, unit.index - 8) : unit.index]]
    return " ".join([own, *before])


def _numbered(found: Sequence[Statement]) -> list[Statement]:
    made = []
    seen: set[str] = set()
    for statement in found:
        place = f"{statement.note_id}\0{statement.span.start}"
        basis = f"{place}\0{statement.subject}\0{statement.relation}\0{statement.object}"
        identity = "st_" + hashlib.sha256(basis.encode()).hexdigest()[:12]
        if identity not in seen:
            seen.add(identity)
            made.append(msgspec.structs.replace(statement, id=identity))
    return made
