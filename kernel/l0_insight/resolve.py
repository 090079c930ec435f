"""Pronouns of English sentences put right for the index and the prompt; what is quoted and cited stays as written.

Rules over the parse and the three sentences before (and the heading or title), after the recency and agreement
preferences of Lappin & Leass (1994), with one difference: where two readings are possible none is chosen, and the
sentence before is put in front instead. A wrong resolution is worse than none.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.layout import Unit
from kernel.l0_insight.mentions import Mention, mentions, role_of
from kernel.l0_insight.naming import named_in
from kernel.l0_insight.pronouns import (
    GENDER_OF,
    agrees,
    distinct,
    expanded,
    fits,
    is_subject,
    kind_of,
    may_be,
    pair_with_me,
    possessive,
    quoted_tokens,
    said_by_me,
    says_nothing,
)

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

WINDOW = 3
"""How many sentences back an antecedent may stand."""
_ACQUIRE = {"buy", "get", "adopt", "have", "find", "receive", "make", "build", "inherit", "rent", "order", "win", "own"}
_OF_THINGS = {
    "be",
    "have",
    "cost",
    "weigh",
    "stand",
    "smell",
    "taste",
    "hold",
    "contain",
    "run",
    "lie",
    "work",
    "start",
    "name",
}
_TOGETHER = {"meet", "marry", "live", "move", "date", "split", "break", "divorce", "share"}
_ADDRESS = lx.words(
    "mother mum mom mama mamma mammy ma mummy mommy grandma granny gran nana nan nonna abuela oma father dad dada "
    "daddy papa papà papá pa grandpa grandad granddad nonno abuelo opa auntie aunty eomma halmoni appa harabeoji "
    "obaachan"
)
"""Kin words that are used like names; the others need ``my``."""
_PARTNER = {"partner", "husband", "wife", "boyfriend", "girlfriend", "fiancé", "fiancée"}


@dataclass
class Heard:
    """One sentence after resolution, as its followers see it."""

    unit: Unit
    doc: Doc
    mentions: list[Mention]
    text: str
    """Resolved words of this sentence alone."""
    referents: dict[int, Mention] = field(default_factory=dict)
    """Token index of a pronoun -> what it means (also where it was not replaced)."""
    doubtful: bool = False
    """A third-person pronoun was left whose meaning is not known: the sentence before should go with it."""
    leans: bool = False
    """It cannot be understood alone for another reason (a fragment, ``that`` as a subject)."""
    subject: Mention | None = None
    """The unspoken subject (``Eats bees.``), where it is known."""


def resolve_sentences(units: Sequence[Unit], docs: Sequence[Doc], title: Doc, sections: dict[str, Doc]) -> list[Heard]:
    """Every sentence in order. ``sections``: parsed headings by their text. Deterministic."""
    topic = _heading_mentions(title)
    heard: list[Heard] = []
    for unit, doc in zip(units, docs, strict=True):
        about = _heading_mentions(sections[unit.section]) if unit.section else topic
        before = _before(heard, unit)
        heard.append(_Sentence(unit, doc, before, about).resolve())
    return heard


def context_of(heard: Sequence[Heard], index: int, given: str) -> str:
    """The ``Sentence.context``: resolved in one sentence, or with the sentence before, or as given."""
    now = heard[index]
    if now.unit.kind != "prose":
        return given
    text = given
    if now.text != now.doc.text:
        original = next((o for o in (now.unit.text, now.doc.text) if o in given), "")
        if original:
            text = now.text if now.subject is not None else given.replace(original, now.text, 1)
    greeting = index > 0 and heard[index - 1].unit.text.rstrip().endswith((",", ":"))
    if (now.doubtful or now.leans) and now.unit.follows and text and not greeting:
        before, alone = heard[index - 1].text, now.text if now.text in text else text
        return text.replace(alone, f"{before} {alone}", 1) if before not in text else text
    return text


def _before(heard: list[Heard], unit: Unit) -> list[Heard]:
    """The sentences that may hold an antecedent, nearest first."""
    found: list[Heard] = []
    for earlier in reversed(heard):
        if len(found) == WINDOW or earlier.unit.section != unit.section or earlier.unit.kind not in {"prose", "quote"}:
            break
        if earlier.unit.kind == "prose":
            found.append(earlier)
    return found


def _heading_mentions(doc: Doc) -> list[Mention]:
    """Somebody or something that a heading is about: its first phrase, if it is a name, kin, animal or ``the X``."""
    found = [m for m in mentions(doc) if m.text and not m.parts]
    if not found or found[0].start > 1:
        return []
    first = found[0]
    words = first.text.lower().split()
    bare = first.name.lower()
    if bare in lx.PEOPLE | lx.TITLES and bare not in lx.KIN:
        return []
    if bare in lx.KIN - _ADDRESS:
        first = replace(first, text=f"my {bare}")
    somebody = first.animate and (first.gender != "?" or first.animal or len(doc) == 1)
    thing = words[0] in {"the", "my", "our"} and len(doc) <= 4 and doc[0].lower_ in {"the", "my", "our"}
    if first.animate and not first.name[:1].isupper() and words[0] == "the":
        return []
    return [replace(first, role="subject")] if somebody or (thing and not first.plural) else []


class _Sentence:
    """The work on one sentence."""

    def __init__(self, unit: Unit, doc: Doc, before: list[Heard], about: list[Mention]) -> None:
        self.unit, self.doc, self.before, self.about = unit, doc, before, about
        self.own = mentions(doc)
        self.replaced: dict[int, str] = {}
        self.heard = Heard(unit, doc, list(self.own), doc.text)

    def resolve(self) -> Heard:
        if self.unit.kind != "prose":
            return self.heard
        quoted = quoted_tokens(self.doc)
        seen: set[str] = set()
        for token in self.doc:
            if token.i in quoted:
                continue
            kind = kind_of(token)
            if kind and not (kind == "we" and kind in seen):
                self._pronoun(token, kind, first=kind not in seen)
                seen.add(kind)
        self._unspoken()
        self._fragment()
        self.heard.text = self._written()
        self.heard.mentions = self._with_names()
        return self.heard

    # -- one pronoun --------------------------------------------------------------------------------------------------

    def _pronoun(self, token: Token, kind: str, *, first: bool) -> None:
        if kind == "we":
            return self._we(token)
        if kind == "there":
            return self._there(token)
        if kind == "this":
            self.heard.leans = self.heard.leans or (role_of(token) == "subject" and token.i < 3)
            return None
        if kind == "it" and says_nothing(token):
            return None
        if self._within(token, kind):
            return None
        if not first:
            earlier = [m for i, m in self.heard.referents.items() if kind_of(self.doc[i]) == kind]
            if earlier:
                self.heard.referents[token.i] = earlier[-1]
            return None
        found = self._it(token) if kind == "it" else self._they() if kind == "they" else self._person(token, kind)
        if found is None or not found.text:
            self.heard.doubtful = True
            return None
        self.heard.referents[token.i] = found
        self.replaced[token.i] = found.text
        self.heard.mentions.append(replace(found, role=role_of(token), start=token.i, end=token.i + 1))
        return None

    def _within(self, token: Token, kind: str) -> bool:
        """An antecedent in the same sentence, before the pronoun: nothing to write; it is remembered."""
        own = distinct(m for m in self.own if m.end <= token.i and fits(m, kind))
        if own and kind in {"he", "she"}:
            if len(own) == 1 and own[0].gender == GENDER_OF[token.lower_] and own[0].text:
                self.heard.referents.setdefault(token.i, own[0])
            return True
        if own or (kind == "it" and any(m.end <= token.i and not m.sure for m in self.own)):
            return True
        earlier = [t for t in self.doc[: token.i] if t.pos_ in {"NOUN", "PROPN"} or t.lower_ in {"he", "she", "who"}]
        if kind == "it" and any(t.dep_ in {"dobj", "nsubj", "attr", "pobj"} and t.pos_ == "NOUN" for t in earlier):
            return True
        if kind == "they" and (len(earlier) > 1 or token.i > 0):
            self.heard.doubtful = self.heard.doubtful or not earlier
            return True
        if kind in {"he", "she"} and any(may_be(t, kind) for t in earlier):
            return True
        later = [m for m in self.own if m.start > token.i and fits(m, kind) and m.role == "subject"]
        if later and (token.head.dep_ in {"advcl", "mark"} or any(a.dep_ == "advcl" for a in token.ancestors)):
            self.heard.doubtful = True  # "When he came home, Martin …": cataphora
            return True
        return False

    def _person(self, token: Token, kind: str) -> Mention | None:
        found = self._person_before(kind)
        if found is None:
            found = self._person_of_title(kind)
        return found if found is not None and agrees(token, found) else None

    def _person_of_title(self, kind: str) -> Mention | None:
        """A note titled ``Dad`` or ``Luc``: its person, unless somebody else was the subject of late."""
        fitting = [m for m in self.about if m.animate and m.gender == GENDER_OF[kind] and not m.animal]
        if not fitting or len(fitting[0].name.split()) > 2:
            return None
        names = set(fitting[0].name.lower().split())
        rivals = [
            m
            for e in self.before
            for m in e.mentions
            if m.role != "other" and m.animate and fits(m, kind) and not names & set(m.name.lower().split())
        ]
        return None if rivals else fitting[0]

    def _person_before(self, kind: str) -> Mention | None:
        for distance, earlier in enumerate(self.before):
            candidates = distinct(m for m in earlier.mentions if fits(m, kind) and m.animate and not m.plural)
            if _left_open(earlier, kind):
                candidates = [m for m in candidates if m.gender != "?" and m.role == "subject"]
                return candidates[0] if len(candidates) == 1 else None
            if candidates:
                found = self._unrivalled(self._one_of(candidates, kind), kind, earlier)
                return None if found is None or (distance and found.gender == "?" and not found.animal) else found
        fitting = [m for m in self.about if fits(m, kind) and m.animate]
        return fitting[0] if fitting and not any(_left_open(e, kind) for e in self.before) else None

    def _unrivalled(self, found: Mention | None, kind: str, earlier: Heard) -> Mention | None:
        """Somebody named in passing (``by a boy of thirty``) is not who the next sentence is about."""
        if found is not None and found.role == "other" and not said_by_me(earlier.doc):
            return None
        if found is None or found.role != "other":
            return found
        named = found.name[:1].isupper() or found.animal or set(found.name.lower().split()) & lx.KIN
        rivals = [m for m in self.about if fits(m, kind) and m.animate and m.name != found.name]
        return found if named and not rivals else None

    def _one_of(self, candidates: list[Mention], kind: str) -> Mention | None:
        wanted = GENDER_OF[kind]
        known = [m for m in candidates if m.gender == wanted]
        if len(known) == 1:
            others = [m for m in candidates if m is not known[0]]
            return known[0] if known[0].role == "subject" or (not others and known[0].sure) else None
        if known:
            return None
        only = candidates[0]
        return only if len(candidates) == 1 and only.sure and (only.role != "other" or only.animal) else None

    def _they(self) -> Mention | None:
        if not self.before:
            return None
        plural = distinct(m for m in self.before[0].mentions if m.plural)
        joined = [m for m in plural if m.parts]
        plural = [m for m in plural if not any(m.name in j.parts for j in joined)]
        people = [m for m in plural if m.animate]
        if len(plural) == 1 and plural[0].role != "other" and plural[0].definite and plural[0].text:
            return plural[0] if plural[0].animate else None
        return people[0] if len(people) == 1 and len(plural) == 1 and people[0].parts else None

    def _it(self, token: Token) -> Mention | None:
        if not self.before:
            things = [m for m in self.about if m.gender == "n" and not m.place]
            return things[0] if len(things) == 1 and role_of(token) == "subject" else None
        last = self.before[0]
        things = distinct(
            m for m in last.mentions if not m.plural and (m.gender == "n" or m.animal) and m.role != "other"
        )
        if len(things) != 1 or last.doubtful:
            return None
        thing = things[0]
        others = [
            m for m in last.mentions if m is not thing and not m.plural and m.gender == "n" and m.name != thing.name
        ]
        root = next((t for t in last.doc if t.dep_ == "ROOT"), None)
        if token.head.lemma_ not in _OF_THINGS:
            return None
        same_subject = thing.role == "subject" and role_of(token) == "subject" and thing.definite and token.i == 0
        acquired = thing.role == "object" and not thing.definite and root is not None and root.lemma_ in _ACQUIRE
        return thing if (same_subject and not others) or (acquired and not others) else None

    def _there(self, token: Token) -> None:
        if token.dep_ == "expl" or token.i == 0 or (token.head.lemma_ == "be" and token.i + 1 == token.head.i):
            return
        last = self.before[0] if self.before else None
        if any(m.place for m in self.own):
            return
        places = distinct(m for m in last.mentions if m.place) if last else []
        if len(places) == 1 and self.doc[token.i - 1].pos_ != "ADP":
            self.replaced[token.i] = f"in {places[0].text}"
        elif token.i + 1 >= len(self.doc) or self.doc[token.i + 1].pos_ != "ADP":
            self.heard.doubtful = True

    def _we(self, token: Token) -> None:
        if token.dep_ not in {"nsubj", "nsubjpass"} or not self.before or token.i > 1:
            return
        last = self.before[0]
        pair = pair_with_me(last.doc)
        if pair:
            self.replaced[token.i] = pair
            name = pair.removesuffix(" and I")
            other = next((m for m in last.mentions if m.text and (m.text in name or m.name in name)), None)
            if other is not None:
                self.heard.mentions.append(replace(other, role="subject"))
        elif token.head.lemma_ in _TOGETHER:
            partners = [
                m for m in last.mentions if m.role == "subject" and m.gender in {"f", "m"} and m.name[:1].isupper()
            ]
            words = {t.lower_ for t in last.doc}
            if len(partners) == 1 and words & _PARTNER:
                self.replaced[token.i] = f"{partners[0].text} and I"
                self.own.insert(0, replace(partners[0], start=0, end=1))
                self.heard.mentions.append(partners[0])
            else:
                self.heard.leans = any(m.animate for m in last.mentions)

    # -- sentences without a subject -----------------------------------------------------------------------------------

    def _unspoken(self) -> None:
        """``Eats bees.`` after ``Brok, …``; ``Died in 2014.`` under the heading ``Dad``."""
        root = next((t for t in self.doc if t.dep_ == "ROOT"), None)
        if root is None or root.pos_ not in {"VERB", "AUX"} or root.i > 1 or any(is_subject(t) for t in root.children):
            return
        if any(t.lower_ in {"i", "we"} for t in self.doc if t.head.i == root.i):
            return
        third = root.tag_ == "VBZ"
        subject = self._unspoken_subject(third) if third or root.tag_ in {"VBD", "VBN"} else None
        if subject is None:
            self.heard.leans = self.heard.leans or third
            return
        same = [i for i, text in self.replaced.items() if text == subject.text]
        for index in same:  # "Wants her ready": whoever wants is not who is wanted
            del self.replaced[index], self.heard.referents[index]
            self.heard.doubtful = True
        self.heard.subject = subject
        self.heard.mentions.append(replace(subject, role="subject", start=0, end=0))

    def _unspoken_subject(self, third: bool) -> Mention | None:
        if self.unit.section and self.about and (self.about[0].gender in {"f", "m"} or self.about[0].animal):
            return self.about[0]
        if not third or not self.before:
            return None
        if self.before[0].subject is not None:
            return self.before[0].subject
        living = distinct(m for m in self.before[0].mentions if m.animate and not m.plural and m.text)
        return living[0] if len(living) == 1 and living[0].sure else None

    def _fragment(self) -> None:
        words = [t for t in self.doc if t.is_alpha or t.like_num]
        if (
            len(words) <= 3
            and self.unit.same_line
            and not any(is_subject(t) for t in self.doc)
            and self.heard.subject is None
        ):
            self.heard.leans = True

    # -- the outcome ---------------------------------------------------------------------------------------------------

    def _written(self) -> str:
        pieces: list[str] = []
        skip = False
        for token in self.doc:
            if skip:
                skip = False
                pieces.append(token.whitespace_)
                continue
            new = self.replaced.get(token.i)
            if new is None:
                pieces.append(token.text_with_ws)
                continue
            new = possessive(new) if self._owns(token) else new
            if token.i == 0 or self.doc[token.i].text[:1].isupper():
                new = new[:1].upper() + new[1:]
            follower = self.doc[token.i + 1] if token.i + 1 < len(self.doc) else None
            verb = expanded(follower)
            if follower is not None and verb and not token.whitespace_:
                pieces.append(f"{new} {verb}")
                skip = True
            else:
                pieces.append(new + token.whitespace_)
        text = "".join(pieces)
        if self.heard.subject is not None:
            lead = self.heard.subject.text
            text = f"{lead[:1].upper()}{lead[1:]} {text[:1].lower()}{text[1:]}"
        return text

    def _owns(self, token: Token) -> bool:
        if token.lower_ in {"hers", "his", "its", "their"}:
            return True
        naming = named_in(self.doc.text)  # the parse takes "named her Pepper" for "her Pepper"
        return (token.tag_ == "PRP$" or token.dep_ == "poss") and (naming is None or naming[1] != token.lower_)

    def _with_names(self) -> list[Mention]:
        """Mentions after ``I named her Pepper``: from here on the cat is Pepper."""
        naming = named_in(self.unit.text)
        if naming is None:
            return self.heard.mentions
        name, pronoun = naming
        gender = GENDER_OF.get(pronoun)
        bearer = next((m for i, m in self.heard.referents.items() if self.doc[i].lower_ == pronoun), None)
        if bearer is None and gender is None:
            return self.heard.mentions
        new = bearer or Mention(name, name, gender or "?", False, "object")
        kept = [m for m in self.heard.mentions if m.name != name and (bearer is None or m.name != bearer.name)]
        new = replace(new, text=name, name=name, gender=gender or new.gender, sure=True, role="subject", definite=True)
        return [*kept, new]


def _left_open(earlier: Heard, kind: str) -> bool:
    """Whether a sentence holds such a pronoun whose meaning was not found."""
    quoted = quoted_tokens(earlier.doc)
    return any(kind_of(t) == kind and t.i not in earlier.referents and t.i not in quoted for t in earlier.doc)
