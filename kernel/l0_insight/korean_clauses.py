"""Korean sentences -> clauses: whose, what predicate, what stands before it. Runs over Kiwi's morphemes from the front;
what is asked, supposed, told as another's word or only seems so is left out."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kernel.l0_insight.korean import FIRST_PERSON, is_subject_mark, is_topic_mark, load, phrase_before, tokens_of
from kernel.l0_insight.sentiment import is_korean_feeling, korean_sentiment
from kernel.memory.words import KINSHIP

if TYPE_CHECKING:
    from kiwipiepy import Token

_VERBS = {"VV", "VA", "XSV", "XSA", "VCP", "VCN", "VX"}
_ASKING = ("까", "까요", "니", "냐", "나요", "가요", "느냐")
_HEARSAY = set("대 대요 ᆫ대 는대 ᆫ대요 는대요 래 래요 다더라 ᆫ다더라 는다더라 단다 다던데".split())
_URGING = {"자", "어라", "아라", "세요", "어요라", "으세요", "십시오", "으십시오", "라", "으라", "ᆸ시다", "읍시다"}
_IF = {"면", "으면", "라면", "이라면", "다면", "ᆫ다면", "는다면", "거든", "어도", "아도", "더라도", "거나", "든지"}
_QUOTING = {"다고", "ᆫ다고", "는다고", "라고", "이라고", "냐고", "느냐고", "자고", "으라고", "ᆯ까", "을까"}
_SIDE = {"게", "도록", "으러", "러", "으려고", "려고", "지", "ᆯ수록", "듯", "듯이", "고자", "어야", "어야만"}
"""How, what for or how far: such words belong to the predicate that follows."""
_TIMES = set(
    "어제 오늘 내일 모레 그제 지금 요즘 현재 이제 올해 작년 내년 금년 주말 평일 아침 점심 저녁 밤 새벽 오전 오후 이번 지난주 다음 주 "
    "봄 여름 가을 겨울 월요일 화요일 수요일 목요일 금요일 토요일 일요일 예전 옛날 당시 때 날 년 월 일 달 해 적 뒤 후 전".split()
)
_DAYS = {"오늘", "어제", "내일", "그제", "모레", "지금", "작년", "올해"}
_LIKING = {"싫", "좋아하", "싫어하", "사랑하", "미워하", "무섭", "그립", "부럽", "귀찮", "즐기"}
"""``고수는 싫다``: the topic is what is liked or not."""
_FELT = {"그립", "싫", "부럽", "귀찮", "무섭", "두렵", "고맙"}
"""``할머니가 그립다``: so is the subject."""
_BODILY = {"아프", "고프", "배고프", "바쁘", "피곤하", "졸리", "건강하", "어지럽", "목마르"}
_INNER = set("화 짜증 생각 기억 걱정 배 머리 기분 마음 눈물 겁 힘 잠 신 정신 컨디션".split())
"""``화가 나다``: something of the one who feels it."""
_WEATHER = {"비", "눈", "바람", "날씨", "날", "해", "태풍", "장마"}
"""After it the one who tells is spoken of again; after other things it is not sure who is: ``냉장고가 고장 나서 샀다``."""
_NOT = {"않", "못하", "말"}
_OBLIGED = {"하", "되"}
_SAME_TENSE = {"고", "며", "으며", "어서", "아서", "면서", "으면서", "다가", "느라", "자", "어", "아", "고서"}


@dataclass(frozen=True)
class Clause:
    """``subject``: ``owner`` for the first person, a noun phrase, or empty where none is said in the sentence."""

    subject: str
    relation: str
    """Dictionary form; with what is wished, owed or resolved: ``살고 싶다``, ``내야 하다``."""
    object: str
    text: str
    """The clause in words, ended as a sentence."""
    negated: bool
    past: bool
    planned: bool
    stem: str
    leads: bool = False
    """Whether its tense is that of the clause after it."""


@dataclass
class _Reading:
    """What has been read of the clause under way. Indexes of morphemes."""

    start: int
    subject: tuple[int, int] | None = None
    topic: bool = False
    after: int = 0
    """Where the object begins."""
    unreal: bool = False
    found: list[tuple[Clause, int]] = field(default_factory=list)
    """With where each began."""


def clauses_of(text: str) -> list[Clause]:
    """Every clause that says that something is so, in order; of a sentence that asks, urges or hands on, none."""
    tokens = tokens_of(text)
    if not tokens or "?" in text[-3:] or _is_not_told(tokens):
        return []
    quoted = _quoted(tokens)
    state = _Reading(start=0)
    carried: tuple[int, int] | None = None
    unsure = False
    i = 0
    while i < len(tokens):
        token = tokens[i]
        if i in quoted:
            if i + 1 < len(tokens) and i + 1 not in quoted:
                state.start = state.after = i + 1
            i += 1
            continue
        if is_subject_mark(token) and (phrase := phrase_before(tokens, i)) is not None:
            _take_subject(state, tokens, phrase, i)
        if not _begins_predicate(tokens, i):
            i += 1
            continue
        first = i - 1 if _tag(token) in {"XSV", "XSA"} and i > state.start else i
        end = _end_of(tokens, i)
        last = tokens[end - 1]
        if last.tag == "ETM" or (last.tag == "ETN" and not _is_resolved(tokens, end)):
            i = end
            continue  # what modifies or names something belongs to what follows
        if last.tag == "EC" and last.form in _SIDE | _QUOTING and end < len(tokens) and not _is_last(tokens, end):
            if last.form in _QUOTING:
                _take_back(state, tokens, carried)
            i = end
            continue
        if last.tag == "EC" and last.form in _IF and not _is_last(tokens, end):
            state = _Reading(start=end, after=end, unreal=True, found=state.found)
            i = end
            continue
        if _is_resolved(tokens, end):
            end = _end_of(tokens, end + 1)
        subject = state.subject or carried
        if not state.unreal and not _only_seems(tokens, end):
            if carried is not None and _is_of_topic(tokens, state, i):
                state.after, subject = state.start, carried
                state.subject = None
            clause = _clause(tokens, text, state, subject, first, i, end)
            felt = is_korean_feeling(clause.stem) or clause.stem in _BODILY
            unsure = unsure and state.subject is None
            sure = clause.subject or felt or not (unsure or _is_quality(tokens, i, clause))
            if sure and not _is_handed_on(clause, explicit=state.subject is not None):
                state.found.append((clause, state.start))
        if state.subject is not None and (state.topic or _is_somebody(tokens, state.subject)):
            carried = state.subject
        elif state.subject is not None and carried is None:
            unsure = tokens[state.subject[1] - 1].form not in _WEATHER
        state = _Reading(start=end, after=end, unreal=state.unreal and not _is_last(tokens, end), found=state.found)
        i = end
    return _with_tense([clause for clause, _ in state.found])


def _is_not_told(tokens: tuple[Token, ...]) -> bool:
    ends = [t for t in tokens if t.tag == "EF"]
    if not ends:
        return False
    form = ends[-1].form
    return form.endswith(_ASKING) or form in _HEARSAY or form in _URGING


def _quoted(tokens: tuple[Token, ...]) -> set[int]:
    """Morphemes between quotation marks, with the particle that says so."""
    inside: set[int] = set()
    start: int | None = None
    for i, token in enumerate(tokens):
        if token.tag == "SSO" or (token.form in {'"', "'"} and start is None and token.tag == "SS"):
            start = i
        elif start is not None and (token.tag == "SSC" or token.form in {'"', "'"}):
            inside.update(range(start, i + 1))
            start = None
        elif token.tag == "JKQ":
            inside.add(i)
    return inside


def _take_subject(state: _Reading, tokens: tuple[Token, ...], phrase: tuple[int, int], mark: int) -> None:
    topic = is_topic_mark(tokens[mark])
    if tokens[phrase[1] - 1].form in _TIMES:
        return
    first = phrase[0]
    if first > state.after and tokens[first - 1].tag == "ETM":
        first = _modified_from(state, tokens, first)
    if tokens[first].form in _DAYS and first + 1 < phrase[1] and tokens[first + 1].tag != "JKG":
        first += 1
    if state.subject is not None and state.topic:
        return  # "나는 김치가 좋다": the topic stays
    state.subject, state.topic, state.after = (first, phrase[1]), topic, mark + 1


def _is_handed_on(clause: Clause, *, explicit: bool) -> bool:
    """``눈이 온다고 한다``: nobody is named who says so."""
    return clause.relation == "하다" and not explicit and clause.object.endswith(("다고", "라고"))


def _modified_from(state: _Reading, tokens: tuple[Token, ...], first: int) -> int:
    """``할머니가 만드신 김치``, but only ``큰 개`` in ``마당에서 큰 개``."""
    if state.subject is not None and not state.topic:
        return state.subject[0]
    verb = next((i for i in range(first - 1, -1, -1) if _tag(tokens[i]) in _VERBS), first)
    verb = verb - 1 if _tag(tokens[verb]) in {"XSV", "XSA"} else verb
    return state.after if any(t.tag in {"JKS", "JKO"} for t in tokens[state.after : verb]) else max(verb, state.after)


def _take_back(state: _Reading, tokens: tuple[Token, ...], carried: tuple[int, int] | None) -> None:
    """``뤽은 미역이 미끄러워서 싫다고 한다``: what stands before the end of a report is part of it."""
    state.unreal = False
    if state.subject is not None and not state.topic and not _is_somebody(tokens, state.subject):
        state.subject, state.after = None, state.start
    while state.found and state.subject is None:
        _, state.start = state.found.pop()
        state.after = state.start
        if carried is not None and carried[0] >= state.start:
            state.after = carried[1] + 1
            break


def _begins_predicate(tokens: tuple[Token, ...], i: int) -> bool:
    tag = _tag(tokens[i])
    return tag in _VERBS and i + 1 < len(tokens) and tokens[i + 1].tag[0] in {"E", "V"}


def _is_of_topic(tokens: tuple[Token, ...], state: _Reading, at: int) -> bool:
    """``귀가 좋다`` after ``선생님은 말이 적지만``: still of the teacher."""
    own = state.subject
    return own is not None and not state.topic and not _is_somebody(tokens, own) and _tag(tokens[at]) in {"VA", "XSA"}


def _end_of(tokens: tuple[Token, ...], i: int) -> int:
    """After the endings of the predicate at ``i``, its auxiliaries with it."""
    end = i + 1
    while end < len(tokens):
        tag = _tag(tokens[end])
        if tag in {"EP", "EC", "EF", "ETM", "ETN"}:
            end += 1
            continued = end < len(tokens) and tokens[end - 1].tag == "EC"
            if continued and (_tag(tokens[end]) == "VX" or _is_compound(tokens, end) or tokens[end].tag == "EP"):
                end += 1
            elif tokens[end - 1].tag != "EP":
                break
        else:
            break
    if end < len(tokens) and tokens[end - 1].tag == "ETM" and tokens[end].form in {"것", "거"}:
        after = tokens[end + 1] if end + 1 < len(tokens) else None
        if after is not None and after.tag == "VCP" and tokens[end - 1].form in {"ᆯ", "을"}:
            return _end_of(tokens, end + 1)
    return end


def _is_compound(tokens: tuple[Token, ...], i: int) -> bool:
    """The second verb of ``내야 된다`` and ``행복해 보인다``."""
    ending, verb = tokens[i - 1].form, tokens[i]
    return (ending in {"어야", "아야"} and verb.form in _OBLIGED) or (ending in {"어", "아"} and _tag(verb) == "VV")


def _is_resolved(tokens: tuple[Token, ...], end: int) -> bool:
    """``청소하기로 했다``."""
    return (
        tokens[end - 1].tag == "ETN"
        and end + 1 < len(tokens)
        and tokens[end].form == "로"
        and tokens[end + 1].form in {"하", "결심", "약속", "결정"}
    )


def _is_last(tokens: tuple[Token, ...], end: int) -> bool:
    return all(t.tag[0] not in "NVM" for t in tokens[end:])


def _only_seems(tokens: tuple[Token, ...], end: int) -> bool:
    here = [t.form for t in tokens[max(0, end - 5) : end]]
    return any(a in {"것", "거"} and b == "같" for a, b in itertools.pairwise(here))


def _clause(
    tokens: tuple[Token, ...],
    text: str,
    state: _Reading,
    subject: tuple[int, int] | None,
    first: int,
    at: int,
    end: int,
) -> Clause:
    group = tokens[first:end]
    stem = _stem(tokens, text, first, at)
    own = state.subject
    before = tokens[max(first - 2, 0) : first]
    begins = tokens[state.after].start if state.after < first else tokens[first].start
    if own is not None and tokens[own[0]].form not in FIRST_PERSON:
        inner = not state.topic and tokens[own[1] - 1].form in _INNER
        acted = _is_somebody(tokens, own) or any(t.tag == "JKO" for t in tokens[state.after : first])
        liked = state.topic and stem in _LIKING and not acted
        if inner or liked or (not state.topic and stem in _FELT):  # who feels it is not said here
            begins, own, subject = tokens[own[0]].start, None, None
            state.subject = None
    negated = (
        any(t.form in {"안", "못"} and t.tag == "MAG" for t in before)
        or any(t.tag == "VCN" for t in group)
        or any(a.form == "지" and b.form.startswith(("않", "못하", "말")) for a, b in itertools.pairwise(group))
    )
    words = text[begins : tokens[first].start].strip(" .,!?\"'")
    if any(t.form in {"안", "못"} for t in before):
        words = words.removesuffix("안").removesuffix("못").rstrip() or words
    lead = ""
    if subject is not None and subject[0] < state.start:
        lead = text[tokens[subject[0]].start : tokens[subject[1]].end] + " "
    planned = any(t.form == "겠" for t in group) or any(t.form in {"것", "거"} for t in group)
    return Clause(
        subject=_name(tokens, text, subject),
        relation=_relation(tokens, text, first, at, end),
        object="" if words in {"안", "못"} else words,
        text=f"{lead}{_said(tokens, text, state.start, first, end)}",
        negated=negated,
        past=any(t.tag == "EP" and t.form in {"었", "았", "였"} for t in group),
        planned=planned or bool({"싶", "어야", "으려고", "려고", "기"} & {t.form for t in group}),
        stem=stem,
        leads=tokens[end - 1].tag == "EC" and tokens[end - 1].form in _SAME_TENSE,
    )


def _stem(tokens: tuple[Token, ...], text: str, first: int, at: int) -> str:
    """``좋아하`` also where it is taken apart (좋 + 어 + 하)."""
    apart = [t.form for t in tokens[at + 1 : at + 3]]
    if _tag(tokens[at]) == "VA" and apart[:1] in (["어"], ["아"]) and apart[1:] == ["하"]:
        return text[tokens[first].start : tokens[at + 2].start].replace(" ", "") + "하"
    return "".join(t.form for t in tokens[first : at + 1])


def _is_quality(tokens: tuple[Token, ...], at: int, clause: Clause) -> bool:
    """``맛있었다``, ``최고였다``: said of something that is not named."""
    return _tag(tokens[at]) in {"VA", "XSA"} or (clause.stem == "이" and bool(korean_sentiment("이", clause.object)))


def _relation_is_long(tokens: tuple[Token, ...], at: int, end: int) -> bool:
    helpers = {t.form for t in tokens[at + 1 : end] if _tag(t) in {"VX", "VV"}}
    made = [t.form for t in tokens[at + 1 : end] if t.tag in {"EC", "ETN"}]
    joined = any(_tag(t) == "VV" for t in tokens[at + 1 : end])
    return joined or "싶" in helpers or bool({"어야", "으려고", "려고", "기"} & set(made) and (helpers or "기" in made))


def _relation(tokens: tuple[Token, ...], text: str, first: int, at: int, end: int) -> str:
    if tokens[at].tag == "VCN":
        return "이다"
    if not _relation_is_long(tokens, at, end):
        return _stem(tokens, text, first, at) + "다"
    helper = next(
        (i for i in range(end - 1, at, -1) if _tag(tokens[i]) in {"VX", "VV", "XSV"} and tokens[i].form not in _NOT), at
    )
    return f"{text[tokens[first].start : tokens[helper].start]}{tokens[helper].form}다"


def _said(tokens: tuple[Token, ...], text: str, start: int, first: int, end: int) -> str:
    """A clause that another follows ends as a sentence does: ``차를 팔고`` -> ``차를 팔았다``."""
    begins = tokens[min(start, first)].start
    if _is_last(tokens, end):
        return text[begins:].strip(" ,")
    if tokens[end - 1].tag != "EC":
        return text[begins : tokens[end - 1].end].strip(" ,")
    stem = [(t.form, t.tag) for t in tokens[first : end - 1]]
    past = any(form in {"었", "았", "였"} for form, _ in stem)
    later = not past and any(t.tag == "EP" and t.form in {"었", "았", "였"} for t in tokens[end:])
    inherited = [("었", "EP")] if later and tokens[end - 1].form in _SAME_TENSE else []
    ending = "는다" if not (past or inherited) and _tag(tokens[end - 2]) in {"VV", "XSV", "VX"} else "다"
    made: str = load().join([*stem, *inherited, (ending, "EF")])
    return f"{text[begins : tokens[first].start]}{made}".strip(" ,") + "."


def _with_tense(found: list[Clause]) -> list[Clause]:
    """``차를 팔고 자전거를 샀다``: both were yesterday."""
    made: list[Clause] = []
    for clause in reversed(found):
        later = bool(made) and made[-1].past
        made.append(replace(clause, past=clause.past or (clause.leads and later)))
    return made[::-1]


def _name(tokens: tuple[Token, ...], text: str, phrase: tuple[int, int] | None) -> str:
    if phrase is None:
        return ""
    forms = [t.form for t in tokens[phrase[0] : phrase[1]]]
    if len(forms) == 1 and forms[0] in FIRST_PERSON:
        return "owner"
    return text[tokens[phrase[0]].start : tokens[phrase[1] - 1].end].strip()


def _is_somebody(tokens: tuple[Token, ...], phrase: tuple[int, int]) -> bool:
    """The first person, a relative, a name, or who is called 씨 or 님."""
    last = phrase[1] - 1
    if tokens[last].form == "들" and last > phrase[0]:
        last -= 1
    word = tokens[last].form
    return (
        (phrase[1] - phrase[0] == 1 and word in FIRST_PERSON)
        or any(t.tag == "NNP" for t in tokens[phrase[0] : phrase[1]])
        or word in {"씨", "님", "친구", "선생"}
        or word in KINSHIP
    )


def _tag(token: Token) -> str:
    return str(token.tag).split("-")[0]
