"""``oneself add``, ``search`` and ``memories list|show|forget``."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from kernel.errors import TooFew
from server.commands.common import home_option, options, show, wants_json, with_door
from server.commands.progress import Progress
from server.door import Door
from server.schemas.memories import AddedOut, Forgotten, MemoryOut, NoteOut, SearchResult

_SHOWN_SKIPPED = 10


@click.command()
@options()
@click.argument("what", nargs=-1, required=True, metavar="PATH|- ...")
@click.option("--mine", is_flag=True, help="These are my own words, whatever the format (PDFs are others' by default).")
@click.option("--title", default="", help="A title for text from stdin.")
def add(what: tuple[str, ...], mine: bool, title: str) -> None:
    """Remember files, folders, or text from stdin (-)."""
    added = with_door(_adding(what, mine, title))
    show(added, lambda: "\n".join(_told(added)))
    if not (added.added or added.updated or added.unchanged):
        if wants_json():
            click.echo(f"oneself: nothing was remembered. {_reads()}", err=True)
        click.get_current_context().exit(1)


def _reads() -> str:
    from kernel.memory.readers import readable

    return f"Oneself reads files of these types, in folders at any depth: {readable()}."


def _adding(what: tuple[str, ...], mine: bool, title: str) -> Callable[[Door], Awaitable[AddedOut]]:
    if "-" in what:
        if len(what) > 1:
            raise click.UsageError("'-' (stdin) cannot be mixed with paths; run 'oneself add' twice.")
        text = sys.stdin.read()
        if not text.strip():
            raise click.UsageError("stdin was empty; there is nothing to remember.")
        # what the owner types is the owner's, with or without --mine
        return lambda door: door.remember_text(text, title=title, mine=True)
    paths = [_path(one) for one in what]

    async def work(door: Door) -> AddedOut:
        progress = Progress()
        try:
            return await door.remember_paths(paths, mine=mine, on_event=progress)
        finally:
            progress.close()

    return work


def _path(given: str) -> Path:
    if given.startswith(("http://", "https://")):
        raise click.UsageError(f"Links cannot be read; save {given} as a file and add that.")
    path = Path(given).expanduser().absolute()
    if not path.exists():
        raise click.UsageError(f"There is no file or folder {given}. {_reads()}")
    return path


def _told(added: AddedOut) -> list[str]:
    counts = {"added": added.added, "updated": added.updated, "unchanged": added.unchanged, "skipped": added.skipped}
    if not (added.added or added.updated or added.unchanged):
        lines = [f"Nothing was remembered. {_reads()}"]
    else:
        lines = [", ".join(f"{len(ids)} {name}" for name, ids in counts.items() if ids)]
    lines += [f"  skipped {one.source}: {one.message}" for one in added.skipped[:_SHOWN_SKIPPED]]
    if len(added.skipped) > _SHOWN_SKIPPED:
        lines.append(f"  … and {len(added.skipped) - _SHOWN_SKIPPED} more (--json lists them all)")
    if added.vectors_pending:
        lines.append(
            f"{added.vectors_pending} sentences still wait for their vectors; search finds them by their words."
        )
    if added.undo:
        lines.append(f"To undo this (batch {added.batch}): {added.undo}{home_option()}")
    return lines


@click.command()
@options()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 500), default=10, show_default=True)
@click.option("--as-of", metavar="DATE", help="Only what was known on that day.")
def search(query: str, limit: int, as_of: str | None) -> None:
    """Memories with the explanation of each score."""
    if not query.strip():
        raise click.UsageError("The query is empty.")
    found = with_door(lambda door: door.search(query, limit=limit, as_of=as_of))
    show(found, lambda: "\n".join(map(_hit, found.results)) or "Nothing was found.")


def _hit(hit: SearchResult) -> str:
    parts = hit.explain
    cosine = "pending" if parts.vector is None else f"{parts.vector:.2f}"
    scores = f"vector {cosine}, words {parts.words:.2f}, hangul {parts.hangul:.2f}, overlap {parts.overlap:.2f}"
    when = (hit.happened_at or "")[:10]
    notes = f"; {', '.join(parts.notes)}" if parts.notes else ""
    return f"{hit.score:.2f}  {hit.text}\n      {hit.note_id} {hit.title} {when} ({scores}{notes})"


@click.group()
@options(json=False)
def memories() -> None:
    """What is remembered: list, show, forget."""


@memories.command("list")
@options()
@click.option("--offset", type=click.IntRange(0), default=0)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--query", help="Only notes with these words in title or text.")
def list_memories(offset: int, limit: int, query: str | None) -> None:
    """Notes, newest first."""
    page = with_door(lambda door: door.list_memories(offset=offset, limit=limit, query=query))
    shown = f"{len(page.memories)} of {page.total}"
    show(page, lambda: "\n".join([*map(_row, page.memories), shown]))


def _row(note: NoteOut) -> str:
    return f"{note.note_id}  {(note.happened_at or '?')[:10]:<10}  {note.origin:<5}  {note.title}"


@memories.command("show")
@options()
@click.argument("note_id")
def show_memory(note_id: str) -> None:
    """One note whole: its text, where it came from, what was understood."""
    memory = with_door(lambda door: door.memory(note_id))
    show(memory, lambda: "\n".join(_card(memory)))


def _card(memory: MemoryOut) -> list[str]:
    happened = f"happened {memory.happened_at or 'at an unknown time'} (from {memory.happened_from})"
    lines = [
        memory.title,
        f"{memory.note_id}, {memory.kind}, {memory.origin}, revision {memory.revision}",
        f"{happened}, learned {memory.learned_at[:16]}",
        f"from {memory.source}; {len(memory.chunks)} chunks, {len(memory.sentences)} sentences",
    ]
    if memory.tags:
        lines.append(f"tags: {', '.join(memory.tags)}")
    if memory.insight is not None:
        lines.append(f"insight: {memory.insight.insight}")
    return [*lines, "", memory.text]


@memories.command()
@options()
@click.argument("note_ids", nargs=-1, metavar="[ID]...")
@click.option("--batch", help="Undo one addition, by the id that 'oneself add' printed.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def forget(note_ids: tuple[str, ...], batch: str | None, yes: bool) -> None:
    """Remove notes and all that rests on them alone."""
    if bool(note_ids) == bool(batch):
        raise click.UsageError("Name the notes to forget, or one --batch.")

    async def work(door: Door) -> int:
        if batch is not None:
            _confirm(f"Forget everything that batch {batch} added?", yes)
            return await door.forget_batch(batch)
        titles = [(await door.memory(note_id)).title for note_id in note_ids]  # an unknown id stops before any is gone
        _confirm("Forget " + ", ".join(f"'{title}'" for title in titles) + "?", yes)
        return sum([await door.forget(note_id) for note_id in note_ids])

    forgotten = with_door(work)
    show(Forgotten(forgotten), lambda: f"{forgotten} forgotten.")


def _confirm(question: str, yes: bool) -> None:
    if not yes and not click.confirm(question, err=True):
        raise TooFew("Nothing was forgotten.", code="not_confirmed")
