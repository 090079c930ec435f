"""Does a written sentence say only what its source says? Its words, their order, and what it denies or leaves open, are
held against it.

Stricter than a paraphrase needs: what a sound rewording loses here falls back to the note's own words, while a false one
that passed would be believed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from kernel.l0_insight.lexicon import STOP
from kernel.memory.dates import find_dates
from kernel.memory.language import is_hangul
from kernel.memory.words import fold, term_of

_WORD = re.compile(r"\d+(?:[.,:]\d+)*|[^\W\d_]+(?:['’][^\W\d_]+)*")
_ENDING = re.compile(r"['’](?:s|m|re|ve|ll|d|t)?$", re.I)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_FREE = STOP | {"owner", "author", "writer"}
_KOREAN_FREE = frozenset(
    "나 나는 나도 내 내가 나의 나를 저 저는 제 제가 저의 저를 우리 우리는 그 그는 그녀는 이 것 수".split()
)
_CLAUSE = re.compile(
    r"[;:.!?]\s|,\s|\s[–—-]\s|\s(?=(?:and|but|or|because|although|though|while|so|yet|except)\s)|(?<=[고만데며])\s"
)
_DENIED = re.compile(
    r"n['’]t\b|\b(?:not|never|no|nobody|nothing|none|neither|nor|without|cannot|hardly|barely|stopped|quit|refused?)\b"
    r"|(?<!\S)(?:안|못)\s|않|없|아니|지 ?(?:못|마|말)",
    re.I,
)
_VERB_DENIED = re.compile(
    r"n['’]t\b|\b(?:not|never|cannot|no longer)\b|(?<!\S)(?:안|못)\s|지 ?(?:않|못|마|말)|아니", re.I
)
_OPEN = re.compile(
    r"\b(?:might|may|could|would|should|must|want|wants|wanted|hope|hopes|hoped|wish|plan|plans|planned|planning|if|unless"
    r"|used to|almost|nearly|think|thinks|thought|maybe|perhaps|probably|supposed|trying|try|tried|dreamt|dreamed|about to"
    r"|had to|have to|need to|going to|will|['’]ll|['’]d)\b"
    r"|싶|려고|려 ?한|다면|으면|뻔|지도 모|것 같|예정|계획|예전|해야"
)


@dataclass(frozen=True)
class Word:
    """A word that carries content, folded. ``exact``: a name or number, for which no other form will do."""

    text: str
    written: str
    term: str
    exact: bool
    start: int


def content(text: str) -> list[Word]:
    """Names, numbers and content words in the order of the text, function words left out."""
    found: list[Word] = []
    for match in _WORD.finditer(text):
        word = _ENDING.sub("", match.group())
        folded = fold(_THOUSANDS.sub("", word))
        if not folded or folded in _FREE or folded in _KOREAN_FREE or match.group().lower() in _FREE:
            continue
        before = text[: match.start()].rstrip(" \"'“‘(")
        begins = not before or before[-1] in ".!?:"
        exact = word[0].isdigit() or (word[0].isupper() and not begins)
        found.append(Word(folded, word, term_of(folded), exact, match.start()))
    return found


def missing(claimed: str, sources: Iterable[str]) -> list[Word]:
    """The words of ``claimed`` that none of the sources holds: names as they are, numbers in digits or words, others in
    any form."""
    held = [word for source in sources for word in content(source)]
    texts, terms = {word.text for word in held}, {word.term for word in held}
    return [
        word
        for word in content(claimed)
        if word.text not in texts
        and (word.term not in terms or (word.exact and word.text[0].isascii() and word.text[0].isalpha()))
    ]


def in_order(claimed: str, source: str) -> bool:
    """Whether the words that both hold come in one order: *Deniz helped me* is not *I helped Deniz*. Dates may move."""
    wanted = [word.term for word in content(_undated(claimed))]
    given = [word.term for word in content(source)]
    held = set(given)
    rest = iter(given)
    return all(term in rest for term in wanted if term in held)


def _undated(text: str) -> str:
    parts, at = [], 0
    for date in find_dates(text):
        parts.append(text[at : date.start])
        at = date.end
    return " ".join([*parts, text[at:]])


def side_by_side(found: Sequence[Word], source: str) -> bool:
    """Whether the source has these words next to each other, as those of one name or noun phrase are."""
    terms = {word.term for word in found}
    places = [place for place, word in enumerate(content(source)) if word.term in terms]
    return any(
        len({*places[at : at + len(terms)]}) == len(terms) and places[at + len(terms) - 1] - places[at] < len(terms)
        for at in range(len(places) - len(terms) + 1)
    )


def as_sure(claimed: str, sources: Sequence[str]) -> bool:
    """Whether ``claimed`` denies, and leaves open (*might*, *want to*, *used to*), where its source does and only there:
    each of its clauses is held against the clause of the sources that shares most of its words."""
    given = [clause for source in sources for clause in clauses(source)]
    return all(_alike(clause, given) for clause in clauses(claimed))


def _alike(clause: str, given: Sequence[str]) -> bool:
    wanted = {word.term for word in content(clause)}
    shared = [len(wanted & {word.term for word in content(one)}) for one in given]
    most = max(shared, default=0)
    if not most:
        return not denies(clause)
    same = [one for one, count in zip(given, shared, strict=True) if count == most]
    return all(denies(one) == denies(clause) and _left_open(one) == _left_open(clause) for one in same)


def clauses(text: str) -> list[str]:
    """Roughly: cut at punctuation and conjunctions."""
    return [part for part in _CLAUSE.split(f"{text} ") if part.strip()]


def denies(text: str) -> bool:
    return bool(_DENIED.search(text))


def _left_open(text: str) -> bool:
    return bool(_OPEN.search(text))


def verb_denied(text: str) -> bool:
    """Whether it is the verb that is denied (``Statement.negated``), not a thing that is absent."""
    return bool(_VERB_DENIED.search(text))


def says_verb(relation: str, source: str) -> bool:
    """Whether a relation (a lemma, a key, a Korean dictionary form) stands in the source in some form. Function words
    (``be``, ``have``) need not."""
    held = content(source)
    terms = {word.term for word in held}
    return all(word.term in terms or _korean_form(word.text, held) for word in content(relation))


def _korean_form(verb: str, held: Sequence[Word]) -> bool:
    """``마시다`` in ``마신다``: what is left of the dictionary form begins the word, letter by letter."""
    root = verb.removesuffix("다") if is_hangul(verb[0]) else ""
    root = root.removesuffix("하") or root
    letters = unicodedata.normalize("NFD", root)
    return len(letters) > 1 and any(unicodedata.normalize("NFD", word.text).startswith(letters) for word in held)


def verb_first(relation: str, object_: str, source: str) -> bool:
    """Whether an English object begins after its verb, where both stand in the source. A noun is no verb of itself."""
    verb, thing = content(relation), content(object_)
    places = [word.term for word in content(source)]
    if not verb or not thing or verb[0].term not in places or thing[0].term not in places:
        return True
    after = places[places.index(verb[0].term) + 1 :]
    return thing[0].term in after


def as_written(claimed: str, source: str) -> str | None:
    """``claimed`` with each content word in the form that the source has it in; ``None`` where the source lacks one."""
    held = content(source)
    forms = {word.term: word.written for word in held}
    written = {word.written.lower() for word in held}
    out, at = [], 0
    for word in content(claimed):
        if word.written.lower() in written:
            continue
        if (form := forms.get(word.term)) is None:
            return None
        out += [claimed[at : word.start], form]
        at = word.start + len(word.written)
    return "".join([*out, claimed[at:]])
