"""Dates as people write them, in English and Korean; languages by their letters."""

from __future__ import annotations

import datetime as dt

import pytest

from kernel.memory.dates import covers, date_in_name, date_of_value, find_dates
from kernel.memory.language import language_of
from kernel.memory.when import dates_in_question


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("on 25 June 2025, June 25 and the 3rd of May", ["2025-06-25", "--06-25", "--05-03"]),
        ("2025-06-25, 25.06.2025 and 2025/6/25", ["2025-06-25"] * 3),
        ("4월 21일에, 2025년 6월, 2024년 3월 2일", ["--04-21", "2025-06", "2024-03-02"]),
        ("Since 2009; in March; spring of 2014", ["2009", "--03", "2014"]),
        ("may 3 children come; 2,021 steps; 1990 euros", []),
        ("31 February 2024", ["2024-02"]),
    ],
)
def test_find_dates(text: str, wanted: list[str]) -> None:
    found = find_dates(text)
    assert [date.value for date in found] == wanted
    assert all(text[date.start : date.end].strip() for date in found)


def test_a_year_fills_what_is_missing() -> None:
    assert [date.value for date in find_dates("on 6 July", year=2024)] == ["2024-07-06"]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("2023-11-06-staff.md", "2023-11-06"),
        ("20231106.txt", "2023-11-06"),
        ("06.11.2023 talk.md", "2023-11-06"),
        ("Price list 2025.md", None),
        ("2025.md", "2025"),
        ("2023-13-45.md", None),
    ],
)
def test_date_in_name(name: str, wanted: str | None) -> None:
    assert date_in_name(name) == wanted


def test_front_matter_values() -> None:
    assert date_of_value(dt.date(2024, 7, 6)) == "2024-07-06"
    assert date_of_value("2024-07-06T10:00:00+02:00") == "2024-07-06T08:00:00+00:00"
    assert date_of_value("6 July 2024") == "2024-07-06"
    assert date_of_value("someday") is None and date_of_value(None) is None


def test_questions_name_dates() -> None:
    today = dt.date(2025, 1, 3)
    assert dates_in_question("What did I do on July 6, 2024?") == ("2024-07-06",)
    assert dates_in_question("작년에 뭐 했어?", today) == ("2024",)
    assert dates_in_question("Who called last month?", today) == ("2024-12",)
    assert dates_in_question("Where was I in winter 2023?") == ("2023-12", "2024-01", "2024-02")
    assert dates_in_question("Who called yesterday?") == ()


def test_covers() -> None:
    assert (
        covers("2024", "2024-07-06T10:00:00+00:00") and covers("--07-06", "2024-07-06") and covers("2024-07", "--07-06")
    )
    assert not covers("2024-07-06", "2024-07") and not covers("--07", "2024-08-01")


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("I moved to Oslo last year.", "en"),
        ("오늘 Rosin과 공원에서 걸었다.", "ko"),
        ("Вчера я ездил к сестре.", "other"),
        ("Gestern bin ich mit meiner Schwester nach Hamburg gefahren und wir haben Fisch gegessen.", "other"),
        ("", "en"),
        ("Rent: 640", "en"),
    ],
)
def test_language(text: str, wanted: str) -> None:
    assert language_of(text) == wanted
