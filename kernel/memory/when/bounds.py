"""Times that are only one end of what is meant: "from March to June", "since May", "before 2019", 2020년까지. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Literal

from kernel.memory.when.timespans import Bounded, Moment, Named, placed, spelled

_Side = Literal["before", "until", "since", "after"]
_TO = re.compile(
    r"\s*,?\s*(?:to|until|till|through|up\s+to|[-–—~])\s*(?:the\s+)?(?:end\s+of\s+|early\s+|late\s+)?|\s*(?:부터|에서)\s*,?\s*|\s*[~]\s*",
    re.I,
)
_AND = re.compile(r"\s+and\s+(?:the\s+)?|(?:과|와|하고|랑|이랑)\s*", re.IGNORECASE)
_FROM = re.compile(r"\b(?:from|between)\s+(?:the\s+)?$", re.IGNORECASE)
_BETWEEN = re.compile(r"\bbetween\s+(?:the\s+)?$", re.IGNORECASE)
_TO_THERE = re.compile(r"\s*(?:까지|사이)(?:에|의)?")
_DAY_BEFORE = re.compile(
    r"\b(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?\s*(?:[-–~]|to|and|until|through)\s*(?:the\s+)?$", re.IGNORECASE
)
_DAY_AFTER = re.compile(
    r"\s*(?:부터|에서|[-–~]|to\b|until\b|through\b|and\b)\s*(?:the\s+)?(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th|\s*일)?(?![\w/:.]\d|\d)",
    re.IGNORECASE,
)
_SIDES: dict[str, _Side] = {
    "before": "before", "prior to": "before", "earlier than": "before", "until": "until", "till": "until",
    "up to": "until", "by": "until", "since": "since", "from": "since", "starting": "since", "after": "after",
    "later than": "after", "following": "after",
}  # fmt: skip
_SIDE_BEFORE = re.compile(
    r"\b(?P<side>before|prior\s+to|earlier\s+than|until|till|up\s+to|by|since|after|later\s+than|following|from|starting)"
    r"\s+(?:in\s+|on\s+|about\s+|around\s+|the\s+)*$",
    re.IGNORECASE,
)
_ONWARDS = re.compile(r"\s+(?:on|onwards?|or\s+later)(?=\s*(?:[?.,!]|$)|\s+\w)", re.IGNORECASE)
_KOREAN_SIDES: dict[str, _Side] = {
    "부터": "since", "이후": "since", "이래": "since", "후": "after", "뒤": "after", "까지": "until", "이전": "before",
    "전": "before",
}  # fmt: skip
_SIDE_AFTER = re.compile(
    r"\s*(?P<side>부터|이후|이래|이전|까지|(?<=\s)[후뒤전]|(?<=[년월일말초])[후뒤전])(?:에|로|의|에는|까지)?(?![가-힣])"
)
_DAY_BESIDE = re.compile(
    r"\bthe\s+(?P<what>day|night|morning|week|month|year)\s+(?P<side>before|after)\s+(?:the\s+)?$", re.IGNORECASE
)


def bounded(question: str, found: Sequence[Named], moment: Moment) -> list[Bounded]:
    """Pairs put together, then what is left at its side."""
    made: list[Bounded] = []
    n = 0
    while n < len(found):
        pair = _pair(question, found[n], found[n + 1], moment) if n + 1 < len(found) else None
        made.append(pair or _days(question, found[n]) or _beside(question, found[n]) or _side(question, found[n]))
        n += 2 if pair else 1
    return made


def _pair(question: str, one: Named, other: Named, moment: Moment) -> Bounded | None:
    between, before = question[one.end : other.start], question[: one.start]
    korean_end = _TO_THERE.match(question, other.end)
    both = _AND.fullmatch(between) and (_BETWEEN.search(before) or (korean_end and "사이" in korean_end.group()))
    if not (both or _TO.fullmatch(between)):
        return None
    if "부터" not in between and "에서" in between and not korean_end:
        return None  # 부산에서: where, not from when
    opening = _FROM.search(before)
    start, end = opening.start() if opening else one.start, korean_end.end() if korean_end else other.end
    first, last = _in_one_year(one, other, moment)
    if first is None or last is None:
        return Bounded(start, end, "range", None, None, tuple(value for value in (one.value, other.value) if value))
    return Bounded(start, end, "range", min(first, last), max(first, last), ())


def _in_one_year(one: Named, other: Named, moment: Moment) -> tuple[dt.date | None, dt.date | None]:
    """The first day of one and the last of the other; where one of them has no year, it is in the other's."""
    here, there = one.stretch, other.stretch
    bare, other_bare = one.value.startswith("--"), other.value.startswith("--")
    if bare and there and (not other_bare or moment.day):
        here = _year_before(one.value, there[1])
    elif other_bare and here and not bare:
        there = _year_after(other.value, here[0])
    if here is None or there is None:
        return None, None
    weekdays = one.kind == other.kind == "day" and not (one.value or other.value)
    if weekdays and here[0] > there[1]:  # Monday to Friday, on a Sunday or on a Wednesday
        return here[0] - dt.timedelta(days=7), there[1]
    return here[0], there[1]


def _year_before(value: str, last: dt.date) -> tuple[dt.date, dt.date] | None:
    try:
        return placed(value, Moment(last))
    except (ValueError, OverflowError):
        return None


def _year_after(value: str, first: dt.date) -> tuple[dt.date, dt.date] | None:
    try:
        return placed(value, Moment(first, future=True))
    except (ValueError, OverflowError):
        return None


def _days(question: str, one: Named) -> Bounded | None:
    """ "3 to 9 May", "May 3-9", 5월 3일부터 9일까지: the month stands once."""
    if one.kind != "day" or not one.value or one.stretch is None:
        return None
    day = one.stretch[0]
    before, after = _DAY_BEFORE.search(question[: one.start]), _DAY_AFTER.match(question, one.end)
    if before and "and" in before.group().lower() and not _BETWEEN.search(question[: before.start()]):
        before = None
    if after and "and" in after.group().lower() and not _BETWEEN.search(question[: one.start]):
        after = None
    match = before or after
    if match is None:
        return None
    try:
        first, last = sorted((day, day.replace(day=int(match["day"]))))
    except ValueError:
        return None
    start, end = before.start() if before else one.start, one.end if before else match.end()
    if opening := _FROM.search(question[:start]):
        start = opening.start()
    if closing := _TO_THERE.match(question, end):
        end = closing.end()
    return Bounded(start, end, "range", first, last, ())


def _beside(question: str, one: Named) -> Bounded | None:
    """ "the day after 6 July": a time of its own, not all that came after."""
    match = _DAY_BESIDE.search(question[: one.start])
    if match is None or one.stretch is None:
        return None
    many = {"week": 7, "month": 30, "year": 365}.get(match["what"].lower(), 1)
    try:
        if match["side"].lower() == "after":
            first, last = one.stretch[1] + dt.timedelta(days=1), one.stretch[1] + dt.timedelta(days=many)
        else:
            first, last = one.stretch[0] - dt.timedelta(days=many), one.stretch[0] - dt.timedelta(days=1)
    except OverflowError:
        return None
    kind: Literal["day", "range"] = "day" if many == 1 else "range"
    return Bounded(match.start(), one.end, kind, first, last, spelled((first, last)))


def _side(question: str, one: Named) -> Bounded:
    dates = (one.value,) if one.value else spelled(one.stretch) if one.stretch else ()
    start, end = one.start, one.end
    side: _Side | None = None
    if after := _SIDE_AFTER.match(question, one.end):
        side, end = _KOREAN_SIDES[after["side"]], after.end()
    elif before := _SIDE_BEFORE.search(question[:start]):
        onwards = _ONWARDS.match(question, end)
        if before["side"].lower() not in ("from", "starting") or onwards:
            side, start = _SIDES[re.sub(r"\s+", " ", before["side"].lower())], before.start()
            end = onwards.end() if onwards and side == "since" else end
    if one.stretch is None:
        return Bounded(start, end, one.kind, None, None, () if side in ("before", "after") else dates)
    if side is None:
        return Bounded(start, end, one.kind, *one.stretch, dates)
    return _open(start, end, side, one, dates)


def _open(start: int, end: int, side: _Side, one: Named, dates: tuple[str, ...]) -> Bounded:
    """ "until" and "since" include their day, month or year; "before" and "after" do not."""
    assert one.stretch is not None
    first, last = one.stretch
    day = dt.timedelta(days=1)
    if side == "since":
        return Bounded(start, end, "after", first, None, dates)
    if side == "until":
        return Bounded(start, end, "before", None, last, dates)
    if side == "after":
        return Bounded(start, end, "after", min(last, dt.date.max - day) + day, None, ())
    return Bounded(start, end, "before", None, max(first, dt.date.min + day) - day, ())
