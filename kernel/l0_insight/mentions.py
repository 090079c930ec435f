"""Who and what a sentence speaks of: the candidates that a later pronoun may mean."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

from kernel.l0_insight import lexicon as lx

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token
    from spacy.tokens import Span as Phrase

Gender = Literal["f", "m", "?", "n"]
Role = Literal["subject", "object", "other"]
_NOBODY = frozenset(
    [
        "one",
        "ones",
        "thing",
        "things",
        "way",
        "kind",
        "bit",
        "lot",
        "sort",
        "part",
        "time",
        "times",
        "day",
        "days",
        "year",
        "years",
        "side",
        "end",
    ]
)
_TRADE = ("er", "or", "ist", "ian", "man", "woman", "ess")
_CORE_OBJECT = {"dobj", "obj", "attr", "oprd", "dative"}
_SUBJECT = {"nsubj", "nsubjpass"}
_PLACES = {"GPE", "LOC", "FAC"}
_NOT_SOMEBODY = _PLACES | {"DATE", "TIME", "MONEY", "PERCENT", "LANGUAGE", "NORP", "QUANTITY", "CARDINAL", "ORDINAL"}


@dataclass(frozen=True)
class Mention:
    """``text`` is what may stand in a pronoun's place; empty where it would not be understood there."""

    text: str
    name: str
    gender: Gender
    """``n``: a thing; ``?``: a person or animal of unknown gender."""
    plural: bool
    role: Role
    sure: bool = True
    """False for a name that may not be somebody's."""
    place: bool = False
    definite: bool = True
    animal: bool = False
    start: int = 0
    """Index of its first token."""
    end: int = 0
    """Index after its last token."""
    parts: tuple[str, ...] = field(default=())

    @property
    def animate(self) -> bool:
        return self.gender != "n"


def mentions(doc: Doc) -> list[Mention]:
    """Candidates in order of appearance; coordinated names also as one plural candidate."""
    found: list[Mention] = []
    for phrase in doc.noun_chunks:
        mention = _mention(phrase)
        if mention is not None:
            found.append(mention)
        found += [p for t in phrase if t.dep_ == "poss" and (p := _possessor(t)) is not None]
    covered = {i for m in found for i in range(m.start + 1, m.end)}
    found = [m for m in found if m.start not in covered]
    found = [replace(m, sure=False) if _in_company(doc, m) else m for m in found]
    found += _coordinated(doc, found)
    return sorted(found, key=lambda m: m.start)


def _mention(phrase: Phrase) -> Mention | None:
    head = phrase.root
    if head.pos_ not in {"NOUN", "PROPN"} or head.ent_type_ in {"DATE", "TIME", "MONEY", "PERCENT"}:
        return None
    if head.lower_ in _NOBODY or any(t.text in {":", ";", "(", ")", '"', "—", "–"} for t in phrase):
        return None
    if head.pos_ == "NOUN" and role_of(head) == "subject" and _named_by_attribute(head):
        return None
    if head.dep_ == "appos" and head.pos_ == "NOUN" and (head.head.pos_ == "PROPN" or head.head.dep_ == "attr"):
        return None
    if head.dep_ == "attr" and head.pos_ == "NOUN" and any(t.dep_ in _SUBJECT for t in head.head.lefts):
        return None  # "She used to be a seamstress" speaks of nobody new
    tokens = [t for t in phrase if not t.is_space]
    while tokens and (tokens[-1].is_punct or tokens[-1].tag_ == "POS"):
        tokens.pop()
    if not tokens:
        return None
    plural = "Plur" in head.morph.get("Number") and head.text.lower() not in lx.KIN | lx.ANIMALS
    plural = plural or head.text.lower() in lx.KIN_PLURAL
    while (follower := _name_after_kin(tokens)) is not None:
        tokens.append(follower)
    words = [t.text for t in tokens]
    own = [t for t in tokens if not _belongs(t)]
    kin = next((t.text.lower() for t in own if t.text.lower() in lx.KIN), "")
    name = _name(own)
    gender, sure = _gender(own, head, kin, name)
    if role_of(head) == "subject" and gender in {"?", "n"} and (said := _said_to_be(head)):
        gender, sure = said, True
    first = tokens[0].text.lower()
    definite = first not in {"a", "an", "some", "another", "one"}
    text = _insertion(words, first, name, gender, plural=plural)
    if not definite and any(t.lower_ == "if" for t in head.doc):
        text = ""  # "if a grandmother overtakes you" speaks of no particular one
    return Mention(
        text=text,
        name=name or re.sub(r"^(the|a|an)\s+", "", " ".join(words), flags=re.I),
        gender=gender,
        plural=plural,
        role=role_of(head),
        sure=sure,
        place=head.ent_type_ in _PLACES and head.pos_ == "PROPN",
        definite=definite,
        animal=head.lemma_.lower() in lx.ANIMALS,
        start=tokens[0].i,
        end=tokens[-1].i + 1,
    )


def _name_after_kin(tokens: list[Token]) -> Token | None:
    """``Ifeoma`` in ``my sister Ifeoma``, which the parse often makes a phrase of its own."""
    last = tokens[-1]
    after_kin = last.text.lower() in lx.KIN or (len(tokens) > 1 and tokens[-2].text.lower() in lx.KIN)
    follower = last.nbor() if last.i + 1 < len(last.doc) else None
    if not after_kin or follower is None or follower.pos_ != "PROPN" or not follower.text[:1].isupper():
        return None
    return follower if last.text.lower() in lx.KIN or last.text[:1].isupper() else None


def _belongs(token: Token) -> bool:
    """Part of a possessor within the phrase: ``Mum`` in ``Mum's left eye``."""
    return token.pos_ != "PRON" and any(t.dep_ == "poss" for t in (token, *token.ancestors) if t.i >= token.i)


def role_of(token: Token) -> Role:
    """Grammatical place in the main clause; a conjunct has its head's."""
    head = token
    while head.dep_ in {"conj", "appos"} and head.head.i != head.i:
        head = head.head
    if head.dep_ == "attr" and head.pos_ == "PROPN" and head.head.lemma_ == "be":
        return "subject"
    if head.dep_ in _SUBJECT and head.head.dep_ in {"ROOT", "conj", "ccomp"}:
        return "subject"
    return "object" if head.dep_ in _CORE_OBJECT else "other"


def _name(tokens: list[Token]) -> str:
    """The run of capitalised name words in a phrase, its title with it (``Mr Lister``, ``Auntie Obiageli``)."""
    run: list[str] = []
    for token in tokens:
        capital = token.text[:1].isupper() and (token.pos_ == "PROPN" or token.text in lx.NAMES)
        if capital or (token.text[:1].isupper() and token.text.lower().rstrip(".") in lx.TITLES | lx.KIN):
            run.append(token.text)
        elif run:
            break
    return " ".join(run)


def _gender(tokens: list[Token], head: Token, kin: str, name: str) -> tuple[Gender, bool]:
    lowered = [t.text.lower().rstrip(".") for t in tokens]
    head_word = head.lemma_.lower()
    if kin and (head.text.lower() == kin or name):
        return ("f" if kin in lx.KIN_FEMALE else "m" if kin in lx.KIN_MALE else "?"), True
    for word in lowered[:-1]:
        if word in lx.TITLES_FEMALE:
            return "f", True
        if word in lx.TITLES_MALE and word not in {"don", "sr", "sir", "lord"}:
            return "m", True
    if head_word in lx.PEOPLE_FEMALE:
        return "f", True
    if head_word in lx.PEOPLE_MALE:
        return "m", True
    if head_word in lx.PEOPLE_EITHER or head_word in lx.ANIMALS or any(w in lx.TITLES for w in lowered[:-1]):
        return "?", True
    if name and (head.pos_ == "PROPN" or head.text in lx.NAMES):
        return _gender_of_name(name, head)
    if (
        head.pos_ == "NOUN"
        and len(head_word) > 5
        and head_word.endswith(_TRADE)
        and head.dep_ in {"nsubj", "dobj", "dative"}
    ):
        return "?", False  # perhaps a person (``runner``), perhaps not (``letter``)
    return "n", True


def _gender_of_name(name: str, head: Token) -> tuple[Gender, bool]:
    first = name.split()[0]
    if first in lx.NAMES_FEMALE:
        return "f", True
    if first in lx.NAMES_MALE:
        return "m", True
    if head.ent_type_ in _NOT_SOMEBODY:
        return "n", True
    return ("?", head.ent_type_ == "PERSON") if head.text[:1].isupper() else ("n", True)


def _named_by_attribute(head: Token) -> bool:
    """``The best man I worked with was Halil``: Halil is who is spoken of."""
    return head.head.lemma_ == "be" and any(c.dep_ == "attr" and c.pos_ == "PROPN" for c in head.head.children)


def _said_to_be(head: Token) -> Gender | None:
    """``Rosin is our dog``, ``Luc is my partner``: what the sentence itself says that somebody is."""
    if head.head.lemma_ != "be" or head.pos_ != "PROPN":
        return None
    for attribute in head.head.children:
        word = attribute.lemma_.lower()
        if attribute.dep_ == "attr" and word in lx.KIN | lx.ANIMALS | lx.PEOPLE:
            return (
                "f"
                if word in lx.KIN_FEMALE | lx.PEOPLE_FEMALE
                else "m"
                if word in lx.KIN_MALE | lx.PEOPLE_MALE
                else "?"
            )
    return None


def _insertion(words: list[str], first: str, name: str, gender: Gender, *, plural: bool = False) -> str:
    """The phrase as it can stand in a later sentence: ``a grey cat`` -> ``the grey cat``."""
    text = _join(words)
    if first in {"his", "her", "their", "its", "your", "every", "no", "any", "each", "this", "that", "which", "what"}:
        return name if name and gender != "n" else ""
    if first in {"a", "an", "another", "some", "one"} and name:
        return name
    if first in {"a", "an", "another", "some", "one"}:
        return "the " + text.split(" ", 1)[1] if " " in text else ""
    if first in {"my", "our"}:
        return first + text[len(first) :]
    if first == "the":
        return "the" + text[3:]
    if name:
        return text if text.startswith(name) else name
    return "the " + text[:1].lower() + text[1:] if plural else ""


def _join(words: list[str]) -> str:
    text = " ".join(words)
    return re.sub(r"\s+([’']s?\b|[,.;:!?)%-])", r"\1", text).replace("- ", "-")


def _possessor(token: Token) -> Mention | None:
    """``Mum`` in ``Mum's left eye``: a candidate in its own right."""
    if token.pos_ not in {"PROPN", "NOUN"}:
        return None
    tokens = [t for t in token.subtree if t.tag_ != "POS" and not t.is_punct]
    name = _name(tokens)
    kin = next((t.text.lower() for t in tokens if t.text.lower() in lx.KIN), "")
    gender, sure = _gender(tokens, token, kin, name)
    if gender == "n":
        return None
    text = _insertion([t.text for t in tokens], tokens[0].text.lower(), name, gender)
    animal = token.lemma_.lower() in lx.ANIMALS
    return Mention(text, name or text, gender, False, "other", sure, animal=animal, start=tokens[0].i, end=token.i + 1)


def _in_company(doc: Doc, mention: Mention) -> bool:
    """One of several joined by ``and``: not by itself what a later pronoun means."""
    after = mention.end + 1 < len(doc) and doc[mention.end].lower_ == "and" and doc[mention.end + 1].pos_ == "PROPN"
    return after and mention.role != "subject"


def _coordinated(doc: Doc, found: list[Mention]) -> list[Mention]:
    """``Giada and Benedetta`` as one plural candidate."""
    at = {m.start: m for m in found}
    groups: list[Mention] = []
    for mention in found:
        follower = at.get(mention.end + 1)
        joined = mention.end < len(doc) and doc[mention.end].lower_ in {"and", "&"}
        if joined and follower is not None and mention.text and follower.text:
            text = f"{mention.text} and {follower.text}"
            gender: Gender = "?" if mention.animate and follower.animate else "n"
            names = (mention.name, follower.name)
            end = follower.end
            groups.append(replace(mention, text=text, name=text, gender=gender, plural=True, parts=names, end=end))
    return groups
