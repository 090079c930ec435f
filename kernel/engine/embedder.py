"""Sentence vectors of length 1 from a GGUF embedding model. Runs in the engine child and in the worker child."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from kernel.abc import Prompt, Vectors
from kernel.engine.llamacpp import Batch, Context, Model
from kernel.engine.threads import ThreadChoice
from kernel.errors import WrongUse

PASS = 128
"""Tokens of one pass, if no text is longer: attention runs over all tokens of a pass, so larger ones are slower."""


LONGEST = 512
"""Tokens of a text that are looked at, however long a window the model has: what is embedded are sentences."""


class Embedder:
    """``embed(texts)`` -> ``(n, dimension)`` float32, rows of length 1, in the order of the texts. One thread."""

    def __init__(self, path: Path, *, threads: int = 0, batch: int = 32) -> None:
        self._model = Model(path)
        self.dimension = self._model.dimension
        self.window = min(int(self._model.metadata("oneself.window") or self._model.window), LONGEST)
        self._is_bert = self._model.metadata("general.architecture") == "bert"
        self._sequences = batch
        self._rows = max(PASS, self.window)
        self._context = Context(
            self._model,
            cells=self._rows,
            sequences=batch,
            rows=self._rows,
            outputs=batch,
            threads=ThreadChoice(threads),
            embedding=True,
        )
        self._batch = Batch(self._rows)

    def embed(self, texts: Sequence[Prompt]) -> Vectors:
        tokens = [self.tokens(text) for text in texts]
        vectors = np.zeros((len(texts), self.dimension), np.float32)
        # Texts of like length go together, so that a pass is full.
        waiting = sorted(range(len(texts)), key=lambda index: len(tokens[index]))
        while waiting:
            taken, rows = 1, len(tokens[waiting[0]])
            while taken < min(len(waiting), self._sequences) and rows + len(tokens[waiting[taken]]) <= PASS:
                rows += len(tokens[waiting[taken]])
                taken += 1
            self._pass(waiting[:taken], tokens, vectors)
            waiting = waiting[taken:]
        return vectors

    def close(self) -> None:
        self._batch.free()
        self._context.free()
        self._model.free()

    def check(self, texts: Sequence[Prompt]) -> None:
        """Raises ``WrongUse`` for tokens outside the vocabulary, for a text that has none, and for more than the window."""
        for text in texts:
            if not isinstance(text, str):
                self._model.check(text, "input")
                if not text:
                    raise WrongUse("a list of tokens to embed is empty; send at least one")
                if len(text) > self.window:
                    raise WrongUse(
                        f"a list has {len(text)} tokens to embed; the model's window is {self.window}. Send fewer, or text"
                    )

    def tokens(self, text: Prompt) -> list[int]:
        """What is looked at of a text, with the tokens that frame it; tokens as they are, up to the window."""
        if not isinstance(text, str):
            return list(text[: self.window])
        # A token is at most a few characters of any text; this keeps a megabyte from being tokenised to keep its start.
        cut = text[: self.window * 40]
        # BERT's own tokeniser takes Hangul apart into letters; llama.cpp's does not, but keeps apart what comes so.
        text = unicodedata.normalize("NFD", cut) if self._is_bert else cut
        tokens = self._model.tokenize(text, special=False, add=True)
        return tokens if len(tokens) <= self.window else [*tokens[: self.window - 1], tokens[-1]]

    def _pass(self, indexes: list[int], tokens: list[list[int]], vectors: Vectors) -> None:
        self._batch.clear()
        for sequence, index in enumerate(indexes):
            for position, token in enumerate(tokens[index]):
                self._batch.add(token, position, sequence, logits=True)
        self._context.encode(self._batch)
        for sequence, index in enumerate(indexes):
            vector = self._context.pooled(sequence)
            vectors[index] = vector / max(float(np.linalg.norm(vector)), 1e-12)
