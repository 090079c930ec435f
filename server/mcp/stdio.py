"""MCP over the process's own stdin and stdout, for clients that start it themselves."""

from __future__ import annotations

from mcp.server.stdio import stdio_server

from server.door import Door
from server.mcp.protocol import mcp_server


async def serve_stdio(door: Door) -> None:
    """Serve until the client closes stdin. Meanwhile the SDK turns stdout away to stderr for everybody else."""
    server = mcp_server(door)
    async with stdio_server() as (reading, writing):
        await server.run(reading, writing, server.create_initialization_options())
