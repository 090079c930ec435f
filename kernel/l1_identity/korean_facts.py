"""Korean sentences of the owner -> facts about the owner and their people, by patterns that say so outright."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import lru_cache

from kernel.l0_insight.dating import validity
from kernel.l0_insight.korean import load
from kernel.l0_insight.lexicon import words
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found

_END = r"(?:이다|다|이에요|예요|입니다|이야|야|라고 한다|라고 해요)"
_KIN = {
    "엄마": "mother", "어머니": "mother", "아빠": "father", "아버지": "father", "누나": "sister", "언니": "sister",
    "여동생": "sister", "오빠": "brother", "형": "brother", "남동생": "brother", "동생": "sibling", "할머니": "grandmother",
    "할아버지": "grandfather", "외할머니": "grandmother", "외할아버지": "grandfather", "남편": "partner", "아내": "partner",
    "남자친구": "partner", "여자친구": "partner", "아들": "son", "딸": "daughter", "이모": "aunt", "고모": "aunt",
    "삼촌": "uncle", "외삼촌": "uncle", "사촌": "cousin", "손자": "grandson", "손녀": "granddaughter", "팀장": "manager",
    "상사": "manager", "부장": "manager", "친구": "friend", "룸메이트": "flatmate", "집주인": "landlord",
}  # fmt: skip
_KINSHIP = "|".join(sorted(_KIN, key=len, reverse=True))
_PET = "고양이|강아지|개|토끼|햄스터|거북이|앵무새|금붕어"
_ME = r"(?:나는|저는|난|전|나도|저도|우리는)"
_PLACE = r"(?<![가-힣\d])(?P<value>(?!나는|저는|나도|저도|우리|지금|현재|요즘|여기|거기|이곳|그곳|같이|함께|혼자)(?:[가-힣]{1,7}[가-힣](?<!에) )?[가-힣]{2,8}?)"
_LIVES = r"(?:산다|살고 있다|살아요|살고 있어요|삽니다|살고 있습니다|살고 있는데|살면서)"
_WORKS = r"(?:일한다|일하고 있|일해요|일합니다|근무|입사|다닌다|다니고|다녀요|다닙니다)"
_TRADE = r"(?:사|원|가|이너|생|수|래머|기자|학자|기술자|노동자)"
_NOT_TRADES = words("동생 병원 공원 학원 정원 여동생 남동생 회사 이사 인생 점수 국수 날씨가")
_ILL = "천식|당뇨병|당뇨|고혈압|관절염|우울증|불면증|편두통|아토피|비염|디스크|건초염|갑상선염|위염|빈혈"
_NUMBER_TENS = {
    "스물": 20, "서른": 30, "마흔": 40, "쉰": 50, "예순": 60, "일흔": 70, "여든": 80, "아흔": 90, "스무": 20, "열": 10,
}  # fmt: skip
_NUMBER_ONES = {
    "하나": 1, "둘": 2, "셋": 3, "넷": 4, "다섯": 5, "여섯": 6, "일곱": 7, "여덟": 8, "아홉": 9, "한": 1, "두": 2, "세": 3, "네": 4,
}  # fmt: skip
_YEARS = rf"(?P<value>\d{{1,3}}|(?:{'|'.join(_NUMBER_TENS)})(?:{'|'.join(_NUMBER_ONES)})?)"
_SIMPLE = tuple(
    (key, re.compile(pattern))
    for key, pattern in (
        ("name", rf"(?:내|제) 이름은 (?P<value>[가-힣]{{2,5}}?){_END}"),
        ("home_city", rf"(?:{_ME} |지금은 |지금 |현재 |요즘 |^)(?:지금 |현재 |[가-힣]+ (?:전|후)부터 |\d{{4}}년부터 )?{_PLACE}에(?:서)? (?:혼자 |같이 |함께 )?{_LIVES}"),
        ("home_city", rf"{_PLACE}(?:으)?로 이사(?:했|를 했|왔|를 왔|갔|를 갔|해서)"),
        ("home_city", rf"(?:{_ME} |예전에는? |전에는? |그때 (?:나는 |저는 )?|어릴 때(?:는)? |^){_PLACE}에(?:서)? (?P<past>살았|살던)"),
        ("home_city", rf"{_ME} {_PLACE}에 있는 [가-힣 ]{{1,15}}에서 (?:{_LIVES}|(?P<past>살았))"),
        ("birthplace", rf"{_PLACE}에서 (?P<past>태어났)"),
        ("grew_up_in", rf"{_PLACE}에서 (?:태어나 )?자랐"),
        ("origin", rf"(?:내|제|나의|저의)? ?고향은 {_PLACE}{_END}"),
        ("employer", rf"(?:{_ME} |지금은 |현재 |^)(?:\d{{4}}년부터 |[가-힣]+부터 )?(?P<value>[가-힣A-Za-z]{{2,12}}?)에(?:서)? (?:[가-힣]{{2,10}}(?:으)?로 )?{_WORKS}"),
        ("employer", r"(?P<value>[가-힣A-Za-z]{2,12}?)(?:을|를) (?P<past>그만뒀|그만두었|퇴사했)"),
        ("occupation", rf"(?:나는|저는|내 직업은|제 직업은|직업은) (?P<value>[가-힣 ]{{2,12}}?{_TRADE}){_END}"),
        ("occupation", rf"(?P<value>[가-힣]{{1,8}}{_TRADE})(?:으)?로 (?:일한다|일하고 있|일해요|일합니다|근무하고)"),
        ("studies", r"(?P<value>[가-힣]{2,10}?)(?:을|를) 전공(?:한다|하고 있|했|해요|합니다)"),
        ("university", r"(?P<value>[가-힣]{1,8}대학교|[가-힣]{2,6}대)(?:에|를|을) (?:다닌다|다니고|다녀요|다닙니다|졸업)"),
        ("allergy", r"(?P<value>[가-힣]{1,8}) ?(?:알레르기|알러지)(?:가|를)? ?(?:있|심|가지)"),
        ("condition", rf"(?P<value>{_ILL})(?:을|를|이|가)? (?:앓고|앓는|있|진단)"),
        ("birthday", rf"(?:내|제) 생일은 (?:음력 )?(?P<value>\d{{1,2}}월 \d{{1,2}}일){_END}"),
        ("age", rf"(?:나는|저는|난|전) (?:올해 |이제 |벌써 )?(?:만 )?{_YEARS} ?(?:살|세|이다|이 되)"),
        ("instrument", r"(?P<value>피아노|기타|바이올린|첼로|드럼|가야금|거문고|해금|단소|플루트|우쿨렐레|베이스|클라리넷|하모니카)(?:를|을)? (?:친다|치고|배운다|배우고|연주|켠다|켜고|분다|불고)"),
        ("languages", r"(?P<value>(?:한국|영|일본|중국|프랑스|독일|스페인|러시아|이탈리아|베트남|노르웨이)어)(?:를|을)? (?:배운다|배우고|공부한다|공부하고|할 줄 안다|할 줄 알|한다|가르친다)"),
        ("bank", r"(?P<value>[가-힣A-Za-z]{2,8}은행)(?:에|을|를) (?:계좌|이용|쓴다|통장|거래)"),
        ("drinks", r"(?:대신|요즘은|요즘|이제|매일|아침마다|항상|늘) (?:[가-힣]+ )?(?P<value>[가-힣]{1,6}(?:차|커피|물|우유|주스))(?:를|을)? 마(?:신다|시고|셔요|십니다)"),
        ("gave_up", r"(?P<value>커피|담배|술|고기|설탕|탄산)(?:를|을) (?:끊었|끊은|끊기로)"),
        ("cannot", r"(?P<value>수영|운전|요리|노래)(?:을|를|은|는)? (?:전혀 )?못 ?(?:한다|해요|합니다)"),
        ("diet", r"(?P<value>채식주의자|비건|채식)(?:이다|이에요|입니다|을 한다|을 하고)"),
        ("fear", rf"(?:{_ME} )(?P<value>[가-힣 ]{{1,10}}?)(?:이|가) (?:너무 |정말 |제일 |가장 )?무섭다"),
    )
)  # fmt: skip
_FAVOURITE = re.compile(
    rf"(?:제일|가장|내가|제가) 좋아하는 (?P<what>[가-힣]+?)(?:은|는) (?P<value>[^.,]{{1,30}}?){_END}[.!]?$"
)
_KIN_NAMED = re.compile(rf"(?P<kin>{_KINSHIP})(?:의)? ?이름은 (?P<value>[가-힣]{{2,4}}?){_END}")
_KIN_NAME = re.compile(
    rf"(?:^|(?:우리|내|제) )(?P<kin>{_KINSHIP}) (?P<value>[가-힣]{{2,3}}?)(?P<josa>이는|이가|이랑|이와|은|는|이|가|와|과|랑|하고|에게|한테)(?=\s)"
)
_NAME_IS_KIN = re.compile(rf"^(?P<value>[가-힣]{{2,4}}?)(?:이는|은|는|이) (?:우리|내|제) (?P<kin>{_KINSHIP}){_END}")
_PET_NAMED = re.compile(rf"(?P<kin>{_PET})(?:의)? ?이름은 (?P<value>[가-힣]{{1,5}}?){_END}")
_PET_NAME = re.compile(
    rf"(?:우리|내|제) (?:집 )?(?P<kin>{_PET}) (?P<value>[가-힣]{{1,4}}?)(?:이는|이가|은|는|이|가|와|를|을)(?=\s)"
)
_PET_IS = re.compile(rf"^(?P<value>[가-힣]{{1,4}}?)(?:이는|은|는) (?:우리|내|제) (?:집 )?(?P<kin>{_PET}){_END}")
_SAVING = re.compile(
    r"(?P<value>[가-힣A-Za-z ]{1,20}?)(?:을|를) (?:사려고|사기 위해|위해|위해서) [^.]*?(?:저축|돈을 모|저금)"
)
_LIKES = re.compile(
    rf"(?:{_ME} |^)(?P<value>(?!나는|저는|난 )[가-힣]{{1,12}}(?: [가-힣]{{1,8}}){{0,2}}?)(?:을|를|이|가|은|는) (?:아주 |정말 |참 |제일 |가장 |무척 |별로 |너무 |진짜 )*"
    r"(?P<how>안 좋아한|좋아하지 않|좋아한다|좋아해요|좋아합니다|사랑한다|싫어한다|싫어해요|싫어합니다|싫다|못 참)"
)
_OTHERS = re.compile(
    r"^(?!나는|저는|나도|저도|내|제|난|전 |우리|오늘|어제|지금|요즘|현재|그때|올해|고향|직업|취미|혈액형|커피|담배|술)[가-힣]+(?:은|는|이|가|께서는) "
)
_MINE = re.compile(r"(?:^|\s)(?:나는|저는|난|나도|저도|내|제)\s")
_NOT_NAMES = words("이름 생각 생신 생일 전화 회사 친구 가게 음식 사진 건강 병원 목소리 요리 얼굴")


def korean_facts(line: Line, before: Line | None = None) -> Iterator[Found]:
    """Facts of one Korean sentence of the owner. Without a subject of its own it is about whom ``before`` is about."""
    text = re.sub(r"[\"“][^\"”]*(?:[\"”]|$)", " ", line.words)
    start, end = validity(line.words, line.day or None, past=False)
    about_others = bool(_OTHERS.match(text))
    if not about_others and not _MINE.search(text) and before is not None and line.unit.follows:
        about_others = bool(_OTHERS.match(before.words)) and not _MINE.search(before.words)
    unreal = re.search(r"(?:싶다|싶어|으면|라면|다면)", text)
    for key, pattern in _SIMPLE:
        if (m := pattern.search(text)) and not (about_others and key not in {"name", "birthday"}) and not unreal:
            value = m["value"].strip()
            if key == "occupation" and value.split()[-1] in _NOT_TRADES:
                continue
            if key == "age":
                value = str(korean_number(value))
            over = bool(m.groupdict().get("past")) and key in {"home_city", "employer"}
            since = None if key in {"birthplace", "origin", "grew_up_in", "birthday"} else start
            yield Found(key, value, line, since, end or (line.day or None if over else None), ended=over)
    if m := _FAVOURITE.search(text):
        yield Found(f"favourite_{m['what']}", m["value"].strip(), line, line.day or None)
    yield from _people(line, text)
    if (m := _SAVING.search(text)) and not about_others:
        yield Found("saving_for", m["value"].strip(), line, start)
    if (m := _LIKES.search(text)) and not about_others:
        disliked = re.search(r"싫|안 |않|못", m["how"])
        yield Found("dislikes" if disliked else "likes", m["value"], line, start)


def _people(line: Line, text: str) -> Iterator[Found]:
    for pattern in (_KIN_NAMED, _KIN_NAME, _NAME_IS_KIN):
        m = pattern.search(text)
        if m is None or m["value"] in _NOT_NAMES or m["value"] in _KIN:
            continue
        sure = pattern is not _KIN_NAME or m["josa"].startswith("이") or _is_name(text, m.start("value"))
        if not sure and not (m["josa"] in {"은", "는"} and any(p.match(text[m.end() :].strip()) for _, p in _ABOUT)):
            continue
        yield Found(_KIN[m["kin"]], m["value"], line, line.day or None)
    for pattern in (_PET_NAMED, _PET_NAME, _PET_IS):
        if (m := pattern.search(text)) and m["value"] not in _NOT_NAMES:
            yield Found("pet", f"{m['value']} ({m['kin']})", line, line.day or None)


@lru_cache(maxsize=512)
def _is_name(text: str, at: int) -> bool:
    """Whether Kiwi takes what begins at ``at`` for a proper noun: ``엄마 생각이`` is no mother called 생각."""
    return any(t.tag == "NNP" and t.start == at for t in load().tokenize(text))


_ABOUT = tuple(
    (what, re.compile(pattern))
    for what, pattern in (
        ("city", rf"(?:지금은 |지금 |현재 )?{_PLACE}에(?:서)? (?:혼자 |같이 |함께 )?(?:{_LIVES}|사신다|사세요|살고 계)"),
        ("age", rf"(?:올해 |이제 |벌써 )?(?:만 )?{_YEARS} ?(?:살|세)?(?:이다|이 되|이에|입니|이고|인데|이시|,|$)"),
        ("occupation", rf"(?P<value>(?:[가-힣]{{2,6}} )?[가-힣]{{1,8}}{_TRADE})(?:{_END}|(?:으)?로 (?:일|근무)|였다|이셨다|이시다|이고)"),
        ("employer", rf"(?P<value>[가-힣A-Za-z]{{2,12}}?)에(?:서)? {_WORKS}"),
        ("studies", r"(?P<value>[가-힣]{2,10}?)(?:을|를) 전공"),
        ("origin", rf"{_PLACE} 출신"),
    )
)  # fmt: skip


def korean_about_people(line: Line, known: Mapping[str, str]) -> Iterator[Found]:
    """``여동생 지수는 대전에 산다`` -> ``sister_city``; ``known``: names of the owner's people -> their key."""
    text = re.sub(r"[\"“][^\"”]*(?:[\"”]|$)", " ", line.words)
    m = re.match(
        rf"(?:(?:우리|내|제) )?(?P<kin>{_KINSHIP})(?: (?P<name>[가-힣]{{2,3}}?))?(?:께서는|이는|은|는|이|가|도) (?P<rest>.*)",
        text,
    ) or re.match(r"(?P<name>[가-힣]{2,3}?)(?:이는|은|는|이|가|도) (?P<rest>.*)", text)
    if m is None:
        return
    kin = m.groupdict().get("kin")
    if m["name"] in _NOT_NAMES:
        return
    key = _KIN[kin] if kin else known.get(m["name"])
    if key is None or key in {"friend", "landlord", "pet"}:
        return
    who = m["name"] if m["name"] in known else kin or m["name"]
    for what, pattern in _ABOUT:
        if (said := pattern.match(m["rest"])) is None:
            continue
        if what == "occupation" and said["value"].split()[-1] in _NOT_TRADES:
            continue
        value = str(korean_number(said["value"])) if what == "age" else said["value"].strip()
        yield Found(f"{key}_{what}", value, line, None if what == "origin" else line.day or None, who=who)


def korean_number(text: str) -> int:
    """``서른넷`` -> 34; digits as they are."""
    if text.isdigit():
        return int(text)
    tens = next((n for word, n in _NUMBER_TENS.items() if text.startswith(word)), 0)
    ones = next((n for word, n in _NUMBER_ONES.items() if text.endswith(word) and text not in _NUMBER_TENS), 0)
    return tens + ones
