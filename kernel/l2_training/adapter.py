"""A LoRA as files: PEFT's own (to go on training from) and GGUF (to be served), with the recipe inside.

The GGUF follows llama.cpp's adapter format: ``general.type=adapter``, ``adapter.type=lora``, ``adapter.lora.alpha`` and
``<base tensor>.lora_a`` / ``.lora_b``. For the llama architecture the rows of q and k are permuted in GGUF (the
half-split rotary layout), so their B matrices need the same permutation; Qwen needs none.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernel.errors import ModelError

Array = npt.NDArray[Any]
_NAME = re.compile(r"base_model\.model\.(.+)\.lora_([AB])(?:\.default)?\.weight")
_SUPPORTED = ("llama", "qwen2", "qwen3")
_PERMUTED = {"llama"}


def write_gguf(peft_folder: Path, base: Path, target: Path, recipe: dict[str, str]) -> None:
    """Write the adapter in ``peft_folder`` (PEFT's own files) as GGUF at ``target``, atomically.

    ``base`` is the base GGUF (for its shape). ``recipe`` goes into the metadata as ``oneself.*`` strings:
    the engine refuses an adapter whose ``base_sha256`` or ``template_sha256`` is not that of the base it runs.
    """
    import json

    import gguf
    from safetensors.numpy import load_file

    config = json.loads((peft_folder / "adapter_config.json").read_text())
    shape = gguf.GGUFReader(base)
    architecture = str(_field(shape, "general.architecture"))
    if architecture not in _SUPPORTED:
        raise ModelError(f"adapters for the architecture '{architecture}' cannot be written; use one of {_SUPPORTED}")
    heads = {
        "q_proj": _field(shape, f"{architecture}.attention.head_count"),
        "k_proj": _field(shape, f"{architecture}.attention.head_count_kv"),
    }
    layers = _field(shape, f"{architecture}.block_count")
    names = gguf.get_tensor_name_map(getattr(gguf.MODEL_ARCH, architecture.upper()), layers)
    part = target.with_name(target.name + ".part")
    writer = gguf.GGUFWriter(part, architecture)
    writer.add_type("adapter")
    writer.add_string("adapter.type", "lora")
    writer.add_float32("adapter.lora.alpha", float(config["lora_alpha"]))
    for key, value in recipe.items():
        writer.add_string(f"oneself.{key}", value)
    for name, tensor in sorted(load_file(peft_folder / "adapter_model.safetensors").items()):
        match = _NAME.fullmatch(name)
        if match is None:
            raise ModelError(f"the adapter holds '{name}', which is not a LoRA matrix")
        module, matrix = match.groups()
        base_name = names.get_name(module + ".weight", try_suffixes=(".weight",))
        if base_name is None:
            raise ModelError(f"the adapter trains '{module}', which GGUF has no name for")
        if matrix == "B" and architecture in _PERMUTED:
            tensor = _permute(tensor, heads.get(module.rpartition(".")[2]))
        writer.add_tensor(f"{base_name}.lora_{matrix.lower()}", np.ascontiguousarray(tensor.astype(np.float16)))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    part.replace(target)


def _permute(tensor: Array, heads: int | None) -> Array:
    """Rows from transformers' half-split rotary order to GGUF's, head by head."""
    if heads is None:
        return tensor
    rows = tensor.shape[0]
    return tensor.reshape(heads, 2, rows // heads // 2, *tensor.shape[1:]).swapaxes(1, 2).reshape(tensor.shape)


def _field(reader: Any, key: str) -> Any:
    field = reader.get_field(key)
    if field is None:
        raise ModelError(f"the base GGUF has no '{key}'. Run 'oneself init' to make it again.")
    return field.contents()
