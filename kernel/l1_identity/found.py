"""One value of an attribute as one sentence gives it, before sentences are put together."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.l1_identity.evidence import Line


@dataclass(frozen=True)
class Found:
    """``ended``: the sentence says that it is over (``used to``, ``left``)."""

    key: str
    value: str
    line: Line
    valid_from: str | None
    valid_to: str | None = None
    ended: bool = False
