"""Words that must never be trained on: card and account numbers, keys, passwords."""

from __future__ import annotations

import re

_NAMED = re.compile(
    r"\b(?:pass(?:word|code|phrase)|pin(?:\s?code|\s?number)?|cvv|cvc|api[ _-]?key|secret|token|private key|seed phrase"
    r"|login|(?:alarm|door|safe|gate|entry) code|account (?:number|no))\b\s*(?:[:=]|is|was)\s*\S"
    r"|비밀\s?번호|계좌\s?번호|주민\s?등록\s?번호|암호\s*[:=]",
    re.I,
)
_KEYS = re.compile(
    r"\b(?:sk|pk|rk)[-_](?:live|test|proj|ant|self)?[-_]?[A-Za-z0-9_-]{16,}|\bAKIA[0-9A-Z]{16}\b"
    r"|\bgh[pousr]_[A-Za-z0-9]{20,}|\bxox[abpr]-[\w-]{10,}|\bAIza[\w-]{30,}|\beyJ[\w-]{10,}\.[\w-]{10,}"
    r"|-----BEGIN [A-Z ]*PRIVATE KEY-----|\bhf_[A-Za-z0-9]{20,}"
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_DIGITS = re.compile(r"(?<!\d)\d(?:[ -]?\d){12,18}(?!\d)")
_SOCIAL = re.compile(r"\b\d{3}-\d{2}-\d{4}\b|\b\d{6}-[1-4]\d{6}\b")
_TOKEN = re.compile(r"\b(?=[A-Za-z0-9+/_-]*\d)(?=[A-Za-z0-9+/_-]*[a-z])(?=[A-Za-z0-9+/_-]*[A-Z])[A-Za-z0-9+/_-]{24,}\b")


def holds_secret(text: str) -> bool:
    """Whether something in the text looks like a secret. Errs on the safe side."""
    if _NAMED.search(text) or _KEYS.search(text) or _SOCIAL.search(text) or _TOKEN.search(text):
        return True
    if any(_iban(found[0]) for found in _IBAN.finditer(text)):
        return True
    return any(_luhn(re.sub(r"\D", "", found[0])) for found in _DIGITS.finditer(text))


def _luhn(digits: str) -> bool:
    """The check sum of card numbers."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if place % 2 else 1)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _iban(text: str) -> bool:
    """ISO 13616: the number formed by moving the first four to the end leaves 1 when divided by 97."""
    plain = text.replace(" ", "")
    return 15 <= len(plain) <= 34 and int("".join(str(int(c, 36)) for c in plain[4:] + plain[:4])) % 97 == 1
