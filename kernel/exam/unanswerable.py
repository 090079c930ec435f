"""Questions that the notes do not answer: a stock of things few people write down, and near misses from the notes.

A question is asked only where no note, of whatever origin, holds a word that could answer it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence

from kernel.exam.structs import ExamQuestion
from kernel.l0_insight import lexicon as lx
from kernel.memory.words import KINSHIP
from kernel.types import Language, Memory

_STOCK: tuple[tuple[str, str], ...] = (
    ("What is your blood type?", r"blood (?:type|group)|혈액형"),
    ("Which shoe size do you take?", r"shoe|boots?\b|신발"),
    ("What is your national insurance number?", r"insurance number|social security"),
    ("Where did you spend your honeymoon?", r"honeymoon|신혼"),
    ("What is your middle name?", r"middle name"),
    ("Which bank do you have your account with?", r"\bbank\b|은행"),
    ("Who did you vote for in the last election?", r"\bvot(?:e|ed|ing)\b|election|투표"),
    ("What is your star sign?", r"star sign|zodiac|horoscope|별자리"),
    ("How many siblings does your neighbour have?", r"neighbou?r"),
    ("What is the name of your accountant?", r"accountant|회계사"),
    ("Do you know what your first telephone number was?", r"phone number|telephone number|전화번호"),
    ("Which marathon did you run?", r"marathon|마라톤"),
    ("What is your licence plate?", r"licen[cs]e plate|number plate|번호판"),
    ("How tall are you?", r"\btall\b|\bheight\b|\d ?cm\b|foot \w+ tall|키가"),
    ("How much do you weigh?", r"\bweigh|\bweight\b|\bkilos?\b|몸무게"),
    ("What is the password of your wifi?", r"wi-?fi|password|비밀번호"),
    ("Which airline do you usually fly with?", r"airline|\bflights?\b|\bflew\b|\bfly\b|항공"),
    ("Who was your best friend in primary school?", r"primary school|elementary|초등학교"),
    ("What did you write your thesis about?", r"thesis|dissertation|논문"),
    ("Which newspaper do you read?", r"newspaper|신문"),
    ("When did you last go to the opera?", r"\bopera\b|오페라"),
    ("What is your dentist's first name?", r"dentist|치과"),
    ("How much did you pay for your mattress?", r"mattress"),
    ("Which tattoo do you have?", r"tattoo|문신"),
    ("Who is your favourite football player?", r"football|soccer|축구"),
    ("What is the name of your fish?", r"fish|물고기"),
    ("Where did you learn to ski?", r"\bski(?:ing|ed|s)?\b|스키"),
    ("What was the title of your first novel?", r"\bnovels?\b|\bbooks?\b|소설"),
    ("Which scholarship did you win?", r"scholarship|장학금"),
    ("What colour is your umbrella?", r"umbrella|우산"),
)  # fmt: skip
_KOREAN_STOCK: tuple[tuple[str, str], ...] = (
    ("혈액형이 뭐예요?", r"혈액형|blood (?:type|group)"),
    ("신발 사이즈가 몇이에요?", r"신발|shoe"),
    ("별자리가 뭐예요?", r"별자리|zodiac"),
    ("졸업 논문은 무엇에 대해 썼나요?", r"논문|thesis"),
    ("스키는 어디에서 배웠나요?", r"스키|\bski"),
    ("자동차 번호가 뭐예요?", r"자동차|번호판|\bcar\b"),
    ("어느 은행을 쓰나요?", r"은행|\bbank\b"),
    ("몸무게가 얼마예요?", r"몸무게|체중|\bkg\b|weigh"),
    ("신혼여행은 어디로 갔나요?", r"신혼|honeymoon"),
    ("우산은 무슨 색이에요?", r"우산|umbrella"),
)  # fmt: skip
_KIN = ("brother", "sister", "uncle", "aunt", "cousin", "niece", "nephew", "grandfather", "grandmother")
_KIN_ASKED = (
    "What is your {}'s name?",
    "Where does your {} live?",
    "How old is your {}?",
    "What does your {} do for a living?",
)
_AGE = re.compile(r"\b(?:old|years?|age|aged|turn(?:s|ed)?|born|birthday|\d{2})\b|살|생일|나이", re.I)
_PRICE = re.compile(
    r"[£$€₩¥]|\b(?:pounds?|dollars?|euros?|kr|kroner|crowns?|pesos?|francs?|paid|cost|price|cheap|free|\d{2,})\b|원\b",
    re.I,
)
_COLOUR = re.compile(
    r"\b(?:colou?r|red|blue|green|yellow|white|black|gr[ea]y|brown|orange|purple|pink|plum|turquoise|violet|beige|cream|navy|silver|gold(?:en)?)\b",
    re.I,
)
_BOUGHT = re.compile(
    r"\b(?:bought|got myself|ordered) (?:a|an|another|my)(?: new| second-hand| used| old)? ([a-z]{4,12})"
    r"(?=[.,;!]| from| at| in| for| on)"
)
_WORD = re.compile(r"\w+")


def unanswerable(memories: Sequence[Memory], *, seed: int) -> list[ExamQuestion]:
    """Every one that the notes allow; which of them are asked is for the caller."""
    texts = [f"{memory.note.title}\n{memory.note.text}" for memory in memories]
    everything = "\n".join(texts)
    found: list[ExamQuestion] = []
    languages = {memory.note.language for memory in memories}
    if "en" in languages or not languages:
        found += [_question(q, "stock", "en") for q, forbids in _STOCK if not re.search(forbids, everything, re.I)]
        found += _kin(everything, seed)
        found += _names(memories, texts)
        found += _bought(memories, everything)
    if "ko" in languages:
        found += [
            _question(q, "stock", "ko") for q, forbids in _KOREAN_STOCK if not re.search(forbids, everything, re.I)
        ]
    return found


def _kin(everything: str, seed: int) -> Iterator[ExamQuestion]:
    """A relative that no note speaks of, in any word for one."""
    spoken = {KINSHIP[word] for word in _WORD.findall(everything.lower()) if word in KINSHIP}
    spoken |= {KINSHIP[word[:-1]] for word in _WORD.findall(everything.lower()) if word[:-1] in KINSHIP}
    if re.search(r"\bsiblings?\b|\bgrand(?:parents?|children)\b|\bin-laws?\b", everything, re.I):
        spoken |= {"brother", "sister", "grandfather", "grandmother"}
    for number, kin in enumerate(_KIN):
        if kin not in spoken:
            yield _question(_KIN_ASKED[(number + seed) % len(_KIN_ASKED)].format(kin), "kin", "en")


def _names(memories: Sequence[Memory], texts: Sequence[str]) -> Iterator[ExamQuestion]:
    """Somebody of the notes, asked for an age or birthday that stands in none of the notes that name them."""
    seen: set[str] = set()
    for memory in memories:
        for name in re.findall(r"(?<![.!?:\n] )(?<!^)(?<!\n)\b([A-Z][a-z]{2,})\b", memory.note.text):
            if name in seen or name not in lx.NAMES:
                continue
            seen.add(name)
            naming = [text for text in texts if re.search(rf"\b{name}\b", text)]
            if any(_AGE.search(text) for text in naming):
                continue
            for asked in (f"How old is {name}?", f"When is {name}'s birthday?"):
                yield _question(asked, "name", "en", memory.note.id)


def _bought(memories: Sequence[Memory], everything: str) -> Iterator[ExamQuestion]:
    """A thing that was bought, asked for its price or colour, where no note that names it holds any."""
    for memory in memories:
        for thing in _BOUGHT.findall(memory.note.text):
            naming = [p for p in re.split(r"\n\s*\n|\n#", everything) if re.search(rf"\b{thing}s?\b", p)]
            if (
                memory.note.text.lower().count(thing)
                and not _PRICE.search(memory.note.text)
                and not any(map(_PRICE.search, naming))
            ):
                yield _question(f"How much did the {thing} cost you?", "price", "en", memory.note.id)
            if not _COLOUR.search(memory.note.text) and not any(map(_COLOUR.search, naming)):
                yield _question(f"What colour is the {thing} that you bought?", "colour", "en", memory.note.id)


def _question(asked: str, rule: str, language: Language, note_id: str | None = None) -> ExamQuestion:
    from kernel.exam.questions import part_of

    key = "u_" + hashlib.sha256(asked.encode()).hexdigest()[:10]
    return ExamQuestion(
        id=key,
        kind="unanswerable",
        part=part_of(note_id or key),
        q=asked,
        note_id=note_id,
        language=language,
        rule=f"no {rule}",
    )
