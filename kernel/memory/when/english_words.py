"""Words that English names times with, as tables and as the pieces of patterns that ``english`` is made of."""

from __future__ import annotations

import re

from kernel.memory.dates import MONTH_NUMBERS

SEASON = r"(?P<season>spring|summer|autumn|fall|winter)(?:time)?"
MONTH = r"(?P<month>" + "|".join(sorted(MONTH_NUMBERS, key=len, reverse=True)) + r")\b\.?"
WHICH = r"(?P<which>last|past|previous|this|current|next|coming)"
REL_YEAR = (
    r"(?:(?P<rel>last|this|next)\s+year|(?P<rel2>the\s+year\s+before\s+last)"
    r"|(?P<ago>\d{1,3}|an?|one|two|three|four|five|six|seven|eight|nine|ten|twelve|fifteen|twenty)\s+years?\s+ago)"
)
ABS_YEAR = r"(?:(?P<year>(?:19|20)\d\d)(?:\s?[/–-]\s?(?P<to>(?:19|20)?\d\d))?|['’](?P<yy>\d\d))(?!\d)"
YEAR = rf"(?:{ABS_YEAR}|{REL_YEAR})"
NUMBERS = {
    word: n
    for n, words in enumerate(
        ["", "a an one", "two couple", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven",
         "twelve", "thirteen", "fourteen", "fifteen"]
    )
    for word in words.split()
} | {"twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "hundred": 100}  # fmt: skip
COUNT = (
    r"(?:(?P<few>(?:a\s+)?few|several|some)|(?:an?\s+|the\s+)?(?P<couple>couple)(?:\s+of)?|(?P<half>half\s+an?)"
    rf"|(?P<count>\d{{1,4}}|{'|'.join(sorted(NUMBERS, key=len, reverse=True))}))"
)
UNIT = r"(?P<unit>day|night|week|fortnight|month|year|decade)s?"
WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WEEKDAY = r"(?P<weekday>" + "|".join(WEEKDAYS) + ")"
SHORT_WEEKDAY = r"(?P<weekday>(?i:tues?|thur?s?|fri)|Mon|Wed|Sat|Sun)\b\.?(?!-)"
"""The four with a capital only: "the sun", "we sat", "to wed" are none."""
DECADES = {
    "twenties": 20, "thirties": 30, "forties": 40, "fifties": 50, "sixties": 60, "seventies": 70, "eighties": 80,
    "nineties": 90, "noughties": 0,
}  # fmt: skip
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth "
    "sixteenth seventeenth eighteenth nineteenth twentieth twenty-first twenty-second twenty-third twenty-fourth "
    "twenty-fifth twenty-sixth twenty-seventh twenty-eighth twenty-ninth thirtieth thirty-first"
).split()
STEPS = {"last": -1, "this": 0, "next": 1}
HALVES = {"month": 15, "week": 3}
"""Days of half a month and half a week."""
QUARTERS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "last": 4}
HOLIDAYS = {
    "christmas eve": (12, 24, 1), "christmas day": (12, 25, 1), "christmas": (12, 24, 3), "boxing day": (12, 26, 1),
    "new year's eve": (12, 31, 1), "new years eve": (12, 31, 1), "new year's day": (1, 1, 1), "halloween": (10, 31, 1),
    "valentine's day": (2, 14, 1), "valentines day": (2, 14, 1), "midsummer": (6, 20, 7),
}  # fmt: skip
"""Month, day and how many days are meant."""
MONTH_AFTER = (
    r"in|since|until|till|through|by|from|last|next|this|during|every|early|late|mid|before|after|throughout|month\s+of"
    r"|(?:end|start|beginning|middle|half|week|day)\s+of"
)
ONLY_MONTHS = "january|february|july|september|october|november|december"
"""April, May, June and August are women and men, too, and one may march: those need a preposition."""
NOT_A_MONTH = r"(?!\s+(?:be|have|not|i|we|you|he|she|it|they|also|well)\b)(?!['’]s\s)"
NAMES = "|".join(sorted(MONTH_NUMBERS, key=len, reverse=True))

MONTHS = re.compile(
    rf"\b(?:{MONTH_AFTER})[\s-]+(?:the\s+)?(?P<after>{NAMES})\b{NOT_A_MONTH}|\b(?P<alone>{ONLY_MONTHS})\b"
    rf"|\b(?:between|from)\s+(?P<first>{NAMES})\b|(?:\b(?:and|to|until|till|through)|[–-])\s*(?P<second>{NAMES})\b(?!['’]s)",
    re.IGNORECASE,
)
"""Months without a year: by a preposition, by a name that is nothing else, or (``second``) as the end of a range."""
CAPITALS = re.compile(
    r"(?:(?<=\bon )|(?<=\b(?:in|of|by|to) )|(?<=\bfrom )|(?<=\b(?:since|until|after) )|(?<=\bbefore )|(?<=\bbetween ))"
    r"(?:may|march|mar|dec)\b(?=\s+(?:the\s+)?\d)|\b(?:may|march|mar|dec)\b(?=\s+(?:\d\d?,?\s+)?(?:19|20)\d\d\b)"
)
"""Months typed small where only a month can stand; ``find_dates`` takes a small "may 3" for a verb."""
FUTURE = re.compile(
    r"\b(?:will|shall|won't|going\s+to|plans?|planned|planning|upcoming|coming\s+up|(?:am|are|is)\s+\w+\s+\w+ing)\b"
    r"|['’]ll\b",
    re.IGNORECASE,
)
PAST = re.compile(r"\b(?:did|was|were|had|have\s+\w+\s+\w+(?:ed|en))\b", re.IGNORECASE)
