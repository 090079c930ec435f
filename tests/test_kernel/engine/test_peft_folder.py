"""An adapter goes from PEFT to GGUF and back without a bit of it changing."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file

from kernel.engine.peft_folder import peft_folder
from kernel.errors import ModelError
from kernel.l2_training.adapter import write_gguf
from tests.test_kernel.engine.tiny import write_adapter, write_base, write_peft


@pytest.mark.parametrize("architecture", ["llama", "qwen2", "qwen3"])
def test_back_from_gguf_every_matrix_is_the_same(architecture: str, tmp_path: Path) -> None:
    base = write_base(tmp_path / "base.gguf", architecture)
    trained = write_peft(tmp_path / "trained")
    (tmp_path / "0001").mkdir()
    write_gguf(trained, base, tmp_path / "0001" / "adapter.gguf", {"base_sha256": "b"})
    back = peft_folder(tmp_path / "0001" / "adapter.gguf", base, base_sha256="b")
    there, was = load_file(back / "adapter_model.safetensors"), load_file(trained / "adapter_model.safetensors")
    assert there.keys() == was.keys()
    assert all(np.array_equal(there[name], was[name]) and there[name].dtype == was[name].dtype for name in was)
    config, first = (json.loads((folder / "adapter_config.json").read_text()) for folder in (back, trained))
    assert first.items() <= config.items()


def test_it_is_written_once_and_what_training_left_is_kept(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base.gguf")
    adapter = write_adapter(tmp_path / "0001", base)
    written = peft_folder(adapter, base, base_sha256="") / "adapter_model.safetensors"
    inode = written.stat().st_ino
    assert peft_folder(adapter, base, base_sha256="") == written.parent and written.stat().st_ino == inode
    own = write_adapter(tmp_path / "0002", base)
    left = write_peft(own.parent / "peft") / "adapter_config.json"
    before = left.read_bytes()
    assert peft_folder(own, base, base_sha256="") == left.parent and left.read_bytes() == before


def test_what_does_not_fit_is_refused(tmp_path: Path) -> None:
    base = write_base(tmp_path / "base.gguf")
    with pytest.raises(ModelError, match="missing"):
        peft_folder(tmp_path / "gone.gguf", base, base_sha256="")
    with pytest.raises(ModelError, match="not an adapter"):
        peft_folder(base, base, base_sha256="")
    with pytest.raises(ModelError, match="another base"):
        peft_folder(write_adapter(tmp_path / "0001", base, base_sha256="a" * 64), base, base_sha256="b" * 64)
    other = write_adapter(tmp_path / "0002", base)
    write_peft(other.parent / "peft", seed=9)
    with pytest.raises(ModelError, match="Remove that folder"):
        peft_folder(other, base, base_sha256="")
