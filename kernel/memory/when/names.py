"""Every time that a question names, one by one: dates, English and Korean time words, and parts of these. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from re import Match

from kernel.memory.dates import MONTH_NUMBERS, find_dates
from kernel.memory.when import english, korean
from kernel.memory.when.english_words import CAPITALS, MONTHS
from kernel.memory.when.timespans import Kind, Make, Moment, Named, Rule, Stretch, days_of, part_of, placed

_KINDS: dict[int, Kind] = {4: "year", 7: "month", 10: "day"}
_PART = re.compile(
    r"(?:\b(?P<part>early|late|mid|(?:the\s+)?(?:beginning|start|middle|end|first\s+half|second\s+half|first\s+week"
    r"|last\s+week)\s+of)[\s-]+)(?:in\s+|of\s+|the\s+)*$",
    re.IGNORECASE,
)
_PARTS = {"beginning": "early", "start": "early", "middle": "mid", "end": "late"}
_NOT_A_YEAR_AFTER = re.compile(
    r"(?:[£$€₩#]|\b(?:cost|costs|pay|paid|spend|spent|earn|earned|sold|worth|than|over|nearly|almost|exactly|number|no"
    r"|nr|room|flat|page|bus|line|route|chapter|version|code|pin|about|owe|owed|charged?|won|lost|some|all|only|these"
    r"|those|every|iso|bought|read|wrote|walked|ran)\.?)\s*$",
    re.IGNORECASE,
)
_NOT_A_YEAR_BEFORE = re.compile(
    r"\s*(?:명|개|권|장|번|호|원|만|대|마리|보|걸음|칼로리|킬로|미터|그램|쪽|페이지|회|엔|달러|유로|파운드|억|평|점|[%£$€₩])"
)
_MANY = re.compile(
    r"\s+(?!(?:was|is|has|does|this|its|us|as|yes|series|news|holidays?)\b)[a-z]{2,}(?<![su])s\b|\s+(?:people|men|women|children|feet|pence|quid|square)\b"
)
_A_YEAR_AFTER = re.compile(
    r"\b(?:in|of|since|until|till|through|by|from|during|early|late|mid|before|after|the|my|our|your|his|her|their|year"
    r"|between|and|to|for|throughout|last|spring|summer|autumn|fall|winter|that|around|versus|vs|or)[\s-]+$",
    re.IGNORECASE,
)
_OF_MANY = re.compile(r"\bof\s+(?:the|my|our|your|his|her|their)\s+$", re.IGNORECASE)
_TO_SAID_SMALL = re.compile(r"\b(?:from|between)\s+(?:\w+\s+){0,2}\w+\s*$", re.IGNORECASE)
_MAY_BE_A_VERB = ("may", "march")
_WEEKDAY = re.compile(r"day$|요일$|^(?:mon|tue|wed|thu|fri|sat|sun)", re.IGNORECASE)
_BESIDE = re.compile(r"[\s,()]*(?:(?:of\s+|on\s+)?the\s+|of\s+|on\s+|의\s*)?", re.IGNORECASE)
_VERB_AFTER = re.compile(r"\s+(?:be|have|come|not|need|want|go|also|we|i|you|they)\b", re.IGNORECASE)


def named(question: str, moment: Moment) -> list[Named]:
    """In order, none overlapping another."""
    taken: list[Named] = []
    _apply(question, (*english.BEFORE_DATES, *korean.BEFORE_DATES), moment, taken)
    for one in [*_dates(question, moment), *_months(question, moment)]:
        if not any(meet(one, other) for other in taken):
            taken.append(one)
    _apply(question, (*english.AFTER_DATES, *korean.AFTER_DATES), moment, taken)
    taken.sort(key=lambda one: one.start)
    return [_part(question, one) for one in _weekdays_in_place(question, taken)]


def meet(one: Named, other: Named) -> bool:
    return one.start < other.end and other.start < one.end


def _apply(question: str, rules: Iterable[Rule], moment: Moment, taken: list[Named]) -> None:
    for pattern, make in rules:
        for match in pattern.finditer(question):
            found = _made(match, make, moment)
            if found is not None and not any(meet(found, other) for other in taken):
                taken.append(found)


def _made(match: Match[str], make: Make, moment: Moment) -> Named | None:
    try:
        result = make(match, moment)
    except (ValueError, OverflowError):  # 31 February, 9,999 years ago, or no day to count from
        return None
    if result is None:
        return None
    start, end = match.span("time" if "time" in match.re.groupindex else 0)
    return Named(start, end, result[0], result[1])


def _dates(question: str, moment: Moment) -> Iterator[Named]:
    """The dates that stand in it, and the numbers that are counts and prices left out."""
    typed = CAPITALS.sub(lambda match: match.group().capitalize(), question)
    for found in find_dates(typed):
        text = typed[found.start : found.end]
        if len(found.value) == 4 and found.value.startswith("--") and text[-1].isascii():
            continue  # a month in English: ``_months`` looks closer
        if len(found.value) == 4 and text.isdigit() and _is_count(question, found.start, found.end):
            continue
        if text.endswith(_MAY_BE_A_VERB) and _VERB_AFTER.match(question, found.end):
            continue
        stretch = _placed(found.value, moment)
        kind = _KINDS.get(len(found.value.replace("--", "0000-")), "day")
        yield Named(found.start, found.end, kind, stretch, found.value)


def _is_count(question: str, start: int, end: int) -> bool:
    """Whether four digits that could be a year are a price or a number of things ("paid 2000", "2000 photos")."""
    before, after = question[:start], question[end:]
    if _NOT_A_YEAR_AFTER.search(before) or _NOT_A_YEAR_BEFORE.match(after):
        return True
    if not _MANY.match(after):
        return False
    return bool(_OF_MANY.search(before)) or not _A_YEAR_AFTER.search(before) or question[:end].endswith("00")


def _months(question: str, moment: Moment) -> Iterator[Named]:
    for match in MONTHS.finditer(question):
        group = next(name for name, text in match.groupdict().items() if text)
        start, end = match.span(group)
        word = match[group]
        small = word.islower()
        if small and len(word) <= 4 and word.lower() not in ("may", "june", "july"):
            continue  # "to mar", "a dec": no month's short name
        if (
            small
            and word in _MAY_BE_A_VERB
            and group == "second"
            and not _TO_SAID_SMALL.search(question[: match.start()])
        ):
            continue
        if group == "second" and not small and not _TO_SAID_SMALL.search(question[: match.start()]):
            continue  # "and April": she may be a guest
        if _VERB_AFTER.match(question, end) and small and word in _MAY_BE_A_VERB:
            continue
        value = f"--{MONTH_NUMBERS[word.lower()]:02d}"
        yield Named(start, end, "month", _placed(value, moment), value)


def _placed(value: str, moment: Moment) -> Stretch | None:
    if not value.startswith("--"):
        return days_of(value)
    return placed(value, moment) if moment.day else None


def _weekdays_in_place(question: str, found: list[Named]) -> list[Named]:
    """ "Monday, 3 June" is one day, not two, and "Monday last week" the one of that week."""
    kept: list[Named] = []
    for one in found:
        other = kept[-1] if kept else None
        if other is None or not _BESIDE.fullmatch(question, other.end, one.start):
            kept.append(one)
        elif _is_weekday(question, other) and one.value and one.kind == "day":
            kept[-1] = one
        elif _is_weekday(question, one) and other.value and other.kind == "day":
            continue
        elif (day := _of_week(question, one, other)) or (day := _of_week(question, other, one)):
            kept[-1] = Named(other.start, one.end, "day", (day, day))
        else:
            kept.append(one)
    return kept


def _is_weekday(question: str, one: Named) -> bool:
    return not one.value and _WEEKDAY.search(question[one.start : one.end]) is not None


def _of_week(question: str, one: Named, week: Named) -> dt.date | None:
    """The day of ``week`` that ``one`` names, if that is what they are."""
    if not (_is_weekday(question, one) and one.stretch and week.stretch):
        return None
    first, last = week.stretch
    if (last - first).days != 6 or first.weekday():
        return None
    return first + dt.timedelta(days=one.stretch[0].weekday())


def _part(question: str, one: Named) -> Named:
    """ "early", "the end of", 초, 말: a part of the time beside it."""
    if before := _PART.search(question[: one.start]):
        words = re.sub(r"\s+", " ", before["part"].lower()).removeprefix("the ").removesuffix(" of")
        start, end, part = before.start(), one.end, _PARTS.get(words, words)
    elif after := korean.PARTS.match(question, one.end):
        start, end, part = one.start, after.end(), korean.part(after)
    else:
        return one
    if one.stretch is None:
        return Named(start, end, one.kind, None, one.value)
    return Named(start, end, "range", part_of(one.stretch, part))
