"""Topics -> shades: a side of a person with what they say of it, its dated events and how sure it is."""

from __future__ import annotations

import hashlib
import re
from collections import Counter
from collections.abc import Sequence

from kernel.l1_identity.attributes import attributes
from kernel.l1_identity.biography import cited, first_name, fleeting, speaks_of_owner, telling
from kernel.l1_identity.certainty import confidence, evidence_of
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.key_values import says_alone
from kernel.l1_identity.merging import Side, merged, same_said
from kernel.l1_identity.voice import turnable
from kernel.types import Attribute, Identity, Mark, Shade, TimelineEvent, Topic

_SENTENCES, _OF_A_NOTE = 6, 2
_EVENTS, _EVENTS_OF_A_NOTE = 40, 2
_ENOUGH, _AT_LEAST = 1.0, 3
"""``telling`` below which a sentence stands in a shade only if it has fewer than so many better ones."""
_SAME_SHADE = 0.3
"""Share of the notes of an older shade and a new topic that both have: one side of the person."""
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

Place = tuple[str, int]
"""A sentence by its note and where it ends there: what says who is meant may be cited with it."""


def shades(
    topics: Sequence[Topic],
    lines: Sequence[Line],
    owner: str,
    previous: Identity | None,
    known: Sequence[Attribute] | None = None,
    marks: Sequence[Mark] = (),
) -> list[Shade]:
    """One shade for each topic in which the owner says something, overlapping ones joined; largest topic first.

    A shade goes on from that of ``previous`` with its topic (or most of its notes): its id and those of its events stay
    whose notes still say them, and what is pinned in it. ``known``: the attributes (made here where they are not given);
    what they say is over is told by the timeline alone.
    """
    known = attributes(lines, owner) if known is None else known
    over = _over(known)
    held = {(c.note_id, c.span.end) for one in known if not one.valid_to for c in one.citations}
    pinned = {(mark.note_id, mark.span.end) for mark in marks if mark.kind == "pin"}
    struck = {(mark.note_id, mark.span.end) for mark in marks if mark.kind == "strike"}
    told = [line for line in lines if line.own and (line.note.id, line.unit.end) not in struck]
    newest = max((line.day for line in lines), default="")
    sides = [side for side in _sides(topics, told, previous) if side.lines]
    made: list[Shade] = []
    for side in merged(sides):
        core = {note for topic in side.topics for note in topic.note_ids[: topic.core]}
        standing = [line for line in side.lines if (line.note.id, line.unit.end) not in over]
        said = _said([line for line in standing if line.note.id in core], pinned, held) or _said(standing, pinned, held)
        events = _timeline(side)
        if not said and not events:
            continue
        topic = side.topics[0]
        made.append(
            Shade(
                id=side.old.id if side.old else "sh_" + hashlib.sha256(topic.id.encode()).hexdigest()[:10],
                topic_id=topic.id,
                name=_name(side, {shade.name for shade in made}),
                aspect=side.aspect,
                icon=_ASPECTS[side.aspect][0] if side.aspect in _ASPECTS else "🔹",
                first_person=tuple(cited(line, "first", owner) for line in said),
                second_person=tuple(cited(line, "second", owner) for line in said),
                third_person=tuple(cited(line, "third", first_name(owner)) for line in said),
                timeline=tuple(events),
                confidence=confidence(evidence_of(side.lines, over, newest)),
            )
        )
    return made


def _over(known: Sequence[Attribute]) -> set[Place]:
    """Sentences that only say what is over; of ages the birthday's sentence may still be told."""
    holding = {(c.note_id, c.span.end) for one in known if not one.valid_to for c in one.citations}
    return {
        (c.note_id, c.span.end) for one in known if one.valid_to and one.key != "age" for c in one.citations
    } - holding


def _sides(topics: Sequence[Topic], lines: Sequence[Line], previous: Identity | None) -> list[Side]:
    old = list(previous.shades) if previous else []
    ids = {topic.id for topic in topics}
    found = []
    for topic in topics:
        within = tuple(line for line in lines if line.note.id in set(topic.note_ids))
        before = next((shade for shade in old if shade.topic_id == topic.id), None) or _by_notes(topic, old, ids)
        if before is not None:
            old.remove(before)
        found.append(Side((topic,), _aspect(topic, within), within, before))
    return found


def _by_notes(topic: Topic, old: Sequence[Shade], topics: set[str]) -> Shade | None:
    """The older shade, of no topic that still is, whose notes are most of this topic's."""
    best, chosen = _SAME_SHADE, None
    for shade in old:
        told = {c.note_id for said in shade.first_person for c in said.citations}
        told |= {event.citation.note_id for event in shade.timeline}
        share = len(told & set(topic.note_ids)) / max(len(told | set(topic.note_ids)), 1)
        if shade.topic_id not in topics and share >= best:
            best, chosen = share, shade
    return chosen


def _said(lines: Sequence[Line], pinned: set[Place], held: set[Place]) -> list[Line]:
    """What is pinned and the most telling sentences, few of one note and none twice, in the order of time.

    Of key-value lines those in ``held``: an attribute stands on them.
    """
    chosen = [line for line in lines if (line.note.id, line.unit.end) in pinned]
    of_note = Counter(line.note.id for line in chosen)
    pairs = [
        line
        for line in lines
        if line.unit.kind == "pair" and (line.note.id, line.unit.end) in held and says_alone(line)
    ]
    spoken = sorted((line for line in lines if speaks_of_owner(line)), key=lambda line: (-telling(line), line.note.id))
    for line in [*spoken, *pairs]:
        full = len(chosen) >= _SENTENCES or of_note[line.note.id] >= _OF_A_NOTE
        few = len(chosen) < _AT_LEAST
        weak = line in spoken and (
            (not few and (telling(line) < _ENOUGH or not turnable(line.words))) or (bool(chosen) and fleeting(line))
        )
        if full or weak or line in chosen or any(same_said(line.words, other.words) for other in chosen):
            continue
        chosen.append(line)
        of_note[line.note.id] += 1
    return sorted(chosen, key=lambda line: (line.day, line.note.id, line.unit.start))


def _timeline(side: Side) -> list[TimelineEvent]:
    """Up to two dated events a note (what happened, and what says its own date), and those of the older shade."""
    by_note: dict[str, list[Line]] = {}
    for line in side.lines:
        readable = line.stands_alone or line.resolved != line.words
        if line.day and line.statements and line.unit.kind == "prose" and readable:
            by_note.setdefault(line.note.id, []).append(line)
    events: dict[Place, TimelineEvent] = {}
    for group in by_note.values():
        ranked = sorted(group, key=_eventful, reverse=True)
        dated = [line for line in ranked[1:] if _when(line) != line.day and not _is_quotation(line)]
        for line in [ranked[0], *dated][:_EVENTS_OF_A_NOTE]:
            event = TimelineEvent(when=_when(line), text=line.resolved, citation=line.passage)
            events[line.note.id, line.unit.end] = event
    for event in side.old.timeline if side.old else ():
        cites = event.citation
        said = next((line for line in side.lines if line.note.id == cites.note_id), None)
        if said is not None and said.note.text[cites.span.start : cites.span.end] == cites.quote:
            events.setdefault((cites.note_id, cites.span.end), event)
    ordered = sorted(events.values(), key=lambda event: (event.when, event.citation.note_id, event.citation.span.start))
    return ordered[-max(_EVENTS, len(side.old.timeline) if side.old else 0) :]


def _when(line: Line) -> str:
    return next((s.valid_from for s in line.statements if s.valid_from), None) or line.day


def _eventful(line: Line) -> tuple[bool, bool, float, int]:
    happened = any(s.kind == "episodic" for s in line.statements)
    return (not _is_quotation(line), happened, telling(line), -line.unit.start)


def _is_quotation(line: Line) -> bool:
    return any(c in line.words for c in '"“”「」')


def _name(side: Side, taken: set[str]) -> str:
    """Its topics' label, else a phrase of theirs that several notes say as it is; none that another shade has."""
    labels = [part for topic in side.topics for part in re.split(r",\s*", topic.label)]
    phrases = [phrase for topic in side.topics for phrase in topic.keyphrases]
    notes = {line.note.id: line.note for line in side.lines}.values()
    texts = [f"{note.title}\n{note.text}\n{' '.join(note.tags)}".casefold() for note in notes]

    def held(phrase: str) -> int:
        end = r"(?!\w)" if phrase.isascii() else ""
        said = re.compile(rf"(?<!\w){re.escape(phrase.casefold())}{end}")
        return 0 if not phrase or _shown(phrase) in taken else sum(bool(said.search(text)) for text in texts)

    wanted = [*(p for p in labels if held(p)), *(p for p in phrases if held(p) > 1), *(p for p in phrases if held(p))]
    if wanted:
        return _shown(wanted[0])
    numbered = (side.aspect.capitalize() + (f" {n}" if n else "") for n in [0, *range(2, len(taken) + 3)])
    return next(name for name in numbered if name not in taken)


def _shown(phrase: str) -> str:
    """``then-and-now`` -> ``Then and now``"""
    return phrase[:1].upper() + phrase[1:].replace("-", " ")


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
