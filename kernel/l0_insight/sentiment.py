"""Whether an opinion or a feeling is for or against: small word lists, and rules for what a denial makes of them.

After VADER (Hutto & Gilbert 2014), whose negations and ``but`` these follow, without its scores: a statement is one
clause whose verb and denial are known, so that the words that count are few. What tells neither gets none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from kernel.l0_insight.lexicon import words
from kernel.types import Sentiment

_FOR = words("love like adore enjoy prefer appreciate treasure cherish admire relish fancy delight smile laugh")
_AGAINST = words(
    "hate dislike detest loathe despise resent regret dread fear worry cry weep grieve suffer struggle complain mind "
    "panic sulk"
)
_BOTH = words("miss")
"""Fond of what is gone."""
_UNBEARABLE = words("stand bear abide stomach")
_PLEASING = words("delight please cheer comfort amuse relax impress inspire thrill excite")
_UPSETTING = words(
    "annoy irritate scare frighten terrify bore bother upset worry anger disgust disappoint exhaust drain depress hurt "
    "frustrate embarrass"
)
_JUDGING = words(
    "be feel seem look taste smell sound get become turn stay remain find think consider make call go have spend"
)
_GOOD = words(
    "good great lovely wonderful brilliant excellent fantastic amazing superb perfect beautiful gorgeous nice pleasant "
    "delightful delicious tasty fine fun funny happy glad pleased proud grateful thankful content cheerful excited "
    "thrilled delighted relieved hopeful calm peaceful cosy comfortable charming generous friendly sweet kind best "
    "better favourite favorite joy delight pleasure relief treat gem triumph success fond keen brave lucky enjoyable "
    "splendid magnificent marvellous satisfying interesting fascinating smooth amused impressed inspired relaxed well "
    "happily beautifully wonderfully brilliantly smoothly superbly"
)
_BAD = words(
    "bad awful terrible horrible dreadful dire ghastly disgusting nasty ugly unpleasant vile bland boring dull tedious "
    "sad unhappy miserable angry furious upset lonely anxious nervous afraid scared frightened ashamed guilty jealous "
    "homesick exhausted exhausting tiring frustrated frustrating annoyed annoying disappointed disappointing worried "
    "worrying depressed depressing stressed stressful painful overrated worst worse disaster nightmare shame pity mess "
    "misery failure waste rude unfair cruel stupid useless pointless hopeless bitter cross fed-up sick tired bored "
    "hurt embarrassed embarrassing grumpy gloomy badly terribly horribly dreadfully poorly"
)
_EXPERIENCES = words(
    "time day evening morning afternoon night week weekend holiday trip meal lunch dinner chat talk walk journey visit "
    "year month feeling memory memories laugh view opinion start experience"
)
_FEELING_ONLY = words("well sick tired hurt sweet kind cross bitter fine")
"""Feelings and judgements after ``feel`` and ``be``, other things elsewhere: ``have kind neighbours``."""
_DENIALS = words("not n't n’t no never nor neither hardly scarcely barely without nothing less nobody")
_IDIOMS: tuple[tuple[re.Pattern[str], Sentiment], ...] = (
    (re.compile(r"\b(?:look|looking|looked) forward to\b|\bcan(?:no|['’])t wait\b|\bcan not wait\b", re.I), "positive"),
    (
        re.compile(r"\bcould(?: not|n['’]t) be (?:happier|better|prouder)\b|\bcan(?:no|['’])t complain\b", re.I),
        "positive",
    ),
    (re.compile(r"\b(?:not|n['’]t|never) (?:get |be |grow )?tire[d]? of\b", re.I), "positive"),
    (re.compile(r"\bfond of\b|\bkeen on\b|\bin love with\b|\bmade (?:my|our) day\b", re.I), "positive"),
    (re.compile(r"\b(?:fed up|sick of|tired of|weary of|scared of|afraid of|had enough of)\b", re.I), "negative"),
    (re.compile(r"\b(?:not|n['’]t)(?: really)? my (?:cup of tea|thing)\b|\bgets? on my nerves\b", re.I), "negative"),
    (re.compile(r"\bdrives? me (?:mad|crazy|up the wall)\b|\bleast favou?rite\b", re.I), "negative"),
)
_WORD = re.compile(r"n['’]t\b|[^\W\d_]+?(?=n['’]t\b)|[^\W\d_]+(?:-[^\W\d_]+)?|[,;]")
_ELSEWHERE = re.compile(r"\b(?:because|when|that|which|who|since|although|if|while|than|for)\b", re.I)
"""What follows says something else."""

_KO_FOR = words(
    "좋 좋아하 사랑하 즐기 즐겁 행복하 기쁘 재미있 재밌 맛있 신나 설레 뿌듯하 편하 편안하 고맙 감사하 만족하 만족스럽 반갑 멋지 훌륭하 "
    "아름답 예쁘 귀엽 포근하 따뜻하 다행이 든든하 후련하 상쾌하 흐뭇하 자랑스럽 웃기 아끼 완벽하 기대되 친절하"
)
_KO_AGAINST = words(
    "싫 싫어하 미워하 밉 무섭 무서워하 두렵 슬프 외롭 쓸쓸하 힘들 지치 괴롭 지루하 재미없 맛없 나쁘 끔찍하 짜증나 화나 걱정하 걱정되 "
    "불안하 아쉽 속상하 서운하 섭섭하 답답하 우울하 부끄럽 창피하 후회하 귀찮 실망하 실망스럽 억울하 불편하 울 불쾌하 허전하 당황하 무례하 피곤하"
)
_KO_BOTH = words("그립 그리워하 시원섭섭하")
_KO_FEELINGS = (_KO_FOR | _KO_AGAINST | _KO_BOTH) - words(
    "맛있 맛없 나쁘 멋지 훌륭하 예쁘 귀엽 완벽하 친절하 무례하 따뜻하 웃기"
)
_KO_WITH_NOUN: dict[str, Sentiment] = {
    "화 나": "negative", "짜증 나": "negative", "짜증 내": "negative", "겁 나": "negative", "눈물 나": "negative",
    "마음 아프": "negative", "속 상하": "negative", "힘 들": "negative", "정 떨어지": "negative", "신 나": "positive",
    "마음 들": "positive", "힘 나": "positive", "기운 나": "positive", "정 들": "positive", "맛 있": "positive",
    "맛 없": "negative", "재미 있": "positive", "재미 없": "negative", "기대 되": "positive", "걱정 되": "negative",
}  # fmt: skip
_KO_NOUNS: dict[str, Sentiment] = {
    "최고": "positive", "행복": "positive", "기쁨": "positive", "다행": "positive", "최애": "positive",
    "최악": "negative", "별로": "negative", "실망": "negative", "악몽": "negative", "고통": "negative",
}  # fmt: skip
_KO_UNBEARABLE = words("견디 참")
_PARTICLE = re.compile(r"(?:이|가|을|를|은|는|에|도)$")


def english_sentiment(subject: str, relation: str, object_: str, text: str, *, negated: bool) -> Sentiment:
    """Of a statement: ``relation`` the lemma of its verb, ``text`` its clause."""
    for pattern, found in _IDIOMS:
        if pattern.search(text):
            return found
    verb = relation.split(" ", 1)[0]
    what = _ELSEWHERE.split(object_, maxsplit=1)[0]
    if verb in _BOTH:
        return "mixed" if not negated else "negative" if what.startswith("to ") else "positive"
    if verb in _UNBEARABLE:
        return "negative" if negated and what else ""
    if verb in _FOR | _AGAINST and not what.lower().startswith("like "):
        return _sign(verb in _FOR, denied=negated)
    if verb in _PLEASING | _UPSETTING:
        return _sign(verb in _PLEASING, denied=negated)
    if "favourite" in subject.lower() or "favorite" in subject.lower():
        return _sign(for_=True, denied=negated)
    return _judged(verb, what, denied=negated) if verb in _JUDGING else ""


def is_english_feeling(relation: str, object_: str) -> bool:
    """Whether what has a sentiment is felt by its subject (``be tired``), where other words only judge."""
    verb = relation.split(" ", 1)[0]
    if verb in _FOR | _AGAINST | _BOTH | _UNBEARABLE | _PLEASING | _UPSETTING:
        return True
    noun = object_.split(" ", 1)[0].lower() in {"a", "an", "the", "my", "our", "in", "at"}
    return verb in {"be", "feel", "get"} and not noun


def korean_sentiment(stem: str, object_: str, *, negated: bool = False) -> Sentiment:
    """Of a clause: ``stem`` of its predicate, ``object_`` what stands before it."""
    before = _PARTICLE.sub("", object_.split()[-1]) if object_ else ""
    if stem == "이":
        found = _KO_NOUNS.get(before, "")
    elif (idiom := _KO_WITH_NOUN.get(f"{before} {stem}")) is not None:
        found = idiom
    elif stem in _KO_UNBEARABLE:
        return "negative" if negated else ""
    elif stem in _KO_BOTH:
        return "mixed" if not negated else "negative"
    else:
        found = "positive" if stem in _KO_FOR else "negative" if stem in _KO_AGAINST else ""
    return _sign(found == "positive", denied=negated) if found else ""


def is_korean_feeling(stem: str) -> bool:
    """Whether somebody feels it, where other words of the lists only judge (맛있다)."""
    return stem in _KO_FEELINGS


def joined(sentiments: Iterable[Sentiment]) -> Sentiment:
    """One for all: mixed where they differ."""
    found = {sentiment for sentiment in sentiments if sentiment}
    return found.pop() if len(found) == 1 else "mixed" if found else ""


def _judged(verb: str, what: str, *, denied: bool) -> Sentiment:
    """By the words of judgement after a verb like ``be``. ``denied`` holds as far as ``but``."""
    tokens = [word.lower() for word in _WORD.findall(what)]
    if verb in {"have", "spend"} and not _EXPERIENCES & set(tokens):
        return ""
    found: list[Sentiment] = []
    for at, word in enumerate(tokens):
        if word in {"but", "yet"}:
            denied = False
        for_, against = word in _GOOD, word in _BAD
        if not (for_ or against) or tokens[at : at + 2] == ["kind", "of"]:
            continue
        if word in _FEELING_ONLY and verb not in {"be", "feel", "get", "taste", "smell", "go"}:
            continue
        if verb == "go" and not word.endswith(("ly", "well")):
            continue
        turned = not _DENIALS.isdisjoint(tokens[max(0, at - 3) : at])
        too = tokens[at - 1] == "too" if at and for_ else False
        found.append(_sign(for_ and not too, denied=denied != turned))
    return joined(found)


def _sign(for_: bool, *, denied: bool) -> Sentiment:
    return "positive" if for_ != denied else "negative"
