"""English sentences of the owner -> facts about the owner, by patterns that say so outright. Precision before recall."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.l0_insight import lexicon as lx
from kernel.l0_insight.dating import validity
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found

_CAP = r"[A-ZÀ-ÞĀŌŪĒĪŠŽČĆĐŁŚÅÄÖØÆʻ'][\w'’ʻ-]*[\w]"
_NAME = rf"(?P<name>{_CAP}(?:\s(?:(?:de|da|dos|van|von|al|el|bin)\s)?{_CAP}){{0,2}})"
_KIN_KEYS = {
    "mother": "mother mum mom mama mamma mummy mommy eomma",
    "father": "father dad daddy papa papà papá appa",
    "sister": "sister twin-sister",
    "brother": "brother",
    "son": "son",
    "daughter": "daughter",
    "grandmother": "grandmother grandma gran granny nan nana nonna abuela oma obaachan",
    "grandfather": "grandfather grandpa grandad granddad nonno abuelo opa",
    "aunt": "aunt auntie aunty tia tía zia",
    "uncle": "uncle tio tío zio",
    "cousin": "cousin",
    "niece": "niece",
    "nephew": "nephew",
    "partner": "partner wife husband boyfriend girlfriend fiancé fiancée",
    "granddaughter": "granddaughter",
    "grandson": "grandson",
    "manager": "manager boss supervisor",
}
KIN_KEY = {word: key for key, listed in _KIN_KEYS.items() for word in listed.split()}
_ADDRESSED = {
    "mum",
    "mom",
    "mama",
    "mamma",
    "dad",
    "papa",
    "papà",
    "papá",
    "nonna",
    "obaachan",
    "grandma",
    "gran",
    "nan",
}
_KIN = "|".join(sorted(KIN_KEY, key=len, reverse=True))
_ANIMAL = "|".join(sorted(lx.ANIMALS, key=len, reverse=True))
_ADVERBS = r"(?:now |still |also |currently |just |have |'ve |’ve |am |'m |’m )*"
_STOP_AT = r"(?=\s+(?:and|but|because|since|which|who|where|when|while|though|although|so|until|till|with|for|to|at|in|on|by|from)\b|[,.;:!?()—–]|$)"
_TRADES = (
    "er|or|ist|ian|yst|ant|ee|eer|man|woman|wright|smith|nurse|midwife|cook|chef|judge|clerk|monk|nun|pilot|coach|guard|"
    "scientist|architect|student|therapist|vet|notary|apprentice|shepherd|luthier|paramedic|mechanic|translator"
)
_NUMBER_WORDS = {
    word: n
    for n, word in enumerate(
        [
            "zero",
            "one",
            "two",
            "three",
            "four",
            "five",
            "six",
            "seven",
            "eight",
            "nine",
            "ten",
            "eleven",
            "twelve",
            "thirteen",
            "fourteen",
            "fifteen",
            "sixteen",
            "seventeen",
            "eighteen",
            "nineteen",
        ]
    )
}
_TENS = {
    "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50, "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90,
}  # fmt: skip
_NOT_TRADES = {
    "member", "owner", "customer", "sister", "brother", "father", "mother", "daughter", "lover", "beginner", "believer",
    "sinner", "liar", "foreigner", "stranger", "passenger", "winner", "loser", "non-smoker", "smoker", "sleeper", "person",
    "adult", "giant", "man", "woman", "vegetarian", "soprano", "outsider", "human", "christian", "italian", "goalkeeper",
    "morning person", "regular", "runner-up", "citizen", "survivor", "planner", "listener", "reader", "eater", "talker",
}  # fmt: skip
_LANGUAGES = (
    "English|Korean|French|German|Spanish|Italian|Portuguese|Dutch|Norwegian|Swedish|Danish|Finnish|Polish|Czech|Russian|"
    "Ukrainian|Arabic|Farsi|Dari|Persian|Turkish|Hindi|Urdu|Bengali|Tamil|Malayalam|Kannada|Chinese|Mandarin|Cantonese|"
    "Japanese|Vietnamese|Thai|Tagalog|Swahili|Kikuyu|Igbo|Yoruba|Amharic|Wolof|Tongan|Samoan|Māori|Hawaiian|Serbian|"
    "Croatian|Bosnian|Hungarian|Romanian|Greek|Hebrew|Welsh|Irish|Catalan|Basque|Neapolitan"
)
_INSTRUMENTS = (
    "piano|violin|viola|cello|double bass|bass|guitar|ukulele|banjo|mandolin|harp|flute|clarinet|oboe|bassoon|saxophone|"
    "sax|trumpet|trombone|tuba|horn|drums|accordion|concertina|organ|fiddle|recorder|harmonica|kora|oud|sitar|tabla|gayageum|"
    "haegeum|bagpipes|Hardanger fiddle"
)

_SIMPLE: tuple[tuple[str, re.Pattern[str]], ...] = tuple(
    (key, re.compile(pattern))
    for key, pattern in (
        ("home_city", rf"\bI {_ADVERBS}(?:live|lived|living)(?: \w+)? in (?!a |an |the |my )(?P<value>{_CAP}(?:[ -]{_CAP}){{0,2}})"),
        ("home_city", rf"\b[Ww]e (?:now )?live in (?!a |an |the |my )(?P<value>{_CAP}(?:[ -]{_CAP}){{0,2}})"),
        ("home_city", rf"\b(?:I|[Ww]e)(?: have|'ve|’ve)? (?:just )?moved (?:in)?to (?P<value>{_CAP}(?:[ -]{_CAP}){{0,2}})"),
        ("home_city", rf"^Moved (?:in)?to (?P<value>{_CAP}(?:[ -]{_CAP}){{0,2}})"),
        (
            "employer",
            rf"\bI {_ADVERBS}(?:work|worked|working|started|start)(?: (?:full|part)[- ]time)?(?: work)?(?: as an? [a-z -]+?)? (?:at|for|with) (?:the )?(?P<value>{_CAP}(?:(?: of| &| and the)? {_CAP}){{0,3}})",
        ),
        ("occupation", r"\bI (?:now )?(?:work|am working|'m working) as (?:an?|the) (?P<value>[a-z][a-z -]{2,40}?)" + _STOP_AT),
        ("occupation", rf"\bI(?: am|'m|’m) an? (?P<value>(?:[a-z-]+ ){{0,3}}[a-z-]*(?:{_TRADES}))(?= (?:at|in|by|for|with|on|from)\b|[,.;!]|$| and )"),
        ("allergy", r"\bI(?: am|'m|’m) (?:\w+ )?allergic to (?P<value>[a-z][a-z -]{2,40}?)" + _STOP_AT),
        ("instrument", rf"\bI(?: also| still| now)? (?:play|am learning|'m learning|have taken up|took up)(?: to play)?(?: the)? (?P<value>{_INSTRUMENTS})\b"),
        ("languages", rf"\bI (?:also )?(?:speak|am learning|'m learning|learn|am studying)(?: some| a little| fluent)? (?P<value>(?:(?:{_LANGUAGES})(?:, | and )?)+)"),
        ("bank", rf"\bI bank with (?P<value>{_CAP}(?: {_CAP}){{0,2}})"),
        ("bank", rf"\b[Mm]y bank is (?P<value>{_CAP}(?: {_CAP}){{0,2}})"),
        ("saving_for", r"\b(?:I|[Ww]e)(?: am|'m|’m|'re| are|'ve been| have been)? (?:saving|save)(?: up)? for (?P<value>(?:an? |the |my |our )?[a-zA-Z][\w' -]{2,50}?)(?=[,.;:!?()]| so | because | and |$)"),
        ("birthday", r"\b[Mm]y birthday is (?:on )?(?P<value>(?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Z][a-z]+|[A-Z][a-z]+ (?:the )?\d{1,2}(?:st|nd|rd|th)?)"),
        ("birthday", r"\bI was born (?:on|in) (?P<value>(?:the )?\d{1,2}(?:st|nd|rd|th)?(?: of)? [A-Z][a-z]+(?:,? \d{4})?|[A-Z][a-z]+ \d{1,2}(?:, \d{4})?|\d{4})"),
    )
)  # fmt: skip
_AGE = re.compile(
    r"\bI(?: am|'m|’m| turned| turn|’ve turned|'ve turned)(?: now)? (?P<value>[a-z]+(?:-[a-z]+)?|\d{2})(?: years old)?(?: today| yesterday)?(?=[,.;!]|$| and | years old)"
)
_FAVOURITE = re.compile(
    r"\b[Mm]y favou?rite (?P<what>[a-z]+(?: [a-z]+){0,2}?) (?:is|are|was|remains) (?P<value>[^.;:!?]{2,80}?)(?=[.;:!?]|, (?:and|but|because|which)|$)"
)
_KIN_NAME = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur) (?:(?:[a-z]+-)?(?:older|younger|elder|little|big|eldest|youngest|twin|only|late|dear|great|new|old) )*(?P<kin>{_KIN}),? (?:is (?:called |named )?|called |named )?{_NAME}(?!\w)"
)
_NAME_IS_KIN = re.compile(rf"^{_NAME}(?:, [^,]+,)? (?:is|was) (?:my|our) (?:\w+ )?(?P<kin>{_KIN}|{_ANIMAL})\b")
_ADDRESS_NAME = re.compile(rf"^(?P<kin>Mum|Mom|Mama|Mamma|Dad|Papa|Papà|Papá|Nonna|Grandma|Gran|Obaachan), {_NAME}, ")
_KIN_CALLED = re.compile(rf"\b(?:[Mm]y|[Oo]ur) (?P<kin>{_KIN})(?:'s|’s) (?:\w+ )?name is {_NAME}")
_PET_NAMED = re.compile(
    rf"\b(?:named|call|called|christened) (?:the|our|my) (?:[a-z]+ ){{0,3}}?(?P<kin>{_ANIMAL}) {_NAME}"
)
_PET_IS = re.compile(
    rf"\b(?:[Mm]y|[Oo]ur|[Tt]he) (?:[a-z]+ ){{0,2}}?(?P<kin>{_ANIMAL})(?: is called| is named|'s name is|, called|, named|,)? {_NAME}"
)
_PET_GOT = re.compile(
    rf"\b(?:I|[Ww]e) (?:have|got|adopted|own|keep|share)(?: \w+){{0,6}}? (?P<kin>{_ANIMAL})(?: \w+){{0,4}}? (?:called|named) {_NAME}"
)
_NOT_NAMES = {
    "I",
    "Day",
    "Christmas",
    "Easter",
    "Sunday",
    "Monday",
    "Tuesday",
    "Wednesday",
    "Thursday",
    "Friday",
    "Saturday",
    "The",
    "And",
    "But",
    "She",
    "He",
    "His",
    "Her",
    "We",
    "It",
    "My",
    "In",
    "At",
    "On",
    "English",
    "French",
}
_MONTHS = set("January February March April May June July August September October November December".split())
_PAST = re.compile(r"\b(?:used to|no longer|anymore|any more|formerly|was|were|worked|lived)\b")
_QUOTED = re.compile(r"[\"“][^\"”]*(?:[\"”]|$)")
_THEY_SAY = re.compile(
    r"(?<!\bI )\b(?:says?|said|thinks?|thought|tells?|told|calls?|claims?|insists?)(?: me| us| that|,)*\s*$"
)
_UNREAL = re.compile(r"\b(?:if|would|wish|could|might|should|imagine|pretend|dream|as though|as if|not|n't|never)\b|\?")


def english_facts(line: Line) -> Iterator[Found]:
    """Facts of one sentence of the owner (not of quotations or other people's notes)."""
    text = _QUOTED.sub(lambda m: " " * len(m.group()), line.resolved)
    yield from _simple(line, text)
    yield from _people(line, text)
    yield from _of_heading(line)
    yield from _pets(line, text)
    if (m := _AGE.search(text)) and (age := number(m["value"])) and 10 <= age <= 110:
        yield Found("age", str(age), line, line.day or None)
    if m := _FAVOURITE.search(text):
        yield Found(f"favourite_{m['what'].replace(' ', '_')}", m["value"].strip(), line, line.day or None)
    yield from _likes(line)


def _simple(line: Line, text: str) -> Iterator[Found]:
    taken: set[str] = set()
    for key, pattern in _SIMPLE:
        m = pattern.search(text)
        if m is None or key in taken:
            continue
        before = text[: m.start()].split(",")[-1]
        if (
            _THEY_SAY.search(text[: m.start()])
            or _UNREAL.search(before)
            or _UNREAL.search(m.group())
            or "used to" in text[: m.end()]
        ):
            continue
        value = m["value"].strip(" ,")
        if key == "occupation" and (value in _NOT_TRADES or value.split()[-1] in _NOT_TRADES):
            continue
        if key == "home_city" and (value.split()[0] in _NOT_NAMES | _MONTHS):
            continue
        taken.add(key)
        past = bool(re.search(r"\b(?:lived|worked|was)\b", m.group()))
        start, end = validity(text, line.day or None, past=past)
        values = re.split(r", | and ", value) if key == "languages" else [value]
        for one in values:
            if one:
                yield Found(key, one, line, start, end, ended=past)


def _people(line: Line, text: str) -> Iterator[Found]:
    for pattern in (_KIN_CALLED, _ADDRESS_NAME, _KIN_NAME, _NAME_IS_KIN):
        for m in pattern.finditer(text):
            kin = m["kin"].lower()
            name = _clean(m["name"])
            if kin not in KIN_KEY or not name or _UNREAL.search(m.group()):
                continue
            yield Found(KIN_KEY[kin], name, line, line.day or None)


def _of_heading(line: Line) -> Iterator[Found]:
    """``Her name is Ngozi`` under the heading or title ``Mum``."""
    heading = (line.unit.section or line.note.title).strip().lower().removeprefix("my ")
    m = re.match(rf"(?:Her|His) (?:full |real )?name is {_NAME}", line.words)
    if m and heading in KIN_KEY and (name := _clean(m["name"])):
        yield Found(KIN_KEY[heading], name, line, line.day or None)


def _pets(line: Line, text: str) -> Iterator[Found]:
    for pattern in (_PET_NAMED, _PET_IS, _PET_GOT, _NAME_IS_KIN):
        for m in pattern.finditer(text):
            name = _clean(m["name"])
            owned = (
                pattern is not _PET_IS
                or not m.group().lower().startswith("the ")
                or "called" in m.group()
                or "named" in m.group()
            )
            if m["kin"].lower() in lx.ANIMALS and name and owned:
                yield Found("pet", f"{name} ({m['kin'].lower()})", line, line.day or None)


def _likes(line: Line) -> Iterator[Found]:
    for said in line.statements:
        if said.subject != "owner" or said.relation not in _TASTE or not _first_person(line.words, said.relation):
            continue
        value = re.split(r"[,;:(]| because | when | and | but | so that ", said.object)[0].strip()
        if (
            not value
            or len(value.split()) > 7
            or value.split()[0].lower() in _VAGUE
            or re.search(r"\b(?:him|her|them|it)\b", value)
        ):
            continue
        liked = (said.relation in _LIKED) != said.negated
        if said.relation in {"stand", "bear"} and not said.negated:
            continue
        liked = False if said.relation in {"stand", "bear"} else liked
        yield Found("likes" if liked else "dislikes", value, line, said.valid_from)


def _first_person(words: str, verb: str) -> bool:
    return bool(re.search(rf"\b(?:I|We|we)\b[^.;]{{0,40}}\b{verb[:3]}", words))


_LIKED = {"love", "like", "adore", "enjoy"}
_TASTE = _LIKED | {"hate", "dislike", "detest", "loathe", "stand", "bear"}
_VAGUE = {
    "it",
    "that",
    "this",
    "him",
    "her",
    "them",
    "you",
    "to",
    "how",
    "what",
    "when",
    "one",
    "me",
    "the",
    "more",
    "about",
}


def from_pair(line: Line) -> Iterator[Found]:
    """``Landlord: Mr Abara`` and ``- Maryam: my wife, 12 August``."""
    key, value = line.unit.key.strip(), line.unit.value.strip()
    words = key.lower().split()
    first = re.split(r"[,;](?:\s|$)|\(", value)[0].strip().rstrip(".")
    if (m := re.match(rf"(?:my|our) (?:\w+ )?(?P<kin>{_KIN}|{_ANIMAL})\b", value)) and re.fullmatch(_NAME, key):
        kin = m["kin"]
        if kin in KIN_KEY:
            yield Found(KIN_KEY[kin], key, line, None)
        else:
            yield Found("pet", f"{key} ({kin})", line, line.day or None)
    elif m := re.match(rf"(?:[Mm]y |[Oo]ur )?(?P<kin>{_KIN}) {_NAME}$", key):
        yield Found(KIN_KEY[m["kin"].lower()], m["name"], line, None)
    elif (not line.unit.section or len(words) == 1) and key.lower() in _PAIR_KEYS and first and len(first) < 60:
        yield from _personal(line, _PAIR_KEYS[key.lower()], first)
    elif re.search(r"\bfavou?rites?\b", f"{line.note.title} {line.unit.section}", re.I) and len(words) <= 3 and first:
        yield Found(f"favourite_{'_'.join(words)}", value.rstrip("."), line, line.day or None)


def _personal(line: Line, key: str, value: str) -> Iterator[Found]:
    about = f"{line.note.title} {line.unit.section} {' '.join(line.note.tags)}"
    if value.lower() in {"none", "no", "nothing", "n/a", "-", "?"} or (key in _OF_HOME and _ELSEWHERE.search(about)):
        return
    if key == "address" and not re.search(r"\d", value):
        return
    if key in _OF_FAMILY and not _FAMILY.search(about):
        return
    if key in _MUST_BE_NAMES:
        m = re.match(rf"(?:(?:Frau|Herr|Dr|Dra|Prof|Mr|Mrs|Ms|Signora|Signor|Señora|Señor)\.? )*{_NAME}", value)
        if m is None or m.group().rstrip(".").lower() in lx.TITLES | {"dra"}:
            return
        value = m.group()
    yield Found(key, value, line, line.day or None)


_OF_HOME = {"address", "rent", "landlord"}
_ELSEWHERE = re.compile(
    r"\b(?:workshop|shop|studio|office|stall|garage|market|meeting|client|customer|supplier)s?\b", re.I
)
_OF_FAMILY = {"partner"}
_FAMILY = re.compile(r"\b(?:family|people|home|household|me|about|contacts?|emergency|forms?)\b", re.I)
_PAIR_KEYS = {
    "landlord": "landlord", "landlady": "landlord", "doctor": "doctor", "gp": "doctor", "dentist": "dentist", "rent": "rent",
    "allergy": "allergy", "allergies": "allergy", "bank": "bank", "employer": "employer", "occupation": "occupation",
    "job": "occupation", "profession": "occupation", "birthday": "birthday", "born": "birthday", "date of birth": "birthday",
    "home": "address", "address": "address", "house": "address", "partner": "partner", "wife": "partner",
    "husband": "partner", "manager": "manager", "boss": "manager", "vet": "vet", "cat": "pet", "dog": "pet", "car": "car",
    "blood type": "blood_type", "blood group": "blood_type", "instrument": "instrument", "physio": "physio",
}  # fmt: skip
_MUST_BE_NAMES = {"landlord", "doctor", "dentist", "partner", "manager", "vet", "pet", "employer", "bank"}


def _clean(name: str) -> str:
    words = name.split()
    while words and (words[-1] in _NOT_NAMES or words[-1] in _MONTHS):
        words.pop()
    if not words or words[0] in _NOT_NAMES | _MONTHS:
        return ""
    return re.sub(r"['’]s$", "", " ".join(words))


def number(text: str) -> int | None:
    """``forty-two`` -> 42."""
    lowered = text.lower()
    if lowered.isdigit():
        return int(lowered)
    if lowered in _NUMBER_WORDS:
        return _NUMBER_WORDS[lowered]
    tens, _, unit = lowered.partition("-")
    if tens in _TENS and (not unit or 0 < _NUMBER_WORDS.get(unit, 0) < 10):
        return _TENS[tens] + _NUMBER_WORDS.get(unit, 0)
    return None
