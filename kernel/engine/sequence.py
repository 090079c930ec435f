"""One request on its way through the scheduler: its tokens, its sampler, and the text that it may send."""

from __future__ import annotations

import secrets

from kernel.abc import Generate
from kernel.engine.cells import Resident
from kernel.engine.llamacpp import Context, Model, Sampler
from kernel.engine.protocol import Ended, Text
from kernel.engine.text import TextStream
from kernel.errors import ContextOverflow, WrongUse
from kernel.types import Usage


class Sequence:
    """Raises ``WrongUse`` or ``ContextOverflow`` at once if it can never run. ``free`` ends its sampler."""

    def __init__(self, id: int, request: Generate, prompt: list[int], model: Model, *, cells: int) -> None:
        if not prompt:
            raise WrongUse("the prompt is empty; send at least one token")
        if request.max_tokens < 1:
            raise WrongUse(f"max_tokens is {request.max_tokens}; ask for at least 1")
        if len(prompt) + request.max_tokens > cells:
            raise ContextOverflow(
                f"the prompt has {len(prompt)} tokens and {request.max_tokens} are asked for, which is more than the "
                f"context of {cells}. Shorten the messages or lower max_tokens."
            )
        self.id = id
        self.request = request
        self.prompt_tokens = len(prompt)
        self.tokens = list(prompt)
        """Prompt and what was generated so far."""
        self.resident: Resident | None = None
        self.reused = 0
        self._model = model
        self._text = TextStream(request.stop)
        self._unsent = 0
        self._logprob = 0.0
        self._sampler = Sampler(
            model,
            temperature=request.temperature,
            top_p=request.top_p,
            top_k=request.top_k,
            min_p=request.min_p,
            presence_penalty=request.presence_penalty,
            frequency_penalty=request.frequency_penalty,
            seed=secrets.randbits(32) if request.seed is None else request.seed & 0xFFFFFFFF,
            window=request.max_tokens,
        )

    @property
    def repeatable(self) -> bool:
        """Whether the same request must give the same text again: it is greedy or names its seed."""
        return self.request.temperature <= 0 or self.request.seed is not None

    @property
    def generated(self) -> int:
        return len(self.tokens) - self.prompt_tokens

    @property
    def still_needs(self) -> int:
        """Cells that it may still take."""
        computed = self.resident.computed if self.resident else 0
        return self.prompt_tokens + self.request.max_tokens - computed

    def advance(self, context: Context, row: int) -> tuple[Text | None, Ended | None]:
        """Choose the next token after ``row``: the text that may go out, and the end if it has come."""
        token = self._sampler.sample(context, row)
        if self._model.ends(token):
            return self._last("stop")
        self.tokens.append(token)
        self._unsent += 1
        if self.request.logprobs:
            self._logprob += context.logprob(row, token)
        text = self._text.feed(self._model.piece(token))
        if self._text.stopped or self.generated >= self.request.max_tokens:
            return self._last("stop" if self._text.stopped else "length", text)
        return self._piece(text), None

    def free(self) -> None:
        self._sampler.free()

    def _last(self, reason: str, text: str = "") -> tuple[Text | None, Ended]:
        usage = Usage(prompt_tokens=self.prompt_tokens, completion_tokens=self.generated, cached_tokens=self.reused)
        return self._piece(text + self._text.end()), Ended(self.id, reason, usage)

    def _piece(self, text: str) -> Text | None:
        if not text:
            return None
        piece = Text(self.id, text, self._unsent, self._logprob)
        self._unsent, self._logprob = 0, 0.0
        return piece
