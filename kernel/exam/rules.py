"""Which parts of a clause are asked for, and how: one small rule a question word. Runs in the worker child."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.exam.answers import EMPTY, is_person, kin_or_trade, number, wanted
from kernel.exam.asking import Clause, Part, Wording, ask, ask_who, said, tidy, unclear
from kernel.exam.structs import Kind, Wanted
from kernel.l0_insight import lexicon as lx

if TYPE_CHECKING:
    from spacy.tokens import Token

_LIGHT = lx.words(
    """
    have get do go come be let seem become say tell think know mean feel find keep put look try want need hope
    wish start begin stop help ask happen use see hear like love hate enjoy prefer dislike regret mind miss fear
    """
)
_WITH_WHOM = lx.words("see meet visit marry call phone hire ask thank bring invite teach help drive join beat know")
_MONEY = lx.words(
    """
    pound pounds dollar dollars euro euros kroner crown crowns kr cent cents pence quid bucks rupees yen won peso pesos
    franc francs shilling shillings reais lira lei forint forints dinar dinars nok sek usd eur gbp £ $ € ₩ ¥
    """
)
_MEASURES = lx.words("wide long tall high deep old heavy thick")
_COLOURS = lx.words(
    """
    red blue green yellow white black grey gray brown orange purple pink plum turquoise violet beige cream navy
    teal maroon ochre crimson scarlet khaki lilac mint coral burgundy
    """
)
_MONTHS = lx.words(
    "january february march april may june july august september october november december spring summer autumn winter"
)
_PLACES = lx.words("in at near on outside behind opposite above under below beside by")
_SPAN_OF_TIME = lx.words("second minute hour day week month year decade fortnight night summer winter")
_GETTING = lx.words("buy get inherit borrow receive learn hear rent take adopt steal order win")
_NEEDS_OBJECT = lx.words("give send show bring take put buy make have pack lend pass hand drive leave")
_SITES = lx.words(
    """
    house flat apartment room cellar attic garage garden school university office bakery shop store market
    stall street road lane hotel hostel inn bar cafe café restaurant pub kitchen church temple mosque station
    harbour port boat ship farm village town city valley island coast beach lake river forest park square
    hospital clinic library museum theatre cinema studio workshop barn hall gym pool factory mill bank field
    mountains mountain hill cabin hut cottage dormitory basement canteen stop queue
    """
)
_STAYING = lx.words("live work sleep stay practise practice play")
_WHO_IS_NOT = lx.words("favourite favorite best one thing reason problem way idea plan rule")


@dataclass(frozen=True)
class Draft:
    """A question that has yet to pass the checks. ``worth``: of two on one note, the higher is asked."""

    wording: Wording
    any: tuple[Wanted, ...]
    kind: Kind
    rule: str
    worth: float
    forbidden: tuple[str, ...] = ()


def drafts(clause: Clause) -> Iterator[Draft]:
    """Every question that the rules find in the clause."""
    for rule in (_called, _copula, _how_many, _object, _prepositions, _subject):
        for draft in rule(clause):
            if draft.any:
                yield draft


def _draft(
    wording: Wording | None, answer: tuple[Wanted, ...], rule: str, worth: float, kind: Kind = "fact"
) -> Iterator[Draft]:
    if wording is not None and answer:
        yield Draft(wording, answer, kind, rule, worth)


# --- names and being --------------------------------------------------------------------------------------------------


def _called(clause: Clause) -> Iterator[Draft]:
    """ "The tortoise is called Reverend", "I named the oven Big Patience"."""
    if clause.verb.lemma_ not in {"call", "name", "christen"}:
        return
    name = clause.part("oprd")
    if name is None or not any(t.pos_ == "PROPN" for t in name.tokens):
        return
    passive = any(t.dep_ == "auxpass" for t in clause.helpers)
    verb = {"call": "called", "name": "named"}.get(clause.verb.lemma_, "christened")
    if passive and not unclear(clause.subject, clause):
        you, mine = (said(clause.subject, voice) for voice in ("you", "I"))
        be = clause.helpers[-1].lower_
        wording = Wording(
            tidy(f"what {be} {you} {verb}"),
            tidy(f"what {be} {mine} {verb}"),
            tidy(f"what {you} {be} {verb}"),
            tidy(f"what {mine} {be} {verb}"),
        )
        yield from _draft(wording, wanted(name.tokens), "called", 1.0)
    elif not passive and (thing := clause.part("dobj")) is not None and not unclear(thing.tokens, clause):
        yield from _draft(ask(clause, "what", name.tokens), wanted(name.tokens), "named", 0.9)


def _copula(clause: Clause) -> Iterator[Draft]:
    """ "My dentist is Dr Amsel", "Chidi is seventeen", "The stall is eight feet wide", "The front door is plum"."""
    if not clause.copula or clause.helpers:
        return
    value = clause.part("attr", "acomp")
    if value is None or unclear(clause.subject, clause) or (clause.owner and value.head.pos_ not in {"NUM", "ADJ"}):
        return
    be, subject = clause.verb.lower_, clause.subject
    if be in {"'s", "’s", "'m", "’m"}:
        be = "am" if be.endswith("m") else "is"
    count = number(value.tokens)
    head = value.head.lower_
    if count and (measure := next((t.lower_ for t in value.tokens if t.lower_ in _MEASURES), "")):
        yield from _draft(_of_subject(f"how {measure}", be, clause), (count,), "measure", 1.0)
    elif (
        count
        and is_person(subject)
        and len(value.tokens) <= 3
        and (value.head.pos_ == "NUM" or "old" in value.head.doc.text)
    ):
        yield from _draft(_of_subject("how old", be, clause), (count,), "age", 0.9)
    elif count and any(t.lower_ in _MONEY for t in value.tokens):
        yield from _draft(_of_subject("how much", be, clause), (count,), "price", 0.9)
    elif value.head.lemma_.lower() in lx.PEOPLE and value.tokens[0].lower_ in {"a", "an"} and is_person(subject):
        yield from _draft(_trade(clause), (value.head.text,), "trade", 0.8)
    elif head in _COLOURS and len(subject) > 1:
        yield from _draft(_of_subject("what colour", be, clause), (head,), "colour", 0.9)
    elif any(t.lower_ in {"favourite", "favorite"} for t in subject):
        yield from _draft(_of_subject("what", be, clause), wanted(value.tokens), "favourite", 1.0, "opinion")
    elif kin_or_trade(subject[-1]) and subject[-1].pos_ == "NOUN" and is_person(value.tokens) and len(subject) > 1:
        names = tuple(t.text for t in value.tokens if t.pos_ == "PROPN" and t.lower_ not in lx.TITLES)
        yield from _draft(_of_subject("who", be, clause), names, "who is", 0.9)
    elif is_person(subject) and subject[0].pos_ == "PROPN" and _says_who(value) and be == "is":
        yield from _draft(_of_subject("who", be, clause), wanted(value.tokens), "is whom", 0.6)


def _says_who(value: Part) -> bool:
    first = value.tokens[0].lower_
    return value.head.pos_ == "NOUN" and first in {"a", "an", "my", "our"} and value.head.lower_ not in _WHO_IS_NOT


def _of_subject(word: str, be: str, clause: Clause) -> Wording:
    """ "How old is Chidi?", "… how old Chidi is": nothing but the subject is kept."""
    be_you = {"am": "are", "was": "were"}.get(be, be) if clause.owner else be
    bare = "the " if len(clause.subject) == 1 and clause.subject[0].tag_ == "NN" else ""
    you, mine = (bare + said(clause.subject, voice) for voice in ("you", "I"))
    return Wording(
        tidy(f"{word} {be_you} {you}"),
        tidy(f"{word} {be} {mine}"),
        tidy(f"{word} {you} {be_you}"),
        tidy(f"{word} {mine} {be}"),
    )


def _trade(clause: Clause) -> Wording:
    you, mine = (said(clause.subject, voice) for voice in ("you", "I"))
    do, does = ("did", "did") if clause.past else ("does", "does")
    after = "did for a living" if clause.past else "does for a living"
    return Wording(
        f"what {do} {you} do for a living",
        f"what {does} {mine} do for a living",
        f"what {you} {after}",
        f"what {mine} {after}",
    )


# --- what and how many ------------------------------------------------------------------------------------------------


def _how_many(clause: Clause) -> Iterator[Draft]:
    """A counted object: "We fixed 37 instruments", "lent me two thousand pounds"."""
    thing = clause.part("dobj")
    if thing is None or thing.head.pos_ != "NOUN" or clause.verb.lemma_ in {"be"}:
        return
    counted = [c for c in thing.head.children if c.dep_ == "nummod"]
    count = number(thing.tokens)
    if (
        len(counted) != 1
        or not count
        or count in {"1", "2"}
        or thing.head.lemma_.lower() in _SPAN_OF_TIME | {"time", "thing"}
    ):
        return
    if any(
        t.lower_ in {"about", "over", "under", "almost", "nearly", "least", "most", "than", "only"}
        for t in thing.tokens
    ):
        return
    joined = next((t.i for t in thing.tokens if t.dep_ == "cc"), len(clause.doc))
    after = [t for t in thing.tokens if thing.head.i <= t.i < joined]
    before = [t for t in thing.head.lefts if t.dep_ in {"amod", "compound"} and t.i > counted[0].i]
    if thing.head.lower_ in _MONEY or thing.head.lemma_.lower() in _MONEY:
        yield from _draft(ask(clause, "how much money", thing.tokens), (count,), "how much", 0.9)
    elif thing.head.tag_ == "NNS" and not unclear([*before, *after], clause):
        of = said([*before, *after] if not before or before[-1].i + 1 == thing.head.i else after, "you")
        mine = said([*before, *after] if not before or before[-1].i + 1 == thing.head.i else after, "I")
        wording, own = ask(clause, f"how many {of}", thing.tokens), ask(clause, f"how many {mine}", thing.tokens)
        if wording is not None and own is not None:
            joined = Wording(wording.you, own.mine, wording.you_indirect, own.mine_indirect)
            yield from _draft(joined, (count,), "how many", 1.0)


def _object(clause: Clause) -> Iterator[Draft]:
    """ "What did you send Gwen?", "Who did you meet at the market?"."""
    thing = clause.part("dobj")
    if (
        thing is None
        or clause.verb.lemma_ in {"be", "call", "name"}
        or any(c.dep_ == "nummod" for c in thing.head.children)
    ):
        return
    if clause.part("oprd", "xcomp") is not None or thing.head.pos_ == "PRON":
        return
    others = [p for p in clause.parts if p is not thing and p.role not in {"prt"}]
    if is_person(thing.tokens) and clause.verb.lemma_ in _WITH_WHOM:
        yield from _draft(ask(clause, "who", thing.tokens), wanted(thing.tokens), "whom", 0.7)
        return
    if clause.verb.lemma_ in _LIGHT:
        return
    named = any(t.pos_ == "PROPN" for t in thing.tokens)
    proper = any(t.pos_ == "PROPN" for t in clause.subject)
    clear = bool(others) or (
        proper
        and clause.verb.lemma_ in {"teach", "study", "play", "wear", "drive", "sell", "collect", "paint", "build"}
    )
    if clear and not is_person(thing.tokens):
        yield from _draft(ask(clause, "what", thing.tokens), wanted(thing.tokens), "what", 0.75 if named else 0.6)


# --- where, when, with whom -------------------------------------------------------------------------------------------


def _prepositions(clause: Clause) -> Iterator[Draft]:
    for part in clause.parts:
        if part.role != "prep" or len(part.tokens) < 2:
            continue
        noun = next((c for c in part.head.children if c.dep_ == "pobj"), None)
        if noun is None or noun not in part.tokens or noun.pos_ == "PRON":
            continue
        inside = [t for t in part.tokens if t.i > part.head.i]
        yield from _preposition(clause, part, noun, inside)


def _preposition(clause: Clause, part: Part, noun: Token, inside: Sequence[Token]) -> Iterator[Draft]:
    word = part.head.lower_
    alone = len([p for p in clause.parts if p.role in {"dobj", "prep", "acomp", "attr"}]) > 1 or any(
        t.pos_ == "PROPN" for t in clause.subject
    )
    if (times := _when(clause, part, noun, inside)) is not None:
        yield from times
    elif word == "from" and is_person(inside) and clause.verb.lemma_ not in _GETTING:
        return
    elif is_person(inside) and word in {"with", "from", "for", "by"} and (alone or not clause.owner):
        yield from _draft(ask(clause, "who", part.tokens, stranded=word), wanted(inside), f"who {word}", 0.85)
    elif noun.pos_ == "PROPN" and not is_person(inside) and (alone or clause.verb.lemma_ not in _LIGHT):
        if word in _PLACES or word in {"to", "from"}:
            if clause.copula:
                yield from _draft(ask(clause, "where", part.tokens), wanted(inside, whole=True), "where is", 0.7)
            else:
                stranded = "from" if word == "from" else ""
                if stranded and sum(len(p.tokens) for p in clause.parts if p is not part) > 3:
                    return
                yield from _draft(
                    ask(clause, "where", part.tokens, stranded=stranded), wanted(inside, whole=True), "where", 0.85
                )
    elif noun.pos_ == "NOUN" and word == "from" and clause.part("dobj") is not None:
        yield from _draft(ask(clause, "where", part.tokens, stranded="from"), wanted(inside), "where from", 0.6)
    elif word in {"in", "at"} and clause.verb.lemma_ in _STAYING and noun.lower_ in _SITES and alone:
        yield from _draft(ask(clause, "where", part.tokens), wanted(inside, whole=True), "where common", 0.65)


def _when(clause: Clause, part: Part, noun: Token, inside: Sequence[Token]) -> Iterator[Draft] | None:
    """Dates, times of day and spans of time; ``None`` where it is none of them."""
    word, texts = part.head.lower_, [t.lower_ for t in inside]
    if word == "for" and noun.lemma_.lower() in _SPAN_OF_TIME and (count := number(inside)) and len(inside) <= 3:
        return _draft(ask(clause, "for how long", part.tokens), ((count),), "how long", 0.7)
    if word in {"in", "on", "since", "at"} and noun.lemma_.lower() not in {"age"}:
        month = next((t for t in texts if t in _MONTHS and not (t in {"march", "may"} and noun.pos_ == "VERB")), "")
        year = next((t for t in texts if re.fullmatch(r"(?:19|20)\d\d", t)), "")
        if month or year:
            day = next(
                (w for w in (number([t]) for t in inside) if w and w != year and w.isdigit() and int(w) < 32), ""
            )
            answer: Wanted = (
                tuple(x for x in (day, month, year) if x) if sum(map(bool, (day, month, year))) > 1 else month or year
            )
            return _draft(
                ask(clause, "when" if word != "since" else "since when", part.tokens), (answer,), "when", 0.9, "time"
            )
    if word == "at" and any(t in {"o'clock", "a.m.", "p.m.", "noon", "midnight", "morning"} for t in texts):
        found = number(inside)
        return _draft(ask(clause, "at what time", part.tokens), (found,) if found else (), "what time", 0.8, "time")
    if noun.lemma_.lower() in _SPAN_OF_TIME | {
        "morning",
        "evening",
        "afternoon",
        "time",
        "monday",
        "weekend",
    } or noun.ent_type_ in {"DATE", "TIME"}:
        return iter(())
    return None


_EVENTS = lx.words(
    """
    buy move meet start quit sell adopt marry finish win lose break visit sign pass arrive return open paint find
    land record audition join leave steal plant name inherit
    """
)


def dated(clause: Clause, month: str) -> Iterator[Draft]:
    """When something happened, where only the date of its note says so."""
    telling = [t for part in clause.parts for t in part.tokens if t.pos_ in {"NOUN", "PROPN"}]
    other = any(t.lower_ in _MONTHS or t.like_num for t in clause.doc)
    if clause.verb.lemma_ in _EVENTS and clause.past and not clause.helpers and telling and not other:
        yield from _draft(ask(clause, "when", ()), (month,), "note's date", 0.4, "time")


def _subject(clause: Clause) -> Iterator[Draft]:
    """ "Who lent you two thousand pounds for your first mixer?"."""
    if (
        clause.copula
        or clause.owner
        or not is_person(clause.subject)
        or clause.verb.lemma_ in {"say", "think", "tell", "know", "want"}
    ):
        return
    if any(t.dep_ in {"cc", "conj"} for t in clause.subject):
        return
    thing = clause.part("dobj")
    if thing is None and (clause.part("prep") is None or clause.verb.lemma_ in _NEEDS_OBJECT):
        return
    rest = [t for part in clause.parts for t in part.tokens]
    telling = [
        t
        for t in rest
        if t.pos_ in {"NOUN", "PROPN"} and t.lemma_.lower() not in EMPTY and t.ent_type_ not in {"DATE", "TIME"}
    ]
    if not telling or (thing is None and len(telling) < 2):
        return
    weight = 0.8 if clause.part("dobj", "dative") is not None else 0.6
    yield from _draft(ask_who(clause, "who"), wanted(clause.subject), "who", weight)


# --- opinions ---------------------------------------------------------------------------------------------------------

_FOR = ("love", "like", "enjoy", "adore", "favourite", "favorite", "great", "good", "wonderful", "fond")
_AGAINST = (
    "hate",
    "can't stand",
    "cannot stand",
    "dislike",
    "don't like",
    "do not like",
    "loathe",
    "detest",
    "can't bear",
    "never liked",
)
_LIKING = {
    "love": _FOR,
    "like": _FOR,
    "enjoy": _FOR,
    "adore": _FOR,
    "hate": _AGAINST,
    "dislike": _AGAINST,
    "loathe": _AGAINST,
    "detest": _AGAINST,
}
_CANNOT_STAND = re.compile(
    r"^(?:I|We) (?:really |just |simply )?(?:can(?:'|’)?t|cannot|could never|don(?:'|’)t) (?:stand|bear|like)\b", re.I
)


def opinions(clause: Clause | None, doc_text: str, objects: Sequence[Token]) -> Iterator[Draft]:
    """ "What do you think about fondant icing?" from "I can't stand fondant icing". ``objects``: what it is about."""
    words = said(objects, "you")
    mine = said(objects, "I")
    if not objects or len(objects) > 6 or any(t.pos_ == "PRON" for t in objects):
        return
    sides: tuple[str, ...] | None = None
    if _CANNOT_STAND.search(doc_text):
        sides = _AGAINST
    elif clause is not None and clause.owner and not clause.past:
        sides = _LIKING.get(clause.verb.lemma_)
    if sides is None:
        return
    other = ("love", "adore", "enjoy") if sides is _AGAINST else ("hate", "can't stand", "don't like", "dislike")
    wording = Wording(
        f"what do you think about {words}",
        f"what do I think about {mine}",
        f"what you think about {words}",
        f"what I think about {mine}",
    )
    yield Draft(wording, sides, "opinion", "liking", 0.9, other)


def judged(clause: Clause) -> Iterator[Draft]:
    """ "Sourdough is fine", in a note of opinions: "What do you think of sourdough?"."""
    value = clause.part("acomp")
    subject = clause.subject
    if not clause.copula or clause.past or clause.helpers or value is None or clause.owner or is_person(subject):
        return
    if len(subject) > 3 or unclear(subject, clause) or value.head.pos_ not in {"ADJ", "NOUN", "VERB"}:
        return
    if any(t.lower_ in {"my", "our", "favourite", "favorite"} for t in subject) or any(
        t.like_num for t in value.tokens
    ):
        return
    if value.head.tag_ in {"JJR", "RBR"}:
        return
    words = said(subject, "you")
    plural = len(subject) == 1 and words.endswith("s")
    if (plural or not subject[0].ent_type_) and subject[0].text not in lx.NAMES:
        words = words[:1].lower() + words[1:]
    wording = Wording(
        f"what is your opinion of {words}",
        f"what is my opinion of {words}",
        f"what your opinion of {words} is",
        f"what my opinion of {words} is",
    )
    yield Draft(wording, (value.head.text,), "opinion", "judged", 0.7)
