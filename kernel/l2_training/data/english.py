"""Questions and answers out of English sentences, by rule over the parse. Few, plain and right rather than many."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l2_training.data.clauses import (
    QUOTED,
    Clause,
    asked,
    clauses,
    ended,
    gender_of,
    inverted,
    loose,
    named,
    phrase,
    said,
    statement,
    subject_of,
)
from kernel.l2_training.data.made import Made
from kernel.l2_training.data.verbs import PLACE_PREP, TIME_PREP, is_time, object_of, of_verb, places, somebody

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline
    from spacy.tokens import Doc, Token

_MEASURES = lx.words("wide long tall high deep heavy big thick far")
_ADJECTIVES_WITH = lx.words("allergic afraid scared proud fond good bad tired famous responsible terrified jealous")


_NAMED_KIN = re.compile(
    rf"\b([Mm]y|[Oo]ur) ({'|'.join(sorted(lx.KIN - {'friend', 'child', 'kid', 'baby'}))}) ([A-Z][\w'-]+)(?=\s[a-z])"
)


def from_sentence(text: str, pipeline: Pipeline) -> Iterator[Made]:
    """Everything that one sentence can be asked. ``text``: its words, pronouns resolved."""
    if QUOTED.search(text):
        return  # somebody's speech, whose "I" is not the owner
    yield from _kin(doc := pipeline(text))
    yield from _introduced(doc)
    kin = _NAMED_KIN.search(text)
    # the parse stumbles over "my sister Liv lives": it gets the kinship alone, and half of the questions the name alone
    plain = text if kin is None else _NAMED_KIN.sub(r"\1 \2", text)
    for made in _of_sentence(pipeline(plain) if kin else doc):
        yield made if kin is None or len(made.question) % 2 else _by_name(made, kin[2], kin[3])


def _by_name(made: Made, kin: str, name: str) -> Made:
    """``your sister`` as ``Liv``."""
    pattern = re.compile(rf"\b(?:your|my|our) {kin}\b", re.I)
    return Made(made.rule, *(pattern.sub(name, text) for text in (made.question, made.answer, made.short)))


def _of_sentence(doc: Doc) -> Iterator[Made]:
    for clause in clauses(doc):
        if misread(clause):
            continue
        for made in _of_clause(clause):
            if _well_formed(made, clause):
                yield made
        if (about := _about(clause)) is not None:
            yield about


def _of_clause(clause: Clause) -> Iterator[Made]:
    verb = clause.verb
    if verb.lemma_ == "be" and not any(t.tag_ in {"VBG", "VBN"} for t in clause.parts()):
        yield from _being(clause)
        yield from places(clause)
    elif any(t.dep_ == "auxpass" for t in clause.auxiliaries) and verb.lemma_ in {"call", "name"}:
        yield from _called(clause)
    else:
        yield from of_verb(clause)


# --- "to be" ----------------------------------------------------------------------------------------------------------


def _being(clause: Clause) -> Iterator[Made]:
    attribute = next((t for t in clause.parts() if t.dep_ == "attr"), None)
    adjective = next((t for t in clause.parts() if t.dep_ == "acomp"), None)
    be, _ = inverted(clause)
    subject = subject_of(clause)
    if attribute is not None and not clause.mine:
        yield from _identified(clause, attribute, be, subject)
    if (
        (
            clause.mine
            and attribute is not None
            and attribute.pos_ == "NOUN"
            and attribute.lemma_.lower() in lx.PEOPLE | {"luthier", "notary"}
        )
        and attribute.lemma_.lower() not in lx.KIN
        and clause.verb.tag_ != "VBD"
    ):
        yield Made("work", "What do you do for a living?", statement(clause), ended(said(phrase(attribute))))
    if adjective is not None:
        yield from _described(clause, adjective, be, subject)
    age = attribute or adjective
    if age is not None and (named(clause) or clause.mine) and (years := _age(age)):
        verb = said([*clause.auxiliaries, clause.verb])
        who = ended(said(clause.subject))[:-1]
        answer = f"{who}{verb}" if verb[0] in "'’" else f"{who} {verb}"
        yield Made("age", f"How old {be} {subject}?", f"{answer} {years}.", ended(years))


def _identified(clause: Clause, attribute: Token, be: str, subject: str) -> Iterator[Made]:
    words = phrase(attribute)
    first = clause.subject[0].lower_
    person = attribute.ent_type_ == "PERSON" or attribute.text in lx.NAMES
    mine = any(t.lower_ in {"my", "our"} for t in words)
    if attribute.like_num or any(t.like_num for t in words[:1]):
        if any(t.ent_type_ == "MONEY" for t in words) and not named(clause):
            yield Made("price", f"How much {be} {subject}?", statement(clause), ended(said(words)))
        return
    if first in {"my", "our"} and clause.head.pos_ == "NOUN":
        kin = clause.head.lower_ in lx.KIN | lx.PEOPLE
        if kin and not person:
            if _is_trade(attribute):
                yield Made("what they do", f"What does {subject} do?", statement(clause))
        elif kin or (not person and attribute.tag_ != "POS" and not any(t.tag_ == "POS" for t in attribute.children)):
            word = "Who" if kin else "What"
            yield Made("my", f"{word} {be} {subject}?", statement(clause), ended(said(words)))
    elif named(clause) and (
        mine or _is_trade(attribute) or attribute.lemma_.lower() in lx.PEOPLE | lx.KIN | lx.ANIMALS
    ):
        yield Made("who", f"Who {be} {subject}?", statement(clause), ended(said(words)) if mine else "")
        if mine and attribute.lemma_.lower() in lx.PEOPLE | lx.KIN:
            yield Made("who", f"Who {be} {asked(words)}?", statement(clause), ended(said(clause.subject)))
    elif first == "the" and len(words) > 1 and len(clause.subject) > 3:
        word = "Who" if person else "What"
        yield Made("what", f"{word} {be} {subject}?", statement(clause), ended(said(words)))


def _is_trade(attribute: Token) -> bool:
    word = attribute.lemma_.lower()
    return word in lx.PEOPLE or (
        word.endswith(("er", "or", "ist", "ian", "smith", "wright")) and attribute.pos_ == "NOUN" and len(word) > 5
    )


def _age(token: Token) -> str:
    """``sixteen``, ``4 years old``: the words, if they are an age."""
    if token.pos_ == "NUM" and token.dep_ == "attr" and token.ent_type_ in {"CARDINAL", "DATE", ""}:
        number = re.sub(r"\D", "", token.text)
        children = [t for t in token.children if not t.is_punct and t.dep_ not in {"advmod", "cc", "conj"}]
        if not children and (not number or 0 < int(number) < 110):
            return str(token.text)
    if token.lower_ == "old" and (years := next((t for t in token.children if t.dep_ == "npadvmod"), None)) is not None:
        return said(phrase(years)) + " old"
    return ""


def _described(clause: Clause, adjective: Token, be: str, subject: str) -> Iterator[Made]:
    measure = next((t for t in adjective.children if t.dep_ == "npadvmod"), None)
    if measure is not None and adjective.lower_ in _MEASURES:
        yield Made(
            "measure", f"How {adjective.lower_} {be} {subject}?", statement(clause), ended(said(phrase(adjective)))
        )
    if adjective.lower_ in _ADJECTIVES_WITH:
        preposition = next((t for t in adjective.children if t.dep_ == "prep"), None)
        noun = object_of(preposition)
        if preposition is not None and noun is not None:
            word = "Who" if somebody(noun) else "What"
            short = said(phrase(noun))
            yield Made(
                "adjective",
                f"{word} {be} {subject} {adjective.lower_} {preposition.lower_}?",
                statement(clause),
                ended(short),
            )


def _called(clause: Clause) -> Iterator[Made]:
    name = next((t for t in clause.parts() if t.dep_ in {"oprd", "attr", "dobj", "xcomp"}), None)
    if name is not None and name.pos_ in {"PROPN", "NOUN"} and name.text[:1].isupper():
        be, rest = inverted(clause)
        yield Made("called", f"What {be} {subject_of(clause)} {rest}?", statement(clause), ended(said(phrase(name))))


# --- kin --------------------------------------------------------------------------------------------------------------


def _kin(doc: Doc) -> Iterator[Made]:
    """``my sister Liv``: what she is called, and who Liv is."""
    for token in doc[1:]:
        if token.lower_ not in lx.KIN - {"friend", "child", "kid", "baby"} or doc[token.i - 1].lower_ not in {
            "my",
            "our",
        }:
            continue
        names = []
        for follower in doc[token.i + 1 :]:
            if not (
                follower.text[:1].isupper()
                and follower.is_alpha
                and (follower.pos_ == "PROPN" or follower.text in lx.NAMES)
            ):
                break
            names.append(follower.text)
        if not names or len(names) > 3 or any(t in lx.STOP for t in map(str.lower, names)):
            continue
        name = " ".join(names)
        possessive = doc[token.i - 1].lower_
        yield Made("kin", f"What is your {token.lower_}'s name?", f"My {token.lower_}'s name is {name}.", f"{name}.")
        yield Made(
            "kin",
            f"Who is {name}?",
            f"{name} is {possessive} {token.lower_}.",
            f"{possessive.capitalize()} {token.lower_}.",
        )


def _introduced(doc: Doc) -> Iterator[Made]:
    """``Wanda, a student from Poznań, …``: who Wanda is."""
    for token in doc:
        if token.dep_ != "appos" or token.pos_ != "NOUN" or token.head.pos_ != "PROPN":
            continue
        words = phrase(token)
        name = [t for t in phrase(token.head) if words and t.i < words[0].i and t.pos_ == "PROPN"]
        person = token.head.ent_type_ == "PERSON" or token.head.text in lx.NAMES
        trade = token.lemma_.lower() in lx.PEOPLE | lx.KIN | lx.ANIMALS or _is_trade(token)
        if (
            not person
            or not trade
            or not name
            or words[0].lower_ not in {"a", "an", "the", "my", "our"}
            or len(words) > 10
        ):
            continue
        who = said(name)
        answer = f"{who} is {said(words)}."
        if doc[words[0].i - 1].text == "," and not loose(answer, antecedent=""):
            yield Made("who", f"Who is {who}?", answer, ended(said(words)))


# --- what may stand ---------------------------------------------------------------------------------------------------


def misread(clause: Clause) -> bool:
    """Signs that the parse took a second verb or subject for one more thing in a row."""
    for part in clause.parts():
        for token in part.subtree:
            if token.dep_ != "conj":
                continue
            alone = not any(child.dep_ in {"det", "amod", "poss", "compound"} for child in token.children)
            if token.tag_ == "NNS" and alone and token.i + 1 < len(token.doc) and token.nbor().pos_ in {"ADP", "ADV"}:
                return True
            if is_time(part) and token.ent_type_ not in {"DATE", "TIME"}:
                return True
    return False


def _well_formed(made: Made, clause: Clause) -> bool:
    if not made.question or len(made.question.split()) > 18 or len(made.question.split()) < 3:
        return False
    gender = "" if clause.mine else gender_of(clause)
    body = re.sub(r"^\w+(?: (?:many|much|long|old|when))?", "", made.question)
    if loose(body, antecedent=gender) or loose(made.answer, antecedent=gender):
        return False
    if re.search(r"[\"“”«»*_\[\]#|<>]|\(|\)|https?:|\s-\s|—|;|:", made.question + made.answer):
        return False
    words = made.question.rstrip("?").lower().split()
    if len(set(words)) < len(words) - 2 or words[-1] in {"and", "or", "but", "the", "a", "an", "my", "your"}:
        return False
    if "but" in words or "or" in words:
        return False
    if words[-1] in PLACE_PREP | TIME_PREP | {"of", "for", "by"} and made.rule not in {"where", "adjective"}:
        return False
    return len(made.answer.split()) <= 22


def _about(clause: Clause) -> Made | None:
    """``What can you tell me about Ellie?``: a sentence of which she is the subject."""
    answer = statement(clause)
    name = asked(clause.subject)
    if (
        not named(clause)
        or not name[:1].isupper()
        or clause.subject[0].pos_ == "DET"
        or len(clause.subject) > 3
        or not 4 <= len(answer.split()) <= 16
    ):
        return None
    return (
        None
        if loose(answer, antecedent=gender_of(clause)) or any(t.lower_ == "and" for t in clause.subject)
        else Made("about", f"What can you tell me about {name}?", answer)
    )


def of_day(doc: Doc, day: str) -> Iterator[Made]:
    """``What did you write about on 20 October 2024?``: the first plain past sentence of that day's note."""
    if not re.fullmatch(r"\d+ [A-Z][a-z]+ \d{4}", day) or QUOTED.search(doc.text):
        return
    if any(token.ent_type_ == "DATE" for token in doc):
        return  # it speaks of another day
    for clause in clauses(doc):
        answer = statement(clause)
        gender = "" if clause.mine else gender_of(clause)
        plain = clause.past and clause.verb.dep_ == "ROOT" and not misread(clause)
        if plain and 5 <= len(answer.split()) <= 14 and not loose(answer, antecedent=gender):
            yield Made("day", f"What did you write about on {day}?", answer)
            return
