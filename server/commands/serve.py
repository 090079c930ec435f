"""``oneself serve``: the server in the foreground."""

from __future__ import annotations

import asyncio
import logging

import click
import msgspec

from server.commands.common import options, paths_of, settings_of, wants_json
from server.runfile import RunFile


@click.command()
@options(json=True)
@click.option("--host", help="Where to listen (setting server.host).")
@click.option("--port", type=click.IntRange(0, 65535), help="Which port; 0 takes any free one (setting server.port).")
def serve(host: str | None, port: int | None) -> None:
    """Serve the OpenAI API and Oneself's own until Ctrl-C or SIGTERM."""
    from kernel.home import check_version, read_key
    from server.run import serve as run

    logging.basicConfig(level=logging.WARNING, format="%(asctime)s %(levelname)s %(name)s %(message)s")
    paths = paths_of()
    settings = settings_of(paths)
    given = {name: value for name, value in (("host", host), ("port", port)) if value is not None}
    settings = msgspec.structs.replace(settings, server=msgspec.structs.replace(settings.server, **given))
    check_version(paths)
    as_json = wants_json()

    def ready(about: RunFile) -> None:
        if as_json:
            document = {"pid": about.pid, "host": about.host, "port": about.port, "url": about.url}
            click.echo(msgspec.json.encode(document).decode())
        else:
            click.echo(
                f"Oneself listens on {about.url} (home {paths.home}, API key in {paths.api_key}). Ctrl-C ends it."
            )

    asyncio.run(run(paths, settings, read_key(paths), on_ready=ready))
