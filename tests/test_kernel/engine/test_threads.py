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


def test_steps_of_another_size_say_nothing_of_it() -> None:
    """Rows of a long prompt cost less each: one thread, tried on those alone, must not be taken for few rows."""
    choice = ThreadChoice(most=2)
    run(choice, 20, {1: 0.19, 2: 0.10})
    run(choice, 256, {1: 1.0, 2: 0.6})
    assert set(run(choice, 20, {1: 0.19, 2: 0.10})) == {2}


def test_a_number_that_is_far_behind_is_seldom_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0.0]
    monkeypatch.setattr(threads.time, "monotonic", lambda: clock[0])

    def trials(seconds: dict[int, float]) -> int:
        choice, chosen = ThreadChoice(most=2), []
        for _ in range(300):
            clock[0] += 0.1
            chosen += run(choice, 8, seconds, steps=1)
        return chosen[2:].count(1)

    assert trials({1: 0.11, 2: 0.10}) > 20, "thirty seconds"
    assert trials({1: 0.20, 2: 0.10}) <= 2


def test_a_number_that_was_set_is_kept() -> None:
    assert set(run(ThreadChoice(3), 1, {3: 1.0})) == {3}
