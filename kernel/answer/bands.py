"""Bands of evidence: below one score the self does not know, above another it quotes rather than refuses, between
them the model decides. One threshold does not hold for everybody's notes, so each home calibrates its own.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from kernel.types import Frozen, Hit, Language


class Bands(Frozen, frozen=True, kw_only=True):
    """Scores of the best evidence, 0..1 (``Hit.score``)."""

    refuse_below: float
    """The owner is asked about, and nothing found is near enough: it does not know."""
    quote_above: float
    """The model refuses (or says what its evidence does not): the owner's own sentence is quoted instead."""
    world_below: float
    """A question that names neither reader nor owner: below this it is one about the world."""
    far_below: float = 0.0
    """As ``refuse_below``, where no evidence is nearer to the question than a cosine of ``far_cosine``: of the invented
    people's questions 8 % are lost by it and 81 % of strangers' questions refused; the score alone takes 69 % at that price."""
    far_cosine: float = 0.43
    certain_above: float = 0.55
    """The model is less sure than this of what it says (``check.certainty``): the owner's own sentence is quoted instead.
    Of three invented people's 129 questions 81 are answered rightly with it, 72 without; higher, fewer are in its own
    words (`LOG.md`)."""


class Tried(Frozen, frozen=True, kw_only=True):
    """One calibration question: the best score, and what each way of answering made of it."""

    score: float
    answerable: bool
    quote_right: bool
    model_right: bool
    model_refused: bool


DEFAULTS: dict[Language, Bands] = {
    "en": Bands(refuse_below=0.10, quote_above=0.50, world_below=0.16, far_below=0.25),
    "ko": Bands(refuse_below=0.30, quote_above=0.30, world_below=0.45),
    "other": Bands(refuse_below=0.30, quote_above=0.30, world_below=0.45),
}
"""Where a home has too few questions of its own; from the invented people that the search weights were learned on."""
FEWEST = 12
"""Calibration questions of a language (a third of them unanswerable is not asked for) under which the defaults stay."""

PULL = 20.0
"""Answers that bands must gain for each 1.0 that they lie from the defaults: a home has a dozen or two of questions to
judge by, and one answer more is no reason to move further than 0.05."""


def too_weak(bands: Bands, evidence: Sequence[Hit]) -> bool:
    """Whether nothing found is near enough to a question about the owner to be asked of the model."""
    if not evidence or evidence[0].score < bands.refuse_below:
        return True
    cosines = [hit.explain.vector for hit in evidence if hit.explain.vector is not None]
    return evidence[0].score < bands.far_below and bool(cosines) and max(cosines) < bands.far_cosine


def calibrate(tried: Sequence[Tried], start: Bands) -> Bands:
    """The bands that answer most calibration questions rightly, held back towards ``start`` (``PULL``)."""
    if len(tried) < FEWEST or not any(one.answerable for one in tried) or all(one.answerable for one in tried):
        return start
    grid = [step / 50 for step in range(1, 46)]
    best, best_key = start, _key(start, start, tried)
    for low in grid:
        for high in grid:
            if high < low:
                continue
            bands = msgspec.structs.replace(start, refuse_below=low, quote_above=high)
            key = _key(bands, start, tried)
            if key > best_key:
                best, best_key = bands, key
    return best


def _key(bands: Bands, start: Bands, tried: Sequence[Tried]) -> float:
    far = abs(bands.refuse_below - start.refuse_below) + abs(bands.quote_above - start.quote_above)
    return sum(_right(one, bands) for one in tried) - PULL * far


def _right(one: Tried, bands: Bands) -> bool:
    if one.score < bands.refuse_below:
        return not one.answerable
    if one.model_refused and one.score < bands.quote_above:
        return not one.answerable
    if not one.answerable:
        return False
    return one.quote_right if one.model_refused else one.model_right


def to_plain(bands: dict[Language, Bands]) -> dict[str, object]:
    return msgspec.to_builtins(bands)  # type: ignore[no-any-return]


def from_plain(data: object) -> dict[Language, Bands]:
    """The defaults, overlaid with what a self's manifest holds."""
    return DEFAULTS | msgspec.convert(data or {}, dict[Language, Bands])
