"""Which selves answers under way rest on, so that none loses its weights before it has asked for them."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager


class InUse:
    """``with using(version)`` around an answer; ``await ended(version)`` before its weights go. One event loop."""

    def __init__(self) -> None:
        self._answers: Counter[str] = Counter()
        self._none_left: dict[str, asyncio.Event] = {}

    @contextmanager
    def using(self, version: str | None) -> Iterator[None]:
        """``None``: the base, which never goes."""
        if version is None:
            yield
            return
        self._answers[version] += 1
        try:
            yield
        finally:
            self._answers[version] -= 1
            if not self._answers[version] and version in self._none_left:
                self._none_left.pop(version).set()

    async def ended(self, version: str) -> None:
        """Wait until no answer rests on it."""
        while self._answers[version]:
            await self._none_left.setdefault(version, asyncio.Event()).wait()
