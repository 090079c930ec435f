"""Writes the served GGUF files from packaged weights: ``python -m kernel.engine.convert base|embedder SOURCE TARGET``.

Runs in a process of its own, so that its buffers are given back at once. numpy alone does the arithmetic, element by
element: the same bytes come out on every machine (and the same Q8_0 blocks as llama.cpp's own quantiser makes), so the
base's SHA-256 is a constant that adapters can be tied to. ``SOURCE`` is a GGUF file, or a folder of safetensors.
"""

from __future__ import annotations

import json
import struct
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from gguf import GGUFReader, GGUFValueType, GGUFWriter, get_tensor_name_map
from gguf.constants import MODEL_ARCH, GGMLQuantizationType, LlamaFileType, PoolingType, TokenType
from gguf.quants import dequantize, quantize

Q8_0 = GGMLQuantizationType.Q8_0
WORD_START = "▁"
"""llama.cpp's WordPiece marks the start of a word; BERT's own vocabulary marks the continuations (``##``)."""
LAYER_NORM_EPS = 1e-12


def requantise(source: Path, target: Path) -> None:
    """Every quantised tensor of ``source`` as Q8_0; metadata and float32 tensors as they are.

    llama.cpp repacks Q8_0 for the CPU, and Q4_1 (as shipped) it does not: reading a prompt takes half the time.
    """
    reader = GGUFReader(source)
    architecture = str(reader.fields["general.architecture"].contents())
    writer = GGUFWriter(target, architecture)
    copy_metadata(reader, writer)
    writer.add_file_type(LlamaFileType.MOSTLY_Q8_0)
    tensors = [(tensor, tensor.tensor_type not in (Q8_0, GGMLQuantizationType.F32)) for tensor in reader.tensors]
    for tensor, convert in tensors:
        shape = [int(n) for n in reversed(tensor.shape)]
        kind = Q8_0 if convert else tensor.tensor_type
        size = int(np.prod(shape)) // 32 * 34 if kind == Q8_0 else tensor.data.nbytes
        writer.add_tensor_info(tensor.name, shape, np.dtype(np.float32), size, kind)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_ti_data_to_file()
    for tensor, convert in tensors:
        data = quantize(dequantize(tensor.data, tensor.tensor_type), Q8_0) if convert else tensor.data
        writer.write_tensor_data(np.ascontiguousarray(data))
    writer.close()


def copy_metadata(reader: GGUFReader, writer: GGUFWriter) -> None:
    """All keys of ``reader`` but those that every writer writes itself and the file type."""
    for field in reader.fields.values():
        if field.name.startswith("GGUF.") or field.name in ("general.architecture", "general.file_type"):
            continue
        kind = field.types[0]
        inner = field.types[-1] if kind == GGUFValueType.ARRAY else None
        writer.add_key_value(field.name, field.contents(), kind, sub_type=inner)


def convert_bert(source: Path, target: Path) -> None:
    """A BERT sentence model (folder with ``config.json``, ``vocab.txt``, ``model.safetensors``) as GGUF in F16."""
    config: dict[str, Any] = json.loads((source / "config.json").read_text("utf-8"))
    pooling = json.loads((source / "1_Pooling" / "config.json").read_text("utf-8"))
    window = json.loads((source / "sentence_bert_config.json").read_text("utf-8"))["max_seq_length"]
    if config["model_type"] != "bert" or not pooling["pooling_mode_mean_tokens"]:
        raise ValueError(f"{source} is not a BERT model with mean pooling")
    writer = GGUFWriter(target, "bert")
    writer.add_name("all-MiniLM-L6-v2")
    writer.add_file_type(LlamaFileType.MOSTLY_F16)
    writer.add_context_length(config["max_position_embeddings"])
    writer.add_uint32("oneself.window", window)
    writer.add_embedding_length(config["hidden_size"])
    writer.add_feed_forward_length(config["intermediate_size"])
    writer.add_block_count(config["num_hidden_layers"])
    writer.add_head_count(config["num_attention_heads"])
    writer.add_layer_norm_eps(LAYER_NORM_EPS)
    writer.add_causal_attention(False)
    writer.add_pooling_type(PoolingType.MEAN)
    _add_wordpiece(writer, (source / "vocab.txt").read_text("utf-8").splitlines(), config["type_vocab_size"])
    names = get_tensor_name_map(MODEL_ARCH.BERT, config["num_hidden_layers"])
    for name, data in read_safetensors(source / "model.safetensors"):
        mapped = names.get_name(name, try_suffixes=(".weight", ".bias"))
        if mapped is None:  # the pooler and the position ids: not part of a sentence embedding
            continue
        # Small rows that are added (biases, norms, positions) stay float32, as llama.cpp wants them.
        matrix = data.ndim == 2 and not mapped.startswith(("position_embd", "token_types"))
        writer.add_tensor(mapped, data.astype(np.float16 if matrix else np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_wordpiece(writer: GGUFWriter, vocabulary: list[str], token_types: int) -> None:
    special = {"[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"}

    def written(token: str) -> str:
        if token.startswith("[") and token.endswith("]"):
            return token
        return token[2:] if token.startswith("##") else WORD_START + token

    kinds = [TokenType.CONTROL if token in special else TokenType.NORMAL for token in vocabulary]
    kinds[vocabulary.index("[UNK]")] = TokenType.UNKNOWN
    writer.add_tokenizer_model("bert")
    writer.add_tokenizer_pre("jina-v2-en")
    writer.add_token_list([written(token) for token in vocabulary])
    writer.add_token_types(kinds)
    writer.add_token_type_count(token_types)
    writer.add_unk_token_id(vocabulary.index("[UNK]"))
    writer.add_sep_token_id(vocabulary.index("[SEP]"))
    writer.add_pad_token_id(vocabulary.index("[PAD]"))
    writer.add_mask_token_id(vocabulary.index("[MASK]"))
    writer.add_bos_token_id(vocabulary.index("[CLS]"))
    writer.add_eos_token_id(vocabulary.index("[SEP]"))


def read_safetensors(path: Path) -> Iterator[tuple[str, npt.NDArray[Any]]]:
    """Name and array of each tensor, mapped and not read: eight bytes of length, a JSON header, then the raw data."""
    kinds = {"F32": np.float32, "F16": np.float16, "I64": np.int64}
    with path.open("rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
    data = np.memmap(path, np.uint8, mode="r", offset=8 + length)
    for name, entry in header.items():
        if name != "__metadata__":
            start, end = entry["data_offsets"]
            yield name, data[start:end].view(kinds[entry["dtype"]]).reshape(entry["shape"])


CONVERSIONS: dict[str, Callable[[Path, Path], None]] = {"base": requantise, "embedder": convert_bert}


if __name__ == "__main__":
    CONVERSIONS[sys.argv[1]](Path(sys.argv[2]), Path(sys.argv[3]))
