"""Questions out of ``key: value`` lines: the owner's doctor, rent and favourites by name, other keys by their note."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l2_training.data.made import Made

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline

_FAVOURITES = re.compile(r"\bfavou?rites?\b", re.I)
_OWNERS = re.compile(
    r"\b(?:me|my|myself|health|home|house|about|facts|profile|personal|contacts?|medical|favou?rites?|reference|flat)\b",
    re.I,
)
_SOMEBODY = lx.words(
    "doctor dentist landlord landlady boss manager gp physio physiotherapist optician hairdresser vet mentor teacher "
    "tutor coach accountant lawyer plumber supervisor neighbour neighbor electrician partner husband wife"
)
_ASKED_AS = {
    "tea": "How do you like your tea?",
    "coffee": "How do you like your coffee?",
    "languages": "Which languages do you speak?",
    "born": "When were you born?",
    "nickname": "What do people call you?",
}
_NOT_ALONE = lx.words("pets cat dog glasses blood insurance car tea coffee languages born bank name")
"""A bare "What's your dog?" asks for something else."""
_AMOUNT = lx.words("rent salary pay wage deposit fee insurance mortgage pension")
_ALLERGY = lx.words("allergy allergies")
_PLAIN_KEY = re.compile(r"[A-Za-zÀ-ž' -]{2,40}")
_CLAUSE = re.compile(r"\b(?:I|we|you|he|she|they|it|is|are|was|were|who|which|that|because|me|this|here)\b", re.I)
_WORDINGS = (
    "What do your notes on {subject} say about {key}?",
    "What did you write about {key} in {subject}?",
    "In your notes on {subject}, what is there about {key}?",
)
_NO_NOUN = lx.words(
    "ate saw won lost bought left read paid sold did went got said done heard seen came up down questions note self"
)
_LONGEST = 14


def from_pair(key: str, value: str, subject: str, pipeline: Pipeline, names: frozenset[str]) -> Iterator[Made]:
    """``subject``: the heading or title that the line stands under. ``names``: words that keep their capital."""
    value = value.strip(" .")
    name = key.strip(" *_-")
    if (
        not _PLAIN_KEY.fullmatch(name)
        or not 1 <= len(value.split()) <= _LONGEST
        or "?" in value
        or re.search(r"[*_\[\]|<>{}#]|https?:", value)
    ):
        return
    foreign = next(iter(pipeline(name))).ent_type_ in {"NORP", "LANGUAGE", "GPE"}  # "Arabic lesson"
    lower = name if foreign or _keeps_capital(name, names) else name[:1].lower() + name[1:]
    last = lower.lower().split()[-1]
    first = re.split(r"[,;(]| - | – |(?<=[a-z]{4})\. ", value, maxsplit=1)[0].strip()
    if _FAVOURITES.search(subject):
        lower = name[:1].lower() + name[1:]
        if not re.search(r"\b(?:worst|least|best|most|not)\b", lower):
            yield Made(
                "favourite", f"What's your favourite {lower}?", f"My favourite {lower} is {_low(value)}.", _said(value)
            )
        return
    mine = bool(_OWNERS.search(subject)) or lower.lower().startswith("my ")
    lower = lower.removeprefix("my ").removeprefix("My ")
    if mine and last in _SOMEBODY and first[:1].isupper():
        yield Made("pair who", f"Who's your {lower}?", f"My {lower} is {value}.", f"{first}.")
    elif mine and last in _AMOUNT and re.search(r"\d", first):
        yield Made("pair how much", f"How much is your {lower}?", f"My {lower} is {value}.", f"{first}.")
    elif mine and last in _ALLERGY and not _CLAUSE.search(value):
        yield Made("pair allergy", "Are you allergic to anything?", f"Yes, I'm allergic to {_low(value)}.", "")
    elif mine and lower.lower() in _ASKED_AS:
        yield Made("pair what", _ASKED_AS[lower.lower()], _said(value))
    elif mine and last in lx.PERSONAL_KEYS - _SOMEBODY - _NOT_ALONE and not _CLAUSE.search(value):
        yield Made("pair what", f"What's your {lower}?", f"My {lower} is {_low(value)}.", _said(first))
    elif _noted(subject) and not _CLAUSE.search(name) and _is_noun(lower, pipeline):
        wording = _WORDINGS[sum(map(ord, lower)) % len(_WORDINGS)]
        yield Made("pair noted", wording.format(subject=subject, key=lower), _said(value))


def _keeps_capital(name: str, names: frozenset[str]) -> bool:
    words = name.split()
    return name.isupper() or words[0] in names or any(word[:1].isupper() for word in words[1:])


def _noted(subject: str) -> bool:
    return (
        bool(subject)
        and len(subject.split()) <= 5
        and not re.search(r"[^\w\s'’&-]", subject)
        and not _CLAUSE.search(subject)
    )


def _is_noun(key: str, pipeline: Pipeline) -> bool:
    words = list(pipeline(f"the {key}"))[1:]
    if key.lower().split()[0] in _NO_NOUN or (" " not in key and key.endswith("ed")):
        return False
    return (
        bool(words)
        and words[-1].pos_ in {"NOUN", "PROPN"}
        and all(w.pos_ in {"NOUN", "PROPN", "ADJ", "PART", "ADP"} for w in words)
    )


def _low(value: str) -> str:
    """A value as it stands within a sentence: articles and common openings in lower case."""
    first = value.split()[0]
    return (
        first.lower() + value[len(first) :]
        if first.lower() in {"the", "a", "an", "none", "my", "our", "for", "any"}
        else value
    )


def _said(value: str) -> str:
    return f"{value[:1].upper()}{value[1:]}."
