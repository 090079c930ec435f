"""``oneself doctor``: what is wrong with this machine or home, and how to mend it. Opens nothing for writing."""

from __future__ import annotations

import asyncio
import fcntl
import shutil
import socket
import sqlite3
import stat
import sys
from collections.abc import Iterator

import click
import msgspec
import psutil

from kernel.config import Paths
from kernel.errors import HomeError, ModelError, OneselfError
from server.commands.common import options, paths_of, settings_of, show
from server.door import find_server
from server.settings import Settings

MIN_DISK_MB = 2000
MIN_MEMORY_MB = 1500
_MB = 1024 * 1024


class Check(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that was looked at. ``next_step`` says how to mend it; empty where all is well."""

    name: str
    ok: bool
    message: str
    next_step: str = ""


class Checkup(msgspec.Struct, frozen=True):
    ok: bool
    checks: tuple[Check, ...]


@click.command()
@options()
def doctor() -> None:
    """What is wrong with this machine or home, and the next step for each."""
    checks = tuple(examine(paths_of()))
    found = Checkup(all(check.ok for check in checks), checks)
    show(found, lambda: "\n".join(map(_line, checks)))
    if not found.ok:
        click.get_current_context().exit(1)


def examine(paths: Paths) -> Iterator[Check]:
    """Every check, those of the machine first. The home's are only made where there is a home."""
    yield _python()
    yield _compiler()
    yield _disk(paths)
    yield _memory()
    settings = _settings(paths)
    yield settings if isinstance(settings, Check) else Check(name="settings", ok=True, message="all settings are known")
    if isinstance(settings, Settings) and settings.engine.url:
        yield _elsewhere(settings)
    home = _home(paths)
    yield home
    if not home.ok:
        return
    for check in (_key, _models, _database, _lock):
        yield check(paths)
    yield _port(paths, settings if isinstance(settings, Settings) else Settings())


def _python() -> Check:
    return Check(name="python", ok=True, message=f"Python {'.'.join(map(str, sys.version_info[:3]))}, {sys.executable}")


def _compiler() -> Check:
    """Only building llama-cpp-python needs it; with that in place it is no fault to have none."""
    found = next((name for name in ("c++", "g++", "clang++") if shutil.which(name)), None)
    if found is not None:
        return Check(name="compiler", ok=True, message=f"{found} is there")
    built = shutil.which("oneself") is not None
    step = "Debian and Ubuntu: 'sudo apt install build-essential'; macOS: 'xcode-select --install'."
    message = "no C++ compiler; one is only needed to build llama-cpp-python again"
    return Check(name="compiler", ok=built, message=message, next_step="" if built else step)


def _disk(paths: Paths) -> Check:
    folder = next(parent for parent in (paths.home, *paths.home.parents) if parent.exists())
    free = shutil.disk_usage(folder).free // _MB
    if free < MIN_DISK_MB:
        step = f"Make room on the disk of {folder}, or choose another home with --home."
        return Check(name="disk", ok=False, message=f"{free} MB free; training needs {MIN_DISK_MB}", next_step=step)
    return Check(name="disk", ok=True, message=f"{free / 1024:.1f} GB free at {folder}")


def _memory() -> Check:
    available = psutil.virtual_memory().available // _MB
    if available < MIN_MEMORY_MB:
        step = "Close other programs; answering needs about 700 MB, training about 1500."
        return Check(name="memory", ok=False, message=f"{available} MB available", next_step=step)
    return Check(name="memory", ok=True, message=f"{available / 1024:.1f} GB available")


def _settings(paths: Paths) -> Settings | Check:
    try:
        return settings_of(paths)
    except OneselfError as error:
        step = f"Mend it in {paths.settings} or in the environment."
        return Check(name="settings", ok=False, message=str(error), next_step=step)


def _elsewhere(settings: Settings) -> Check:
    """The server that carries the weights, where there is one."""
    from kernel.engine.remote import look

    try:
        return Check(name="engine", ok=True, message=asyncio.run(look(settings.engine)))
    except OneselfError as error:
        step = "Start that server or mend the settings of section engine; without engine.url this machine generates."
        return Check(name="engine", ok=False, message=str(error), next_step=step)


def _home(paths: Paths) -> Check:
    from kernel.home import check_version

    try:
        check_version(paths)
    except HomeError as error:
        return Check(name="home", ok=False, message=str(error), next_step="oneself init")
    return Check(name="home", ok=True, message=str(paths.home))


def _key(paths: Paths) -> Check:
    try:
        mode = stat.S_IMODE(paths.api_key.stat().st_mode)
    except FileNotFoundError:
        return Check(name="key", ok=False, message=f"{paths.api_key} is missing", next_step="oneself init")
    if mode & 0o077:
        message = f"{paths.api_key} can be read by others (mode {mode:o})"
        return Check(name="key", ok=False, message=message, next_step=f"chmod 600 {paths.api_key}")
    return Check(name="key", ok=True, message="there, and yours alone to read")


def _models(paths: Paths) -> Check:
    from kernel.engine.starter import verify

    try:
        names = sorted(verify(paths).files)
    except ModelError as error:
        step = "Remove the file that is named, if it is there, and run 'oneself init'."
        return Check(name="models", ok=False, message=str(error), next_step=step)
    return Check(name="models", ok=True, message=f"{', '.join(names)} are what was installed")


def _database(paths: Paths) -> Check:
    if not paths.database.exists():
        return Check(name="database", ok=True, message="nothing is remembered yet")
    try:
        # a writer beside us is no trouble: WAL lets readers in
        with sqlite3.connect(f"{paths.database.as_uri()}?mode=ro", uri=True, timeout=5) as connection:
            problems = [row[0] for row in connection.execute("PRAGMA quick_check(5)")]
        connection.close()
    except sqlite3.DatabaseError as error:
        problems = [str(error)]
    if problems == ["ok"]:
        return Check(name="database", ok=True, message=f"{paths.database.stat().st_size / _MB:.1f} MB, whole")
    step = f"Move {paths.database} away (originals are kept in {paths.files}) and add your notes again."
    return Check(name="database", ok=False, message=f"damaged: {'; '.join(problems)}", next_step=step)


def _lock(paths: Paths) -> Check:
    if not paths.lock.exists():
        return Check(name="lock", ok=True, message="nobody holds the home")
    with paths.lock.open() as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = lock.read().strip() or "?"
            return Check(name="lock", ok=True, message=f"process {holder} holds the home")
        fcntl.flock(lock, fcntl.LOCK_UN)
    return Check(name="lock", ok=True, message="nobody holds the home")


def _port(paths: Paths, settings: Settings) -> Check:
    about = asyncio.run(find_server(paths))
    if about is not None:
        return Check(name="port", ok=True, message=f"this home's server listens on {about.url} (process {about.pid})")
    host, port = settings.server.host, settings.server.port
    with socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            step = "Serve on another: 'oneself serve --port PORT', or set server.port."
            message = f"{host}:{port} cannot be had ({error.strerror})"
            return Check(name="port", ok=False, message=message, next_step=step)
    return Check(name="port", ok=True, message=f"{host}:{port} is free")


def _line(check: Check) -> str:
    step = f"\n       -> {check.next_step}" if check.next_step else ""
    return f"{'ok    ' if check.ok else 'FAULT '} {check.name}: {check.message}{step}"
