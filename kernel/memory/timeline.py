"""Where a time that a question names lies among the notes: which sentences, and when something happened.

Dates compare as strings, at the precision of the coarser one: a sentence that says ``2025-06`` lies in a week of that
month, one that says ``--06-25`` in any June.
"""

from __future__ import annotations

import datetime as dt
import sqlite3
from collections.abc import Callable, Sequence

import msgspec

from kernel.memory.when import Period
from kernel.memory.when.timespans import days_of

_DATED_DAY, _DATED_MONTH = 10, 7
_YEAR = 364
_LAST = "~"
"""Behind every character of a date."""
_IN_DAYS = "day BETWEEN :low AND :high AND day >= substr(:first, 1, length(day))"
_IN_NOTES = "happened_at BETWEEN :low AND :high AND happened_at >= substr(:first, 1, length(happened_at))"
_OF_ANY_YEAR = "SELECT DISTINCT row FROM days WHERE day BETWEEN :low AND :high OR day = :month LIMIT :limit"


def within(period: Period, day: str) -> bool:
    """Whether ``day`` (of any precision, or a timestamp) lies within the period, as far as it is known."""
    if day.startswith("--"):
        return any(first <= day[: len(first)] <= last or first[:4] == day for first, last in _without_years(period))
    low, high = _ends(period)
    return low[: len(day)] <= day <= high + _LAST


def rows_within(connection: sqlite3.Connection, period: Period, limit: int) -> list[int]:
    """Rows of at most ``limit`` sentences that name a day within the period, then of as many whose note happened in it.

    Of an open period those nearest to its end; of a closed one, some from all of it, the beginnings of notes first.
    """
    if not period.dated:
        return []
    first, last = _ends(period)
    bounds: dict[str, object] = {"low": first[:4], "high": last + _LAST, "first": first, "limit": limit}
    days = _some("row", "day", f"days WHERE {_IN_DAYS}", period)
    notes = _some("id", "happened_at", f"notes WHERE {_IN_NOTES}", period)
    order = (
        "of.at DESC, s.ordinal"
        if period.start is None
        else "of.at, s.ordinal"
        if period.end is None
        else "s.ordinal, of.at"
    )
    sentences = f"SELECT s.row FROM ({notes}) of JOIN sentences s ON s.note_id = of.id ORDER BY {order} LIMIT :limit"
    found = [*connection.execute(days, bounds), *connection.execute(sentences, bounds)]
    for low, high in _without_years(period):
        found += connection.execute(_OF_ANY_YEAR, {"low": low, "high": high, "month": low[:4], "limit": limit})
    return list(dict.fromkeys(row[0] for row in found))


def resolve_event(period: Period, search: Callable[[str], Sequence[str | None]]) -> Period | None:
    """The stretch before or after an event, or ``None`` where nothing says when it was.

    ``search`` takes the event's words and gives the dates of what was found for them, best first (a day that the
    sentence names, else that of its note). The best with a day counts, then the best with a month, then a year; the day
    itself is on both sides, as what is written on the day of a move tells from where.
    """
    if period.kind != "event":
        return period
    dates = [date for date in search(period.event) if date and not date.startswith("--")]
    for length in (_DATED_DAY, _DATED_MONTH, 0):
        for date in dates:
            if len(date) >= length and (day := _days(date)):
                before = period.direction == "before"
                return msgspec.structs.replace(
                    period,
                    start=None if before else day[0],
                    end=day[1] if before else None,
                    kind="before" if before else "after",
                )
    return None


def _days(date: str) -> tuple[dt.date, dt.date] | None:
    try:
        return days_of(date[:_DATED_DAY])
    except ValueError:
        return None


def _ends(period: Period) -> tuple[str, str]:
    return (period.start or dt.date.min).isoformat(), (period.end or dt.date.max).isoformat()


def _without_years(period: Period) -> list[tuple[str, str]]:
    """A closed period of less than a year as stretches of days that recur: two where it goes over a new year."""
    if period.start is None or period.end is None or (period.end - period.start).days >= _YEAR:
        return []
    first, last = f"-{period.start.isoformat()[4:]}", f"-{period.end.isoformat()[4:]}"
    return [(first, last)] if period.start.year == period.end.year else [(first, "--12-31"), ("--01-01", last)]


def _some(column: str, day: str, source: str, period: Period) -> str:
    """The statement that takes ``:limit`` of ``source``; evenly from all of a closed period."""
    if period.open:
        return f"SELECT {column}, {day} AS at FROM {source} ORDER BY {day} {'DESC' if period.start is None else ''} LIMIT :limit"
    numbered = (
        f"SELECT {column}, {day} AS at, row_number() OVER (ORDER BY {day}, {column}) AS n, count(*) OVER () AS many"
        f" FROM {source}"
    )
    return (
        f"SELECT {column}, at FROM ({numbered})"
        " WHERE many <= :limit OR (n * :limit) / many > ((n - 1) * :limit) / many ORDER BY n"
    )
