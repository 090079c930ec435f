"""The limit: a bare ``llama_decode`` loop over sequences that share the persona. ``python bare.py < PLAN.json``

The plan: ``gguf``, ``threads``, ``cells``, ``prefix`` (tokens), ``tokens`` (of an answer), ``banned`` (tokens), and
``batches``: lists of the tokens that follow the prefix, one for each sequence. The prefix is read once; of each batch the
time counts from when its questions are read, as in a warm burst. Greedy, no text, no network.
How long its threads spin before they sleep is the environment's (``GOMP_SPINCOUNT``).
"""

from __future__ import annotations

import ctypes
import json
import sys
import time
from typing import Any

import llama_cpp as llama
import numpy as np


def silent(_level: int, _text: bytes, _data: Any) -> None: ...


class Loop:
    """One context and one batch."""

    def __init__(self, plan: dict[str, Any]) -> None:
        rows = 512
        most = max(len(batch) for batch in plan["batches"])
        self.model = llama.llama_model_load_from_file(plan["gguf"].encode(), llama.llama_model_default_params())
        parameters = llama.llama_context_default_params()
        parameters.n_ctx, parameters.n_batch, parameters.n_ubatch = plan["cells"], rows, rows
        parameters.n_seq_max, parameters.kv_unified, parameters.n_outputs_max = most + 1, True, most + 1
        parameters.n_threads = parameters.n_threads_batch = plan["threads"]
        parameters.flash_attn_type = plan["flash_attention"]
        self.context = llama.llama_init_from_model(self.model, parameters)
        if not self.context:
            raise SystemExit("no context for the bare loop")
        self.memory = llama.llama_get_memory(self.context)
        self.vocabulary = llama.llama_vocab_n_tokens(llama.llama_model_get_vocab(self.model))
        self.batch, self.rows = llama.llama_batch_init(rows, 0, 1), rows
        self.banned = plan["banned"]

    def add(self, token: int, position: int, sequence: int, logits: bool) -> None:
        row = self.batch.n_tokens
        if row == self.rows:
            self.decode()
            row = 0
        self.batch.token[row], self.batch.pos[row] = token, position
        self.batch.n_seq_id[row], self.batch.seq_id[row][0] = 1, sequence
        self.batch.logits[row] = logits
        self.batch.n_tokens = row + 1

    def decode(self) -> None:
        if llama.llama_decode(self.context, self.batch) != 0:
            raise SystemExit("llama_decode failed in the bare loop")
        self.batch.n_tokens = 0

    def best(self, row: int) -> int:
        logits = np.ctypeslib.as_array(llama.llama_get_logits_ith(self.context, row), (self.vocabulary,))
        logits[self.banned] = -np.inf
        return int(logits.argmax())

    def read(self, tokens: list[int], sequence: int, start: int) -> int:
        """Reads a prompt and gives the token after it."""
        for place, token in enumerate(tokens):
            self.add(token, start + place, sequence, place == len(tokens) - 1)
        last = self.batch.n_tokens - 1
        self.decode()
        return self.best(last)

    def burst(self, questions: list[list[int]], prefix: int, tokens: int) -> dict[str, float]:
        """Every sequence's question and answer. Questions go in as few batches as they fit in."""
        for sequence in range(1, len(questions) + 1):
            llama.llama_memory_seq_cp(self.memory, 0, sequence, 0, prefix)
        began = time.perf_counter()
        said, firsts, waiting = [0] * len(questions), [], []
        for index, question in enumerate(questions):
            if self.batch.n_tokens + len(question) > self.rows:
                self._take(waiting, said, firsts, began)
            for place, token in enumerate(question):
                self.add(token, prefix + place, index + 1, place == len(question) - 1)
            waiting.append((index, self.batch.n_tokens - 1))
        self._take(waiting, said, firsts, began)
        for step in range(tokens - 1):
            for index, token in enumerate(said):
                self.add(token, prefix + len(questions[index]) + step, index + 1, True)
            self.decode()
            said = [self.best(row) for row in range(len(said))]
        seconds = time.perf_counter() - began
        for sequence in range(1, len(questions) + 1):
            llama.llama_memory_seq_rm(self.memory, sequence, -1, -1)
        firsts.sort()
        return {
            "tokens_per_second": len(questions) * tokens / seconds,
            "decode_tokens_per_second": len(questions) * (tokens - 1) / (seconds - firsts[-1]),
            "first_p50_s": firsts[len(firsts) // 2],
            "first_max_s": firsts[-1],
        }

    def _take(self, waiting: list[tuple[int, int]], said: list[int], firsts: list[float], began: float) -> None:
        self.decode()
        for index, row in waiting:
            said[index] = self.best(row)
            firsts.append(time.perf_counter() - began)
        waiting.clear()


def main() -> None:
    plan = json.loads(sys.stdin.read())
    callback = llama.llama_log_callback(silent)
    llama.llama_log_set(callback, ctypes.c_void_p(0))
    loop = Loop(plan)
    loop.read(plan["prefix"], 0, 0)
    loop.burst(plan["batches"][0], len(plan["prefix"]), 8)  # warm
    found = [loop.burst(batch, len(plan["prefix"]), plan["tokens"]) for batch in plan["batches"]]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
