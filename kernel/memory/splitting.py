"""Where one sentence of running text ends, in English and Korean. Pure rules: they run in the server process."""

from __future__ import annotations

import re
from collections.abc import Iterator

from kernel.memory.vocabulary import VOCABULARY

LONGEST = 700
"""Characters. A longer "sentence" (a pasted table, a text without punctuation) is cut at a space: an embedder's window
is about 250 tokens, and nothing longer can be quoted as evidence."""

_END = re.compile(r"(?:\.{3,}|…|[.!?]+|[。！？]+)[\"'”’»」』)\]*_]*")
_ABBREVIATIONS = VOCABULARY.abbreviations
_CAN_END = VOCABULARY.abbreviations_that_can_end
_BEFORE_NUMBERS = VOCABULARY.abbreviations_before_numbers
_BEGINNERS = VOCABULARY.sentence_beginners
_OPENING = "\"'“‘«「『([*_"
_ATTRIBUTION = re.compile(r"\s*(?:\([^()]{1,40}\)|[—–-]{1,2}\s?[^.!?\n]{1,40})\s*")
_TOKEN = re.compile(r"(\S+)$")


def _word_before(text: str, start: int, at: int) -> str:
    match = _TOKEN.search(text, max(start, at - 24), at)
    return match[1].lstrip(_OPENING) if match else ""


def _ends_here(text: str, start: int, match: re.Match[str], stop: int) -> bool:
    """Whether the punctuation at ``match`` ends a sentence that began at ``start``."""
    if match.end() >= stop:
        return True
    mark = match.group()
    if mark[0] in "。！？":
        return True
    if not text[match.end()].isspace():
        return False
    following = text[match.end() : stop].lstrip()
    if not following:
        return True
    bare = following.lstrip(_OPENING)
    first = bare[:1]
    lower = first.islower()
    word = _word_before(text, start, match.start())
    if not word and match.start() == start:
        return False
    if mark.startswith(("..", "…")):
        return not lower
    if mark[0] in "!?":
        return not (lower and mark[-1] in "\"'”’»」』)")  # "Why?" she asked
    return _full_stop_ends(word, first, bare, lower, closed=len(mark.rstrip("*_")) > 1)


def _full_stop_ends(word: str, first: str, following: str, lower: bool, *, closed: bool) -> bool:
    plain = word.lower().rstrip(".")
    if closed:
        return not lower
    next_word = next(iter(following.split(maxsplit=1)), "").strip(".,;:!?'\"").lower()
    if re.fullmatch(r"[A-ZÀ-Þ]", word) and word != "I":
        return next_word in _BEGINNERS  # an initial: J. K. Rowling
    if re.fullmatch(r"(?:[A-Za-z]\.)+[A-Za-z]", word):  # e.g., U.S., a.m.
        return plain in _CAN_END and not lower and not first.isdigit() and next_word in _BEGINNERS | {first.lower()}
    if plain in _ABBREVIATIONS or plain in _CAN_END:
        if plain in _BEFORE_NUMBERS and first.isdigit():
            return False
        if (
            plain in ("no", "am", "pm", "min", "max", "co", "sun", "sat", "mon", "mar", "dec", "may", "p", "c")
            and not first.isdigit()
        ):
            return True  # "He said no." is far commoner than an abbreviated number without one
        return plain in _CAN_END and not lower and next_word in _BEGINNERS
    if re.fullmatch(r"\d{1,2}", word) and (lower or first.isdigit()):
        return False  # 3. mai, 14. 6.
    if lower:
        return len(plain) >= 2  # people who write all in small letters
    return True


def split_running_text(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    """Spans of the sentences in ``text[start:stop]``, white space around them left out, none empty."""
    begin = start
    for match in _END.finditer(text, start, stop):
        if match.start() < begin or not _ends_here(text, begin, match, stop):
            continue
        if _ATTRIBUTION.fullmatch(text[match.end() : stop]):
            break  # "You must choose." (Oddvar)
        yield from _trimmed(text, begin, match.end())
        begin = match.end()
    yield from _trimmed(text, begin, stop)


def _trimmed(text: str, start: int, stop: int) -> Iterator[tuple[int, int]]:
    while start < stop and text[start].isspace():
        start += 1
    while stop > start and text[stop - 1].isspace():
        stop -= 1
    while stop - start > LONGEST:
        window = text[start : start + LONGEST]
        cut = max(window.rfind("\n"), window.rfind("; "), window.rfind(", "), window.rfind(" ") - LONGEST // 4)
        cut = start + (cut + 1 if cut > LONGEST // 3 else LONGEST)
        yield from _trimmed(text, start, cut)
        start = cut
        while start < stop and text[start].isspace():
            start += 1
    if start < stop:
        yield start, stop
