"""The words that an answer must hold, from the words of the note that answer the question. Over spaCy's tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby, pairwise
from typing import TYPE_CHECKING

from kernel.exam.grade import normal_words
from kernel.exam.structs import Wanted
from kernel.l0_insight import lexicon as lx

if TYPE_CHECKING:
    from spacy.tokens import Token

EMPTY = lx.words(
    """
    thing things stuff lot lots bit way time times part kind sort piece pair couple number one ones rest half most
    some day days night week weeks month months year years hour hours minute minutes reason place idea point fact
    case end start word words bunch few name people person man woman everything something nothing deal look
    """
)
CALENDAR = lx.words(
    """
    mondays tuesdays wednesdays thursdays fridays saturdays sundays monday tuesday wednesday thursday friday
    saturday sunday mon tue wed thu fri sat sun january february march april may june july august september
    october november december
    """
)
_TITLES = lx.TITLES | lx.words("the a an my our his her their of and & de la el von van st")


def wanted(tokens: Sequence[Token], *, whole: bool = False) -> tuple[Wanted, ...]:
    """Alternatives for a noun phrase: its names if it has any, else its head with what makes it particular; empty where
    it says nothing that could be told right from wrong. ``whole``: what a preposition adds counts too ("the house in
    Grycksbo", asked for by "where")."""
    if not whole:
        tokens = _before_preposition(tokens)
    possessed = [
        t
        for t in tokens
        if t.dep_ != "poss" and t.pos_ == "NOUN" and not kin_or_trade(t) and any(c.dep_ == "poss" for c in t.children)
    ]
    names = [] if possessed else list(_names(tokens))
    if names:
        return tuple(dict.fromkeys(names))
    heads = [t for t in tokens if t.pos_ == "NOUN" and _leads(t, tokens)]
    found: list[Wanted] = []
    for head in heads:
        if head.lower_ in CALENDAR and len(heads) > 1:
            continue
        if head.lower_ in EMPTY or len(head.text) < 3:
            continue
        found.append(head.text)
    return tuple(dict.fromkeys(found)) if len(found) == len(heads) and len(heads) == 1 else ()


def _before_preposition(tokens: Sequence[Token]) -> Sequence[Token]:
    """ "a Garmin" of "a Garmin from Dubai"; what "of" adds stays."""
    for at, token in enumerate(tokens):
        if (
            at
            and token.pos_ == "ADP"
            and token.lower_ != "of"
            and any(t.pos_ in {"NOUN", "PROPN"} for t in tokens[:at])
        ):
            return tokens[:at]
    return tokens


def _leads(token: Token, tokens: Sequence[Token]) -> bool:
    """A head of the phrase: not a modifier of another noun in it; under "of" only if the head above is empty."""
    if token.dep_ in {"compound", "nmod", "npadvmod", "poss"}:
        return False
    if token.head in tokens and token.dep_ == "pobj":
        above = token.head.head
        return (
            token.head.lower_ == "of"
            and above in tokens
            and above.lower_ in EMPTY | {"cup", "glass", "bowl", "plate", "bag", "box"}
        )
    return not (token.lower_ in EMPTY and any(c.lower_ == "of" for c in token.children))


def _names(tokens: Sequence[Token]) -> Iterator[str]:
    """Each run of proper nouns; of a person also the single names."""
    for proper, group in groupby(tokens, key=lambda t: t.pos_ == "PROPN" or t.text in {"&", "'s", "’s"}):
        run = [t for t in group if not t.is_punct]
        if not proper:
            continue
        telling = [t for t in run if t.lower_ not in _TITLES | CALENDAR and len(t.text) > 1]
        marks = {"'s", "’s"}
        while telling and telling[-1].text in marks:
            telling.pop()
        if not telling:
            continue
        yield "".join(
            t.text + ("" if following.text in marks else " ") for t, following in pairwise([*telling, telling[-1]])
        ).strip()
        if any(t.ent_type_ == "PERSON" or t.text in lx.NAMES for t in run) and len(telling) > 1:
            yield from (t.text for t in (telling[0], telling[-1]) if len(t.text) > 2)


def number(tokens: Sequence[Token]) -> str:
    """The one number of these words, in digits; empty for none or several."""
    counted = [t for t in tokens if t.lower_ != "one" or t.dep_ == "nummod"]  # "the yellow one" is no number
    found = [word for word in normal_words(" ".join(t.text for t in counted)) if word[:1].isdigit()]
    return found[0] if len(found) == 1 else ""


def kin_or_trade(token: Token) -> bool:
    """Whether the noun stands for a person."""
    return token.lemma_.lower() in lx.KIN | lx.PEOPLE or token.lower_ in lx.KIN | lx.PEOPLE


def is_person(tokens: Sequence[Token]) -> bool:
    """Whether these words name somebody, by the lists of names, kin and titles; the small pipeline's guess alone is not
    trusted."""
    run = [t for t in tokens if t.pos_ == "PROPN"]
    first = tokens[0].lower_.rstrip(".")
    known = any(t.text in lx.NAMES for t in run) or (first in lx.TITLES | lx.KIN and bool(run))
    kin = any(kin_or_trade(t) for t in tokens if t.pos_ in {"NOUN", "PROPN"})
    return known or (kin and bool(run)) or (bool(run) and all(t.ent_type_ == "PERSON" for t in run) and _acts(run[-1]))


_ANYTHING_DOES = lx.words(
    "die break leak arrive fall start stop go come run move live stand sit lie hang open close cost burn grow be"
)


def _acts(token: Token) -> bool:
    """Whether its verb is one that only people do: the small pipeline takes many things for persons."""
    return token.head.pos_ != "VERB" or token.head.lemma_ not in _ANYTHING_DOES
