"""English sentences -> assertions: who, what verb, what of whom. Dependency rules; what is unsure is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.factual import SUBJECTS, asserts, gap, is_pointed_at, is_to_come, is_told
from kernel.l0_insight.mentions import Mention
from kernel.l0_insight.pronouns import quoted_tokens
from kernel.l0_insight.resolve import Heard

if TYPE_CHECKING:
    from spacy.tokens import Token

_LEMMAS = {"hat": "hate"}
"""Where the pipeline takes off too much (``hates``)."""
_DENYING = {"never", "nobody", "nothing", "hardly", "scarcely"}


@dataclass(frozen=True)
class Assertion:
    """One clause. ``subject`` is ``owner``, a name, a noun phrase, or empty where it is not known who is meant."""

    subject: str
    relation: str
    object: str
    text: str
    negated: bool
    past: bool
    perfect: bool
    planned: bool
    """What will be, or would never."""
    head: int


def assertions(heard: Heard, before: Heard | None, *, mine: bool) -> Iterator[Assertion]:
    """Every clause of a sentence that says something of somebody. ``mine``: its first person is the owner.

    ``before``: the sentence that it follows, for a subject that is not spoken ("Moved.").
    """
    if not is_told(heard.doc):
        return
    yours = mine and not _about_another(before)
    quoted = quoted_tokens(heard.doc)
    for token in heard.doc:
        if token.pos_ not in {"VERB", "AUX"} or token.i in quoted or not asserts(token):
            continue
        subject = _subject(token, heard, mine=mine, unspoken=yours)
        object_ = _object(token)
        if not subject or (not object_ and token.pos_ == "AUX") or object_.count("(") != object_.count(")"):
            continue
        yield Assertion(
            subject=subject,
            relation=_relation(token),
            object=object_,
            text=_said(token, heard, subject, object_),
            negated=_is_denied(token),
            past=_is_past(token),
            perfect=token.tag_ == "VBN"
            and any(c.dep_ == "aux" and (c.lemma_ == "have" or c.lower_ in {"'d", "’d"}) for c in token.children),
            planned=is_to_come(token),
            head=token.i,
        )


def _is_denied(verb: Token) -> bool:
    """Also by ``no longer``, by ``neither … nor``, and by the verb before ``or``: ``I don't drink or smoke``."""
    if any(c.dep_ == "neg" or c.lower_ in _DENYING for c in verb.children):
        return True
    for child in verb.children:
        if child.dep_ == "advmod" and child.lower_ == "longer" and any(c.lower_ == "no" for c in child.children):
            return True
        if child.dep_ in SUBJECTS and any(t.lower_ == "neither" for t in child.subtree):
            return True
    joined = verb.dep_ == "conj" and any(c.lower_ in {"or", "nor"} for c in (*verb.head.children, *verb.children))
    bare = not any(c.dep_ in SUBJECTS or c.dep_ == "aux" for c in verb.children)
    return joined and bare and _is_denied(verb.head)


def _subject_token(verb: Token) -> Token | None:
    own = next((c for c in verb.children if c.dep_ in {"nsubj", "nsubjpass"}), None)
    if own is None and verb.dep_ == "conj":
        return _subject_token(verb.head)
    return own


def _about_another(before: Heard | None) -> bool:
    """Whether the sentence before has a third person as its subject: a bare ``Wanted a cake`` may be theirs."""
    return before is not None and any(m.role == "subject" and m.animate and not m.plural for m in before.mentions)


def _subject(verb: Token, heard: Heard, *, mine: bool, unspoken: bool) -> str:
    token = _subject_token(verb)
    if token is None:
        return _unspoken(verb, heard, mine=unspoken)
    word = token.lower_
    if word in {"i", "we"} or any(c.text == "I" and c.dep_ == "conj" for c in token.children):
        return "owner" if mine else "the author"
    if token.tag_ in {"WP", "WDT"} or (word == "that" and verb.dep_ == "relcl"):
        return _of_relative(verb.head, heard) if verb.dep_ == "relcl" and word in {"who", "which", "that"} else ""
    if token.pos_ == "PRON":
        meant = heard.referents.get(token.i)
        return meant.name if meant is not None else ""
    if token.pos_ not in {"NOUN", "PROPN"}:
        return ""
    joined = [c for c in token.children if c.dep_ == "conj" and c.pos_ in {"NOUN", "PROPN"}]
    named = _name_of(token, heard)
    if joined and any(c.dep_ == "cc" and c.lower_ == "and" for c in token.children):
        others = [_name_of(c, heard) or _phrase(c, heard) for c in joined]
        first = named or _phrase(token, heard)
        return " and ".join([first, *others]) if first and all(others) else ""
    if named:
        return named
    bare = token.pos_ == "NOUN" and token.tag_ == "NN" and not any(c.i < token.i for c in token.children)
    if bare and verb.pos_ == "VERB" and token.lower_ not in lx.KIN and token.text not in lx.NAMES:
        return ""  # "eye drops at night" is no clause
    return _phrase(token, heard)


def _name_of(token: Token, heard: Heard) -> str:
    """A person or animal by name, without ``my sister``."""
    meant = _mention_at(heard, token)
    if token.lower_ in lx.KIN and token.i + 1 < len(token.doc) and token.nbor().pos_ == "PROPN":
        meant = meant or _mention_at(heard, token.nbor())
    elif token.pos_ != "PROPN":
        return ""
    return _bare_name(meant.name) if meant is not None and meant.animate and meant.name[:1].isupper() else ""


def _of_relative(head: Token, heard: Heard) -> str:
    """Who ``who`` is, where it tells more of a certain one."""
    return (_name_of(head, heard) or _phrase(head, heard)) if is_pointed_at(head) else ""


def _mention_at(heard: Heard, token: Token) -> Mention | None:
    return next((m for m in heard.mentions if m.start <= token.i < m.end and not m.plural), None)


def _bare_name(name: str) -> str:
    """``Ifeoma`` of ``My sister Ifeoma``; titles stay."""
    words = name.split()
    while len(words) > 1 and (words[0].lower() in {"my", "our"} or words[0].islower()):
        words.pop(0)
    return " ".join(words)


def _unspoken(verb: Token, heard: Heard, *, mine: bool) -> str:
    if heard.subject is not None:
        return heard.subject.name
    while verb.dep_ == "conj":
        verb = verb.head
    if verb.dep_ != "ROOT" or not mine or heard.unit.section or any(c.dep_ in SUBJECTS for c in verb.children):
        return ""
    helper = next((c for c in verb.children if c.dep_ == "aux"), None)
    mine_now = helper is not None and helper.i == 0 and helper.lower_ in {"am", "have", "was"}
    return "owner" if mine_now or (verb.i <= 1 and verb.tag_ == "VBD") else ""


def _phrase(token: Token, heard: Heard) -> str:
    """The noun phrase of a subject, without its article and relative clauses; empty if it is somebody's unknown."""
    left = [t for t in token.lefts if t.dep_ in {"compound", "amod", "poss", "nummod", "nmod", "det"}]
    words = [w for t in left for w in t.subtree] + [token]
    if token.lower_ in lx.KIN and token.i + 1 < len(token.doc) and token.nbor().pos_ == "PROPN":
        words.append(token.nbor())
    words += [t for c in token.rights if c.dep_ == "prep" and c.lower_ == "of" for t in c.subtree]
    for word in words:
        if word.tag_ == "PRP$" and word.lower_ not in {"my", "our"}:
            meant = heard.referents.get(word.i)
            return f"{meant.name}'s {token.text}" if meant is not None else ""
    text = _joined(sorted(words, key=lambda t: t.i))
    return re.sub(r"^(?:the|a|an)\s+", "", text, flags=re.I)


def _relation(verb: Token) -> str:
    lemma = _LEMMAS.get(verb.lemma_.lower(), verb.lemma_.lower())
    particle = next((c.lower_ for c in verb.children if c.dep_ == "prt"), "")
    return f"{lemma} {particle}".strip()


def _object(verb: Token) -> str:
    """What follows the verb in its own clause."""
    skipped: set[int] = set()
    for child in verb.children:
        other_clause = child.dep_ == "cc" or (child.dep_ == "conj" and child.pos_ in {"VERB", "AUX"})
        if child.dep_ in SUBJECTS or child.dep_ in {"aux", "auxpass", "neg", "mark"} or other_clause:
            skipped.update(t.i for t in child.subtree) if child.dep_ != "cc" else skipped.add(child.i)
        if child.dep_ == "ccomp" and child.i < verb.i:
            skipped.update(t.i for t in child.subtree)
    kept = [t for t in verb.subtree if t.i > verb.i and t.i not in skipped]
    kept = [t for t in kept if not (t.dep_ == "prt" and t.head.i == verb.i)]
    text = _joined(sorted(kept, key=lambda t: t.i)).strip(" ,;:.!?—–-")
    about = gap(verb)
    if about is None:
        return text
    left = [t for c in about.lefts if c.dep_ in {"det", "poss", "amod", "compound", "nummod"} for t in c.subtree]
    phrase = _joined(sorted([*left, about], key=lambda t: t.i))
    stranded = any(c.dep_ == "prep" and not list(c.children) for c in verb.children)
    return f"{text} {phrase}".strip() if stranded else f"{phrase} {text}".strip()


def _said(verb: Token, heard: Heard, subject: str, object_: str) -> str:
    """The clause in words; the whole resolved sentence where it has only this one."""
    verbs = [t for t in heard.doc if t.dep_ in {"ROOT", "relcl"} or (t.dep_ == "conj" and t.pos_ in {"VERB", "AUX"})]
    if len(verbs) == 1 and verb.dep_ != "advcl":
        return heard.text
    helpers = [c for c in verb.children if c.dep_ in {"aux", "auxpass", "neg"} and c.i < verb.i]
    after = [c for c in verb.children if c.dep_ in {"neg", "prt"} and c.i > verb.i]
    shown = "I" if subject == "owner" else subject
    token = _subject_token(verb)
    if token is not None and token.lower_ == "we":
        shown = "we"
    start = shown[:1].upper() + shown[1:]
    if not helpers and verb.tag_ == "VBG" and verb.dep_ == "conj":
        helpers = [c for c in verb.head.children if c.dep_ in {"aux", "auxpass"}]
    middle = re.sub(r"^['’]s\b", "is", _joined([*helpers, verb, *after]))
    middle = middle[:1].lower() + middle[1:]
    gap = "" if middle[:1] in "'’" else " "
    return f"{start}{gap}{middle} {object_}".strip().rstrip(",;") + "."


def _is_past(verb: Token) -> bool:
    tensed = [verb, *[c for c in verb.children if c.dep_ in {"aux", "auxpass"}]]
    return any(t.tag_ == "VBD" for t in tensed)


def _joined(tokens: list[Token]) -> str:
    pieces = []
    followers: list[Token | None] = [*tokens[1:], None]
    for token, following in zip(tokens, followers, strict=False):
        adjacent = following is not None and following.i == token.i + 1
        pieces.append(token.text + (token.whitespace_ if adjacent else " "))
    text = "".join(pieces).strip()
    return re.sub(r"\s+([,.;:!?])", r"\1", text)
