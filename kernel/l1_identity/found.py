"""One value of an attribute as one sentence gives it, before sentences are put together."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.l0_insight.grounding import is_grounded
from kernel.l1_identity.evidence import Line
from kernel.types import Citation


@dataclass(frozen=True)
class Found:
    """``ended``: the sentence says that it is over (``used to``, ``left``)."""

    key: str
    value: str
    line: Line
    valid_from: str | None
    valid_to: str | None = None
    ended: bool = False
    who: str = ""
    """Of what is said of somebody near the owner (``sister_city``): their name, or what the owner calls them."""
    also: Line | None = None
    """The sentence before, where only both say it (``a goldfish``, ``We named him Diego``)."""

    @property
    def citations(self) -> tuple[Citation, ...]:
        """The sentence, or with those before it that say whom it is about."""
        alone = not self.who and is_grounded(self.value, self.line.words)
        own = self.line.citation if alone else self.line.passage
        return (self.also.citation, own) if self.also else (own,)
