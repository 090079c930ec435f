"""What the rules give."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Made:
    """One question and its answer. ``short``: the answer in as few words as one would say, or empty."""

    rule: str
    question: str
    answer: str
    short: str = ""
