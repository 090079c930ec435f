"""What happened, past tense, frozen. Progress is these, never log lines. They travel as tagged msgpack and as SSE."""

from __future__ import annotations

import msgspec

from kernel.types import SpokenSegment


class Event(msgspec.Struct, frozen=True, kw_only=True, tag_field="event", tag=True):
    """Base of every event."""


class StageStarted(Event, frozen=True, kw_only=True):
    stage: str
    """``read``, ``analyse``, ``identity``, ``data``, ``train``, ``write``, ``exam``, ``promote``, ``bake``,
    ``quantise``."""
    total: int = 0


class Progressed(Event, frozen=True, kw_only=True):
    stage: str
    done: int
    total: int
    seconds_left: float | None = None
    detail: str = ""
    """Figures only (``loss 1.23, 240 tok/s``), never the user's text."""


class StageFinished(Event, frozen=True, kw_only=True):
    stage: str
    seconds: float
    reused: bool = False
    """True where an earlier run's result matched its input hash."""


class RunStarted(Event, frozen=True, kw_only=True):
    run: str
    plan: dict[str, object] = {}


class RunFinished(Event, frozen=True, kw_only=True):
    run: str
    outcome: str
    """``promoted``, ``refused``, ``cancelled``, ``failed``, ``unchanged``."""
    why: str
    version: str | None = None


class SelfPromoted(Event, frozen=True, kw_only=True):
    version: str
    previous: str | None


class EngineRestarted(Event, frozen=True, kw_only=True):
    why: str


class SegmentHeard(Event, frozen=True, kw_only=True):
    """The one event that holds words: they go to who sent the recording, and nowhere else."""

    segment: SpokenSegment


AnyEvent = (
    StageStarted | Progressed | StageFinished | RunStarted | RunFinished | SelfPromoted | EngineRestarted | SegmentHeard
)
