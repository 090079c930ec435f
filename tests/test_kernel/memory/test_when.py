"""The times that questions name, in English and Korean, as they are meant on Wednesday 18 June 2025."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.memory.asked import ask
from kernel.memory.when import Period, dates_in_question, periods

TODAY = dt.date(2025, 6, 18)

ENGLISH = [
    ("What did I do on 6 July 2024?", "2024-07-06", "2024-07-06", "day", "6 July 2024"),
    ("What happened on Sunday, 6 July 2024?", "2024-07-06", "2024-07-06", "day", "6 July 2024"),
    ("what did i do on march 5", "2025-03-05", "2025-03-05", "day", "march 5"),
    ("What did I do on the second of May 2024?", "2024-05-02", "2024-05-02", "day", "the second of May 2024"),
    ("What happened on 7/16/2024?", "2024-07-16", "2024-07-16", "day", "7/16/2024"),
    ("Where was I on the 31st?", "2025-05-31", "2025-05-31", "day", "the 31st"),
    ("What happened in March?", "2025-03-01", "2025-03-31", "month", "March"),
    ("what did i do in may", "2025-05-01", "2025-05-31", "month", "may"),
    ("What happened in August?", "2024-08-01", "2024-08-31", "month", "August"),
    ("Where will I go in August?", "2025-08-01", "2025-08-31", "month", "August"),
    ("What had I planned in August?", "2024-08-01", "2024-08-31", "month", "August"),
    ("Who came in March last year?", "2024-03-01", "2024-03-31", "month", "March last year"),
    ("What did I do last March?", "2025-03-01", "2025-03-31", "month", "last March"),
    ("What did I do last June?", "2024-06-01", "2024-06-30", "month", "last June"),
    ("Where was I in 2021?", "2021-01-01", "2021-12-31", "year", "2021"),
    ("Who left in 2020 people ask?", "2020-01-01", "2020-12-31", "year", "2020"),
    ("Where did I go in summer 2022?", "2022-06-01", "2022-08-31", "season", "summer 2022"),
    ("Where was I in the winter of 2021/22?", "2021-12-01", "2022-02-28", "season", "winter of 2021/22"),
    ("Where was I last summer?", "2024-06-01", "2024-08-31", "season", "last summer"),
    ("What did I read last spring?", "2025-03-01", "2025-05-31", "season", "last spring"),
    ("Where did I ski last winter?", "2024-12-01", "2025-02-28", "season", "last winter"),
    ("What did I sing in the nineties?", "1990-01-01", "1999-12-31", "range", "nineties"),
    ("What did I sing in the early 1990s?", "1990-01-01", "1993-04-30", "range", "early 1990s"),
    ("What did I do in early 2023?", "2023-01-01", "2023-04-30", "range", "early 2023"),
    ("What did I do in late 2023?", "2023-09-01", "2023-12-31", "range", "late 2023"),
    ("How did last year's summer end?", "2024-06-01", "2024-08-31", "season", "last year's summer"),
    ("How was Q2 2024?", "2024-04-01", "2024-06-30", "range", "Q2 2024"),
    ("What did I do the first week of July 2023?", "2023-07-01", "2023-07-07", "range", "the first week of July 2023"),
    ("What did I eat at the end of last month?", "2025-05-21", "2025-05-31", "range", "the end of last month"),
    ("What did I read between March and June 2023?", "2023-03-01", "2023-06-30", "range", "between March and June 2023"),
    ("Where was I from November to February 2023?", "2022-11-01", "2023-02-28", "range", "from November to February 2023"),
    ("Where did I work from 2019 to 2021?", "2019-01-01", "2021-12-31", "range", "from 2019 to 2021"),
    ("Where did I work 2019-2021?", "2019-01-01", "2021-12-31", "range", "2019-2021"),
    ("Where was I 3-9 May 2023?", "2023-05-03", "2023-05-09", "range", "3-9 May 2023"),
    ("Who came from Monday to Friday?", "2025-06-09", "2025-06-13", "range", "from Monday to Friday"),
    ("What have I done since May?", "2025-05-01", None, "after", "since May"),
    ("What changed after the 3rd of May?", "2025-05-04", None, "after", "after the 3rd of May"),
    ("What did I eat from June 2024 on?", "2024-06-01", None, "after", "from June 2024 on"),
    ("Where did I live until 2020?", None, "2020-12-31", "before", "until 2020"),
    ("Where did I live before 2019?", None, "2018-12-31", "before", "before 2019"),
    ("What did I do the day after 6 July 2024?", "2024-07-07", "2024-07-07", "day", "the day after 6 July 2024"),
    ("What did I do last Tuesday?", "2025-06-17", "2025-06-17", "day", "last Tuesday"),
    ("Who came on Monday?", "2025-06-16", "2025-06-16", "day", "Monday"),
    ("Who came last Wednesday?", "2025-06-11", "2025-06-11", "day", "last Wednesday"),
    ("Who is coming next Tuesday?", "2025-06-24", "2025-06-24", "day", "next Tuesday"),
    ("Who came on Tuesday last week?", "2025-06-10", "2025-06-10", "day", "Tuesday last week"),
    ("Was it on Sat?", "2025-06-14", "2025-06-14", "day", "Sat"),
    ("Who called yesterday?", "2025-06-17", "2025-06-17", "day", "yesterday"),
    ("What did I eat the day before yesterday?", "2025-06-16", "2025-06-16", "day", "the day before yesterday"),
    ("What did I do last weekend?", "2025-06-14", "2025-06-15", "range", "last weekend"),
    ("What happened two weeks ago?", "2025-06-02", "2025-06-08", "range", "two weeks ago"),
    ("What did I do 3 weeks and 2 days ago?", "2025-05-26", "2025-05-26", "day", "3 weeks and 2 days ago"),
    ("Whom did I meet a year and a half ago?", "2023-12-01", "2023-12-31", "month", "a year and a half ago"),
    ("What did I do in the past three months?", "2025-03-18", "2025-06-18", "range", "past three months"),
    ("What did I plan this year?", "2025-01-01", "2025-12-31", "year", "this year"),
    ("What did I cook at Christmas 2022?", "2022-12-24", "2022-12-26", "range", "Christmas 2022"),
]  # fmt: skip
KOREAN = [
    ("2025년 6월에 뭐 했어?", "2025-06-01", "2025-06-30", "month", "2025년 6월"),
    ("21년 3월에 뭐 했어?", "2021-03-01", "2021-03-31", "month", "21년 3월"),
    ("12월 25일에 뭐 했어?", "2024-12-25", "2024-12-25", "day", "12월 25일"),
    ("지난주에 뭐 했어?", "2025-06-09", "2025-06-15", "range", "지난주"),
    ("지난 주말에 뭐 했어?", "2025-06-14", "2025-06-15", "range", "지난 주말"),
    ("지난달에 누구 만났어?", "2025-05-01", "2025-05-31", "month", "지난달"),
    ("작년 여름에 어디 갔어?", "2024-06-01", "2024-08-31", "season", "작년 여름"),
    ("지난겨울에 어디 갔어?", "2024-12-01", "2025-02-28", "season", "지난겨울"),
    ("작년 3월 5일에 뭐 했어?", "2024-03-05", "2024-03-05", "day", "작년 3월 5일"),
    ("3일 전에 뭐 먹었어?", "2025-06-15", "2025-06-15", "day", "3일 전"),
    ("두 달 전에 뭐 했어?", "2025-04-01", "2025-04-30", "month", "두 달 전"),
    ("일주일 전에 누가 왔어?", "2025-06-09", "2025-06-15", "range", "일주일 전"),
    ("몇 년 전에 만났어?", "2020-06-18", "2023-06-18", "range", "몇 년 전"),
    ("그저께 뭐 했지?", "2025-06-16", "2025-06-16", "day", "그저께"),
    ("어제 오후에 뭐 했어?", "2025-06-17", "2025-06-17", "day", "어제"),
    ("올해 초에 뭐 했어?", "2025-01-01", "2025-04-30", "range", "올해 초"),
    ("작년 말에 뭐 했어?", "2024-09-01", "2024-12-31", "range", "작년 말"),
    ("2022년 상반기에 뭐 했어?", "2022-01-01", "2022-06-30", "range", "2022년 상반기"),
    ("2024년 2분기 매출은?", "2024-04-01", "2024-06-30", "range", "2024년 2분기"),
    ("재작년에 어디 살았어?", "2023-01-01", "2023-12-31", "year", "재작년"),
    ("지난 3월에 뭐 했어?", "2025-03-01", "2025-03-31", "month", "지난 3월"),
    ("다음 주에 뭐 해?", "2025-06-23", "2025-06-29", "range", "다음 주"),
    ("지난주 월요일에 뭐 했어?", "2025-06-09", "2025-06-09", "day", "지난주 월요일"),
    ("3주 전 금요일에 뭐 했어?", "2025-05-30", "2025-05-30", "day", "3주 전 금요일"),
    ("월요일에 뭐 했어?", "2025-06-16", "2025-06-16", "day", "월요일"),
    ("8월에 어디 갈 거야?", "2025-08-01", "2025-08-31", "month", "8월"),
    ("90년대에 뭐 들었어?", "1990-01-01", "1999-12-31", "range", "90년대"),
    ("최근 3개월 동안 뭐 읽었어?", "2025-03-18", "2025-06-18", "range", "최근 3개월"),
    ("2019년부터 2021년까지 어디 살았어?", "2019-01-01", "2021-12-31", "range", "2019년부터 2021년까지"),
    ("5월 3일부터 9일까지 뭐 했어?", "2025-05-03", "2025-05-09", "range", "5월 3일부터 9일까지"),
    ("3월과 5월 사이에 뭐 했어?", "2025-03-01", "2025-05-31", "range", "3월과 5월 사이에"),
    ("2020년 이후에 뭐 했어?", "2020-01-01", None, "after", "2020년 이후에"),
    ("2020년까지 어디 살았어?", None, "2020-12-31", "before", "2020년까지"),
    ("2019년 전에 어디 살았어?", None, "2018-12-31", "before", "2019년 전에"),
    ("부산에서 3월에 뭐 했어?", "2025-03-01", "2025-03-31", "month", "3월"),
    ("작년 이맘때 뭐 했어?", "2024-06-03", "2024-07-03", "range", "작년 이맘때"),
]  # fmt: skip


def _day(text: str | None) -> dt.date | None:
    return dt.date.fromisoformat(text) if text else None


@pytest.mark.parametrize(("question", "start", "end", "kind", "words"), ENGLISH + KOREAN)
def test_one_time(question: str, start: str | None, end: str | None, kind: str, words: str) -> None:
    (found,) = periods(question, TODAY)
    assert (found.start, found.end, found.kind) == (_day(start), _day(end), kind)
    assert question[found.span.start : found.span.end] == words


@pytest.mark.parametrize(
    ("question", "words", "direction", "stands"),
    [
        ("Where did I live before I moved to Oslo?", "I moved to Oslo", "before", "before I moved to Oslo"),
        ("How did I feel after the wedding?", "the wedding", "after", "after the wedding"),
        ("Before the wedding where did I live?", "the wedding", "before", "Before the wedding"),
        ("Since I met Oskar, how often did I cry?", "I met Oskar", "after", "Since I met Oskar"),
        ("Who looked after me after the operation?", "the operation", "after", "after the operation"),
        ("내가 서울로 이사하기 전에 어디 살았어?", "서울로 이사하기", "before", "서울로 이사하기 전에"),
        ("결혼식 후에 뭐 했어?", "결혼식", "after", "결혼식 후에"),
        ("이사한 후에 누구를 만났어?", "이사한", "after", "이사한 후에"),
        ("할머니가 돌아가신 뒤에 뭐 했어?", "할머니가 돌아가신", "after", "할머니가 돌아가신 뒤에"),
        ("고등학교를 졸업하고 나서 뭐 했어?", "고등학교를 졸업하고", "after", "고등학교를 졸업하고 나서"),
    ],
)
def test_an_event(question: str, words: str, direction: str, stands: str) -> None:
    (found,) = periods(question, TODAY)
    assert (found.kind, found.event, found.direction) == ("event", words, direction)
    assert question[found.span.start : found.span.end] == stands
    assert not found.dated and dates_in_question(question, TODAY) == ()


@pytest.mark.parametrize(
    "question",
    [
        "What may I eat?",
        "Could this may be wrong?",
        "Did we march to the sea?",
        "What's the second thing I bought?",
        "Where did the cat sit when it sat in the sun?",
        "What did April say to June?",
        "What did I cook for August and May?",
        "Did I pay 2000 for the bike?",
        "How many of the 1999 photos are left?",
        "What are the 2000 photos of?",
        "Did I walk 2021 steps?",
        "Is 2,021 a lot, or £1999?",
        "Who lives in room 2012?",
        "What do I do on Sundays, and every Monday?",
        "Did I look after the dog named after my aunt?",
        "Have I been there before?",
        "What do you drink before bed and after dinner?",
        "Where was I in my thirties?",
        "Where do you go in summer?",
        "Did I fall in spring water?",
        "오전에 뭐 하고 오후에 뭐 해?",
        "얼마 전에 산 책은?",
        "예전에 살던 집은?",
        "이번 주제는 뭐야?",
        "여름에 뭐 좋아해?",
        "2012호에 누가 살아?",
        "1999원이야?",
        "그제야 알았어?",
        "매주 월요일에 뭐 해?",
    ],
)
def test_what_is_no_time(question: str) -> None:
    assert periods(question, TODAY) == () == dates_in_question(question, TODAY)


def test_several_times_in_the_order_of_the_question() -> None:
    found = periods("Was I in Rome last year, or in 2022, or after the flood?", TODAY)
    assert [period.kind for period in found] == ["year", "year", "event"]
    assert [period.start and period.start.year for period in found] == [2024, 2022, None]


def test_without_a_day_only_what_needs_none() -> None:
    assert periods("What happened last week, yesterday and in March?") == ()
    assert dates_in_question("What happened last week, yesterday and in March?") == ("--03",)
    (found,) = periods("Where was I between March and June 2023?")
    assert (found.start, found.end) == (dt.date(2023, 3, 1), dt.date(2023, 6, 30))
    assert dates_in_question("What happened at the end of May?") == ("--05",)


def test_dates_are_what_is_meant_only() -> None:
    assert dates_in_question("Where was I before 2019?", TODAY) == ()
    assert dates_in_question("What did I do between March and June?", TODAY) == ()
    assert dates_in_question("Where have I lived since 2019?", TODAY) == ("2019",)
    assert dates_in_question("Who came last weekend?", TODAY) == ("2025-06-14", "2025-06-15")


@pytest.mark.parametrize(
    ("today", "question", "start"),
    [
        (dt.date(2025, 1, 15), "Where was I last winter?", dt.date(2023, 12, 1)),
        (dt.date(2025, 1, 15), "Where am I this winter?", dt.date(2024, 12, 1)),
        (dt.date(2025, 3, 9), "Where was I last March?", dt.date(2024, 3, 1)),
        (dt.date(2025, 3, 9), "Where was I in March?", dt.date(2025, 3, 1)),
        (dt.date(2025, 3, 31), "Where was I a month ago?", dt.date(2025, 2, 1)),
        (dt.date(2024, 2, 29), "Where was I a year ago?", dt.date(2023, 1, 1)),
        (dt.date(2025, 6, 15), "Where was I last weekend?", dt.date(2025, 6, 7)),
        (dt.date(2025, 3, 9), "What did I do on 29 February?", dt.date(2024, 2, 29)),
    ],
)
def test_counted_from_other_days(today: dt.date, question: str, start: dt.date) -> None:
    assert [period.start for period in periods(question, today)] == [start]


def test_a_follow_up_keeps_the_time_unless_it_names_its_own() -> None:
    before = ("What did I do in 2021?",)
    assert ask("And then?", before, TODAY).dates == ("2021",)
    again = ask("And in 2022?", before, TODAY)
    assert again.dates == ("2022",) and [period.start for period in again.periods] == [dt.date(2022, 1, 1)]


def test_words_of_the_time_are_none_of_what_is_asked_of() -> None:
    asked = ask("Where did I swim last summer before the wedding?", (), TODAY)
    assert "summer" in asked.date_terms and "wed" not in asked.date_terms and "wedding" not in asked.date_terms
    assert asked.names_a_time and not ask("Where did I swim after the wedding?", (), TODAY).names_a_time


def test_the_slow_library_is_loaded_only_for_what_rules_leave() -> None:
    code = (
        "import sys, datetime as dt\n"
        "from kernel.memory.when import periods\n"
        "periods('What did I do last summer, two weeks ago or on 6 July?', dt.date(2025, 6, 18))\n"
        "assert 'dateparser' not in sys.modules\n"
        "assert periods('What did I do 3 weeks and 2 days ago?', dt.date(2025, 6, 18))\n"
        "assert 'dateparser' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


_PIECES = st.sampled_from(
    "what did I do in on at since until before after between and to from the last next this past of early late end 3rd 31 "
    "29 2 1999 2021 2021/22 2024-02-30 March may May june Sat Monday weekend week weeks month months year years ago half "
    "couple few nineties 90s 9999 two decade Q2 summer winter Christmas moved wedding yesterday ? , - ~ 지난 작년 재작년 올해 3월 "
    "31일 부터 까지 전에 후에 이사하기 여름 겨울 초 말 주 달 월요일 며칠 몇 년 99년 사이에 그저께 이후 다음 분기 2 열흘".split()
)
_DAYS = st.none() | st.dates()


@settings(deadline=None, max_examples=300)
@given(st.lists(_PIECES, max_size=12).map(" ".join) | st.lists(_PIECES, max_size=8).map("".join), _DAYS)
def test_any_words_give_sound_periods(question: str, today: dt.date | None) -> None:
    _check(question, periods(question, today))
    assert all(date.startswith("--") or date[:4].isdigit() for date in dates_in_question(question, today))


@settings(deadline=None, max_examples=100)
@given(st.text(max_size=80), _DAYS)
def test_any_text_gives_sound_periods(question: str, today: dt.date | None) -> None:
    _check(question, periods(question, today))


def _check(question: str, found: tuple[Period, ...]) -> None:
    spans = [period.span for period in found]
    assert all(0 <= span.start < span.end <= len(question) for span in spans)
    assert all(one.end <= other.start for one, other in pairwise(spans))
    for period in found:
        if period.start and period.end:
            assert period.start <= period.end
        assert (period.kind == "event") == (not period.dated) == bool(period.event) == bool(period.direction)
        assert (period.kind in ("before", "after")) == (period.open and period.dated)


@settings(deadline=None, max_examples=50)
@given(st.dates(dt.date(1950, 1, 1), dt.date(2080, 12, 31)), st.integers(0, 400))
def test_days_ago_in_both_languages(today: dt.date, number: int) -> None:
    day = today - dt.timedelta(days=number)
    for question in (f"What did I do {number} days ago?", f"{number}일 전에 뭐 했어?"):
        assert [(period.start, period.end) for period in periods(question, today)] == [(day, day)]


@settings(deadline=None, max_examples=50)
@given(st.dates(dt.date(1950, 1, 1), dt.date(2049, 12, 31)))
def test_a_day_is_read_however_it_is_written(day: dt.date) -> None:
    written = (
        f"What did I do on {day:%d %B %Y}?",
        f"What did I do on {day:%B} {day.day}, {day.year}?",
        f"What did I do on {day.isoformat()}?",
        f"{day.year}년 {day.month}월 {day.day}일에 뭐 했어?",
    )
    for question in written:
        assert [(period.start, period.end) for period in periods(question)] == [(day, day)], question
