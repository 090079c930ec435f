"""The folder ``selves/``: one folder a version, its ``manifest.json`` written last, and ``live.json`` for what is served.

``live.json`` is replaced as a whole, so that a promotion has either happened or not. Version 0000 is the skill alone
and always there.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection
from datetime import UTC, datetime
from pathlib import Path

import msgspec

from kernel.config import Paths
from kernel.engine.starter import base_sha256
from kernel.errors import NotFound, WrongUse
from kernel.files import file_sha256, write_whole
from kernel.l2_training.adapter import write_gguf
from kernel.l2_training.skill import ADAPTER
from kernel.types import Baked, SelfVersion

FIRST = "0000"
MANIFEST = "manifest.json"
ADAPTER_FILE = "adapter.gguf"
BAKED_FILE = "self.gguf"
PEFT_FOLDER = "peft"
_FORGOTTEN = "it had learned a memory that was forgotten: its weights are deleted"


class _Live(msgspec.Struct):
    version: str = FIRST
    before: list[str] = []
    """Versions that were live before, latest last: what a rollback goes back to."""


class Shelf:
    """Reads and writes ``selves/``; no state of its own."""

    def __init__(self, paths: Paths) -> None:
        self._paths = paths

    @property
    def live(self) -> str:
        return self._read_live().version

    def install_first(self) -> None:
        """Make self 0000 from the shipped skill where it fits the base; without one it answers by quoting."""
        base = base_sha256(self._paths)
        recipe_file = ADAPTER / "recipe.json"
        recipe = json.loads(recipe_file.read_text()) if recipe_file.exists() else {}
        fits = recipe.get("base_sha256") == base
        skill = recipe.get("adapter_sha256") if fits else None
        folder = self._paths.self_folder(FIRST)
        if (folder / MANIFEST).exists():
            first = self.get(FIRST)
            if first.base == base and first.recipe.get("adapter_sha256") == skill:
                return
            shutil.rmtree(folder)
        folder.mkdir(parents=True, exist_ok=True)
        if fits:
            write_gguf(
                ADAPTER,
                self._paths.base,
                folder / ADAPTER_FILE,
                {"base_sha256": base, "template_sha256": str(recipe["template_sha256"])},
            )
        self.write(
            SelfVersion(
                version=FIRST,
                state="live",
                base=base,
                template=str(recipe.get("template_sha256", "")),
                created=now(),
                adapter=ADAPTER_FILE if fits else None,
                recipe=recipe if fits else {},
                why="the skill alone" if fits else "no skill for this base: answers are quotes",
            )
        )

    def write(self, version: SelfVersion) -> None:
        """Write a version's manifest, last and whole."""
        folder = self._paths.self_folder(version.version)
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / MANIFEST, msgspec.json.format(msgspec.json.encode(version), indent=2))

    def get(self, version: str) -> SelfVersion:
        """Raises ``NotFound`` naming the versions there are."""
        path = self._paths.self_folder(version) / MANIFEST
        if not version.isdigit() or not path.exists():
            there = ", ".join(one.name for one in self._folders()) or "none"
            raise NotFound(f"there is no self {version}; there are: {there}")
        found = msgspec.json.decode(path.read_bytes(), type=SelfVersion)
        live = self._read_live()
        state = found.state
        if found.version == live.version:
            state = "live"
        elif state == "live" or found.version in live.before:
            state = "retired"
        return msgspec.structs.replace(found, state=state)

    def versions(self) -> list[SelfVersion]:
        """All versions with a manifest, oldest first."""
        return [self.get(folder.name) for folder in self._folders()]

    def next_version(self) -> str:
        taken = [
            int(folder.name) for folder in self._paths.selves.iterdir() if folder.is_dir() and folder.name.isdigit()
        ]
        return f"{max(taken, default=0) + 1:04d}"

    def adapter_file(self, version: str) -> Path | None:
        """The version's adapter in GGUF, or ``None`` where it answers by quoting."""
        name = self.get(version).adapter
        return self._paths.self_folder(version) / name if name else None

    def baked_file(self, version: str) -> Path:
        """Where the version's baked file lies, or would."""
        return self._paths.self_folder(version) / BAKED_FILE

    def whole_baked(self, version: str) -> Baked | None:
        """What the manifest says of the baked file, where that is just what lies there and was made of the version's own
        base and adapter. Reads all of both files."""
        found, file, adapter = self.get(version), self.baked_file(version), self.adapter_file(version)
        baked = found.baked
        if baked is None or adapter is None or not (file.is_file() and adapter.is_file()):
            return None
        of_these = baked.base_sha256 == found.base and baked.adapter_sha256 == file_sha256(adapter)
        whole = file.stat().st_size == baked.bytes and file_sha256(file) == baked.sha256
        return baked if of_these and whole else None

    def served_file(self, version: str) -> Path | None:
        """What the engine loads: the baked file where there is a whole one, else the adapter, or ``None`` where the version
        answers by quoting. Reads all of a baked file."""
        return self.baked_file(version) if self.whole_baked(version) else self.adapter_file(version)

    def record_baked(self, version: str, baked: Baked) -> None:
        """From here on the baked file is what is served."""
        self.write(msgspec.structs.replace(self.get(version), baked=baked))

    def drop_baked(self, version: str) -> None:
        """Serve the adapter again; the baked file is deleted."""
        self.write(msgspec.structs.replace(self.get(version), baked=None))
        self.baked_file(version).unlink(missing_ok=True)

    def were_live(self) -> set[str]:
        """The live version and those that were live before it."""
        live = self._read_live()
        return {live.version, *live.before}

    def mark_forgotten(self, version: str, note_ids: Collection[str]) -> None:
        """Never serve ``version`` again: it was trained on these notes, and its weights are to be deleted."""
        marked = self.get(version)
        forgotten = tuple(sorted({*marked.forgotten, *note_ids}))
        self.write(msgspec.structs.replace(marked, adapter=None, baked=None, forgotten=forgotten, why=_FORGOTTEN))
        live = self._read_live()
        self._write_live(_Live(live.version, [one for one in live.before if one != version]))

    def newest_clean(self) -> str:
        """The latest of the versions that were live and hold nothing forgotten; 0000 always qualifies."""
        live = self._read_live()
        clean = [one for one in (*live.before, live.version) if one != FIRST and not self.get(one).forgotten]
        return clean[-1] if clean else FIRST

    def check_servable(self, version: str) -> None:
        """Raises ``WrongUse`` (code ``holds_forgotten``) for a version that has learned something forgotten."""
        if self.get(version).forgotten:
            raise WrongUse(
                f"self {version} was trained on a memory that has been forgotten, and its weights are deleted. "
                "Train a new one with 'oneself train'.",
                code="holds_forgotten",
            )

    def promote(self, version: str, why: str) -> SelfVersion:
        """Make ``version`` live. Raises ``NotFound``, or ``WrongUse`` where it is live already or holds what was forgotten."""
        chosen = self.get(version)
        self.check_servable(version)
        live = self._read_live()
        if live.version == version:
            raise WrongUse(f"self {version} is live already")
        self.write(msgspec.structs.replace(chosen, state="live", why=why))
        before = [*(one for one in live.before if one != version), live.version]
        self._write_live(_Live(version, before))
        return self.get(version)

    def roll_back(self) -> SelfVersion:
        """Make the version that was live before live again. Raises ``WrongUse`` where there is none."""
        live = self._read_live()
        if not live.before:
            raise WrongUse(f"self {live.version} is the first that was live: there is nothing to roll back to")
        self.check_servable(live.before[-1])
        self._write_live(_Live(live.before[-1], live.before[:-1]))
        left = msgspec.json.decode((self._paths.self_folder(live.version) / MANIFEST).read_bytes(), type=SelfVersion)
        self.write(msgspec.structs.replace(left, state="retired", why="rolled back"))
        return self.get(live.before[-1])

    def _folders(self) -> list[Path]:
        if not self._paths.selves.exists():
            return []
        return sorted(
            folder for folder in self._paths.selves.iterdir() if folder.name.isdigit() and (folder / MANIFEST).exists()
        )

    def _read_live(self) -> _Live:
        path = self._paths.selves / "live.json"
        if not path.exists():
            return _Live()
        return msgspec.json.decode(path.read_bytes(), type=_Live)

    def _write_live(self, live: _Live) -> None:
        write_whole(self._paths.selves / "live.json", msgspec.json.encode(live))


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="seconds")
