"""What all commands share: ``--home`` and ``--json``, opening the door, errors, and printing."""

from __future__ import annotations

import asyncio
import os
import shlex
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import click
import msgspec

from kernel.config import Paths
from kernel.errors import OneselfError, WrongUse
from server.door import Door, open_door
from server.settings import Settings, home_from, load_settings

T = TypeVar("T")
F = TypeVar("F", bound=Callable[..., Any])
_HOME, _JSON = "oneself.home", "oneself.json"


class Failing(click.Group):
    """A group whose errors become one message and an exit code instead of a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except OneselfError as error:
            if ctx.parent is not None:
                raise
            report(ctx, error)
            ctx.exit(2 if isinstance(error, WrongUse) else 1)
        except KeyboardInterrupt:
            if ctx.parent is not None:
                raise
            message = "Interrupted. Run the same command again and it goes on; what the server does goes on by itself."
            report(ctx, OneselfError(message, code="interrupted"))
            ctx.exit(1)


def report(ctx: click.Context, error: OneselfError) -> None:
    """The message on stderr; with ``--json`` the error object on stdout too, in the API's shape."""
    click.echo(f"oneself: {error}", err=True)
    if ctx.meta.get(_JSON):
        problem = {"message": str(error), "type": type(error).__name__, "param": None, "code": error.code}
        print_json({"error": problem})


def options(*, json: bool = True) -> Callable[[F], F]:
    """``--home`` (also before the command) and ``--json``; neither is handed to the function."""

    def add(function: F) -> F:
        if json:
            function = click.option(
                "--json", is_flag=True, expose_value=False, is_eager=True, callback=_remember(_JSON),
                help="Print one JSON document on stdout and nothing else there.",
            )(function)  # fmt: skip
        return click.option(
            "--home", metavar="FOLDER", expose_value=False, is_eager=True, callback=_remember(_HOME),
            help="The home folder (else ONESELF_HOME, else ~/.oneself).",
        )(function)  # fmt: skip

    return add


def origin_option(function: F) -> F:
    """``--origin``: whose words."""
    choices = click.Choice(["owner", "other", "web", "self"])
    return click.option("--origin", type=choices, help="Whose words: the owner's, others', the web's, generated.")(
        function
    )


def kind_option(function: F) -> F:
    """``--kind``: what a note was made of."""
    return click.option("--kind", help="Only notes of this kind: text, markdown, pdf, whatsapp ...")(function)


def wants_json() -> bool:
    return bool(click.get_current_context().meta.get(_JSON))


def paths_of() -> Paths:
    return home_from(click.get_current_context().meta.get(_HOME), os.environ)


def home_option() -> str:
    """`` --home FOLDER`` where it was given, for a command line that is shown to be run again."""
    home = click.get_current_context().meta.get(_HOME)
    return f" --home {shlex.quote(home)}" if home else ""


def settings_of(paths: Paths) -> Settings:
    return load_settings(paths, os.environ)


def with_door(work: Callable[[Door], Awaitable[T]]) -> T:
    """Run ``work`` with the home's door open."""
    paths = paths_of()
    settings = settings_of(paths)

    async def opened() -> T:
        async with open_door(paths, settings) as door:
            return await work(door)

    return asyncio.run(opened())


def print_json(value: Any) -> None:
    document = msgspec.json.encode(value, order="deterministic")
    click.echo(msgspec.json.format(document, indent=2).decode())


def show(value: Any, text: Callable[[], str]) -> None:
    """``value`` as JSON if that was asked for, else ``text`` for people."""
    if wants_json():
        print_json(value)
    else:
        click.echo(text())


def _remember(name: str) -> Callable[[click.Context, click.Parameter, Any], Any]:
    def callback(ctx: click.Context, _: click.Parameter, value: Any) -> Any:
        if value:
            ctx.meta[name] = value  # shared by the whole chain of contexts
        return value

    return callback
