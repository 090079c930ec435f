"""Which kind of question is it? Words decide what words can; the rest is ``unsure`` and the evidence decides.

English and Korean. Korean questions rarely name the person asked, so without a world cue they are the owner's.
"""

from __future__ import annotations

import math
import re
from functools import lru_cache
from pathlib import Path

import msgspec
import numpy as np

from kernel.abc import Vectors
from kernel.types import Language, Route

_IDENTITY = re.compile(
    r"""\b(who|what)\s+(are|r|is)\s+(you|this|u)\b(?!\s+\w+ing)(?!\s+(?:to|allergic|afraid|scared|most|good|bad|into|up|like))
    | \bwhat(?:'s|\s+is|\s+was)?\s+(?:your\s+(?:full\s+|first\s+|last\s+|real\s+)?name|you\s+called)\b(?!\s+for|\s+of)
    | \bwhat\s+(?:should|can|do)\s+i\s+call\s+you\b | \bhow\s+are\s+you\s+called\b
    | \b(introduce|describe)\s+yourself\b | \btell\s+me\s+(?:a\s+(?:bit|little)\s+)?about\s+yourself\b
    | \b(are|r)\s+(?:you|u)\s+(?:an?\s+|really\s+(?:an?\s+)?|the\s+real\s+|actually\s+(?:an?\s+)?)?
      (?:ai|a\.i\.|bot|robot|human|person|real|machine|model|program|chatgpt|gpt\S*|smollm|llama|claude|language\s+model|assistant)\b
    | \bwho\s+(?:made|built|trained|created|programmed|wrote)\s+you\b
    | \bwho\s+am\s+i\s+(?:talking|speaking|chatting|writing)\s+(?:to|with)\b
    | \b(?:which|what)\s+(?:language\s+)?model\s+are\s+you\b | \bdo\s+you\s+have\s+a\s+name\b | \bis\s+this\s+really\b
    | \bwho\s+am\s+i\s*\?""",
    re.I | re.X,
)
_IDENTITY_KO = re.compile(
    r"(누구(세요|예요|야|입니까|니)|이름이?\s*(뭐|무엇|어떻게)|자기\s*소개|인공\s*지능|AI\s*(예요|야|인가|입니까)|사람(이에요|이야|인가요|입니까))"
)
_OTHERS_NAME_KO = re.compile(r"[가-힣]+\s*이름|[가-힣]+(은|는|이|가)\s*누구")
_WRITING = re.compile(
    r"^\s*(?:please\s+|can\s+you\s+(?:please\s+)?|could\s+you\s+(?:please\s+)?|help\s+me\s+(?:to\s+)?|i\s+need\s+you\s+to\s+)?"
    r"(?:draft|write|rewrite|rephrase|compose|reply\s+to|answer\s+this|proofread|shorten|make\s+this|suggest|brainstorm|say\s+no\s+to)\b",
    re.I,
)
_SMALL_TALK = re.compile(
    r"^\s*(?:(?:hi|hello|hey|hiya|yo|good\s*(?:morning|evening|afternoon|night)|goodnight|thanks?(?:\s+you)?|thank\s+you|ok(?:ay)?|great|nice|cool|"
    r"bye|goodbye|see\s+you|sorry|please|well\s+done|lol|haha+|wow|sure|yes|no|nice\s+to\s+meet\s+you|how\s+are\s+you(?:\s+(?:doing|today|feeling))*|"
    r"how(?:'s|\s+is)\s+it\s+going|what'?s\s+up|how\s+do\s+you\s+do|tell\s+me\s+a\s+(?:joke|story)|are\s+you\s+there|can\s+you\s+help(?:\s+me)?)"
    r"(?:\s+(?:there|so\s+much|a\s+lot|very\s+much|again|then|today|now|friend|everyone|you|my\s+friend))*[\s,.!?]*)+$",
    re.I,
)
_SMALL_TALK_KO = re.compile(
    r"^\s*(안녕|고마워|감사|잘\s*(자|가|지내)|반가|좋은\s*(아침|저녁)|미안|네|응|그래)[가-힣\s~!.?]*$"
)
_OF_OWNER = re.compile(
    r"\b(you|your|yours|yourself|you're|you've|you'd|i|my|mine|me|myself|i'm|i've|i'd|we|our|ours|us)\b", re.I
)
_WORLD_KO = re.compile(r"(수도는|대통령|공식은|무슨\s*뜻|몇\s*대륙|정의는|발명한|더하기|곱하기|행성)")
_ASKED_OF_READER = re.compile(
    r"^\s*(?:can|could|would|will)\s+you\s+(?:please\s+)?(?:explain|tell\s+me\s+(?:what|how|why)\s+(?:is|are|does|do)\b(?!\s+(?:you|i|my|your))|define|list|"
    r"translate|count|calculate|convert|name\s+(?:a|an|the|three|two|some|five))\b|^\s*(?:explain|define|translate|calculate|convert|count)\b"
    r"|\bdo\s+you\s+(?:get|call)\b|\bhow\s+do\s+(?:you|i|we)\s+(?:spell|say|calculate|convert|boil|cook|make|write|use|install)\b",
    re.I,
)


def route(question: str, language: Language) -> Route:
    """``identity``, ``conversation``, ``owner`` or ``unsure`` (no word says whether it is about the owner or the world)."""
    text = question.strip().replace("\u2019", "'")
    if language == "ko":
        return _route_ko(text)
    if _WRITING.search(text) or _SMALL_TALK.match(text):
        return "conversation"
    if _IDENTITY.search(text):
        return "identity"
    if _ASKED_OF_READER.search(text):
        return "unsure"
    if _OF_OWNER.search(text):
        return "owner" if _asks(text) else "conversation"
    return "unsure" if _asks(text) or len(text.split()) > 2 else "conversation"


_ASKING = re.compile(
    r"\?|^\s*(?:and\s+|so\s+|but\s+|ok\s+)?(?:who|what|when|where|why|how|which|whose|is|are|was|were|do|does|did|have|has|had|can|could|"
    r"would|will|should|tell|name|list|describe|remind|explain|give|show|define|count|calculate|translate|convert)\b",
    re.I,
)


def _asks(text: str) -> bool:
    return bool(_ASKING.search(text))


def _route_ko(text: str) -> Route:
    if _SMALL_TALK_KO.match(text):
        return "conversation"
    if _IDENTITY_KO.search(text) and not _OTHERS_NAME_KO.search(text):
        return "identity"
    return "unsure" if _WORLD_KO.search(text) else "owner"


class _World(msgspec.Struct, frozen=True):
    """Logistic regression over a question's vector and the logit of its best evidence's score."""

    vector: list[float]
    score: float
    offset: float


@lru_cache(maxsize=1)
def _world() -> _World:
    return msgspec.json.decode(Path(__file__).with_name("world_weights.json").read_bytes(), type=_World)


def is_world(vector: Vectors, score: float) -> bool | None:
    """Whether an ``unsure`` English question is one about the world. ``vector``: ``(d,)``, of the question by the starter's
    embedding model (``None`` for one of another); ``score``: of the best evidence. Learned by ``scripts/fit_answers``."""
    weights = _world()
    if len(vector) != len(weights.vector):
        return None
    held = min(max(score, 0.01), 0.99)
    total = weights.offset + weights.score * math.log(held / (1 - held)) + float(np.dot(vector, weights.vector))
    return total > 0
