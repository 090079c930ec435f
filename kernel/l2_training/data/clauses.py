"""English clauses taken apart for asking: subject, verb group, complements, and their words put together again.

Rests on spaCy's parse; whatever does not look plain (negation, conditions, reports, loose pronouns) is left out, as a
wrong question is worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

QUOTED = re.compile(r"[\"“”«»]|(?<!\w)['‘](?=\w)")
SUBJECT = {"nsubj", "nsubjpass"}
COMPLEMENT = {"dobj", "dative", "prep", "prt", "attr", "acomp", "oprd", "npadvmod", "agent", "advmod", "xcomp"}
"""What may stand after the verb in a question or an answer."""
_LOOSE = {"relcl", "advcl", "parataxis", "appos", "acl", "conj", "cc", "punct"}
"""Parts of a phrase that are cut where a comma (or dash) sets them off."""
_CLAUSAL = {"ccomp", "pcomp", "csubj"}
_MODAL = {"would", "could", "might", "may", "should", "shall", "must", "ought", "'d", "’d"}
_DEIXIS = lx.words(
    "today yesterday tomorrow tonight now ago currently recently lately already yet again still then there here so too "
    "also this that these those such last next just finally instead else even only really quite once"
)
"""Words that mean something only where they were written: not in a question."""
_PERSON = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you", "us": "you",
    "our": "your", "ours": "yours", "ourselves": "yourselves",
}  # fmt: skip
_THIRD = lx.words("he she it they him her them his hers its their theirs one ones")
_DANGLING = re.compile(
    r"\b(?:this|that|these|those|here|there|such|the former|the latter|the other|another one)\b", re.I
)


@dataclass(frozen=True)
class Clause:
    """One plain statement. ``subject`` are its words in order; ``mine``: it is the owner."""

    verb: Token
    subject: tuple[Token, ...]
    head: Token
    """Head word of the subject."""
    mine: bool

    @property
    def doc(self) -> Doc:
        return self.verb.doc

    @property
    def auxiliaries(self) -> list[Token]:
        return [t for t in self.verb.children if t.dep_ in {"aux", "auxpass"} and t.i < self.verb.i]

    @property
    def past(self) -> bool:
        first = self.auxiliaries[0] if self.auxiliaries else self.verb
        return first.tag_ == "VBD" or first.lower_ in {"was", "were", "did", "had"}

    def parts(self) -> list[Token]:
        """Heads of the complements after the verb, in order."""
        return [t for t in self.verb.children if t.i > self.verb.i and t.dep_ in COMPLEMENT]


def clauses(doc: Doc) -> Iterator[Clause]:
    """Every plain clause of one sentence whose subject is spoken: the owner, a name, kin, or a definite thing."""
    if len(list(doc.sents)) != 1 or doc[-1].text == "?" or len(doc) > 45 or re.match(r"\d+\.? \w+\.", doc.text):
        return
    for verb in doc:
        if verb.pos_ not in {"VERB", "AUX"} or verb.dep_ not in {"ROOT", "conj"} or not _plain(verb):
            continue
        owner = next((t for t in verb.children if t.dep_ in SUBJECT and t.i < verb.i), None)
        if owner is None and verb.dep_ == "conj" and verb.tag_ in {"VBD", "VBZ", "VBP"} and verb.tag_ == verb.head.tag_:
            if not _plain(verb.head):
                continue
            owner = next((t for t in verb.head.children if t.dep_ in SUBJECT and t.i < verb.head.i), None)
        if owner is None:
            continue
        subject = tuple(phrase(owner))
        if owner.lower_ == "i" and owner.i and owner.nbor(-1).lower_ == "and":
            together = _together(owner)
            if together:
                yield Clause(verb, together, owner, mine=True)
            continue
        if not _is_subject(owner, subject):
            continue
        yield Clause(verb, subject, owner, mine=owner.lower_ in {"i", "we"} and len(subject) == 1)


def _together(me: Token) -> tuple[Token, ...]:
    """``Luc and I``, ``my brother and I`` at the start of a sentence: the parse often has only ``I`` as the subject."""
    words = tuple(me.doc[: me.i + 1])
    others = words[:-2]
    named = [t for t in others if t.text in lx.NAMES or t.lower_ in lx.KIN or t.pos_ == "PROPN"]
    rest = [t for t in others if t not in named and t.lower_ not in {"my", "our"}]
    return words if named and not rest and len(others) <= 3 else ()


def _plain(verb: Token) -> bool:
    """Finite, positive, real, and not itself a condition, a report or a question."""
    if verb.tag_ not in {"VBD", "VBZ", "VBP", "VB", "VBN", "VBG"} or (verb.dep_ == "conj" and verb.head.dep_ != "ROOT"):
        return False
    finite = verb.tag_ in {"VBD", "VBZ", "VBP"} or any(t.dep_ in {"aux", "auxpass"} for t in verb.children)
    bad = {"neg", "mark", "expl", "csubj", "intj"}
    for child in verb.children:
        if child.dep_ in bad or (child.dep_ == "aux" and child.lower_ in _MODAL) or child.tag_ in {"WRB", "WP", "WDT"}:
            return False
        if child.lower_ in {
            "never",
            "hardly",
            "barely",
            "almost",
            "nearly",
            "perhaps",
            "maybe",
            "nothing",
            "nobody",
            "neither",
            "nor",
        }:
            return False
    return finite


def _is_subject(head: Token, subject: tuple[Token, ...]) -> bool:
    if head.lower_ in {"i", "we"}:
        return len(subject) == 1
    if head.pos_ not in {"NOUN", "PROPN"} or any(
        t.lower_ in _THIRD or (t.dep_ in {"conj", "appos"} and t.pos_ == "NOUN") for t in subject
    ):
        return False
    if any(
        t.lower_ in _DEIXIS or (t.pos_ in {"VERB", "PRON"} and t.lower_ not in {"i", "my", "our"}) for t in subject
    ) or head.ent_type_ in {"DATE", "TIME", "CARDINAL", "MONEY"}:
        return False
    first = subject[0].lower_
    if any(c.isdigit() for t in subject for c in t.text):
        return False
    if any(t.pos_ == "PROPN" and t.text[:1].isupper() for t in subject) and first not in {
        "a",
        "an",
        "some",
        "no",
        "every",
        "each",
    }:
        return True
    return first in {"my", "our"} or (first == "the" and len(subject) > 2)


def named(clause: Clause) -> bool:
    """Whether the subject is somebody by name or kinship (so that one asks "who")."""
    if clause.mine:
        return False
    head = clause.head
    kin = head.lower_ in lx.KIN and clause.subject[0].lower_ in {"my", "our", head.lower_}
    if clause.subject[0].lower_ in {"my", "our", "the", "a"} and not kin:
        return head.lower_ in lx.PEOPLE or head.text in lx.NAMES
    return (
        kin
        or head.ent_type_ == "PERSON"
        or head.text in lx.NAMES
        or any(t.text in lx.NAMES for t in clause.subject[-1:])
    )


def phrase(head: Token) -> list[Token]:
    """The words of a phrase in order, without what a comma sets off at its end."""
    words = sorted(head.subtree, key=lambda t: t.i)
    cut: set[int] = set()
    for token in words:
        if token.dep_ in _LOOSE and token.dep_ not in {"punct", "cc"} and token is not head and _set_off(token, head):
            cut.update(t.i for t in token.subtree)
    kept = [t for t in words if t.i not in cut]
    while kept and (kept[-1].is_punct or kept[-1].dep_ == "cc") and kept[-1].text not in {"%", ")"}:
        kept.pop()
    while kept and kept[0].is_punct and kept[0].text not in {"(", "$", "£", "€", "#"}:
        kept.pop(0)
    return kept


def _set_off(token: Token, head: Token) -> bool:
    """A comma, dash or bracket just before it; a list of like things (``bread, milk and eggs``) is not set off."""
    left = min(t.i for t in token.subtree)
    if left == 0 or left <= head.left_edge.i:
        return False
    before = token.doc[left - 1]
    if token.dep_ == "conj" and token.pos_ in {"NOUN", "PROPN", "ADJ", "NUM"} and before.text in {",", "and"}:
        return False
    return before.text in {",", "-", "–", "—", "(", ";", ":"} or (token.dep_ == "relcl" and before.text == ",")


def asked(tokens: Iterable[Token]) -> str:
    """Words turned to the person asked: ``my brother gave me`` -> ``your brother gave you``."""
    return _join((_turned(t) for t in tokens), tokens)


def said(tokens: Iterable[Token]) -> str:
    """Words as the owner says them."""
    return _join((t.text for t in tokens), tokens)


def _turned(token: Token) -> str:
    return _PERSON.get(token.lower_, str(token.text))


def _join(words: Iterable[str], tokens: Iterable[Token]) -> str:
    """The words with the spaces that stood between them (one where something was left out)."""
    text, last = "", None
    for word, token in zip(words, list(tokens), strict=True):
        gap = "" if last is None or (last.i + 1 == token.i and not last.whitespace_) else " "
        text += gap + word
        last = token
    return re.sub(r"\s+([,.;:!?%)])", r"\1", text).strip(" ,;:–—-")


def subject_of(clause: Clause) -> str:
    """The subject as it stands within a question."""
    text = re.sub(r"^(.+) and you$", r"you and \1", asked(clause.subject))
    first = clause.subject[0]
    if first.pos_ in {"DET", "PRON"} or first.lower_ in {"my", "our", "the"}:
        return text[:1].lower() + text[1:]
    return text


def inverted(clause: Clause) -> tuple[str, str]:
    """``(auxiliary, rest of the verb group)`` of a question: ``("did", "buy")``, ``("are", "")``."""
    verb, auxiliaries = clause.verb, clause.auxiliaries
    you = clause.mine
    if auxiliaries:
        first, rest = auxiliaries[0], [t.text for t in auxiliaries[1:]]
        return _auxiliary(first, you=you), " ".join([*rest, verb.text])
    if verb.lemma_ == "be":
        return _auxiliary(verb, you=you), ""
    if verb.tag_ == "VBD":
        return "did", verb.lemma_
    plural = clause.mine or (clause.head.tag_ in {"NNS", "NNPS"} and verb.tag_ == "VBP")
    return ("do" if plural else "does"), verb.lemma_


_WHOLE = {"m": "am", "ve": "have", "re": "are", "ll": "will"}


def _auxiliary(token: Token, *, you: bool) -> str:
    word = str(token.lower_)
    if word[0] in "'’":
        word = ("is" if token.lemma_ == "be" else "has") if word[1:] == "s" else _WHOLE.get(word[1:], word)
    return {"am": "are", "is": "are", "was": "were"}.get(word, word) if you else word


def statement(clause: Clause, without: Iterable[Token] = ()) -> str:
    """The clause alone, as the owner would say it: ``My sister Liv lives in Tromsø.``"""
    skip = {t.i for head in without for t in head.subtree}
    kept = [*clause.subject]
    for child in sorted([clause.verb, *clause.verb.children], key=lambda t: t.i):
        if child.i in skip or child.dep_ in SUBJECT:
            continue
        if child is clause.verb or child.dep_ in {"aux", "auxpass"}:
            kept.append(child)
        elif child.dep_ in COMPLEMENT or child.dep_ in _CLAUSAL:
            before_verb = child.i < clause.verb.i
            idle = child.lower_ in {"then", "also", "so", "too", "just", "finally", "already", "even", "instead"}
            if not idle and (not before_verb or (child.dep_ == "advmod" and child.i > clause.subject[-1].i)):
                kept += phrase(child)
    kept.sort(key=lambda t: (t not in clause.subject, t.i))
    return ended(said(kept))


def ended(text: str) -> str:
    text = text[:1].upper() + text[1:]
    return text if text.endswith((".", "!", "?")) else text + "."


def deictic(tokens: Iterable[Token]) -> bool:
    return any(t.lower_ in _DEIXIS for t in tokens)


def gender_of(clause: Clause) -> str:
    """``f``, ``m`` or ``?`` of a subject that is somebody, ``n`` of a thing."""
    words = {t.lower_ for t in clause.subject}
    names = {t.text for t in clause.subject}
    if words & lx.KIN_FEMALE or names & lx.NAMES_FEMALE:
        return "f"
    if words & lx.KIN_MALE or names & lx.NAMES_MALE:
        return "m"
    return "?" if named(clause) else "n"


def loose(text: str, *, antecedent: str) -> bool:
    """Whether it holds a pronoun or pointing word that stands for something outside. ``antecedent``: the gender of the
    subject, whom ``his`` or ``her`` may mean; empty for the owner."""
    words = re.findall(r"[\w’']+", text.lower())
    allowed = {"f": {"her"}, "m": {"his"}, "?": {"his", "her", "their"}, "n": {"its", "their"}}.get(antecedent, set())
    return any(word in _THIRD - allowed for word in words) or bool(_DANGLING.search(text))
