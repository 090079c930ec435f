"""Key-value lines -> what they claim: the same key under the same heading has one value at a time. Not so in lists, in
records of a day, a trip or a meeting, and where the key is a person."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.claims import CONTACTS, MEASURES, ROLES, SUMS, THINGS, Said, first_number, same_name, value_of
from kernel.memory.dates import without_date
from kernel.memory.words import fold
from kernel.types import Note, Statement

_PAIR = re.compile(r"^(?P<key>[^:\n]{1,48}?)\s*:\s+(?P<value>\S.*)$", re.S)
_NO_KINDS = {"mail", "mbox", "calendar", "chatgpt", "claude", "image", "audio", "archive", "html"}
_RECORDS = re.compile(
    r"\b(?:journal|diary|daily|log|logs|today|notes?|untitled|inbox|misc|ideas?|quotes?|books?|reading|films?|movies?|"
    r"trips?|travels?|holidays?|journeys?|visits?|party|birthdays?|weddings?|concerts?|matches|match|"
    r"race|runs?|training|"
    r"lessons?|sessions?|lectures?|interviews?|meetings?|minutes|agenda|standup|retro|planning|review|shopping|packing|"
    r"lists?|to ?dos?|tasks|recipes?|menu|gifts?|presents|scores?|results|diet|meals?|weather|week|"
    r"month|exams?|questions|"
    r"appointments?|calls?|draft|letter|story|novel|poem|dreams?)\b|일기|일지|기록|메모|회의|여행|레시피|목록|장보기|숙제|"
    r"수업|시험|선물|꿈|오늘|독서|운동",
    re.I,
)
"""What a note is called that tells of one occasion or is a list."""
_NO_KEYS = lx.words(
    "date day time when where who what why how note todo task idea mood sleep slept steps weather temperature high low "
    "breakfast lunch dinner supper snack drank ate read reading run ran walk swim swam distance pace km miles calories "
    "today yesterday tomorrow morning evening afternoon night week grateful gratitude highlight "
    "lowlight win next action "
    "decision agenda topic present absent attendees author title rating source link url tag tags summary result score "
    "question answer q a ps p.s re subject from to cc dear pet cat dog favourite favorite name born birthday allergy "
    "likes dislikes example warning remember reminder status update lesson homework page chapter "
    "part step first second "
    "third total sum spent paid bought language hobby instrument day1 monday tuesday wednesday "
    "thursday friday saturday "
    "sunday january february march april may june july august september october november december "
    "날짜 시간 장소 누가 언제 기분 날씨 잠 수면 걸음 아침 점심 저녁 오늘 내일 어제 할일 결정 참석 참석자 제목 저자 평점 출처 요약 질문 답 "
    "고양이 강아지 이름 생일 취미 메모 주의 예 합계 지출"
)
_OF_THE_OWNER = re.compile(
    r"\b(?:me|myself|home|house|flat|apartment|money|finances?|personal|household|work|job|bills|budget|basics|profile|"
    r"facts|life)\b|^(?:나|내 정보|집|우리 집|생활|돈|가계)$",
    re.I,
)
"""Elsewhere a vet may be the cat's, and a rent the workshop's."""
_GONE = re.compile(r"^(?:none|no|nothing|n/?a|tbd|tbc|\?+|-+|yes|done|ok|없음|미정)\.?$", re.I)


def pair_of(said: Statement, words: str) -> tuple[str, str] | None:
    """Key and value if the statement was made of a key-value line. ``words``: the line."""
    m = _PAIR.match(words)
    key = m["key"].strip(" *_").lower() if m else ""
    if m is None or said.relation not in {key, key.removeprefix("my ")}:
        return None
    return key, m["value"].strip()


def pair_claims(note: Note, said: Statement, key: str, value: str) -> Iterator[Said]:
    """As the owner's own where the key is personal, and as its heading's or title's.

    ``key``, ``value``: see ``pair_of``.
    """
    if note.kind in _NO_KINDS or note.segments:
        return
    about = "" if said.subject in {"owner", note.title} else said.subject
    if any(map(_is_record, (note.title, about, *note.tags))) or _is_no_fact(key, value):
        return
    name = same_name(key)
    known = name in ROLES | CONTACTS | SUMS | MEASURES | THINGS | {"job"}
    counted = name in SUMS | MEASURES
    compared = frozenset({first_number(value)} - {""}) if counted else value_of(re.split(r"[;(]|, (?=[a-z])", value)[0])
    title = fold(without_date(note.title)).strip(" -_")
    if said.subject == "owner" and known and _OF_THE_OWNER.search(note.title):
        yield Said(("owner", name), compared, grows=name == "age")
    if title:
        yield Said(("pair", title, fold(about), name), compared, grows=name == "age")


@lru_cache(maxsize=1024)
def _is_record(title: str) -> bool:
    return bool(_RECORDS.search(title))


def _is_no_fact(key: str, value: str) -> bool:
    words = key.split()
    listed = words[-1].endswith("s") and not words[-1].endswith(("ss", "us", "is", "hours", "wages", "address"))
    somebody = key.split()[0].capitalize() in lx.NAMES or bool(set(words) & (lx.KIN - {"partner", "wife", "husband"}))
    return (
        bool(set(words) & _NO_KEYS)
        or listed
        or somebody
        or bool(re.fullmatch(r"[\d.:/ -]+", key))
        or bool(_GONE.match(value))
        or value.endswith("?")
        or len(value.split()) > 12
    )
