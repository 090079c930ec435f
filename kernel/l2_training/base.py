"""The served base as something that can be trained: its GGUF dequantised once into a transformers folder.

What is trained is what is served: the weights come from ``models/base.gguf`` itself, not from elsewhere.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

from kernel.config import Paths
from kernel.errors import ModelError


def dequantise(paths: Paths, base_sha256: str) -> Path:
    """Write ``models/base-torch`` (bf16) from ``models/base.gguf``; about 20 s, made once for each base. Idempotent."""
    folder, stamp = paths.dequantised, paths.dequantised / "made-from.json"
    if stamp.exists() and json.loads(stamp.read_text())["sha256"] == base_sha256:
        return folder
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _no_bars()
    if not paths.base.exists():
        raise ModelError(f"{paths.base} is missing. Run 'oneself init' to make it again.")
    part = folder.with_name(folder.name + ".part")
    shutil.rmtree(part, ignore_errors=True)
    model = AutoModelForCausalLM.from_pretrained(str(paths.models), gguf_file=paths.base.name, dtype=torch.bfloat16)
    # transformers marks what it read from GGUF as quantised, and would refuse to train it
    if hasattr(model.config, "quantization_config"):
        del model.config.quantization_config
    model.is_quantized = False
    model.hf_quantizer = None
    model.save_pretrained(part)
    AutoTokenizer.from_pretrained(str(paths.models), gguf_file=paths.base.name).save_pretrained(part)
    (part / "made-from.json").write_text(json.dumps({"sha256": base_sha256}))
    shutil.rmtree(folder, ignore_errors=True)
    part.rename(folder)
    return folder


def load(folder: Path) -> tuple[Any, Any]:
    """The model (float32 weights, to be run under bf16 autocast where that is faster) and its tokenizer."""
    import torch
    from transformers import AutoModelForCausalLM, AutoTokenizer

    _no_bars()
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32, attn_implementation="sdpa")
    return model, AutoTokenizer.from_pretrained(folder)


def _no_bars() -> None:
    """Progress is told by events; bars would fill the log of the job."""
    from transformers.utils import logging

    logging.disable_progress_bar()
