"""What a pronoun may mean: small judgements over spaCy's parse, without memory of what was said before."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.mentions import Gender, Mention
from kernel.l0_insight.naming import named_in

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

GENDER_OF: dict[str, Gender] = {"he": "m", "him": "m", "his": "m", "she": "f", "her": "f", "hers": "f"}
_QUOTES = {'"', "“", "”", "«", "»"}
_THEY = {"they", "them", "their"}
_IT = {"it", "its"}
_WEATHER = {"rain", "snow", "hail", "freeze", "thunder", "drizzle", "pour"}
_PLEONASTIC = {"seem", "appear", "turn", "happen", "matter", "help", "depend", "mean", "take"}


def kind_of(token: Token) -> str:
    """Which rule a token is for: ``he``, ``she``, ``they``, ``it``, ``we``, ``there``, ``this`` or none."""
    word = token.lower_
    if word in GENDER_OF:
        return "he" if GENDER_OF[word] == "m" else "she"
    if word in _THEY:
        return "they"
    if word in _IT:
        return "it"
    if word == "we":
        return "we"
    if word == "there":
        return "there"
    return "this" if word in {"this", "that", "these", "those"} and token.dep_ in {"nsubj", "nsubjpass"} else ""


def fits(mention: Mention, kind: str) -> bool:
    if kind == "they":
        return mention.plural
    if kind == "it":
        return not mention.plural and (mention.gender == "n" or mention.animal)
    return mention.animate and not mention.plural and mention.gender in {GENDER_OF[kind], "?"}


def said_by_me(doc: Doc) -> bool:
    """``I spent the week with my cousin Obinna.``: nobody but the writer is the subject."""
    root = next((t for t in doc if t.dep_ == "ROOT"), None)
    if root is None or root.pos_ not in {"VERB", "AUX"}:
        return False
    subjects = [c.lower_ for c in root.children if is_subject(c)]
    return not subjects or subjects[0] in {"i", "we", "it", "there"}


def distinct(found: Iterable[Mention]) -> list[Mention]:
    """By name, the most prominent role kept; a bare surname or first name counts as its longer form."""
    kept: dict[str, Mention] = {}
    for mention in found:
        name = mention.name.lower()
        same = next((k for k in kept if k == name or name in k.split() or k in name.split()), name)
        if same not in kept or (mention.role == "subject" and kept[same].role != "subject"):
            kept[same] = mention
    return list(kept.values())


def says_nothing(token: Token) -> bool:
    """Weather, time and anticipatory ``it``: it stands for nothing."""
    head = token.head
    if head.lemma_ in _WEATHER or head.lemma_ in _PLEONASTIC:
        return True
    if head.lemma_ != "be":
        return False
    return any(
        (c.dep_ in {"ccomp", "xcomp", "advcl", "csubj"})
        or c.ent_type_ in {"DATE", "TIME"}
        or c.lower_ in {"hot", "cold", "dark", "late"}
        for c in head.children
    )


def may_be(token: Token, kind: str) -> bool:
    """A name or ``who`` earlier in the sentence that the parse did not see as somebody."""
    if token.text in (lx.NAMES_FEMALE if kind == "he" else lx.NAMES_MALE):
        return False
    return token.text in lx.NAMES or (token.dep_ in {"nsubj", "nsubjpass"} and token.pos_ == "PROPN")


def agrees(token: Token, found: Mention) -> bool:
    """``She was Halvard's dog really`` is not said of a person, ``his name is Rémi`` not of somebody who has one."""
    if named_in(token.doc.text) and not found.animal and not set(found.name.lower().split()) & (lx.KIN | lx.PEOPLE):
        return False
    if token.dep_ not in {"nsubj"} or token.head.lemma_ != "be" or found.animal:
        return True
    attributes = [c for c in token.head.children if c.dep_ == "attr"]
    return not any(c.lemma_.lower() in lx.ANIMALS or c.pos_ == "PROPN" for c in attributes)


def is_subject(token: Token) -> bool:
    return token.dep_ in {"nsubj", "nsubjpass", "csubj", "expl"}


def possessive(text: str) -> str:
    plural = text.endswith("s") and text.split()[-1].islower()
    return f"{text}'" if plural else f"{text}'s"


def expanded(follower: Token | None) -> str:
    """``'s`` after a name would read as a possessive."""
    if follower is None or follower.text not in {"'s", "’s", "'ll", "’ll"}:
        return ""
    if follower.text[-1] == "l":
        return "will"
    following = follower.nbor() if follower.i + 1 < len(follower.doc) else None
    if following is not None and following.lower_ in {"been", "got", "had"}:
        return "has"
    return "is"


def pair_with_me(doc: Doc) -> str:
    """``Jonas and I`` as the subject of a sentence."""
    for token in doc:
        if token.text == "I" and token.i >= 2 and doc[token.i - 1].lower_ == "and":
            start = doc[token.i - 2]
            left = min((t.i for t in start.subtree if t.i <= start.i and t.pos_ != "PUNCT"), default=start.i)
            words = doc[left : start.i + 1]
            if start.pos_ == "PROPN" or start.lower_ in lx.KIN:
                text: str = words.text
                return (
                    text if start.pos_ == "PROPN" and words[0].pos_ == "PROPN" else text[:1].lower() + text[1:]
                ) + " and I"
    return ""


def quoted_tokens(doc: Doc) -> set[int]:
    """Token indexes between quotation marks: somebody's speech, whose ``I`` and ``she`` are not the note's."""
    inside: set[int] = set()
    if _QUOTES.isdisjoint(doc.text) and "''" not in doc.text and "``" not in doc.text:
        return inside
    start: int | None = None
    for token in doc:
        if token.text in {*_QUOTES, "``", "''"}:
            if start is None:
                start = token.i
            else:
                inside.update(range(start, token.i + 1))
                start = None
    if start is not None:
        inside.update(range(start, len(doc)))
    return inside
