"""One request on its way through the scheduler: its tokens, how they are chosen, and the text that it may send."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernel.abc import Generate
from kernel.engine.cells import Resident
from kernel.engine.constraints import Constraint
from kernel.engine.llamacpp import Context, Model, Sampler
from kernel.engine.protocol import Ended, Text
from kernel.engine.text import TextStream
from kernel.errors import ContextOverflow, WrongUse
from kernel.types import Scored, TokenScore, Usage

BANNED = -100.0
"""A bias of this or less bans a token, as OpenAI's API has it."""


class Sequence:
    """Raises ``WrongUse`` or ``ContextOverflow`` at once if it can never run. ``free`` ends its sampler."""

    def __init__(
        self,
        id: int,
        request: Generate,
        prompt: list[int],
        model: Model,
        *,
        cells: int,
        constraint: Constraint | None = None,
    ) -> None:
        if not prompt:
            raise WrongUse("the prompt is empty; send at least one token")
        if request.max_tokens < 1:
            raise WrongUse(f"max_tokens is {request.max_tokens}; ask for at least 1")
        if len(prompt) + request.max_tokens > cells:
            raise ContextOverflow(
                f"the prompt has {len(prompt)} tokens and {request.max_tokens} are asked for, which is more than the "
                f"context of {cells}. Shorten the messages or lower max_tokens."
            )
        model.check(prompt, "prompt")
        model.check(request.logit_bias, "logit_bias")
        self.id = id
        self.request = request
        self.prompt_tokens = len(prompt)
        self.tokens = list(prompt)
        """Prompt and what was generated so far."""
        self.resident: Resident | None = None
        self.reused = 0
        self.preempted = False
        """It had to make room once; it is not let in again before all that it may still need is there."""
        self._model = model
        self._text = TextStream(request.stop)
        self._unsent = 0
        self._scores: list[TokenScore] = []
        self._sampler = Sampler(model, request)
        self._constraint = constraint
        self._trigger = request.free_until.encode()
        self._constrained = constraint is not None and request.opened
        self._since = b""
        """What was said since the constraint last held, while it waits for its trigger."""

    @property
    def repeatable(self) -> bool:
        """Whether the same request must give the same text again: it is greedy or names its seed."""
        return self.request.temperature <= 0 or self.request.seed is not None

    @property
    def generated(self) -> int:
        return len(self.tokens) - self.prompt_tokens

    @property
    def most(self) -> int:
        """Tokens that it will have at most."""
        return self.prompt_tokens + self.request.max_tokens

    def advance(self, context: Context, row: int) -> tuple[Text | None, Ended | None]:
        """Choose the next token after ``row``: the text that may go out, and the end if it has come."""
        token, score = self._choose(context, row)
        if token is None or token in self._model.endings:
            return self._last("stop")
        self.tokens.append(token)
        self._unsent += 1
        if score is not None:
            self._scores.append(score)
        piece = self._model.piece(token)
        text = self._text.feed(piece)
        over = self._follow(token, piece)
        if self._text.stopped or over or self.generated >= self.request.max_tokens:
            return self._last("stop" if self._text.stopped or over else "length", text)
        return self._piece(text), None

    def free(self) -> None:
        self._sampler.free()

    # --- choosing ---

    def _choose(self, context: Context, row: int) -> tuple[int | None, TokenScore | None]:
        """No token where the constraint and what is banned leave none."""
        wanted = self.request
        logits = context.logits(row)
        changed = bool(wanted.logit_bias) or self._constrained
        plain = logits.copy() if changed and wanted.logprobs is not None else logits
        for token, bias in wanted.logit_bias.items():
            logits[token] = -np.inf if bias <= BANNED else logits[token] + bias
        if self._constrained and self._constraint is not None:
            self._constraint.mask(logits)
            if logits.max() == -np.inf:
                return None, None
        token = self._sampler.sample(context, row)
        return token, None if wanted.logprobs is None else self._score(plain, token, wanted.logprobs)

    def _score(self, logits: npt.NDArray[np.float32], token: int, alternatives: int) -> TokenScore:
        """As the model itself saw it, whatever was banned or asked for."""
        highest = logits.max()
        whole = highest + np.log(np.exp(logits - highest).sum())
        likeliest: list[int] = []
        if alternatives:
            among = np.argpartition(logits, -alternatives)[-alternatives:]
            likeliest = [int(index) for index in among[np.argsort(-logits[among])]]

        def scored(index: int) -> tuple[int, bytes, float]:
            return index, self._model.piece(index), float(logits[index] - whole)

        top = tuple(Scored(token=id, data=data, logprob=value) for id, data, value in map(scored, likeliest))
        id, data, value = scored(token)
        return TokenScore(token=id, data=data, logprob=value, top=top)

    def _follow(self, token: int, piece: bytes) -> bool:
        """Move the constraint on. Whether the text is whole, so that nothing more may come."""
        if self._constraint is None:
            return False
        if self._constrained:
            self._constraint.take(token)
            if self._constraint.finished and self._trigger:
                self._constrained = False  # what comes after it is free, until the trigger comes again
                return False
            return self._constraint.finished
        self._since += piece
        _, found, rest = self._since.partition(self._trigger)
        if found:
            self._since = b""
            self._constrained = self._constraint.restart(rest.strip())
        return False

    # --- sending ---

    def _last(self, reason: str, text: str = "") -> tuple[Text | None, Ended]:
        usage = Usage(prompt_tokens=self.prompt_tokens, completion_tokens=self.generated, cached_tokens=self.reused)
        return self._piece(text + self._text.end()), Ended(self.id, reason, usage)

    def _piece(self, text: str) -> Text | None:
        if not text:
            return None
        piece = Text(self.id, text, self._unsent, tuple(self._scores))
        self._unsent, self._scores = 0, []
        return piece
