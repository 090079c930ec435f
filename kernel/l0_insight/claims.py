"""What a sentence claims of something that has one value at a time, and what a sentence says is over. Pure structs and
the comparing of values; ``english_claims``, ``korean_claims`` and ``pair_claims`` read them out of sentences."""

from __future__ import annotations

import re
from dataclasses import dataclass

from kernel.memory.words import fold

Slot = tuple[str, ...]
"""What has one value at a time: whose, and what: ``("owner", "home")``."""

ROLES = frozenset(
    "manager landlord doctor dentist vet physio partner bank accountant hairdresser therapist optician".split()
)
"""Held by one at a time, so that another name takes the place."""
CONTACTS = frozenset(
    "phone number|email|address|password|wifi password|pin|door code|code|username|postcode|iban|account number".split(
        "|"
    )
)
SUMS = frozenset(
    "rent salary wage wages pay pension mortgage deposit premium fee tuition allowance insurance subscription".split()
)
MEASURES = frozenset({"weight", "age"})
THINGS = frozenset(
    "car bike van motorbike scooter laptop camera phone computer tablet school university employer".split()
)

_SYNONYMS = {
    "boss": "manager", "supervisor": "manager", "line manager": "manager", "landlady": "landlord", "gp": "doctor",
    "physiotherapist": "physio", "wife": "partner", "husband": "partner", "girlfriend": "partner",
    "boyfriend": "partner", "fiancé": "partner", "fiancée": "partner", "bicycle": "bike", "e-mail": "email",
    "e-mail address": "email", "email address": "email", "mobile": "phone number", "mobile number": "phone number",
    "cell": "phone number", "telephone": "phone number", "telephone number": "phone number",
    "home address": "address", "wi-fi password": "wifi password", "wi-fi": "wifi password", "wifi": "wifi password",
    "occupation": "job", "profession": "job", "hourly rate": "wage", "monthly rent": "rent", "bank account": "bank",
    "월세": "rent", "집세": "rent", "연봉": "salary", "월급": "pay", "시급": "wage", "보증금": "deposit",
    "전화번호": "phone number", "핸드폰 번호": "phone number", "휴대폰 번호": "phone number", "번호": "phone number",
    "이메일": "email", "메일 주소": "email", "주소": "address", "집 주소": "address", "비밀번호": "password",
    "와이파이 비밀번호": "wifi password", "와이파이 비번": "wifi password", "비번": "password", "몸무게": "weight",
    "체중": "weight", "나이": "age", "직업": "job", "회사": "employer", "직장": "employer", "상사": "manager",
    "팀장": "manager", "팀장님": "manager", "남자친구": "partner", "여자친구": "partner", "남편": "partner",
    "아내": "partner", "주치의": "doctor", "집주인": "landlord", "은행": "bank", "차": "car", "자동차": "car",
    "자전거": "bike", "노트북": "laptop", "휴대폰": "phone", "핸드폰": "phone", "관리비": "maintenance",
    "용돈": "allowance", "보험료": "premium", "학교": "school",
}  # fmt: skip
_FILLERS = frozenset(
    "a an the my our your his her its their of in at on for with to is are was now currently per month monthly week "
    "weekly year yearly each every about around roughly only just still euro euros eur pounds pound gbp dollars dollar "
    "usd kroner kr won kilo kilos kg old years year new dr mr mrs ms frau herr 이제 지금 현재 약 원 월 매달 한 달".split()
)
_NUMBER = re.compile(r"\d+(?:[.,]\d{3})*(?:[.,]\d+)?")
_TOKEN = re.compile(r"[\w@+#'’./-]+")


@dataclass(frozen=True)
class Said:
    """A value that a sentence gives.

    ``loose``: only words of change make it take another's place, or another take its own. ``event``: it says when this
    began, so that it holds as of that day and not of its note's. ``grows``: only a greater number takes its place.
    """

    slot: Slot
    value: frozenset[str]
    loose: bool = False
    event: bool = False
    grows: bool = False


@dataclass(frozen=True)
class Ended:
    """That something is over: of ``subject``, what ``terms`` say; or with ``slot`` the value that it had, any where
    ``terms`` is empty."""

    subject: str
    terms: frozenset[str] = frozenset()
    slot: Slot = ()
    relations: frozenset[str] = frozenset()
    """Verbs (English: their stems) one of which the earlier statement must have."""


def same_name(key: str) -> str:
    """A key or role in one form: ``Landlady`` and ``landlord`` are one thing."""
    words = (
        (key.lower() if key.isascii() else fold(key))
        .strip(" .:*_")
        .removeprefix("my ")
        .removeprefix("our ")
        .removeprefix("the ")
        .strip()
    )
    return _SYNONYMS.get(words, words)


def value_of(text: str) -> frozenset[str]:
    """What is compared of a value: its words and numbers without units and articles."""
    spaced = re.sub(r"(?<=\d)[,](?=\d{3}(?!\d))", "", text)
    lowered = spaced.lower() if spaced.isascii() else fold(spaced)
    words = {token.strip(".'’/-") for token in _TOKEN.findall(re.sub(r"[€£$₩]", " ", lowered))}
    return frozenset(re.sub(r"['’]s$", "", word) for word in words) - _FILLERS - {""}


def first_number(text: str) -> str:
    """``1,150`` as ``1150``; empty where there is none."""
    found = _NUMBER.search(text)
    return re.sub(r"[.,](?=\d{3}(?!\d))", "", found.group()).replace(",", ".") if found else ""


def differ(one: frozenset[str], other: frozenset[str]) -> bool:
    """Whether two values exclude each other: a longer form of the same does not."""
    return bool(one) and bool(other) and not one <= other and not other <= one
