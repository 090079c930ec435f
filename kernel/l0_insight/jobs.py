"""The worker's ``understand``: memories -> insights and resolved contexts."""

from __future__ import annotations

import time
from collections.abc import Callable

from kernel.events import AnyEvent, Progressed
from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.l0_insight.structs import Understood
from kernel.types import Memory


def understand(payload: list[Memory], emit: Callable[[AnyEvent], None]) -> list[Understood]:
    """One ``Understood`` per memory, in order. Progress about once a second."""
    analyst = ExtractiveAnalyst()
    began = told = time.monotonic()
    done: list[Understood] = []
    for memory in payload:
        insight, contexts = analyst.understand(memory)
        done.append(Understood(memory.note.id, insight, contexts))
        now = time.monotonic()
        if now - told >= 1.0 or len(done) == len(payload):
            told = now
            left = (now - began) / len(done) * (len(payload) - len(done))
            emit(Progressed(stage="analyse", done=len(done), total=len(payload), seconds_left=left))
    return done
