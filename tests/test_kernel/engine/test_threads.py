"""The number of threads follows what is measured, for each kind of step apart."""

import pytest

from kernel.engine import threads
from kernel.engine.threads import ThreadChoice


def run(choice: ThreadChoice, rows: int, seconds: dict[int, float], steps: int = 12) -> list[int]:
    """What it chose, step by step, where so many threads take so many seconds."""
    chosen = []
    for _ in range(steps):
        chosen.append(choice.choose(rows))
        choice.record(rows, chosen[-1], seconds[chosen[-1]])
    return chosen


def test_each_is_tried_and_the_fastest_kept() -> None:
    choice = ThreadChoice(most=4)
    assert set(run(choice, 1, {1: 0.01, 2: 0.02, 4: 0.05})[:3]) == {1, 2, 4}
    assert set(run(choice, 256, {1: 0.9, 2: 0.5, 4: 0.3})[3:]) == {4}
    assert set(run(choice, 1, {1: 0.01, 2: 0.02, 4: 0.05})) == {1}, "single rows are judged by themselves"


def test_it_notices_that_the_machine_has_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    choice = ThreadChoice(most=2)
    assert run(choice, 256, {1: 0.5, 2: 0.3})[-1] == 2
    monkeypatch.setattr(threads, "TRY_SECONDS", 0.0)
    assert 1 in run(choice, 256, {1: 0.5, 2: 3.0})
    monkeypatch.setattr(threads, "TRY_SECONDS", 1e9)
    assert set(run(choice, 256, {1: 0.5, 2: 3.0})[-5:]) == {1}


def test_a_number_that_was_set_is_kept() -> None:
    assert set(run(ThreadChoice(3), 1, {3: 1.0})) == {3}
