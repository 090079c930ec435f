"""Korean statements -> questions: the question word stands where the answer stood. Runs in the worker child.

Korean asks without moving anything ("영도에서 살았다" -> "어디에서 살았나요?"), so one noun phrase is replaced and the
ending turned into a question. Only simple sentences: one predicate, and a phrase that nothing modifies.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kernel.exam.asking import Wording
from kernel.exam.rules import Draft
from kernel.exam.structs import Kind, Wanted
from kernel.l0_insight import korean
from kernel.memory.marks import plain
from kernel.memory.words import KINSHIP
from kernel.types import Memory, Statement

if TYPE_CHECKING:
    from kiwipiepy import Token

_NOUNS = {"NNG", "NNP", "SL", "SN", "XSN"}
_PASSING = {"오늘", "어제", "지금", "이제", "그때", "아까", "그날", "요즘", "다시", "또", "아주", "정말", "너무"}
_I = {"나", "저", "내", "제", "우리", "저희"}
_VAGUE = {"그", "이", "그것", "이것", "여기", "거기", "그녀", "그들", "이렇게", "그렇게", "것", "거", "그거", "이거"}
_WHEN_KEYS = re.compile(r"(?:생일|날짜|마감|마감일|기념일|이삿날|개강|시작)$")
_PRICE_KEYS = re.compile(r"(?:월세|가격|값|비용|회비|요금|보증금|월급|시급|용돈)$")
_WHO_KEYS = re.compile(
    r"(?:선생님|담임|사장님|사장|집주인|의사|주치의|치과|강사|매니저|팀장|룸메이트|친구|이모|삼촌|고모)$"
)
_DATE = re.compile(r"(\d{1,2})\s*월\s*(\d{1,2})\s*일")


def korean_drafts(statement: Statement, memory: Memory) -> Iterator[Draft]:
    """Questions for one Korean statement."""
    words = plain(memory.note.text[statement.span.start : statement.span.end])
    key, colon, value = words.partition(":")
    if colon and len(key.split()) <= 2 and value.strip():
        yield from _pair(key.strip(), value.strip(), statement)
        return
    tokens = list(korean.load().tokenize(words.rstrip(" .!?。")))
    if len(words.split()) > 12 or statement.negated or not _simple(tokens):
        return
    own = statement.subject == "owner"
    if not own and not korean.has_subject(words):
        return  # whose doing it was stands in another sentence
    for start, stop, question, answer, kind, worth in _parts(tokens, words):
        if any(t.form in _VAGUE for t in [*tokens[:start], *tokens[stop:]]):
            continue
        text = _asked(tokens, words, start, stop, question)
        if text:
            yield Draft(_wording(text, own=own), answer, kind, f"ko {question}", worth)


def _pair(key: str, value: str, statement: Statement) -> Iterator[Draft]:
    first = re.split(r"[,;(.]", value, maxsplit=1)[0].strip()
    own = statement.subject == "owner"
    if not own and statement.subject != key and not KINSHIP.get(key):
        return  # a pair of a list: what it is about stands in the title
    subject = _with_particle(key, "이", "가")
    if _WHEN_KEYS.search(key) and (date := _DATE.search(value)):
        answer: Wanted = (f"{date[1]}월", f"{date[2]}일")
        yield Draft(_wording(f"{subject} 언제예요", own=own), (answer,), "time", "ko pair when", 0.9)
    elif _PRICE_KEYS.search(key) and re.search(r"\d", first):
        yield Draft(_wording(f"{subject} 얼마예요", own=own), (first,), "fact", "ko pair price", 0.9)
    elif _WHO_KEYS.search(key):
        yield Draft(_wording(f"{subject} 누구예요", own=own), (first,), "fact", "ko pair who", 0.8)
    elif len(first) <= 16 and len(first.split()) <= 3:
        yield Draft(_wording(f"{subject} 뭐예요", own=own), (first,), "fact", "ko pair what", 0.7)


def _wording(text: str, *, own: bool) -> Wording:
    """Asked of the owner Korean names nobody; asked by the owner it says "제"."""
    asked = text + "?"
    mine = f"{'제' if re.match(r'[^ ]+[이가] (?:언제|얼마|누구|뭐)예요$', text) else '제가'} {asked}" if own else asked
    return Wording(asked, mine, f"{asked.removesuffix('?')}? 알려 주세요.", mine)


def _simple(tokens: Sequence[Token]) -> bool:
    """One predicate in a declarative ending, or a connected one with a helping verb."""
    if not tokens or tokens[-1].tag != "EF" or tokens[-1].form.startswith(("까", "나", "니", "자", "라", "지")):
        return False
    endings = [i for i, t in enumerate(tokens[:-1]) if t.tag == "EC"]
    return all(tokens[i + 1].tag == "VX" for i in endings)


def _parts(tokens: Sequence[Token], words: str) -> Iterator[tuple[int, int, str, tuple[Wanted, ...], Kind, float]]:
    """``(first token, past the last, question word, answer, kind, worth)`` of each phrase that can be asked for."""
    for at, token in enumerate(tokens):
        start = _run(tokens, at)
        if start == at or not _bare(tokens, start):
            continue
        phrase = words[tokens[start].start : tokens[at - 1].end]
        person = tokens[at - 1].tag == "NNP" or bool(KINSHIP.get(tokens[at - 1].form))
        if phrase in _PASSING | _I or len(phrase) < 2:
            continue
        if token.tag == "JKB" and token.form == "에서":
            yield start, at, "어디", (phrase,), "fact", 0.9
        elif token.tag == "JKO":
            yield start, at, "누구" if person and tokens[at - 1].tag != "NNP" else "무엇", (phrase,), "fact", 0.7
        elif token.form in {"와", "과", "랑", "이랑", "하고"} and token.tag == "JKB" and person:
            yield start, at + 1, "누구와", (phrase,), "fact", 0.8
        elif token.tag == "JKS" and person and tokens[at - 1].tag == "NNP":
            yield start, at + 1, "누가", (phrase,), "fact", 0.7
        elif token.tag == "VCP" and at > 1:
            yield start, at, "무엇", (phrase,), "fact", 0.6
    for at in range(len(tokens) - 1):
        numeral, counter = tokens[at], tokens[at + 1]
        counted = (
            numeral.tag in {"SN", "NR", "MM"}
            and counter.tag in {"NNB", "NNG"}
            and numeral.form not in {"한", "그", "이", "저", "첫", "다른", "모든"}
        )
        if (
            counted
            and counter.form not in {"년", "월", "일", "분"}
            and not (at and tokens[at - 1].tag in {"SN", "NR", "MM"})
        ):
            phrase = words[numeral.start : counter.end]
            yield at, at + 1, "몇", (phrase, phrase.replace(" ", "")), "fact", 0.85


def _run(tokens: Sequence[Token], at: int) -> int:
    """Where the run of nouns that ends before ``at`` begins."""
    start = at
    while start > 0 and tokens[start - 1].tag in _NOUNS:
        start -= 1
    return start


def _bare(tokens: Sequence[Token], start: int) -> bool:
    """Whether nothing before the run modifies it."""
    return start == 0 or tokens[start - 1].tag not in {"ETM", "JKG", "MM", "JC", "SP", "SN", "XPN"}


def _asked(tokens: Sequence[Token], words: str, start: int, stop: int, question: str) -> str:
    """The sentence with the phrase replaced and a question's ending; empty where the ending is not understood."""
    ending = tokens[-1]
    head = words[: tokens[start].start] + question + words[tokens[stop - 1].end : _stem_start(tokens)]
    verb = _verb(tokens)
    if not verb or ending.tag != "EF":
        return ""
    text = _without_opening(f"{head}{verb}")
    text = re.sub(r"(어디|무엇|누구|몇)(에서|을|를|이|가|은|는)", lambda m: m[1] + _fit(m[1], m[2]), text)
    return re.sub(r"\s+", " ", text).strip()


def _stem_start(tokens: Sequence[Token]) -> int:
    at = len(tokens) - 1
    while at > 0 and tokens[at].tag.split("-")[0] in {"EF", "EP", "VX", "EC", "XSV", "XSA", "VCP", "VV", "VA"}:
        at -= 1
        if tokens[at + 1].tag.split("-")[0] in {"VV", "VA", "VCP"}:
            break
    first = at if tokens[at].tag in {"XSV", "XSA"} else at + 1
    return int(tokens[first].start)


def _verb(tokens: Sequence[Token]) -> str:
    """The predicate with the ending of a polite question."""
    from_here = [t for t in tokens if t.start >= _stem_start(tokens) and t.tag != "EF"]
    if not from_here:
        return ""
    past = any(t.tag == "EP" for t in from_here)
    last = next(
        (
            t.tag.split("-")[0]
            for t in reversed(from_here)
            if t.tag.split("-")[0] in {"VV", "VA", "VX", "XSV", "XSA", "VCP"}
        ),
        "",
    )
    adjective = last in {"VA", "XSA"} and not past
    copula = last == "VCP" and not past
    ending = "ᆫ가요" if adjective or copula else "나요"
    joined = korean.load().join([*((t.form, t.tag) for t in from_here), (ending, "EF")])
    return str(joined)


def _without_opening(text: str) -> str:
    """Without "today" and "I" at the front: they are the note's, not the question's."""
    passing = "|".join(sorted(_PASSING, key=len, reverse=True))
    pattern = rf"^(?:(?:{passing})(?:은|는|에|에는)?|나는|저는|난|전|내가|제가|우리는|우리가)\s+"
    while (shorter := re.sub(pattern, "", text)) != text:
        text = shorter
    return text


def _fit(word: str, particle: str) -> str:
    ends_open = (ord(word[-1]) - 0xAC00) % 28 == 0
    pairs = {"을": "를", "이": "가", "은": "는"}
    if ends_open:
        return pairs.get(particle, particle)
    return {v: k for k, v in pairs.items()}.get(particle, particle)


def _with_particle(word: str, closed: str, opened: str) -> str:
    last = word[-1]
    is_open = "가" <= last <= "힣" and (ord(last) - 0xAC00) % 28 == 0
    return word + (opened if is_open else closed)
