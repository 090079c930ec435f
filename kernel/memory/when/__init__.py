"""When a question is about: the days, months, seasons and stretches that it names, in English and Korean. Pure.

Rules first (``names``, ``bounds``, ``events``): a question takes a fraction of a millisecond.
``dateparser`` is asked only for what looks like a time and no rule took; it is imported then, and not before.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from kernel.memory.when import english, korean
from kernel.memory.when.bounds import bounded
from kernel.memory.when.events import Direction, find_events
from kernel.memory.when.names import named
from kernel.memory.when.timespans import Bounded, Kind, Moment, Named, unit_of
from kernel.types import Span

if TYPE_CHECKING:
    from dateparser.date import DateDataParser

_KEPT = 256
_LONGEST = 1000
"""Characters of a question that are looked at: what is longer is a text, and its rules cost more than they find."""
_UNREAD = re.compile(
    r"\b(?:an?|half|\d{1,3}|one|two|three|four|five|six|seven|eight|nine|ten|twelve)\s(?:[\w]+\s){1,5}ago\b"
    r"|(?<![\w/.])\d{1,2}[/.]\d{1,2}[/.](?:\d{4}|\d{2})(?![\w/]|\.\d)",
    re.IGNORECASE,
)
"""What looks like a time and no rule took: "3 weeks and 2 days ago", "7/16/2024"."""


class Period(msgspec.Struct, frozen=True):
    """A time that a question names. Both days are within it; ``None`` where it is open at that side."""

    start: dt.date | None
    end: dt.date | None
    span: Span
    """Where it stands in the question."""
    kind: Kind
    event: str = ""
    """What it is counted from ("I moved to Oslo"), where that is no date; ``timeline.resolve_event`` finds the day."""
    direction: Direction = ""
    """On which side of the event."""

    @property
    def dated(self) -> bool:
        """Whether anything can be said to lie within it: not so for an event whose day is not known."""
        return self.start is not None or self.end is not None

    @property
    def open(self) -> bool:
        """Whether it goes on for ever at one side."""
        return self.start is None or self.end is None


def periods(question: str, today: dt.date | None = None) -> tuple[Period, ...]:
    """In the order of the question. ``today``: what relative words and dates without a year are counted from; without it
    they are left out."""
    return _read(question, today)[0]


def dates_in_question(question: str, today: dt.date | None = None) -> tuple[str, ...]:
    """Days, months and years that a question names ("on 6 July 2024", "in March", "2025년 6월에", "yesterday"), as
    ``kernel.memory.dates`` writes them. Neither the ends of a stretch ("between March and June") nor a time that is
    left out ("before 2019") are among them: those are only in ``periods``."""
    return _read(question, today)[1]


@lru_cache(maxsize=_KEPT)
def _read(question: str, today: dt.date | None) -> tuple[tuple[Period, ...], tuple[str, ...]]:
    question = question[:_LONGEST]
    moment = Moment(today, english.of_the_future(question) or korean.FUTURE.search(question) is not None)
    times = named(question, moment)
    found = bounded(question, [*times, *_unread(question, moment, times)], moment)
    taken = [Span(one.start, one.end) for one in found]
    events = [
        Period(None, None, event.span, "event", event.words, event.direction) for event in find_events(question, taken)
    ]
    everything = sorted([*map(_period, filter(_dated, found)), *events], key=lambda period: period.span.start)
    return tuple(everything), tuple(dict.fromkeys(date for one in found for date in one.dates))


def _dated(one: Bounded) -> bool:
    return one.first is not None or one.last is not None


def _period(one: Bounded) -> Period:
    return Period(one.first, one.last, Span(one.start, one.end), one.kind)


def _unread(question: str, moment: Moment, taken: Sequence[Named]) -> Iterator[Named]:
    for match in _UNREAD.finditer(question):
        if any(match.start() < other.end and other.start < match.end() for other in taken):
            continue
        try:
            data = _parser(moment.today).get_date_data(match.group())
        except (ValueError, OverflowError):
            continue
        if data.date_obj is not None:
            kind, stretch = unit_of(data.date_obj.date(), data.period if data.period in _UNITS else "day")
            yield Named(match.start(), match.end(), kind, stretch)


_UNITS = ("day", "week", "month", "year")


@lru_cache(maxsize=2)
def _parser(today: dt.date) -> DateDataParser:
    from dateparser.date import DateDataParser

    base = dt.datetime.combine(today, dt.time(12), tzinfo=None)
    return DateDataParser(languages=["en", "ko"], settings={"RELATIVE_BASE": base, "PREFER_DATES_FROM": "past"})
