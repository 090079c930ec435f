"""``oneself add``, and ``oneself mirror``: what is edited by hand there is remembered too."""

from __future__ import annotations

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from kernel.errors import WrongUse
from kernel.home import check_version
from server.commands.common import home_option, options, paths_of, show, wants_json, with_door
from server.commands.progress import Progress
from server.door import Door
from server.schemas.remember import AddedOut, check_link, merged

_SHOWN_SKIPPED = 10


@click.command()
@options()
@click.argument("what", nargs=-1, required=True, metavar="PATH|URL|- ...")
@click.option("--mine", is_flag=True, help="These are my own words, whatever the format (PDFs are others' by default).")
@click.option("--again", is_flag=True, help="Also what was forgotten before.")
@click.option("--title", default="", help="A title for text from stdin.")
def add(what: tuple[str, ...], mine: bool, again: bool, title: str) -> None:
    """Remember files, folders, links, or text from stdin (-)."""
    added = with_door(_adding(what, mine, again, title))
    nothing = not (added.added or added.updated or added.unchanged)
    advice = "" if all(map(_is_link, what)) else f" {_reads()}"
    show(added, lambda: "\n".join(_told(added, advice)))
    if nothing:
        if wants_json():
            click.echo(f"oneself: nothing was remembered.{advice}", err=True)
        click.get_current_context().exit(1)


def _reads() -> str:
    from kernel.memory.readers import readable

    return f"Oneself reads files of these types, in folders at any depth: {readable()}."


def _adding(what: tuple[str, ...], mine: bool, again: bool, title: str) -> Callable[[Door], Awaitable[AddedOut]]:
    if "-" in what:
        if len(what) > 1:
            raise click.UsageError("'-' (stdin) cannot be mixed with paths and links; run 'oneself add' twice.")
        text = sys.stdin.read()
        if not text.strip():
            raise click.UsageError("stdin was empty; there is nothing to remember.")
        # what the owner types is the owner's, with or without --mine
        return lambda door: door.remember_text(text, title=title, mine=True)
    links = [_link(one) for one in what if _is_link(one)]
    paths = [_path(one) for one in what if not _is_link(one)]

    async def work(door: Door) -> AddedOut:
        progress = Progress()
        done: list[AddedOut] = []
        try:
            if paths:
                done.append(await door.remember_paths(paths, mine=mine, again=again, on_event=progress))
            if links:
                done.append(await door.remember_links(links, mine=mine, on_event=progress))
        finally:
            progress.close()
        return merged(*done) if len(done) == 2 else done[0]

    return work


def _is_link(given: str) -> bool:
    return given.lower().startswith(("http://", "https://"))


def _link(given: str) -> str:
    try:
        return check_link(given, given)
    except WrongUse as error:
        raise click.UsageError(f"{given} is no link: it names no host.") from error


def _path(given: str) -> Path:
    path = Path(given).expanduser().absolute()
    if not path.exists():
        raise click.UsageError(f"There is no file or folder {given}. {_reads()}")
    return path


def _told(added: AddedOut, advice: str) -> list[str]:
    counts = {"added": added.added, "updated": added.updated, "unchanged": added.unchanged, "skipped": added.skipped}
    if not (added.added or added.updated or added.unchanged):
        lines = [f"Nothing was remembered.{advice}"]
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
        undo = " && ".join(f"{command}{home_option()}" for command in added.undo.split(" && "))
        lines.append(f"To undo this (batch {added.batch}): {undo}")
    return lines


@click.command()
@options()
@click.option("--read-back", is_flag=True, help="Make what was edited by hand there the next revision of its note.")
def mirror(read_back: bool) -> None:
    """The folder that holds every memory as Markdown; edits made there can be read back."""
    folder = str(paths_of().mirror)
    if not read_back:
        check_version(paths_of())
        show({"folder": folder}, lambda: folder)
        return
    found = with_door(lambda door: door.read_back())
    show(
        {"folder": folder, "updated": found.updated, "skipped": found.skipped},
        lambda: "\n".join(
            [
                f"{len(found.updated)} read back from {folder}."
                if found.updated
                else f"Nothing in {folder} was edited.",
                *(f"  {note_id}" for note_id in found.updated),
                *(f"  skipped {one.source}: {one.message}" for one in found.skipped),
            ]
        ),
    )
