"""English sentences of the owner -> facts about the owner, by patterns that say so outright. Precision before recall."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterator

from kernel.l0_insight.dating import validity
from kernel.l0_insight.lexicon import words
from kernel.l1_identity.english_words import (
    CAP,
    GAMES,
    ILLNESSES,
    INSTRUMENTS,
    LANGUAGES,
    MONTHS,
    NOT_NAMES,
    NOT_TRADES,
    PLACE,
    TRADES,
    VOICES,
    number,
)
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found

ADVERBS = r"(?:now |still |also |currently |just |both |all |have |'ve |’ve |am |'m |’m |are |'re |’re )*"
STOP_AT = r"(?=\s+(?:and|but|because|since|which|who|where|when|while|though|although|so|until|till|with|for|to|at|in|on|by|from|every|or|anymore|any more|now|again)\b|[,.;:!?()—–]|$)"
_I = r"\b(?:I|[Ww]e)"
_AM = r"(?: am|'m|’m)"
_THING = r"(?P<value>[a-zA-ZÀ-ÿ][\w'’ -]{1,50}?)"

_SIMPLE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(pattern))
    for key, pattern in (
        ("home_city", rf"{_I} {ADVERBS}(?:live|lived|living|settled)(?: \w+)? in (?!a |an |my )(?P<value>{PLACE})"),
        ("home_city", rf"{_I}(?: have| had|'ve|’ve)? (?:\w+ )?moved (?:back )?(?:from [^,.;]{{2,40}}? )?(?:in)?to (?P<value>{PLACE})"),
        ("home_city", rf"^Moved (?:back )?(?:in)?to (?P<value>{PLACE})"),
        ("home_city", rf"\b[Mm]y home is in (?P<value>{PLACE})"),
        ("address", r"\b(?:[Mm]y|[Oo]ur) (?:new |old )?(?:flat|house|apartment|home|room) is (?:at|on) (?P<value>(?:\d+ )?[a-zA-ZÀ-ÿ][\w'’. ]{2,40}?)" + STOP_AT),
        ("workplace_address", r"\b(?:[Tt]he|[Mm]y|[Oo]ur) (?:workshop|shop|office|studio|bakery|practice|café|cafe|restaurant|clinic|stall) is (?:now )?at (?P<value>\d+ [A-ZÀ-Þ][\w'’. ]{2,40}?)" + STOP_AT),
        ("birthplace", rf"\bI was born(?: and (?:raised|brought up))? in (?P<value>{PLACE})"),
        ("origin", rf"\bI(?: am|'m|’m| come)(?: originally)? from (?P<value>{PLACE})"),
        ("grew_up_in", rf"\bI (?:grew up|was (?:raised|brought up)) in (?P<value>{PLACE})"),
        (
            "employer",
            rf"\bI {ADVERBS}(?:work|worked|working|started|start)(?: (?:full|part)[- ]time)?(?: work)?(?: as an? [a-z -]+?)? (?:at|for|with) (?:the )?(?P<value>{CAP}(?:(?: of| &| and the)? {CAP}){{0,3}})",
        ),
        ("employer", rf"\bI(?: have|'ve|’ve)? joined (?:the [a-z ]{{2,30}} at )?(?P<value>{CAP}(?: {CAP}){{0,2}})(?= |[,.;!]|$)(?=.*\b(?:as|job|team|today|work))"),
        ("occupation", r"\bI (?:now )?(?:work|am working|'m working|worked) as (?:an?|the) (?P<value>[a-z][a-z' -]{2,40}?)" + STOP_AT),
        ("occupation", rf"\bI(?: am|'m|’m|'ve been|’ve been| have been| was) an? (?P<value>(?:[a-z-]+ ){{0,3}}[a-z-]*(?:{TRADES}))(?= (?:at|in|by|for|with|on|from|who|and|since|now|here)\b|[,.;!]|$)"),
        ("business", r"\bI(?: now)? (?:run|own|opened|founded|have opened|have founded) (?P<value>(?:an? |my own )(?:[a-z-]+ ){0,3}?(?:shop|bakery|workshop|café|cafe|restaurant|practice|studio|company|business|bookshop|farm|school|garage|pharmacy|salon|gallery|bar|pub|agency|bindery)(?: called [A-Z][\w'’ ]+?)?)(?=[,.;!]| (?:in|on|with|and|from|near|that)\b|$)"),
        ("studies", r"\bI(?: am|'m|’m)?(?: now| still)? (?:study|studying|am studying|studied|am reading for) (?!for\b|the\b|with\b|at\b|in\b|it\b|him\b|her\b|how\b)(?P<value>[a-z][\w -]{2,40}?)" + STOP_AT),
        ("role", r"\bI (?:was elected|was made|am|stay|remain|became|am now|was appointed) (?:the )?(?P<value>(?:vice[- ])?(?:secretary|treasurer|president|chair|chairman|chairwoman|captain|chairperson|director|conductor|head of [a-z ]{3,30}))" + STOP_AT),
        ("role", r"\bI play (?P<value>libero|goalkeeper|in goal|striker|midfield|defender|centre back|setter|fly-half|scrum-half|point guard|wing)\b"),
        ("allergy", rf"\bI{_AM} (?:\w+ )?allergic to (?P<value>[a-z][a-z -]{{2,40}}?)" + STOP_AT),
        ("condition", rf"\b(?:I(?: have|'ve got|’ve got| live with| suffer from| was diagnosed with|'ve had|’ve had)(?: \w+)?|[Mm]y) (?P<value>{ILLNESSES})\b"),
        ("diet", rf"\bI{_AM} (?:a |an )?(?:\w+ )?(?P<value>vegetarian|vegan|pescatarian|teetotal|coeliac|lactose intolerant|gluten[- ]free)\b"),
        ("instrument", rf"\bI(?: also| still| now)? (?:play|am learning|'m learning|’m learning|have taken up|took up)(?: to play)?(?: the)? (?P<value>{INSTRUMENTS})\b"),
        ("voice", rf"\bI(?: also| still| now)? (?:sing|am an?) (?P<value>{VOICES})\b"),
        ("plays", rf"\bI(?: also| still| now)? play (?P<value>{GAMES})\b"),
        ("languages", rf"\bI (?:also )?(?:speak|am learning|'m learning|’m learning|learn|am studying)(?: some| a little| fluent)? (?P<value>(?:(?:{LANGUAGES})(?:, | and )?)+)"),
        ("languages", rf"\b[Mm]y (?:mother tongue|first language|native language) is (?P<value>{LANGUAGES})\b"),
        ("bank", rf"\bI bank with (?P<value>{CAP}(?: {CAP}){{0,2}})"),
        ("bank", rf"\b[Mm]y bank is (?P<value>{CAP}(?: {CAP}){{0,2}})"),
        ("saving_for", r"\b(?:I|[Ww]e)(?: am|'m|’m|'re| are|'ve been| have been)? (?:saving|save)(?: up)? for (?P<value>(?:an? |the |my |our )?[a-zA-Z][\w' -]{2,50}?)(?=[,.;:!?()]| so | because | and |$)"),
        ("birthday", r"\b[Mm]y birthday is (?:on )?(?P<value>(?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Z][a-z]+|[A-Z][a-z]+ (?:the )?\d{1,2}(?:st|nd|rd|th)?)"),
        ("birthday", r"\bI was born (?:on|in) (?P<value>(?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Z][a-z]+(?:,? \d{4})?|[A-Z][a-z]+ \d{1,2}(?:, \d{4})?|\d{4})"),
        ("drinks", rf"\bI (?:now )?(?:only )?drink {_THING}" + STOP_AT),
        ("gave_up", r"\bI(?: have|'ve|’ve)? (?:gave up|given up|stopped|quit) (?P<value>coffee|smoking|cigarettes|alcohol|drinking|meat|sugar|wine|caffeine|eating meat)\b"),
        ("height", r"\bI(?: am|'m|’m) (?P<value>one metre [a-z-]+|\d[.,]\d\d ?m|1\d\d ?cm|(?:five|six) (?:foot|feet)(?: [a-z]+)?)\b"),
        ("nationality", rf"\bI(?: am|'m|’m)(?: now)? an? (?P<value>{LANGUAGES}|American|Canadian|Australian|Belgian|Swiss|Austrian|Norwegian|Brazilian|Mexican|Indian|Nigerian|Kenyan|Scot|Briton)(?= citizen|[,.;!]| now|$)"),
        ("blood_type", r"\bI(?: am|'m|’m) (?P<value>(?:A|B|AB|O|0)(?: |-)?(?:positive|negative|\+|-))(?!\w)"),
        ("prefers", rf"\bI(?: still)? prefer {_THING}(?= to | over |[,.;:!?(]|$)"),
        ("fear", rf"\bI{_AM} (?:\w+ )?(?:afraid|scared|terrified|frightened) of {_THING}" + STOP_AT),
    )
)  # fmt: skip
_CANNOT = re.compile(
    r"\bI (?:can't|cannot|can’t|can not) (?P<value>swim|drive|cook|ride a bike|ride a bicycle|whistle|dance|sing|read music|speak \w+)\b"
)
_RENT = re.compile(
    r"\b[Rr]ent is (?P<value>[£$€]?\d[\d,.]*(?: (?!a\b|per\b|with\b|and\b|for\b)[a-z]+)?(?: (?:a|per) (?:month|week))?)(?= |[,.;]|$)"
)
_WORK = re.compile(r"\b(?:shop|workshop|studio|office|work)\b", re.I)
_HEALTH = re.compile(r"\bhealth\b", re.I)
_ILL = re.compile(rf"\b(?:is|have|called|diagnosed(?: with)?|it's) (?:\w+ )?(?P<value>{ILLNESSES})\b")
_HIS = re.compile(r"\b(?:his|her|their) |'s (?=asthma|diabetes)")
_HOME = re.compile(r"\b(?:home|house|moved|moving|new flat)\b", re.I)
_THE_FLAT = re.compile(
    r"\b[Tt]he (?:new )?(?:flat|house|apartment) is (?:at|on) (?P<value>(?:\d+ )?[a-zA-ZÀ-ÿ][\w'’. ]{2,40}?)" + STOP_AT
)
_NOT_DRUNK = words("what whatever like alone it them that this too less more a up only when")
_AGE = re.compile(
    r"\b(?:I(?: am|'m|’m| turned| turn|’ve turned|'ve turned)|(?P<both>and I turn))(?: now)? (?P<value>[a-z]+(?:-[a-z]+)?|\d{2})(?: years old)?(?: today| yesterday)?(?=[,.;!]|$| and | years old)"
)
_AGE_ALONE = re.compile(r"^(?P<value>[A-Z][a-z]+(?:-[a-z]+)?|\d{2}) (?P<when>today|since \w+|yesterday)\b")
_FAVOURITE = re.compile(
    r"\b[Mm]y (?:absolute |all-time )?favou?rite (?P<what>[a-z]+(?: [a-z]+){0,2}?)(?: of all)? (?:is|are|was|remains) (?P<value>[^.;:!?]{2,80}?)(?=[.;:!?]|, (?:and|but|because|which)|$)"
)
_IS_FAVOURITE = re.compile(
    rf"^(?P<value>{CAP}(?: {CAP})?) (?:is|remains|are) my favou?rite (?P<what>[a-z]+(?: [a-z]+)?)(?=[.,;!]|$)"
)
_LEFT = re.compile(
    rf"\bI(?: have|'ve|’ve)? (?:left|quit|resigned from|retired from) (?:the )?(?P<value>{CAP}(?: {CAP}){{0,2}})"
)
_PAST = re.compile(r"\b(?:lived|worked|was|studied)\b")
_QUOTED = re.compile(r"[\"“][^\"”]*(?:[\"”]|$)")
_THEY_SAY = re.compile(
    r"(?<!\bI )\b(?:says?|said|thinks?|thought|tells?|told|calls?|claims?|insists?)(?: me| us| that|,)*\s*$"
)
_AT_A_TIME = re.compile(r"\b(?:since|when|while|until|before|after|as)\s*$")
UNREAL = re.compile(r"\b(?:if|would|wish|could|might|should|imagine|pretend|dream|as though|as if|not|n't|never)\b|\?")


def unquoted(text: str) -> str:
    """The same length with what stands between quotation marks blanked."""
    return _QUOTED.sub(lambda m: " " * len(m.group()), text)


def english_facts(line: Line) -> Iterator[Found]:
    """What one sentence of the owner says of the owner (nothing from quotations)."""
    text = unquoted(line.resolved)
    yield from _simple(line, text)
    yield from _ages(line, text)
    about = f"{line.note.title} {' '.join(line.note.tags)}"
    if (m := _RENT.search(text)) and (_HOME.search(about) or _WORK.search(about)):
        yield Found("rent" if _HOME.search(about) else "workplace_rent", m["value"], line, line.day or None)
    if (
        _HEALTH.search(about)
        and (m := _ILL.search(text))
        and re.search(r"\b(?:I|my)\b", text)
        and not _HIS.search(text)
    ):
        yield Found("condition", m["value"], line, line.day or None)
    if _HOME.search(about) and (m := _THE_FLAT.search(text)):
        yield Found("address", m["value"], line, line.day or None)
    if (m := _CANNOT.search(text)) and not _THEY_SAY.search(text[: m.start()]):
        yield Found("cannot", m["value"], line, line.day or None)
    for pattern in (_FAVOURITE, _IS_FAVOURITE):
        if m := pattern.search(text):
            yield Found(f"favourite_{m['what'].replace(' ', '_')}", m["value"].strip(), line, line.day or None)
    yield from _likes(line)


def left(line: Line) -> str:
    """What the owner says to have left, by name; empty for nothing."""
    m = _LEFT.search(unquoted(line.resolved))
    return m["value"] if m else ""


def _simple(line: Line, text: str) -> Iterator[Found]:
    taken: set[str] = set()
    for key, pattern in _SIMPLE:
        m = pattern.search(text)
        if m is None or key in taken:
            continue
        before = text[: m.start()].split(",")[-1]
        if _AT_A_TIME.search(before):
            continue
        if (
            _THEY_SAY.search(text[: m.start()])
            or UNREAL.search(before)
            or UNREAL.search(m.group())
            or "used to" in text[: m.start()]
        ):
            continue
        value = m["value"].strip(" ,")
        if not _fits(key, value):
            continue
        taken.add(key)
        past = bool(_PAST.search(m.group()))
        start, end = validity(text, line.day or None, past=past)
        if key in _FOR_EVER:
            start, end = None, None
        over = past and key in _OVER and not re.search(r"\bI(?: have|'ve|’ve) ", m.group())
        values = re.split(r", | and ", value) if key == "languages" else [value]
        for one in values:
            if one:
                yield Found(key, one, line, start, end, ended=over)


_FOR_EVER = {"birthplace", "origin", "grew_up_in", "height", "blood_type", "birthday", "nationality"}
_OVER = {"home_city", "employer", "occupation", "studies"}


def _fits(key: str, value: str) -> bool:
    first, last = value.split()[0], value.split()[-1]
    if key == "occupation":
        return value not in NOT_TRADES and last not in NOT_TRADES
    if key in {"home_city", "origin", "birthplace", "grew_up_in"}:
        return first not in NOT_NAMES | MONTHS
    if key == "drinks":
        return first not in _NOT_DRUNK and number(first) is None
    if key in {"prefers", "fear"}:
        return first.lower() not in _VAGUE - {"the"}
    return True


def _ages(line: Line, text: str) -> Iterator[Found]:
    """Age, and with it the birthday where the note's day is that day."""
    m, alone = _AGE.search(text), False
    if m is None and re.search(r"\bbirthday\b|\b\d\d\b", f"{' '.join(line.note.tags)} {line.note.title}", re.I):
        m, alone = _AGE_ALONE.search(text), True
    if m is None or (age := number(m["value"])) is None or not 10 <= age <= 110:
        return
    yield Found("age", str(age), line, line.day or None)
    said = m.group() if alone else text
    shift = 1 if re.search(r"\btomorrow\b", text, re.I) else 0 if re.search(r"\btoday\b", said) else None
    if shift is not None and len(line.day) == 10 and (alone or re.search(r"\bturn", m.group())):
        born = dt.date.fromisoformat(line.day) + dt.timedelta(days=shift)
        yield Found("birthday", f"{born.day} {born:%B}", line, None)


def _likes(line: Line) -> Iterator[Found]:
    for said in line.statements:
        if said.subject != "owner" or said.relation not in _TASTE or not _first_person(line.words, said.relation):
            continue
        value = re.split(r"[,;:(]| because | when | and | but | so that ", said.object)[0].strip()
        if (
            not value
            or len(value.split()) > 7
            or value.split()[0].lower() in _VAGUE - {"the"}
            or value.lower() == "the"
            or re.search(r"\b(?:him|her|them|it)\b", value)
        ):
            continue
        liked = said.relation in _LIKED and not said.negated
        if said.relation not in _LIKED and said.negated != (said.relation in {"stand", "bear"}):
            continue
        yield Found("likes" if liked else "dislikes", value, line, said.valid_from)


def _first_person(words: str, verb: str) -> bool:
    return bool(re.search(rf"\b(?:I|We|we)\b[^.;]{{0,40}}\b{verb[:3]}", words))


_LIKED = {"love", "like", "adore", "enjoy"}
_TASTE = _LIKED | {"hate", "dislike", "detest", "loathe", "stand", "bear"}
_VAGUE = {
    "it", "that", "this", "him", "her", "them", "you", "to", "how", "what", "when", "one", "me", "the", "more", "about",
    "not", "these", "those", "nobody", "nothing",
}  # fmt: skip
