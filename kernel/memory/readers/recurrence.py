"""Rules of recurrence (RFC 5545) in words: ``every 2 weeks on Tuesday and Thursday until 2025-12-31``."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from typing import Any

_DAYS = {
    "MO": ("Monday", "월요일"), "TU": ("Tuesday", "화요일"), "WE": ("Wednesday", "수요일"), "TH": ("Thursday", "목요일"),
    "FR": ("Friday", "금요일"), "SA": ("Saturday", "토요일"), "SU": ("Sunday", "일요일"),
}  # fmt: skip
_MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_UNITS = {
    "DAILY": ("day", "매일", "일"), "WEEKLY": ("week", "매주", "주"), "MONTHLY": ("month", "매월", "개월"),
    "YEARLY": ("year", "매년", "년"), "HOURLY": ("hour", "매시간", "시간"), "MINUTELY": ("minute", "매분", "분"),
}  # fmt: skip
_ORDINALS = {
    1: ("first", "첫째"), 2: ("second", "둘째"), 3: ("third", "셋째"), 4: ("fourth", "넷째"), 5: ("fifth", "다섯째"),
    -1: ("last", "마지막"), -2: ("second to last", "끝에서 둘째"),
}  # fmt: skip
_DAY = re.compile(r"([+-]?\d+)?([A-Z]{2})")
_WORKDAYS = ["MO", "TU", "WE", "TH", "FR"]
_MOST_EXCEPTIONS = 6


def in_words(
    rule: dict[str, Any],
    start: dt.date | None,
    until: dt.date | None,
    exceptions: Sequence[dt.date] = (),
    *,
    korean: bool = False,
) -> str:
    """The rule as people say it; empty for one of no known frequency.

    ``start`` fills in what a rule leaves out (a weekly one without days is on the weekday of its start); ``until`` and
    ``exceptions`` are in the clock of the place already.
    """
    frequency = str(_first(rule, "FREQ", "")).upper()
    if frequency not in _UNITS:
        return ""
    said = _Rule(rule, frequency, start, 1 if korean else 0)
    parts = [said.how_often(), said.days()]
    ends, count = _day(until), _first(rule, "COUNT", None)
    out = list(dict.fromkeys(_day(moment) for moment in exceptions))
    left_out = ", ".join(out[:_MOST_EXCEPTIONS]) + (" …" if len(out) > _MOST_EXCEPTIONS else "")
    if korean:
        text = " ".join(filter(None, parts))
        ending = [f"{ends}까지" if ends else "", f"{count}회" if count else "", f"{left_out} 제외" if left_out else ""]
        return ", ".join(filter(None, [text, *ending]))
    if ends:
        parts.append(f"until {ends}")
    if count:
        parts.append(f"{count} times" if str(count) != "1" else "once")
    return " ".join(filter(None, parts)) + (f", except {left_out}" if left_out else "")


def _first(rule: dict[str, Any], key: str, default: Any) -> Any:
    values = rule.get(key)
    return (values[0] if values else default) if isinstance(values, list) else default if values is None else values


def _day(moment: dt.date | None) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


def _numbers(rule: dict[str, Any], key: str) -> list[int]:
    found = (re.fullmatch(r"[+-]?\d+", str(value)) for value in rule.get(key) or [])
    return [int(match[0]) for match in found if match]


class _Rule:
    """``tongue``: 0 for English, 1 for Korean (the place of a word in the tables above)."""

    def __init__(self, rule: dict[str, Any], frequency: str, start: dt.date | None, tongue: int) -> None:
        self.rule, self.frequency, self.start, self.tongue = rule, frequency, start, tongue
        found = (_DAY.fullmatch(str(value).upper()) for value in rule.get("BYDAY") or [])
        self.weekdays = [(int(match[1] or 0), match[2]) for match in found if match and match[2] in _DAYS]
        self.interval = max(1, *_numbers(rule, "INTERVAL"), 1)

    @property
    def _every_workday(self) -> bool:
        return [day for _, day in self.weekdays] == _WORKDAYS and self.interval == 1

    def how_often(self) -> str:
        unit, every, counted = _UNITS[self.frequency]
        if self.tongue:
            return every if self.interval == 1 else f"{self.interval}{counted}마다"
        if self._every_workday and self.frequency in ("WEEKLY", "DAILY"):
            return "every weekday"
        return f"every {unit}" if self.interval == 1 else f"every {self.interval} {unit}s"

    def days(self) -> str:
        """On which days: those that the rule names, else that of the start."""
        if self.frequency in ("HOURLY", "MINUTELY"):
            return ""
        if self.weekdays:
            words = self._weekdays()
        elif dates := _numbers(self.rule, "BYMONTHDAY"):
            words = self._dates(dates)
        elif self.start is None or self.frequency == "DAILY":
            words = ""
        elif self.frequency == "WEEKLY":
            self.weekdays = [(0, list(_DAYS)[self.start.weekday()])]
            words = self._weekdays()
        else:
            words = self._dates([self.start.day])
        return self._with_months(words)

    def _weekdays(self) -> str:
        if self.tongue == 0 and self._every_workday and self.frequency in ("WEEKLY", "DAILY"):
            return ""
        position = next(iter(_numbers(self.rule, "BYSETPOS")), 0)
        if position and [day for _, day in self.weekdays] == _WORKDAYS:
            named = [self._nth(position, ("weekday", "평일")[self.tongue])]
        else:
            named = [self._nth(nth or position, _DAYS[day][self.tongue]) for nth, day in self.weekdays]
        return self._joined(named) if self.tongue else f"on {self._joined(named)}"

    def _nth(self, nth: int, day: str) -> str:
        if nth == 0:
            return day
        if self.tongue:
            return f"{_ORDINALS[nth][1] if nth in _ORDINALS else f'{nth}번째'} {day}"
        return f"the {_ORDINALS[nth][0] if nth in _ORDINALS else _ordinal(nth)} {day}"

    def _dates(self, dates: list[int]) -> str:
        if self.frequency == "YEARLY" and not self._months() and self.start:
            return (
                f"{self.start.month}월 {dates[0]}일"
                if self.tongue
                else f"on {dates[0]} {_MONTHS[self.start.month - 1]}"
            )
        if self.tongue:
            return self._joined([f"{date}일" if date > 0 else "마지막 날" for date in dates])
        return "on " + self._joined([f"the {_ordinal(date)}" if date > 0 else "the last day" for date in dates])

    def _months(self) -> list[int]:
        return [month for month in _numbers(self.rule, "BYMONTH") if 1 <= month <= 12]

    def _with_months(self, words: str) -> str:
        months = self._months()
        if not months:
            return words
        if self.tongue:
            return " ".join(filter(None, [self._joined([f"{month}월" for month in months]), words]))
        return " ".join(filter(None, [words, "in " + self._joined([_MONTHS[month - 1] for month in months])]))

    def _joined(self, words: list[str]) -> str:
        if self.tongue or len(words) < 2:
            return ", ".join(words)
        return f"{', '.join(words[:-1])} and {words[-1]}"


def _ordinal(number: int) -> str:
    if number < 0:
        return f"{_ordinal(-number)} to last"
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number}{ending}"
