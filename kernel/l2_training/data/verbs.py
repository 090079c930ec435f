"""Where, when, what, who, how many, with whom and why: questions about what somebody does."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l2_training.data.clauses import (
    SUBJECT,
    Clause,
    asked,
    deictic,
    ended,
    inverted,
    loose,
    named,
    phrase,
    said,
    statement,
    subject_of,
)
from kernel.l2_training.data.made import Made

if TYPE_CHECKING:
    from spacy.tokens import Token

_PLACE = {"GPE", "LOC", "FAC"}
PLACE_PREP = lx.words("in at near to from outside behind opposite on above under")
TIME_PREP = lx.words("in on at since until before after from by during")
_VAGUE_VERB = lx.words("be seem let mean think know want say feel try begin start stop happen hope wish go come")
_LIGHT_VERB = lx.words("have do make get take give see put keep find leave use bring hear hold need")
"""Asked about only together with something else ("What did you have for breakfast?")."""
_DONE_SOMEWHERE = lx.words("buy meet spend see find learn teach study rent celebrate open run own eat")
_LIKES = {"love": True, "like": True, "enjoy": True, "adore": True, "hate": False, "dislike": False, "detest": False}
_PAYS = lx.words("pay cost spend save earn borrow owe charge lend")
_PLANS = lx.words("plan want hope decide learn promise")
_NOTHING = lx.words("no nothing something anything lot bit kind sort thing things way time")


def of_verb(clause: Clause) -> Iterator[Made]:
    """Everything that a clause with a full verb can be asked."""
    verb = clause.verb
    if verb.lemma_ in {"think", "believe"}:
        yield from _thoughts(clause)
        return
    yield from places(clause)
    if any(t.dep_ in {"ccomp", "xcomp"} for t in verb.children) and verb.lemma_ not in _PLANS:
        return
    for rule in (_times, _objects, _with_whom, _reasons, _who_did, _opinions, _plans):
        yield from rule(clause)


def _ask(word: str, clause: Clause, without: Iterable[Token], tail: str = "") -> str:
    """``word`` + auxiliary + subject + verb + the complements that are not asked for + ``tail``."""
    auxiliary, rest = inverted(clause)
    skip = {t.i for t in without}
    said_too = []
    for part in clause.parts():
        words = phrase(part)
        times = part.dep_ == "npadvmod" or is_time(part)
        if part.i in skip or times or (part.dep_ in {"advmod", "xcomp"} and deictic(words)):
            continue
        if part.dep_ == "advmod" and part.lower_ not in {
            "together",
            "alone",
            "home",
            "abroad",
            "back",
            "away",
            "out",
            "up",
        }:
            continue
        said_too.append(asked(words))
    words = [word, auxiliary, subject_of(clause), rest, *said_too, tail]
    return " ".join(part for part in words if part) + "?"


def object_of(preposition: Token | None) -> Token | None:
    return next((t for t in preposition.children if t.dep_ == "pobj"), None) if preposition is not None else None


def is_time(part: Token) -> bool:
    noun = object_of(part) if part.dep_ == "prep" else part
    return noun is not None and (noun.ent_type_ in {"DATE", "TIME"} or bool(re.fullmatch(r"(1[89]|20)\d\d", noun.text)))


def places(clause: Clause) -> Iterator[Made]:
    if clause.verb.lemma_ == "be" and any(t.dep_ in {"attr", "acomp"} for t in clause.parts()):
        return
    for part in clause.parts():
        noun = object_of(part) if part.dep_ == "prep" and part.lower_ in PLACE_PREP else None
        if noun is None or is_time(part):
            continue
        words = phrase(part)
        company = (
            part.lower_ in {"at", "for"}
            and noun.ent_type_ == "ORG"
            and clause.verb.lemma_ in {"work", "study", "teach", "train"}
        )
        place = noun.ent_type_ in _PLACE or any(t.ent_type_ in {"GPE", "FAC"} for t in words)
        settled = clause.verb.lemma_ in {"live", "work", "sleep", "stay", "meet", "study"} and part.lower_ in {
            "in",
            "at",
            "near",
            "above",
        }
        if not (company or place or (settled and noun.tag_ in {"NN", "NNP"})) or deictic(words):
            continue
        if any(t.dep_ == "dobj" for t in clause.parts()) and clause.verb.lemma_ not in _DONE_SOMEWHERE:
            continue
        tail = part.lower_ if part.lower_ == "from" else ""
        if clause.verb.lemma_ == "be" and part.lower_ == "to":
            continue
        others = [p for p in clause.parts() if p.dep_ == "prep" and p.i != part.i]
        yield Made(
            "where",
            _ask("Where", clause, [part, *others], tail),
            statement(clause, others if len(others) > 1 else ()),
            ended(said(words)),
        )
        return


def _times(clause: Clause) -> Iterator[Made]:
    if clause.verb.lemma_ == "be":
        return
    for part in clause.parts():
        if part.dep_ != "prep" or part.lower_ not in TIME_PREP | {"for"} or not is_time(part):
            continue
        words = phrase(part)
        noun = object_of(part)
        if (
            deictic(words)
            or noun is None
            or words[0] is not part
            or _relative(words)
            or any(t.lower_ == "and" for t in words)
        ):
            continue
        if part.lower_ == "for":
            word = "How long" if noun.tag_ == "NNS" and any(t.like_num for t in words) else ""
        else:
            word = {"since": "Since when", "until": "Until when"}.get(part.lower_, "When")
        if word == "Since when" and len(clause.parts()) < 2:
            continue
        if word:
            yield Made("when", _ask(word, clause, [part]), statement(clause), ended(said(words)))
            return


def _relative(words: Sequence[Token]) -> bool:
    """``on Friday``, ``in the morning``: true on any day, so no answer by itself."""
    text = said(words).lower()
    return not re.search(
        r"\d|every|mondays|tuesdays|wednesdays|thursdays|fridays|saturdays|sundays|years?|months|weeks|\b(?:january|february|"
        r"march|april|june|july|august|september|october|november|december|spring|summer|autumn|winter|christmas|easter)\b",
        text,
    )


def _objects(clause: Clause) -> Iterator[Made]:
    verb = clause.verb
    thing = next((t for t in clause.parts() if t.dep_ == "dobj"), None)
    if thing is None or thing.pos_ not in {"NOUN", "PROPN"} or any(t.dep_ == "dative" for t in verb.children):
        return
    words = phrase(thing)
    if any(t.lower_ in _NOTHING for t in words):
        return
    if any(t.ent_type_ == "MONEY" for t in words) and verb.lemma_ in _PAYS:
        yield Made("how much", _ask("How much", clause, [thing]), statement(clause), ended(said(words)))
        return
    number = next((t for t in thing.children if t.dep_ == "nummod" and t.i == words[0].i), None)
    if number is not None and thing.tag_ == "NNS" and thing.ent_type_ not in {"DATE", "TIME", "MONEY"}:
        counted = asked([t for t in words if t.i > number.i])
        if any(t.dep_ in {"conj", "prep"} for t in thing.children):
            return
        yield Made("how many", _ask(f"How many {counted}", clause, [thing]), statement(clause), ended(said(words)))
    elif thing.ent_type_ in {"DATE", "TIME", "MONEY", "QUANTITY"} or verb.lemma_ in _VAGUE_VERB | set(_LIKES) | {
        "prefer"
    }:
        return
    elif somebody(thing):
        if thing.text not in lx.NAMES and thing.lower_ not in lx.KIN | lx.PEOPLE:
            return  # a boat may have a name that looks like somebody's
        yield Made("whom", _ask("Who", clause, [thing]), statement(clause), ended(said(words)))
    else:
        loose_ends = [
            t for t in clause.parts() if t.dep_ == "prep" and t.i == words[-1].i + 1 and t.lower_ in {"with", "of"}
        ]
        question = _ask("What", clause, [thing, *loose_ends])
        if verb.lemma_ in _LIGHT_VERB and any(t.lower_ in {"from", "of", "with"} for t in clause.parts()):
            return
        bare = question == _ask("What", clause, clause.parts())
        if not (bare and verb.lemma_ in _LIGHT_VERB):
            yield Made(
                "what", question, statement(clause), ended(said([*words, *(t for p in loose_ends for t in phrase(p))]))
            )


def somebody(noun: Token) -> bool:
    return noun.ent_type_ == "PERSON" or noun.text in lx.NAMES or noun.lower_ in lx.KIN | lx.KIN_PLURAL | lx.PEOPLE


def _with_whom(clause: Clause) -> Iterator[Made]:
    if clause.verb.lemma_ == "be":
        return
    part = next((t for t in clause.parts() if t.dep_ == "prep" and t.lower_ == "with"), None)
    noun = object_of(part)
    if part is not None and noun is not None and somebody(noun):
        others = [t for t in clause.parts() if t.dep_ == "prep"]
        yield Made("with whom", _ask("Who", clause, others, "with"), statement(clause), ended(said(phrase(noun))))


def _reasons(clause: Clause) -> Iterator[Made]:
    reason = next(
        (t for t in clause.verb.children if t.dep_ == "advcl" and any(c.lower_ == "because" for c in t.children)), None
    )
    if reason is None or reason.i < clause.verb.i:
        return
    words = [t for t in sorted(reason.subtree, key=lambda t: t.i)]
    because = next(n for n, t in enumerate(words) if t.lower_ == "because")
    text = said(words[because:])
    if len(text.split()) <= 16 and not loose(text, antecedent=""):
        yield Made("why", _ask("Why", clause, []), ended(text))


def _who_did(clause: Clause) -> Iterator[Made]:
    verb = clause.verb
    if (
        not named(clause)
        or verb.lemma_ in {"be", "have", "say", "tell", "ask", "think"}
        or clause.auxiliaries
        or any(t.lower_ == "i" for t in clause.subject)
    ):
        return
    if not any(t.dep_ in {"dobj", "prep"} for t in clause.parts()):
        return
    if any(t.dep_ == "npadvmod" for t in clause.parts()) and not any(t.dep_ == "dobj" for t in clause.parts()):
        return  # "gave me a week without dishes" is often taken for a time
    rest = []
    for part in clause.parts():
        words = phrase(part)
        if part.dep_ == "dobj" and deictic(words):
            return
        if part.dep_ in {"npadvmod", "advmod"} or is_time(part) or deictic(words):
            continue
        rest.append(asked(words))
    question = " ".join(["Who", verb.text, *rest]) + "?"
    if re.search(r"\b(?:his|her|their|its)\b", question):
        return
    did = "did" if verb.tag_ == "VBD" else "does" if verb.tag_ == "VBZ" else "do"
    yield Made("who did", question, statement(clause), f"{ended(said(clause.subject))[:-1]} {did}.")


def _opinions(clause: Clause) -> Iterator[Made]:
    verb = clause.verb
    if not clause.mine or clause.auxiliaries or verb.tag_ != "VBP" or verb.lemma_ not in {*_LIKES, "prefer"}:
        return
    thing = next((t for t in clause.parts() if t.dep_ in {"dobj", "xcomp"}), None)
    if thing is None:
        return
    words = phrase(thing)
    if verb.lemma_ == "prefer":
        other = next((t for t in [*verb.children, *thing.children] if t.dep_ == "prep" and t.lower_ == "to"), None)
        noun = object_of(other)
        if noun is not None:
            yield Made("prefer", f"What do you prefer to {asked(phrase(noun))}?", statement(clause))
    elif thing.dep_ == "dobj" and thing.pos_ in {"NOUN", "PROPN"}:
        yield Made("opinion", f"What do you think of {asked(words)}?", statement(clause))
        word = "Yes" if _LIKES[verb.lemma_] else "No"
        yield Made("opinion", f"Do you like {asked(words)}?", f"{word}, {statement(clause)}")


def _thoughts(clause: Clause) -> Iterator[Made]:
    """``I think a loaf should cost what it costs``: what one thinks about its subject."""
    if (
        not clause.mine
        or clause.auxiliaries
        or clause.verb.tag_ != "VBP"
        or clause.verb.lemma_ not in {"think", "believe"}
    ):
        return
    thought = next((t for t in clause.verb.children if t.dep_ == "ccomp" and t.i > clause.verb.i), None)
    topic = (
        next((t for t in thought.children if t.dep_ in SUBJECT and t.pos_ in {"NOUN", "PROPN"}), None)
        if thought is not None
        else None
    )
    if thought is not None and topic is not None:
        yield Made(
            "thought",
            f"What do you think about {asked(phrase(topic))}?",
            ended(f"I {clause.verb.text} {said(phrase(thought))}"),
        )


def _plans(clause: Clause) -> Iterator[Made]:
    verb = clause.verb
    if not clause.mine or verb.lemma_ not in _PLANS - {"want"} or clause.auxiliaries:
        return
    doing = next((t for t in clause.parts() if t.dep_ == "xcomp" and any(c.lower_ == "to" for c in t.children)), None)
    if doing is not None:
        auxiliary, rest = inverted(clause)
        yield Made("plan", f"What {auxiliary} you {rest} to do?", statement(clause))
