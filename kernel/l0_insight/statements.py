"""Assertions, key-value lines, list items -> ``Statement``s with spans, dates and kind; what is not grounded goes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import msgspec

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.dating import validity
from kernel.l0_insight.grounding import is_grounded
from kernel.l0_insight.korean_clauses import Clause, clauses_of
from kernel.l0_insight.layout import Unit
from kernel.l0_insight.sentiment import english_sentiment, is_english_feeling, is_korean_feeling, korean_sentiment
from kernel.memory.marks import plain
from kernel.types import Memory, MemoryKind, Sentiment, Statement

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
_PERSONAL = lx.PERSONAL_KEYS | lx.words("salary wage wages pay email hometown nationality employer favourite favorite")
_KOREAN_PERSONAL = lx.words(
    "월세 집주인 주치의 치과 알레르기 직장 회사 직업 생일 생년월일 이름 별명 주소 집 전화번호 은행 혈액형 배우자 아내 남편 반려동물 팀장 "
    "상사 취미 학교 차 자전거 키 몸무게 보험 연봉 월급 고향 국적 종교"
)
_OF_ME = re.compile(r"\b(?:about me|me|myself|profile|favou?rites|facts|basics)\b|나에 대해|내 정보|프로필|^나$", re.I)
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
        said = clauses_of(words)
        before = about if unit.follows else "owner"
        about = next((c.subject for c in reversed(said) if c.subject), before)
        whole = len(said) == 1
        for clause in said:
            subject = clause.subject or before
            if not clause.subject and subject != "owner":
                continue
            statement = _statement(
                memory, unit, text=words if whole else clause.text, subject=subject if mine or subject != "owner"
                else "the author", relation=clause.relation, object_=clause.object, kind=_korean_kind(clause),
                negated=clause.negated, past=clause.past, dated="" if whole or clause is said[0] else clause.text,
                sentiment=korean_sentiment(clause.stem, clause.object, negated=clause.negated),
            )  # fmt: skip
            if all(part in words for part in clause.object.split()):
                found.append(statement)
            else:
                dropped += 1
    return _numbered(found), dropped


def _from_assertion(memory: Memory, unit: Unit, said: Assertion, words: str) -> Statement:
    sentiment = english_sentiment(said.subject, said.relation, said.object, said.text, negated=said.negated)
    felt = bool(sentiment) and said.subject == "owner" and is_english_feeling(said.relation, said.object)
    return _statement(
        memory, unit, text=said.text, subject=said.subject, relation=said.relation, object_=said.object,
        kind="emotional" if felt else _kind(said), negated=said.negated, past=said.past, dated=words,
        sentiment=sentiment,
    )  # fmt: skip


def _from_pair(memory: Memory, unit: Unit, *, mine: bool) -> Iterator[Statement]:
    """``Rent: 640 a month`` says something of the owner; ``Budget: 75`` in a meeting's notes of the meeting."""
    key = plain(unit.key)
    words = key.lower().split()
    about = unit.section or memory.note.title
    meeting = bool(_MEETING.search(memory.note.title)) or any(_MEETING.search(t) for t in memory.note.tags)
    personal = bool(set(words) & _PERSONAL) or words[:1] == ["my"] or key in _KOREAN_PERSONAL
    if set(words) & {"favourite", "favorite"} or key.startswith("좋아하는"):
        personal = bool(_OF_ME.search(about))
    if _is_somebody(key):
        subject, relation = key, "be"
    elif mine and personal and not (meeting or unit.section or _is_somebody(memory.note.title)):
        subject, relation = "owner", key.lower().removeprefix("my ")
    elif about:
        subject, relation = about, key.lower()
    else:
        return
    yield _statement(
        memory, unit, text=plain(unit.text), subject=subject, relation=relation, object_=plain(unit.value),
        kind="semantic", negated=False, past=False,
    )  # fmt: skip


def _is_somebody(name: str) -> bool:
    """``Maryam``, ``my brother``: lines under it are not the owner's."""
    return bool(name) and (name.split()[0] in lx.NAMES or bool(set(name.lower().split()) & lx.KIN))


def _from_item(memory: Memory, unit: Unit, *, mine: bool) -> Iterator[Statement]:
    """A fragment in a list: what the list is called says what it is to the owner."""
    name = unit.section or memory.note.title
    words = plain(unit.text)
    if words.endswith("?") or not name:
        return
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
    negated: bool, past: bool, dated: str = "", sentiment: Sentiment = "",
) -> Statement:  # fmt: skip
    known = memory.note.happened_from not in {"mtime", "unknown", "text"}  # a file's time says when it was copied
    start, end = validity(dated or plain(unit.text), memory.note.happened_at if known else None, past=past)
    return Statement(
        id="", note_id=memory.note.id, span=unit.span, text=text, kind=kind, subject=subject, relation=relation,
        object=object_, entities=_names(object_), valid_from=start, valid_to=end, negated=negated,
        sentiment=sentiment,
    )  # fmt: skip


def _kind(said: Assertion) -> MemoryKind:
    verb = said.relation.split()[0]
    first = said.object.lower().split()[:2]
    if verb in _FEELING or (verb in {"be", "feel", "get"} and set(first) & _FEELING):
        return "emotional"
    if verb in _REFLECTING or said.planned:
        return "reflective"
    if verb in {"be", "have", "go"} and first[:1] == ["to"]:
        return "reflective"  # "I have to find a mattress" is a plan, not a fact
    if (said.past or said.perfect) and verb not in _STATES:
        return "episodic"
    return "episodic" if said.past else "semantic"


def _korean_kind(said: Clause) -> MemoryKind:
    if is_korean_feeling(said.stem):
        return "emotional"
    if said.planned:
        return "reflective"
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
