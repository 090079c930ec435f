"""Which language a text is in, from its letters alone: no model, in-process."""

from __future__ import annotations

import re

from kernel.memory.vocabulary import VOCABULARY
from kernel.types import Language

_WORD = re.compile(r"[A-Za-zÀ-ɏ']+")
_ENGLISH = VOCABULARY.english_function_words
_HANGUL_SHARE = 0.2
"""A syllable block carries two to three letters, so that a fifth of all letters is already about half of the text."""
_MANY_WORDS = 12
_ENGLISH_SHARE = 0.12


def is_hangul(character: str) -> bool:
    return "가" <= character <= "힣" or "ᄀ" <= character <= "ᇿ" or "㄰" <= character <= "㆏"


def language_of(text: str) -> Language:
    """``en``, ``ko`` or ``other`` (see ``kernel.abc.LanguageOf``). Texts without letters and short Latin ones count as
    English; a long Latin text without English function words is ``other``."""
    sample = text[:4000]
    letters = [c for c in sample if c.isalpha()]
    if not letters:
        return "en"
    hangul = sum(map(is_hangul, letters))
    if hangul / len(letters) >= _HANGUL_SHARE:
        return "ko"
    latin = sum(c < "ɐ" for c in letters)
    if latin / len(letters) < 0.5:
        return "other"
    words = [word.lower() for word in _WORD.findall(sample)]
    if len(words) < _MANY_WORDS:
        return "en"
    return "en" if sum(word in _ENGLISH for word in words) / len(words) >= _ENGLISH_SHARE else "other"
