"""Korean sentences of the owner -> facts about the owner, by patterns that say so outright."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.l0_insight.dating import validity
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found

_END = r"(?:이다|다|이에요|예요|입니다|이야|야|라고 한다|라고 해요)"
_KIN = {
    "엄마": "mother", "어머니": "mother", "아빠": "father", "아버지": "father", "누나": "sister", "언니": "sister",
    "여동생": "sister", "오빠": "brother", "형": "brother", "남동생": "brother", "할머니": "grandmother",
    "할아버지": "grandfather", "남편": "partner", "아내": "partner", "남자친구": "partner", "여자친구": "partner",
    "아들": "son", "딸": "daughter", "팀장": "manager", "상사": "manager", "부장": "manager",
}  # fmt: skip
_KINSHIP = "|".join(sorted(_KIN, key=len, reverse=True))
_PET = "고양이|강아지|개|토끼|햄스터|거북이|앵무새|금붕어"
_SIMPLE = tuple(
    (key, re.compile(pattern))
    for key, pattern in (
        ("name", rf"(?:내|제) 이름은 (?P<value>[가-힣]{{2,5}}?){_END}"),
        ("home_city", r"(?:^|나는 |저는 |지금은 |현재 )(?:[가-힣]+ )?(?P<value>[가-힣]{2,8}?)에(?:서)? (?:산다|살고 있다|살아요|살고 있어요|삽니다|살고 있습니다)"),
        ("home_city", r"(?P<value>[가-힣]{2,8}?)(?:으)?로 이사(?:했|를 했|왔|를 왔|갔|를 갔)"),
        ("employer", r"(?:^|나는 |저는 )(?:[가-힣]+ )?(?P<value>[가-힣A-Za-z]{2,12}?)에(?:서)? (?:일한다|일하고 있다|일해요|일합니다|근무|입사|다닌다|다니고)"),
        ("occupation", rf"(?:나는|저는|내 직업은|직업은) (?P<value>[가-힣 ]{{2,12}}?(?:사|자|원|가|이너|생|수|래머)){_END}"),
        ("allergy", r"(?P<value>[가-힣]{1,8}) ?(?:알레르기|알러지)(?:가|를)? ?(?:있|심|가지)"),
        ("birthday", rf"(?:내|제) 생일은 (?P<value>\d{{1,2}}월 \d{{1,2}}일){_END}"),
        ("age", r"(?:나는|저는|난) (?:올해 |이제 )?(?P<value>\d{2})(?:살|세)"),
        ("instrument", r"(?P<value>피아노|기타|바이올린|첼로|드럼|가야금|해금|플루트|우쿨렐레|베이스)(?:를|을)? (?:친다|치고|배운다|배우고|연주|켠다)"),
        ("bank", r"(?P<value>[가-힣A-Za-z]{2,8}은행)(?:에|을|를) (?:계좌|이용|쓴다|통장|거래)"),
    )
)  # fmt: skip
_FAVOURITE = re.compile(rf"(?:제일|가장) 좋아하는 (?P<what>[가-힣]+?)(?:은|는) (?P<value>[^.,]{{1,30}}?){_END}[.!]?$")
_KIN_NAMED = re.compile(rf"(?P<kin>{_KINSHIP})(?:의)? ?이름은 (?P<value>[가-힣]{{2,4}}?){_END}")
_KIN_NAME = re.compile(
    rf"(?:우리|내|제) (?P<kin>{_KINSHIP}) (?P<value>[가-힣]{{2,3}}?)(?:이는|이가|은|는|이|가|와|과|랑|이랑)(?=\s)"
)
_PET_NAMED = re.compile(rf"(?P<kin>{_PET})(?:의)? ?이름은 (?P<value>[가-힣]{{1,5}}?){_END}")
_PET_NAME = re.compile(
    rf"(?:우리|내|제) (?:집 )?(?P<kin>{_PET}) (?P<value>[가-힣]{{1,4}}?)(?:이는|이가|은|는|이|가|와|를|을)(?=\s)"
)
_SAVING = re.compile(
    r"(?P<value>[가-힣A-Za-z ]{1,20}?)(?:을|를) (?:사려고|사기 위해|위해|위해서) [^.]*?(?:저축|돈을 모|저금)"
)
_LIKES = re.compile(
    r"(?:^|나는 |저는 |난 )(?P<value>[가-힣]{1,12})(?:을|를|이|가) (?:아주 |정말 |참 |제일 |가장 |무척 )?(?P<how>좋아한다|좋아해요|좋아합니다|사랑한다|싫어한다|싫어해요|싫어합니다)"
)
_OTHERS = re.compile(r"^(?!나는|저는|내|제|난|우리)[가-힣]+(?:은|는|이|가|께서는) ")


def korean_facts(line: Line) -> Iterator[Found]:
    """Facts of one Korean sentence of the owner."""
    text = line.words
    start, end = validity(text, line.day or None, past=False)
    text = re.sub(r"[\"“][^\"”]*(?:[\"”]|$)", " ", text)
    about_others = bool(_OTHERS.match(text))
    for key, pattern in _SIMPLE:
        if (m := pattern.search(text)) and not (about_others and key not in {"name", "birthday"}):
            yield Found(key, m["value"].strip(), line, start, end, ended="살았" in m.group() or "다녔" in m.group())
    if m := _FAVOURITE.search(text):
        yield Found(f"favourite_{m['what']}", m["value"].strip(), line, line.day or None)
    for pattern in (_KIN_NAMED, _KIN_NAME):
        if m := pattern.search(text):
            yield Found(_KIN[m["kin"]], m["value"], line, line.day or None)
    for pattern in (_PET_NAMED, _PET_NAME):
        if (m := pattern.search(text)) and m["value"] != "이름":
            yield Found("pet", f"{m['value']} ({m['kin']})", line, line.day or None)
    if (m := _SAVING.search(text)) and not about_others:
        yield Found("saving_for", m["value"].strip(), line, start)
    if (m := _LIKES.search(text)) and not about_others:
        yield Found("dislikes" if "싫" in m["how"] else "likes", m["value"], line, start)
