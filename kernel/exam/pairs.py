"""``key: value`` lines and lists of favourites -> questions. Runs in the worker child."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from kernel.exam.answers import CALENDAR, number, wanted
from kernel.exam.asking import Wording
from kernel.exam.rules import Draft
from kernel.exam.structs import Kind, Wanted
from kernel.l0_insight import lexicon as lx
from kernel.types import Memory, Statement

if TYPE_CHECKING:
    from spacy.tokens import Token

_FAVOURITES = re.compile(r"\bfavou?rites?\b", re.I)
_PERSON = lx.words(
    """
    doctor dentist landlord landlady boss manager gp physio physiotherapist optician hairdresser vet employer
    mentor teacher tutor coach accountant lawyer plumber neighbour neighbor supervisor agent instructor
    """
)
_AMOUNT = re.compile(r"\b(?:rent|price|pay|wages?|salary|cost|fee|deposit|budget|insurance|loan|mortgage)\b", re.I)
_WHEN = re.compile(r"\b(?:deadline|birthday|when|date|due|opening time|start|starts|moving day|born)\b", re.I)
_OWN = lx.words(
    """
    occupation job profession height weight bike car instrument hobby school address pet nationality allergy
    allergies nickname
    """
)
_MEASURED = lx.words("height weight")
_SENTENCE = re.compile(r"\b(?:I|we|my|you|is|are|was|have|has|had|going|am)\b")
_NO_KEY = re.compile(
    r"[^\w\s'-]|\d|^(?:note|also|ps|p\.s|pros?|cons?|yes|no|done|to do|todo|the \w+ one|reminder|where|why|who|what)\b",
    re.I,
)


def pair_drafts(statement: Statement, memory: Memory, words: str) -> Iterator[Draft]:
    """Questions for one ``key: value`` line; nothing for any other statement."""
    key, colon, value = words.partition(":")
    key = key.strip(" *_-")
    if not colon or statement.relation not in {key.lower(), key.lower().removeprefix("my ")} or len(key.split()) > 4:
        return
    tokens = _first_part(value)
    if not tokens or _NO_KEY.search(key) or any(t.pos_ in {"VERB", "AUX"} or t.text == "+" for t in tokens):
        return
    about = statement.subject
    named = " " in key and all(word[:1].isupper() for word in key.split())
    lower = key[:1].lower() + key[1:] if (key[1:2].islower() or " " in key) and not named else key
    if _FAVOURITES.search(about) or _FAVOURITES.search(memory.note.title):
        if not re.search(r"\b(?:worst|least|best|most)\b", lower):
            yield from _made(f"your favourite {lower}", f"my favourite {lower}", "what", wanted(tokens), 1.0, "opinion")
        return
    last = lower.lower().split()[-1]
    mine = about == "owner"
    if last in _PERSON and any(t.pos_ == "PROPN" for t in tokens):
        yield from _made(f"your {lower}", f"my {lower}", "who", wanted(tokens), 1.0)
    elif mine and _AMOUNT.search(lower) and number(tokens):
        yield from _made(f"your {lower}", f"my {lower}", "how much", (number(tokens),), 0.9)
    elif _WHEN.search(lower) and (date := _date(tokens)) and not lower.startswith("when"):
        owned = "your" if mine else "the"
        yield from _made(f"{owned} {lower}", f"{'my' if mine else 'the'} {lower}", "when", (date,), 0.9, "time")
    elif mine and last in _OWN:
        if last in {"allergy", "allergies"}:
            to = (
                "what are you allergic to",
                "what am I allergic to",
                "what you are allergic to",
                "what I am allergic to",
            )
            yield Draft(Wording(*to), wanted(tokens), "fact", "allergy", 1.0)
        elif last in _MEASURED or not any(t.like_num for t in tokens) or last == "address":
            yield from _made(f"your {lower}", f"my {lower}", "what", _value(tokens), 0.9)
    else:
        yield from _listed(lower, about if about not in {"owner", key} else memory.note.title, tokens)


def _listed(key: str, title: str, tokens: Sequence[Token]) -> Iterator[Draft]:
    """Any other pair: "What have you got down for butter under Suppliers?"."""
    answer = _value(tokens)
    title = title.split(",")[0]
    title = title.capitalize() if title.isupper() else title
    if (
        not answer
        or not title
        or len(title.split()) > 4
        or re.search(r"[^\w\s'-]", title)
        or key.lower() in title.lower()
    ):
        return
    if key.lower().split()[0] in CALENDAR or _SENTENCE.search(title) or not _is_noun(key):
        return
    forms = ("have you", "have I", "you have", "I have")
    yield Draft(
        Wording(*(f"what {form} got down for {key} under {title}" for form in forms)), answer, "fact", "listed", 0.5
    )


def _made(
    you: str, mine: str, word: str, answer: tuple[Wanted, ...], worth: float, kind: Kind = "fact"
) -> Iterator[Draft]:
    if answer:
        wording = Wording(f"{word} is {you}", f"{word} is {mine}", f"{word} {you} is", f"{word} {mine} is")
        yield Draft(wording, answer, kind, f"pair {word}", worth)


def _first_part(value: str) -> list[Token]:
    """The value up to its first comma, bracket or full stop, parsed."""
    from kernel.l0_insight.english import load

    first = re.split(r"[,;(]|\.(?:\s|$)|\s[-–—]\s", value.strip(), maxsplit=1)[0].strip()
    return list(load()(first)) if first and len(first.split()) <= 8 else []


def _is_noun(key: str) -> bool:
    """Whether the key names a thing: not "bought", "she likes"."""
    from kernel.l0_insight.english import load

    words = list(load()(f"the {key}"))[1:]
    return (
        bool(words)
        and words[-1].pos_ in {"NOUN", "PROPN"}
        and all(w.pos_ in {"NOUN", "PROPN", "ADJ", "CCONJ", "ADP", "PART"} for w in words)
    )


def _value(tokens: Sequence[Token]) -> tuple[Wanted, ...]:
    if number(tokens) and not any(t.pos_ == "PROPN" for t in tokens):
        return (number(tokens),)
    return wanted(tokens)


def _date(tokens: Sequence[Token]) -> Wanted | None:
    """Day and month (and year) of a value, or its time of day."""
    texts = [t.lower_.rstrip(".") for t in tokens]
    months = lx.words("jan feb mar apr may jun jul aug sep oct nov dec")
    month = next((t for t in texts if t[:3] in months and t.isalpha() and (len(t) == 3 or t in _LONG_MONTHS)), "")
    day = next((t for t in texts if re.fullmatch(r"\d{1,2}(?:st|nd|rd|th)?", t)), "")
    if month and day:
        return (re.sub(r"\D", "", day), month)
    return None


_LONG_MONTHS = lx.words("january february march april may june july august september october november december")
