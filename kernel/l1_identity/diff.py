"""What changed between two versions of an identity, word by word."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator, Sequence
from typing import Literal

from kernel.l1_identity.marks import sentence_id
from kernel.types import Attribute, Change, Cited, Frozen, Identity, Topic

Words = tuple[tuple[Literal["same", "out", "in"], str], ...]
_ALIKE = 0.5
"""Share of words from which two sentences are one that was reworded (``SequenceMatcher.ratio``)."""


class Compared(Frozen, frozen=True, kw_only=True):
    """Two versions and what changed from the one to the other."""

    before: int | None
    """``None``: there was none."""
    after: int
    changes: tuple[Change, ...]


def diff(before: Identity | None, after: Identity) -> tuple[Change, ...]:
    """Biography, attributes, shades, topics, recent days, in this order; in the first person. What only moved has not
    changed."""
    return tuple(_changes(before, after))


def word_diff(before: str, after: str) -> Words:
    """Runs of words that stayed, went and came. Those that stayed and went together are ``before``, those that stayed
    and came ``after``, to the letter."""
    old, new = _words(before), _words(after)
    runs: list[tuple[Literal["same", "out", "in"], str]] = []
    for tag, a, b, c, d in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes():
        if tag == "equal":
            runs.append(("same", "".join(old[a:b])))
            continue
        runs += [("out", "".join(old[a:b]))] if b > a else []
        runs += [("in", "".join(new[c:d]))] if d > c else []
    return tuple(runs)


def _changes(before: Identity | None, after: Identity) -> Iterator[Change]:
    yield from _sentences("biography", before.biography.first_person if before else (), after.biography.first_person)
    yield from _attributes(before.attributes if before else (), after.attributes)
    yield from _shades(before, after)
    yield from _topics(before.topics if before else (), after.topics)
    was = {recent.period: recent.first_person for recent in before.recent} if before else {}
    now = {recent.period: recent.first_person for recent in after.recent}
    for period in dict.fromkeys([*was, *now]):
        yield from _sentences(f"recent {period}", was.get(period, ()), now.get(period, ()))


def _sentences(where: str, before: Sequence[Cited], after: Sequence[Cited]) -> Iterator[Change]:
    """By their place in the notes; what is left over is paired with what reads alike."""
    old = {sentence_id(said): said.text for said in before}
    new = {sentence_id(said): said.text for said in after}
    kept = old.keys() & new.keys()
    same = {text for id_, text in old.items() if id_ not in kept} & {t for id_, t in new.items() if id_ not in kept}
    gone = [text for id_, text in old.items() if id_ not in kept and text not in same]
    for id_, text in new.items():
        if id_ in kept:
            was = old[id_]
        elif text in same:  # another note says the same now
            continue
        else:
            was = next((one for one in gone if _alike(one, text)), "")
            if was:
                gone.remove(was)
        if was != text:
            yield _change(where, was, text)
    for text in gone:
        yield _change(where, text, "")


def _attributes(before: Sequence[Attribute], after: Sequence[Attribute]) -> Iterator[Change]:
    for key in dict.fromkeys(one.key for one in [*after, *before]):
        old = {one.value.casefold(): _valued(one) for one in before if one.key == key}
        new = {one.value.casefold(): _valued(one) for one in after if one.key == key}
        gone = [text for value, text in old.items() if value not in new]
        for value, text in new.items():
            was = old[value] if value in old else (gone.pop(0) if gone else "")
            if was != text:
                yield _change(f"attribute {key}", was, text)
        for text in gone:
            yield _change(f"attribute {key}", text, "")


def _valued(one: Attribute) -> str:
    """``Harbour Lab (2023-01-01 to 2025-09-01)``."""
    if one.valid_from and one.valid_to:
        return f"{one.value} ({one.valid_from} to {one.valid_to})"
    if one.valid_from or one.valid_to:
        return f"{one.value} ({f'since {one.valid_from}' if one.valid_from else f'until {one.valid_to}'})"
    return one.value


def _shades(before: Identity | None, after: Identity) -> Iterator[Change]:
    old = {shade.id: shade for shade in before.shades} if before else {}
    new = {shade.id: shade for shade in after.shades}
    for id_ in dict.fromkeys([*new, *old]):
        was, now = old.get(id_), new.get(id_)
        shown = now or was
        assert shown is not None
        where, names = f"shade {shown.name}", (was.name if was else "", now.name if now else "")
        if names[0] != names[1]:
            yield _change(where, *names)
        yield from _sentences(where, was.first_person if was else (), now.first_person if now else ())


def _topics(before: Sequence[Topic], after: Sequence[Topic]) -> Iterator[Change]:
    old, new = ({topic.id: topic for topic in topics} for topics in (before, after))
    for id_ in dict.fromkeys([*new, *old]):
        was, now = (_counted(topics[id_]) if id_ in topics else "" for topics in (old, new))
        if was != now:
            yield _change(f"topic {(new.get(id_) or old[id_]).label}", was, now)


def _counted(topic: Topic) -> str:
    return f"{topic.label} ({len(topic.note_ids)} {'note' if len(topic.note_ids) == 1 else 'notes'})"


def _change(where: str, before: str, after: str) -> Change:
    return Change(where=where, before=before, after=after, words=word_diff(before, after))


def _alike(one: str, other: str) -> bool:
    return difflib.SequenceMatcher(None, _words(one), _words(other), autojunk=False).ratio() >= _ALIKE


def _words(text: str) -> list[str]:
    """Words and marks, each with the space before it; together they are the text."""
    return re.findall(r"\s*(?:\w+|[^\w\s])|\s+", text)
