"""The bytes that were read, kept under ``files/`` by content hash."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from kernel.memory.structs import content_hash


def original_path(files: Path, hash_of_content: str, suffix: str) -> Path:
    return files / hash_of_content[:2] / f"{hash_of_content}{suffix.lower()}"


def keep(files: Path, source: Path, hash_of_content: str) -> bool:
    """Copy ``source`` unless it is there already; false if its content is not (or no longer) of that hash."""
    target = original_path(files, hash_of_content, source.suffix)
    if target.exists():
        return True
    data = source.read_bytes()
    if content_hash(data) != hash_of_content:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f"{hash_of_content}.part")  # what a crash leaves goes with the rest of this content
    partial.write_bytes(data)
    partial.replace(target)
    return True


def drop(files: Path, hashes: Iterable[str]) -> int:
    """Remove the copies of these contents; how many there were."""
    gone = 0
    for hash_of_content in hashes:
        for path in (files / hash_of_content[:2]).glob(f"{hash_of_content}*"):
            path.unlink(missing_ok=True)
            gone += 1
    return gone
