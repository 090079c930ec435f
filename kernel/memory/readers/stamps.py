"""The date and clock before a line of an exported chat, in the many ways that telephones write them.

``5/3/24`` may be March or May: whoever reads a file asks once for the order of its numbers, over all its lines.
"""

from __future__ import annotations

import datetime as dt
import itertools
import re
from collections.abc import Sequence
from typing import Literal

import msgspec

Order = Literal["ymd", "dmy", "mdy"]

_BEFORE = r"(?:(?P<before>오전|오후|上午|下午|午前|午後|[AaPp]\.?[Mm]\.?)\s?)?"
_AFTER = r"(?:\s?(?P<after>[AaPp]\.?\s?[Mm]\.?|오전|오후))?"
CLOCK = rf"{_BEFORE}(?P<hour>\d{{1,2}})[:.](?P<minute>\d\d)(?:[:.](?P<second>\d\d))?{_AFTER}"
DATE = r"(?P<a>\d{1,4})\s?[./년-]\s?(?P<b>\d{1,2})\s?[./월-]\s?(?P<c>\d{1,4})(?:\s?일|\.)?"
STAMP = rf"{DATE}(?:,\s*|\s+)(?:(?:at|à|um|klo?\.?|às|a las|alle)\s+)?{CLOCK}"

_FIRST_YEAR = 2009
"""Neither WhatsApp nor KakaoTalk is older."""
_AFTERNOON = ("p", "오후", "下", "午後")
_MORNING = ("a", "오전", "上", "午前")


class Stamp(msgspec.Struct, frozen=True):
    """What stands before one message: three numbers whose order is not known yet, and a time of day."""

    numbers: tuple[int, int, int]
    time: dt.time

    def day(self, order: Order) -> dt.date | None:
        """The day, if the numbers are one in that order."""
        year, month, day = (self.numbers[order.index(letter)] for letter in "ymd")
        year += 2000 if year < 100 else 0
        if not _FIRST_YEAR <= year < 2100:
            return None
        try:
            return dt.date(year, month, day)
        except ValueError:
            return None


def time_of(match: re.Match[str]) -> dt.time | None:
    """The time of day of a match of ``CLOCK``; ``None`` if there is no such time."""
    hour, half = int(match["hour"]), (match["before"] or match["after"] or "").lower()
    if half.startswith(_AFTERNOON) and hour < 12:
        hour += 12
    elif half.startswith(_MORNING) and hour == 12:
        hour = 0
    try:
        return dt.time(hour, int(match["minute"]), int(match["second"] or 0))
    except ValueError:
        return None


def stamp_of(match: re.Match[str]) -> Stamp | None:
    """The stamp of a match of ``STAMP``; ``None`` if it is none in any order."""
    time = time_of(match)
    if time is None:
        return None
    stamp = Stamp((int(match["a"]), int(match["b"]), int(match["c"])), time)
    return stamp if any(stamp.day(order) for order in ("ymd", "dmy", "mdy")) else None


def likely_order(match: re.Match[str], *, english: bool) -> Order:
    """What one stamp's look says of the order: only Americans write ``3/5/24`` and mean March, and they fill no zeros.

    ``english``: the telephone speaks English (its own words in the export do).
    """
    if len(match["a"]) == 4 or "년" in match[0]:
        return "ymd"
    unfilled = not (match["a"].startswith("0") or match["b"].startswith("0"))
    slashes = match[0][match.end("a") - match.start()] == "/"
    half = match["after"] or ""
    if slashes and unfilled and (half.isupper() or (not half and english and len(match["c"]) == 2)):
        return "mdy"
    return "dmy"


def order_of(stamps: Sequence[Stamp], likely: Order) -> Order:
    """The order in which most stamps are days (a day above 12 decides) and time goes forwards; of equals the likely one.

    What is no day in that order is not a stamp of this file: somebody has pasted it.
    """

    def cost(order: Order) -> tuple[int, int, bool]:
        days = [day for stamp in stamps if (day := stamp.day(order))]
        backwards = sum(later < earlier for earlier, later in itertools.pairwise(days))
        return len(stamps) - len(days), backwards, order != likely

    orders: tuple[Order, ...] = ("dmy", "mdy", "ymd")
    return min(orders, key=cost)
