"""A home folder: made, checked, and held by one writer at a time."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager

from kernel.abc import OnEvent
from kernel.config import HOME_VERSION, Paths, read_toml
from kernel.engine.starter import install_starter
from kernel.errors import HomeError, HomeHeld, WrongUse
from kernel.files import write_whole
from kernel.selves.shelf import Shelf


def init_home(paths: Paths, *, name: str | None = None, audio: bool = False, on_event: OnEvent | None = None) -> None:
    """Make the home, its key, the starter models and self 0000. Idempotent; what is there is kept.

    ``name``: the owner's name; it is written into the settings only where none is set. ``audio``: the Whisper model too,
    for recordings. Raises ``HomeError`` for a folder that holds something else or a home of a newer version,
    ``ModelError`` where a model's package is missing or damaged.
    """
    if paths.home.exists() and not paths.home.is_dir():
        raise HomeError(f"{paths.home} is a file, not a folder. Choose another home with --home.")
    if paths.home.exists() and not paths.version.exists() and any(paths.home.iterdir()) and not _begun(paths):
        raise HomeError(f"{paths.home} is not empty and not a home of Oneself. Choose another folder with --home.")
    try:
        for folder in (paths.home, paths.files, paths.models, paths.selves, paths.logs):
            folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise HomeError(f"{paths.home} cannot be made ({error.strerror}). Choose another home with --home.") from error
    with hold(paths):
        if paths.version.exists():
            check_version(paths)
        _make_key(paths)
        _settle_name(paths, name)
        install_starter(paths, on_event)
        if audio:
            _install_whisper(paths, on_event)
        Shelf(paths).install_first()
        write_whole(paths.version, f"{HOME_VERSION}\n")


def check_version(paths: Paths) -> None:
    """Raises ``HomeError`` where there is no home, or one that a newer Oneself has written."""
    try:
        version = int(paths.version.read_text())
    except FileNotFoundError:
        raise HomeError(f"there is no home at {paths.home} yet. Make it with 'oneself init'.") from None
    except ValueError:
        raise HomeError(f"{paths.version} is damaged: it should hold {HOME_VERSION}. Run 'oneself doctor'.") from None
    if version > HOME_VERSION:
        raise HomeError(
            f"{paths.home} is a home of version {version}, made by a newer Oneself; this one reads version {HOME_VERSION}. "
            "Install the newer Oneself, or choose another home with --home."
        )


@contextmanager
def hold(paths: Paths) -> Iterator[None]:
    """Be the home's one writer. Raises ``HomeHeld`` naming the process that is."""
    with paths.lock.open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            raise HomeHeld(
                f"{paths.home} is in use by process {lock.read().strip() or '?'}; stop it first, or talk to it."
            ) from None
        lock.seek(0)
        lock.truncate()
        lock.write(str(os.getpid()))
        lock.flush()
        try:
            yield
        finally:
            lock.seek(0)
            lock.truncate()
            lock.flush()
            fcntl.flock(lock, fcntl.LOCK_UN)


def read_key(paths: Paths) -> str:
    """The API key. Raises ``HomeError`` where there is none."""
    try:
        return paths.api_key.read_text().strip()
    except FileNotFoundError:
        raise HomeError(f"{paths.api_key} is missing. Run 'oneself init' to make a new key.") from None


def _begun(paths: Paths) -> bool:
    """Whether an interrupted ``init`` left this folder."""
    return paths.lock.exists() and paths.models.is_dir()


def _make_key(paths: Paths) -> None:
    if not paths.api_key.exists():
        write_whole(paths.api_key, f"sk-self-{secrets.token_urlsafe(24)}\n", mode=0o600)


def _install_whisper(paths: Paths, on_event: OnEvent | None) -> None:
    from kernel.memory.whisper import install_whisper  # the home knows nothing else of memory

    install_whisper(paths, on_event)


def _settle_name(paths: Paths, name: str | None) -> None:
    """Write the owner's name into ``oneself.toml`` where none is set."""
    settings = read_toml(paths.settings)
    if name is not None and (not name.strip() or len(name) > 80 or "\n" in name):
        raise WrongUse("--name takes one line of 1 to 80 characters")
    if not paths.settings.exists():
        text = "# Settings: see the README's table. Every one can also be given as ONESELF_<SECTION>_<KEY>.\n"
        owner = f"\n[owner]\nname = {json.dumps(name.strip(), ensure_ascii=False)}\n" if name else ""
        write_whole(paths.settings, text + owner)
    elif name and not settings.get("owner", {}).get("name"):
        if "owner" in settings:
            raise WrongUse(
                f"write the name into the [owner] section of {paths.settings} yourself: the section is there already"
            )
        text = paths.settings.read_text("utf-8")
        write_whole(
            paths.settings, f"{text.rstrip()}\n\n[owner]\nname = {json.dumps(name.strip(), ensure_ascii=False)}\n"
        )
