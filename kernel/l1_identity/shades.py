"""Topics -> shades: a side of a person with what they say of it, its dated events and how sure it is."""

from __future__ import annotations

import datetime as dt
import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from kernel.l1_identity.biography import cited, first_name, speaks_of_owner, telling
from kernel.l1_identity.evidence import Line
from kernel.types import Confidence, Identity, Shade, TimelineEvent, Topic

_SENTENCES = 4
_EVENTS = 24
_LEVELS: tuple[Confidence, ...] = ("VERY_LOW", "LOW", "MEDIUM", "HIGH", "VERY_HIGH")
_ASPECTS: dict[str, tuple[str, str]] = {
    "family": ("👪", "family mother father mum dad mamma papa sister brother son daughter grandmother wife husband child baby twin nonna cousin aunt uncle wedding 가족 엄마 아빠 동생 할머니 부모님"),
    "work": ("💼", "work job office boss meeting project client shift salary colleague deadline budget shop workshop ward placement sprint release team customer 일 회사 회의 팀 업무 출근"),
    "learning": ("📚", "school study exam course class teacher lesson university thesis book reading read library language 공부 학교 책 시험 수업"),
    "home": ("🏠", "home house flat apartment rent landlord kitchen room move moving garden roof well boiler 집 이사 월세 방"),
    "health": ("🩺", "health doctor knee back heart blood hospital wrist sleep pill clinic physio pain asthma allergy dentist 건강 병원 약 운동"),
    "money": ("💰", "money budget savings saving debt bank price tax cost income bill 돈 저축 은행 월급"),
    "food": ("🍲", "food recipe cook cooking bread cake soup tea coffee dinner bake flour spice restaurant 요리 음식 커피 국 밥"),
    "music": ("🎵", "music choir band song piano violin guitar drum concert sing trombone bass festival fiddle 음악 노래 피아노 기타"),
    "sport": ("🏃", "sport run running swim swimming climb climbing bike volleyball football match training dive race 운동 수영 달리기 등산"),
    "animals": ("🐾", "dog cat tortoise goldfish parrot bee hive sheep lamb horse vet animal 고양이 강아지 개"),
    "travel": ("🧭", "travel trip train flight holiday packing boat island mountain sea city visit 여행 기차 비행기 바다"),
    "faith": ("🕯️", "church mosque prayer faith choir mass easter ramadan eid temple 교회 절 기도"),
    "love": ("❤️", "partner love girlfriend boyfriend date kiss marriage divorce 남자친구 여자친구 사랑 결혼"),
    "friends": ("🫂", "friend flatmate neighbour party guest 친구 이웃"),
    "craft": ("🛠️", "tool wood glue varnish repair build camera photograph paint knit sew code 만들기 사진 그림"),
    "views": ("💭", "opinion opinions view views think believe taste favourite likes dislikes 생각 의견"),
}  # fmt: skip
_WORDS = {word: aspect for aspect, (_, words) in reversed(_ASPECTS.items()) for word in words.split()}


def shades(topics: Sequence[Topic], lines: Sequence[Line], owner: str, previous: Identity | None) -> list[Shade]:
    """One shade for each topic in which the owner says something; largest topic first."""
    old = {shade.topic_id: shade.id for shade in (previous.shades if previous else ())}
    days = [line.day for line in lines if line.day]
    newest = max(days, default="")
    made = []
    for topic in topics:
        core = set(topic.note_ids[: topic.core])
        within = [line for line in lines if line.note.id in set(topic.note_ids) and line.own]
        said = _said([line for line in within if line.note.id in core]) or _said(within)
        events = _timeline(within)
        if not said and not events:
            continue
        aspect = _aspect(topic, within)
        identity = old.get(topic.id) or "sh_" + hashlib.sha256(topic.id.encode()).hexdigest()[:10]
        made.append(
            Shade(
                id=identity,
                topic_id=topic.id,
                name=", ".join(topic.keyphrases[:2]) or aspect,
                aspect=aspect,
                icon=_ASPECTS[aspect][0] if aspect in _ASPECTS else "🔹",
                first_person=tuple(cited(line, "first", owner) for line in said),
                second_person=tuple(cited(line, "second", owner) for line in said),
                third_person=tuple(cited(line, "third", first_name(owner)) for line in said),
                timeline=tuple(events),
                confidence=confidence([line.note.id for line in within], [line.day for line in within], newest),
            )
        )
    return made


def confidence(note_ids: Sequence[str], days: Sequence[str], newest: str) -> Confidence:
    """From how many notes, over how long, how lately: one point each for 3 and 6 notes, 90 days, the last half year."""
    notes = len(set(note_ids))
    dated = sorted(d for d in days if len(d) == 10)
    points = (notes >= 3) + (notes >= 6)
    if dated:
        first, last = dt.date.fromisoformat(dated[0]), dt.date.fromisoformat(dated[-1])
        points += (last - first).days >= 90
        points += len(newest) == 10 and (dt.date.fromisoformat(newest) - last).days <= 183
    return _LEVELS[min(points, 4)]


def _said(lines: Sequence[Line]) -> list[Line]:
    """The most telling sentences, at most one of a note, in the order of time."""
    best: dict[str, Line] = {}
    for line in lines:
        if speaks_of_owner(line) and (line.note.id not in best or telling(line) > telling(best[line.note.id])):
            best[line.note.id] = line
    chosen = sorted(best.values(), key=lambda line: (-telling(line), line.note.id))[:_SENTENCES]
    return sorted(chosen, key=lambda line: (line.day, line.note.id))


def _timeline(lines: Sequence[Line]) -> list[TimelineEvent]:
    """One dated event a note: its most telling sentence that says when, or that the note's day dates."""
    by_note: dict[str, list[Line]] = {}
    for line in lines:
        readable = line.stands_alone or line.resolved != line.words
        if line.day and line.statements and line.unit.kind == "prose" and readable:
            by_note.setdefault(line.note.id, []).append(line)
    events = []
    for group in by_note.values():
        line = max(group, key=lambda line: (_episodic(line) > 0, telling(line), -line.unit.start))
        when = next((s.valid_from for s in line.statements if s.valid_from), None) or line.day
        events.append(TimelineEvent(when=when, text=line.resolved, citation=line.citation))
    events.sort(key=lambda event: (event.when, event.citation.note_id))
    return events[-_EVENTS:]


def _episodic(line: Line) -> int:
    return sum(s.kind == "episodic" for s in line.statements)


def _aspect(topic: Topic, lines: Sequence[Line]) -> str:
    votes: Counter[str] = Counter()
    for phrase in topic.keyphrases:
        for word in re.findall(r"\w+", phrase.lower()):
            if word in _WORDS:
                votes[_WORDS[word]] += 2
    for note in {line.note.id: line.note for line in lines}.values():
        for word in {*(t.lower() for t in note.tags), *re.findall(r"\w+", note.title.lower())}:
            if word in _WORDS:
                votes[_WORDS[word]] += 1
    return min(votes, key=lambda a: (-votes[a], a)) if votes else "life"
