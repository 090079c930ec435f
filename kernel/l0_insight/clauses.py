"""English sentences -> assertions: who, what verb, what of whom. Dependency rules; what is unsure is left out."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.mentions import Mention
from kernel.l0_insight.pronouns import quoted_tokens
from kernel.l0_insight.resolve import Heard

if TYPE_CHECKING:
    from spacy.tokens import Token

_SAY = {
    "say",
    "tell",
    "ask",
    "think",
    "believe",
    "claim",
    "write",
    "hope",
    "wish",
    "suppose",
    "guess",
    "wonder",
    "promise",
}
_SUBJECTS = {"nsubj", "nsubjpass", "csubj", "expl"}
_CLAUSE = {"relcl", "advcl", "conj", "ccomp", "parataxis"}
_UNREAL = {"if", "unless", "whether"}
_MODAL = {"would", "could", "might", "may", "should", "shall", "ought"}


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
    modal: bool
    head: int


def assertions(heard: Heard, before: Heard | None, *, mine: bool) -> Iterator[Assertion]:
    """Every clause of a sentence that says something of somebody. ``mine``: its first person is the owner.

    ``before``: the sentence that it follows, for a subject that is not spoken ("Moved.").
    """
    yours = mine and not _about_another(before)
    quoted = quoted_tokens(heard.doc)
    for token in heard.doc:
        if token.pos_ not in {"VERB", "AUX"} or token.i in quoted or not _asserts(token):
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
            negated=any(c.dep_ == "neg" or c.lower_ in {"never", "nobody", "nothing"} for c in token.children),
            past=_is_past(token),
            perfect=token.tag_ == "VBN" and any(c.lemma_ == "have" and c.dep_ == "aux" for c in token.children),
            modal=any(c.lower_ in _MODAL for c in token.children if c.dep_ == "aux"),
            head=token.i,
        )


def _asserts(token: Token) -> bool:
    """A main clause, one joined to it, or a relative clause on a name; not a condition, question or report."""
    if token.doc[-1].text == "?" or any(c.lower_ in _UNREAL and c.dep_ == "mark" for c in token.children):
        return False
    if token.tag_ in {"VBG", "VBN"} and not any(c.dep_ in {"aux", "auxpass"} for c in token.children):
        return token.dep_ == "conj" and token.tag_ == token.head.tag_ and _asserts(token.head)
    if token.dep_ == "conj":
        own = any(c.dep_ in _SUBJECTS for c in token.children)
        linked = own or any(c.dep_ == "cc" and c.i < token.i for c in token.head.children)
        return linked and token.head.pos_ in {"VERB", "AUX"} and _asserts(token.head)
    if token.dep_ == "ROOT":
        return True
    if token.dep_ == "relcl":
        return token.head.pos_ == "PROPN" and any(c.lower_ in {"who", "which"} for c in token.children)
    if token.dep_ == "ccomp":
        own = any(c.dep_ in _SUBJECTS for c in token.children)
        return own and token.i < token.head.i and token.head.lemma_ not in _SAY and _asserts(token.head)
    return False


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
    if word in {"who", "which"} and verb.dep_ == "relcl":
        meant = _mention_at(heard, verb.head)
        return meant.name if word == "who" and meant is not None and meant.animate else ""
    if token.pos_ == "PRON":
        meant = heard.referents.get(token.i)
        return meant.name if meant is not None else ""
    if token.pos_ not in {"NOUN", "PROPN"}:
        return ""
    meant = _mention_at(heard, token)
    if meant is not None and meant.animate and meant.name[:1].isupper() and token.pos_ == "PROPN":
        return _bare_name(meant.name)
    bare = token.pos_ == "NOUN" and token.tag_ == "NN" and not any(c.i < token.i for c in token.children)
    if bare and verb.pos_ == "VERB" and token.lower_ not in lx.KIN and token.text not in lx.NAMES:
        return ""  # "eye drops at night" is no clause
    return _phrase(token, heard)


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
    first = verb.dep_ == "ROOT" and verb.i <= 1 and verb.tag_ == "VBD"
    if not first or not mine or heard.unit.section or any(c.dep_ in _SUBJECTS for c in verb.children):
        return ""
    return "owner"


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
    lemma = verb.lemma_.lower()
    particle = next((c.lower_ for c in verb.children if c.dep_ == "prt"), "")
    return f"{lemma} {particle}".strip()


def _object(verb: Token) -> str:
    """What follows the verb in its own clause."""
    skipped: set[int] = set()
    for child in verb.children:
        other_clause = child.dep_ == "cc" or (child.dep_ == "conj" and child.pos_ in {"VERB", "AUX"})
        if child.dep_ in _SUBJECTS or child.dep_ in {"aux", "auxpass", "neg", "mark"} or other_clause:
            skipped.update(t.i for t in child.subtree) if child.dep_ != "cc" else skipped.add(child.i)
        if child.dep_ == "ccomp" and child.i < verb.i:
            skipped.update(t.i for t in child.subtree)
    kept = [t for t in verb.subtree if t.i > verb.i and t.i not in skipped]
    kept = [t for t in kept if not (t.dep_ == "prt" and t.head.i == verb.i)]
    return _joined(sorted(kept, key=lambda t: t.i)).strip(" ,;:.!?—–-")


def _said(verb: Token, heard: Heard, subject: str, object_: str) -> str:
    """The clause in words; the whole resolved sentence where it has only this one."""
    verbs = [t for t in heard.doc if t.dep_ in {"ROOT", "relcl"} or (t.dep_ == "conj" and t.pos_ in {"VERB", "AUX"})]
    if len(verbs) == 1:
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
