"""English: who stands near the owner (kin, animals, doctor, landlord …), and what is said of them outright."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.english_facts import STOP_AT, UNREAL, unquoted
from kernel.l1_identity.english_words import (
    ADDRESSED,
    ANIMAL,
    CAP,
    ILLNESSES,
    INSTRUMENTS,
    KIN,
    KIN_KEY,
    NAME,
    NOT_TRADES,
    PLACE,
    ROLE,
    ROLE_KEY,
    THE_ROLE,
    TITLES,
    TRADES,
    VOICES,
    clean_name,
    number,
)
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found

_ADJECTIVES = (
    r"(?:(?:(?:[a-z]+-)?(?:older|younger|elder|little|big|eldest|youngest|middle|twin|only|late|dear|great|new|old|best|"
    r"second|first)|seven-year-old|\d+-year-old) )*"
)
_TITLED = rf"(?P<name>(?:(?:{TITLES})\.? )+{CAP}(?: {CAP})?)"
_ANYONE = rf"(?:{_TITLED.replace('<name>', '<titled>')}|{NAME})"
_KIN_NAME = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) {_ADJECTIVES}(?P<kin>{KIN}|{ROLE}),? (?:is (?:an? [a-z]+ )?(?:called |named )?|(?:an? [a-z]+ )?(?:called |named ))?{_ANYONE}(?!\w)"
)
_THE_ROLE_NAME = re.compile(
    rf"\b[Tt]he (?P<kin>{THE_ROLE})(?:,| is(?: an? [a-z]+)?(?: called| named)?) {_ANYONE}(?!\w)"
)
_NAME_IS_KIN = re.compile(
    rf"^{NAME}(?:, [^,]+,)? (?:is|was) (?:my|our) (?:\w+ )?(?P<kin>{KIN}|{ROLE}|{ANIMAL})\b(?:, an? (?P<trade>[a-z -]*(?:{TRADES}))\b)?"
)
_NAME_MY_KIN = re.compile(rf"\b{NAME}(?:, | \()(?:my|our) (?:\w+ )?(?P<kin>{KIN}|{ROLE})(?=[,.;)])")
_ADDRESS_NAME = re.compile(rf"^(?P<kin>{ADDRESSED}), {NAME}, ")
_ADDRESS_IS = re.compile(rf"^(?P<kin>{ADDRESSED}) is (?:called|named) {NAME}")
_TITLE_NAME = re.compile(
    rf"(?<!his )(?<!her )(?<!their )(?<!'s )(?<!, )\b(?P<kin>Aunt|Auntie|Aunty|Uncle|Zio|Zia|Tío|Tía|Tia|Tio|Nonna|Nonno|Grandma|Grandpa|Coach) {NAME}"
)
_KIN_CALLED = re.compile(rf"\b(?:[Mm]y|[Oo]ur) (?P<kin>{KIN}|{ROLE})(?:'s|’s) (?:\w+ )?name (?:is|was) {NAME}")
_MARRIED = re.compile(
    rf"\b(?:{NAME} and I (?:have been |are |were |got )?(?:now )?married\b|I (?:am|was|got) married to {NAME.replace('<name>', '<second>')})"
)
_APART = re.compile(
    rf"\b{NAME} and I (?:have been apart|broke up|split up|separated|are divorced|got divorced|divorced|have separated)\b"
)
_HOUSEHOLD = re.compile(
    rf"\bI (?:share|live)(?: [a-z ]{{2,20}}?)? with {NAME}, who\b(?:.*?, and with {NAME.replace('<name>', '<second>')})?"
)
_FIRST = re.compile(r"\b(?:I|my|me)\b|^(?:Saw|Went)\b")
_DOCTOR = re.compile(r"\b(?:[Ss]aw|to see|[Ss]een|[Ww]ent to|called) (?P<value>(?:Dr|Dra|Doctor)\.? [A-ZÀ-Þ][\w'’-]+)")
_OTHER_DOCTOR = re.compile(r"\b(?:dentist|teeth|tooth|vet|dog|cat|horse|his|her|their|lamb|ewe)\b", re.I)
_CALLED_BACK = re.compile(
    rf"^(?:He|She) is (?:called|named) {NAME}|^(?:Her|His) (?:full |real )?name is {NAME.replace('<name>', '<second>')}"
)
_NAMED = (
    _KIN_CALLED, _ADDRESS_NAME, _ADDRESS_IS, _KIN_NAME, _THE_ROLE_NAME, _NAME_IS_KIN, _NAME_MY_KIN, _TITLE_NAME,
)  # fmt: skip
_PET_NAMED = re.compile(
    rf"\b(?:named|call|called|christened) (?:the|our|my) (?:[a-z]+ ){{0,3}}?(?P<kin>{ANIMAL}) {NAME}"
)
_PET_IS = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur|[Tt]he) (?:[a-z]+ ){{0,2}}?(?P<kin>{ANIMAL})(?: is called| is named|'s name is|, called|, named|,)? {NAME}"
)
_PET_GOT = re.compile(
    rf"\b(?:I|[Ww]e) (?:have|got|adopted|own|keep|share)(?: \w+){{0,6}}? (?P<kin>{ANIMAL})(?: \w+){{0,4}}? (?:called|named) {NAME}"
)
_NAMED_BACK = re.compile(
    rf"\b(?:I|[Ww]e) (?:named|called|christened|call) (?:him|her|it) {NAME}(?=[,.;!]| because| after|$)"
)
_ANIMAL_BEFORE = re.compile(rf"\b(?:an?|our|my) (?:[a-z]+ ){{0,3}}?(?P<kin>{ANIMAL})\b")


def people(line: Line, before: Line | None) -> Iterator[Found]:
    """Names: ``my sister Ingrid``, ``Priya, my manager``, ``our cat Pepper``, ``Her name is Ngozi`` under ``Mum``."""
    text = unquoted(line.resolved)
    for pattern in _NAMED:
        for m in pattern.finditer(text):
            yield from _named(line, m)
    if married := _MARRIED.search(text):
        yield from _person(line, "partner", married["name"] or married["second"])
    if (apart := _APART.search(text)) and (former := clean_name(apart["name"])):
        yield Found("partner", former, line, None, line.day or None, ended=True)
    if sharing := _HOUSEHOLD.search(text):
        for name in (sharing["name"], sharing["second"]):
            yield from _person(line, "flatmate", name)
    if (doctor := _DOCTOR.search(text)) and not _OTHER_DOCTOR.search(text) and _FIRST.search(text):
        yield Found("doctor", doctor["value"], line, line.day or None)
    yield from _of_heading(line)
    yield from _pets(line, before, text)


def _named(line: Line, m: re.Match[str]) -> Iterator[Found]:
    kin = m["kin"].lower() if m["kin"] != "GP" else "GP"
    said = m.groupdict()
    name = said.get("titled") or clean_name(m["name"] or "")
    key = KIN_KEY.get(kin) or ROLE_KEY.get(kin)
    if key is None or not name or UNREAL.search(m.group()) or name.lower() in KIN_KEY:
        return
    yield Found(key, name, line, line.day or None)
    if said.get("trade") and said["trade"] not in NOT_TRADES:
        yield Found(f"{key}_occupation", said["trade"], line, line.day or None, who=name)


def _person(line: Line, key: str, name: str | None) -> Iterator[Found]:
    if name and (cleaned := clean_name(name)):
        yield Found(key, cleaned, line, line.day or None)


def heading_kin(line: Line) -> str:
    """The kin word that the page or its section is headed with: ``Mum``, ``My sister``; else empty."""
    heading = (line.unit.section or line.note.title).strip().lower().removeprefix("my ")
    return heading if heading in KIN_KEY else ""


def _of_heading(line: Line) -> Iterator[Found]:
    kin = heading_kin(line)
    if not kin:
        return
    if m := _CALLED_BACK.match(line.words):
        yield from _person(line, KIN_KEY[kin], m["name"] or m["second"])
    named = re.match(rf"{NAME}, (?:an? )?(?P<trade>[a-z]*(?:{TRADES}))(?:, of {PLACE})?\.", line.words)
    if named and (name := clean_name(named["name"])):
        yield Found(KIN_KEY[kin], name, line, line.day or None)
        yield Found(f"{KIN_KEY[kin]}_occupation", named["trade"], line, None, who=kin)


def _pets(line: Line, before: Line | None, text: str) -> Iterator[Found]:
    for pattern in (_PET_NAMED, _PET_IS, _PET_GOT, _NAME_IS_KIN):
        for m in pattern.finditer(text):
            name = clean_name(m["name"])
            whole = m.group().lower()
            owned = pattern is not _PET_IS or not whole.startswith("the ") or "called" in whole or "named" in whole
            if m["kin"].lower() in lx.ANIMALS and name and owned:
                yield Found("pet", f"{name} ({m['kin'].lower()})", line, line.day or None)
    if before is not None and line.unit.follows and (back := _NAMED_BACK.search(line.words)):
        kinds = {k["kin"].lower() for k in _ANIMAL_BEFORE.finditer(unquoted(before.words))}
        if len(kinds) == 1 and (name := clean_name(back["name"])):
            yield Found("pet", f"{name} ({kinds.pop()})", line, line.day or None, also=before)


# --- what is said of them ---------------------------------------------------------------------------------------------

_THEN = r"(?:^|(?:,|\band|\bwho|;) (?:(?:and|who|she|he|now|still|also) )*)(?:now |still |also )?"
_ABOUT: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (what, re.compile(_THEN + pattern))
    for what, pattern in (
        ("city", rf"(?:lives|is living|has lived|lived)(?: \w+)? in (?P<value>{PLACE})"),
        ("city", rf"(?:has )?moved (?:back )?to (?P<value>{PLACE})"),
        ("origin", rf"(?:comes|is)(?: originally)? from (?P<value>{PLACE})"),
        ("origin", rf"came (?:over |here )?from (?P<value>{PLACE})(?= in \d{{4}}| as a (?:child|girl|boy))"),
        ("origin", rf"was born in (?P<value>{PLACE})"),
        ("age", r"(?:is|turned|turns|has turned) (?:now |just )?(?P<value>[a-z]+(?:-[a-z]+)?|\d{1,3})(?: years old)?(?: now| today| this year| on \w+)?(?=[,.;!]| and | who |$)"),
        ("occupation", r"(?:works|worked) as (?:an? |the )?(?P<value>[a-z][a-z' -]{2,40}?)" + STOP_AT),
        ("occupation", rf"(?:is|was) (?:an? |the )(?P<value>(?:[a-z-]+ ){{0,3}}[a-z-]*(?:{TRADES}))(?= (?:at|in|by|for|with|on|from|who|and|since|now|here)\b|[,.;!]|$)"),
        ("work", r"(?P<value>(?:teaches|drives|runs|owns|builds|repairs|restores|sells|grows|sews|drove|taught|ran) (?!(?:me|him|her|us|it|them|out|away|off|on|to|up|home|back|my|over|every|in|at|for|into|like|with|down)\b)(?:an? |the |his |her )?[a-z\d][\w' -]{1,36}?)" + STOP_AT),
        ("studies", r"(?:studies|is studying|is reading) (?!for\b|the\b|with\b|at\b)(?P<value>[a-z][\w -]{2,40}?)" + STOP_AT),
        ("studies", r"(?:wants to|is going to|is off to [A-Z]\w+ to) study (?P<value>[a-z][\w -]{2,40}?)" + STOP_AT),
        ("employer", rf"works (?:at|for) (?:the )?(?P<value>{CAP}(?: {CAP}){{0,2}})"),
        ("instrument", rf"plays (?:the )?(?P<value>{INSTRUMENTS})\b"),
        ("voice", rf"sings (?P<value>{VOICES})\b"),
        ("allergy", r"is allergic to (?P<value>[a-z][a-z -]{2,40}?)" + STOP_AT),
        ("condition", rf"has (?:\w+ )?(?P<value>{ILLNESSES})\b"),
        ("died", r"died (?P<value>(?:in|on) [^,.;]{3,40}?)(?=[,.;]| and |$)"),
        ("cannot", r"(?:can't|can’t|cannot) (?P<value>swim|drive|cook|read|sing)\b"),
    )
)  # fmt: skip
_PASSING = {"died", "origin"}
_FOR_YEARS = re.compile(r"\bfor (?:[\w-]+ years|a living)\b")
"""``drove the lorry`` is a day; for years, or on the page about them, it is what they did."""
_AGES = re.compile(r"\b(?:when|until|before|if|since|that|says|said)\b[^,;]*$")


def called(line: Line, known: Mapping[str, str]) -> tuple[str, str, str] | None:
    """``(key, who, rest)`` where the sentence is about one of the owner's own: ``My sister Liv``, ``Mum``, a known name.

    ``known``: name or first name -> key. ``rest``: the sentence behind its subject.
    """
    text = unquoted(line.resolved)
    kin = rf"(?:[Mm]y|[Oo]ur) {_ADJECTIVES}(?P<kin>{KIN}|{ANIMAL})(?:,? {NAME}(?!['’\w]))?"
    m = re.match(kin + r"(?=[ ,])", text) or re.search(rf"\b{kin}(?=, who )", text)
    if m:
        word = m["kin"].lower()
        key = KIN_KEY.get(word) or "pet"
        name = clean_name(m["name"] or "")
        return key, name or word, _behind(text[m.end() :])
    if m := re.match(rf"(?P<kin>{ADDRESSED})(?=[ ,])(?:, {NAME},)?", text):
        return KIN_KEY[m["kin"].lower()], m["kin"].lower(), _behind(text[m.end() :])
    if m := re.match(rf"{NAME}(?=[ ,])", text):
        of = known.get(m["name"]) or known.get(m["name"].split()[0])
        if of:
            return of, m["name"], _behind(text[m.end() :])
    if (headed := heading_kin(line)) and (m := re.match(r"(?:She|He) ", line.words)):
        return KIN_KEY[headed], headed, _behind(line.words[m.end() :])
    return None


def _behind(rest: str) -> str:
    """``, Kari Solheim, came over`` -> ``came over``: one apposition after the subject is passed over."""
    if m := re.match(r", (?!who\b)[^,.;]{2,60}, (?=[a-z])", rest):
        return rest[m.end() :]
    return rest.removeprefix(",").lstrip()


def about_people(line: Line, known: Mapping[str, str]) -> Iterator[Found]:
    """``My sister Liv lives in Tromsø`` -> ``sister_city``; ``known`` as in ``called``."""
    subject = called(line, known)
    if subject is None:
        return
    key, who, rest = subject
    taken: set[str] = set()
    for what, pattern in _ABOUT:
        m = pattern.search(rest)
        if m is None or what in taken or re.search(r"\b(?:if|would|wish|could|might|used to)\b", rest[: m.end()]):
            continue
        value = m["value"].strip()
        if what == "age":
            years = number(value)
            if years is None or not 0 < years <= 115 or _AGES.search(rest[: m.start()]):
                continue
        if what == "occupation" and (value in NOT_TRADES or value.split()[-1] in NOT_TRADES):
            continue
        if what == "work" and "occupation" in taken:
            continue
        ended = bool(re.search(r"\b(?:lived|worked|was|drove|taught|ran)\b", m.group())) and what != "origin"
        if what == "work" and ended and not (_FOR_YEARS.search(rest) or heading_kin(line)):
            continue
        taken.add(what)
        start = None if what in _PASSING or ended else line.day or None
        yield Found(f"{key}_{'occupation' if what == 'work' else what}", value, line, start, ended=ended, who=who)
