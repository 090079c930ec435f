"""``run.json`` in the home folder: who serves this home, and where."""

from __future__ import annotations

import os
from pathlib import Path

import msgspec


class RunFile(msgspec.Struct, frozen=True, kw_only=True):
    """Written when the server is ready, removed when it ends; a killed server leaves it behind."""

    pid: int
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where this machine reaches it; a server on all addresses is reached by loopback."""
        host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(self.host, self.host)
        return f"http://[{host}]:{self.port}" if ":" in host else f"http://{host}:{self.port}"


def read_run_file(path: Path) -> RunFile | None:
    """``None`` where there is none, or none that is whole."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=RunFile)
    except (FileNotFoundError, msgspec.DecodeError):
        return None


def write_run_file(path: Path, about: RunFile) -> None:
    """Whole or not at all, readable by its owner only."""
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    with os.fdopen(os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.encode(about))
    fresh.replace(path)
