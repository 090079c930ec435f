"""The training jobs: ``prepare`` makes the dataset, ``train`` the adapter. Run in a child of their own."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable
from pathlib import Path

import msgspec

from kernel.answer.prompt import ChatTemplate
from kernel.config import Paths
from kernel.errors import TooFew
from kernel.events import AnyEvent, Progressed, StageFinished, StageStarted
from kernel.files import file_sha256, write_whole
from kernel.l2_training.structs import Prepared, PrepareTask, Trained, TrainTask
from kernel.types import Sample

DATASET = "dataset.jsonl"
ADAPTER = "adapter.gguf"
PEFT = "peft"
Emit = Callable[[AnyEvent], None]


def prepare(payload: PrepareTask, emit: Emit) -> Prepared:
    """See ``kernel.l2_training.dataset``."""
    from kernel.l2_training.dataset import make

    return make(payload, emit)


def train(payload: TrainTask, emit: Emit) -> Trained:
    """Train and write ``peft/`` and ``adapter.gguf``, each whole or not at all. Raises ``TooFew`` for an empty dataset."""
    import torch

    from kernel.l2_training import sft
    from kernel.l2_training.adapter import write_gguf
    from kernel.l2_training.base import dequantise, load
    from kernel.l2_training.rows import to_rows

    settings = payload.training
    torch.set_num_threads(settings.threads or os.cpu_count() or 1)
    paths = Paths(Path(payload.home))
    folder = paths.self_folder(payload.version)
    samples = read_samples(folder / DATASET)
    if not samples:
        raise TooFew(
            "there is nothing to train on: the notes gave no samples. Add more notes of the owner's own words."
        )
    emit(StageStarted(stage="load"))
    model, tokenizer = load(dequantise(paths, payload.base_sha256))
    template = ChatTemplate(payload.template, eos_token=payload.eos_token)
    rows = to_rows(samples, template, tokenizer, max_length=settings.max_length)
    recipe = sft.Recipe(
        rank=settings.rank,
        alpha=settings.alpha,
        learning_rate=settings.learning_rate,
        epochs=settings.epochs,
        batch_tokens=settings.batch_tokens,
        seed=settings.seed,
        seconds=settings.minutes * 60,
    )
    start_from = Path(payload.start_from) if payload.start_from else None
    model = sft.with_lora(model, recipe, start_from=start_from)
    emit(StageStarted(stage="train", total=100))

    def on_step(step: sft.Step) -> None:
        share = max(step.number / step.of, step.seconds / (settings.minutes * 60))
        left = step.seconds * (1 - share) / share if share < 1 else 0.0
        detail = f"loss {step.loss:.2f}, {step.tokens / step.seconds:.0f} tok/s"
        emit(Progressed(stage="train", done=min(100, round(100 * share)), total=100, seconds_left=left, detail=detail))

    result = sft.train(model, rows, recipe, on_step)
    part = folder / (PEFT + ".part")
    shutil.rmtree(part, ignore_errors=True)
    save_f16(model, part)
    template_sha256 = hashlib.sha256(payload.template.encode()).hexdigest()
    write_gguf(
        part, paths.base, folder / ADAPTER, {"base_sha256": payload.base_sha256, "template_sha256": template_sha256}
    )
    shutil.rmtree(folder / PEFT, ignore_errors=True)
    part.rename(folder / PEFT)
    emit(StageFinished(stage="train", seconds=result.seconds))
    return Trained(
        steps=result.steps,
        rows=result.rows,
        tokens=result.tokens,
        row_tokens=result.row_tokens,
        seconds=result.seconds,
        first_loss=result.first_loss,
        last_loss=result.last_loss,
        adapter_sha256=file_sha256(folder / ADAPTER),
        template_sha256=template_sha256,
    )


def save_f16(model: object, folder: Path) -> None:
    """PEFT's own files with the matrices in half precision (10 MB at rank 16 for the starter base)."""
    import torch
    from safetensors.torch import load_file, save_file

    model.save_pretrained(folder)  # type: ignore[attr-defined]
    file = folder / "adapter_model.safetensors"
    save_file(
        {name: tensor.to(torch.float16) for name, tensor in load_file(file).items()}, file, metadata={"format": "pt"}
    )
    config = folder / "adapter_config.json"
    plain = msgspec.json.decode(config.read_bytes()) | {"base_model_name_or_path": ""}  # else a path of this machine
    write_whole(config, msgspec.json.format(msgspec.json.encode(plain), indent=2))
    (folder / "README.md").unlink(missing_ok=True)


def read_samples(path: Path) -> list[Sample]:
    """The dataset, or an empty list where there is none."""
    if not path.exists():
        return []
    decode = msgspec.json.Decoder(Sample)
    return [decode.decode(line) for line in path.read_bytes().splitlines() if line]


def write_samples(path: Path, samples: list[Sample]) -> str:
    """Write the dataset whole; returns its SHA-256."""
    body = b"".join(msgspec.json.encode(sample) + b"\n" for sample in samples)
    write_whole(path, body)
    return hashlib.sha256(body).hexdigest()
