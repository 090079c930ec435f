"""A base and adapters of a few kilobytes, for tests of files alone: they generate nothing."""

from __future__ import annotations

import json
from pathlib import Path

import gguf
import msgspec
import numpy as np
from safetensors.numpy import save_file

from kernel.engine.starter import Manifest, Written
from kernel.files import file_sha256
from kernel.l2_training.adapter import write_gguf

WIDTH, FEED, HEADS, KV_HEADS, LAYERS, RANK = 32, 48, 4, 2, 2, 4
KV_WIDTH = WIDTH // HEADS * KV_HEADS
SHAPES = {
    "self_attn.q_proj": (WIDTH, WIDTH),
    "self_attn.k_proj": (KV_WIDTH, WIDTH),
    "self_attn.v_proj": (KV_WIDTH, WIDTH),
    "self_attn.o_proj": (WIDTH, WIDTH),
    "mlp.gate_proj": (FEED, WIDTH),
    "mlp.up_proj": (FEED, WIDTH),
    "mlp.down_proj": (WIDTH, FEED),
}


def write_base(path: Path, architecture: str = "llama") -> Path:
    """The shape of a base, without its weights, and the manifest that names it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    writer = gguf.GGUFWriter(path, architecture)
    writer.add_block_count(LAYERS)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.close()
    written = Written(sha256=file_sha256(path), bytes=path.stat().st_size, source="", source_sha256="")
    (path.parent / "manifest.json").write_bytes(msgspec.json.encode(Manifest(files={path.name: written})))
    return path


def write_peft(folder: Path, *, seed: int = 0) -> Path:
    """A random LoRA as PEFT writes it."""
    random = np.random.default_rng(seed)
    tensors = {}
    for layer in range(LAYERS):
        for module, (rows, columns) in SHAPES.items():
            name = f"base_model.model.model.layers.{layer}.{module}"
            tensors[f"{name}.lora_A.weight"] = random.normal(size=(RANK, columns)).astype(np.float16)
            tensors[f"{name}.lora_B.weight"] = random.normal(size=(rows, RANK)).astype(np.float16)
    folder.mkdir(parents=True, exist_ok=True)
    save_file(tensors, folder / "adapter_model.safetensors", metadata={"format": "pt"})
    modules = sorted(name.rpartition(".")[2] for name in SHAPES)
    config = {"peft_type": "LORA", "r": RANK, "lora_alpha": 8, "bias": "none", "target_modules": modules}
    (folder / "adapter_config.json").write_text(json.dumps(config))
    return folder


def write_adapter(folder: Path, base: Path, *, seed: int = 0, **recipe: str) -> Path:
    """``adapter.gguf`` of such a LoRA in ``folder``, and nothing else there."""
    made_from = write_peft(base.with_name(f"lora-{seed}"), seed=seed)
    folder.mkdir(parents=True, exist_ok=True)
    write_gguf(made_from, base, folder / "adapter.gguf", recipe)
    return folder / "adapter.gguf"
