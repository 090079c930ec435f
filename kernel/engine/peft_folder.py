"""An adapter's GGUF as the folder that PEFT writes, for servers that load LoRAs in that form (vLLM).

The exact inverse of ``kernel.l2_training.adapter.write_gguf``, with gguf, safetensors and numpy alone. The folder is
``peft/`` beside the adapter, where training leaves its own: forgetting deletes it with the weights.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from kernel.errors import ModelError
from kernel.files import file_sha256

Array = npt.NDArray[Any]
FOLDER = "peft"
MATRICES = "adapter_model.safetensors"
CONFIG = "adapter_config.json"
MADE_FROM = "adapter_gguf_sha256"
"""Key in the metadata of the matrices' file: which GGUF they were made from."""
_MODULES = (
    *(f"self_attn.{name}_proj" for name in "qkvo"),
    *(f"mlp.{name}_proj" for name in ("gate", "up", "down")),
)
_PERMUTED = {"llama": {"q_proj": "head_count", "k_proj": "head_count_kv"}}
"""Whose rows GGUF has in another order, and how many heads they are permuted by."""


def peft_folder(adapter: Path, base: Path, *, base_sha256: str) -> Path:
    """The folder for ``adapter``, written if it is not there. ``base`` is the GGUF that it fits, for its shape.

    Raises ``ModelError`` where the adapter is absent, is none, names another base, or where the folder holds another one.
    """
    if not adapter.is_file():
        raise ModelError(f"The adapter {adapter} is missing. Promote another self, or train this one again.")
    folder, digest = adapter.parent / FOLDER, file_sha256(adapter)
    if _made_from(folder) == digest:
        return folder
    tensors, config = _read(adapter, base, base_sha256)
    if (folder / MATRICES).exists():
        if not _same(folder / MATRICES, tensors):
            raise ModelError(f"{folder} does not hold the adapter of {adapter}. Remove that folder; it is made again.")
        return folder
    _write(folder, tensors, config, digest)
    return folder


def _read(adapter: Path, base: Path, base_sha256: str) -> tuple[dict[str, Array], dict[str, Any]]:
    """Matrices by PEFT's names, and PEFT's configuration."""
    import gguf

    try:
        reader, shape = gguf.GGUFReader(adapter), gguf.GGUFReader(base)
    except ValueError as error:
        raise ModelError(f"{adapter} is not a GGUF file. Train this self again.") from error
    if _field(reader, "general.type") != "adapter":
        raise ModelError(f"{adapter} is not an adapter. The server has the base itself; it needs adapter.gguf.")
    trained_on = _field(reader, "oneself.base_sha256")
    if trained_on not in (None, base_sha256):
        raise ModelError(
            f"{adapter} was trained on another base model (oneself.base_sha256 is {trained_on[:12]}…, here it is "
            f"{base_sha256[:12]}…). Put that base back, or train this self again."
        )
    architecture = str(_field(shape, "general.architecture"))
    heads = {
        module: _field(shape, f"{architecture}.attention.{key}")
        for module, key in _PERMUTED.get(architecture, {}).items()
    }
    modules = _modules(architecture, _field(shape, f"{architecture}.block_count"))
    tensors: dict[str, Array] = {}
    for tensor in reader.tensors:
        name, _, matrix = tensor.name.rpartition(".lora_")
        if name not in modules or matrix not in ("a", "b"):
            raise ModelError(f"{adapter} holds '{tensor.name}', which has no name in PEFT. Train this self again.")
        data = np.asarray(tensor.data)
        if matrix == "b":
            data = _restored(data, heads.get(modules[name].rpartition(".")[2]))
        tensors[f"base_model.model.{modules[name]}.lora_{matrix.upper()}.weight"] = np.ascontiguousarray(data)
    return tensors, _config(adapter, tensors, float(_field(reader, "adapter.lora.alpha") or 0.0))


def _config(adapter: Path, tensors: dict[str, Array], alpha: float) -> dict[str, Any]:
    ranks = {data.shape[0] for name, data in tensors.items() if ".lora_A." in name}
    if len(ranks) != 1 or alpha <= 0:
        raise ModelError(f"{adapter} has matrices of the ranks {sorted(ranks)} and alpha {alpha:g}; one rank is needed")
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": "",
        "r": ranks.pop(),
        "lora_alpha": int(alpha) if alpha.is_integer() else alpha,
        "lora_dropout": 0.0,
        "bias": "none",
        "fan_in_fan_out": False,
        "inference_mode": True,
        "modules_to_save": None,
        "target_modules": sorted({name.split(".lora_")[0].rpartition(".")[2] for name in tensors}),
        "use_dora": False,
        "use_rslora": False,
    }


def _modules(architecture: str, layers: int) -> dict[str, str]:
    """GGUF's name of each linear layer to transformers'."""
    import gguf

    names = gguf.get_tensor_name_map(getattr(gguf.MODEL_ARCH, architecture.upper()), layers)
    found = {}
    for layer in range(layers):
        for module in _MODULES:
            written = names.get_name(f"model.layers.{layer}.{module}.weight", try_suffixes=(".weight",))
            if written is not None:
                found[written] = f"model.layers.{layer}.{module}"
    return found


def _restored(tensor: Array, heads: int | None) -> Array:
    """Rows from GGUF's rotary order to transformers' half-split one, head by head."""
    if heads is None:
        return tensor
    rows = tensor.shape[0]
    return tensor.reshape(heads, rows // heads // 2, 2, *tensor.shape[1:]).swapaxes(1, 2).reshape(tensor.shape)


def _made_from(folder: Path) -> str:
    from safetensors import safe_open

    if not (folder / CONFIG).exists() or not (folder / MATRICES).exists():
        return ""
    with safe_open(folder / MATRICES, framework="numpy") as file:
        return str((file.metadata() or {}).get(MADE_FROM, ""))


def _same(file: Path, tensors: dict[str, Array]) -> bool:
    from safetensors.numpy import load_file

    there = load_file(file)
    return there.keys() == tensors.keys() and all(np.array_equal(there[name], tensors[name]) for name in there)


def _write(folder: Path, tensors: dict[str, Array], config: dict[str, Any], digest: str) -> None:
    from safetensors.numpy import save_file

    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    save_file(tensors, part / MATRICES, metadata={"format": "pt", MADE_FROM: digest})
    (part / CONFIG).write_text(json.dumps(config, indent=2), "utf-8")
    shutil.rmtree(folder, ignore_errors=True)  # an empty one, or without matrices
    part.rename(folder)


def _field(reader: Any, key: str) -> Any:
    field = reader.get_field(key)
    return None if field is None else field.contents()
