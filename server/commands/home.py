"""``oneself init`` and ``oneself status``."""

from __future__ import annotations

from typing import Any

import click

from server.commands.common import home_option, options, paths_of, show, with_door
from server.commands.progress import Progress
from server.door import Door


@click.command()
@options()
@click.option("--name", help="Your name, as the self should say it.")
@click.option("--audio", is_flag=True, help="Install the model that reads recordings too (150 MB).")
def init(name: str | None, audio: bool) -> None:
    """Make the home: the key, the starter models, self 0000. What is there already is kept."""
    from kernel.home import init_home

    paths = paths_of()
    progress = Progress()
    try:
        init_home(paths, name=name, audio=audio, on_event=progress)
    finally:
        progress.close()
    show(
        {"home": str(paths.home), "settings": str(paths.settings), "api_key": str(paths.api_key)},
        lambda: (
            f"The home is {paths.home}; the API key is in {paths.api_key}.\n"
            f"Next: 'oneself add FOLDER{home_option()}' to remember notes, 'oneself ask \"...\"{home_option()}' to ask, "
            f"'oneself serve{home_option()}' for the API."
        ),
    )


@click.command()
@options()
def status() -> None:
    """What runs, what is learned, what waits, disk used."""

    async def work(door: Door) -> dict[str, Any]:
        return {"answered_by": door.where, **await door.status()}

    found = with_door(work)
    show(found, lambda: "\n".join(_lines(found)))


def _lines(value: dict[str, Any], indent: str = "", unit: str = "") -> list[str]:
    lines = []
    for name, item in value.items():
        label = f"{indent}{name.replace('_', ' ')}"
        if isinstance(item, dict):
            lines += [f"{label}:", *_lines(item, indent + "  ", "bytes" if name == "disk" else "")]
        elif isinstance(item, list | tuple):
            lines.append(f"{label}: {', '.join(map(str, item)) or 'none'}")
        else:
            lines.append(f"{label}: {_plain(item, is_bytes=unit == 'bytes' or 'bytes' in name)}")
    return lines


def _plain(item: Any, *, is_bytes: bool) -> str:
    if item is None or item == "":
        return "none"
    if isinstance(item, bool):
        return "yes" if item else "no"
    if is_bytes:
        return f"{item / 1e6:.1f} MB"
    return f"{item:g}" if isinstance(item, float) else str(item)
