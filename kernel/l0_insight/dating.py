"""From when until when a statement holds, and by when a task is due: dates in the words, else counted from the note's
day."""

from __future__ import annotations

import datetime as dt
import re

from kernel.memory.dates import find_dates
from kernel.memory.when import Period, periods

_SINCE = re.compile(r"\b(?:since|from|as of|starting|beginning)\s*(?:the\s+)?(?:\w+\s+of\s+)?$|부터\s*$", re.I)
_UNTIL = re.compile(r"\b(?:until|till|to|through|ends?|–|-)\s*(?:the\s+)?$", re.I)
_AT = re.compile(r"(?:\b(?:in|on|of|by|during|around|early|late|mid|last|this|next|at)\s+(?:the\s+)?|^|년\s*)$", re.I)
"""A bare year or month is one only after such a word: ``an electric Kangoo, yellow, 2019`` was not bought in 2019."""
_RELATIVE = re.compile(
    r"\b(?:ago|last|this|yesterday|today|tonight|earlier|previous|past|on (?:mon|tues|wednes|thurs|fri|satur|sun)day|"
    r"since (?:mon|tues|wednes|thurs|fri|satur|sun)day|(?:first|second|third|\w+th|\w+-first|\w+-second|\w+-third) of)\b"
    r"|어제|그제|그저께|오늘|지난|저번|작년|재작년|올해|이번|전에|[월화수목금토일]요일",
    re.I,
)
"""Whether a look at ``periods`` is worth its time."""
_ORDINAL = re.compile(r"\b(?:first|second|third|\w+th|\w+-first|\w+-second|\w+-third) of [A-Z]")
"""``the third of May``, of which ``find_dates`` sees the month."""
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
    if when is not None and len(when) == 7 and _ORDINAL.search(text):
        when = relative_day(text, day) or when
    start = start or when or relative_day(text, day)
    return (start or (day if end is None or past else None)), end


def relative_day(text: str, day: str | None) -> str | None:
    """``yesterday``, ``last Friday``, ``two years ago``, ``지난달`` counted from the note's own day: a day, month or year,
    as far as the words tell."""
    if day is None or len(day) != 10 or not _RELATIVE.search(text):
        return None
    base = dt.date.fromisoformat(day)
    told = (p for p in periods(text, base) if p.start is not None and p.kind != "event" and p.start <= base)
    return next((_common(p.start, p.end or p.start) for p in told if p.start is not None), None)


def due_day(text: str, day: str | None) -> str:
    """The day that a task names as its last or its own; empty where it names none. Without the note's ``day`` only a
    whole date counts."""
    if day is None or len(day) < 10:
        return next((found.value for found in find_dates(text) if len(found.value) == 10), "")
    base = dt.date.fromisoformat(day[:10])
    korean = any("가" <= letter <= "힣" for letter in text)
    words = f"{text} 예정" if korean else f"I will {text}"
    told = periods(words, base)
    last = next((p for p in told if p.kind == "before" and p.end is not None), None)
    own = next((p for p in told if p.kind == "day" and p.start is not None and p.start >= base), None)
    if last is not None and last.end is not None:
        return (last.end + dt.timedelta(days=_is_before(words, last))).isoformat()
    return own.start.isoformat() if own is not None and own.start is not None else ""


def _is_before(words: str, period: Period) -> bool:
    """``before 3 May`` is due, as it is said, on the third."""
    said = words[period.span.start : period.span.end]
    return said.lower().startswith("before") or said.endswith(("전", "전에", "전까지"))


def _common(first: dt.date, last: dt.date) -> str:
    """A day, else the month or year that holds both; a winter begins in December."""
    if first == last:
        return first.isoformat()
    if (first.year, first.month) == (last.year, last.month) or first.year != last.year:
        return f"{first.year:04d}-{first.month:02d}"
    return f"{first.year:04d}"
