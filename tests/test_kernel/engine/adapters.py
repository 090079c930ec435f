"""LoRA adapters without a meaning, for tests that need weights which answer otherwise than the base."""

from __future__ import annotations

from pathlib import Path

import gguf
import numpy as np

from kernel.config import Paths
from kernel.engine.starter import base_sha256


def write_adapter(home: Paths, target: Path, *, strength: float = 0.5, seed: int = 0, **recipe: str) -> Path:
    """A random LoRA on the first layers' down projections; ``recipe`` becomes its ``oneself.*`` keys. Strength 0 answers as
    the base does, 1 otherwise, 64 in no language."""
    random = np.random.default_rng(seed)
    writer = gguf.GGUFWriter(target, "llama")
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", 8.0)
    for key, value in {"base_sha256": base_sha256(home), **recipe}.items():
        writer.add_string(f"oneself.{key}", value)
    for layer in range(8):
        name = f"blk.{layer}.ffn_down.weight"
        writer.add_tensor(f"{name}.lora_a", random.normal(size=(8, 1536)).astype(np.float32) * 0.02)
        writer.add_tensor(f"{name}.lora_b", random.normal(size=(576, 8)).astype(np.float32) * strength)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    return target
