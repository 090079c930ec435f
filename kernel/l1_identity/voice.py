"""The owner's sentence turned to the second and third person by rule; where that is not sure, quoted as theirs.

English over spaCy's parse: pronouns by their case, finite verbs by their tense. Korean: a plain topic ``나는`` is
replaced, everything else is quoted.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal

from kernel.l0_insight.lexicon import words

if TYPE_CHECKING:
    from spacy.tokens import Doc, Token

Person = Literal["second", "third"]

_WE = {"we", "us", "ours", "ourselves"}
_YOU = {"you", "your", "yours", "yourself"}
_SECOND = {"i": "you", "me": "you", "my": "your", "our": "your", "mine": "yours", "myself": "yourself"}
_THIRD = {"me": "them", "my": "their", "our": "their", "mine": "theirs", "myself": "themself"}
_BE_SECOND = {"am": "are", "'m": "'re", "’m": "’re", "was": "were"}
_IRREGULAR = {
    "have": "has",
    "do": "does",
    "go": "goes",
    "be": "is",
    "'ve": " has",
    "’ve": " has",
    "'m": " is",
    "’m": " is",
    "am": "is",
}
_PASTS = words(
    "gave forgave came became took went saw ran got knew grew threw drew flew wrote rode drove broke spoke woke chose "
    "froze stole wore tore swore bore ate fell held told sold found lost left met slept kept felt meant built sent "
    "spent lent bought brought thought caught taught fought sang rang drank swam began sat stood won "
    "hung dug stuck led fed"
)
"""Irregular pasts, which the tagger at times takes for the present tense."""
_UNCHANGING = words("let put cut hit set hurt shut split quit beat")
_KOREAN_TOPIC = re.compile(r"^(?:나는|저는|난|전)\s+(?=\S)")
_KOREAN_KIN = re.compile(
    r"(?:엄마|어머니|아빠|아버지|누나|언니|오빠|형|동생|여동생|남동생|할머니|할아버지|남편|아내|아들|딸)"
)
_KOREAN_FIRST = re.compile(r"(?:^|\s)(?:나|내|저|제|우리|저희)(?:는|가|의|를|도|한테|에게|랑|와)?(?=\s)")


def turned(text: str, person: Person, owner: str) -> str:
    """One sentence about ``owner`` in the second or third person."""
    if any("가" <= c <= "힣" for c in text):
        return _korean(text, person, owner)
    doc = _parsed(text)
    if not _turnable(doc) or (person == "third" and _doubtful(doc)):
        return _quoted(text, person, owner)
    return _Turn(doc, person, owner or "The owner").text()


def turnable(text: str) -> bool:
    """Whether the rules can turn this sentence (else it is quoted)."""
    if any("가" <= c <= "힣" for c in text):
        rest = _KOREAN_TOPIC.sub("", text)
        return rest != text and not _KOREAN_FIRST.search(" " + rest)
    return _turnable(_parsed(text))


def sure(text: str) -> bool:
    """Whether both other persons of this sentence come from the rules."""
    if any("가" <= c <= "힣" for c in text):
        return turnable(text)
    return _turnable(_parsed(text)) and not _doubtful(_parsed(text))


@lru_cache(maxsize=512)
def _parsed(text: str) -> Doc:
    from kernel.l0_insight.english import load

    return load()(text)


def turned_pair(key: str, line: str, person: Person, owner: str) -> str:
    """``Allergy: penicillin`` -> ``Your allergy: penicillin``."""
    if turnable(line) or re.search(r"\b(?:we|us|our|ours)\b", line):
        return turned(line, person, owner)
    key, line = key.removeprefix("my "), line.removeprefix("my ")
    shown = key if key[:1].isupper() and key[1:2].isupper() else key[:1].lower() + key[1:]
    if any("가" <= c <= "힣" for c in line):
        return f"당신의 {line}" if person == "second" else f"{owner or '주인'}의 {line}"
    whose = "Your" if person == "second" else f"{owner or 'The owner'}'s"
    return f"{whose} {shown}{line[len(key) :]}"


OWN_KIN = words("Mum Mom Mama Mamma Mamá Dad Daddy Papa Papà Papá Nonna Nonno Grandma Grandpa Gran Nan Mormor Morfar")
"""Said by the owner of their own people without ``my``."""
_OWN_KIN = re.compile(rf"^(?P<kin>{'|'.join(sorted(OWN_KIN))})(?=[ ,]|'s|’s)")


def turned_kin(text: str, person: Person, owner: str) -> str:
    """A sentence of the owner's about somebody near them: ``Mamma is 74.`` -> ``Your Mamma is 74.``; names stay."""
    if turnable(text):
        return turned(text, person, owner)
    if any("가" <= c <= "힣" for c in text):
        return _quoted_korean(text, person, owner) if _KOREAN_KIN.match(text) else text
    whose = "Your" if person == "second" else f"{owner or 'The owner'}'s"
    return _OWN_KIN.sub(lambda m: f"{whose} {m['kin']}", text)


def _turnable(doc: Doc) -> bool:
    said = {t.lower_ for t in doc}
    if said & (_WE | _YOU) or any(t.text in {'"', "“", "”", "``"} for t in doc):
        return False
    return bool(said & {"i", "my", "our", "me", "mine"})


def _doubtful(doc: Doc) -> bool:
    """Where the parse may be wrong: a verb that is the same in the past (``I let in everything``), or one taken for a noun.

    ``I ring Sofia and apologise``: it would stay ``apologise`` beside ``rings``.
    """
    unchanged = any(t.lower_ in _UNCHANGING and t.tag_ == "VBP" and any(c.text == "I" for c in t.children) for t in doc)
    return unchanged or any(
        t.tag_ == "NN" and t.text.islower() and t.i and doc[t.i - 1].lower_ in {"and", "or"}
        and (t.dep_ == "compound" or (t.dep_ == "conj" and t.head.pos_ in {"PROPN", "VERB"}))
        for t in doc
    )  # fmt: skip


def _quoted(text: str, person: Person, owner: str) -> str:
    inner = text.replace('"', "'").rstrip()
    return f'You wrote: "{inner}"' if person == "second" else f'{owner or "The owner"} wrote: "{inner}"'


def _korean(text: str, person: Person, owner: str) -> str:
    name = owner or "주인"
    if turnable(text):
        topic = "당신은 " if person == "second" else f"{name}{_topic_marker(name)} "
        return _KOREAN_TOPIC.sub(topic, text)
    return _quoted_korean(text, person, owner)


def _quoted_korean(text: str, person: Person, owner: str) -> str:
    name = owner or "주인"
    return f'당신은 "{text}"라고 적었다.' if person == "second" else f'{name}{_topic_marker(name)} "{text}"라고 적었다.'


def _topic_marker(name: str) -> str:
    """``은`` after a final consonant; of a name in Latin letters as Korean says it (``마렌은``, ``로버트는``)."""
    last = name[-1]
    if last.isascii():
        return "은" if re.search(r"(?:[lmnkpb]|ng)$", name.lower()) else "는"
    return "은" if "가" <= last <= "힣" and (ord(last) - 0xAC00) % 28 else "는"


class _Turn:
    """One sentence being turned."""

    def __init__(self, doc: Doc, person: Person, owner: str) -> None:
        self.doc, self.person, self.owner = doc, person, owner
        self.named = False
        self.out: dict[int, str] = {}

    def text(self) -> str:
        for token in self.doc:
            if token.text == "I":
                self._subject(token)
            elif token.lower_ in _SECOND:
                self._other(token)
        pieces: list[str] = []
        for token in self.doc:
            written = self.out.get(token.i, token.text)
            if written.startswith(" ") and pieces and pieces[-1].endswith(" "):
                written = written[1:]
            pieces.append(written + token.whitespace_)
        text = "".join(pieces)
        return text[:1].upper() + text[1:]

    def _subject(self, token: Token) -> None:
        if self.person == "second":
            self.out[token.i] = "you"
            for verb in _finite(token):
                if verb.lower_ in _BE_SECOND:
                    self.out[verb.i] = _BE_SECOND[verb.lower_]
            return
        if self.named:
            self.out[token.i] = "they"
            for verb in _finite(token):
                if verb.lower_ in _BE_SECOND:
                    self.out[verb.i] = _BE_SECOND[verb.lower_]
            return
        self.named = True
        self.out[token.i] = self.owner
        for verb in _finite(token):
            self._third(verb)

    def _third(self, verb: Token) -> None:
        word = verb.lower_
        if word in _IRREGULAR:
            self.out[verb.i] = _IRREGULAR[word]
        elif word == "do":
            self.out[verb.i] = "does"
        elif word in {"'ll", "’ll"}:
            self.out[verb.i] = " will"
        elif word == "was" or verb.tag_ not in {"VBP", "VB"} or word in {"'d", "’d"}:
            return
        elif word not in _PASTS:
            self.out[verb.i] = third_singular(verb.text)

    def _other(self, token: Token) -> None:
        word = token.lower_
        if self.person == "second":
            self.out[token.i] = _SECOND[word]
        elif self.named:
            self.out[token.i] = _THIRD[word]
        else:
            self.named = True
            self.out[token.i] = {"me": self.owner, "myself": self.owner}.get(word, f"{self.owner}'s")


def _finite(subject: Token) -> list[Token]:
    """The verbs that agree with a subject: the first auxiliary or the verb itself, and those joined to it."""
    verb = subject.head
    found = []
    pending = [verb]
    while pending:
        now = pending.pop()
        if now.pos_ not in {"VERB", "AUX"}:
            continue
        helpers = [c for c in now.children if c.dep_ in {"aux", "auxpass"} and c.i < now.i]
        found.append(helpers[0] if helpers else now)
        for child in now.children:
            own = any(c.dep_ in {"nsubj", "nsubjpass"} for c in child.children)
            governed = helpers and not any(c.dep_ in {"aux", "auxpass"} for c in child.children)
            linked = any(c.dep_ == "cc" for c in now.children)
            if child.dep_ == "conj" and child.pos_ in {"VERB", "AUX"} and linked and not own and not governed:
                pending.append(child)
    return found


def third_singular(verb: str) -> str:
    """``live`` -> ``lives``, ``carry`` -> ``carries``, ``teach`` -> ``teaches``."""
    if verb.lower() in _IRREGULAR:
        return _IRREGULAR[verb.lower()].strip()
    if re.search(r"(?:s|x|z|ch|sh|o)$", verb):
        return f"{verb}es"
    if re.search(r"[^aeiou]y$", verb):
        return f"{verb[:-1]}ies"
    return f"{verb}s"
