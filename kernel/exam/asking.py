"""One English clause -> questions about its parts. Runs in the worker child, over spaCy's parse.

A question is put together from the clause's own words: the part asked for is taken out, a question word put in front,
and either the helping verb moved ("Where did you buy the van?") or, as an indirect question, nothing at all ("Can you
tell me where you bought the van?"). What is unsure (a pronoun that stands for somebody, a condition, a joke in
brackets) is not asked about: a question too few is better than one that cannot be understood.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kernel.l0_insight import lexicon as lx

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

Voice = Literal["you", "I"]
_YOU = {
    "i": "you", "me": "you", "my": "your", "mine": "yours", "myself": "yourself", "we": "you", "us": "you",
    "our": "your", "ours": "yours", "ourselves": "yourselves", "am": "are", "'m": "are", "’m": "are",
}  # fmt: skip
_I = {"we": "I", "us": "me", "our": "my", "ours": "mine", "ourselves": "myself"}
_FULL = {"'m": "am", "’m": "am", "'ve": "have", "’ve": "have", "'re": "are", "’re": "are", "'ll": "will", "’ll": "will"}
_OWNER = lx.words("i we")
_VAGUE = lx.words(
    """
    he she it they him her them his its their hers theirs this that these those here there you your yours one ones
    himself herself itself themselves something someone somebody anyone anything everything everyone nobody
    nothing such another both other others same which what who whom whose
    """
)
_OWN = lx.words("his her its their")
_PASSING = lx.words(
    """
    today yesterday tomorrow tonight now then here there again also just still already yet too even only really
    actually finally maybe perhaps never ever always ago later soon instead basically first back once so well up-
    to-date
    """
)
_KEPT = lx.words(
    """
    dobj attr oprd dative prt acomp agent xcomp prep pobj
    """
)
_SUBJECT = lx.words("nsubj nsubjpass")
_RELATIVES = lx.words(
    """
    wife husband daughter son brother sister mother father neighbour neighbor boss doctor partner girlfriend boyfriend
    landlord landlady cousin nephew niece uncle aunt grandmother grandfather friend twins
    """
)
_UNREAL = lx.words("would could might should may 'd ’d 's ’s to")
_HELPERS = lx.words("aux auxpass")


@dataclass(frozen=True)
class Part:
    """A constituent of the clause after the verb, in the order of the text, cut at its first comma."""

    role: str
    head: Token
    tokens: tuple[Token, ...]


@dataclass
class Clause:
    """One plain main clause."""

    doc: Doc
    verb: Token
    subject: list[Token]
    helpers: list[Token]
    parts: list[Part] = field(default_factory=list)

    @property
    def owner(self) -> bool:
        return self.subject[0].lower_ in _OWNER and len(self.subject) == 1

    @property
    def past(self) -> bool:
        return any(t.tag_ == "VBD" for t in [self.verb, *self.helpers])

    @property
    def copula(self) -> bool:
        return bool(self.verb.lemma_ == "be")

    def part(self, *roles: str) -> Part | None:
        return next((part for part in self.parts if part.role in roles), None)


def read(doc: Doc) -> Clause | None:
    """The clause of a statement, or ``None`` where it is none that can be asked about."""
    root = next((t for t in doc if t.dep_ == "ROOT"), None)
    if root is None or root.pos_ not in {"VERB", "AUX"} or doc[-1].text == "?":
        return None
    heads = [c for c in root.children if c.dep_ in _SUBJECT and c.i < root.i]
    if len(heads) != 1 or any(c.dep_ in {"expl", "csubj", "neg", "mark"} for c in root.children):
        return None
    if any(c.dep_ in {"dobj", "dative", "attr", "oprd", "acomp"} for c in root.lefts):
        return None
    whole = sorted(heads[0].subtree, key=lambda t: t.i)
    subject = _cut(whole)
    if not subject:
        return None
    if len(subject) < len(whole) and not whole[len(subject)].is_punct:
        return None  # "my favourite thing to bake" is not "my favourite thing"
    if root.doc[subject[-1].i + 1 : root.i].text.count(",") == 1:
        return None  # "Cards with Libuše, lost 40 crowns": whose doing it was is not said
    if len(subject) == 1 and subject[0].lower_ in _RELATIVES:
        return None  # "Daughter rang": short for "my daughter"
    helpers = [c for c in root.children if c.dep_ in _HELPERS and c.i < root.i]
    if any(t.lower_ in _UNREAL for t in helpers):
        return None
    if root.tag_ in {"VBG", "VBN", "VB"} and not helpers:
        return None
    clause = Clause(doc, root, subject, helpers)
    clause.parts = list(_parts(root))
    return clause


def _parts(root: Token) -> Iterator[Part]:
    for child in sorted(root.children, key=lambda t: t.i):
        if child.i < root.i or child.dep_ not in _KEPT or child.lower_ in _PASSING:
            continue
        whole = sorted(child.subtree, key=lambda t: t.i)
        tokens = _cut(whole)
        if child.dep_ == "prep" and not any(t.dep_ == "pobj" or t.tag_ == "VBG" for t in tokens):
            return  # "as if drowning": more than a phrase
        if tokens and child in tokens:
            yield Part(child.dep_, child, tuple(tokens))
        after = root.doc[tokens[-1].i + 1].text if tokens and tokens[-1].i + 1 < len(root.doc) else ""
        if len(tokens) < len(whole) or after in {",", ";", ":", "—", "–", "("}:
            return  # what follows is an aside


def _cut(tokens: Sequence[Token]) -> list[Token]:
    """The tokens up to the first comma, bracket, dash or relative clause."""
    kept: list[Token] = []
    for token in tokens:
        if token.is_space or (token.is_punct and token.text not in {"-", "'", "’", "&"}):
            if token.text in {'"', "“", "”"}:
                return []
            break
        starts_clause = token.dep_ in {"mark", "cc"} and token.head.pos_ in {"VERB", "AUX"}
        if kept and (starts_clause or token.tag_ in {"WDT", "WP", "WP$"} or _opens_relative(token)):
            break
        joins_other = token.dep_ == "cc" and any(
            (c.dep_ == "conj" and c.pos_ == "PROPN" and token.head.pos_ != "PROPN")
            or token.head.ent_type_ in {"DATE", "TIME"}
            for c in token.head.children
        )  # "on Saturday and Bea" is where another clause begins
        if kept and (token.i != kept[-1].i + 1 or joins_other):
            break
        kept.append(token)
    while kept and (kept[-1].dep_ == "cc" or kept[-1].pos_ in {"CCONJ", "SCONJ"} or kept[-1].lower_ in _PASSING):
        kept.pop()
    return kept


def _opens_relative(token: Token) -> bool:
    """The first word of a relative clause without a pronoun: "a mug I did not need"."""
    clause = next((a for a in [token, *token.ancestors] if a.dep_ in {"relcl", "advcl", "parataxis"}), None)
    return clause is not None and min(t.i for t in clause.subtree) == token.i


def object_of(doc: Doc) -> list[Token]:
    """What the owner's first verb is about ("I can't stand icing; …"), cut as ``Part`` is; empty for nothing."""
    verb = next((t.head for t in doc if t.dep_ == "nsubj" and t.lower_ in _OWNER), None)
    thing = next((c for c in verb.children if c.dep_ == "dobj"), None) if verb is not None else None
    return _cut(sorted(thing.subtree, key=lambda t: t.i)) if thing is not None else []


# --- words ------------------------------------------------------------------------------------------------------------


def said(tokens: Sequence[Token], voice: Voice, *, first: bool = False) -> str:
    """The tokens as they are said to or by the owner; a capital only where the word has one of its own."""
    pieces: list[str] = []
    for at, token in enumerate(tokens):
        word = _FULL.get(token.lower_, token.text)
        swapped = _YOU.get(token.lower_) if voice == "you" else _I.get(token.lower_)
        if swapped:
            word = swapped
        elif token.i == 0 and not _named(token):
            word = word[:1].lower() + word[1:]
        pieces.append(word + (token.whitespace_ if at + 1 < len(tokens) else ""))
    text = "".join(pieces).strip()
    return text[:1].upper() + text[1:] if first else text


def _named(token: Token) -> bool:
    """Whether a capital at the start of the sentence belongs to the word itself."""
    if token.lower_ == "i":
        return True
    if token.tag_ == "NNPS" and not token.ent_type_:
        return False
    following = token.doc[token.i + 1] if token.i + 1 < len(token.doc) else None
    before_name = following is not None and following.pos_ == "PROPN" and token.lower_ in lx.KIN | lx.TITLES
    return (
        token.pos_ == "PROPN"
        or before_name
        or bool(token.ent_type_ in {"PERSON", "GPE", "ORG"} and token.tag_ not in {"DT", "PRP$"})
    )


def unclear(tokens: Sequence[Token], clause: Clause) -> bool:
    """Whether words stand here that only the text around them explains."""
    third = not clause.owner and clause.subject[0].lower_ not in _VAGUE
    for token in tokens:
        word = token.lower_
        if word in _OWN and third and token not in clause.subject:
            continue
        if word in _VAGUE and not (word == "one" and token.dep_ == "nummod") and token.dep_ != "mark":
            return True
        if word in {"n't", "not", "n’t"} or token.like_url:
            return True
    return False


@dataclass(frozen=True)
class Wording:
    """The same question to the owner ("you") and by the owner ("I"), direct and after an opening like "Remind me"."""

    you: str
    mine: str
    you_indirect: str
    mine_indirect: str


def ask(
    clause: Clause, word: str, taken: Sequence[Token], *, stranded: str = "", without: Sequence[Part] = ()
) -> Wording | None:
    """The question for ``taken``, asked by ``word``; ``stranded`` is the preposition left at the end.

    ``None`` where what is left is not clear by itself.
    """
    gone = {t.i for t in taken}
    kept = [part for part in clause.parts if part not in without]
    rest = [t for part in kept for t in part.tokens if t.i not in gone]
    if unclear([*clause.subject, *rest], clause):
        return None
    return Wording(
        you=_direct(clause, word, rest, stranded, "you"),
        mine=_direct(clause, word, rest, stranded, "I"),
        you_indirect=_indirect(clause, word, rest, stranded, "you"),
        mine_indirect=_indirect(clause, word, rest, stranded, "I"),
    )


def ask_who(clause: Clause, word: str) -> Wording | None:
    """The question for the subject itself: "Who lent you the money?"."""
    rest = [t for part in clause.parts for t in part.tokens]
    if unclear(rest, clause) or any(t.lower_ in _OWN for t in rest):
        return None
    middle = [*clause.helpers, clause.verb]
    you = f"{word} {said(middle, 'you')} {said_after(rest, 'you')}"
    mine = f"{word} {said(middle, 'I')} {said_after(rest, 'I')}"
    return Wording(tidy(you), tidy(mine), tidy(you), tidy(mine))


def _direct(clause: Clause, word: str, rest: Sequence[Token], stranded: str, voice: Voice) -> str:
    helper, verb = _moved(clause, voice)
    subject = said(clause.subject, voice)
    return tidy(f"{word} {helper} {subject} {verb} {said_after(rest, voice)} {stranded}")


def _indirect(clause: Clause, word: str, rest: Sequence[Token], stranded: str, voice: Voice) -> str:
    subject = said(clause.subject, voice)
    middle = " ".join(_agreeing(t, clause, voice) for t in [*clause.helpers, clause.verb])
    return tidy(f"{word} {subject} {middle} {said_after(rest, voice)} {stranded}")


def _moved(clause: Clause, voice: Voice) -> tuple[str, str]:
    """The helping verb in front and what stays behind: ("did", "buy"), ("have", "lived"), ("is", "")."""
    if clause.helpers:
        first, others = clause.helpers[0], clause.helpers[1:]
        return _agreeing(first, clause, voice), " ".join([*(t.lower_ for t in others), clause.verb.lower_])
    if clause.copula:
        return _agreeing(clause.verb, clause, voice), ""
    helper = {"VBD": "did", "VBZ": "does"}.get(clause.verb.tag_, "do")
    return helper, clause.verb.lemma_.lower()


def _agreeing(token: Token, clause: Clause, voice: Voice) -> str:
    """A finite verb as it goes with "you" or "I", where the owner is the subject."""
    word = str(_FULL.get(token.lower_, token.lower_))
    if not clause.owner:
        return word
    if voice == "you":
        return {"am": "are", "was": "were"}.get(word, word)
    if clause.subject[0].lower_ == "we":
        return {"are": "am", "were": "was"}.get(word, word)
    return word


def said_after(rest: Sequence[Token], voice: Voice) -> str:
    """Tokens with gaps between them, each stretch as it is said."""
    stretches: list[list[Token]] = []
    for token in rest:
        if stretches and token.i == stretches[-1][-1].i + 1:
            stretches[-1].append(token)
        else:
            stretches.append([token])
    return " ".join(said(stretch, voice) for stretch in stretches)


def tidy(text: str) -> str:
    text = re.sub(r"\s+", " ", text).strip(" ,;:-–—")
    return re.sub(r"\s+([,.;:!?'’])", r"\1", text)
