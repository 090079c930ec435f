"""An identity without what stood on notes that are gone."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TypeVar

import msgspec

from kernel.types import Attribute, Cited, Identity, Note, Recent, Shade, TimelineEvent, Topic

VIEWS = ("first_person", "second_person", "third_person")
_SAID = TypeVar("_SAID", Cited, TimelineEvent)


def still_standing(identity: Identity, notes: Mapping[str, Note]) -> Identity:
    """The identity without whatever may hold words of notes that are not in ``notes`` any more.

    A sentence or event goes with any of its citations, a fact too (the owner's given name alone stays). Of a topic the
    phrases stay that its other notes say. Strict, as the next identity brings back what the rest of the notes tell.
    """
    if made_of(identity) <= notes.keys():
        return identity
    topics = [left for topic in identity.topics if (left := _topic(topic, notes))]
    by_id = {topic.id: topic for topic in topics}
    everything = " ".join(_words_of(note) for note in notes.values())
    shades = [_shade(shade, by_id[shade.topic_id], notes) for shade in identity.shades if shade.topic_id in by_id]
    biography = identity.biography
    return msgspec.structs.replace(
        identity,
        topics=tuple(topics),
        outliers=tuple(i for i in identity.outliers if i in notes),
        shades=tuple(shade for shade in shades if shade.first_person or shade.timeline),
        biography=msgspec.structs.replace(
            biography, **{view: _supported(getattr(biography, view), notes) for view in VIEWS}
        ),
        attributes=tuple(
            kept for one in identity.attributes if (kept := _attribute(one, identity.owner, notes, everything))
        ),
        recent=tuple(day for one in identity.recent if (day := _recent(one, notes)).first_person),
    )


def made_of(identity: Identity) -> set[str]:
    cited = [c for one in identity.attributes for c in one.citations]
    for told in (identity.biography, *identity.shades, *identity.recent):
        cited += [c for view in VIEWS for said in getattr(told, view) for c in said.citations]
    cited += [event.citation for shade in identity.shades for event in shade.timeline]
    grouped = {i for topic in identity.topics for i in topic.note_ids}
    return grouped | set(identity.outliers) | {c.note_id for c in cited}


def _topic(topic: Topic, notes: Mapping[str, Note]) -> Topic | None:
    left = tuple(i for i in topic.note_ids if i in notes)
    if len(left) == len(topic.note_ids):
        return topic
    if not left:
        return None
    words = " ".join(_words_of(notes[i]) for i in left)
    phrases = tuple(phrase for phrase in topic.keyphrases if _is_said(phrase, words))
    core = sum(i in notes for i in topic.note_ids[: topic.core])
    label = topic.label if _is_said(topic.label, words) else ", ".join(phrases[:2]) or "notes"
    return msgspec.structs.replace(topic, note_ids=left, keyphrases=phrases, core=core, label=label)


def _shade(shade: Shade, topic: Topic, notes: Mapping[str, Note]) -> Shade:
    words = " ".join(_words_of(notes[i]) for i in topic.note_ids)
    return msgspec.structs.replace(
        shade,
        name=shade.name if _is_said(shade.name, words) else ", ".join(topic.keyphrases[:2]) or shade.aspect,
        timeline=_supported(shade.timeline, notes),
        **{view: _supported(getattr(shade, view), notes) for view in VIEWS},
    )


def _recent(one: Recent, notes: Mapping[str, Note]) -> Recent:
    return msgspec.structs.replace(one, **{view: _supported(getattr(one, view), notes) for view in VIEWS})


def _attribute(one: Attribute, owner: str, notes: Mapping[str, Note], everything: str) -> Attribute | None:
    left = tuple(c for c in one.citations if c.note_id in notes)
    if one.key == "name" and one.value == owner:
        return msgspec.structs.replace(one, citations=left)
    return one if len(left) == len(one.citations) and _is_said(one.value, everything) else None


def _supported(said: tuple[_SAID, ...], notes: Mapping[str, Note]) -> tuple[_SAID, ...]:
    return tuple(
        one
        for one in said
        if all(c.note_id in notes for c in (one.citations if isinstance(one, Cited) else (one.citation,)))
    )


def _words_of(note: Note) -> str:
    return f"{note.title}\n{note.text}".casefold()


def _is_said(phrase: str, words: str) -> bool:
    return all(word in words for word in re.findall(r"\w+", phrase.casefold()))
