"""llama.cpp through llama-cpp-python's low-level API: model, context, batch, adapter, sampler. Child processes only.

Thin and typed: every call that can fail says so with an error of ours. What it knows about llama.cpp, so that nobody
else has to: KV is always unified (a partial sequence copy without it ends the process); a failed load returns a NULL
pointer object that is not ``None``; adapters belong to a context, so a context is freed before its adapter; one
context is used by one thread, only ``tokenize`` and ``piece`` may be called from others.
"""

from __future__ import annotations

import ctypes
import functools
import os
import secrets
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

# A thread that waits for the others soon sleeps. By default it would keep its core busy for long, and where other
# processes want the cores too that makes a step ten times slower; to sleep at once costs two thirds of the speed where
# they do not. And on an assertion the child ends at once, without a debugger.
os.environ.setdefault("GOMP_SPINCOUNT", "500")
os.environ.setdefault("GGML_NO_BACKTRACE", "1")

import llama_cpp as llama
from llguidance import LLTokenizer
from llguidance.llamacpp import lltokenizer_from_vocab

from kernel.engine.threads import ThreadChoice
from kernel.errors import EngineError, ModelError, WrongUse
from kernel.types import Sampling

ERROR_LEVEL = 4
NO_ROOM = 1
_VALUE_BYTES = 64 * 1024


def _log_errors(level: int, text: bytes, _data: Any) -> None:
    if level == ERROR_LEVEL:
        sys.stderr.write(text.decode("utf-8", "replace"))
        sys.stderr.flush()


_log_callback = llama.llama_log_callback(_log_errors)  # llama.cpp keeps the pointer, so somebody must keep the object
llama.llama_log_set(_log_callback, ctypes.c_void_p(0))


class Model:
    """The weights, shared by all contexts. Raises ``ModelError`` if the file is not a model that llama.cpp can load."""

    def __init__(self, path: Path) -> None:
        self.path = path
        if not path.is_file():
            raise ModelError(f"The model {path} is missing. Run `oneself init`.")
        self.pointer = llama.llama_model_load_from_file(str(path).encode(), llama.llama_model_default_params())
        if not self.pointer:
            raise ModelError(f"{path} is not a model that llama.cpp can load. Remove it and run `oneself init`.")
        self._vocab = llama.llama_model_get_vocab(self.pointer)
        self.vocabulary = int(llama.llama_vocab_n_tokens(self._vocab))
        self.dimension = int(llama.llama_model_n_embd(self.pointer))
        self.window = int(llama.llama_model_n_ctx_train(self.pointer))
        self._adds_bos = bool(llama.llama_vocab_get_add_bos(self._vocab))
        self._pieces: dict[int, bytes] = {}

    def free(self) -> None:
        """All contexts and adapters must have been freed."""
        if self.pointer:
            llama.llama_model_free(self.pointer)
            self.pointer = None

    def metadata(self, key: str) -> str:
        """A metadata value as text, empty if there is none."""
        buffer = ctypes.create_string_buffer(_VALUE_BYTES)
        length = llama.llama_model_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""

    @property
    def chat_template(self) -> str:
        template = llama.llama_model_chat_template(self.pointer, None)
        return template.decode("utf-8") if template else ""

    @property
    def bos(self) -> str:
        return self._token_text(llama.llama_vocab_bos(self._vocab))

    @property
    def eos(self) -> str:
        return self._token_text(llama.llama_vocab_eos(self._vocab))

    def prompt(self, text: str) -> list[int]:
        """Tokens of a templated prompt: special tokens parsed, BOS first where the model wants it and has none yet."""
        tokens = self.tokenize(text, special=True)
        bos = llama.llama_vocab_bos(self._vocab)
        return [bos, *tokens] if self._adds_bos and tokens[:1] != [bos] else tokens

    def tokenize(self, text: str, *, special: bool, add: bool = False) -> list[int]:
        """Token ids; thread-safe.

        ``special``: special tokens written out in the text are read as such; else they are plain text. ``add``: frame
        the text as the model wants it (BOS, CLS, SEP).
        """
        data = text.encode("utf-8")
        room = len(data) + 8
        while True:
            tokens = (llama.llama_token * room)()
            count = llama.llama_tokenize(self._vocab, data, len(data), tokens, room, add, special)
            if count >= 0:
                return list(tokens[:count])
            room = -count

    def piece(self, token: int) -> bytes:
        """The bytes of a token, perhaps part of a character; empty for control tokens. Thread-safe."""
        if token not in self._pieces:
            self._pieces[token] = self._piece(token, special=False)
        return self._pieces[token]

    @functools.cached_property
    def endings(self) -> frozenset[int]:
        """The tokens with which generation ends."""
        return frozenset(token for token in range(self.vocabulary) if llama.llama_vocab_is_eog(self._vocab, token))

    def text(self, tokens: Sequence[int]) -> str:
        """What the tokens say, special ones written out. Raises ``WrongUse`` for one outside the vocabulary."""
        self.check(tokens, "tokens")
        return b"".join(self._piece(token, special=True) for token in tokens).decode("utf-8", "replace")

    def check(self, tokens: Iterable[int], what: str) -> None:
        """Raises ``WrongUse`` naming ``what`` where one is outside the vocabulary (llama.cpp would end the process)."""
        for token in tokens:
            if not 0 <= token < self.vocabulary:
                raise WrongUse(f"'{what}' names token {token}; this model's tokens are 0 to {self.vocabulary - 1}")

    def tokenizer(self) -> LLTokenizer:
        """llguidance's view of the vocabulary; takes a third of a second."""
        return lltokenizer_from_vocab(self._vocab, eos_token=sorted(self.endings))

    def _piece(self, token: int, *, special: bool) -> bytes:
        buffer = ctypes.create_string_buffer(256)
        length = llama.llama_token_to_piece(self._vocab, token, buffer, len(buffer), 0, special)
        return buffer.raw[:length] if length > 0 else b""

    def _token_text(self, token: int) -> str:
        return self._piece(token, special=True).decode("utf-8", "replace") if token >= 0 else ""


def is_adapter(path: Path) -> bool:
    """Whether a GGUF file says that it is an adapter, and not a whole model. False, too, for what is no GGUF."""
    with path.open("rb") as file:
        head = file.read(64 * 1024)
    value = head.find(b"general.type")
    return value >= 0 and head[value + 24 :].startswith(b"adapter")  # after the key: 4 bytes of kind, 8 of length


class Adapter:
    """A LoRA adapter for ``model``. Contexts that use it must be freed before it. Raises ``ModelError``."""

    def __init__(self, model: Model, path: Path) -> None:
        self.path = path
        self.pointer = llama.llama_adapter_lora_init(model.pointer, str(path).encode())
        if not self.pointer:
            raise ModelError(
                f"{path} is not an adapter for {model.path.name}: llama.cpp refused it. Train it again on this base."
            )

    def free(self) -> None:
        if self.pointer:
            llama.llama_adapter_lora_free(self.pointer)
            self.pointer = None

    def metadata(self, key: str) -> str:
        """A metadata value as text, empty if there is none."""
        buffer = ctypes.create_string_buffer(1024)
        length = llama.llama_adapter_meta_val_str(self.pointer, key.encode(), buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if length >= 0 else ""


class Batch:
    """Rows for one ``decode``: a token, its position, its sequence, and whether its logits are wanted."""

    def __init__(self, rows: int) -> None:
        self.rows = rows
        self.raw = llama.llama_batch_init(rows, 0, 1)

    def __len__(self) -> int:
        return int(self.raw.n_tokens)

    def clear(self) -> None:
        self.raw.n_tokens = 0

    def add(self, token: int, position: int, sequence: int, *, logits: bool) -> int:
        """Append a row and return its index."""
        row = int(self.raw.n_tokens)
        if row >= self.rows:
            raise EngineError(f"a batch holds {self.rows} rows; this is a defect, please report it")
        self.raw.token[row] = token
        self.raw.pos[row] = position
        self.raw.n_seq_id[row] = 1
        self.raw.seq_id[row][0] = sequence
        self.raw.logits[row] = logits
        self.raw.n_tokens = row + 1
        return row

    def free(self) -> None:
        llama.llama_batch_free(self.raw)


class Context:
    """One KV cache over the shared weights, with one adapter or none. Used by one thread.

    ``cells`` are shared by up to ``sequences`` sequences; a ``decode`` takes at most ``rows`` rows of which ``outputs``
    want logits (at least as many as sequences). ``threads``: what has been learned of how many are fastest, which contexts
    of one kind share. ``embedding``: pooled vectors instead of logits, in the way that the model's file
    names (BERT-like: mean; others: its last token), or the mean.
    """

    def __init__(
        self,
        model: Model,
        *,
        cells: int,
        sequences: int,
        rows: int,
        outputs: int,
        threads: ThreadChoice,
        adapter: Adapter | None = None,
        embedding: bool = False,
    ) -> None:
        parameters = llama.llama_context_default_params()
        parameters.n_ctx = cells
        parameters.n_batch = parameters.n_ubatch = rows
        parameters.n_seq_max = sequences
        parameters.kv_unified = True
        parameters.flash_attn_type = llama.LLAMA_FLASH_ATTN_TYPE_DISABLED  # twice as fast on a CPU deep in a context
        parameters.embeddings = embedding
        parameters.no_perf = True
        if embedding:
            named = model.metadata(f"{model.metadata('general.architecture')}.pooling_type")
            parameters.pooling_type = int(named) if named.isdigit() else llama.LLAMA_POOLING_TYPE_MEAN
        else:
            parameters.n_outputs_max = outputs  # the default keeps logits for every row: 50 MB for each 256
        self.model, self.adapter = model, adapter
        self._threads = threads
        self.pointer = llama.llama_init_from_model(model.pointer, parameters)
        if not self.pointer:
            raise EngineError(f"no memory for a context of {cells} tokens; lower engine.context_tokens")
        if adapter is not None:
            pointers = (llama.llama_adapter_lora_p_ctypes * 1)(adapter.pointer)
            if llama.llama_set_adapters_lora(self.pointer, pointers, 1, (ctypes.c_float * 1)(1.0)) != 0:
                self.free()
                raise ModelError(f"{adapter.path} could not be set on the model")
        self._memory = llama.llama_get_memory(self.pointer)

    def free(self) -> None:
        if self.pointer:
            llama.llama_free(self.pointer)
            self.pointer = None

    def decode(self, batch: Batch, *, threads: int = 0) -> bool:
        """Run the rows, on so many threads (0: what has been fastest). False where there is no room for them in the cache,
        which is then as it was. Raises ``EngineError``; the sequences of this batch are lost then."""
        code = self._timed(llama.llama_decode, batch, threads)
        if code not in (0, NO_ROOM):
            raise EngineError(f"llama.cpp could not run a batch of {len(batch)} rows (code {code})")
        return code == 0

    def encode(self, batch: Batch) -> None:
        """Run the rows of an embedding model, which keeps nothing between batches."""
        if self._memory:  # a causal model; what was before must not be seen
            self.clear()
        code = self._timed(llama.llama_decode if self._memory else llama.llama_encode, batch)
        if code != 0:
            raise EngineError(f"llama.cpp could not embed a batch of {len(batch)} rows (code {code})")

    def _timed(self, run: Callable[[Any, Any], int], batch: Batch, given: int = 0) -> int:
        threads = given or self._threads.choose(len(batch))
        llama.llama_set_n_threads(self.pointer, threads, threads)
        started = time.perf_counter()
        code = run(self.pointer, batch.raw)
        llama.llama_synchronize(self.pointer)
        if not given:
            self._threads.record(len(batch), threads, time.perf_counter() - started)
        return code

    def copy(self, source: int, target: int, tokens: int) -> None:
        """Let ``target`` share the first ``tokens`` cells of ``source``."""
        llama.llama_memory_seq_cp(self._memory, source, target, 0, tokens)

    def drop(self, sequence: int, start: int = -1) -> None:
        """Forget a sequence, or its tokens from ``start`` on; cells that no other one shares become free."""
        llama.llama_memory_seq_rm(self._memory, sequence, start, -1)

    def clear(self) -> None:
        """Forget all sequences: what comes next lies as in a new context."""
        llama.llama_memory_clear(self._memory, False)

    def save(self, sequence: int) -> npt.NDArray[np.uint8]:
        """What the cache holds of a sequence; empty where it cannot be saved."""
        state = np.empty(llama.llama_state_seq_get_size(self.pointer, sequence), np.uint8)
        written = llama.llama_state_seq_get_data(self.pointer, _bytes_of(state), len(state), sequence)
        return state if written == len(state) else state[:0]

    def restore(self, sequence: int, state: npt.NDArray[np.uint8]) -> bool:
        """Put back what ``save`` gave, under any sequence that is empty. False where there is no room for it."""
        if llama.llama_state_seq_set_data(self.pointer, _bytes_of(state), len(state), sequence) == len(state):
            return True
        self.drop(sequence)
        return False

    def logits(self, row: int) -> npt.NDArray[np.float32]:
        """``(vocabulary,)`` of a row whose logits were wanted: llama.cpp's own, which sampling will see changed."""
        pointer = llama.llama_get_logits_ith(self.pointer, row)
        return np.ctypeslib.as_array(pointer, (self.model.vocabulary,))

    def pooled(self, sequence: int) -> npt.NDArray[np.float32]:
        """``(dimension,)``: the pooled vector of a sequence of the last ``encode``; a copy, not normalised."""
        pointer = llama.llama_get_embeddings_seq(self.pointer, sequence)
        if not pointer:
            raise EngineError("the embedding model gave no vector; its file names no way of pooling")
        return np.ctypeslib.as_array(pointer, (self.model.dimension,)).copy()


def _bytes_of(array: npt.NDArray[np.uint8]) -> Any:
    return array.ctypes.data_as(ctypes.POINTER(ctypes.c_uint8))


class Sampler:
    """How one sequence chooses its tokens; penalties count what it has said itself."""

    def __init__(self, model: Model, wanted: Sampling) -> None:
        self._chain = None
        presence, frequency, repeat = wanted.presence_penalty, wanted.frequency_penalty, wanted.repeat_penalty
        penalised = presence != 0 or frequency != 0 or repeat != 1
        if wanted.temperature <= 0 and not penalised:
            return
        self._chain = llama.llama_sampler_chain_init(llama.llama_sampler_chain_default_params())
        steps: list[Any] = []
        if penalised:
            steps.append(
                llama.llama_sampler_init_penalties(model.vocabulary, wanted.max_tokens, repeat, frequency, presence)
            )
        if wanted.temperature <= 0:
            steps.append(llama.llama_sampler_init_greedy())
        else:
            if wanted.top_k > 0:
                steps.append(llama.llama_sampler_init_top_k(wanted.top_k))
            if wanted.top_p < 1:
                steps.append(llama.llama_sampler_init_top_p(wanted.top_p, 1))
            if wanted.min_p > 0:
                steps.append(llama.llama_sampler_init_min_p(wanted.min_p, 1))
            seed = secrets.randbits(32) if wanted.seed is None else wanted.seed & 0xFFFFFFFF
            steps += [llama.llama_sampler_init_temp(wanted.temperature), llama.llama_sampler_init_dist(seed)]
        for step in steps:
            llama.llama_sampler_chain_add(self._chain, step)

    def sample(self, context: Context, row: int) -> int:
        """The next token after a row whose logits were wanted."""
        if self._chain is None:
            return int(context.logits(row).argmax())
        return int(llama.llama_sampler_sample(self._chain, context.pointer, row))

    def free(self) -> None:
        if self._chain is not None:
            llama.llama_sampler_free(self._chain)
            self._chain = None
