"""Dates in front matter, file names and texts, in English and Korean. Pure; ``when`` reads the times of a question.

A day is written ``2025-06-25``, a month ``2025-06``, a year ``2025``; without a year ``--06-25`` and ``--06`` (ISO
8601's truncated form). ``covers`` compares them at the precision of the coarser one.
"""

from __future__ import annotations

import datetime as dt
import re

import msgspec

_MONTHS = (
    *("january", "february", "march", "april", "may", "june"),
    *("july", "august", "september", "october", "november", "december"),
)
MONTH_NUMBERS = (
    {name: n for n, name in enumerate(_MONTHS, 1)} | {name[:3]: n for n, name in enumerate(_MONTHS, 1)} | {"sept": 9}
)
"""English names of months and how they are shortened, in small letters."""
_MONTH = r"(?P<month>" + "|".join(sorted(MONTH_NUMBERS, key=len, reverse=True)) + r")\b\.?"
_YEAR = r"(?P<year>(?:19|20)\d\d)"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"

_PATTERNS = tuple(
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        rf"(?<!\d){_YEAR}[-/.](?P<m>1[0-2]|0?[1-9])[-/.]{_DAY}(?!\d)",
        rf"(?<!\d)(?P<day>3[01]|[12]\d|0?[1-9])\.\s?(?P<m>1[0-2]|0?[1-9])\.\s?{_YEAR}(?!\d)",
        rf"{_YEAR}\s*년\s*(?P<m>1[0-2]|0?[1-9])\s*월(?:\s*(?P<day>3[01]|[12]\d|0?[1-9])\s*일)?",
        r"(?<!\d)(?P<m>1[0-2]|[1-9])\s*월\s*(?P<day>3[01]|[12]\d|0?[1-9])\s*일",
        rf"\b{_DAY}\s+(?:of\s+)?{_MONTH}(?:,?\s+{_YEAR})?(?!\d)",
        rf"\b{_MONTH}\s+(?:the\s+)?{_DAY}(?!\d|[:.]\d|,\d)(?:,?\s+{_YEAR}(?!\d))?",
        rf"\b{_MONTH},?\s+(?:of\s+)?{_YEAR}(?!\d)",
        rf"(?<![\d.,-]){_YEAR}-(?P<m>1[0-2]|0[1-9])(?![\d-])",
        rf"(?<!\d){_YEAR}\s*년",
        r"(?<!\d)(?P<m>1[0-2]|[1-9])\s*월(?![가-힣]*요일)",
        r"\b(?:(?:in|of|since|until|by|from|last|next|this|during|every|early|late|mid)\s+)(?P<month>"
        + "|".join(_MONTHS)
        + r")\b",
        rf"(?<![\d.,:/-]){_YEAR}(?![\d:/-]|[.,]\d|\s*(?:pounds|euros|dollars|kroner|crowns|won|원|km|kg|steps|words|calories))",
    )
)
_NAME = re.compile(
    r"(?<!\d)(?P<y>(?:19|20)\d\d)(?:[-_. ]?(?P<m>1[0-2]|0[1-9])(?:[-_. ]?(?P<d>3[01]|[12]\d|0[1-9]))?)?(?!\d)"
    r"|(?<!\d)(?P<d2>3[01]|[12]\d|0?[1-9])[-_.](?P<m2>1[0-2]|0?[1-9])[-_.](?P<y2>(?:19|20)\d\d)(?!\d)"
)


class DateMention(msgspec.Struct, frozen=True):
    """A date as it stands in a text, ``text[start:end]``, and its value in this module's form."""

    start: int
    end: int
    value: str


def _valid(year: int | None, month: int | None, day: int | None) -> str | None:
    if year is None and month is None:
        return None
    if month is None:
        return f"{year:04d}"
    if day is None:
        return f"{year:04d}-{month:02d}" if year else f"--{month:02d}"
    try:
        dt.date(year or 2000, month, day)
    except ValueError:
        return None
    return f"{year:04d}-{month:02d}-{day:02d}" if year else f"--{month:02d}-{day:02d}"


def _value(match: re.Match[str]) -> str | None:
    found = match.groupdict()
    month = found.get("m")
    named = found.get("month")
    number = int(month) if month else MONTH_NUMBERS[named.lower()] if named else None
    year, day = found.get("year"), found.get("day")
    return _valid(int(year) if year else None, number, int(day) if day else None)


def find_dates(text: str, *, year: int | None = None) -> list[DateMention]:
    """Every date that stands in ``text``, in order, none overlapping another.

    ``year`` fills in a missing year (a diary's "on 6 July" means the year it was written in).
    """
    taken: list[DateMention] = []
    for pattern in _PATTERNS:
        for match in pattern.finditer(text):
            if any(match.start() < other.end and other.start < match.end() for other in taken):
                continue
            value = _value(match)
            if value is None or match.group().startswith(("may ", "march ", "mar ", "dec ")):  # verbs, not months
                continue
            if value.startswith("--") and year is not None:
                value = f"{year:04d}-{value[2:]}"
            taken.append(DateMention(match.start(), match.end(), value))
    return sorted(taken, key=lambda mention: mention.start)


def first_day(text: str) -> str | None:
    """The first whole day with a year in a text; what ``happened_at`` falls back on."""
    return next((found.value for found in find_dates(text) if len(found.value) == 10), None)


def date_in_name(name: str) -> str | None:
    """The date in a file's name (``2023-11-06-staff.md``, ``20231106``, ``06.11.2023``), as a day, month or year."""
    for match in _NAME.finditer(name):
        found = match.groupdict()
        parts = (found["y"] or found["y2"], found["m"] or found["m2"], found["d"] or found["d2"])
        year, month, day = (int(part) if part else None for part in parts)
        if month is None and match.group().strip() != name.rsplit(".", 1)[0].strip():
            continue  # "Price list 2025": a year among words names the subject, not the day
        value = _valid(year, month, day)
        if value is not None:
            return value
    return None


def without_date(name: str) -> str:
    """A file's stem without a date at its beginning or end: what is left of it to be a title."""
    match = _NAME.search(name)
    if match and (match["m"] or match["m2"]) and (match.start() <= 1 or match.end() >= len(name) - 1):
        name = name[: match.start()] + " " + name[match.end() :]
    return name


def date_of_value(value: object) -> str | None:
    """A front matter value as a date or UTC timestamp; ``None`` if it is neither."""
    if isinstance(value, dt.datetime):
        moment = value if value.tzinfo else value.replace(tzinfo=dt.UTC)
        return moment.astimezone(dt.UTC).isoformat(timespec="seconds")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, int) and 1900 <= value < 2100:
        return str(value)
    if isinstance(value, str):
        try:
            parsed = dt.datetime.fromisoformat(value.strip())
        except ValueError:
            return next((found.value for found in find_dates(value) if not found.value.startswith("--")), None)
        return parsed.date().isoformat() if len(value.strip()) <= 10 else date_of_value(parsed)
    return None


def covers(asked: str, day: str) -> bool:
    """Whether ``day`` (any precision, or a timestamp) lies within ``asked``, as far as both are known."""
    if asked.startswith("--"):
        have = day[5:10] if not day.startswith("--") else day[2:]
        return bool(have) and have.startswith(asked[2:])
    if day.startswith("--"):
        return len(asked) > 4 and day[2:].startswith(asked[5:])
    return day[:10].startswith(asked)
