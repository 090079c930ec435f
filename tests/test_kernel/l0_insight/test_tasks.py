"""What is still to do: from boxes, from lists and from words; by when; and what the note itself says was done."""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import pytest

from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.types import Memory, Task

Make = Callable[..., Memory]


@pytest.fixture(scope="module")
def analyst() -> ExtractiveAnalyst:
    return ExtractiveAnalyst()


def tasks(analyst: ExtractiveAnalyst, memory: Memory) -> tuple[Task, ...]:
    return analyst.analyse(memory).tasks


@pytest.mark.parametrize(
    ("text", "expected", "due"),
    [
        ("I must call the vet by Friday.", "call the vet by Friday", "2025-06-27"),
        ("I need to renew the passport before 3 May.", "renew the passport before 3 May", "2026-05-03"),
        ("Remember to buy milk.", "buy milk", ""),
        ("Don't forget the cake!", "the cake", ""),
        ("TODO: renew the library card", "renew the library card", ""),
        ("Need to order seeds by the end of the month.", "order seeds by the end of the month", "2025-06-30"),
        ("I'll send Ana the photos tomorrow.", "send Ana the photos tomorrow", "2025-06-26"),
        ("- [ ] book the ferry 📅 2025-07-01 ⏫", "book the ferry", "2025-07-01"),
        ("금요일까지 동물병원에 전화해야 한다.", "금요일까지 동물병원에 전화해야 한다", "2025-06-27"),
        ("주말에 청소하기로 했다.", "주말에 청소하기로 했다", ""),
        ("우유 살 것", "우유 살 것", ""),
        ("할 일: 세금 신고하기", "세금 신고하기", ""),
        ("내일까지 서류를 보내야 돼.", "내일까지 서류를 보내야 돼", "2025-06-26"),
    ],
)
def test_a_task_and_its_day(analyst: ExtractiveAnalyst, remembered: Make, text: str, expected: str, due: str) -> None:
    memory = remembered(text, title="A note", day="2025-06-25")
    (task,) = tasks(analyst, memory)
    assert (task.text, task.state, task.due) == (expected, "open", due)
    assert expected.split()[0] in memory.note.text[task.span.start : task.span.end]


@pytest.mark.parametrize(
    "text",
    [
        "I had to call the vet.",
        "I don't need to go.",
        "I should have called Mum.",
        "I have to take two pills every morning.",
        "If it rains I must close the windows.",
        "Ana must call the bank.",
        'She said "I must leave" and left.',
        "Should I call Ana?",
        "I have to say it was good.",
        "I will move to Basel.",
        "> I must call the vet.",
        "엄마는 병원에 가야 한다.",
        "보고서를 내야 했다.",
        "먹을 것을 샀다.",
        "비가 오면 창문을 닫아야 한다.",
        "담배를 피우지 말아야 한다.",
    ],
)
def test_what_is_no_task(analyst: ExtractiveAnalyst, remembered: Make, text: str) -> None:
    assert tasks(analyst, remembered(text, title="A note")) == ()


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("- [ ] pay the plumber\n- [x] book the ferry", ["open", "done"]),
        ("## To do\n- water the figs\n- ~~post the letter~~\n- fix the tap (done)", ["open", "done", "done"]),
        ("I must call the vet by Friday. Sesame limps.\n\nCalled the vet on Thursday.", ["done"]),
        ("I called the vet in May. I must call the vet again.", ["open"]),
        ("I must call the vet. I called Gwen.", ["open"]),
        ("여권을 갱신해야 한다. 어제 여권을 갱신했다.", ["done"]),
        ("여권을 갱신해야 한다. 어제 면허를 갱신했다.", ["open"]),
    ],
)
def test_what_the_note_says_was_done(
    analyst: ExtractiveAnalyst, remembered: Make, text: str, states: list[str]
) -> None:
    assert [task.state for task in tasks(analyst, remembered(text, title="A note"))] == states


def test_others_tasks_are_not_the_owners(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    assert tasks(analyst, remembered("I must call the vet.", origin="other")) == ()


def test_without_the_notes_day_only_a_whole_date_counts(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    memory = remembered("I must pay the rent by Friday.\n\nI must call the vet by 2025-07-03.", title="A note")
    copied = msgspec.structs.replace(memory, note=msgspec.structs.replace(memory.note, happened_from="mtime"))
    assert [task.due for task in tasks(analyst, memory)] == ["2025-06-27", "2025-07-03"]
    assert [task.due for task in tasks(analyst, copied)] == ["", "2025-07-03"]
