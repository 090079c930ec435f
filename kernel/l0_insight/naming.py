"""How a text gives names: ``I named her Pepper``, ``she is called Mina``, ``his name is Ciro``."""

from __future__ import annotations

import re

_NAME = r"((?:(?:Mr|Mrs|Ms|Dr)\.?\s)?(?!Mr\b|Mrs\b|Ms\b|Dr\b|Number\b)[A-Z][\w'’-]+(?:\s[A-Z][\w'’-]+){0,2})"
_GIVEN = re.compile(rf"(?<!to )(?<!would )(?<!d )\b(?:named|call|called|christened)\s+(him|her|it|them)\s+{_NAME}")
_CALLED = re.compile(rf"\b(he|she|it|He|She|It)\s*(?:is|'s|’s|was)\s+(?:called|named)\s+{_NAME}")
_NAME_IS = re.compile(rf"\b([Hh]is|[Hh]er|[Ii]ts)\s+name\s+(?:is|was|'s|’s)\s+{_NAME}")


def named_in(text: str) -> tuple[str, str] | None:
    """``(name, pronoun in lower case)`` that a sentence names, or ``None``."""
    for pattern in (_GIVEN, _CALLED, _NAME_IS):
        if found := pattern.search(text):
            return found[2], found[1].lower()
    return None
