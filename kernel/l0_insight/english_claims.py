"""English statements -> what they claim of something with one value at a time. Precision before recall."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.claims import CONTACTS, MEASURES, ROLES, SUMS, THINGS, Said, first_number, same_name, value_of
from kernel.memory.words import term_of
from kernel.types import Statement

_CHANGE = re.compile(
    r"\b(?:moved|no longer|any ?more|any longer|used to|now|nowadays|these days|changed|switched|swapped|replaced|quit|"
    r"left|sold|stopped|gave up|given up|went up|gone up|went down|rose|risen|dropped|raised|instead of|new|turned|"
    r"since then|became|from now on|broke|split|divorced|married|engaged|retired|redundant|resigned|lost|scrapped)\b",
    re.I,
)
_CHANGING = lx.words(
    "moved longer more anymore used now nowadays days changed switched swapped replaced quit left "
    "sold stopped gave given "
    "went gone rose risen dropped raised instead new turned since became broke split divorced married engaged retired "
    "redundant resigned lost scrapped"
)
UNSURE = re.compile(
    r"\b(?:if|would|could|might|may|should|will|going to|gonna|hope|plan|planning|want|wanted|wish|maybe|perhaps|"
    r"probably|dreamt|dreamed|dream|imagine|pretend|almost|nearly|thinking of|thinking about|considering|supposed|"
    r"says?|said|told|tells|asked|claims?|claimed|reckons?|thinks?|thought|insists?|heard|rumou?r|joke|kidding|"
    r"novel|chapter|character|or)\b|(?<=\w)['’](?:ll|d)\b|\?",
    re.I,
)  # fmt: skip
"""What is wished, reported, made up or asked is no fact."""
OVER = re.compile(r"\b(?:no longer|any ?more|used to|any longer)\b", re.I)
_WORD = re.compile(r"[a-z]+")
_RISING = {"go", "rise", "drop", "change"}
VERBS = (
    frozenset({"go up", "go down"})
    | _RISING
    | lx.words("be call cost weigh turn pay have own keep drive move live reside work start begin join study bank")
)
CAP = r"[A-ZÀ-ÞĀŌŪĒĪŠŽČĆĐŁŚ][\w'’-]*\w"

_PLACE = rf"(?P<v>{CAP}(?:[ -](?:(?:de|da|do|of|am|on|upon|la|le|under) )?{CAP}){{0,2}})"
_FIRM = rf"(?:the )?(?P<v>{CAP}(?:(?: of| &| and)? {CAP}){{0,3}})"
_NAME = re.compile(
    rf"^(?P<v>(?:(?:Dr|Mr|Mrs|Ms|Frau|Herr|Prof)\.? )?{CAP}(?: (?:(?:de|da|van|von|al|el) )?{CAP}){{0,2}})"
)
_LIVES = re.compile(rf"^(?:now |still |alone |together |both |here )*in {_PLACE}")
_MOVES = re.compile(
    rf"^(?:back |over |away |house |home |from {CAP}(?: {CAP})? )*(?:in)?to {_PLACE}(?![\w]| (?:for|with) my\b)"
)
_STREET = re.compile(
    rf"^(?:now |still |in |to |into |at |on )*(?P<v>\d+[a-z]?,? {CAP}(?: {CAP}){{0,3}}|{CAP}(?: "
    rf"{CAP})? (?:Road|Street|Lane|Row|"
    r"Avenue|Crescent|Terrace|Close|Square|Gardens))\b"
)
_AT_FIRM = re.compile(
    rf"^(?:now |still )?(?:(?:full|part)[- ]time )?(?:as (?:an?|the) [a-z -]+? )?(?:now )?(?:at|for) {_FIRM}"
)
_AS = re.compile(
    r"^(?:now |still )?as (?:an?|the) (?P<v>[a-z][a-z-]*(?: [a-z-]+){0,2}?)"
    r"(?= (?:at|for|in|on|with|and|now|by)\b|[,.;]|$)"
)
_BEGUN = re.compile(r"^(?:work(?:ing)? |(?:a|my) new job )?(?P<rest>(?:at|as|(?<=work )for|(?<=working )for) .*)$")
_STUDIES = re.compile(rf"\bat (?:the )?(?P<v>{CAP}(?:(?: of| for| and)? {CAP}){{0,3}})")
_AGED = re.compile(r"^(?:now |already |only )*(?P<v>\w+(?:-\w+)?)(?P<unit> years? old| today| now)?(?=[,.;]|$| and\b)")
_COUNTED = re.compile(r"^(?:now )?(?P<n>\w+) (?P<what>[a-z]+)(?= now\b|[,.;:]|$| and\b| in\b| at\b| called\b| named\b)")
_DRIVEN = re.compile(r"^(?:now )?(?:an?|the) (?P<v>(?:\w+ ){0,3}[A-ZÀ-Þ0-9][\w-]*(?: [A-Z0-9][\w-]*)*)")
_KIND_OF_PERSON = re.compile(
    r"(?:ish|ese|ican)$|^(?:Greek|German|French|Dutch|Swiss|Czech|Thai|Turk|Pole|Dane|Swede|Finn|"
    r"Scot|Korean|Catholic|Muslim|"
    r"Protestant|Hindu|Sikh|Buddhist|Christian|Italian|Norwegian|Russian|Ukrainian|Brazilian|"
    r"Austrian|Belgian|Hungarian|"
    r"Romanian|Serbian|Croatian|Bosnian|Iranian|Indian|Canadian|Australian|Egyptian|Nigerian|Kenyan|Ghanaian|Chilean|"
    r"Leo|Virgo|Libra|Aries|Gemini|Aquarius|Capricorn|Pisces|Taurus)$"
)
"""``My boss is Greek`` names nobody."""
_ELSEWHERE = re.compile(r"\b(?:in|for|at) [A-ZÀ-Þ]")
_MODEL = re.compile(r"^(?:an? )(?:\w+ ){0,3}?[A-ZÀ-Þ0-9]|^[A-ZÀ-Þ]")
_STATE = re.compile(
    r"^(?:now |newly |happily |finally |still )*(?P<v>single|married|divorced|engaged|widowed|separated)\b"
)
_TRADE = re.compile(r"^(?P<now>now )?an? (?P<v>[a-z]+(?: [a-z]+)?)(?: now)?$")
_ROLE = re.compile(r"^(?:now )?(?:my|our) (?:new |current )?(?P<role>[a-z]+)(?: now)?$")
_OWNED = re.compile(r"^(?:(?P<mine>my|our)|the|(?P<whose>[A-ZÀ-Þ][\w-]+)['’]s|)\s*(?P<what>[a-z][\w -]{1,30})$", re.I)
_NEW = re.compile(r"^(?:new|current|present) ")
_TO_VALUE = re.compile(
    r"^(?:(?:now|currently|called|named|no longer \S+ but)\s+)?(?:(?:from \S+ )?to )?|\s+(?:now|these days|nowadays)$"
)
_PAID = re.compile(
    r"^(?:now )?[€£$₩]?(?P<n>\d[\d.,]*)(?: (?:euros?|pounds?|dollars?|kroner|won|a month|per month|"
    r"monthly|a week)){0,2}"
    r" (?:in|for|of) (?:the |my |our )?(?P<what>[a-z]+(?: [a-z]+)?)(?=[,.;]| now| a | per |$)"
)
_MONEY = re.compile(r"[€£$₩]|\b(?:euros?|pounds?|dollars?|kroner|won|crowns|pence|cents?|EUR|GBP|USD|NOK)\b", re.I)
_PASSING = re.compile(
    r"\b(?:degrees|minutes|hours|days|km|miles|left|late|away|per cent|percent|o'clock|pm|am)\b|[°%]", re.I
)
_CHANGED = re.compile(
    r"\b(?:I|[Ww]e)(?:['’]ve| have)? (?:just |finally )?(?:changed|switched|swapped) (?:my|our|the) "
    r"(?P<what>[a-z][\w -]{1,25}?) (?:from .+? )?(?:to|for) (?P<new>[^,.;]+)"
)
_NO_TOWNS = lx.words(
    "Linux Windows Mac Obsidian Notion Python Rust Java Excel Word Gmail Outlook Firefox Chrome "
    "Android Signal Telegram "
    "Marketing Sales Finance Engineering Accounting Operations Support Research Monday Tuesday "
    "Wednesday Thursday Friday "
    "Saturday Sunday January February March April May June July August September October November December Spring "
    "Summer Autumn Winter Easter Christmas English French German Spanish Year Room Level Chapter Grade Class"
)
_WIDE = lx.words(
    "England Scotland Wales Ireland Britain UK France Germany Spain Portugal Italy Norway Sweden "
    "Denmark Finland Poland "
    "Austria Switzerland Belgium Netherlands Holland Greece Turkey Kenya Nigeria Ghana Egypt Morocco India China Japan "
    "Korea Vietnam Thailand Indonesia Australia Canada America USA Brazil Argentina Chile Mexico Europe Asia Africa "
    "Iran Iraq Syria Lebanon Ukraine Russia Hungary Czechia Romania Serbia Croatia Bavaria Tuscany Yorkshire Cornwall"
)
"""A country or region does not exclude a town."""
_BESIDE = re.compile(
    r"\b(?:also|part[- ]time|weekends?|volunteer\w*|second job|on the side|evenings|sometimes|half the|"
    r"(?:mon|tues|wednes|thurs|fri|satur|sun)days?)\b",
    re.I,
)
_A_WHILE = re.compile(
    r"\b(?:this week|for now|until|temporarily|staying|summers?|winters?|for (?:the|a) (?:few "
    r")?(?:weeks?|months?|term))\b",
    re.I,
)
_ONCE = re.compile(r"(?:\b(?:have|has|had)|['’]ve|['’]s) (?:\w+ )?(?:lived|worked|studied)\b(?!.*\b(?:since|for)\b)")
_KEPT = lx.ANIMALS | lx.words(
    "child children kid son daughter grandchild grandchildren niece nephew car bike bicycle guitar hive employee "
    "apprentice flatmate housemate lodger"
)


def is_change(words: str) -> bool:
    """Whether something in the sentence says that things are other than they were."""
    return not _CHANGING.isdisjoint(_WORD.findall(words.lower())) and bool(_CHANGE.search(words))


def claims(said: Statement, words: str) -> Iterator[Said]:
    """``words``: the sentence as it is read. Nothing where it is unsure, denied, or no fact that lasts."""
    if said.relation not in VERBS or said.negated or UNSURE.search(words) or OVER.search(words):
        return
    yield from _being(said)
    yield from _of_something(said)
    yield from _measured(said)
    if not _A_WHILE.search(words) and not _ONCE.search(words):
        placed = (*_placed(said), *_employed(said))
        yield from (one for one in placed if one.event or not _BESIDE.search(words))


def changed(words: str) -> Iterator[Said]:
    """``I changed my bank to Triodos``: the new value of what the owner has. ``words``: a sentence."""
    if (m := _CHANGED.search(words)) and not UNSURE.search(words):
        name, value = same_name(m["what"]), value_of(m["new"])
        known = name in ROLES | CONTACTS | SUMS | MEASURES | THINGS or name == "job"
        if value and len(value) <= 5:
            yield Said(("owner", name) if known else ("owner", "my", name), value, event=True)


def _placed(said: Statement) -> Iterator[Said]:
    """Where somebody lives."""
    moved = said.relation == "move"
    if not moved and not (said.relation in {"live", "reside"} and said.kind == "semantic"):
        return
    if m := _STREET.match(said.object):
        yield Said((said.subject, "address"), value_of(m["v"]), event=moved)
    elif (m := (_MOVES if moved else _LIVES).match(said.object)) and not _is_no_town(m["v"]):
        yield Said((said.subject, "home"), value_of(m["v"]), event=moved)


def _is_no_town(place: str) -> bool:
    words = re.split(r"[ -]", place)
    return words[0] in _NO_TOWNS | _WIDE or words[-1] in _WIDE


def _employed(said: Statement) -> Iterator[Said]:
    """Where somebody works, as what, where they study, and their bank."""
    subject, what, verb = said.subject, said.object, said.relation
    present = said.kind == "semantic"
    begun = _BEGUN.match(what) if verb in {"start", "begin"} else None
    if begun or (verb == "work" and present):
        rest = begun["rest"] if begun else what
        if m := _AT_FIRM.match(rest):
            yield Said((subject, "employer"), value_of(m["v"]), event=begun is not None)
        if m := _AS.match(rest):
            yield Said((subject, "job"), value_of(m["v"]), event=begun is not None)
    elif verb == "join" and (
        m := re.match(rf"^{_FIRM} as (?:an?|the|their) (?!member|volunteer|supporter|guest|friend|student)", what)
    ):
        yield Said((subject, "employer"), value_of(m["v"]), event=True)
    elif verb == "study" and present and (m := _STUDIES.search(what)):
        yield Said((subject, "school"), value_of(m["v"]))
    elif verb == "bank" and present and (m := re.match(rf"^with {_FIRM}", what)):
        yield Said((subject, "bank"), value_of(m["v"]))


def _being(said: Statement) -> Iterator[Said]:
    """Who and how old somebody is."""
    if said.relation != "be" or said.kind != "semantic":
        return
    subject, what = said.subject, said.object
    if age := _age(what, bare=subject == "owner"):
        yield Said((subject, "age"), frozenset({age}), grows=True)
    if subject == "owner" and (m := _STATE.match(what)):
        yield Said(("owner", "marital"), frozenset({m["v"]}))
    elif subject == "owner" and (m := _TRADE.match(what)) and m["v"].removesuffix(" now").split()[-1] in lx.PEOPLE:
        yield Said(("owner", "job"), value_of(m["v"]), loose=True)
    if subject[:1].isupper() and (m := _ROLE.match(what)) and (role := same_name(m["role"])) in ROLES:
        yield Said(("owner", role), value_of(subject))


def _of_something(said: Statement) -> Iterator[Said]:
    """``My rent is 700``, ``the wifi password is now …``, ``the bus ticket costs 2.60``."""
    m = _OWNED.match(said.subject)
    verb = said.relation.split()[0]
    if m is None or said.subject in {"owner", "the author"} or verb not in {"be", "call", "cost", "weigh", *_RISING}:
        return
    if said.kind != "semantic" and verb not in _RISING:
        return
    name = same_name(_NEW.sub("", m["what"]))
    whose = m["whose"] or "owner"
    value = _TO_VALUE.sub("", said.object)
    if verb in _RISING:
        risen = re.search(r"\bto\b(.*)", said.object)
        if name in SUMS | MEASURES and risen and (number := first_number(risen[1])):
            yield Said((whose, name), frozenset({number}), event=True)
    elif name in SUMS or (_MONEY.search(value) and verb in {"be", "cost"}):
        if (number := first_number(value)) and not _PASSING.search(value) and not _ELSEWHERE.search(value):
            yield Said((whose, name), frozenset({number}))
    elif len(value.split()) > 8:
        return
    elif name in ROLES:
        if not m["whose"] and (named := _NAME.match(value)) and not _KIND_OF_PERSON.search(named["v"]):
            yield Said(("owner", name), value_of(named["v"]))
    elif name in CONTACTS:
        yield Said((whose, name), value_of(value))
    elif m["mine"] and name in THINGS and _MODEL.match(value):
        yield Said(("owner", name), value_of(value))
    elif m["mine"] and verb == "be" and not _NEW.match(m["what"]):
        yield Said(("owner", "my", name), value_of(value), loose=True)


def _measured(said: Statement) -> Iterator[Said]:
    """How heavy, how old, how many, how much is paid, and what is driven."""
    subject, what, verb = said.subject, said.object, said.relation
    if verb == "turn" and (age := _age(what, bare=True)):
        yield Said((subject, "age"), frozenset({age}), grows=True, event=True)
    if said.kind != "semantic":
        return
    if verb == "weigh" and (number := first_number(what)):
        yield Said((subject, "weight"), frozenset({number}))
    elif verb == "pay" and subject == "owner" and (m := _PAID.search(what)):
        yield Said(("owner", same_name(m["what"])), frozenset({first_number(m["n"])}))
    elif verb in {"have", "own", "keep"} and (m := _COUNTED.match(what)):
        kept = m["what"] in _KEPT or m["what"].removesuffix("s") in _KEPT
        if kept and (count := _number(m["n"])):
            yield Said((subject, "number of", term_of(m["what"])), frozenset({str(count)}))
    elif verb == "drive" and subject == "owner" and (m := _DRIVEN.match(what)):
        yield Said(("owner", "car"), value_of(m["v"]))


def _number(word: str) -> int:
    """0: not one."""
    parts = ["1" if part == "one" else term_of(part) for part in word.lower().split("-")]
    return sum(map(int, parts)) if len(parts) < 3 and all(part.isdigit() for part in parts) else 0


def _age(text: str, *, bare: bool) -> str:
    m = _AGED.match(text)
    if m is None or not (bare or (m["unit"] or "").strip().startswith("year")):
        return ""
    age = _number(m["v"])
    return str(age) if 0 < age < 120 and (m["unit"] or age >= 10) else ""
