"""The worker's ``graph``: insights and notes -> who and what they name, and how it hangs together."""

from __future__ import annotations

from collections.abc import Callable

from kernel.events import AnyEvent
from kernel.l1_identity.graph.build import build
from kernel.l1_identity.graph.structs import GraphPayload
from kernel.types import Graph


def make(payload: GraphPayload, emit: Callable[[AnyEvent], None]) -> Graph:
    return build(payload.memories, payload.insights, payload.owner, payload.ontology, payload.previous)
