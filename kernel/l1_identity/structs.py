"""What goes into the ``identity`` job; its result is ``kernel.types.Identity``. Light: the server imports this."""

from __future__ import annotations

from kernel.types import Frozen, Identity, Insight, Mark, Memory


class IdentityPayload(Frozen, frozen=True, kw_only=True):
    """Everything that an identity is made from. The same payload gives the same identity."""

    owner: str
    """As given at init; may be empty."""
    input_hash: str
    created: str
    today: str = ""
    """The owner's day, ISO; empty: that of ``created``."""
    memories: tuple[Memory, ...]
    insights: tuple[Insight, ...]
    vectors: dict[str, bytes]
    """Note id -> mean of its sentences' vectors, little-endian float32; without one: clustered by its words."""
    previous: Identity | None = None
    marks: tuple[Mark, ...] = ()
    """What the owner has pinned and struck."""
