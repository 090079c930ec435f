"""What the owner has decided about sentences of the identity: a pinned one stands while its note says it, a struck one
never again.

A sentence is known by the place of its first citation, and its mark by the words that stood there: after an edit of the
note the mark goes with the words, and sleeps while the note no longer says them.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Literal, TypeVar

import msgspec

from kernel.l0_insight.layout import units
from kernel.memory.chunks import to_memory
from kernel.memory.marks import plain
from kernel.types import Biography, Citation, Cited, Identity, Mark, Note, Recent, Shade, Span, TimelineEvent

Place = tuple[str, Span]
"""Note id and where in its text."""
Turn = Callable[[str, Literal["second", "third"], str], str]
"""The owner's sentence, the person to turn it to, the owner's name; ``kernel.l1_identity.voice.turned`` is one."""
VIEWS = ("first_person", "second_person", "third_person")
_Told = TypeVar("_Told", Biography, Shade, Recent)
_CHUNK = 1200
"""Sentences are the same for any length of chunk."""


def sentence_id(said: Cited | TimelineEvent) -> str:
    """What the owner calls a sentence by: ``s_`` and 10 hex digits, of its note and its place there."""
    cited = _first(said)
    where = f"{cited.note_id}:{cited.span.start}:{cited.span.end}"
    return f"s_{hashlib.sha256(where.encode()).hexdigest()[:10]}"


def marked(identity: Identity, sentence: str, kind: Literal["pin", "strike"], created: str) -> Mark | None:
    """The mark for a sentence or event of the identity, by its ``sentence_id``; ``None`` where it has none such."""
    for said in _all_said(identity):
        if sentence_id(said) == sentence:
            cited = _first(said)
            return Mark(
                id=sentence, kind=kind, text=plain(cited.quote), note_id=cited.note_id, span=cited.span, created=created
            )
    return None


def mark_of(said: Cited | TimelineEvent, marks: Sequence[Mark]) -> Mark | None:
    """What the owner decided about this sentence, if anything."""
    cited, own = _first(said), sentence_id(said)
    words = _folded(cited.quote)
    return next((m for m in marks if m.id == own or (m.note_id == cited.note_id and _folded(m.text) == words)), None)


def apply_marks(
    identity: Identity, marks: Sequence[Mark], notes: Mapping[str, Note], turn: Turn | None = None
) -> Identity:
    """The identity without what was struck, by its place and by its words in any note, and with every pinned sentence in
    its biography: as it stands in a shade, else as written and turned by ``turn`` (``as_written``).

    ``notes``: at least those of the marks. The same marks again change nothing.
    """
    placed = [(m, span) for m in marks if m.note_id in notes and (span := _span_in(notes[m.note_id], m)) is not None]
    pinned = {(m.note_id, span): m for m, span in placed if m.kind == "pin"}
    struck = {(m.note_id, span.end) for m, span in placed if m.kind == "strike"}
    words = {_folded(m.text) for m in marks if m.kind == "strike"}

    kept = {(note_id, span.end) for note_id, span in pinned}

    def stands(cited: Citation) -> bool:
        place = (cited.note_id, cited.span.end)  # a citation may begin some sentences before the one that was marked
        return place in kept or (place not in struck and _folded(cited.quote) not in words)

    left = keeping(identity, stands) if words else identity
    for place in sorted(pinned, key=lambda place: (pinned[place].created, pinned[place].id)):
        left = _with_sentence(left, place, notes[place[0]], turn or as_written)
    return left


def keeping(identity: Identity, holds: Callable[[Citation], bool]) -> Identity:
    """The identity without the sentences and events of which a citation does not hold; a shade goes with its last one."""
    shades = [_kept(shade, holds) for shade in identity.shades]
    shades = [
        msgspec.structs.replace(shade, timeline=tuple(e for e in shade.timeline if holds(e.citation)))
        for shade in shades
    ]
    biography = _kept(identity.biography, holds)
    return msgspec.structs.replace(
        identity,
        biography=msgspec.structs.replace(biography, short=min(biography.short, len(biography.first_person))),
        shades=tuple(shade for shade in shades if shade.first_person or shade.timeline),
        recent=tuple(one for period in identity.recent if (one := _kept(period, holds)).first_person),
    )


def as_written(text: str, person: Literal["second", "third"], owner: str) -> str:
    """The sentence as a quotation: what can be said of it without a language's analysis."""
    if any("가" <= c <= "힣" for c in text):
        name = "당신" if person == "second" else owner or "주인"
        last = name[-1]
        closed = "가" <= last <= "힣" and (ord(last) - 0xAC00) % 28
        return f'{name}{"은" if closed else "는"} "{text}"라고 적었다.'
    inner = text.replace('"', "'")
    return f'You wrote: "{inner}"' if person == "second" else f'{owner or "The owner"} wrote: "{inner}"'


def for_persona(biography: Biography, marks: Sequence[Mark]) -> list[Cited]:
    """Sentences in the first person in the order in which a prompt should have them: pinned ones, then as they stand."""
    pins = [m for m in marks if m.kind == "pin"]
    return sorted(biography.first_person, key=lambda said: mark_of(said, pins) is None)


# --- within -----------------------------------------------------------------------------------------------------------


def _first(said: Cited | TimelineEvent) -> Citation:
    return said.citations[0] if isinstance(said, Cited) else said.citation


def _all_said(identity: Identity) -> Iterator[Cited | TimelineEvent]:
    yield from identity.biography.first_person
    for shade in identity.shades:
        yield from shade.first_person
        yield from shade.timeline
    for recent in identity.recent:
        yield from recent.first_person


def _folded(text: str) -> str:
    return " ".join(re.findall(r"\w+", plain(text).casefold()))


def _span_in(note: Note, mark: Mark) -> Span | None:
    """Where the note says the mark's words: at its place, else in whichever sentence has them now."""
    words = _folded(mark.text)
    if _folded(note.text[mark.span.start : mark.span.end]) == words:
        return mark.span
    return next((unit.span for unit in units(to_memory(note, _CHUNK)) if _folded(unit.text) == words), None)


def _kept(told: _Told, holds: Callable[[Citation], bool]) -> _Told:
    left = {view: tuple(s for s in getattr(told, view) if all(map(holds, s.citations))) for view in VIEWS}
    return msgspec.structs.replace(told, **left)


def _with_sentence(identity: Identity, place: Place, note: Note, turn: Turn) -> Identity:
    """At the end of the biography, unless it stands there."""
    biography = identity.biography
    if any(place in _places(said) for said in biography.first_person):
        return identity
    made = {view: _elsewhere(identity, view, place) or _made(identity, view, place, note, turn) for view in VIEWS}
    grown = {view: (*getattr(biography, view), said) for view, said in made.items()}
    return msgspec.structs.replace(identity, biography=msgspec.structs.replace(biography, **grown))


def _places(said: Cited) -> set[Place]:
    return {(cited.note_id, cited.span) for cited in said.citations}


def _elsewhere(identity: Identity, view: str, place: Place) -> Cited | None:
    """The sentence in this person where a shade or the recent days have it."""
    told = (*identity.shades, *identity.recent)
    return next((said for one in told for said in getattr(one, view) if place in _places(said)), None)


def _made(identity: Identity, view: str, place: Place, note: Note, turn: Turn) -> Cited:
    note_id, span = place
    quote = note.text[span.start : span.end]
    text = plain(quote)
    if view == "second_person":
        text = turn(text, "second", identity.owner)
    elif view == "third_person":
        first = identity.owner.split()[:1] if identity.biography.third_person else []
        text = turn(text, "third", first[0] if first else identity.owner)
    return Cited(text=text, citations=(Citation(note_id=note_id, title=note.title, quote=quote, span=span),))
