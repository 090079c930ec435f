"""OpenAI's embeddings on the wire. Vectors are of length 1, also those cut to fewer ``dimensions``."""

from __future__ import annotations

import base64
from typing import Annotated, Literal

import msgspec
import numpy as np

from kernel.abc import Prompt, Vectors
from server.faults import BadParameter
from server.schemas.completions import prompts_of

MAX_INPUTS = 2048


class EmbeddingRequest(msgspec.Struct):
    """``POST /v1/embeddings``. Token ids are those of the embedding model's own vocabulary, which is not the base's:
    ``/v1/tokenize`` with its name gives them. A text longer than the model's window is cut at its end."""

    input: str | list[str | int | list[int]]
    """A text, token ids, or a list of texts or of lists of token ids."""
    model: str | None = None
    encoding_format: Literal["float", "base64"] | None = None
    dimensions: Annotated[int, msgspec.Meta(ge=1)] | None = None
    user: str | None = None

    def texts(self) -> tuple[Prompt, ...]:
        """What is to be embedded, in order. Raises ``BadParameter``."""
        texts = prompts_of(self.input, "input", most=MAX_INPUTS)
        for i, text in enumerate(texts):
            if not text:
                raise BadParameter(f"'input' is empty (number {i}); there is nothing to embed.", "input")
        return texts

    def shortened(self, vectors: Vectors) -> Vectors:
        """``(n, d)`` cut to ``(n, dimensions)`` and made of length 1 again. Raises ``BadParameter`` for more than d."""
        most = vectors.shape[1]
        if self.dimensions is None or self.dimensions == most:
            return vectors
        if self.dimensions > most:
            raise BadParameter(f"'dimensions' is {self.dimensions}; the model's vectors have {most}.", "dimensions")
        cut = vectors[:, : self.dimensions]
        lengths: Vectors = np.linalg.norm(cut, axis=1, keepdims=True)
        return (cut / np.maximum(lengths, 1e-12)).astype(np.float32)

    def out(self, model: str, vectors: Vectors, tokens: int) -> EmbeddingList:
        """``vectors``: ``(n, d)``, as they came from the model; ``tokens``: of all inputs together."""
        rows = self.shortened(vectors).astype("<f4", copy=False)
        plain = self.encoding_format != "base64"
        return EmbeddingList(
            data=tuple(
                EmbeddingOut(index=i, embedding=row.tolist() if plain else base64.b64encode(row.tobytes()).decode())
                for i, row in enumerate(rows)
            ),
            model=model,
            usage=EmbeddingUsage(prompt_tokens=tokens, total_tokens=tokens),
        )


class EmbeddingOut(msgspec.Struct, frozen=True, kw_only=True):
    index: int
    embedding: list[float] | str
    """Numbers, or the base64 of them as little-endian float32."""
    object: Literal["embedding"] = "embedding"


class EmbeddingUsage(msgspec.Struct, frozen=True, kw_only=True):
    prompt_tokens: int
    total_tokens: int


class EmbeddingList(msgspec.Struct, frozen=True, kw_only=True):
    data: tuple[EmbeddingOut, ...]
    model: str
    usage: EmbeddingUsage
    object: Literal["list"] = "list"
