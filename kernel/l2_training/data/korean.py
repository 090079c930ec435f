"""Questions out of Korean sentences and ``key: value`` lines, by endings and particles. For bases that write Korean."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.l2_training.data.made import Made

_HERE = re.compile(r"오늘|어제|내일|지금|여기|거기|그때|이번|지난|그것|이것|저것|그녀|그는|그의|그가")
_IS = re.compile(
    r"^(?:나의|내|제|우리) ([가-힣 ]{1,12}?)(?:은|는) ([^,.]{1,30}?)(?:이다|다|이에요|예요|입니다|이야|야)\.?$"
)
_DONE = "살았다|산다|살고 있다|일했다|일한다|일하고 있다|배웠다"
_AT = re.compile(rf"^(?:나는|저는|내가) (?:[^,.]{{0,20}}? )?([가-힣A-Za-z ]{{1,20}})에서 ({_DONE})\.?$")
_LIKES = re.compile(
    r"^(?:나는|저는) ([가-힣A-Za-z ]{1,20}?)(?:을|를) (좋아한다|싫어한다|아주 좋아한다|정말 좋아한다)\.?$"
)
_ASKED = {
    "살았다": "사셨어요",
    "산다": "사세요",
    "살고 있다": "사세요",
    "일했다": "일하셨어요",
    "일한다": "일하세요",
    "일하고 있다": "일하세요",
    "배웠다": "배우셨어요",
}
_POLITE = {
    "살았다": "살았어요",
    "산다": "살아요",
    "살고 있다": "살고 있어요",
    "일했다": "일했어요",
    "일한다": "일해요",
    "일하고 있다": "일하고 있어요",
    "배웠다": "배웠어요",
}


def from_korean(text: str) -> Iterator[Made]:
    """What one sentence can be asked; nothing where it points outside itself."""
    words = " ".join(text.split())
    if _HERE.search(words) or "?" in words or re.search(r"[\"“”'‘’「」]", words):
        return
    if found := _IS.match(words):
        key, value = found[1].strip(), found[2].strip()
        yield Made("ko is", f"{_topic(key)} 뭐예요?", f"제 {_topic(key)} {_is(value)}.", f"{_is(value)}.")
    if found := _AT.match(words):
        place, verb = found[1].strip().split()[-1], found[2]
        yield Made("ko where", f"어디에서 {_ASKED[verb]}?", f"{place}에서 {_POLITE[verb]}.")
    if found := _LIKES.match(words):
        thing, likes = found[1].strip(), "좋아" in found[2]
        yield Made(
            "ko likes",
            f"{_object(thing)} 좋아하세요?",
            f"{'네' if likes else '아니요'}, {_object(thing)} {'좋아해요' if likes else '싫어해요'}.",
        )


def from_korean_pair(key: str, value: str, subject: str) -> Iterator[Made]:
    """``재료: 마른 미역 한 줌`` under ``미역국``."""
    value = value.strip(" .")
    if (
        not re.fullmatch(r"[가-힣 ]{1,12}", key.strip())
        or not value
        or len(value) > 60
        or not subject
        or len(subject) > 14
    ):
        return
    yield Made("ko pair", f"{subject} {_topic(key.strip())} 뭐예요?", f"{_is(value)}.")


def _batchim(word: str) -> bool:
    """Whether the last syllable ends in a consonant."""
    last = word[-1]
    return "가" <= last <= "힣" and (ord(last) - ord("가")) % 28 != 0


def _topic(word: str) -> str:
    return word + ("은" if _batchim(word) else "는")


def _object(word: str) -> str:
    return word + ("을" if _batchim(word) else "를")


def _is(value: str) -> str:
    return value + ("이에요" if _batchim(value) else "예요")
