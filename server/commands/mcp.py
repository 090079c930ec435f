"""``oneself mcp``: the MCP server over stdio, for clients that start it themselves."""

from __future__ import annotations

import click

from server.commands.common import options, with_door
from server.door import Door


@click.command()
@options(json=False)
def mcp() -> None:
    """The MCP server over stdin and stdout.

    Ends with stdin. Talks to the running server if there is one. Without one it holds the home itself: where several clients are to start
    it, run 'oneself serve' beside.
    """
    with_door(_serve)


async def _serve(door: Door) -> None:
    from server.mcp.stdio import serve_stdio  # the SDK takes a second to load

    await serve_stdio(door)
