"""What a question asks for: its words, the kind of answer it wants, the dates and relatives it names. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import msgspec

from kernel.memory.dates import find_dates
from kernel.memory.kinds import kind_asked
from kernel.memory.language import language_of
from kernel.memory.names import names_asked
from kernel.memory.vocabulary import VOCABULARY
from kernel.memory.when import Period, dates_in_question, periods
from kernel.memory.words import KIN, all_terms, content_terms, hangul_bigrams, related, tokens
from kernel.types import Language, MemoryKind


def _either(*alternatives: str, exact: bool = False) -> re.Pattern[str]:
    """One pattern of several; ``exact``: capitals count."""
    return re.compile("|".join(alternatives), re.NOFLAG if exact else re.IGNORECASE)


_KINDS: dict[str, re.Pattern[str]] = {
    "colour": _either(r"\bcolou?rs?\b", "무슨 색", "색깔"),
    "weekday": _either(r"\b(?:which|what) (?:day|days|evening|morning|night|afternoon|weekday)\b", "무슨 요일"),
    "duration": _either(
        r"\bhow long\b",
        r"\bhow many (?:years|months|weeks|days|hours|minutes)\b",
        "얼마 동안",
        "얼마나 오래",
        "몇 (?:년|달|시간)",
    ),
    "money": _either(
        r"\bhow much\b.*\b(?:cost|pay|paid|rent|earn|charge|spend|spent|owe|worth|money|sell|sold|get)\b",
        r"\b(?:cost|costs|price|rent|pay|paid|charge|fee|salary|wage|budget)\b",
        "얼마",
    ),
    "number": _either(
        r"\bhow (?:many|much|old|tall|far|big|wide|heavy|high|often|deep|large|fast)\b",
        r"\bwhat (?:age|number|size|time|weight)\b",
        "몇 ",
        "나이",
    ),
    "when": _either(
        r"\bwhen\b",
        r"\bwhat (?:year|month|date|time)\b",
        r"\b(?:which|what) (?:year|month|date)\b",
        r"\bsince when\b",
        r"\bbirthday\b",
        "언제",
        "며칠",
    ),
    "where": _either(
        r"\bwhere\b", r"\b(?:which|what) (?:city|town|country|place|street|village|address)\b", r"\baddress\b", "어디"
    ),
    "why": _either(r"\bwhy\b", r"\bhow come\b", r"\bwhat (?:made|makes)\b", r"\breason\b", "왜"),
    "opinion": _either(
        r"\b(?:do|did|would|should|are) you (?:like|think|prefer|enjoy|love|hate|mind|believe|ever|fond|still)\b",
        r"\b(?:opinion|view|favou?rite|feel about|think of|think about|make of|prefer|rather|most enjoy)\b",
        "좋아",
        "싫어",
        "생각",
    ),
    "who": _either(r"\bwho(?:m|se|'s)?\b", r"\b(?:name|names|named|called)\b", "누구", "누가", "이름"),
}
"""How a question asks for each kind of answer, the most particular first."""

_NAME = r"(?<![.!?:]\s)(?<![\"'“‘(])(?<!^)\b[A-ZÀ-Þ][a-zà-ÿ]+"
_NUMBER = (
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|"
    r"eighteen|nineteen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|half|dozen|twice|once|"
    r"both|none|nobody|no)\b"
    r"|[한두세네]\s?(?:개|명|마리|번|시간|살)"
)
_CURRENCY = (
    r"p\b|pounds?|euros?|dollars?|kroner|kr\b|crowns?|won|yen|francs?|dinars?|rupees?|pesos?|shillings?|a month|원|만"
)
_EVIDENCE: dict[str, re.Pattern[str]] = {
    "colour": _either(
        r"\b(?:red|blue|green|yellow|white|black|gr[ae]y|brown|orange|purple|pink|beige|turquoise|golden?|silver|copper|"
        r"ginger|navy|cream)\b",
        "빨간|파란|노란|초록|하얀|검은|색",
    ),
    "weekday": _either(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b", r"\bweekend", "요일"),
    "duration": _either(
        rf"(?:{_NUMBER}|\ba\b)[\w\s-]{{0,14}}\b(?:years?|months?|weeks?|days?|hours?|minutes?|nights?)\b",
        r"\bsince\b",
        r"\buntil\b",
        r"\d+\s?(?:년|달|개월|시간|분|일)",
    ),
    "money": _either(
        r"[£$€₩]\s?\d",
        rf"\d[\d,.]*\s?(?:{_CURRENCY})",
        r"\b(?:pounds?|euros?|dollars?|crowns?|quid|pence|cents|free|nothing|thousand|hundred)\b",
        r"\d{2,}",
    ),
    "number": _either(_NUMBER),
    "when": _either(
        r"\b(?:19|20)\d\d\b",
        r"\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b",
        r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b",
        r"\b(?:spring|summer|autumn|winter|easter|christmas|today|yesterday|tomorrow|morning|evening|night|noon|midnight|"
        r"o'clock|a\.?m\.?|p\.?m\.?|since|ago|until|birthday|weekend|half past|years?|months?|weeks?)\b",
        r"\d{1,2}[.:]\d\d\b",
        r"\d+\s?(?:년|월|일|시)",
        "요일|작년|올해|어제|오늘",
    ),
    "where": _either(
        r"\b(?:in|at|on|near|from|to|behind|above|under|over|by|outside|inside|beside|opposite)\s+"
        r"(?:the |a |our |my |his |her )?[A-ZÀ-Þ\d]",
        r"\b(?:behind|above|under|beside|opposite|between|next to|upstairs|downstairs|street|road|lane|floor|drawer|"
        r"box|room|town|village|city)\b",
        r"[가-힣]+(?:에서|시|동|구|역)\b",
        exact=True,
    ),
    "why": _either(
        r"\b(?:because|since|so that|so|for|as|due|reason|in case|otherwise|too)\b", "[;:]", "때문", r"서\b", "니까"
    ),
    "opinion": _either(
        r"\b(?:like|love|hate|think|prefer|can't stand|cannot stand|stand|favou?rite|best|better|worst|never|always|"
        r"should|would|rather|want|enjoy|overrated|nothing|honest|wrong|right|good|bad|beautiful|ugly|too|don't|not|mind|"
        r"believe|agree|only)\b",
        "좋|싫|생각",
    ),
    "who": _either(
        _NAME,
        r"\b(?:Mr|Mrs|Ms|Dr|Doctor|Frau|Herr|Uncle|Aunt|Auntie)\b",
        r"\b(?:called|named)\b",
        r":\s+[A-ZÀ-Þ]",
        r"[가-힣]{2,4}(?:씨|님)",
        exact=True,
    ),
}
"""What a sentence holds that could be an answer of each kind."""
_TASKS = _either(
    r"\b(?:to-?dos?|tasks?|still (?:have|need) to|(?:have|need|got|left) to do|on (?:my|your) list)\b",
    "할 일",
    "해야 (?:하|할)",
)
_PRONOUNS = VOCABULARY.pronouns
_FEW_TERMS = 2


class Asked(msgspec.Struct, frozen=True):
    """A question, taken apart once per search."""

    text: str
    language: Language
    terms: tuple[str, ...]
    """Content terms of the question itself."""
    earlier: tuple[str, ...]
    """Content terms of the turns before it, where the question leans on them ("and how old is she?")."""
    near: frozenset[str]
    """Terms of the same fields as ``terms``."""
    kinds: tuple[str, ...]
    """Kinds of answer it may want, most particular first (keys of ``answers``)."""
    kin: frozenset[str]
    dates: tuple[str, ...]
    """Days, months and years, as ``kernel.memory.dates`` writes them."""
    periods: tuple[Period, ...]
    """The same and every other time, as days from and to; their spans are of the turn that named them."""
    date_terms: frozenset[str]
    """Those of ``terms`` that only spell out the dates."""
    bigrams: tuple[str, ...]
    names: frozenset[str]
    memory_kind: MemoryKind
    tasks: bool
    """Whether it asks what is still to be done."""

    @property
    def names_a_time(self) -> bool:
        return bool(self.dates) or any(period.dated for period in self.periods)


def leans(question: str, previous: Sequence[str]) -> bool:
    """Whether a question cannot be understood without the turns before it ("and how old is she?")."""
    if not previous:
        return False
    return len(content_terms(question)) < _FEW_TERMS or any(word in _PRONOUNS for word in tokens(question))


def text_to_embed(question: str, previous: Sequence[str] = ()) -> str:
    """What a question's vector is made from: with the turn before it, where it leans on that."""
    return f"{previous[-1]} {question}" if leans(question, previous) else question


def ask(question: str, previous: Sequence[str] = (), today: dt.date | None = None) -> Asked:
    """Take a question apart. ``previous``: the turns before it, oldest first."""
    terms = content_terms(question)
    leaning = leans(question, previous)
    earlier = [term for turn in previous[-3:] for term in content_terms(turn)] if leaning else []
    earlier = [term for term in dict.fromkeys(earlier) if term not in terms]
    turns = [question, *reversed(previous[-3:])] if leaning else [question]
    everything = " ".join(turns)
    timed = next((turn for turn in turns if dates_in_question(turn, today) or periods(turn, today)), question)
    return Asked(
        text=question,
        language=language_of(question),
        terms=tuple(terms),
        earlier=tuple(earlier),
        near=related([*terms, *earlier]),
        kinds=tuple(kind for kind, pattern in _KINDS.items() if pattern.search(question)),
        kin=frozenset(term for term in [*terms, *earlier] if term in KIN),
        dates=dates_in_question(timed, today),
        periods=periods(timed, today),
        date_terms=_date_terms(question, today),
        bigrams=tuple(dict.fromkeys(hangul_bigrams(everything))),
        names=names_asked(everything),
        memory_kind=kind_asked(question),
        tasks=_TASKS.search(question) is not None,
    )


def _date_terms(question: str, today: dt.date | None) -> frozenset[str]:
    """An event's words are not among them: they are what is asked of as much as when."""
    dated = [period.span for period in periods(question, today) if period.kind != "event"]
    spans = [*((span.start, span.end) for span in dated), *((found.start, found.end) for found in find_dates(question))]
    return frozenset(term for start, end in spans for term in all_terms(question[start:end]))


def could_answer(kinds: Sequence[str], sentence: str) -> bool:
    """Whether a sentence could be an answer of one of these kinds."""
    return any(_EVIDENCE[kind].search(sentence) for kind in kinds)
