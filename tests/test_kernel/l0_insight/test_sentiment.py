"""For or against: opinions and feelings, what a denial makes of them, and what is neither."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.types import Memory

Make = Callable[..., Memory]

TOLD = {
    "positive": [
        "I love the sea.",
        "I don't mind the rain.",
        "The film was not bad.",
        "I had a lovely time with Ana.",
        "My favourite composer is Fauré.",
        "I couldn't be happier.",
        "The exam went well.",
        "나는 바다를 좋아한다.",
        "그 영화는 나쁘지 않았다.",
        "새 자전거가 마음에 든다.",
        "시험이 끝나서 기뻤다.",
    ],
    "negative": [
        "I can't stand fondant icing.",
        "I don't like festivals.",
        "We weren't happy with the hotel.",
        "I was disappointed by the ending.",
        "I'm fed up with the bus.",
        "The talk was neither interesting nor funny.",
        "She hates opera, said nobody, and I hate it too.",
        "그 영화는 별로였다.",
        "날씨가 안 좋다.",
        "김치는 안 좋아한다.",
        "마음에 들지 않는다.",
        "화가 났다.",
    ],
    "mixed": [
        "I am tired but happy.",
        "The hotel was beautiful but expensive and boring.",
        "I miss Porto.",
        "할머니가 그립다.",
    ],
    "": [
        "I live in a red house.",
        "The rent is 700 euros.",
        "I bought a nice lamp.",
        "I have two cats.",
        "We are kind of late.",
        "나는 서울에 산다.",
        "월세는 55만 원이다.",
    ],
}


@pytest.fixture(scope="module")
def analyst() -> ExtractiveAnalyst:
    return ExtractiveAnalyst()


@pytest.mark.parametrize(("text", "expected"), [(text, told) for told, texts in TOLD.items() for text in texts])
def test_sentiment(analyst: ExtractiveAnalyst, remembered: Make, text: str, expected: str) -> None:
    statements = analyst.analyse(remembered(text, title="A note")).statements
    assert statements and statements[-1].sentiment == expected


def test_each_clause_has_its_own(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    english = analyst.analyse(remembered("I hated school but loved the library.")).statements
    korean = analyst.analyse(remembered("고수는 싫지만 파슬리는 좋아한다.")).statements
    for statements in (english, korean):
        assert [said.sentiment for said in statements] == ["negative", "positive"]
        assert {said.kind for said in statements} == {"emotional"}


def test_what_is_judged_is_no_feeling(analyst: ExtractiveAnalyst, remembered: Make) -> None:
    (judged,) = analyst.analyse(remembered("I am a terrible cook.")).statements
    (felt,) = analyst.analyse(remembered("I feel awful.")).statements
    assert (judged.kind, felt.kind) == ("semantic", "emotional")
