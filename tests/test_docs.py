"""The README tells the truth: every setting, command and route is in it, and what it shows exists."""

from __future__ import annotations

import ast
import importlib
import json
import re
import shlex
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

import click
import msgspec
import pytest

from server.app import create_app
from server.cli import main
from server.settings import Settings, sections

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text("utf-8")
SCRIPTS = {"scripts/setup", "scripts/start", "scripts/test", "scripts/check", ".ci/run"}
ELSEWHERE = {"curl", "source", "export", "vllm"}
"""Commands of other programs that the README may show."""
PARAMETER, PLAIN = r"{(\w+):\w+}", r"{\1}"


# --- from the code to the README ------------------------------------------------------------------------------------


def settings() -> Iterator[Any]:
    for section, fields in sections().items():
        for name, field in fields.items():
            default = field.default if field.default is not msgspec.NODEFAULT else field.default_factory()
            yield pytest.param(section, name, default, id=f"{section}.{name}")


@pytest.mark.parametrize(("section", "name", "default"), settings())
def test_setting_is_in_the_table_with_its_default(section: str, name: str, default: Any) -> None:
    shown = '""' if default == "" else json.dumps(default) if isinstance(default, tuple) else str(default)
    row = f"| `{section}.{name}` | `ONESELF_{section.upper()}_{name.upper()}` | `{shown}` |"
    assert row in README


def test_table_names_no_setting_that_is_gone() -> None:
    known = {f"{section}.{name}" for section, fields in sections().items() for name in fields}
    assert set(re.findall(r"^\| `([a-z]+\.[a-z_]+)` \|", README, re.M)) == known


def commands() -> dict[str, click.Command]:
    """Every command that does something, by its full name."""
    found: dict[str, click.Command] = {}

    def visit(name: str, command: click.Command) -> None:
        if not isinstance(command, click.Group):
            found[name] = command
            return
        with click.Context(command) as context:
            for child in command.list_commands(context):
                inner = command.get_command(context, child)
                assert inner is not None
                visit(f"{name} {child}", inner)

    visit("oneself", main)
    return found


def test_commands_are_those_of_the_table() -> None:
    assert set(re.findall(r"^\| `(oneself [a-z ]+)` \|", README, re.M)) == set(commands())


def test_routes_are_those_of_the_table() -> None:
    app = create_app(cast(Any, None), Settings(), "key")  # the routes alone are looked at
    served = {
        f"{method} {re.sub(PARAMETER, PLAIN, route.path)}"
        for route in app.routes
        for method in getattr(route, "methods", ())
        if method in {"GET", "POST", "PUT", "PATCH", "DELETE"} and not route.path.startswith("/schema/")
    }
    assert set(re.findall(r"^\| `((?:GET|POST|PUT|PATCH|DELETE) /\S*)` \|", README, re.M)) == served


# --- from the README to the code ------------------------------------------------------------------------------------


def blocks(language: str, text: str = README) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", text, re.M | re.S)


def shell_lines() -> list[str]:
    lines = "\n".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [line for line in lines if line.strip()]


@pytest.mark.parametrize("line", shell_lines())
def test_shown_command_exists(line: str) -> None:
    words = shlex.split(line, comments=True)
    if words[0] in SCRIPTS:
        assert_script_takes(words[0], words[1:])
    elif words[0] == "oneself":
        assert_parses(words[1:])
    else:
        assert words[0] in ELSEWHERE


def assert_script_takes(script: str, arguments: list[str]) -> None:
    path = ROOT / script
    assert path.stat().st_mode & 0o111, f"{script} cannot be executed"
    passes_on = '"$@"' in path.read_text("utf-8").splitlines()[-1]
    for option in arguments:
        assert passes_on or not option.startswith("--") or option in path.read_text("utf-8")


def assert_parses(arguments: list[str]) -> None:
    """The command's own parser takes the arguments (nothing is run)."""
    command: click.Command = main
    with click.Context(main) as context:
        while isinstance(command, click.Group):
            name = arguments[0]
            inner = command.get_command(context, name)
            assert inner is not None, f"there is no command {name}"
            command, arguments = inner, arguments[1:]
    command.make_context("oneself", list(arguments))


@pytest.mark.parametrize("name", sorted(set(re.findall(r"^\| `oneself ([a-z ]+)` \|", README, re.M))))
def test_options_named_beside_a_command_are_its_own(name: str) -> None:
    row = next(line for line in README.splitlines() if line.startswith(f"| `oneself {name}` |"))
    parameters = commands()[f"oneself {name}"].params
    own = {option for parameter in parameters for option in (*parameter.opts, *parameter.secondary_opts)}
    assert set(re.findall(r"`(--[a-z-]+)`", row)) <= own


@pytest.mark.parametrize("code", blocks("python"))
def test_shown_python_parses_and_finds_its_imports(code: str) -> None:
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.ImportFrom):
            module = importlib.import_module(str(node.module))
            assert all(hasattr(module, alias.name) for alias in node.names)


@pytest.mark.parametrize("script", sorted(SCRIPTS))
def test_script_is_named(script: str) -> None:
    assert script in README


def documents() -> list[Path]:
    """Every page that is ours to keep true: not the invented people's notes."""
    skipped = {".venv", "demo_vault", "people", "held_out", "node_modules"}
    return [path for path in ROOT.rglob("*.md") if not skipped & set(path.relative_to(ROOT).parts)]


@pytest.mark.parametrize("document", documents(), ids=lambda path: str(path.relative_to(ROOT)))
def test_relative_links_lead_somewhere(document: Path) -> None:
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.M | re.S)
    for target in re.findall(r"\]\(([^)\s]+)\)", text):
        if not re.match(r"[a-z]+:|#", target):
            assert (document.parent / target.partition("#")[0]).exists(), f"{document.name} links to {target}"


def test_constraints_pin_every_dependency() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    wanted = [*project["dependencies"], *(name for extra in extras for name in extra)]
    pinned = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "constraints.txt").read_text("utf-8"), re.M))
    names = {re.split(r"[\[<>=!~; ]", name)[0].lower().replace("_", "-").replace(".", "-") for name in wanted}
    assert names <= pinned
