"""What tests of several rooms of the kernel share."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.config import Paths
from kernel.memory.whisper import install_whisper


@pytest.fixture(scope="session")
def whisper_models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the Whisper model, as ``oneself init --audio`` writes it. Read only."""
    paths = Paths(tmp_path_factory.mktemp("whisper"))
    install_whisper(paths)
    return paths.models
