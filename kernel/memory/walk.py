"""From what was named on the command line to the files to read."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

from kernel.errors import ReadError
from kernel.memory.readers import check_supported, readable
from kernel.types import Skipped


def find_files(paths: Iterable[Path]) -> tuple[list[Path], list[Skipped]]:
    """Files of formats that can be read, sorted within each folder, and what was left out and why.

    Hidden files and folders (``.obsidian``, ``.git``, ``.trash``) are passed over in silence, links that lead out of
    the folder are reported; a link to something inside it adds nothing.
    """
    files: dict[Path, None] = {}
    skipped: list[Skipped] = []
    for path in paths:
        if path.is_dir():
            _folder(path.resolve(), files, skipped)
        elif path.exists():
            _file(path.resolve(), files, skipped)
        else:
            skipped.append(
                Skipped(source=str(path), code="not_found", message=f"{path} does not exist. Check the path.")
            )
    return list(files), skipped


def _file(path: Path, files: dict[Path, None], skipped: list[Skipped]) -> None:
    try:
        check_supported(path)
    except ReadError as error:
        skipped.append(Skipped(source=str(path), code=error.code, message=str(error)))
    else:
        files[path] = None


def _folder(root: Path, files: dict[Path, None], skipped: list[Skipped]) -> None:
    seen = 0
    for folder, names, leaves in os.walk(root, onerror=lambda error: _closed(error, skipped)):
        names[:] = sorted(name for name in names if not name.startswith(".") and not _is_home(Path(folder, name)))
        for name in names:
            _outside(Path(folder, name), root, skipped)
        for leaf in sorted(leaves):
            path = Path(folder, leaf)
            if leaf.startswith(".") or _outside(path, root, skipped) or path.is_symlink() or not path.is_file():
                continue
            seen += 1
            _file(path, files, skipped)
    if not seen and not skipped:
        message = f"{root} holds no files. Name a folder with notes in it (read today: {readable()})."
        skipped.append(Skipped(source=str(root), code="empty_folder", message=message))


def _is_home(folder: Path) -> bool:
    """A home of Oneself holds what was remembered already."""
    return (folder / "memory.db").is_file() and (folder / "selves").is_dir()


def _outside(path: Path, root: Path, skipped: list[Skipped]) -> bool:
    if not path.is_symlink() or path.resolve().is_relative_to(root):
        return False
    message = f"{path.name} is a link that leads out of {root}. Add what it points to by its own path."
    skipped.append(Skipped(source=str(path), code="outside", message=message))
    return True


def _closed(error: OSError, skipped: list[Skipped]) -> None:
    message = f"{error.filename} cannot be opened ({error.strerror}). Check its permissions."
    skipped.append(Skipped(source=str(error.filename), code="unreadable", message=message))
