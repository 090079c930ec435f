"""Words as they are compared: stop words out, inflection off, kinship and numbers in one form. English and Korean.

The same function makes the terms of the word index, of the question and of the overlap features, so that what one
signal finds another can explain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from kernel.memory.language import is_hangul

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")

STOP = frozenset(
    """a about after again all also am an and any are as at be been being but by can could did do does doing done down for from
    get got had has have having he her hers herself him himself his how i i'd i'll i'm i've if in into is isn't it it's its
    itself just let like me mine my myself of off on or our ours out over own same she should so some such than that that's the
    their theirs them themselves then there these they this those through to too under until up very was we were what what's
    when where which while who whom whose why will with would you your yours yourself don't doesn't didn't wasn't aren't won't
    can't couldn't tell remind please know remember exactly called name named ever really mean think s t d ll m ve re 's
    much many long often old kind sort thing one again called go take make give call""".split()
)
_KOREAN_STOP = frozenset(
    "나 너 저 제 내 네 나는 너는 저는 내가 네가 제가 나의 너의 당신 당신의 우리 뭐 뭐야 뭐지 무엇 무엇을 무엇이 무슨 어떤 어느 언제 어디 어디서 "
    "어디에 어디에서 누구 누가 누구를 얼마 얼마나 몇 왜 어떻게 있어 있나 있지 있니 했어 했지 했나 했니 하나 해 하지 하는 한 하고 그 이 저 것 거 게 "
    "이름 이름이 이야 야 지 요 은 는 이 가 을 를 그리고 그런데 좀 잘 더".split()
)
_PARTICLES = tuple(
    sorted(
        "은 는 이 가 을 를 에 에서 에게 한테 께 께서 의 도 로 으로 와 과 랑 이랑 하고 부터 까지 만 마다 보다 처럼 이나 나 라고 이라고 이란 란 에는 에도 "
        "에서는 에서도 으로는 로는 이야 야 였어 이었어 이에요 예요 입니다 이다 들 들이 들을 들은".split(),
        key=len,
        reverse=True,
    )
)
_VERB_ENDS = re.compile(
    r"(?:했|하였|한|하는|할|해|합니|하신|하셨)(?:다|어|었어|어요|나|니|지|습니다|을까|던|는데)?$|(?:하다|하고|해서|하기|했던|했었다|했다고)$"
)

_KIN = {
    "mother": "mother mum mom mama mamma mam ma mommy mummy mutter mère madre mamá mamãe ammi amma eomma 엄마 어머니 어머님",
    "father": "father dad papa daddy pa pop baba bapa abba vater père padre papá pai 아빠 아버지 아버님",
    "sister": "sister sis 언니 누나 여동생",
    "brother": "brother bro 오빠 형 남동생",
    "grandmother": "grandmother granny grandma gran nana nan nonna abuela oma mormor farmor babcia baba obaachan halmoni ota tata "
    "할머니 외할머니",
    "grandfather": "grandfather grandpa granddad grandad nonno abuelo opa morfar farfar dziadek ojiichan 할아버지 외할아버지",
    "wife": "wife 아내 와이프",
    "husband": "husband 남편",
    "partner": "partner girlfriend boyfriend fiancé fiancée fiance fiancee spouse 여자친구 남자친구 애인",
    "son": "son 아들",
    "daughter": "daughter 딸",
    "child": "child children kid kids 아이 아이들 자녀",
    "aunt": "aunt auntie aunty tante tía tia zia 이모 고모",
    "uncle": "uncle tío tio zio onkel 삼촌 외삼촌",
    "cousin": "cousin 사촌",
    "niece": "niece 조카딸",
    "nephew": "nephew 조카",
    "friend": "friend mate buddy pal 친구",
}
KINSHIP: dict[str, str] = {word: kin for kin, words in _KIN.items() for word in words.split()}
"""Every word for a relative -> its canonical English one."""
KIN = frozenset(_KIN)

_NUMBERS = {
    word: str(value)
    for value, word in enumerate(
        "zero one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen "
        "nineteen twenty".split()
    )
} | {
    "thirty": "30",
    "forty": "40",
    "fifty": "50",
    "sixty": "60",
    "seventy": "70",
    "eighty": "80",
    "ninety": "90",
    "hundred": "100",
}
_NUMBERS.pop("one")

_BASE_FORMS = {
    form: base
    for base, forms in {
        "buy": "bought", "sell": "sold", "teach": "taught", "catch": "caught", "bring": "brought", "leave": "left leaving",
        "lose": "lost", "meet": "met", "pay": "paid", "say": "said", "see": "saw seen", "eat": "ate eaten", "drink": "drank drunk",
        "drive": "drove driven", "write": "wrote written", "speak": "spoke spoken", "break": "broke broken", "steal": "stole stolen",
        "choose": "chose chosen", "wear": "wore worn", "find": "found", "keep": "kept", "sleep": "slept", "feel": "felt",
        "hear": "heard", "hold": "held", "send": "sent", "lend": "lent", "spend": "spent", "build": "built", "win": "won",
        "begin": "began begun start started starting starts", "sing": "sang sung", "swim": "swam swum swimming", "run": "ran running",
        "fall": "fell fallen", "grow": "grew grown", "throw": "threw thrown", "fly": "flew flown", "ride": "rode ridden",
        "rise": "rose risen", "come": "came", "become": "became", "go": "went gone goes", "think": "thought", "fight": "fought",
        "sit": "sat sitting", "stand": "stood", "understand": "understood", "read": "reading reads", "die": "died dying dies death dead",
        "tell": "told", "get": "got gotten getting", "give": "gave given", "take": "took taken", "make": "made making",
        "bear": "bore born birth", "forget": "forgot forgotten", "hide": "hid hidden", "bite": "bit bitten", "wake": "woke woken",
        "shoot": "shot", "man": "men", "woman": "women", "foot": "feet", "tooth": "teeth", "mouse": "mice", "goose": "geese",
        "knife": "knives", "life": "lives", "wife": "wives", "leaf": "leaves", "wolf": "wolves", "person": "people persons",
        "marry": "married marriage wedding wed marries", "color": "colour coloured colored colours", "favorite": "favourite favorites",
        "live": "lives living lived", "bike": "bicycle bicycles bikes", "phone": "telephone telephones phones",
        "photo": "photograph photographs photos", "exam": "examination exams", "doctor": "dr doctors", "mister": "mr",
        "apartment": "flat flats apartments", "movie": "film films movies", "kilo": "kg kilos kilogram kilograms",
        "km": "kilometre kilometres kilometer kilometers", "weigh": "weight weighs weighed", "adopt": "adopted adopting adoption",
        "hate": "hates hated detest loathe dislike dislikes", "love": "loves loved loving adore enjoy enjoys enjoyed",
        "big": "bigger biggest", "good": "better best", "bad": "worse worst",
    }.items()
    for form in forms.split()
}  # fmt: skip

_FAMILIES = (
    "rent landlord landlady lease tenant apartment room house home address street",
    "job work company employ boss office salary wage earn hire career profession",
    "car van vehicle drive truck lorry scooter moped motorbike",
    "doctor clinic hospital nurse physio surgeon gp vet",
    "price cost pay charge fee money dollar euro pound expensive cheap worth spend",
    "pet dog cat tortoise horse parrot goldfish hamster animal",
    "child son daughter", "parent mother father", "sibling brother sister", "grandparent grandmother grandfather",
    "partner wife husband marry", "move leave live home",
    "die lose funeral bury", "bear birthday old age", "begin first since", "stop quit give end finish", "instrument play guitar piano violin "
    "cello bass drum fiddle accordion trumpet",
    "food dish cook recipe eat meal dinner supper soup stew", "drink coffee tea beer wine", "book read novel author write",
    "school teach teacher class lesson study student university course", "sport team swim climb run volley football",
    "ill sick allergy medicine pill tablet injury hurt pain", "holiday trip travel visit journey vacation",
    "hate stand bear", "love favorite prefer", "meeting present attend decide decision agree", "deadline due until",
    "plan want goal hope intend", "color red blue green yellow white black grey brown orange purple pink",
    "sleep bed wake", "shop store market stall", "language speak",
)  # fmt: skip


def fold(text: str) -> str:
    """Lower case without accents on Latin letters; Hangul left whole."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize(
        "NFC", "".join(c for c in decomposed if not unicodedata.combining(c) or "가" <= c <= "힣")
    )


def _strip(word: str) -> str:
    """Plural, ``-ing``, ``-ed`` and ``-ly`` off, then a final ``e`` (so that ``moving`` and ``move`` meet)."""
    if len(word) <= 3:
        return word
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    if word.endswith(("sses", "shes", "ches", "xes", "zes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        word = word[:-1]
    for ending in ("ing", "ied", "ed", "ly"):
        if word.endswith(ending) and len(word) - len(ending) >= 3 and re.search("[aeiouy]", word[: -len(ending)]):
            if ending == "ied":
                return word[:-3] + "y"
            word = word[: -len(ending)]
            if len(word) > 3 and word[-1] == word[-2] and word[-1] not in "lsz":
                word = word[:-1]
            break
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


_IRREGULAR = {form: _strip(base) for form, base in _BASE_FORMS.items()}


def stem(word: str) -> str:
    """A light stem of a lower-case English word; relatives and irregular forms by table."""
    singular = word[:-1] if word.endswith("s") and len(word) > 3 else word
    return (
        KINSHIP.get(word) or _IRREGULAR.get(word) or KINSHIP.get(singular) or _IRREGULAR.get(singular) or _strip(word)
    )


def _fields() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for family in _FAMILIES:
        members = frozenset(stem(word) for word in family.split())
        for member in members:
            found[member] = found.get(member, frozenset()) | members - {member}
    return found


RELATED = _fields()
"""A term -> the terms of the same fields."""


def korean_stem(word: str) -> str:
    """A Korean word without its particle, and a ``하다`` verb without its ending."""
    for particle in _PARTICLES:
        if word.endswith(particle) and len(word) - len(particle) >= 2:
            word = word[: -len(particle)]
            break
    stripped = _VERB_ENDS.sub("", word)
    return stripped if len(stripped) >= 2 else word


def tokens(text: str) -> Iterator[str]:
    """Lower-case words and numbers in order (``1,150`` as ``1150``)."""
    for match in _TOKEN.finditer(fold(_THOUSANDS.sub("", text))):
        word = match.group()
        if word[-2:] in ("'s", "’s"):
            word = word[:-2]
        yield word


def term_of(word: str) -> str:
    if word[0].isdigit():
        return word
    if is_hangul(word[0]):
        base = korean_stem(word)
        return KINSHIP.get(word) or KINSHIP.get(base) or base
    return _NUMBERS.get(word) or stem(word)


def all_terms(text: str) -> list[str]:
    """Every word as a term, stop words too, in order: what the word index holds."""
    return [term_of(word) for word in tokens(text)]


def content_terms(text: str) -> list[str]:
    """The terms that carry meaning, each once, in order. Empty for "What is it?"."""
    found = (
        term_of(word)
        for word in tokens(text)
        if word not in STOP and word not in _KOREAN_STOP and (len(word) > 1 or word.isdigit() or is_hangul(word))
    )
    return list(dict.fromkeys(found))


def related(terms: Iterable[str]) -> frozenset[str]:
    """Terms of the same field as any of ``terms`` ("rent" -> "landlord"): weaker evidence than the word itself."""
    terms = list(terms)
    return frozenset().union(*(RELATED.get(term, frozenset()) for term in terms)) - frozenset(terms)


def hangul_bigrams(text: str) -> list[str]:
    """Pairs of neighbouring syllables within each Korean word: ``부산에`` -> ``부산 산에``; a lone syllable is itself."""
    found: list[str] = []
    for word in re.findall(r"[가-힣]+", text):
        found.extend([word] if len(word) == 1 else [word[n : n + 2] for n in range(len(word) - 1)])
    return found
