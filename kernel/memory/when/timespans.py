"""Stretches of days and the arithmetic that the time words of a question need. Pure.

Values are in the form of ``kernel.memory.dates``: ``2025-06-25``, ``2025-06``, ``2025``, ``--06-25``, ``--06``.
"""

from __future__ import annotations

import calendar
import datetime as dt
from collections.abc import Callable
from re import Match, Pattern
from typing import Literal

import msgspec

Kind = Literal["day", "month", "season", "year", "range", "before", "after", "event"]
Stretch = tuple[dt.date, dt.date]
"""First and last day, both within it."""
SEASONS = {"spring": 3, "summer": 6, "autumn": 9, "winter": 12}
"""The month each begins in, north of the equator; a winter belongs to the year of its December."""
FEW = (2, 5)
"""How many "a few" may be."""
_SPELLED_YEARS, _SPELLED_MONTHS, _SPELLED_DAYS = 3, 4, 7


class Moment(msgspec.Struct, frozen=True):
    """From which day a question is asked, and whether it asks of what is to come."""

    day: dt.date | None
    future: bool = False

    @property
    def today(self) -> dt.date:
        """Raises ``ValueError`` where it is not known, so that every rule that counts from it finds nothing."""
        if self.day is None:
            raise ValueError("no day to count from")
        return self.day


class Named(msgspec.Struct, frozen=True):
    """A time named in ``question[start:end]``."""

    start: int
    end: int
    kind: Kind
    stretch: Stretch | None
    """``None`` where the year is missing and no day is known to count from."""
    value: str = ""
    """As a date, where it is one that stands in the question."""


class Bounded(msgspec.Struct, frozen=True):
    """The same with its "before", "since" or "from … to"; open at a side that is ``None``."""

    start: int
    end: int
    kind: Kind
    first: dt.date | None
    last: dt.date | None
    dates: tuple[str, ...]
    """Spelled out as dates, where that is few."""


Make = Callable[[Match[str], Moment], tuple[Kind, Stretch] | None]
Rule = tuple[Pattern[str], Make]
"""A time word and what it means; the callable may raise ``ValueError`` or ``OverflowError`` for days that do not exist.
A group named ``time`` is what the rule takes of the question, else the whole match."""


def days_of(value: str) -> Stretch:
    """A year, month or day with a year -> its first and last day."""
    parts = [int(part) for part in value.split("-")]
    if len(parts) == 1:
        return year_of(parts[0])
    if len(parts) == 2:
        return month_of(parts[0], parts[1])
    day = dt.date(*parts)
    return day, day


def year_of(year: int) -> Stretch:
    return dt.date(year, 1, 1), dt.date(year, 12, 31)


def month_of(year: int, month: int) -> Stretch:
    """``month`` may lie outside of 1..12: it is counted on from January of ``year``."""
    year, month = year + (month - 1) // 12, (month - 1) % 12 + 1
    return dt.date(year, month, 1), dt.date(year, month, calendar.monthrange(year, month)[1])


def months_of(year: int, first: int, last: int) -> Stretch:
    return month_of(year, first)[0], month_of(year, last)[1]


def season_of(year: int, season: str) -> Stretch:
    return months_of(year, SEASONS[season], SEASONS[season] + 2)


def decade_of(year: int) -> Stretch:
    return dt.date(year, 1, 1), dt.date(year + 9, 12, 31)


def week_of(day: dt.date) -> Stretch:
    """Monday to Sunday."""
    monday = day - dt.timedelta(days=day.weekday())
    return monday, monday + dt.timedelta(days=6)


def weekend_of(day: dt.date) -> Stretch:
    """Saturday and Sunday of its week."""
    sunday = week_of(day)[1]
    return sunday - dt.timedelta(days=1), sunday


def shifted(day: dt.date, unit: str, number: int) -> dt.date:
    """``number`` days, weeks, months or years later; the month's last day where the day does not exist in it."""
    if unit in ("day", "week"):
        return day + dt.timedelta(days=number * (7 if unit == "week" else 1))
    first, last = month_of(day.year, day.month + number * (12 if unit == "year" else 1))
    return first.replace(day=min(day.day, last.day))


def unit_of(day: dt.date, unit: str) -> tuple[Kind, Stretch]:
    """The day, week, month or year that ``day`` lies in."""
    if unit == "day":
        return "day", (day, day)
    if unit == "week":
        return "range", week_of(day)
    return ("month", month_of(day.year, day.month)) if unit == "month" else ("year", year_of(day.year))


def ago(moment: Moment, unit: str, number: int, *, few: bool = False) -> tuple[Kind, Stretch]:
    """``number`` units before today (negative: after): the whole unit, as nobody counts the days of "two months ago"."""
    if few:
        return "range", (shifted(moment.today, unit, -FEW[1]), shifted(moment.today, unit, -FEW[0]))
    return unit_of(shifted(moment.today, unit, -number), unit)


def around(moment: Moment, year: int) -> tuple[Kind, Stretch]:
    """ "This time last year": a month about today's day."""
    day, half = shifted(moment.today, "year", year - moment.today.year), dt.timedelta(days=15)
    return "range", (day - half, day + half)


def past(moment: Moment, unit: str, number: int) -> tuple[Kind, Stretch]:
    """The ``number`` units up to today."""
    return "range", (shifted(moment.today, unit, -number), moment.today)


def weekday(moment: Moment, number: int, which: str) -> Stretch:
    """``which``: ``last`` (before today), ``this`` (of this week), ``next`` (after today) or empty: as it is asked."""
    today = moment.today
    if which == "this":
        day = week_of(today)[0] + dt.timedelta(days=number)
    elif which == "next" or (not which and moment.future):
        day = today + dt.timedelta(days=(number - today.weekday() - 1) % 7 + 1)
    else:
        day = today - dt.timedelta(days=(today.weekday() - number - 1) % 7 + 1)
    return day, day


def nearest(stretch_in: Callable[[int], Stretch], moment: Moment, which: str) -> Stretch:
    """Of something that comes every year: ``last`` is over by today, ``next`` begins after it, ``this`` is this year's;
    else the latest that has begun, or the first not yet over where the question asks of what is to come."""
    year = moment.today.year
    if which == "this":
        held = [stretch_in(n) for n in (year - 1, year) if stretch_in(n)[0] <= moment.today <= stretch_in(n)[1]]
        return held[0] if held else stretch_in(year)
    reached = []
    for n in range(year - 8, year + 9):  # far enough for a 29 February
        try:
            reached.append(stretch_in(n))
        except ValueError:
            continue
    if which == "next":
        return next(one for one in reached if one[0] > moment.today)
    if which == "last":
        return next(one for one in reversed(reached) if one[1] < moment.today)
    if moment.future:
        return next(one for one in reached if one[1] >= moment.today)
    return next(one for one in reversed(reached) if one[0] <= moment.today)


def season_near(season: str, moment: Moment, which: str) -> Stretch:
    """As ``nearest``; of the two winters that a year has a part in, "this" is the one that is on, or the nearer."""
    if which == "this" and season == "winter":
        return season_of(moment.today.year - (moment.today.month < 6), season)
    return nearest(lambda year: season_of(year, season), moment, which)


def placed(value: str, moment: Moment, which: str = "") -> Stretch:
    """A date without a year (``--06-25``, ``--06``), in the year that is meant."""
    return nearest(lambda year: days_of(f"{year:04d}-{value[2:]}"), moment, which)


def part_of(stretch: Stretch, part: str) -> Stretch:
    """``early``, ``mid``, ``late`` (thirds), ``first half``, ``second half``, ``first week``, ``last week``."""
    first, last = stretch
    if part == "first week":
        return first, min(last, first + dt.timedelta(days=6))
    if part == "last week":
        return max(first, last - dt.timedelta(days=6)), last
    shares = {
        "early": (0, 1, 3),
        "mid": (1, 2, 3),
        "late": (2, 3, 3),
        "first half": (0, 1, 2),
        "second half": (1, 2, 2),
    }
    begin, end, of = shares[part]
    if whole_months(stretch):
        many = (last.year - first.year) * 12 + last.month - first.month + 1
        if many >= of:
            return months_of(first.year, first.month + many * begin // of, first.month + many * end // of - 1)
    days = (last - first).days + 1
    if days < of:
        return stretch
    return first + dt.timedelta(days=days * begin // of), first + dt.timedelta(days=days * end // of - 1)


def whole_months(stretch: Stretch) -> bool:
    first, last = stretch
    return first.day == 1 and last == month_of(last.year, last.month)[1]


def spelled(stretch: Stretch) -> tuple[str, ...]:
    """A short stretch as years, months or days; nothing where that would be many."""
    first, last = stretch
    months = (last.year - first.year) * 12 + last.month - first.month + 1
    if whole_months(stretch):
        if months % 12 == 0 and first.month == 1 and months // 12 <= _SPELLED_YEARS:
            return tuple(f"{year:04d}" for year in range(first.year, last.year + 1))
        if months <= _SPELLED_MONTHS:
            return tuple(month_of(first.year, first.month + n)[0].isoformat()[:7] for n in range(months))
    if (last - first).days < _SPELLED_DAYS:
        return tuple((first + dt.timedelta(days=n)).isoformat() for n in range((last - first).days + 1))
    return ()
