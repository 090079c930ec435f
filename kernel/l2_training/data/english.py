"""Questions and answers out of English sentences, by rule over the parse. Few, plain and right rather than many."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kernel.l0_insight import lexicon as lx
from kernel.l2_training.data.clauses import (
    QUOTED,
    SUBJECT,
    Clause,
    asked,
    clauses,
    deictic,
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

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

_PLACE = {"GPE", "LOC", "FAC"}
_PLACE_PREP = {"in", "at", "near", "to", "from", "outside", "behind", "opposite", "on", "above", "under"}
_TIME_PREP = {"in", "on", "at", "since", "until", "before", "after", "from", "by", "during"}
_VAGUE_VERB = {
    "be",
    "seem",
    "let",
    "mean",
    "think",
    "know",
    "want",
    "say",
    "feel",
    "try",
    "begin",
    "start",
    "stop",
    "happen",
    "hope",
    "wish",
    "go",
    "come",
}
_LIGHT_VERB = {
    "have",
    "do",
    "make",
    "get",
    "take",
    "give",
    "see",
    "put",
    "keep",
    "find",
    "leave",
    "use",
    "bring",
    "hear",
    "hold",
    "need",
}
"""Asked about only together with something else ("What did you have for breakfast?")."""
_DONE_SOMEWHERE = {
    "buy",
    "meet",
    "spend",
    "see",
    "find",
    "learn",
    "teach",
    "study",
    "rent",
    "celebrate",
    "open",
    "run",
    "own",
    "eat",
}
_LIKES = {
    "love": True,
    "like": True,
    "enjoy": True,
    "adore": True,
    "hate": False,
    "dislike": False,
    "detest": False,
    "loathe": False,
}
_PAYS = {"pay", "cost", "spend", "save", "earn", "borrow", "owe", "charge", "lend"}
_MEASURES = {"wide", "long", "tall", "high", "deep", "old", "heavy", "big", "thick", "far"}
_ADJECTIVES_WITH = {
    "allergic",
    "afraid",
    "scared",
    "proud",
    "fond",
    "good",
    "bad",
    "tired",
    "famous",
    "responsible",
    "terrified",
    "jealous",
}


@dataclass(frozen=True)
class Made:
    """One question and its answer. ``short``: the answer in as few words as one would say, or empty."""

    rule: str
    question: str
    answer: str
    short: str = ""


def from_sentence(doc: Doc) -> Iterator[Made]:
    """Everything that one sentence can be asked. ``doc``: its parse, pronouns resolved."""
    if QUOTED.search(doc.text):
        return  # somebody's speech, whose "I" is not the owner
    for clause in clauses(doc):
        for made in _of_clause(clause):
            if _well_formed(made, clause):
                yield made
        if (about := _about(clause)) is not None:
            yield about
    yield from _kin(doc)
    yield from _introduced(doc)


def _of_clause(clause: Clause) -> Iterator[Made]:
    verb = clause.verb
    if verb.lemma_ == "be" and not any(t.tag_ in {"VBG", "VBN"} for t in clause.parts()):
        yield from _being(clause)
        yield from _places(clause)
        return
    if clause.auxiliaries and any(t.dep_ == "auxpass" for t in clause.auxiliaries) and verb.lemma_ in {"call", "name"}:
        yield from _called(clause)
        return
    if verb.lemma_ in {"think", "believe"}:
        yield from _thoughts(clause)
        return
    if any(t.dep_ in {"ccomp", "xcomp"} for t in verb.children) and verb.lemma_ not in {
        "plan",
        "want",
        "hope",
        "decide",
        "learn",
        "promise",
    }:
        yield from _places(clause)
        return
    yield from _places(clause)
    yield from _times(clause)
    yield from _objects(clause)
    yield from _with_whom(clause)
    yield from _reasons(clause)
    yield from _who_did(clause)
    yield from _opinions(clause)
    yield from _thoughts(clause)
    yield from _plans(clause)


# --- "to be" ----------------------------------------------------------------------------------------------------------


def _being(clause: Clause) -> Iterator[Made]:
    attribute = next((t for t in clause.parts() if t.dep_ == "attr"), None)
    adjective = next((t for t in clause.parts() if t.dep_ == "acomp"), None)
    be, _ = inverted(clause)
    subject = subject_of(clause)
    if attribute is not None and not clause.mine:
        yield from _identified(clause, attribute, be, subject)
    if (
        clause.mine
        and attribute is not None
        and attribute.pos_ == "NOUN"
        and attribute.lemma_.lower() in lx.PEOPLE | {"luthier", "notary"}
    ) and attribute.lemma_.lower() not in lx.KIN and clause.verb.tag_ != "VBD":
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
            return token.text
    if token.lower_ == "old" and (years := next((t for t in token.children if t.dep_ == "npadvmod"), None)) is not None:
        return said(phrase(years)) + " old"
    return ""


def _described(clause: Clause, adjective: Token, be: str, subject: str) -> Iterator[Made]:
    measure = next((t for t in adjective.children if t.dep_ == "npadvmod"), None)
    if measure is not None and adjective.lower_ in _MEASURES - {"old"}:
        yield Made(
            "measure", f"How {adjective.lower_} {be} {subject}?", statement(clause), ended(said(phrase(adjective)))
        )
    if adjective.lower_ in _ADJECTIVES_WITH:
        preposition = next((t for t in adjective.children if t.dep_ == "prep"), None)
        noun = _object_of(preposition)
        if preposition is not None and noun is not None:
            word = "Who" if _somebody(noun) else "What"
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


# --- other verbs ------------------------------------------------------------------------------------------------------


def _ask(word: str, clause: Clause, without: Iterable[Token], tail: str = "") -> str:
    """``word`` + auxiliary + subject + verb + the complements that are not asked for + ``tail``."""
    auxiliary, rest = inverted(clause)
    skip = {t.i for t in without}
    said_too = []
    for part in clause.parts():
        words = phrase(part)
        times = part.dep_ == "npadvmod" or _is_time(part)
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


def _object_of(preposition: Token | None) -> Token | None:
    return next((t for t in preposition.children if t.dep_ == "pobj"), None) if preposition is not None else None


def _is_time(part: Token) -> bool:
    noun = _object_of(part) if part.dep_ == "prep" else part
    return noun is not None and (noun.ent_type_ in {"DATE", "TIME"} or bool(re.fullmatch(r"(1[89]|20)\d\d", noun.text)))


def _places(clause: Clause) -> Iterator[Made]:
    if clause.verb.lemma_ == "be" and any(t.dep_ in {"attr", "acomp"} for t in clause.parts()):
        return
    for part in clause.parts():
        noun = _object_of(part) if part.dep_ == "prep" and part.lower_ in _PLACE_PREP else None
        if noun is None or _is_time(part):
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
        if part.dep_ != "prep" or part.lower_ not in _TIME_PREP | {"for"} or not _is_time(part):
            continue
        words = phrase(part)
        noun = _object_of(part)
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
    if any(
        t.lower_
        in {"no", "nothing", "something", "anything", "lot", "bit", "kind", "sort", "thing", "things", "way", "time"}
        for t in words
    ):
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
    elif _somebody(thing):
        if thing.text not in lx.NAMES and thing.lower_ not in lx.KIN | lx.PEOPLE:
            return  # a boat may have a name that looks like somebody's
        yield Made("whom", _ask("Who", clause, [thing]), statement(clause), ended(said(words)))
    else:
        loose_ends = [
            t for t in clause.parts() if t.dep_ == "prep" and t.i == words[-1].i + 1 and t.lower_ in {"with", "of"}
        ]
        question = _ask("What", clause, [thing, *loose_ends])
        bare = question == _ask("What", clause, clause.parts())
        if not (bare and verb.lemma_ in _LIGHT_VERB):
            yield Made(
                "what", question, statement(clause), ended(said([*words, *(t for p in loose_ends for t in phrase(p))]))
            )


def _somebody(noun: Token) -> bool:
    return noun.ent_type_ == "PERSON" or noun.text in lx.NAMES or noun.lower_ in lx.KIN | lx.KIN_PLURAL | lx.PEOPLE


def _with_whom(clause: Clause) -> Iterator[Made]:
    if clause.verb.lemma_ == "be":
        return
    part = next((t for t in clause.parts() if t.dep_ == "prep" and t.lower_ == "with"), None)
    noun = _object_of(part)
    if part is not None and noun is not None and _somebody(noun):
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
        if part.dep_ in {"npadvmod", "advmod"} or _is_time(part) or deictic(words):
            continue
        rest.append(asked(words))
    question = " ".join(["Who", verb.text, *rest]) + "?"
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
        noun = _object_of(other)
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
    if not clause.mine or verb.lemma_ not in {"plan", "hope", "decide", "learn", "promise"} or clause.auxiliaries:
        return
    doing = next((t for t in clause.parts() if t.dep_ == "xcomp" and any(c.lower_ == "to" for c in t.children)), None)
    if doing is not None:
        auxiliary, rest = inverted(clause)
        yield Made("plan", f"What {auxiliary} you {rest} to do?", statement(clause))


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
    if words[-1] in _PLACE_PREP | _TIME_PREP | {"of", "for", "by"} and made.rule not in {"where", "adjective"}:
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
    """``What happened on 20 October 2024?``: the first plain past sentence of the note of that day."""
    if not re.fullmatch(r"\d+ [A-Z][a-z]+ \d{4}", day) or QUOTED.search(doc.text):
        return
    for clause in clauses(doc):
        answer = statement(clause)
        gender = "" if clause.mine else gender_of(clause)
        if (
            clause.past
            and clause.verb.dep_ == "ROOT"
            and 5 <= len(answer.split()) <= 14
            and not loose(answer, antecedent=gender)
        ):
            yield Made(
                "day",
                f"What happened on {day}?" if clause.verb.lemma_ != "be" else f"What did you write on {day}?",
                answer,
            )
            return
