"""What a question asks for: its words, the kind of answer it wants, the dates and relatives it names. Pure."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence

import msgspec

from kernel.memory.dates import dates_in_question, find_dates
from kernel.memory.language import language_of
from kernel.memory.words import KIN, all_terms, content_terms, hangul_bigrams, related, tokens
from kernel.types import Language

_KINDS: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (kind, re.compile(pattern, re.IGNORECASE))
    for kind, pattern in (
        ("colour", r"\bcolou?rs?\b|무슨 색|색깔"),
        ("weekday", r"\b(?:which|what) (?:day|days|evening|morning|night|afternoon|weekday)\b|무슨 요일"),
        ("duration", r"\bhow long\b|\bhow many (?:years|months|weeks|days|hours|minutes)\b|얼마 동안|얼마나 오래|몇 (?:년|달|시간)"),
        ("money", r"\bhow much\b.*\b(?:cost|pay|paid|rent|earn|charge|spend|spent|owe|worth|money|sell|sold|get)\b"
                  r"|\b(?:cost|costs|price|rent|pay|paid|charge|fee|salary|wage|budget)\b|얼마"),
        ("number", r"\bhow (?:many|much|old|tall|far|big|wide|heavy|high|often|deep|large|fast)\b|\bwhat (?:age|number|size|time|weight)\b"
                   r"|몇 |나이"),
        ("when", r"\bwhen\b|\bwhat (?:year|month|date|time)\b|\b(?:which|what) (?:year|month|date)\b|\bsince when\b|\bbirthday\b|언제|며칠"),
        ("where", r"\bwhere\b|\b(?:which|what) (?:city|town|country|place|street|village|address)\b|\baddress\b|어디"),
        ("why", r"\bwhy\b|\bhow come\b|\bwhat (?:made|makes)\b|\breason\b|왜"),
        ("opinion", r"\b(?:do|did|would|should|are) you (?:like|think|prefer|enjoy|love|hate|mind|believe|ever|fond|still)\b"
                    r"|\b(?:opinion|view|favou?rite|feel about|think of|think about|make of|prefer|rather|most enjoy)\b|좋아|싫어|생각"),
        ("who", r"\bwho(?:m|se|'s)?\b|\b(?:name|names|named|called)\b|누구|누가|이름"),
    )
)  # fmt: skip

_NAME = r"(?<![.!?:]\s)(?<![\"'“‘(])(?<!^)\b[A-ZÀ-Þ][a-zà-ÿ]+"
_NUMBER = (
    r"\d|\b(?:two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|thirteen|fourteen|fifteen|sixteen|seventeen|eighteen|nineteen|"
    r"twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundred|thousand|half|dozen|twice|once|both|none|nobody|no)\b"
    r"|[한두세네]\s?(?:개|명|마리|번|시간|살)"
)
_EVIDENCE: dict[str, re.Pattern[str]] = {
    "colour": re.compile(
        r"\b(?:red|blue|green|yellow|white|black|gr[ae]y|brown|orange|purple|pink|beige|turquoise|golden?|silver|copper|ginger|navy|cream)\b"
        r"|빨간|파란|노란|초록|하얀|검은|색",
        re.IGNORECASE,
    ),
    "weekday": re.compile(r"\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\bweekend|요일", re.IGNORECASE),
    "duration": re.compile(
        rf"(?:{_NUMBER}|\ba\b)[\w\s-]{{0,14}}\b(?:years?|months?|weeks?|days?|hours?|minutes?|nights?)\b|\bsince\b|\buntil\b|\d+\s?(?:년|달|개월|시간|분|일)",
        re.IGNORECASE,
    ),
    "money": re.compile(
        r"[£$€₩]\s?\d|\d[\d,.]*\s?(?:p\b|pounds?|euros?|dollars?|kroner|kr\b|crowns?|won|yen|francs?|dinars?|rupees?|pesos?|shillings?|a month|원|만)"
        r"|\b(?:pounds?|euros?|dollars?|crowns?|quid|pence|cents|free|nothing|thousand|hundred)\b|\d{2,}",
        re.IGNORECASE,
    ),
    "number": re.compile(_NUMBER, re.IGNORECASE),
    "when": re.compile(
        r"\b(?:19|20)\d\d\b|\b(?:january|february|march|april|may|june|july|august|september|october|november|december)\b"
        r"|\b(?:mon|tues|wednes|thurs|fri|satur|sun)days?\b|\b(?:spring|summer|autumn|winter|easter|christmas|today|yesterday|tomorrow|"
        r"morning|evening|night|noon|midnight|o'clock|a\.?m\.?|p\.?m\.?|since|ago|until|birthday|weekend|half past|years?|months?|weeks?)\b"
        r"|\d{1,2}[.:]\d\d\b|\d+\s?(?:년|월|일|시)|요일|작년|올해|어제|오늘",
        re.IGNORECASE,
    ),
    "where": re.compile(
        r"\b(?:in|at|on|near|from|to|behind|above|under|over|by|outside|inside|beside|opposite)\s+(?:the |a |our |my |his |her )?[A-ZÀ-Þ\d]"
        r"|\b(?:behind|above|under|beside|opposite|between|next to|upstairs|downstairs|street|road|lane|floor|drawer|box|room|town|village|city)\b"
        r"|[가-힣]+(?:에서|시|동|구|역)\b",
    ),
    "why": re.compile(
        r"\b(?:because|since|so that|so|for|as|due|reason|in case|otherwise|too)\b|[;:]|때문|서\b|니까", re.IGNORECASE
    ),
    "opinion": re.compile(
        r"\b(?:like|love|hate|think|prefer|can't stand|cannot stand|stand|favou?rite|best|better|worst|never|always|should|would|rather|"
        r"want|enjoy|overrated|nothing|honest|wrong|right|good|bad|beautiful|ugly|too|don't|not|mind|believe|agree|only)\b|좋|싫|생각",
        re.IGNORECASE,
    ),
    "who": re.compile(
        _NAME
        + r"|\b(?:Mr|Mrs|Ms|Dr|Doctor|Frau|Herr|Uncle|Aunt|Auntie)\b|\b(?:called|named)\b|:\s+[A-ZÀ-Þ]|[가-힣]{2,4}(?:씨|님)"
    ),
}
_PRONOUNS = frozenset(
    "she he it they her him his its their them there that this those these one both 그 그녀 그는 그건 거기 그것 그때".split()
)
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
    date_terms: frozenset[str]
    """Those of ``terms`` that only spell out the dates."""
    bigrams: tuple[str, ...]


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
    everything = " ".join([question, *previous[-3:]]) if leaning else question
    return Asked(
        text=question,
        language=language_of(question),
        terms=tuple(terms),
        earlier=tuple(earlier),
        near=related([*terms, *earlier]),
        kinds=tuple(kind for kind, pattern in _KINDS if pattern.search(question)),
        kin=frozenset(term for term in [*terms, *earlier] if term in KIN),
        dates=dates_in_question(everything, today),
        date_terms=frozenset(
            term for found in find_dates(question) for term in all_terms(question[found.start : found.end])
        ),
        bigrams=tuple(dict.fromkeys(hangul_bigrams(everything))),
    )


def could_answer(kinds: Sequence[str], sentence: str) -> bool:
    """Whether a sentence could be an answer of one of these kinds."""
    return any(_EVIDENCE[kind].search(sentence) for kind in kinds)
