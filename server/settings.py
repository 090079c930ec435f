"""Settings of the whole program: the kernel's and the server's, from ``oneself.toml`` and the environment.

Every setting of section ``server`` and name ``port`` is also ``ONESELF_SERVER_PORT``; the environment wins over the
file. The environment is handed in as a mapping, so that nothing is read at import and tests bring their own. Unknown
names are refused by name: a misspelt setting must not be silently ignored.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec

from kernel.config import KernelConfig, Paths, Section, read_toml, to_config
from kernel.errors import WrongUse

PREFIX = "ONESELF_"
HOME_VARIABLE = "ONESELF_HOME"
DEFAULT_HOME = "~/.oneself"


class ServerConfig(Section, frozen=True, kw_only=True):
    host: Annotated[str, msgspec.Meta(min_length=1)] = "127.0.0.1"
    """Where the server listens. Anything but a loopback address lets other machines in, if they hold the key."""
    port: Annotated[int, msgspec.Meta(ge=0, le=65535)] = 8000
    """0: any free port; ``run.json`` says which."""
    allowed_origins: tuple[str, ...] = ()
    """Origins of web pages that may talk to the server (``https://notes.example``), none by default."""
    allowed_hosts: tuple[str, ...] = ()
    """Further names under which the server may be called (the ``Host`` header), beside loopback and ``host``."""
    max_upload_mb: Annotated[int, msgspec.Meta(ge=1)] = 256
    """One upload request at most; larger ones are refused before they are read."""
    drain_seconds: Annotated[float, msgspec.Meta(ge=0)] = 10.0
    """How long running requests may go on after SIGTERM."""


class Settings(KernelConfig, frozen=True, kw_only=True):
    """A ``KernelConfig`` with the server's section beside."""

    server: ServerConfig = ServerConfig()


def home_from(given: str | Path | None, environment: Mapping[str, str]) -> Paths:
    """The home folder: ``--home``, else ``ONESELF_HOME``, else ``~/.oneself``; absolute."""
    chosen = str(given) if given else environment.get(HOME_VARIABLE) or DEFAULT_HOME
    return Paths(Path(chosen).expanduser().absolute())


def load_settings(paths: Paths, environment: Mapping[str, str]) -> Settings:
    """Raises ``HomeError`` for a file that is not TOML and ``WrongUse`` naming an unknown or ill-typed setting."""
    written = read_toml(paths.settings)
    _check_names(written, paths.settings)
    _check_types(written, str(paths.settings))
    given = _from_environment(environment)
    merged = {name: {**written.get(name, {}), **given.get(name, {})} for name in {*written, *given}}
    settings = to_config(merged, Settings, "settings")
    _check_origins(settings.server.allowed_origins)
    return settings


def sections() -> dict[str, dict[str, msgspec.structs.FieldInfo]]:
    """Every section with its settings, for messages and for the test that the README names them all."""
    return {
        section.name: {setting.name: setting for setting in msgspec.structs.fields(section.type)}
        for section in msgspec.structs.fields(Settings)
    }


def _check_names(written: dict[str, Any], file: Path) -> None:
    known = sections()
    for section, values in written.items():
        if section not in known:
            raise WrongUse(f"{file}: there is no section [{section}]{_nearest(section, known)}.")
        if not isinstance(values, dict):
            raise WrongUse(f"{file}: [{section}] must be a section with settings under it, not a value.")
        for name in values:
            if name not in known[section]:
                raise WrongUse(f"{file}: [{section}] has no setting '{name}'{_nearest(name, known[section])}.")


def _check_types(written: dict[str, Any], where: str) -> None:
    for section, values in written.items():
        for name, value in values.items():
            to_config({section: {name: value}}, Settings, f"{where}: {section}.{name}")


def _from_environment(environment: Mapping[str, str]) -> dict[str, dict[str, Any]]:
    known = sections()
    names = [f"{PREFIX}{section}_{name}".upper() for section, fields in known.items() for name in fields]
    found: dict[str, dict[str, Any]] = {}
    for variable, value in environment.items():
        if not variable.startswith(PREFIX) or variable == HOME_VARIABLE:
            continue
        section, _, name = variable.removeprefix(PREFIX).lower().partition("_")
        if name not in known.get(section, {}):
            raise WrongUse(f"the environment's {variable} is no setting{_nearest(variable, [*names, HOME_VARIABLE])}.")
        several = "tuple" in str(known[section][name].type)
        parsed: Any = [part.strip() for part in value.split(",") if part.strip()] if several else value
        to_config({section: {name: parsed}}, Settings, variable)
        found.setdefault(section, {})[name] = parsed
    return found


def _check_origins(origins: Iterable[str]) -> None:
    for origin in origins:
        scheme, separator, host = origin.partition("://")
        if not separator or scheme not in {"http", "https"} or not host or "/" in host or "*" in host:
            raise WrongUse(
                f"server.allowed_origins: '{origin}' is not an origin. Write scheme, host and port as a browser sends "
                "them, such as https://notes.example or http://localhost:3000."
            )


def _nearest(name: str, known: Iterable[str]) -> str:
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.5)
    return f"; did you mean '{close[0]}'?" if close else ""
