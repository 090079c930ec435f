"""``vocabulary.json``, read once: words that rules need, in English and Korean, apart from the rules."""

from __future__ import annotations

from pathlib import Path

import msgspec


class Vocabulary(msgspec.Struct, frozen=True):
    english_function_words: frozenset[str]
    stop: frozenset[str]
    """Left out of what a question asks for."""
    korean_stop: frozenset[str]
    korean_particles: tuple[str, ...]
    kin: dict[str, tuple[str, ...]]
    """A relative in English -> every word for them that people use in notes."""
    base_forms: dict[str, tuple[str, ...]]
    """A word -> irregular forms and everyday synonyms that are counted as it."""
    fields: tuple[tuple[str, ...], ...]
    """Words that are about the same matter: weaker evidence than the word itself."""
    numbers: dict[str, str]
    pronouns: frozenset[str]
    """Words by which a question leans on the turn before it."""
    not_keys: frozenset[str]
    """Words before a colon that do not make a ``key: value`` line."""
    abbreviations: frozenset[str]
    abbreviations_that_can_end: frozenset[str]
    """Those after which a sentence may well end."""
    abbreviations_before_numbers: frozenset[str]
    sentence_beginners: frozenset[str]


VOCABULARY = msgspec.json.decode(Path(__file__).with_name("vocabulary.json").read_bytes(), type=Vocabulary)
