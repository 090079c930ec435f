"""Key-value lines and lists of the owner -> facts: ``Landlord: Mr Abara``, ``- Maryam: my wife``, ``Treasurer: me``."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.english_words import (
    ANIMAL,
    CAP,
    INSTRUMENTS,
    KIN,
    KIN_KEY,
    NAME,
    NOT_TRADES,
    TITLES,
    TRADES,
    VOICES,
    number,
)
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.found import Found

_PAIR_KEYS = {
    "landlord": "landlord", "landlady": "landlord", "doctor": "doctor", "gp": "doctor", "dentist": "dentist", "rent": "rent",
    "allergy": "allergy", "allergies": "allergy", "bank": "bank", "employer": "employer", "occupation": "occupation",
    "job": "occupation", "profession": "occupation", "birthday": "birthday", "born": "birthday", "date of birth": "birthday",
    "home": "address", "address": "address", "house": "address", "flat": "address", "partner": "partner", "wife": "partner",
    "husband": "partner", "manager": "manager", "boss": "manager", "vet": "vet", "cat": "pet", "dog": "pet", "car": "car",
    "van": "van", "bike": "bike", "moped": "moped", "motorbike": "motorbike", "boat": "boat", "blood type": "blood_type",
    "blood group": "blood_type", "instrument": "instrument", "physio": "physio", "glasses": "glasses", "height": "height",
    "languages": "languages", "school": "school", "university": "university", "diet": "diet", "insurance": "insurance",
    "city": "home_city", "town": "home_city", "hometown": "origin", "nationality": "nationality", "religion": "religion",
    "hobby": "hobbies", "hobbies": "hobbies", "medication": "medication", "coach": "coach", "tutor": "tutor",
    "이름": "name", "직업": "occupation", "직장": "employer", "회사": "employer", "생일": "birthday", "주소": "address", "집": "address",
    "사는 곳": "home_city", "고향": "origin", "혈액형": "blood_type", "키": "height", "알레르기": "allergy", "알러지": "allergy",
    "취미": "hobbies", "은행": "bank", "월세": "rent", "집주인": "landlord", "주치의": "doctor", "병원": "doctor", "치과": "dentist",
    "차": "car", "자동차": "car", "학교": "school", "전공": "studies", "아내": "partner", "남편": "partner", "고양이": "pet", "강아지": "pet",
    "언어": "languages",
}  # fmt: skip
_MUST_BE_NAMES = lx.words("landlord doctor dentist partner manager vet pet employer bank coach tutor")
_OF_HOME = {"address", "rent", "landlord", "insurance"}
_WORKPLACE = re.compile(r"\b(?:workshop|shop|studio|office|bakery|practice|café|cafe|clinic|farm)\b", re.I)
_ELSEWHERE = re.compile(
    r"\b(?:workshop|shop|studio|office|stall|garage|market|meeting|client|customer|supplier|travel|trip|holiday|party)s?\b",
    re.I,
)
_OF_WORKPLACE = {"name": "name", "address": "address", "landlord": "landlord", "landlady": "landlord", "rent": "rent"}
_OF_FAMILY = {"partner"}
_FAMILY = re.compile(r"\b(?:family|people|home|household|me|about|contacts?|emergency|forms?)\b|가족", re.I)
_HEALTH = re.compile(r"\b(?:health|medical|doctor)\b|건강", re.I)
_BODY = re.compile(
    r"\b(?:wrist|knee|back|shoulder|hip|ankle|eye|eyes|ear|heart|blood pressure|neck|foot|elbow)\b", re.I
)
_TASTES = re.compile(r"\b(?:opinions?|favou?rites?|likes|taste|think|hills|random|about me)\b", re.I)
_PLANS = re.compile(r"\b(?:plans?|goals?|resolutions?|bucket list)\b|계획|목표", re.I)
_LOGGED = re.compile(r"\b(?:meeting|minutes|work|training|log)\b|회의", re.I)
_NOTHING = {"none", "no", "nothing", "n/a", "-", "?", "없음"}
_ME = {"me", "myself", "나", "저"}
_OFFICE = re.compile(
    r"(?:(?:vice|co)[- ])?(?:secretary|treasurer|president|chair|chairman|chairwoman|captain|leader|editor|director)$"
)
_OWNED = {"car", "van", "bike", "moped", "motorbike", "boat"}
_A_THING = re.compile(r"(?!died|sold|gone|needs|broken)(?:.*[A-Z]|.*\d{4}|an? |the )")
_DATE = re.compile(r"\d{1,2} [A-Z][a-z]+(?: \d{4})?|[A-Z][a-z]+ \d{1,2}(?:, \d{4})?")
_MOST_WORDS_OF_A_PLAN = 16


def from_pair(line: Line) -> Iterator[Found]:
    """What one key-value line says of the owner or of somebody near them."""
    key, value = line.unit.key.strip(), line.unit.value.strip()
    lowered, words = key.lower(), key.lower().split()
    first = re.split(r"[,;](?:\s|$)|\(", value)[0].strip().rstrip(".")
    title = f"{line.note.title} {line.unit.section}"
    about = f"{title} {' '.join(line.note.tags)}"
    if m := re.match(rf"(?:my|our) (?:\w+ )?(?P<kin>{KIN}|{ANIMAL})\b", value):
        if re.fullmatch(NAME, key):
            yield from _relative(line, m["kin"], key, value[m.end() :])
    elif m := re.match(rf"(?:[Mm]y |[Oo]ur )?(?P<kin>{KIN}) {NAME}$", key):
        yield from _relative(line, m["kin"].lower(), m["name"], value)
    elif m := re.fullmatch(rf"{NAME}, (?:my|our) (?P<kin>{KIN})", key):
        yield from _relative(line, m["kin"], m["name"], "")
    elif lowered in _ME and first and len(first) < 40:
        yield from _me(line, first)
    elif first.lower() in _ME and (m := _OFFICE.search(lowered)):
        yield Found("role", m.group(), line, line.day or None)
    elif re.search(r"\bfavou?rites?\b|좋아하는", title, re.I) and len(words) <= 3 and first:
        yield _favourite(line, words, value.rstrip("."))
    elif words[0] in {"best", "favourite", "favorite", "worst"} and 2 <= len(words) <= 3 and _TASTES.search(about):
        yield _favourite(line, words if words[0] == "worst" else words[1:], first)
    elif (key_here := _by_title(lowered, first, about)) is not None:
        yield Found(*key_here, line, line.day or None)
    elif "workshop" in lowered or (_WORKPLACE.search(title) and lowered in _OF_WORKPLACE and first):
        if (kind := _OF_WORKPLACE.get(lowered)) and not re.search(r"\bmeeting|minutes\b", about, re.I):
            yield Found(f"workplace_{kind}", first, line, line.day or None)
    elif (not line.unit.section or len(words) == 1) and lowered in _PAIR_KEYS and first and len(first) < 60:
        yield from _personal(line, _PAIR_KEYS[lowered], first, about)
    elif _HEALTH.search(about) and _BODY.search(key) and first.lower() not in _NOTHING:
        yield Found("condition", f"{lowered}: {first}", line, line.day or None)


def says_alone(line: Line) -> bool:
    """Whether the line says whose it is and what without its page: ``Allergy: penicillin``, not ``Name: Stake``."""
    key = line.unit.key.strip()
    about = f"{line.note.title} {line.unit.section} {' '.join(line.note.tags)}"
    if re.match(rf"(?:[Mm]y |[Oo]ur )?(?:{KIN}) {CAP}", key):
        return True
    if re.match(rf"(?:my|our) (?:\w+ )?(?:{KIN})\b", line.unit.value):
        return True
    return key.lower() in _PAIR_KEYS and key.lower() not in {"name", "이름"} and not _WORKPLACE.search(about)


def plans(line: Line) -> Iterator[Found]:
    """An item of a list of plans, by its first sentence."""
    about = f"{line.note.title} {' '.join(line.note.tags)}"
    first, _, _ = line.words.partition(" ")
    text = line.note.text
    begun = text[text.rfind("\n", 0, line.unit.start) + 1 : line.unit.start]
    if line.unit.kind != "item" or not _PLANS.search(about) or _LOGGED.search(about) or re.search(r"\w{2}", begun):
        return
    if 3 <= len(line.words.split()) <= _MOST_WORDS_OF_A_PLAN and not re.search(r"ed$|^(?:I|We|He|She|It|Plan)$", first):
        yield Found("plan", line.words.rstrip(" ."), line, line.day or None)


def _favourite(line: Line, words: list[str], value: str) -> Found:
    if words[0] == "worst":
        return Found("dislikes", re.sub(r"\. .*$", "", value), line, line.day or None)
    return Found(f"favourite_{'_'.join(words)}", value, line, line.day or None)


def _by_title(key: str, value: str, about: str) -> tuple[str, str] | None:
    """Keys that say something only on a page about a pet, a vehicle, a home or a job."""
    animals = set(re.findall(rf"\b(?:{ANIMAL})\b", about.lower()))
    name = re.match(rf"{CAP}(?: {CAP})?", value)
    if key == "name" and len(animals) == 1 and name:
        return "pet", f"{value} ({animals.pop()})"
    vehicle = re.search(r"\b(?:car|van|bike|moped|motorbike|scooter|boat)\b", about.lower())
    if key in {"bought", "model", "make"} and vehicle and name:
        return vehicle.group(), value
    if key == "where" and name and re.search(r"\bjob\b", about, re.I):
        return "employer", name.group()
    if key == "where" and name and re.search(r"\bhome\b", about, re.I) and not _ELSEWHERE.search(about):
        return "home_city", name.group()
    return None


def _me(line: Line, value: str) -> Iterator[Found]:
    if re.fullmatch(rf"(?:the )?(?:{INSTRUMENTS}|vocals(?: \+ guitar)?)", value):
        yield Found("instrument", value.removeprefix("the "), line, line.day or None)
    elif re.fullmatch(VOICES, value):
        yield Found("voice", value, line, line.day or None)
    elif re.search(rf"(?:{TRADES}|secretary|captain)$", value) and value not in NOT_TRADES:
        yield Found("role", value, line, line.day or None)


def _relative(line: Line, kin: str, name: str, rest: str) -> Iterator[Found]:
    """``Kamran: my older brother, 50, dentist, Calgary``: the name, then what stands between commas."""
    if kin not in KIN_KEY:
        if kin in lx.ANIMALS:
            yield Found("pet", f"{name} ({kin})", line, line.day or None)
        return
    key = KIN_KEY[kin]
    yield Found(key, name, line, None)
    for part in re.split(r"[,;] ", rest.strip(" ,.")):
        part = part.strip(" .")
        if _DATE.fullmatch(part):
            yield Found(f"{key}_birthday", part, line, None, who=name)
        elif (years := number(part)) and 0 < years < 115:
            yield Found(f"{key}_age", part, line, line.day or None, who=name)
        elif m := re.fullmatch(rf"(?:an? )?(?P<trade>[a-z' -]*(?:{TRADES}))(?: in {CAP})?", part):
            if m["trade"] not in NOT_TRADES:
                yield Found(f"{key}_occupation", m["trade"], line, line.day or None, who=name)
        elif re.match(r"(?:drives|teaches|runs|sells|builds|repairs) [a-z]", part):
            yield Found(f"{key}_occupation", part, line, line.day or None, who=name)
        elif m := re.fullmatch(rf"(?:still |lives |now )*(?:in )?(?P<place>{CAP}(?: {CAP})?)", part):
            yield Found(f"{key}_city", m["place"], line, line.day or None, who=name)


def _personal(line: Line, key: str, value: str, about: str) -> Iterator[Found]:
    if value.lower() in _NOTHING or (key in _OF_HOME and _ELSEWHERE.search(about)):
        return
    if key == "address" and not re.search(r"\d", value):
        return
    if key in _OF_FAMILY and not _FAMILY.search(about):
        return
    if key == "occupation" and re.search(r"[+/]", value):
        return
    gone = key in _OWNED and not _A_THING.match(value)
    if gone or len(value) < 2:
        return
    hangul = any("가" <= c <= "힣" for c in value)
    if key in _MUST_BE_NAMES and not hangul:
        m = re.match(rf"(?:(?:{TITLES})\.? )*{NAME}", value)
        if m is None or m.group().rstrip(".").lower() in lx.TITLES | {"dra"}:
            return
        value = m.group()
    yield Found(key, value, line, line.day or None)
