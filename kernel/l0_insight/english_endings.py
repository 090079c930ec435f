"""What English sentences say is over: ``I no longer …``, ``used to``, ``gave up``, ``left … for``, ``sold the …``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.l0_insight.claims import ROLES, THINGS, Ended, same_name, value_of
from kernel.l0_insight.english_claims import CAP, UNSURE
from kernel.memory.words import content_terms, term_of
from kernel.types import Statement

_OWNER = r"(?:^|\b(?:I|[Ww]e)(?:['’]ve| have)? (?:(?:just|finally|also|recently|already|now|then|both|have) ){0,2})"
_MARKERS = re.compile(
    r"\b(?:no longer|any ?more|any longer|at all|now|nowadays|these days|ever|completely|entirely)\b", re.I
)
_OVER = re.compile(r"\bno longer\b", re.I)
_NOT_ANY_MORE = re.compile(r"\bany ?more\b|\bany longer\b", re.I)
_CUT = re.compile(
    r",|;|[.!]| (?:because|since|after|so|but|and|when|except|either|as|until|before|for) |\(| – | — "
    r"| last | in (?:\d{4}|[A-Z][a-z]+ \d{4}|January|February|March|April|May|June|July|August|September|October"
    r"|November|December)\b"
)
_NOT_ROLE = re.compile(r"\b(?:no longer|not|n['’]t) (?:my|our) (?P<role>[a-z]+)")
_HABIT = re.compile(r"^to (?P<be>be )?(?P<verb>[a-z]+)\b ?(?P<rest>.*)$")
_STOPPED = re.compile(rf"{_OWNER}(?i:stopped|quit|gave up|given up) (?P<what>[\w-]+(?: [\w'’-]+){{0,6}})")
_FROM_TO = re.compile(
    rf"{_OWNER}(?P<verb>(?i:switched|changed|swapped|moved|gone over|went over)) (?:[a-z]+ ){{0,3}}?"
    r"from (?P<old>[\w'’& -]+?) to \w"
)
_INSTEAD = re.compile(r"\binstead of (?P<old>[\w'’ -]+)")
_LEFT = re.compile(
    rf"{_OWNER}(?i:left|quit|resigned from)(?: my job at| my job with| the)? (?P<old>{CAP}(?:(?: &| "
    rf"and)? {CAP}){{0,2}})"
)
_JOBLESS = re.compile(
    rf"{_OWNER}(?i:quit|left|lost|resigned from) my job(?! at| with)\b|\bI was made redundant\b|{_OWNER}retired\b"
)
_SOLD = re.compile(
    rf"{_OWNER}(?i:sold|scrapped) (?:the|my|our) (?:old |little |big )?(?P<what>[\w'’-]+(?: [\w'’-]+)?)"
    r"(?= (?:to|for|on|in|last|yesterday|today|at|and|this)\b|[,.;!]|$)"
)
_PARTED = re.compile(
    rf"{_OWNER}(?i:broke up with|split up with|separated from|divorced) (?:my [a-z]+ )?(?P<v>{CAP})"
    rf"|^(?P<w>{CAP}) and I (?:have )?(?:broke|broken|split) up"
)
_WED = re.compile(
    r"(?:\b(?:and I|I|[Ww]e)|^)(?:['’]ve| have)? (?:just |finally )?(?i:got) (?P<state>married|divorced|engaged)\b"
)
_BEFORE = {"married": ("single", "engaged"), "engaged": ("single",), "divorced": ("married",)}
_USING = frozenset(
    map(term_of, "use have drink eat pay read write play take wear run keep buy ride cook make do smoke be".split())
)
_DOING = frozenset(
    map(term_of, "drink eat take have smoke play use do practise run attend study learn swim wear".split())
)
_OWNING = frozenset(map(term_of, "have own drive ride keep use".split()))


def endings(said: Statement, words: str) -> Iterator[Ended]:
    """What one statement says is over for its subject. ``words``: its sentence."""
    if UNSURE.search(words):
        return
    over = bool(_OVER.search(words)) or (said.negated and bool(_NOT_ANY_MORE.search(words)))
    if over and (m := _NOT_ROLE.search(words)) and (role := same_name(m["role"])) in ROLES:
        yield Ended(said.subject, value_of(said.subject), slot=("owner", role))
    elif over:
        yield from _ended(said.subject, said.object, said.relation)
    elif said.relation == "use" and (m := _HABIT.match(said.object)) and "used to" in words:
        if m["be"]:
            yield from _ended(said.subject, f"{m['verb']} {m['rest']}", "be")
        else:
            yield from _ended(said.subject, m["rest"], m["verb"])
    elif said.kind == "semantic" and (m := _INSTEAD.search(said.object)):
        yield from _ended(said.subject, m["old"], said.relation)


def endings_of_owner(words: str) -> Iterator[Ended]:
    """What a sentence of the owner says is over for them."""
    if UNSURE.search(words):
        return
    if m := _STOPPED.search(words):
        first, _, rest = _short(m["what"]).partition(" ")
        if first.endswith("ing") and len(first) > 4:
            yield Ended("owner", frozenset(content_terms(rest)), relations=frozenset({term_of(first)}))
        elif terms := content_terms(f"{first} {rest}"):
            yield Ended("owner", frozenset(terms), relations=_DOING)
    if (m := _FROM_TO.search(words)) and 0 < len(terms := content_terms(m["old"])) <= 3:
        moved = m["verb"].lower() == "moved"
        yield Ended("owner", frozenset(terms), relations=frozenset({"live", "work"}) if moved else _USING)
    if m := _LEFT.search(words):
        yield Ended("owner", value_of(m["old"]), slot=("owner", "employer"))
    if _JOBLESS.search(words):
        yield Ended("owner", slot=("owner", "employer"))
        yield Ended("owner", slot=("owner", "job"))
    if (m := _SOLD.search(words)) and (terms := content_terms(m["what"])):
        yield Ended("owner", frozenset(terms), relations=_OWNING)
        thing = same_name(m["what"])
        for slot in [thing] if thing in THINGS else ["bike", "car", "motorbike", "van"]:
            yield Ended("owner", frozenset() if thing in THINGS else value_of(m["what"]), slot=("owner", slot))
    if m := _PARTED.search(words):
        yield Ended("owner", value_of(m["v"] or m["w"]), slot=("owner", "partner"))
    if m := _WED.search(words):
        for before in _BEFORE[m["state"]]:
            yield Ended("owner", frozenset({before}), slot=("owner", "marital"))


def _ended(subject: str, what: str, relation: str) -> Iterator[Ended]:
    terms = content_terms(_short(what))
    if terms:
        yield Ended(subject, frozenset(terms), relations=frozenset({term_of(relation.split()[0])}))


def _short(what: str) -> str:
    """The object itself, without when and why."""
    return _CUT.split(f"{_MARKERS.sub(' ', what)} ", maxsplit=1)[0].strip()
