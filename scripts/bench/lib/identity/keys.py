"""Invented people and what a careful reader has written down of them: topics of notes, attributes, key facts.

    .venv/bin/python scripts/bench/lib/identity/keys.py

prints what does not fit the notes and ends with 1 if anything does not. The keys come from reading alone, never from what
the program finds. A note's path starts with its vault's name here: ``demo/…`` is ``scripts/demo_vault/…``.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TypeVar

import msgspec

HERE = Path(__file__).resolve().parent
PEOPLE = HERE.parents[1] / "people"
SKILL = HERE.parents[3] / "kernel/l2_training/skill/held_out"
T = TypeVar("T")
_DAY = re.compile(r"\d{4}(?:-\d\d){0,2}")


class AttributeKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An attribute of the owner that the notes state.

    ``since`` and ``until`` (``from`` and ``to`` in the file): a year, a month or a day, where the notes say it; one with
    ``until`` no longer holds. ``said``: how the notes put a value that is not in their own words (``Forty-three`` for ``43``).
    ``notes`` is empty only for a name that no note says.
    """

    key: str
    value: str
    notes: tuple[str, ...]
    said: str = ""
    since: str = msgspec.field(name="from", default="")
    until: str = msgspec.field(name="to", default="")


class FactKey(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A fact that an identity should hold: all words of one alternative stand in one of its sentences, in any case."""

    fact: str
    any_of: tuple[tuple[str, ...], ...]
    notes: tuple[str, ...]


class Person(msgspec.Struct, frozen=True):
    """One invented owner. ``vaults``: the name that starts a note's path -> its folder.

    ``labels``: note -> its topic, ``""`` for an outlier; empty where nobody has labelled. ``facts``: the most important first.
    """

    name: str
    vaults: Mapping[str, Path]
    attributes: tuple[AttributeKey, ...]
    labels: Mapping[str, str] = {}
    facts: tuple[FactKey, ...] = ()

    def file(self, note: str) -> Path:
        """Where a note of the keys lies; it need not exist. ``KeyError``: of a vault that is not this person's."""
        vault, _, path = note.partition("/")
        return self.vaults[vault] / path

    def notes(self) -> Iterator[str]:
        """All notes of all vaults, named as in the keys."""
        for name, folder in self.vaults.items():
            for file in sorted(path for path in folder.rglob("*") if path.is_file()):
                yield f"{name}/{file.relative_to(folder).as_posix()}"


def people() -> list[Person]:
    """Everyone below ``people``, by folder name; the one with labels has her own further notes there."""
    return [_person(folder) for folder in sorted(PEOPLE.iterdir()) if folder.is_dir()]


def _person(folder: Path) -> Person:
    attributes = _read(folder / "attributes.json", tuple[AttributeKey, ...])
    name = next(one.value for one in attributes if one.key == "name")
    if (folder / "more").is_dir():
        return Person(
            name=name,
            vaults={"demo": HERE.parents[2] / "demo_vault", "more": folder / "more"},
            attributes=attributes,
            labels=_read(folder / "labels.json", dict[str, str]),
            facts=_read(folder / "facts.json", tuple[FactKey, ...]),
        )
    return Person(name=name, vaults={"notes": SKILL / folder.name / "notes"}, attributes=attributes)


def _read(file: Path, kind: type[T]) -> T:
    return msgspec.json.decode(file.read_bytes(), type=kind)


def check(person: Person) -> list[str]:
    """What does not fit: labels against files, and every value and alternative against the words of its notes."""
    there = set(person.notes())
    wrong = []
    if person.labels:
        wrong += [f"label without a file: {note}" for note in person.labels if note not in there]
        wrong += [f"no label: {note}" for note in sorted(there) if note not in person.labels]
    for one in person.attributes:
        named = f"{one.key}: {one.value}"
        wrong += [f"{named}: no such note: {note}" for note in one.notes if note not in there]
        if not one.notes and one.key != "name":
            wrong.append(f"{named}: no note")
        wrong += [f"{named}: not a day: {day}" for day in (one.since, one.until) if day and not _DAY.fullmatch(day)]
        # The words in brackets are the reader's own: what kind of pet it is.
        words = re.findall(r"\w+", re.sub(r"\(.*?\)", "", one.said or one.value).casefold())
        text = " ".join(_words(person, note) for note in one.notes if note in there)
        wrong += [f"{named}: its notes do not say {word!r}" for word in words if one.notes and word not in text]
    for fact in person.facts:
        wrong += [f"{fact.fact}: no such note: {note}" for note in fact.notes if note not in there]
        texts = [_words(person, note) for note in fact.notes if note in there]
        for together in fact.any_of:
            if not any(all(word.casefold() in text for word in together) for text in texts):
                wrong.append(f"{fact.fact}: no note of its own has all of {', '.join(together)}")
    return wrong


def _words(person: Person, note: str) -> str:
    """A note's text with its name, in lower case, without the marks of links."""
    file = person.file(note)
    return re.sub(r"[\[\]]", "", f"{file.stem}\n{file.read_text('utf-8')}").casefold()


if __name__ == "__main__":
    found = 0
    for each in people():
        for line in check(each):
            found += 1
            print(f"{each.name}: {line}")
        print(f"{each.name}: {len(each.labels)} labels, {len(each.attributes)} attributes, {len(each.facts)} facts")
    sys.exit(bool(found))
