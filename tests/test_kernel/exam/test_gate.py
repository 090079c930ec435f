"""The gate: who is promoted, who is refused, and what is too little to judge by."""

from __future__ import annotations

import pytest

from kernel.exam.gate import decide
from kernel.exam.structs import Kind, Result, Sitting


def sitting(model: str, right: str, *, kind: Kind = "fact") -> Sitting:
    """``right``: one character a question, ``+`` right and ``-`` wrong."""
    results = tuple(
        Result(
            id=f"{kind}{n}", kind=kind, part="gate", language="en", right=mark == "+", refused=False, source="model",
            score=0.5, cited_right=None, own_words=None, seconds=0.0, text="",
        )
        for n, mark in enumerate(right)
    )  # fmt: skip
    return Sitting(model=model, results=results, seconds=0.0)


GENERAL = sitting("self-weights:0000", "+" * 18, kind="general")
FIRST = sitting("self:0000", "+" * 20 + "-" * 10)


def verdict(candidate: str, *, live: Sitting = FIRST, weights: str = "+" * 18) -> tuple[bool, str]:
    found = decide(
        sitting("self:0001", candidate), live, FIRST, sitting("self-weights:0001", weights, kind="general"), GENERAL
    )
    return found.promote, found.why


@pytest.mark.parametrize("candidate", ["+" * 25 + "-" * 5, "+" * 20 + "-" * 10, "-" * 2 + "+" * 18 + "-" * 10])
def test_better_equal_and_two_answers_worse_are_promoted(candidate: str) -> None:
    promoted, why = verdict(candidate)
    assert promoted and f"{candidate.count('+')} of 30 right against 20" in why


def test_clearly_worse_is_refused_and_says_by_how_much() -> None:
    promoted, why = verdict("-" * 9 + "+" * 11 + "-" * 10)
    assert not promoted and "11 of 30 right against 20 by self:0000 (margin 2.5)" in why and "candidate is kept" in why


def test_the_margin_is_one_standard_error_of_the_paired_difference() -> None:
    # 8 only theirs, 4 only mine: 4 worse, sqrt(12 - 16/30) = 3.39
    assert not verdict("-" * 8 + "+" * 12 + "+" * 4 + "-" * 6)[0]
    # 9 only theirs, 6 only mine: 3 worse, sqrt(15 - 9/30) = 3.83
    assert verdict("-" * 9 + "+" * 11 + "+" * 6 + "-" * 4)[0]


def test_worse_than_a_better_live_self_is_refused() -> None:
    promoted, why = verdict("+" * 20 + "-" * 10, live=sitting("self:0003", "+" * 30))
    assert not promoted and "worse than the live self (self:0003)" in why


def test_lost_general_knowledge_is_refused() -> None:
    promoted, why = verdict("+" * 30, weights="+" * 12 + "-" * 6)
    assert not promoted and "general knowledge" in why


def test_under_twenty_questions_nothing_is_promoted() -> None:
    few = sitting("self:0000", "-" * 19)
    found = decide(sitting("self:0001", "+" * 19), few, few, GENERAL, GENERAL)
    assert not found.promote and found.too_few and found.why.startswith("Too few to judge: 19")


def test_only_shared_questions_of_the_gates_part_count() -> None:
    long = sitting("self:0001", "+" * 40)
    found = decide(long, FIRST, FIRST, GENERAL, GENERAL)
    assert "30 of 30 right against 20" in found.why
