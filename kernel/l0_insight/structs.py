"""What goes into and comes out of the ``understand`` job. Light: the server process imports this and nothing heavier.

``ProcessWorker.run("understand", [memory, …], list[Understood])``.
"""

from __future__ import annotations

import msgspec

from kernel.types import Insight, Memory

ANALYST = "extractive-2"
"""Name and version of the default analyst: raised whenever the same note would be read differently."""

UnderstandPayload = list[Memory]


class Understood(msgspec.Struct, frozen=True, array_like=True):
    """One note, understood. ``contexts[i]`` is the new ``Sentence.context`` of ``memory.sentences[i]``."""

    note_id: str
    insight: Insight
    contexts: list[str]
