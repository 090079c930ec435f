"""Is the candidate at least as good as what is served? A pure function of sittings.

The owner's questions of the gate part (the unanswerable ones with them) are compared question by question, with memory:
the candidate against the live self and against 0000. On general ability the candidate's weights are compared with
0000's. "Not worse" leaves a margin: the larger of two answers and one standard error of the difference, which is a
paired one, since both answered the same questions: ``sqrt(b + c - (b - c)^2 / n)``, b and c being how many only one and
only the other had right (McNemar).
"""

from __future__ import annotations

import math
from collections.abc import Iterable

from kernel.exam.structs import OWNER, Kind, Part, Result, Sitting, Verdict

FEWEST = 20
"""The owner's questions in the gate part under which nothing can be said."""
LEAST_MARGIN = 2.0


class Compared:
    """Two sittings on the questions that both answered."""

    def __init__(self, mine: Iterable[Result], theirs: Iterable[Result]) -> None:
        other = {result.id: result.right for result in theirs}
        pairs = [(result.right, other[result.id]) for result in mine if result.id in other]
        self.n = len(pairs)
        self.mine = sum(a for a, _ in pairs)
        self.theirs = sum(b for _, b in pairs)
        self.only_mine = sum(a and not b for a, b in pairs)
        self.only_theirs = sum(b and not a for a, b in pairs)

    @property
    def margin(self) -> float:
        """In answers."""
        if not self.n:
            return LEAST_MARGIN
        differing, net = self.only_mine + self.only_theirs, self.only_mine - self.only_theirs
        return max(LEAST_MARGIN, math.sqrt(max(0.0, differing - net * net / self.n)))

    @property
    def not_worse(self) -> bool:
        return self.mine >= self.theirs - self.margin

    def __str__(self) -> str:
        return f"{self.mine} of {self.n} right against {self.theirs}"


def decide(
    candidate: Sitting,
    live: Sitting,
    first: Sitting,
    weights: Sitting,
    first_weights: Sitting,
    *,
    part: Part | None = "gate",
) -> Verdict:
    """Whether to promote the candidate, and why. ``first`` is 0000 with memory (quoting stands for it where it has no
    adapter), ``weights`` and ``first_weights`` are the two asked without memory. ``part=None`` takes every part."""
    with_live = _compared(candidate, live, part, OWNER)
    with_first = _compared(candidate, first, part, OWNER)
    general = _compared(weights, first_weights, part, ("general",))
    fewest = min(with_live.n, with_first.n)
    if fewest < FEWEST:
        return Verdict(
            promote=False,
            too_few=True,
            why=f"Too few to judge: {fewest} of your questions are in the gate's part and {FEWEST} are needed. What is "
            "live stays; more notes give more questions, and promoting by hand with --force is possible.",
        )
    failed = []
    if not with_first.not_worse:
        failed.append(f"worse than {first.model} on your questions")
    if not with_live.not_worse and live.model != first.model:
        failed.append(f"worse than the live self ({live.model}) on your questions")
    if not general.not_worse:
        failed.append(f"its weights alone are worse than those of {first_weights.model} on general knowledge")
    figures = _figures(with_first, with_live, general, first, live, first_weights)
    if failed:
        return Verdict(promote=False, why=f"Refused: {', and '.join(failed)}. {figures} The candidate is kept.")
    return Verdict(promote=True, why=f"Promoted: not worse on your questions, nor on general knowledge. {figures}")


def _compared(mine: Sitting, theirs: Sitting, part: Part | None, kinds: tuple[Kind, ...]) -> Compared:
    return Compared(mine.of(*kinds, part=part), theirs.of(*kinds, part=part))


def _figures(
    with_first: Compared, with_live: Compared, general: Compared, first: Sitting, live: Sitting, first_weights: Sitting
) -> str:
    parts = [f"Your questions: {with_first} by {first.model} (margin {with_first.margin:.1f})"]
    if live.model != first.model:
        parts.append(f"{with_live} by the live self {live.model} (margin {with_live.margin:.1f})")
    known = f"{general} by {first_weights.model} (margin {general.margin:.1f})" if general.n else "not asked"
    return f"{'; '.join(parts)}. General knowledge, weights alone: {known}."
