"""Texts to tokens and back, on the wire. OpenAI has no such routes; the names are those of llama.cpp's server and vLLM."""

from __future__ import annotations

from typing import Any

import msgspec

from server.faults import BadParameter


class TokensRequest(msgspec.Struct):
    """``POST /v1/tokenize`` and ``POST /v1/count``, in exactly one of these ways:

    - ``content``: a text, read as ``/v1/completions`` reads a prompt; with ``add_special`` false as plain text, in which
      nothing is a special token and which nothing frames;
    - ``messages``, with ``tools`` and whatever else ``/v1/chat/completions`` takes: the prompt that it would send with
      memory off, template and persona included. With memory the evidence is added, which depends on the question.

    ``model``: one that answers (``self`` if absent) or, for ``content``, one that embeds.
    """

    content: str | None = None
    messages: list[Any] | None = None
    model: str | None = None
    add_special: bool | None = None

    def check(self) -> None:
        """Raises ``BadParameter``."""
        if (self.content is None) == (self.messages is None):
            raise BadParameter("Send exactly one of 'content' and 'messages'.", "content")
        if self.messages is not None and self.add_special is False:
            raise BadParameter(
                "'add_special': false is for 'content'; messages are made of special tokens.", "add_special"
            )


class TokensOut(msgspec.Struct, frozen=True, kw_only=True):
    tokens: list[int]
    count: int
    max_model_len: int | None
    """Tokens that a prompt and what follows it may have together; null for a model that embeds, which cuts a text."""


class CountOut(msgspec.Struct, frozen=True):
    tokens: int


class DetokenizeRequest(msgspec.Struct):
    """``POST /v1/detokenize``."""

    tokens: list[int]
    model: str | None = None

    def check(self, vocabulary: int) -> None:
        """``vocabulary``: how many tokens the model knows. Raises ``BadParameter``."""
        for token in self.tokens:
            if not 0 <= token < vocabulary:
                raise BadParameter(f"'tokens' holds {token}; they are 0 to {vocabulary - 1}.", "tokens")


class ContentOut(msgspec.Struct, frozen=True):
    content: str
