"""``oneself selves``."""

from __future__ import annotations

from typing import cast, get_args

import click

from kernel.types import BakedType
from server.commands.common import options, show, with_door
from server.commands.progress import Progress
from server.door import Door
from server.schemas.selves import SelfOut


@click.group()
@options(json=False)
def selves() -> None:
    """The versions of the self: candidate, live, retired, refused."""


@selves.command("list")
@options()
def list_selves() -> None:
    """All versions, the live one marked."""
    found = with_door(lambda door: door.selves())
    show(found, lambda: "\n".join(map(_line, found)))


@selves.command()
@options()
@click.argument("version")
@click.option("--force", is_flag=True, help="Even where the exam's gate refused it.")
def promote(version: str, force: bool) -> None:
    """Make VERSION live, in the running server without failing a request."""
    now = with_door(lambda door: door.promote(version, force=force))
    show(now, lambda: f"Self {now.version} is live.")


@selves.command()
@options()
def rollback() -> None:
    """Make the version that was live before live again."""
    now = with_door(lambda door: door.rollback())
    show(now, lambda: f"Self {now.version} is live again.")


@selves.command()
@options()
@click.argument("version", required=False)
@click.option(
    "--type", "kind", type=click.Choice(get_args(BakedType)), default="Q8_0", show_default=True,
    help="Q8_0 answers as the adapter does; Q4_0 and Q4_K_M are smaller and err more: sit the exam after them.",
)  # fmt: skip
def bake(version: str | None, kind: str) -> None:
    """Make one file of base and adapter of VERSION (the live one), and serve that: faster, with more memory.

    The running server swaps without failing a request. World knowledge still comes from the base alone.
    """
    progress = Progress()

    async def work(door: Door) -> SelfOut:
        wanted = version or next(one.version for one in await door.selves() if one.state == "live")
        return await door.bake(wanted, kind=cast(BakedType, kind), on_event=progress)

    try:
        now = with_door(work)
    finally:
        progress.close()
    show(now, lambda: f"Self {now.version} is baked ({now.baked}).")


def _line(one: SelfOut) -> str:
    mark = "*" if one.state == "live" else " "
    baked = f" (baked: {one.baked})" if one.baked else ""
    return f"{mark} {one.version}  {one.state:<9}  {one.created[:16]}  {one.why}{baked}".rstrip()
