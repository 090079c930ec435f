"""``oneself identity`` and ``oneself graph``: who the notes say you are, and what you say of it."""

from __future__ import annotations

import sys
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path

import click

from kernel.types import Attribute, Change, Citation
from server.commands.common import home_option, options, print_json, show, wants_json, with_door
from server.commands.receipt import counted
from server.schemas.identity import (
    BiographyOut,
    CorrectionRequest,
    DiffOut,
    IdentityOut,
    RecentOut,
    SentenceOut,
    ShadeOut,
    VersionOut,
)

_COLUMNS = 80
_INDENT = " " * 14
"""As wide as a sentence's id and the space after it."""
_KEY, _VALUE, _SPAN = 16, 29, 23
"""Columns of the table of facts; ``very high`` comes behind them."""
_PERSONS = ("first", "second", "third")
_PERIODS = {"today": "Today", "week": "The last seven days", "month": "The last thirty days"}


@click.group()
@options(json=False)
def identity() -> None:
    """Who the notes say you are: show, compare, go back, and have your say."""


# --- showing ----------------------------------------------------------------------------------------------------------


@identity.command("show")
@options()
@click.option("--version", type=click.IntRange(1), help="Not the current version but this one.")
@click.option("--view", type=click.Choice(_PERSONS), default="third", show_default=True, help="In which person.")
@click.option("--short", is_flag=True, help="The short biography and the facts that hold, without evidence.")
def show_identity(version: int | None, view: str, short: bool) -> None:
    """Biography, facts, shades and recent days, with what each sentence stands on beside it."""
    found = with_door(lambda door: door.identity_whole(version))
    if wants_json():
        print_json(found)
        return
    click.echo("\n".join(_brief(found, view) if short else _whole(found, view)))


def _brief(found: IdentityOut, view: str) -> list[str]:
    said = _said(found.biography, view)[: found.biography.short]
    lines = [*_wrapped(" ".join(one.text for one in said), ""), ""] if said else []
    lines += [line for one in found.attributes if one.valid_to is None for line in _wrapped(_fact(one), "  ")]
    return [*lines, found.note] if found.note else lines


def _fact(one: Attribute) -> str:
    return f"{one.key.replace('_', ' ')}: {one.value}"


def _whole(found: IdentityOut, view: str) -> list[str]:
    if not found.version:
        return [found.note]
    lines = [f"Identity {found.version} of {found.owner or 'the owner'}, {_moment(found.created)}"]
    if found.reverted_to is not None:
        lines.append(f"It brings back version {found.reverted_to}.")
    lines += ["", *([found.note] if found.note else [])]
    lines += [line for one in _said(found.biography, view) for line in _evidenced(one)]
    if found.attributes:
        lines += ["", "Facts", *(line for one in found.attributes for line in _attribute(one))]
    for shade in found.shades:
        lines += ["", *_shade(shade, view)]
    for recent in found.recent:
        lines += ["", f"{_PERIODS.get(recent.period, recent.period)} ({recent.since} to {recent.until})"]
        lines += [line for one in _said(recent, view) for line in _evidenced(one)]
    struck = [mark for mark in found.marks if mark.kind == "strike"]
    if struck:
        lines += ["", "Struck", *(line for mark in struck for line in _wrapped(mark.text, f"{mark.id}  "))]
    return lines


def _shade(shade: ShadeOut, view: str) -> Iterator[str]:
    yield f"{shade.icon} {shade.name} ({shade.aspect}, confidence {_sure(shade.confidence)})".strip()
    for said in _said(shade, view):
        yield from _evidenced(said)
    for event in shade.timeline:
        yield from _wrapped(f"{event.when[:10]}: {event.text}", f"{event.id}  ")
        yield from _evidence([event.citation], event.text)


def _said(told: BiographyOut | ShadeOut | RecentOut, view: str) -> tuple[SentenceOut, ...]:
    return {"first": told.first_person, "second": told.second_person, "third": told.third_person}[view]


def _evidenced(said: SentenceOut) -> Iterator[str]:
    pinned = " (pinned)" if said.mark == "pin" else ""
    yield from _wrapped(f"{said.text}{pinned}", f"{said.id}  ")
    yield from _evidence(said.citations, said.text)


def _evidence(citations: Sequence[Citation], text: str) -> Iterator[str]:
    """Title and quote; the quote is left out where the sentence has its very words."""
    for cited in citations:
        quote = " ".join(cited.quote.split())
        shown = cited.title or cited.note_id
        for line in _wrapped(shown if quote == text else f"{shown}: “{quote}”", _INDENT):
            yield click.style(line, dim=True)


def _attribute(one: Attribute) -> Iterator[str]:
    """Key, value, when it holds, how sure it is; a long value goes on below."""
    span = f"{one.valid_from or ''} – {one.valid_to or ''}" if one.valid_from or one.valid_to else ""
    first, *rest = _cut(one.value, _VALUE)
    key = one.key
    if _width(key) > _KEY:
        yield key
        key = ""
    row = f"{_padded(key, _KEY)} {_padded(first, _VALUE)} {_padded(span, _SPAN)} {_sure(one.confidence)}"
    yield click.style(row, dim=True) if one.valid_to else row
    for more in rest:
        yield f"{' ' * (_KEY + 1)}{more}"


# --- versions ---------------------------------------------------------------------------------------------------------


@identity.command()
@options()
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
def history(limit: int) -> None:
    """The versions, latest first."""
    found = with_door(lambda door: door.identity_versions(limit=limit))
    show(found, lambda: "\n".join(map(_row, found.versions)) or "There is no identity yet.")


def _row(one: VersionOut) -> str:
    sentences = counted(one.sentences, "sentence", "sentences")
    facts, shades = counted(one.attributes, "fact", "facts"), counted(one.shades, "shade", "shades")
    back = f", brings back {one.reverted_to}" if one.reverted_to is not None else ""
    return f"{one.version:>4}  {_moment(one.created)}  {sentences}, {facts}, {shades}{back}"


@identity.command()
@options()
@click.argument("before", type=click.IntRange(1), required=False, metavar="[A]")
@click.argument("after", type=click.IntRange(1), required=False, metavar="[B]")
def diff(before: int | None, after: int | None) -> None:
    """What changed from version A (the one before B) to version B (the current one)."""
    found = with_door(lambda door: door.identity_diff(before, after))
    show(found, lambda: "\n".join(_compared(found)))


def _compared(found: DiffOut) -> Iterator[str]:
    yield f"Identity {found.before or 'none'} -> {found.after}"
    if not found.changes:
        yield "Nothing has changed."
    where = ""
    for change in found.changes:
        if change.where != where:
            where = change.where
            yield from ("", where)
        yield from _changed(change)


def _changed(change: Change) -> list[str]:
    """``- gone``, ``+ new``, ``~ with [-what went-] and {+what came+}``."""
    if not change.before:
        return _wrapped(change.after, "  + ")
    if not change.after:
        return _wrapped(change.before, "  - ")
    marks = {"same": ("", ""), "out": ("[-", "-]"), "in": ("{+", "+}")}
    words = (f"{marks[kind][0]}{text.strip()}{marks[kind][1]}" for kind, text in change.words if text.strip())
    return _wrapped(" ".join(words), "  ~ ")


@identity.command()
@options()
@click.argument("version", type=click.IntRange(1))
def revert(version: int) -> None:
    """Say again what VERSION said, but for what no note says any more. It stands until the notes change."""
    now = with_door(lambda door: door.revert_identity(version))
    show(now, lambda: f"Identity {now.version} brings back version {version}.")


# --- the owner's say --------------------------------------------------------------------------------------------------


@identity.command()
@options()
@click.argument("sentence", metavar="ID")
def pin(sentence: str) -> None:
    """Have sentence ID in every version, for as long as its note says it."""
    now = with_door(lambda door: door.mark_sentence(sentence, "pin"))
    show(now, lambda: f"{sentence} is pinned; identity {now.version} has it.")


@identity.command()
@options()
@click.argument("sentence", metavar="ID")
def strike(sentence: str) -> None:
    """Have sentence ID in no version any more."""
    now = with_door(lambda door: door.mark_sentence(sentence, "strike"))
    undo = f"'oneself identity unmark {sentence}{home_option()}' takes that back."
    show(now, lambda: f"{sentence} is struck; identity {now.version} is without it. {undo}")


@identity.command()
@options()
@click.argument("sentence", metavar="ID")
def unmark(sentence: str) -> None:
    """Neither pin nor strike sentence ID: the next training chooses."""
    left = with_door(lambda door: door.unmark_sentence(sentence))
    show(left, lambda: f"{sentence} is not marked any more.")


@identity.command()
@options()
@click.argument("key")
@click.argument("value")
@click.option("--from", "since", metavar="DATE", help="The day from which on it is so.")
@click.option("--was", metavar="VALUE", help="The value in whose place it stands.")
@click.option("--not-true", is_flag=True, help="VALUE is not true, and was not.")
def correct(key: str, value: str, since: str | None, was: str | None, not_true: bool) -> None:
    """Say that KEY is VALUE (employer "Tidewater Instruments" --from 2025-09-01). It is kept as a note of yours."""
    if not_true and (since or was):
        raise click.UsageError("--not-true takes neither --from nor --was.")
    wanted = CorrectionRequest(key=key, value="" if not_true else value, since=since, was=value if not_true else was)
    now = with_door(lambda door: door.correct(wanted))
    told = f"not {value}" if not_true else value
    show(now, lambda: f"{key}: {told}. Identity {now.version} follows it.")


# --- the graph --------------------------------------------------------------------------------------------------------


@click.group()
@options(json=False)
def graph() -> None:
    """Who and what the notes speak of, and how they belong together."""


@graph.command("export")
@options(json=False)
@click.argument("file", type=click.Path(dir_okay=False, writable=True, allow_dash=True, path_type=Path))
def export_graph(file: Path) -> None:
    """Write the graph to FILE as GraphML ('-': to stdout), for Gephi, yEd, igraph or NetworkX."""
    written = with_door(lambda door: door.graph_export())
    if str(file) == "-":
        sys.stdout.write(written)
        return
    try:
        file.write_text(written, "utf-8")
    except OSError as error:
        raise click.UsageError(f"{file} cannot be written: {error.strerror}.") from error
    click.echo(f"Written to {file}.")


# --- in 80 columns ----------------------------------------------------------------------------------------------------


def _wrapped(text: str, first: str) -> list[str]:
    """Lines of at most ``_COLUMNS``, the first behind ``first``, the others as far in."""
    indent = " " * len(first)
    cut = _cut(text, _COLUMNS - len(first))
    return [f"{first if not n else indent}{line}" for n, line in enumerate(cut)]


def _cut(text: str, columns: int) -> list[str]:
    """At spaces, by how wide a terminal shows it: a Korean letter takes two columns."""
    lines, line = [], ""
    for word in text.split():
        if line and _width(line) + 1 + _width(word) > columns:
            lines.append(line)
            line = ""
        line = f"{line} {word}".strip()
        while _width(line) > columns and len(line) > 1:
            at = next(n for n in range(len(line), 0, -1) if _width(line[:n]) <= columns or n == 1)
            lines.append(line[:at])
            line = line[at:]
    return [*lines, line] if line or not lines else lines


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def _padded(text: str, columns: int) -> str:
    return text + " " * max(0, columns - _width(text))


def _sure(confidence: str) -> str:
    return confidence.lower().replace("_", " ")


def _moment(iso: str) -> str:
    return iso[:16].replace("T", " ")
