"""The weights alone: some of the same questions without any evidence (``training.recall_share``)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from kernel.l2_training.data.grounded import sample_of
from kernel.l2_training.data.questions import Answered, chance
from kernel.types import Sample

_BY_OWN_WORDS = frozenset(
    {"kin", "who", "my", "age", "work", "called", "favourite", "pair who", "pair what", "where", "opinion", "thought"}
)
"""Rules whose questions make sense to somebody who has no note before them: these come first."""


def recall(owner: str, answered: Sequence[Answered], share: float, seed: int) -> Iterator[Sample]:
    """``share`` of the pairs, lasting facts first."""
    count = round(share * len(answered))
    order = sorted(
        answered,
        key=lambda one: (one.candidate.made.rule not in _BY_OWN_WORDS, chance(seed, one.candidate.key, "recall")),
    )
    chosen = {one.candidate.key for one in order[:count]}
    for one in answered:
        if one.candidate.key in chosen:
            yield sample_of(owner, one, one.candidate.question, (), "q", kind="recall")
