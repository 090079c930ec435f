"""The identity on the wire: as the kernel has it, each sentence with the id that the owner calls it by."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from kernel.errors import NotFound
from kernel.l1_identity.diff import Compared
from kernel.l1_identity.marks import mark_of, sentence_id
from kernel.types import (
    Attribute,
    Biography,
    Change,
    Citation,
    Cited,
    Confidence,
    Identity,
    Mark,
    Recent,
    Shade,
    TimelineEvent,
    Topic,
)
from server.faults import BadParameter
from server.schemas.dates import moment

NO_IDENTITY = "There is no identity yet: add notes, then run 'oneself train'."
_SAYS_NOTHING = "The notes hold nothing yet that says who their owner is."
View = Literal["first_person", "second_person", "third_person"]


class SentenceOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    """The same in all three persons; ``/api/identity/marks`` takes it."""
    mark: Literal["", "pin", "strike"]
    """A struck one stands only in versions made before."""
    text: str
    citations: tuple[Citation, ...]


class EventOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    when: str
    text: str
    citation: Citation


class BiographyOut(msgspec.Struct, frozen=True, kw_only=True):
    first_person: tuple[SentenceOut, ...]
    second_person: tuple[SentenceOut, ...]
    third_person: tuple[SentenceOut, ...]
    short: int
    """How many sentences, from the front, make the short form."""


class ShadeOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    topic_id: str
    name: str
    aspect: str
    icon: str
    first_person: tuple[SentenceOut, ...]
    second_person: tuple[SentenceOut, ...]
    third_person: tuple[SentenceOut, ...]
    timeline: tuple[EventOut, ...]
    confidence: Confidence


class RecentOut(msgspec.Struct, frozen=True, kw_only=True):
    period: str
    since: str
    until: str
    first_person: tuple[SentenceOut, ...]
    second_person: tuple[SentenceOut, ...]
    third_person: tuple[SentenceOut, ...]


class IdentityOut(msgspec.Struct, frozen=True, kw_only=True):
    """One version. ``version`` 0: there is none yet."""

    version: int
    created: str
    owner: str
    input_hash: str
    note: str
    """Why it is empty, where it is; else empty."""
    biography: BiographyOut
    attributes: tuple[Attribute, ...]
    shades: tuple[ShadeOut, ...]
    topics: tuple[Topic, ...]
    outliers: tuple[str, ...]
    recent: tuple[RecentOut, ...]
    marks: tuple[Mark, ...]
    """All that the owner has pinned and struck."""
    reverted_to: int | None


class VersionOut(msgspec.Struct, frozen=True, kw_only=True):
    """One version in a few figures."""

    version: int
    created: str
    sentences: int
    """Of the biography."""
    attributes: int
    """That hold now."""
    shades: int
    reverted_to: int | None


class VersionList(msgspec.Struct, frozen=True):
    versions: tuple[VersionOut, ...]


class DiffOut(msgspec.Struct, frozen=True, kw_only=True, rename={"before": "from", "after": "to"}):
    before: int | None
    after: int
    changes: tuple[Change, ...]


class MarkList(msgspec.Struct, frozen=True):
    marks: tuple[Mark, ...]


class RevertRequest(msgspec.Struct):
    version: int


class MarkRequest(msgspec.Struct):
    sentence: str
    kind: Literal["pin", "strike"]


class CorrectionRequest(msgspec.Struct, rename={"since": "from"}):
    key: str
    value: str = ""
    """Empty: ``was`` is not true."""
    since: str | None = None
    """The day from which on it is so."""
    was: str | None = None

    def asked(self) -> dict[str, Any]:
        """As the kernel calls it. Raises ``BadParameter``."""
        if not (self.value.strip() or (self.was or "").strip()):
            raise BadParameter("'value' is empty: say what is true, or in 'was' what is not.", "value")
        day = None if self.since is None else moment(self.since, "from")[:10]
        return {"key": self.key, "value": self.value, "valid_from": day, "was": self.was}


# --- from the kernel's structs ----------------------------------------------------------------------------------------


def identity_out(identity: Identity | None, marks: Sequence[Mark] = ()) -> IdentityOut:
    """``None``: one that is empty and says so."""
    if identity is None:
        identity = Identity(
            version=0, created="", owner="", input_hash="", topics=(), outliers=(), shades=(), biography=Biography(),
            attributes=(),
        )  # fmt: skip
    says = identity.biography.first_person or identity.biography.third_person or identity.shades or identity.attributes
    biography = BiographyOut(short=identity.biography.short, **_views(identity.biography, marks))
    return IdentityOut(
        version=identity.version,
        created=identity.created,
        owner=identity.owner,
        input_hash=identity.input_hash,
        note="" if says else _SAYS_NOTHING if identity.version else NO_IDENTITY,
        biography=biography,
        attributes=identity.attributes,
        shades=tuple(_shade_out(shade, marks) for shade in identity.shades),
        topics=identity.topics,
        outliers=identity.outliers,
        recent=tuple(_recent_out(recent, marks) for recent in identity.recent),
        marks=tuple(marks),
        reverted_to=identity.reverted_to,
    )


def from_out(found: IdentityOut) -> Identity:
    """Back to the kernel's. Raises ``NotFound`` where there is none."""
    if not found.version:
        raise NotFound(found.note, code="no_identity")
    return msgspec.convert(msgspec.to_builtins(found), Identity)


def version_out(identity: Identity) -> VersionOut:
    return VersionOut(
        version=identity.version,
        created=identity.created,
        sentences=len(identity.biography.first_person),
        attributes=sum(one.valid_to is None for one in identity.attributes),
        shades=len(identity.shades),
        reverted_to=identity.reverted_to,
    )


def diff_out(found: Compared) -> DiffOut:
    return DiffOut(before=found.before, after=found.after, changes=found.changes)


def _shade_out(shade: Shade, marks: Sequence[Mark]) -> ShadeOut:
    return ShadeOut(
        id=shade.id,
        topic_id=shade.topic_id,
        name=shade.name,
        aspect=shade.aspect,
        icon=shade.icon,
        timeline=tuple(map(_event_out, shade.timeline)),
        confidence=shade.confidence,
        **_views(shade, marks),
    )


def _recent_out(recent: Recent, marks: Sequence[Mark]) -> RecentOut:
    return RecentOut(period=recent.period, since=recent.since, until=recent.until, **_views(recent, marks))


def _event_out(event: TimelineEvent) -> EventOut:
    return EventOut(id=sentence_id(event), when=event.when, text=event.text, citation=event.citation)


def _views(told: Biography | Shade | Recent, marks: Sequence[Mark]) -> dict[View, tuple[SentenceOut, ...]]:
    return {
        "first_person": _sentences(told.first_person, marks),
        "second_person": _sentences(told.second_person, marks),
        "third_person": _sentences(told.third_person, marks),
    }


def _sentences(said: Sequence[Cited], marks: Sequence[Mark]) -> tuple[SentenceOut, ...]:
    return tuple(
        SentenceOut(
            id=sentence_id(one),
            mark=mark.kind if (mark := mark_of(one, marks)) else "",
            text=one.text,
            citations=one.citations,
        )
        for one in said
    )
