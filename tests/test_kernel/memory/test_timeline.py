"""Which sentences lie in a time that a question names, and when an event was."""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.memory.asked import ask
from kernel.memory.ingest import Ingest
from kernel.memory.search import Searcher
from kernel.memory.signals import NOTES_DAY, OPEN, Parsed, date_matches
from kernel.memory.store import Store
from kernel.memory.timeline import resolve_event, rows_within, within
from kernel.memory.when import Period, periods

TODAY = dt.date(2025, 6, 18)
NOTES = {
    "2024-12-20": "Walked to the lighthouse. Saw two seals.",
    "2025-03-08": "The boiler was serviced.",
    "2025-05-30": "Ngozi was born on 2 February 2024. We bake on Fridays.",
    "2023": "Painted the boat green.",
    "2021-07": "Moved to Oslo with Farhad.",
}


@pytest.fixture
async def connection(ingest: Ingest, store: Store) -> Iterator[sqlite3.Connection]:
    for day, text in NOTES.items():
        await ingest.add_text(text, title="Day", happened_at=day)
    connection = sqlite3.connect(store.path)
    yield connection
    connection.close()


def _period(question: str) -> Period:
    (found,) = periods(question, TODAY)
    return found


def _texts(connection: sqlite3.Connection, question: str, limit: int = 40) -> list[str]:
    rows = rows_within(connection, _period(question), limit)
    sql = "SELECT s.row, substr(n.text, s.start + 1, s.end - s.start) FROM sentences s JOIN notes n ON n.id = s.note_id"
    found = dict(connection.execute(sql))
    return [found[row] for row in rows]


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What did I do last month?", ["Ngozi was born on 2 February 2024.", "We bake on Fridays."]),
        ("Where was I last winter?", ["Walked to the lighthouse.", "Saw two seals."]),
        ("Who was born in February 2024?", ["Ngozi was born on 2 February 2024."]),
        ("What did I paint in summer 2023?", ["Painted the boat green."]),
        ("What happened before 2022?", ["Moved to Oslo with Farhad."]),
        ("What happened in early 2019?", []),
    ],
)
async def test_rows_within(connection: sqlite3.Connection, question: str, wanted: list[str]) -> None:
    assert _texts(connection, question) == wanted


async def test_an_open_time_begins_at_its_end(connection: sqlite3.Connection) -> None:
    assert _texts(connection, "What have I done since March 2025?", 1) == ["The boiler was serviced."]
    before = _texts(connection, "What did I do before March 2025?", 1)
    assert before == ["Ngozi was born on 2 February 2024.", "Walked to the lighthouse."]


async def test_a_long_time_is_sampled_all_over(ingest: Ingest, store: Store) -> None:
    for month in range(1, 13):
        await ingest.add_text(
            f"Rowed round the island number {month}.", title="Row", happened_at=f"2024-{month:02d}-05"
        )
    connection = sqlite3.connect(store.path)
    texts = _texts(connection, "Where did I row in 2024?", 4)
    connection.close()
    numbers = [int(text.rstrip(".").split()[-1]) for text in texts]
    assert len(numbers) == 4 and numbers == sorted(numbers) and numbers[0] <= 3 and numbers[-1] >= 10


@pytest.mark.parametrize(
    ("question", "day", "wanted"),
    [
        ("last month", "2025-05-30T22:10:00+00:00", True),
        ("last month", "2025-05-31T23:59:59+00:00", True),
        ("last month", "2025-06-01", False),
        ("last month", "2025-05", True),
        ("last month", "2025", True),
        ("last month", "--05-02", True),
        ("last month", "--06-02", False),
        ("last winter", "--01", True),
        ("since May", "2031-01-01", True),
        ("since May", "2025-04-30", False),
        ("since May", "--08-01", False),
        ("before 2019", "2018-12-31T08:00:00+00:00", True),
        ("before 2019", "2019", False),
        ("in 2021", "--08-01", False),
    ],
)
def test_within(question: str, day: str, wanted: bool) -> None:
    assert within(_period(question), day) is wanted


@given(
    st.dates(dt.date(1990, 1, 1), dt.date(2040, 1, 1)),
    st.integers(0, 900),
    st.dates(dt.date(1990, 1, 1), dt.date(2042, 1, 1)),
)
def test_a_whole_day_is_within_as_days_compare(first: dt.date, length: int, day: dt.date) -> None:
    last = first + dt.timedelta(days=length)
    period = Period(first, last, periods("in 2021")[0].span, "range")
    assert within(period, day.isoformat()) is (first <= day <= last)
    if first <= day <= last:
        assert within(period, f"{day:%Y-%m}") and within(period, f"{day:%Y}")


def test_an_event_is_dated_by_the_best_that_has_a_day() -> None:
    asked: list[str] = []

    def search(words: str) -> list[str | None]:
        asked.append(words)
        return [None, "--07-01", "2021", "2021-07", "2021-07-03T09:00:00+00:00", "2020-01-01"]

    before = resolve_event(_period("Where did I live before I moved to Oslo?"), search)
    after = resolve_event(_period("이사한 후에 뭐 했어?"), search)
    assert asked == ["I moved to Oslo", "이사한"]
    assert before and (before.kind, before.start, before.end) == ("before", None, dt.date(2021, 7, 3))
    assert after and (after.kind, after.start, after.end) == ("after", dt.date(2021, 7, 3), None)


def test_an_event_of_which_only_the_year_is_known() -> None:
    event = _period("Where did I live after the wedding?")
    found = resolve_event(event, lambda words: [None, "2021"])
    assert found and (found.start, found.event) == (dt.date(2021, 1, 1), "the wedding")
    assert resolve_event(event, lambda words: [None, "--07-01", "soon"]) is None


def test_what_is_no_event_is_left_alone() -> None:
    period = _period("in 2021")
    assert resolve_event(period, lambda words: ["2020"]) is period


def _sentence(*days: str, happened_at: str = "") -> Parsed:
    none: frozenset[str] = frozenset()
    return Parsed(
        row=1, terms=none, title_terms=none, said="", days=days, happened_at=happened_at, is_question=False,
        others_words=False, length=4, heading_only=False, names=none, kind="episodic", todo="", key_terms=none,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("question", "sentence", "wanted"),
    [
        ("Who came last month?", _sentence("2025-05-30"), 1.0),
        ("Who came last month?", _sentence(happened_at="2025-05-30T10:00:00+00:00"), NOTES_DAY),
        ("Who came last month?", _sentence("2025-04-30", happened_at="2025-05-30"), NOTES_DAY),
        ("Who came last month?", _sentence("2025-04-30", happened_at="2025-06-01"), 0.0),
        ("Who came on 30 May 2025?", _sentence("2025-05-30"), 1.0),
        ("Who came from 2019 to 2021?", _sentence("2020-02-03"), 1.0),
        ("Who came before 2019?", _sentence("2018"), OPEN),
        ("Who came before 2019?", _sentence("2019"), 0.0),
        ("Who has come since May?", _sentence(happened_at="2025-05-30"), NOTES_DAY * OPEN),
        ("Who came in March?", _sentence("2025-03-01"), 1.0),
        ("Who came in March?", _sentence("2023-03-01"), OPEN),
        ("Who came in March?", _sentence("--03-01"), 1.0),
        ("Who came?", _sentence("2025-03-01", happened_at="2025-06-18"), 0.0),
        ("Who came before I moved?", _sentence("2025-03-01", happened_at="2025-06-18"), 0.0),
    ],
)
def test_what_a_day_counts(question: str, sentence: Parsed, wanted: float) -> None:
    assert date_matches(ask(question, (), TODAY), sentence) == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("What happened last winter?", "lighthouse"),
        ("지난겨울에 뭐 했어?", "lighthouse"),
        ("What happened between February and April?", "boiler"),
    ],
)
async def test_search_finds_by_the_time_alone(ingest: Ingest, store: Store, question: str, wanted: str) -> None:
    for day, text in NOTES.items():
        await ingest.add_text(text, title="Day", happened_at=day)
    searcher = Searcher(store.path)
    hits = searcher.search(question, None, limit=1, today=TODAY)
    searcher.close()
    assert [wanted in hit.text and "date matched" in hit.explain.notes for hit in hits] == [True]
