"""Words as they are compared: stop words out, inflection off, kinship and numbers in one form. English and Korean.

The same function makes the terms of the word index, of the question and of the overlap features, so that what one
signal finds another can explain.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator

from kernel.memory.language import is_hangul
from kernel.memory.vocabulary import VOCABULARY

_TOKEN = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")

STOP, _KOREAN_STOP = VOCABULARY.stop, VOCABULARY.korean_stop
_PARTICLES = tuple(sorted(VOCABULARY.korean_particles, key=len, reverse=True))
_VERB_ENDS = re.compile(
    r"(?:했|하였|한|하는|할|해|합니|하신|하셨)(?:다|어|었어|어요|나|니|지|습니다|을까|던|는데)?$|(?:하다|하고|해서|하기|했던|했었다|했다고)$"
)

KINSHIP: dict[str, str] = {word: kin for kin, words in VOCABULARY.kin.items() for word in words}
"""Every word for a relative -> its canonical English one."""
KIN = frozenset(VOCABULARY.kin)


def fold(text: str) -> str:
    """Lower case without accents on Latin letters; Hangul left whole."""
    decomposed = unicodedata.normalize("NFD", text.casefold())
    return unicodedata.normalize(
        "NFC", "".join(c for c in decomposed if not unicodedata.combining(c) or "가" <= c <= "힣")
    )


def _strip(word: str) -> str:
    """Plural, ``-ing``, ``-ed`` and ``-ly`` off, then a final ``e`` (so that ``baking`` and ``bake`` meet) unless a ``v``
    is before it: ``living`` is ``live``, and the name Liv is not."""
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
    if word.endswith("v"):
        return word + "e"
    return word[:-1] if word.endswith("e") and len(word) > 3 and word[-2] != "v" else word


_IRREGULAR = {form: _strip(base) for base, forms in VOCABULARY.base_forms.items() for form in forms}


def stem(word: str) -> str:
    """A light stem of a lower-case English word; relatives and irregular forms by table."""
    singular = word[:-1] if word.endswith("s") and len(word) > 3 else word
    return (
        KINSHIP.get(word) or _IRREGULAR.get(word) or KINSHIP.get(singular) or _IRREGULAR.get(singular) or _strip(word)
    )


def _fields() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for family in VOCABULARY.fields:
        members = frozenset(map(stem, family))
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
    return VOCABULARY.numbers.get(word) or stem(word)


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
    """Pairs of neighbouring syllables of each Korean word: ``부산에`` -> ``부산 산에``; a lone syllable is itself."""
    found: list[str] = []
    for word in re.findall(r"[가-힣]+", text):
        found.extend([word] if len(word) == 1 else [word[n : n + 2] for n in range(len(word) - 1)])
    return found
