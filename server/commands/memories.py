"""``oneself memories``: list, show, edit, history, forget, receipts, todos."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from kernel.errors import TooFew
from kernel.types import Origin, Todo
from server.commands.common import home_option, kind_option, options, origin_option, show, with_door
from server.commands.receipt import counted, in_words
from server.door import Door
from server.schemas.memories import HistoryOut, MemoryCardOut, NoteOut, NotesAsked, State
from server.schemas.receipts import ReceiptOut
from server.schemas.remember import EditRequest

_SHOWN = 5
"""Of a list in a card, and titles in a question; ``--json`` has all of them."""


@click.group()
@options(json=False)
def memories() -> None:
    """What is remembered: list, show, edit, forget."""


@memories.command("list")
@options()
@click.option("--offset", type=click.IntRange(0), default=0)
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
@click.option("--query", help="Only notes with these words in their title.")
@origin_option
@kind_option
@click.option("--tag", help="Only notes with this tag.")
@click.option("--since", metavar="DATE", help="Only what happened on that day or later.")
@click.option("--until", metavar="DATE", help="Only what happened on that day or before.")
@click.option("--todo", type=click.Choice(["open", "done"]), help="Only notes with such a task.")
def list_memories(
    offset: int,
    limit: int,
    query: str | None,
    origin: Origin | None,
    kind: str | None,
    tag: str | None,
    since: str | None,
    until: str | None,
    todo: State | None,
) -> None:
    """Notes, newest first."""
    asked = NotesAsked(
        offset=offset, limit=limit, query=query, origin=origin, kind=kind, tag=tag, since=since, until=until, todo=todo
    )
    page = with_door(lambda door: door.list_memories(asked))
    shown = f"{len(page.memories)} of {page.total}"
    show(page, lambda: "\n".join([*map(_row, page.memories), shown]))


def _row(note: NoteOut) -> str:
    return f"{note.note_id}  {(note.happened_at or '?')[:10]:<10}  {note.origin:<5}  {note.title}"


# --- one note ---------------------------------------------------------------------------------------------------------


@memories.command("show")
@options()
@click.argument("note_id")
def show_memory(note_id: str) -> None:
    """One note whole: where it came from, what was understood of it, and everything that it has reached."""
    card = with_door(lambda door: door.card(note_id))
    show(card, lambda: "\n".join([*_about(card), *_reached(card), "", card.text]))


def _about(card: MemoryCardOut) -> list[str]:
    happened = f"happened {card.happened_at or 'at an unknown time'} (from {card.happened_from})"
    lines = [
        card.title,
        f"{card.note_id}, {card.kind}, {card.origin}, revision {card.revision} ({len(card.history)} earlier)",
        f"{happened}, learned {card.learned_at[:16]}",
        f"from {card.source}",
        f"{counted(len(card.chunks), 'chunk', 'chunks')}, {counted(len(card.sentences), 'sentence', 'sentences')}",
    ]
    if card.mirror is not None:
        lines.append(f"in the mirror: {card.mirror}")
    lines += [f"{name}: {', '.join(values)}" for name, values in (("tags", card.tags), ("links", card.links)) if values]
    lines += [f"{name}: {value}" for name, value in card.details.items()]
    return lines


def _reached(card: MemoryCardOut) -> list[str]:
    lines = []
    if card.insight is not None:
        lines.append(f"insight: {card.insight.insight}")
    lines += _listed("statements", [f"{one.text} ({one.kind})" for one in card.statements])
    lines += _listed("in the identity", card.identity)
    lines += _listed("training samples", [f"{one.version} {one.kind}: {one.question}" for one in card.samples])
    lines.append(f"selves trained on it: {', '.join(card.selves) or 'none'}")
    lines.append(f"cited by {counted(card.uses, 'answer', 'answers')}")
    return lines


def _listed(name: str, items: list[str] | tuple[str, ...]) -> list[str]:
    if not items:
        return []
    more = [f"  … and {len(items) - _SHOWN} more (--json lists them all)"] if len(items) > _SHOWN else []
    return [f"{name}: {len(items)}", *(f"  {item}" for item in items[:_SHOWN]), *more]


@memories.command()
@options()
@click.argument("note_id")
def history(note_id: str) -> None:
    """What a note was before, latest first."""
    found = with_door(lambda door: door.history(note_id))
    show(found, lambda: "\n".join(_revisions(found)))


def _revisions(found: HistoryOut) -> list[str]:
    if not found.revisions:
        return [f"{found.note_id} has not been changed."]
    lines = []
    for revision in found.revisions:
        tags = f" [{', '.join(revision.tags)}]" if revision.tags else ""
        lines += [f"revision {revision.revision}, of {revision.learned_at[:16]}: {revision.title}{tags}"]
        lines += [f"  {line}".rstrip() for line in revision.text.splitlines()]
    return lines


@memories.command()
@options()
@click.argument("note_id")
@click.option("--title")
@click.option("--tag", "tags", multiple=True, help="Replaces all tags; may be repeated. An empty one: no tags.")
@click.option("--text", metavar="TEXT|-", help="The new text; '-' reads it from stdin.")
@click.option(
    "--file", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="A file that holds the new text."
)
@click.option("--happened-at", metavar="DATE")
@origin_option
def edit(
    note_id: str,
    title: str | None,
    tags: tuple[str, ...],
    text: str | None,
    file: Path | None,
    happened_at: str | None,
    origin: Origin | None,
) -> None:
    """Change a note; what it was stays in its history."""
    wanted = EditRequest(
        text=_new_text(text, file),
        title=title,
        tags=[tag for tag in tags if tag.strip()] if tags else None,
        happened_at=happened_at,
        origin=origin,
    )
    if wanted == EditRequest():
        raise click.UsageError("Say what to change: --title, --tag, --text, --file, --happened-at or --origin.")
    note = with_door(lambda door: door.edit(note_id, wanted))
    before = f"'oneself memories history {note_id}{home_option()}' shows what it was."
    show(note, lambda: f"{note_id} is at revision {note.revision} now. {before}")


def _new_text(text: str | None, file: Path | None) -> str | None:
    if text is not None and file is not None:
        raise click.UsageError("Give the new text with --text or with --file, not both.")
    if file is not None:
        try:
            return file.read_text("utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise click.UsageError(f"{file} cannot be read as UTF-8 text.") from error
    return sys.stdin.read() if text == "-" else text


# --- forgetting -------------------------------------------------------------------------------------------------------


@memories.command()
@options()
@click.argument("note_ids", nargs=-1, metavar="[ID]...")
@click.option("--batch", help="Undo one addition, by the id that 'oneself add' printed.")
@click.option("--yes", is_flag=True, help="Do not ask first.")
def forget(note_ids: tuple[str, ...], batch: str | None, yes: bool) -> None:
    """Remove notes and all that rests on them, out of the selves that learned them too."""
    if bool(note_ids) == bool(batch):
        raise click.UsageError("Name the notes to forget, or one --batch.")

    async def work(door: Door) -> ReceiptOut:
        if batch is not None:
            _confirm(f"Forget everything that batch {batch} added?", yes)
            return await door.forget_batch(batch)
        titles = [(await door.memory(note_id)).title for note_id in note_ids]  # an unknown id stops before any is gone
        _confirm(f"Forget {_named(titles)}?", yes)
        return await door.forget(note_ids)

    receipt = with_door(work)
    show(receipt, lambda: "\n".join(in_words(receipt)))


def _named(titles: list[str]) -> str:
    more = f" and {len(titles) - _SHOWN} more" if len(titles) > _SHOWN else ""
    return ", ".join(f"'{title}'" for title in titles[:_SHOWN]) + more


def _confirm(question: str, yes: bool) -> None:
    if not yes and not click.confirm(question, err=True):
        raise TooFew("Nothing was forgotten.", code="not_confirmed")


@memories.command()
@options()
@click.argument("receipt_id", required=False, metavar="[ID]")
@click.option("--limit", type=click.IntRange(1, 500), default=50, show_default=True)
def receipts(receipt_id: str | None, limit: int) -> None:
    """What was forgotten, latest first; with an id one receipt whole."""
    if receipt_id is not None:
        receipt = with_door(lambda door: door.receipt(receipt_id))
        show(receipt, lambda: "\n".join(in_words(receipt)))
        return
    found = with_door(lambda door: door.receipts(limit=limit))
    show(found, lambda: "\n".join(map(_receipt_row, found.receipts)) or "Nothing has been forgotten.")


def _receipt_row(receipt: ReceiptOut) -> str:
    learned = f", {counted(len(receipt.selves), 'self', 'selves')} had learned it" if receipt.selves else ""
    left = f"; retraining {receipt.retraining}" if receipt.selves else ""
    forgotten = counted(receipt.forgotten, "memory", "memories")
    return f"{receipt.id}  {receipt.created[:16]}  {forgotten}{learned}{left}"


# --- tasks ------------------------------------------------------------------------------------------------------------


@memories.command()
@options()
@click.option("--done", is_flag=True, help="Those that are done, instead of the open ones.")
@click.option("--limit", type=click.IntRange(1, 500), default=200, show_default=True)
def todos(done: bool, limit: int) -> None:
    """The tasks that stand in the notes."""
    state: State = "done" if done else "open"
    found = with_door(lambda door: door.todos(state=state, limit=limit))
    show(found, lambda: "\n".join(map(_task, found.todos)) or f"No task is {state}.")


def _task(todo: Todo) -> str:
    mark = "x" if todo.state == "done" else " "
    return f"[{mark}] {todo.text}\n      {todo.note_id} {todo.title} {(todo.happened_at or '')[:10]}".rstrip()
