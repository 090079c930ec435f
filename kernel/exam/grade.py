"""Grading by stated rules; no model judges.

A fact, opinion or time question is right when the answer holds one of the question's alternatives and none of its
forbidden words.

* Case, accents, the kind of apostrophe, a possessive ``'s`` and a plural ``s`` make no difference.
* English words are compared as whole words, a phrase as words in a row (``art`` is not in ``start``). Hangul is
  compared as a run of letters, since particles are written onto the word.
* Numbers are compared as whole numbers, digits and words alike: ``1,180`` = ``1 180`` = ``one thousand one hundred and
  eighty``; ``90`` is neither ``91`` nor ``190``, and ``ninety-one`` does not hold ``ninety``.
* An alternative that is a list must be held as a whole.
* Words that stand in the question do not count: an alternative that the question itself holds can make nothing right.
* An answer that only says it does not know is wrong, for a question that the notes answer.

An unanswerable question is right only if the answer says that it does not know; a quoted sentence never does.

A ``chat`` or ``write`` prompt is right when the answer is there, does not refuse, has the voice (see ``voice``), does
not repeat itself, and holds no name or number that neither the prompt nor the owner's name gives.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from kernel.answer.check import NUMBER_WORDS, names, numbers, refuses, sentences
from kernel.exam.structs import ExamQuestion, Wanted
from kernel.memory.language import is_hangul
from kernel.types import Source

RUN = 8
"""Words in a row of the evidence that make an answer a copy."""
_SPACED = re.compile(r"(?<![\d.,])(\d{1,3})((?:[,\u00a0\u202f ’']\d{3})+)(?![\d])")
_NUMBER = re.compile(r"\d+(?:[.:]\d+)*")
_WORD = re.compile(r"\d+(?:[.:]\d+)*|[^\W\d_]+(?:['’-][^\W\d_]+)*")
_ORDINAL_WORDS = """first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth
fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth"""
_ORDINALS = {word: number for number, word in enumerate(_ORDINAL_WORDS.split(), 1)} | {"thirtieth": 30}
_SCALES = {"hundred": 100, "thousand": 1000, "million": 1_000_000}
_VALUES = {word: int(value) for word, value in NUMBER_WORDS.items()}
_ASSISTANT = re.compile(
    r"\bas an? (?:AI|artificial|language model|assistant|virtual)\b"
    r"|\b(?:I am|I'm) an? (?:AI|artificial|language model|virtual|helpful|chatbot|computer|digital)\b"
    r"|\blanguage model\b|\bsmollm\b|\bhugging face\b|\bhow (?:can|may) I (?:help|assist) you\b"
    r"|\bhappy to (?:help|assist)\b|\bAI (?:assistant|model)\b|\bmy training data\b",
    re.I,
)
_CANNOT = re.compile(
    r"\b(?:I'm|I am) (?:sorry,? but I )?(?:not able|unable) to\b|\bI (?:can't|cannot|can not|couldn't|won't) "
    r"(?:help|assist|write|provide|do that|fulfil|answer|create|generate|rewrite|make (?:this|it|that))\b",
    re.I,
)
_PERSONAL = re.compile(r"\b(?:i|i'm|i've|i'd|i'll|me|my|mine|we|we're|our|us|you|you're|your|let's)\b", re.I)
_PLACEHOLDER = re.compile(r"\[[^\]]*\b(?:your|my|sender'?s?)\b[^\]]*\]", re.I)
_LECTURE = re.compile(
    r"^\s*(?:you (?:should|could|can|may|might) (?:write|say|start|begin|use|send)\b|to write\b|when writing\b"
    r"|it(?:'s| is) important\b)",
    re.I,
)
_LETTER_WORDS = """Dear Hi Hello Hey Subject Best Regards Kind Warm Warmly Sincerely Yours Thanks Thank Cheers Love
Happy Birthday Congratulations Sir Madam Mr Mrs Ms Dr Grandpa Grandfather Grandad Granddad Grandma
Grandmother Mum Mom Dad Neighbour Neighbor Colleague Friend Team Meeting Notes Request All
Everyone Autumn Fall God Good Morning Evening Night Sleep PS TV"""


# --- facts ------------------------------------------------------------------------------------------------------------


def right(question: ExamQuestion, text: str, *, source: Source = "model", owner: str = "") -> bool:
    """Whether ``text`` is a right answer by the rules above."""
    if question.kind in ("chat", "write"):
        return talks(question, text, owner)
    if question.abstain:
        return source != "quote" and refuses(text)
    words = normal_words(text)
    if any(_holds(words, text, one) for one in question.forbidden):
        return False
    return holds_answer(question, text)


def holds_answer(question: ExamQuestion, text: str) -> bool:
    """Whether ``text`` (an answer or a citation) holds one of the alternatives, the question's own words left out."""
    asked, words = normal_words(question.q), normal_words(text)
    counting = [one for one in question.any if not _holds(asked, question.q, one)]
    return any(_holds(words, text, one) for one in counting)


def refused(question: ExamQuestion, text: str, *, source: Source = "model") -> bool:
    """Whether the answer says that it does not know, and says nothing right beside it."""
    if question.kind in ("chat", "write"):
        return _turns_down(text)
    return source == "none" or (
        source != "quote" and refuses(text) and not (question.any and holds_answer(question, text))
    )


def _holds(words: list[str], text: str, wanted: Wanted) -> bool:
    if isinstance(wanted, tuple):
        return all(_holds(words, text, one) for one in wanted)
    if any(map(is_hangul, wanted)):
        return _bare(wanted) in _bare(text) or _in_row(normal_words(wanted), words)
    return _in_row(normal_words(wanted), words)


def _in_row(wanted: list[str], words: list[str]) -> bool:
    if not wanted:
        return False
    return any(words[at : at + len(wanted)] == wanted for at in range(len(words) - len(wanted) + 1))


def _bare(text: str) -> str:
    return re.sub(r"[\s\W_]+", "", fold(text))


def fold(text: str) -> str:
    """Lower case, one kind of apostrophe, no accents on Latin letters; Hangul left whole."""
    parts = unicodedata.normalize("NFD", text.replace("’", "'").casefold())
    kept = "".join(c for c in parts if not unicodedata.combining(c) or "ᄀ" <= c <= "ᇿ")
    return unicodedata.normalize("NFC", kept)


def normal_words(text: str) -> list[str]:
    """The words as they are compared: folded, plural and possessive off, every number as digits and one word."""
    joined = _SPACED.sub(lambda m: m[1] + re.sub(r"\D", "", m[2]), text)
    return list(_with_numbers([_singular(word) for word in _split(fold(joined))]))


def _split(text: str) -> Iterator[str]:
    text = re.sub(r"(?<=\d)(?:st|nd|rd|th)\b", "", text)
    for match in _WORD.finditer(text):
        word = match.group()
        parts = word.split("-")
        if len(parts) > 1 and (all(_value(part) is not None or part in _SCALES for part in parts)):
            yield from parts
        elif word[0].isdigit():
            yield _plain_number(word)
        else:
            yield from parts


def _plain_number(word: str) -> str:
    if re.fullmatch(r"\d+\.0+", word):
        return str(int(word.split(".")[0]))
    return word.lstrip("0") or "0" if word.isdigit() else word


def _singular(word: str) -> str:
    if word.endswith("'s"):
        word = word[:-2]
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is")) and word.isalpha():
        return word[:-1]
    return word


def _value(word: str) -> int | None:
    """The value of a number word or ordinal."""
    return _VALUES.get(word, _ORDINALS.get(word))


def _with_numbers(words: list[str]) -> Iterator[str]:
    """Runs of number words as one number in digits ("two thousand one hundred" -> 2100)."""
    at = 0
    while at < len(words):
        length, value = _number_at(words, at)
        if length:
            yield str(value)
            at += length
        else:
            yield words[at]
            at += 1


def _number_at(words: list[str], at: int) -> tuple[int, int]:
    """How many words from ``at`` on are one number, and its value; ``(0, 0)`` for none."""
    total, group, used = 0, 0, 0
    last: str = ""
    while at + used < len(words):
        word = words[at + used]
        value = _value(word)
        if not used and word in ("first", "second"):
            break  # mostly no number: "at first", "a second later"
        if value is not None and _fits(last, group, value):
            group += value
            last = "tens" if value >= 20 else "unit"
        elif word in _SCALES and (last or (used == 0 and at and words[at - 1] == "a")):
            scale = _SCALES[word]
            if scale == 100:
                group = max(group, 1) * 100
            else:
                total, group = total + max(group, 1) * scale, 0
            last = "scale"
        elif (
            word == "and"
            and last == "scale"
            and at + used + 1 < len(words)
            and _value(words[at + used + 1]) is not None
        ):
            last = "and"
        else:
            break
        used += 1
    return used, total + group


def _fits(last: str, group: int, value: int) -> bool:
    """Whether ``value`` goes on the number begun: "twenty" + "one", not "two" + "three"."""
    if not last or last in ("scale", "and"):
        return True
    return last == "tens" and value < 10 and group % 10 == 0


# --- own words --------------------------------------------------------------------------------------------------------


def is_own_words(answer: str, evidence: Iterable[str]) -> bool:
    """Whether no run of eight words of any evidence stands in the answer."""
    said = _plain_words(answer)
    runs = {tuple(said[at : at + RUN]) for at in range(len(said) - RUN + 1)}
    if not runs:
        return True
    for text in evidence:
        words = _plain_words(text)
        if any(tuple(words[at : at + RUN]) in runs for at in range(len(words) - RUN + 1)):
            return False
    return True


def _plain_words(text: str) -> list[str]:
    return [match.group() for match in _WORD.finditer(fold(text))]


# --- talk -------------------------------------------------------------------------------------------------------------


def talks(question: ExamQuestion, text: str, owner: str) -> bool:
    """Whether a ``chat`` or ``write`` answer may stand: what was asked, in the owner's voice, inventing nothing."""
    if not text.strip() or _turns_down(text) or _repeats(text):
        return False
    if question.kind == "chat" and refuses(text):
        return False
    return voice(question, text) and not invented(question, text, owner)


def voice(question: ExamQuestion, text: str) -> bool:
    """A person's, not an assistant's. Chat: first or second person, or only a few words. Writing: the text that was
    asked for, not advice on it, no blanks for the writer's own name, and not the prompt over again."""
    said = text.replace("\u2019", "'")
    if _ASSISTANT.search(said) or _PLACEHOLDER.search(said):
        return False
    if question.kind == "chat":
        return bool(_PERSONAL.search(said)) or len(said.split()) <= 12
    asked = normal_words(question.q)
    return not _LECTURE.search(said) and normal_words(said) != asked and not _in_row(asked, normal_words(said))


def invented(question: ExamQuestion, text: str, owner: str) -> set[str]:
    """Names and numbers that neither the prompt nor the owner's name gives; the words of letters are nobody's name, and
    a capital at the start of a sentence or line makes none."""
    given = f"{question.q} {owner} {_LETTER_WORDS}"
    known = set(_plain_words(given)) | {word.removesuffix("'s") for word in _plain_words(given)}
    starts = {words[0] for line in text.splitlines() for part in sentences(line) if (words := _plain_words(part))}
    return {name for name in names(text) if fold(name) not in known | starts} | (numbers(text) - numbers(given))


def _turns_down(text: str) -> bool:
    return bool(_CANNOT.search(text.replace("\u2019", "'")))


def _repeats(text: str) -> bool:
    """The same sentence three times over: a small model in a loop."""
    parts = [" ".join(_plain_words(part)) for part in sentences(text)]
    return any(parts.count(part) >= 3 for part in set(parts) if part)
