"""Whether a clause says that something is so: not asked, supposed, wished, demanded, or told as somebody else's word."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

SUBJECTS = {"nsubj", "nsubjpass", "csubj", "expl"}
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
_UNREAL = {"if", "unless", "whether"}
_SUPPOSED = {"would", "'d", "’d", "could", "might", "may", "should", "shall", "ought", "must"}
_TO_COME = {"will", "'ll", "’ll", "wo", "would", "'d", "’d"}
_GIVEN = {"because", "although", "though"}
"""What such a clause says is so where its main clause is; ``when I was seven`` only says when."""
_HEARSAY = re.compile(
    r"^(?:according to|apparently|allegedly|supposedly|reportedly|rumou?r has it|legend has it|they say)\b"
    r"|\b(?:allegedly|supposedly|reportedly)\b|\baccording to (?!my (?:notes|diary|journal|watch|scales?)\b)",
    re.I,
)
_ASKED = re.compile(r"\?[\s\"'”’)!?.]*$")
_POINTING = {"the", "this", "that", "these", "those", "my", "our"}
_OCCASIONS = set(
    "day time year month week weekend morning evening night moment summer winter spring autumn minute hour second "
    "reason way place thing things one ones all everything anything something nothing".split()
)
"""``the day I left`` is not what was left."""
_NO_ONE = {"any", "every", "no", "each", "whatever", "whichever"}


def is_told(doc: Doc) -> bool:
    """Whether the sentence as a whole is an assertion of its writer: no question, no hearsay."""
    return not _ASKED.search(doc.text) and not _HEARSAY.search(doc.text)


def asserts(token: Token) -> bool:
    """Whether the clause of this verb is stated as so. ``is_told`` has been asked of its sentence."""
    return _stands(token) and _is_real(token)


def is_unreal(token: Token) -> bool:
    """What would, could, might, should or must be. ``couldn't`` tells what was, ``would never`` how somebody is."""
    for child in token.children:
        if child.dep_ != "aux" or child.lower_ not in _SUPPOSED:
            continue
        if _is_had(child, token):
            continue
        denied = any(c.dep_ == "neg" for c in token.children) and not _has(token, "have")
        if not (denied and child.lower_ in {"could", "would", "'d", "’d"}):
            return True
    return False


def is_to_come(token: Token) -> bool:
    """What will be, or never would."""
    return any(c.dep_ == "aux" and c.lower_ in _TO_COME and not _is_had(c, token) for c in token.children)


def gap(token: Token) -> Token | None:
    """``bike`` for ``bought`` in ``the bike I bought last year``: what a relative clause with its own subject is
    about, where that was acted on."""
    head: Token = token.head
    if token.dep_ != "relcl" or head.pos_ not in {"NOUN", "PROPN"} or head.lemma_.lower() in _OCCASIONS:
        return None
    if any(c.lower_ in _NO_ONE for c in head.children) or token.tag_ not in {"VBD", "VBP", "VBZ"}:
        return None
    full = any(c.dep_ in {"xcomp", "ccomp"} or (c.dep_ == "dobj" and c.tag_ != "WDT") for c in token.children)
    mine = any(c.dep_ == "nsubj" and c.lower_ in {"i", "we"} for c in token.children)
    asked = any(c.tag_ == "WRB" for c in token.children)
    return head if mine and not full and not asked else None


def is_pointed_at(noun: Token) -> bool:
    """``my cousin``, ``the woman``: a certain one, of whom a relative clause tells more."""
    return noun.pos_ == "PROPN" or any(c.lower_ in _POINTING and c.i < noun.i for c in noun.children)


def _stands(token: Token) -> bool:
    """Where the clause stands: a main clause, one joined to it, a reason, or what tells more of somebody."""
    own = any(c.dep_ in SUBJECTS for c in token.children)
    if token.tag_ in {"VBG", "VBN"} and not any(c.dep_ in {"aux", "auxpass"} for c in token.children):
        return token.dep_ == "conj" and token.tag_ == token.head.tag_ and asserts(token.head)
    if token.dep_ == "conj":
        linked = own or any(c.dep_ == "cc" and c.i > token.head.i for c in [*token.head.children, *token.children])
        if not linked or token.head.pos_ not in {"VERB", "AUX"} or not _stands(token.head):
            return False
        return own or _tensed(token) or _is_real(token.head)
    if token.dep_ == "ROOT":
        return True
    if token.dep_ == "relcl":
        who = any(c.dep_ in SUBJECTS and c.lower_ in {"who", "which", "that"} for c in token.children)
        return _within_facts(token) and ((who and is_pointed_at(token.head)) or gap(token) is not None)
    if token.dep_ == "advcl":
        given = any(c.dep_ == "mark" and c.lower_ in _GIVEN for c in token.children)
        return own and given and asserts(token.head)
    if token.dep_ == "ccomp":
        return own and token.i < token.head.i and token.head.lemma_ not in _SAY and asserts(token.head)
    return False


def _is_real(token: Token) -> bool:
    if is_unreal(token) or any(c.lower_ in _UNREAL and c.dep_ == "mark" for c in token.children):
        return False
    if token.dep_ == "ROOT" and token.tag_ == "VB" and not any(c.dep_ in {*SUBJECTS, "aux"} for c in token.children):
        return False  # "Call the vet"
    return not any(_is_condition(child) for child in token.children)


def _is_condition(clause: Token) -> bool:
    """``if I moved``, ``had I known``: what the main clause says hangs on it."""
    if clause.dep_ != "advcl":
        return False
    for child in clause.children:
        if child.dep_ == "mark" and child.lower_ in {"if", "unless"}:
            return not (child.i and child.nbor(-1).lower_ in {"as", "even"})
    first = min(clause.subtree, key=lambda t: t.i)
    return first.lower_ in {"had", "were", "should"} and first.dep_ in {"aux", "ROOT", "advcl"}


def _within_facts(token: Token) -> bool:
    verbs = [a for a in token.ancestors if a.pos_ in {"VERB", "AUX"}]
    return all(_is_real(v) and not any(c.dep_ == "neg" for c in v.children) for v in verbs)


def _tensed(token: Token) -> bool:
    """Whether a joined verb has a tense of its own: ``went`` has, ``move`` in ``I would sell it and move`` has not."""
    return token.tag_ in {"VBD", "VBZ"} or any(c.dep_ == "aux" for c in token.children)


def _is_had(helper: Token, verb: Token) -> bool:
    """``I'd seen it before``."""
    return helper.lower_ in {"'d", "’d"} and verb.tag_ == "VBN" and not _has(verb, "have")


def _has(token: Token, lemma: str) -> bool:
    return any(c.lemma_ == lemma and c.dep_ == "aux" for c in token.children)
