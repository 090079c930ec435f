"""English words for a time, for questions: "last summer", "two weeks ago", "Q2 2024", "the nineties". Pure.

Dates as such are found by ``kernel.memory.dates``; here is what it leaves to the question's own day or to the reader.
"""

from __future__ import annotations

import datetime as dt
import re
from re import Match

from kernel.memory.dates import MONTH_NUMBERS
from kernel.memory.when.english_words import (
    ABS_YEAR,
    COUNT,
    DECADES,
    FUTURE,
    HALVES,
    HOLIDAYS,
    MONTH,
    NOT_A_MONTH,
    NUMBERS,
    ORDINALS,
    PAST,
    QUARTERS,
    REL_YEAR,
    SEASON,
    SHORT_WEEKDAY,
    STEPS,
    UNIT,
    WEEKDAY,
    WEEKDAYS,
    WHICH,
    YEAR,
)
from kernel.memory.when.timespans import (
    FEW,
    Kind,
    Make,
    Moment,
    Rule,
    Stretch,
    ago,
    around,
    days_of,
    decade_of,
    month_of,
    months_of,
    nearest,
    past,
    placed,
    season_near,
    season_of,
    shifted,
    weekday,
    weekend_of,
)  # fmt: skip


def of_the_future(question: str) -> bool:
    """Whether it asks of what is to come: then "in March" is the next one."""
    return FUTURE.search(question) is not None and PAST.search(question) is None


def _number(word: str) -> int:
    return int(word) if word.isdigit() else NUMBERS[word.lower()]


def _count(match: Match[str]) -> int:
    found = match.groupdict()
    return 2 if found.get("couple") else _number(found.get("count") or "1")


def _year(match: Match[str], moment: Moment) -> int | None:
    found = match.groupdict()
    if found.get("year"):
        return int(found["year"])
    if found.get("yy"):
        short = int(found["yy"])
        return short + (2000 if short < 50 else 1900)
    if found.get("rel2"):
        return moment.today.year - 2
    if found.get("ago"):
        return moment.today.year - _number(found["ago"])
    return moment.today.year + STEPS[found["rel"].lower()] if found.get("rel") else None


def _which(match: Match[str]) -> str:
    word = match["which"].lower()
    return {"past": "last", "previous": "last", "current": "this", "the": "this", "coming": "next"}.get(word, word)


def _season_name(match: Match[str]) -> str:
    name = match["season"].lower()
    return "autumn" if name == "fall" else name


def _season_of_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    year = _year(match, moment)
    return ("season", season_of(year, _season_name(match))) if year else None


def _season(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    return "season", season_near(_season_name(match), moment, _which(match))


def _the_season(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    """ "in the summer": of something that happened; else it is every summer that is meant."""
    return ("season", season_near(_season_name(match), moment, "")) if PAST.search(match.string) else None


def _this_time_of_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    year = _year(match, moment)
    return around(moment, year) if year else None


def _month(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    word = match["month"]
    if word.islower() and len(word) < 4 and word != "may":
        return None
    if word == "may" and not re.match(r"\s*(?:[?.,!]|$)", match.string[match.end() :]):
        return None  # "could this may have been"
    return "month", placed(f"--{MONTH_NUMBERS[word.lower()]:02d}", moment, _which(match))


def _month_of_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    year, month = _year(match, moment), MONTH_NUMBERS[match["month"].lower()]
    if not year:
        return None
    if day := match["day"]:
        return "day", (dt.date(year, month, int(day)),) * 2
    return "month", month_of(year, month)


def _quarter(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    word = match["quarter"].lower()
    number = int(word) if word.isdigit() else QUARTERS[word]
    year = _year(match, moment)
    if year:
        return "range", months_of(year, number * 3 - 2, number * 3)
    return "range", nearest(lambda n: months_of(n, number * 3 - 2, number * 3), moment, "")


def _half(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    year = _year(match, moment)
    return ("range", months_of(year, *((7, 12) if match["half"] == "2" else (1, 6)))) if year else None


def _decade(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    word = match["decade"].lower()
    number = int(word) if word.isdigit() else DECADES[word]
    return "range", decade_of(number + (0 if number >= 100 else 2000 if number < 30 else 1900))


def _years(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    first, last = int(match["year"]), int(match["to"])
    last += first // 100 * 100 if last < 100 else 0
    return ("range", (dt.date(first, 1, 1), dt.date(last, 12, 31))) if first < last <= first + 99 else None


def _day(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    word = re.sub(r"\s+", " ", match.group().lower()).removeprefix("the ")
    offsets = {"day before yesterday": -2, "yesterday": -1, "last night": -1, "tomorrow": 1, "day after tomorrow": 2}
    return ago(moment, "day", -offsets.get(word, 0))


def _unit(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    """ "last week", "this year", "the week before last"."""
    unit, today = match["unit"].lower(), moment.today
    steps = STEPS[_which(match)] if "which" in match.re.groupindex else -2
    if unit == "weekend":
        return "range", weekend_of(shifted(today, "week", steps))
    if unit == "quarter":
        first = (today.month - 1) // 3 * 3 + 1 + steps * 3
        return "range", months_of(today.year, first, first + 2)
    if unit == "decade":
        return "range", decade_of(today.year // 10 * 10 + steps * 10)
    return ago(moment, unit, -steps)


def _amount(match: Match[str]) -> tuple[str, int]:
    """``(unit, number)`` in days, weeks, months or years."""
    unit, number = match["unit"].lower(), _count(match)
    if match["half"]:
        return ("month", 6) if unit == "year" else ("day", HALVES.get(unit, 1))
    plain, many = {"night": ("day", 1), "fortnight": ("week", 2), "decade": ("year", 10)}.get(unit, (unit, 1))
    return plain, many * number


def _ago(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    unit, number = _amount(match)
    if "later" in match.re.groupindex:
        return ago(moment, unit, -number)
    return _and_a_half_ago(match, moment) if match["more"] else ago(moment, unit, number, few=bool(match["few"]))


def _and_a_half_ago(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    """ "two years and a half ago", "a month and a half ago"."""
    unit, number = match["unit"].lower(), _count(match)
    if unit == "year":
        return ago(moment, "month", 12 * number + 6)
    return ago(moment, "day", {"month": 30, "week": 7}.get(unit, 1) * number + HALVES.get(unit, 0))


def _past_units(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    unit, number = _amount(match)
    return past(moment, unit, FEW[1] if match["few"] else number)


def _past_unit(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    unit = match["unit"].lower()
    return past(moment, "year", 10) if unit == "decade" else past(moment, unit, 1)


def _in_units(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    unit, number = _amount(match)
    return ago(moment, unit, -number) if moment.future else None


def _weekday(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    number = next(n for n, name in enumerate(WEEKDAYS) if name.startswith(match["weekday"].lower()[:3]))
    return "day", weekday(moment, number, _which(match) if match.groupdict().get("which") else "")


def _the_weekend(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    if not moment.future and not PAST.search(match.string):
        return None
    before = 0 if moment.future or moment.today.weekday() >= 5 else 7
    return "range", weekend_of(moment.today - dt.timedelta(days=before))


def _day_of_month(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    """ "on the 3rd": the last there was, or the next."""
    number, today = int(match["day"]), moment.today
    if which := match["which"]:
        return "day", (month_of(today.year, today.month - (which.lower() == "last"))[0].replace(day=number),) * 2
    for n in range(13):
        first, last = month_of(today.year, today.month + (n if moment.future else -n))
        if number <= last.day:
            day = first.replace(day=number)
            if day >= today if moment.future else day <= today:
                return "day", (day, day)
    raise ValueError(f"no month has a day {number}")


def _ordinal(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    value = f"{MONTH_NUMBERS[match['month'].lower()]:02d}-{ORDINALS.index(match['ordinal'].lower()) + 1:02d}"
    year = _year(match, moment)
    return "day", days_of(f"{year:04d}-{value}") if year else placed(f"--{value}", moment)


def _holiday(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    month, day, many = HOLIDAYS[re.sub(r"\s+", " ", match["holiday"].lower().replace("’", "'"))]

    def in_year(year: int) -> Stretch:
        first = dt.date(year, month, day)
        return first, first + dt.timedelta(days=many - 1)

    year = _year(match, moment)
    kind: Kind = "day" if many == 1 else "range"
    return kind, in_year(year) if year else nearest(in_year, moment, _which(match) if match["which"] else "")


def _rule(pattern: str, make: Make) -> Rule:
    return re.compile(pattern, re.IGNORECASE), make


_HOLIDAY = r"(?P<holiday>" + "|".join(sorted(HOLIDAYS, key=len, reverse=True)).replace("'", "['’]") + r")\b"
_NOT_A_DAY = r"(?!['’]?s?\s+(?:trees?|cards?|songs?|presents?|cakes?|markets?)\b)"
_ORDINAL = "(?P<ordinal>" + "|".join(sorted(ORDINALS, key=len, reverse=True)) + ")"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])(?:st|nd|rd|th)?"
_NOT_THIS = "".join(
    rf"(?<!\b{word} )" for word in "every each which what any a most good black easter ash palm".split()
)
_TENS = r"(?:[02-9]0|10)(?=['’]?s)|" + "|".join(DECADES)
_UNTIL_THE_END = r"(?=\s*(?:[?.,!]|$))"

BEFORE_DATES: tuple[Rule, ...] = (
    _rule(rf"\b(?:the\s+(?:(?:early|mid|late)[\s-])?|(?:early|mid|late)[\s-])(?P<time>(?P<decade>{_TENS})(?:['’]?s)?)(?!\w)", _decade),
    _rule(r"(?<![\w£$€])['’]?(?P<decade>(?:19|20)\d0)['’]?s\b", _decade),
    _rule(r"(?<!\w)['’](?P<decade>[02-9]0|10)s\b", _decade),
    _rule(rf"\b{SEASON}(?:\s+of|\s+in|,)?\s+(?:the\s+year\s+)?{YEAR}", _season_of_year),
    _rule(rf"\b{YEAR}(?:['’]s|\s+in(?:\s+the)?|,)?\s+{SEASON}\b", _season_of_year),
    _rule(rf"\bQ(?P<quarter>[1-4])\b(?:\s*(?:of|in|/|,)?\s*{YEAR})?", _quarter),
    _rule(rf"\b{YEAR}[\s/-]?Q(?P<quarter>[1-4])\b", _quarter),
    _rule(rf"\b(?:the\s+)?(?P<quarter>first|second|third|fourth|last)\s+quarter\s+of\s+{YEAR}", _quarter),
    _rule(rf"\bH(?P<half>[12])\s+(?:of\s+)?{YEAR}", _half),
    _rule(rf"\b(?:{_DAY}\s+(?:of\s+)?)?{MONTH}(?:\s+of|\s+in|,)?\s+{REL_YEAR}", _month_of_year),
    _rule(rf"\b{REL_YEAR}(?:['’]s|\s+in|,)?\s+{MONTH}(?:\s+{_DAY}\b)?", _month_of_year),
    _rule(rf"\b(?:around\s+)?this\s+time\s+{REL_YEAR}", _this_time_of_year),
    _rule(rf"\b{WHICH}\s+{SEASON}\b", _season),
    _rule(rf"\b{WHICH}\s+{MONTH}{NOT_A_MONTH}(?!\s+\d)", _month),
    _rule(rf"\b(?:the\s+)?{_ORDINAL}\s+(?:of\s+)?{MONTH}(?:,?\s+{ABS_YEAR})?", _ordinal),
    _rule(rf"(?:\b{WHICH}\s+)?\b{_HOLIDAY}(?:\s+(?:of\s+|in\s+)?{YEAR})?{_NOT_A_DAY}", _holiday),
    _rule(r"(?<![\d.,:/-])(?P<year>(?:19|20)\d\d)\s?[–/-]\s?(?P<to>(?:19|20)\d\d|1[3-9]|[2-9]\d)(?![\d.,/-]\d|\d)", _years),
    _rule(r"(?<![\d.,:/-])(?P<year>(?:19|20)\d\d)\s?/\s?(?P<to>0\d|1[0-2])(?![\d.,/-]\d|\d)", _years),
)  # fmt: skip
"""Looked for before plain dates, which are parts of these."""

AFTER_DATES: tuple[Rule, ...] = (
    _rule(r"\b(?:the\s+)?day\s+before\s+yesterday\b|\b(?:the\s+)?day\s+after\s+tomorrow\b", _day),
    _rule(r"\b(?:today|yesterday|tomorrow|tonight|last\s+night|this\s+(?:morning|afternoon|evening))\b", _day),
    _rule(r"\bthe\s+(?P<unit>week|month|year|weekend)\s+before\s+last\b", _unit),
    _rule(rf"(?<!\band )\b{COUNT}\s+{UNIT}(?P<more>\s+and\s+a\s+half)?\s+(?:ago|back|earlier)\b", _ago),
    _rule(rf"\b{COUNT}\s+{UNIT}\s+(?P<later>from\s+(?:now|today))\b", _ago),
    _rule(rf"\b(?:last|past|previous)\s+{COUNT}\s+{UNIT}\b", _past_units),
    _rule(r"\bthe\s+(?:past|last)\s+(?P<unit>day|week|month|year|decade)\b(?!\s+(?:of|in)\b)", _past_unit),
    _rule(r"\b(?P<which>last|previous|this|current|next|coming)\s+(?P<unit>weekend|week|month|year|quarter|decade)\b(?!-|\s+of\b)", _unit),
    _rule(r"\b(?:beginning|start|middle|end|half)\s+of\s+(?P<time>(?P<which>the)\s+(?P<unit>week|month|year))\b(?!\s+(?:of|in)\b)", _unit),
    _rule(rf"\bin\s+{COUNT}\s+{UNIT}(?:['’]s?\s+time)?\b", _in_units),
    _rule(rf"\b{WHICH}\s+{WEEKDAY}\b", _weekday),
    _rule(rf"{_NOT_THIS}\b(?P<time>{WEEKDAY})\b(?!-|\s+(?:roast|school|times|papers?|best)\b)", _weekday),
    (re.compile(rf"\b(?:[Oo]n|(?P<which>[Ll]ast|[Tt]his|[Nn]ext)|[Ss]ince|[Uu]ntil|[Bb]y)\s+(?P<time>{SHORT_WEEKDAY})"), _weekday),
    _rule(r"\b(?:at|over|on|during)\s+(?P<time>the\s+weekend)\b", _the_weekend),
    _rule(rf"\b(?:in|over|during|of|since|until)\s+(?P<time>the\s+{SEASON})\b", _the_season),
    _rule(rf"\bon\s+(?P<time>the\s+(?P<day>3[01]|[12]\d|[1-9])(?:st|nd|rd|th)(?:\s+of\s+(?P<which>this|last)\s+month)?){_UNTIL_THE_END}", _day_of_month),
)  # fmt: skip
"""Looked for in what plain dates leave."""
