"""Korean words for a time, for questions: 작년 여름, 지난 3월, 두 달 전, 올해 초, 다음 주 월요일. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable
from re import Match

from kernel.memory.when.timespans import (
    FEW,
    Kind,
    Make,
    Moment,
    Rule,
    Stretch,
    ago,
    around,
    decade_of,
    month_of,
    months_of,
    nearest,
    part_of,
    past,
    season_near,
    season_of,
    shifted,
    weekday,
    weekend_of,
    year_of,
)  # fmt: skip

_YEARS = {
    "작년": -1, "지난해": -1, "지난 해": -1, "전년": -1, "올해": 0, "올": 0, "금년": 0, "이번 해": 0, "재작년": -2,
    "그러께": -2, "지지난해": -2, "내년": 1, "다음 해": 1, "내후년": 2,
}  # fmt: skip
_NUMBERS = {
    "한": 1, "두": 2, "세": 3, "석": 3, "서": 3, "네": 4, "넉": 4, "너": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8,
    "아홉": 9, "열": 10, "열한": 11, "열두": 12, "스무": 20, "일": 1, "이": 2, "삼": 3, "사": 4, "오": 5, "육": 6, "칠": 7,
    "팔": 8, "구": 9, "십": 10, "이십": 20, "삼십": 30,
}  # fmt: skip
_DAYS = {"하루": 1, "이틀": 2, "사흘": 3, "나흘": 4, "닷새": 5, "엿새": 6, "이레": 7, "열흘": 10, "보름": 15}
_UNITS = {
    "일": "day", "주일": "week", "주": "week", "달": "month", "개월": "month", "년": "year", "해": "year",
}  # fmt: skip
_SEASONS = {"봄": "spring", "여름": "summer", "가을": "autumn", "겨울": "winter"}
_RELATIVE_DAYS = {
    "그끄저께": -3, "그저께": -2, "그제": -2, "엊그제": -2, "엊그저께": -2, "어저께": -1, "어제": -1, "어젯": -1, "오늘": 0,
    "내일모레": 2, "내일": 1, "모레": 2, "글피": 3,
}  # fmt: skip
_STEPS = {
    "지지난": -2, "저저번": -2, "지난": -1, "저번": -1, "전": -1, "이번": 0, "이": 0, "금": 0, "다음": 1, "담": 1, "오는": 1,
    "다다음": 2,
}  # fmt: skip
_WEEKDAYS = "월화수목금토일"
_HOLIDAYS = {
    "크리스마스 이브": (12, 24), "크리스마스이브": (12, 24), "크리스마스": (12, 25), "성탄절": (12, 25), "삼일절": (3, 1),
    "어린이날": (5, 5), "어버이날": (5, 8), "현충일": (6, 6), "광복절": (8, 15), "개천절": (10, 3), "한글날": (10, 9),
    "밸런타인데이": (2, 14), "발렌타인데이": (2, 14), "핼러윈": (10, 31), "할로윈": (10, 31),
}  # fmt: skip
"""설날 and 추석 go by the moon: no rule of days finds them."""
_PARTS = {
    "초": "early", "초반": "early", "중순": "mid", "중반": "mid", "하순": "late", "초순": "early", "상순": "early",
    "말": "late", "후반": "late", "상반기": "first half", "하반기": "second half", "첫째 주": "first week",
    "첫 주": "first week", "마지막 주": "last week",
}  # fmt: skip


def _any(words: Iterable[str]) -> str:
    return "|".join(sorted(words, key=len, reverse=True)).replace(" ", r"\s?")


_END = r"(?=에|의|는|은|엔|이|가|도|만|쯤|경|부터|까지|동안|간|중|내|초|말|밤|아침|저녁|낮|오|[^가-힣]|$)"
"""What may follow a time word: a particle or the end of the word. 이번 주제 is no week."""
_REL_YEAR = rf"(?<![가-힣])(?P<rel>{_any(_YEARS)})"
_SHORT_YEAR = r"(?<!\d)(?P<yy>\d\d)년(?!\s?[전후뒤])"
_YEAR = rf"(?:(?P<year>(?:19|20)\d\d)\s*년?|{_SHORT_YEAR}|{_REL_YEAR}|(?P<ago>\d{{1,2}}|{_any(_NUMBERS)})\s?년\s?전)"
_COUNT = rf"(?:(?P<few>몇|수|두어|서너|너댓)|(?P<count>\d{{1,4}}|(?<![가-힣])(?:{_any(_NUMBERS)})))"
_UNIT = rf"(?P<unit>{_any(_UNITS)})"
_SEASON = rf"(?:[초늦한]\s?)?(?P<season>{_any(_SEASONS)})(?:철)?"
_STEP = rf"(?<![가-힣])(?P<step>{_any(_STEPS)})"

FUTURE = re.compile(r"예정|계획|(?:할|갈|볼|살|올|될|날|(?<![았었했갔왔])을)\s?(?:거|건|것|까)")
PARTS = re.compile(rf"\s*(?:의\s*)?(?P<part>{_any(_PARTS)})(?![가-힣]*적)" + _END)
"""Behind the time whose part it is: 올해 초, 3월 말."""


def part(match: Match[str]) -> str:
    return _PARTS[next(word for word in _PARTS if word.replace(" ", "") == re.sub(r"\s", "", match["part"]))]


def _of(table: dict[str, int], word: str) -> int:
    bare = re.sub(r"\s", "", word)
    return next(value for key, value in table.items() if key.replace(" ", "") == bare)


def _number(word: str) -> int:
    return int(word) if word.isdigit() else _NUMBERS[word]


def _year(match: Match[str], moment: Moment) -> int:
    found = match.groupdict()
    if found.get("year"):
        return int(found["year"])
    if found.get("yy"):
        return int(found["yy"]) + (2000 if int(found["yy"]) < 50 else 1900)
    if found.get("ago"):
        return moment.today.year - _number(found["ago"])
    return moment.today.year + _of(_YEARS, found["rel"])


def _names_year(match: Match[str]) -> bool:
    return any(match[group] for group in ("year", "yy", "rel", "ago"))


def _this_time_of_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    return around(moment, _year(match, moment))


def _whole_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    return "year", year_of(_year(match, moment))


def _month_of_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    year, month = _year(match, moment), int(match["month"])
    if match["day"]:
        day = dt.date(year, month, int(match["day"]))
        return "day", (day, day)
    return "month", month_of(year, month)


def _season_of_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    return "season", season_of(_year(match, moment), _SEASONS[match["season"]])


def _which(match: Match[str]) -> str:
    step = _of(_STEPS, match["step"])
    return "last" if step < 0 else "next" if step > 0 else "this"


def _season(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    return "season", season_near(_SEASONS[match["season"]], moment, _which(match))


def _bare_season(match: Match[str], moment: Moment) -> tuple[Kind, Stretch] | None:
    """여름에 뭐 했어: of something that happened; else it is every summer that is meant."""
    if not _HAPPENED.search(match.string):
        return None
    return "season", season_near(_SEASONS[match["season"]], moment, "")


_HAPPENED = re.compile(r"[가-힣](?<=[았었했갔왔였됐셨샀봤났탔])(?:어|지|니|나|을까|던|는|습|다)")


def _month(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    month = int(match["month"])
    return "month", nearest(lambda year: month_of(year, month), moment, _which(match))


def _quarter(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    number = int(match["quarter"])
    if _names_year(match):
        year = _year(match, moment)
        return "range", months_of(year, number * 3 - 2, number * 3)
    return "range", nearest(lambda year: months_of(year, number * 3 - 2, number * 3), moment, "")


def _day(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    return ago(moment, "day", -_RELATIVE_DAYS[match["day"]])


def _unit(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    step, unit = _of(_STEPS, match["step"]), match["unit"]
    if unit.endswith("말"):
        return "range", weekend_of(shifted(moment.today, "week", step))
    return ago(moment, _UNITS[unit], -step)


def _weekday(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    which = _which(match) if match.groupdict().get("step") else ""
    return "day", weekday(moment, _WEEKDAYS.index(match["weekday"]), which)


def _amount(match: Match[str]) -> tuple[str, int]:
    found = match.groupdict()
    if found.get("days"):
        return "day", _DAYS[found["days"]]
    if found.get("half"):
        return "month", 6
    return _UNITS[match["unit"]], _number(found["count"]) if found.get("count") else 1


def _ago(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    unit, number = _amount(match)
    sign = -1 if match["way"] in ("후", "뒤") else 1
    return ago(moment, unit, sign * number, few=bool(match.groupdict().get("few")) and sign > 0)


def _past(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    unit, number = _amount(match)
    return past(moment, unit, FEW[1] if match.groupdict().get("few") else number)


def _decade(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    year = int(match["decade"])
    return "range", decade_of(year + (0 if year >= 100 else 2000 if year < 30 else 1900))


def _ends_of_year(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    year = moment.today.year
    if match["ends"] == "연초":
        return "range", part_of(year_of(year), "early")
    return "range", nearest(lambda n: part_of(year_of(n), "late"), moment, "")


def _holiday(match: Match[str], moment: Moment) -> tuple[Kind, Stretch]:
    month, day = next(v for k, v in _HOLIDAYS.items() if k.replace(" ", "") == re.sub(r"\s", "", match["holiday"]))
    if _names_year(match):
        found = dt.date(_year(match, moment), month, day)
        return "day", (found, found)
    return "day", nearest(lambda year: (dt.date(year, month, day),) * 2, moment, _which(match) if match["step"] else "")


def _rule(pattern: str, make: Make) -> Rule:
    return re.compile(pattern), make


_MONTH = r"(?P<month>1[0-2]|0?[1-9])\s*월(?!요일)"
_DAY = r"(?P<day>3[01]|[12]\d|0?[1-9])\s*일"

BEFORE_DATES: tuple[Rule, ...] = (
    _rule(r"(?<!\d)(?P<decade>(?:19|20)\d0|[02-9]0)\s?년대", _decade),
    _rule(rf"(?:{_SHORT_YEAR}|{_REL_YEAR}|(?P<ago>\d{{1,2}}|{_any(_NUMBERS)})\s?년\s?전)\s*{_MONTH}(?:\s*{_DAY})?", _month_of_year),
    _rule(rf"{_YEAR}\s*이맘때", _this_time_of_year),
    _rule(rf"{_SHORT_YEAR}(?=에(?!\s?걸)|도|\s?(?:부터|까지|이후))", _whole_year),
    _rule(rf"{_YEAR}\s*{_SEASON}", _season_of_year),
    _rule(rf"(?:{_YEAR}\s*)?(?P<quarter>[1-4])\s?분기", _quarter),
    _rule(rf"(?:{_YEAR}\s*|{_STEP}\s?)?(?P<holiday>{_any(_HOLIDAYS)})", _holiday),
    _rule(rf"{_STEP}\s?{_MONTH}(?!\s*\d)", _month),
    _rule(rf"{_STEP}\s?{_SEASON}", _season),
)  # fmt: skip
"""Looked for before plain dates, which are parts of these."""

AFTER_DATES: tuple[Rule, ...] = (
    _rule(rf"{_STEP}\s?(?P<unit>주\s?말)", _unit),
    _rule(rf"(?<![가-힣])(?:지난|최근|요)\s?{_COUNT}\s?{_UNIT}" + _END, _past),
    _rule(rf"(?<![가-힣])(?:지난|최근)\s?(?:(?P<days>{_any(_DAYS)})|(?P<half>반\s?년))", _past),
    _rule(rf"{_STEP}\s?(?P<unit>주|달)" + _END, _unit),
    _rule(rf"{_COUNT}\s?{_UNIT}\s?(?P<way>전|후|뒤)(?!반)", _ago),
    _rule(rf"(?<![가-힣])(?:(?P<days>{_any(_DAYS)})|(?P<half>반\s?년))\s?(?P<way>전|후|뒤)", _ago),
    _rule(r"(?<![가-힣])(?P<few>며칠)(?P<unit>)\s?(?P<way>전)", lambda m, now: ago(now, "day", 0, few=True)),
    _rule(rf"{_REL_YEAR}(?<!올)(?!으|빼미)", _whole_year),
    _rule(r"(?<![가-힣])(?P<ends>연초|연말)" + _END, _ends_of_year),
    _rule(rf"(?<![가-힣])(?P<day>{_any(_RELATIVE_DAYS)})(?!야|서)", _day),
    _rule(rf"{_STEP}\s?(?P<weekday>[{_WEEKDAYS}])요일", _weekday),
    _rule(rf"(?<![가-힣])(?<!매주 )(?<!무슨 )(?P<weekday>[{_WEEKDAYS}])요일(?!마다)", _weekday),
    _rule(rf"(?<![가-힣])(?P<time>{_SEASON})에(?:는|\s)", _bare_season),
)  # fmt: skip
"""Looked for in what plain dates leave."""
