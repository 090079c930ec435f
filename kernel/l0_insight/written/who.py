"""Whom a sentence is about: who stands before its verb, as far as closed lists and particles tell."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.written.wording import content
from kernel.memory.words import fold, term_of

OWNER = "owner"
PRONOUN = "pronoun"
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)*")
_BE = re.compile(r"\b(?:am|is|are|was|were|been|be|have|has|had)\b|['’](?:m|s|re|ve)\b")
_FIRST = {"i", "we", "i'm", "i've", "i'd", "i'll", "we're", "we've", "we'd", "we'll", OWNER}
_THIRD = lx.words("he she they it who which that this these those there you everyone somebody someone nobody")
_SOMEBODY = lx.KIN | lx.KIN_PLURAL | lx.PEOPLE | lx.ANIMALS
_DETERMINED = lx.words("a an the my our your his her its their this that these those some every each")
_PREPOSITIONS = lx.words("to in at from with of for on by about after before near into over under without like than")
_LEANS = re.compile(r"\b(?:he|she|they|it|him|her|them|his|its|their|there|this|that)\b", re.I)
_MARKED = re.compile(r"([가-힣A-Za-z]+?)(?:께서는|께서|은|는|이|가|도)(?=[\s,]|$)")
_SAYS_OWNER = re.compile(r"\b(?:owner|writer)\b|글쓴이", re.I)
_NOMINATIVE = re.compile(r"\b(?:I|[Ww]e|owner|writer)\b(?:['’]\w+)?")
_KOREAN_FIRST = re.compile(
    r"(?<![가-힣])(?:나는|나도|난|내가|저는|저도|전|제가|우리는|우리가|저희는|저희가)(?=[\s,]|$)"
)


def agent(text: str, relation: str, people: Collection[str]) -> str:
    """Who stands nearest before the verb of an English text: ``OWNER`` (*I*, *we*, or nobody: *Moved to Porto*),
    ``PRONOUN``, a name or relative in lower case; empty for another thing. ``people``: names, folded."""
    before = text[: _verb_at(text, relation)]
    words = _WORD.findall(before)
    for at in range(len(words) - 1, -1, -1):
        word = words[at].replace("’", "'")
        low = word.lower()
        if low in _FIRST:
            return OWNER
        if low.split("'")[0] in _THIRD:
            return PRONOUN
        if low.endswith(("'s", "s'")):
            continue  # the car is my brother's, but it is the car that broke
        if _after_preposition(words, at):
            continue
        known = low in _SOMEBODY or fold(word) in people or word in lx.NAMES
        if known or (at > 0 and word[0].isupper()):
            return fold(word)
    told = [word.lower() for word in words]
    return "" if _DETERMINED & set(told) or any(word not in lx.STOP for word in told) else OWNER


def _after_preposition(words: Sequence[str], at: int) -> bool:
    """``with my brother``: of whom it is said so is not the subject."""
    while at > 0 and (words[at - 1].lower() in _DETERMINED or words[at - 1][0].isupper()) and words[at - 1] != "I":
        at -= 1
    return at > 0 and words[at - 1].lower() in _PREPOSITIONS


def _verb_at(text: str, relation: str) -> int:
    wanted = {word.term for word in content(relation)}
    if wanted:
        return next((word.start for word in content(text) if word.term in wanted), len(text))
    found = _BE.search(text)
    return found.start() if found else len(text)


def says_owner(text: str) -> bool:
    """Whether it speaks of the owner by that word."""
    return bool(_SAYS_OWNER.search(text))


def keeps_owner(clause: str, source: str, people: Collection[str], *, korean: bool) -> bool:
    """Whether the owner is the subject in ``source`` of what ``clause`` has the owner be the subject of."""
    if korean:
        return says_i(source) or not (says_i(clause) or says_owner(clause))
    found = _NOMINATIVE.search(clause)
    if not found:
        return True
    words = content(clause[found.end() :])
    return bool(words) and agent(source, words[0].text, people) == OWNER


def leans(text: str, *, korean: bool) -> bool:
    """Whether what it is about may stand in a sentence before it."""
    return not _MARKED.search(text) if korean else bool(_LEANS.search(text))


def leans_after(text: str) -> bool:
    """Whether a pronoun stands in an English sentence otherwise than at its beginning."""
    return bool(_LEANS.search(text, len(text.split(" ", 1)[0])))


def says_i(text: str) -> bool:
    """Whether the first person is the subject of a Korean sentence."""
    return bool(_KOREAN_FIRST.search(text))


def is_subject_of(name: str, text: str) -> bool:
    """Whether a Korean name or noun is marked as subject or topic."""
    wanted = {word.term for word in content(name)}
    return bool(wanted) and any(term_of(fold(found[1])) in wanted for found in _MARKED.finditer(text))


def same_one(one: str, other: str) -> bool:
    """Whether two subjects name the same: *my brother Deniz* and *Deniz*."""
    first = {OWNER, "the author"}
    if one in first or other in first:
        return one in first and other in first
    return not {word.term for word in content(one)}.isdisjoint(word.term for word in content(other))
