"""``oneself search``."""

from __future__ import annotations

import click

from kernel.types import Origin
from server.commands.common import kind_option, options, origin_option, show, with_door
from server.schemas.memories import SearchAsked, SearchResult


@click.command()
@options()
@click.argument("query")
@click.option("--limit", type=click.IntRange(1, 500), default=10, show_default=True)
@click.option("--as-of", metavar="DATE", help="Only what was known on that day.")
@click.option("--neighbours", is_flag=True, help="With the sentences before and after.")
@origin_option
@kind_option
def search(
    query: str, limit: int, as_of: str | None, neighbours: bool, origin: Origin | None, kind: str | None
) -> None:
    """Memories with the explanation of each score."""
    if not query.strip():
        raise click.UsageError("The query is empty.")
    asked = SearchAsked(limit=limit, as_of=as_of, neighbours=neighbours, origin=origin, kind=kind)
    found = with_door(lambda door: door.search(query, asked))
    show(found, lambda: "\n".join(_hit(hit, neighbours=neighbours) for hit in found.results) or "Nothing was found.")


def _hit(hit: SearchResult, *, neighbours: bool) -> str:
    parts = hit.explain
    cosine = "none" if parts.vector is None else f"{parts.vector:.2f}"
    scores = f"vector {cosine}, words {parts.words:.2f}, hangul {parts.hangul:.2f}, overlap {parts.overlap:.2f}"
    notes = f"; {', '.join(parts.notes)}" if parts.notes else ""
    about = [hit.note_id, hit.title, (hit.happened_at or "")[:10], *([f"page {hit.page}"] if hit.page else [])]
    said = f"{hit.speaker}: {hit.text}" if hit.speaker else hit.text
    state = f"[{hit.todo}] " if hit.todo else ""
    around = [_dim(f"      … {hit.before}")] if neighbours and hit.before else []
    beyond = [_dim(f"      … {hit.after}")] if neighbours and hit.after else []
    return "\n".join(
        [*around, f"{hit.score:.2f}  {state}{said}", *beyond, f"      {' '.join(about)} ({scores}{notes})"]
    )


def _dim(text: str) -> str:
    return click.style(" ".join(text.split()), dim=True)
