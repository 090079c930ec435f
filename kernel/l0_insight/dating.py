"""From when until when a statement holds: dates in its words, else the day of its note."""

from __future__ import annotations

import datetime as dt
import re

from kernel.memory.dates import find_dates

_SINCE = re.compile(r"\b(?:since|from|as of|starting|beginning)\s*(?:the\s+)?(?:\w+\s+of\s+)?$|부터\s*$", re.I)
_UNTIL = re.compile(r"\b(?:until|till|to|through|ends?|–|-)\s*(?:the\s+)?$", re.I)
_AT = re.compile(r"(?:\b(?:in|on|of|by|during|around|early|late|mid|last|this|next|at)\s+(?:the\s+)?|^|년\s*)$", re.I)
"""A bare year or month is one only after such a word: ``an electric Kangoo, yellow, 2019`` was not bought in 2019."""
_AGO = re.compile(
    r"\b(\d+|a|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)\s+(year|month|week|day)s?\s+ago\b",
    re.I,
)
_RELATIVE = {
    "yesterday": -1,
    "today": 0,
    "tonight": 0,
    "this morning": 0,
    "last night": -1,
    "어제": -1,
    "오늘": 0,
    "그제": -2,
}
_WEEKDAYS = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
_LAST_DAY = re.compile(r"\b(?:last|since|on)\s+(" + "|".join(_WEEKDAYS) + r")\b", re.I)
_NUMBERS = {
    w: n
    for n, w in enumerate(
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"]
    )
}
_NUMBERS |= {"a": 1, "fifteen": 15, "twenty": 20}
_PAST_HABIT = re.compile(r"\bused to\b|예전에", re.I)


def validity(text: str, happened_at: str | None, *, past: bool) -> tuple[str | None, str | None]:
    """``(valid_from, valid_to)`` in ISO form. ``past``: the verb is past, so a date is when it happened."""
    day = (happened_at or "")[:10] or None
    year = int(day[:4]) if day else None
    if _PAST_HABIT.search(text):
        return None, day
    start = end = when = None
    for found in find_dates(text, year=year):
        if found.value.startswith("--"):
            continue
        before = text[: found.start]
        after = text[found.end : found.end + 3]
        if _UNTIL.search(before) or after.startswith("까지"):
            end = end or found.value
        elif _SINCE.search(before) or after.startswith("부터"):
            start = start or found.value
        elif len(found.value) == 10 or _AT.search(before) or _AT.search(text[found.start : found.end].split()[0] + " "):
            when = when or found.value
    start = start or when or relative_day(text, day)
    return (start or (day if end is None or past else None)), end


def relative_day(text: str, day: str | None) -> str | None:
    """``yesterday``, ``last Friday``, ``two years ago`` counted from the note's own day."""
    if day is None or len(day) != 10:
        return None
    base = dt.date.fromisoformat(day)
    lowered = text.lower()
    for word, days in _RELATIVE.items():
        if word in lowered:
            return (base + dt.timedelta(days=days)).isoformat()
    if found := _AGO.search(text):
        return _ago(base, found[1].lower(), found[2].lower())
    if found := _LAST_DAY.search(text):
        back = (base.weekday() - _WEEKDAYS.index(found[1].lower())) % 7 or 7
        return (base - dt.timedelta(days=back)).isoformat()
    return None


def _ago(base: dt.date, amount: str, unit: str) -> str:
    number = int(amount) if amount.isdigit() else _NUMBERS[amount]
    if unit == "year":
        return f"{base.year - number:04d}"
    if unit == "month":
        months = base.year * 12 + base.month - 1 - number
        return f"{months // 12:04d}-{months % 12 + 1:02d}"
    return (base - dt.timedelta(days=number * (7 if unit == "week" else 1))).isoformat()
