"""Korean statements -> what they claim of something with one value at a time, and what they say is over."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.l0_insight.claims import CONTACTS, MEASURES, ROLES, SUMS, THINGS, Ended, Said, first_number, same_name
from kernel.types import Statement

_CHANGE = re.compile(
    r"이제|더 ?이상|바꿨|바꾸었|바뀌|바뀐|이사|그만뒀|그만두었|그만뒀|옮겼|옮기|갈아탔|이직|끊었|대신|예전에|올랐|내렸|팔았|헤어|"
    r"이혼|결혼|약혼|퇴사|지금은|요즘은|새로"
)
UNSURE = re.compile(
    r"싶|하려고|려고 |계획|예정|겠다|겠어|겠지|을까|ㄹ까|할까|일까|만약|(?:으면|라면|다면) |것 같|거 같|라고 (?:했|한|말)|다고 (?:했|한|말|하)|"
    r"대요|다던|소설|주인공|\?|[가-힣]ㄹ 것|할 거|갈 거|살 거|다고 들|아마|혹시|꿈"
)
TIMES = {"지금", "요즘", "현재", "이제", "올해"}
"""What ``은`` marks without being a subject."""
_HOME = re.compile(
    r"^(?:이제 |지금은? |현재 |요즘은? |아직 |더 이상 )*(?:[가-힣]+(?:랑|와|과|하고) )?(?P<v>[가-힣]{2,8}?)에서?(?: (?:혼자|같이|함께))?$"
)
_MOVED = re.compile(r"(?P<v>[가-힣]{2,8}?)(?:으로|로)$")
_WORKS = re.compile(
    r"^(?:이제 |지금은? |현재 |요즘은? )*(?P<v>[가-힣A-Za-z0-9 ]{2,14}?)에서?(?: [가-힣]+(?:로|으로))?$"
)
_COMPANY = re.compile(r"(?:회사|전자|은행|그룹|건설|증권|출판사|상사|물산|소프트|연구소|병원|신문사|방송국|카페)$")
_SCHOOL = re.compile(r"(?:대학교|대학원|대학|대|고등학교|고|중학교|초등학교)$")
_JOINED = re.compile(r"^(?:이제 )?(?P<v>[가-힣A-Za-z0-9]{2,12}?)에$")
_COUNT = {
    "한": 1, "두": 2, "세": 3, "네": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "열": 10,
}  # fmt: skip
_TENS = {
    "열": 10,
    "스물": 20,
    "스무": 20,
    "서른": 30,
    "마흔": 40,
    "쉰": 50,
    "예순": 60,
    "일흔": 70,
    "여든": 80,
    "아흔": 90,
}
_ONES = {"": 0, "한": 1, "하나": 1, "두": 2, "둘": 2, "세": 3, "셋": 3, "네": 4, "넷": 4} | {
    word: n for word, n in _COUNT.items() if 5 <= n <= 9
}
_AGE = re.compile(
    r"^(?:이제 |올해 |지금 |만 )*(?:(?P<n>\d{1,3}) ?(?:살|세)|(?P<tens>열|스물|스무|서른|마흔|쉰|예순|일흔|여든|아흔)(?P<ones>[가-힣]{0,2}) ?살)"
)
_KEPT = re.compile(
    r"(?P<what>고양이|강아지|개|닭|토끼|햄스터|금붕어|앵무새|거북이)(?:를|을)? (?P<n>\d+|한|두|세|네|다섯|여섯|일곱|여덟|아홉|열) ?마리"
)
_STATE = re.compile(r"^(?:이제 |아직 |지금 )*(?P<v>미혼|기혼|솔로|싱글|유부남|유부녀|돌싱)$")
_STATES = {
    "미혼": "single",
    "솔로": "single",
    "싱글": "single",
    "기혼": "married",
    "유부남": "married",
    "유부녀": "married",
    "돌싱": "divorced",
}
_OWNED = re.compile(r"^(?:(?:이제 |지금 |현재 )?(?:내|제|우리|우리 집|나의|저의) )?(?P<what>[가-힣 ]{1,12})$")
_SHORT = re.compile(r"^(?:이제 |지금 |지금은 |현재 |요즘 )+")
_TO = re.compile(
    r"^(?:이제 )?(?P<what>[가-힣 ]{1,12}?)(?:을|를) (?:(?P<old>[가-힣A-Za-z0-9]+)에서 )?(?P<new>[가-힣A-Za-z0-9@.!]+?)(?:으로|로)$"
)
_FROM = re.compile(r"(?:^| )(?P<old>[가-힣A-Za-z0-9]{2,12})에서 (?P<new>[가-힣A-Za-z0-9]{2,12}?)(?:으로|로)$")
_INSTEAD = re.compile(r"(?P<old>[가-힣A-Za-z0-9]{1,10}) 대신")
_OBJECT = re.compile(r"(?:^| )(?P<what>[가-힣A-Za-z0-9]{1,10}?)(?:을|를|은|는|도)(?= |$)")
_AT = re.compile(r"(?:^| )(?P<what>[가-힣A-Za-z0-9]{2,12}?)(?:에서는?|에는?)(?= |$)")
_VALUE = re.compile(r"[가-힣A-Za-z0-9@.+_!#-]+")
_NOISE = {"이제", "지금", "현재", "원", "월", "매달", "한", "달", "만", "약", "지금은", "요즘"}
_CHANGING = {"바꾸다", "옮기다", "갈아타다", "이직하다", "변경하다"}
_BEGINNING = {"입사하다", "이직하다", "취직하다", "취업하다"}
_LIVING = {"살다", "거주하다"}
_HABITS = frozenset(
    "마시다 피우다 먹다 하다 다니다 배우다 치다 타다 쓰다 일하다 연주하다 사용하다 이용하다 듣다 보다 운동하다 공부하다 켜다".split()
)
_WORKING = {"일하다", "근무하다", "다니다", "재직하다"}


def is_change(words: str) -> bool:
    """See ``english_claims.is_change``."""
    return bool(_CHANGE.search(words))


def claims(said: Statement, words: str) -> Iterator[Said]:
    """See ``english_claims.claims``."""
    if said.negated or UNSURE.search(words) or re.search(r"더 ?이상|예전에|옛날에|었던|았던|한때|어릴 때", words):
        return
    verb, what, subject = said.relation, said.object, said.subject
    present = said.kind == "semantic"
    if verb in _LIVING and present and (m := _HOME.match(what)):
        yield Said((subject, "home"), _value(m["v"]))
    elif verb == "이사하다" or (verb in {"오다", "가다", "하다", "옮기다"} and re.search(r"이사", words)):
        place = re.sub(r" 이사(?:를)?$", "", what)
        if m := _MOVED.search(place):
            yield Said((subject, "home"), _value(m["v"]), event=True)
    elif verb in _WORKING and present:
        yield from _working(said, what)
    elif verb in _BEGINNING and (m := _JOINED.match(what) or _MOVED.search(what)):
        yield Said((subject, "employer"), _value(m["v"]), event=True)
    elif present and (m := _KEPT.search(what)) and verb in {"키우다", "기르다", "있다"}:
        number = int(m["n"]) if m["n"].isdigit() else _COUNT[m["n"]]
        yield Said((subject, "number of", m["what"]), frozenset({str(number)}))
    elif verb in _CHANGING and subject == "owner" and (m := _TO.match(what)):
        name = same_name(m["what"])
        known = name in ROLES | CONTACTS | SUMS | MEASURES | THINGS | {"job"}
        yield Said(("owner", name) if known else ("owner", "my", name), _value(m["new"]), event=True)
    else:
        yield from _being(said)


def _working(said: Statement, what: str) -> Iterator[Said]:
    m = _WORKS.match(what)
    if m is None or re.search(r"주말|평일|요일|아르바이트|알바|봉사", what):
        return
    if _SCHOOL.search(m["v"]):
        yield Said((said.subject, "school"), _value(m["v"]))
    elif said.relation != "다니다" or _COMPANY.search(m["v"]):
        yield Said((said.subject, "employer"), _value(m["v"]))


def _being(said: Statement) -> Iterator[Said]:
    subject, verb, what = said.subject, said.relation, said.object
    if verb in {"이다", "되다"} and (age := _age(what)):
        yield Said((subject if subject != "나이" else "owner", "age"), frozenset({age}), grows=True)
        return
    if subject == "owner":
        if verb == "이다" and (m := _STATE.match(what)):
            yield Said(("owner", "marital"), frozenset({_STATES[m["v"]]}))
        return
    m = _OWNED.match(subject)
    rising = verb in {"오르다", "내리다", "바뀌다", "되다", "변하다"}
    if m is None or not (rising or (verb == "이다" and said.kind == "semantic")):
        return
    name = same_name(m["what"].removeprefix("우리 ").removeprefix("내 ").removeprefix("제 "))
    if len(what.split()) > 5:
        return
    if name in SUMS | MEASURES | {"maintenance"}:
        if number := first_number(what):
            yield Said(("owner", name), frozenset({number}), event=rising)
    elif name in ROLES | CONTACTS | THINGS | {"job"}:
        value = re.sub(r"(?:으로|로)$", "", what) if rising else what
        if name in ROLES and value in _TENS:
            return
        if name not in ROLES or re.fullmatch(r"(?:이제 |지금 )?[가-힣]{2,4}(?: ?(?:씨|님|선생님|부장|과장))?", value):
            yield Said(("owner", name), _value(value), event=rising)


def endings(said: Statement, words: str) -> Iterator[Ended]:
    """See ``english_endings.endings``."""
    if UNSURE.search(words):
        return
    verb, what, subject = said.relation, said.object, said.subject
    if said.negated and re.search(r"더 ?이상|이제", words):
        if terms := _things(what):
            yield Ended(subject, terms, relations=frozenset({verb}))
    elif re.search(r"예전에(?:는|만 해도)?|한때", words) and said.kind == "episodic":
        if terms := _things(re.sub(r"예전에\S*|한때", "", what).strip()):
            yield Ended(subject, terms, relations=frozenset({verb}))
    elif verb in {"그만두다", "퇴사하다", "끊다"} and "다가" not in words:
        yield from _quit(subject, what)
    elif verb in _CHANGING | {"가다", "이사하다"} and (m := _FROM.search(re.sub(r" 이사(?:를)?$", "", what))):
        if verb in {"이사하다", "가다"} or "이사" in words:
            yield Ended(subject, frozenset({m["old"]}), slot=(subject, "home"))
        else:
            yield Ended(subject, frozenset({m["old"]}), relations=_HABITS)
            yield Ended(subject, frozenset({m["old"]}), slot=(subject, "employer"))
    elif said.kind == "semantic" and (m := _INSTEAD.search(what)):
        yield Ended(subject, frozenset({m["old"]}), relations=frozenset({verb}))
    elif verb in {"팔다", "폐차하다"} and (m := _OBJECT.search(what)):
        yield Ended(subject, frozenset({m["what"]}), relations=frozenset({"타다", "몰다", "있다", "가지다"}))
        for slot in ("car", "bike"):
            named = same_name(m["what"]) == slot
            yield Ended(subject, frozenset() if named else frozenset({m["what"]}), slot=(subject, slot))
    elif verb in {"결혼하다", "이혼하다"} and subject == "owner":
        for before in ("single", "engaged") if verb == "결혼하다" else ("married",):
            yield Ended(subject, frozenset({before}), slot=("owner", "marital"))
    elif verb == "헤어지다" and (m := re.search(r"(?P<v>[가-힣]{2,4}?)(?:이랑|랑|와|과|하고)(?= |$)", what)):
        partner = frozenset() if same_name(m["v"]) == "partner" else frozenset({m["v"]})
        yield Ended(subject, partner, slot=("owner", "partner"))


def _quit(subject: str, what: str) -> Iterator[Ended]:
    at = _OBJECT.search(what) or _AT.search(what)
    if at is None:
        return
    if same_name(at["what"]) in {"employer", "job"} or at["what"] in {"일", "직장"}:
        yield Ended(subject, slot=(subject, "employer"))
        yield Ended(subject, slot=(subject, "job"))
    else:
        yield Ended(subject, frozenset({at["what"]}), relations=_HABITS)
        yield Ended(subject, frozenset({at["what"]}), slot=(subject, "employer"))


def things(what: str) -> frozenset[str]:
    """The words of an object without their particles, to be found again in an earlier statement."""
    words = [
        re.sub(r"(?:에서는|에서|에는|에게|으로|를|을|은|는|이|가|에|로|도|와|과|랑)$", "", word)
        if len(word) > 1
        else word
        for word in _VALUE.findall(what)
    ]
    return frozenset(word for word in words if word) - _NOISE


def _things(what: str) -> frozenset[str]:
    return things(_SHORT.sub("", what)) - {"더", "이상", "더이상", "더는", "매일", "자주", "전혀", "이제는"}


def _value(text: str) -> frozenset[str]:
    words = {re.sub(r"(?:씨|님)$", "", word) if len(word) > 2 else word for word in _VALUE.findall(text)}
    return frozenset(words) - _NOISE


def _age(text: str) -> str:
    m = _AGE.match(text)
    if m is None:
        return ""
    if m["n"]:
        return m["n"]
    return str(_TENS[m["tens"]] + _ONES[m["ones"]]) if m["ones"] in _ONES else ""
