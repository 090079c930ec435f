"""An identity from notes written in a test: understood for real, vectors given by the test."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec
import pytest

from kernel.l0_insight.jobs import understand
from kernel.l1_identity.jobs import build
from kernel.l1_identity.structs import IdentityPayload
from kernel.types import Identity, Memory, Origin
from tests.test_kernel.notes import remembered

Page = tuple[str, str, str]
"""Day, title, text."""


def identity_of(
    memories: Sequence[Memory], owner: str, vectors: dict[str, bytes] | None = None, previous: Identity | None = None
) -> Identity:
    found = understand(list(memories), lambda event: None)
    resolved = tuple(
        msgspec.structs.replace(
            memory,
            sentences=tuple(
                msgspec.structs.replace(s, context=c, resolved=True)
                for s, c in zip(memory.sentences, one.contexts, strict=True)
            ),
        )
        for memory, one in zip(memories, found, strict=True)
    )
    payload = IdentityPayload(
        owner=owner,
        input_hash="hash",
        created="2025-10-01T00:00:00+00:00",
        memories=resolved,
        insights=tuple(one.insight for one in found),
        vectors=vectors or {},
        previous=previous,
    )
    return build(payload, lambda event: None)


@pytest.fixture(scope="session")
def identify() -> Callable[..., Identity]:
    def make(pages: Sequence[Page], owner: str = "Robin Vale", origin: Origin = "owner") -> Identity:
        return identity_of([remembered(text, title=title, day=day, origin=origin) for day, title, text in pages], owner)

    return make
