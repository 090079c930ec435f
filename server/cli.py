"""``oneself``: the command line. Exit codes: 0 done, 1 failed, 2 wrong use.

Every command talks to the home's running server if there is one, works alone otherwise, and says who holds the home if
neither is possible. With ``--json`` stdout holds one JSON document and nothing else; progress goes to stderr.
"""

from __future__ import annotations

import importlib

import click

from server.commands.common import Failing, options

_COMMANDS = {
    "init": "server.commands.home:init",
    "doctor": "server.commands.doctor:doctor",
    "status": "server.commands.home:status",
    "serve": "server.commands.serve:serve",
    "add": "server.commands.remember:add",
    "search": "server.commands.search:search",
    "memories": "server.commands.memories:memories",
    "mirror": "server.commands.remember:mirror",
    "ask": "server.commands.ask:ask",
    "chat": "server.commands.ask:chat",
    "train": "server.commands.train:train",
    "exam": "server.commands.train:exam",
    "identity": "server.commands.identity:identity",
    "graph": "server.commands.identity:graph",
    "selves": "server.commands.selves:selves",
    "mcp": "server.commands.mcp:mcp",
}


class _Lazy(Failing):
    """Loads a command's module when it is called: ``oneself --help`` should not wait for a web framework."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in _COMMANDS:
            return None
        module, _, name = _COMMANDS[cmd_name].partition(":")
        command: click.Command = getattr(importlib.import_module(module), name)
        return command


@click.group(cls=_Lazy, context_settings={"help_option_names": ["-h", "--help"]})
@options(json=False)
@click.version_option(package_name="oneself", prog_name="oneself")
def main() -> None:
    """An AI self that runs on your own machine: notes in, cited answers and your own small model out."""


if __name__ == "__main__":
    main()
