"""``ScriptedEngine``: the Engine seam without a model, for tests and the offline demo.

It says what a function or a list of replies tells it to, word by word, under the same rules as the real one: stop
strings, limits, adapters, a bounded queue, errors. Its vectors come from the words themselves (hashed, so that texts
that share words are near each other), the same on every machine.
"""

from __future__ import annotations

import asyncio
import hashlib
import itertools
import re
import unicodedata
from collections.abc import AsyncGenerator, Callable, Sequence
from pathlib import Path

import numpy as np

from kernel.abc import Finished, Generate, ModelInfo, Piece, Prompt, Vectors
from kernel.config import EngineConfig
from kernel.engine.text import TextStream
from kernel.errors import Busy, ContextOverflow, EngineError, ModelError, NotFound, WrongUse
from kernel.types import DEFAULT_EMBEDDER, Scored, TokenScore, Usage

DIMENSION = 384
VOCABULARY = 1 << 24
_DIRECTIONS = 12
"""How many of the dimensions one word touches."""
_TOKEN = re.compile(r"<\|[^|>]*\|>|\s*\S+|\s+")
_WORD = re.compile(r"\w+")
CHATML = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)

Reply = Callable[[Generate], str]


def repeat_question(request: Generate) -> str:
    """The default reply: the last line of the prompt that is not empty and holds no special token."""
    prompt = request.prompt if isinstance(request.prompt, str) else " ".join(map(str, request.prompt))
    lines = [re.sub(r"<\|.*?\|>", "", line).strip() for line in prompt.splitlines()]
    said = [line for line in lines if line not in ("", "assistant", "user", "system")]
    return f"You said: {said[-1]}" if said else "Hello."


class ScriptedEngine:
    """``reply``: a function of the request, or replies given in turn (from the first again after the last).

    ``delay``: seconds before each piece. ``requests`` keeps what was asked, for tests.
    """

    def __init__(
        self,
        reply: Reply | Sequence[str] = repeat_question,
        *,
        config: EngineConfig | None = None,
        delay: float = 0.0,
    ) -> None:
        self._reply: Reply = reply if callable(reply) else _in_turn(reply)
        self._config = config or EngineConfig()
        self._delay = delay
        self._adapters: dict[str, Path] = {}
        self._places = asyncio.Semaphore(self._config.sequences)
        self._started = False
        self._queued = self._running = self._decoded = 0
        self._words: dict[int, str] = {}
        self.requests: list[Generate] = []

    @property
    def up(self) -> bool:
        return self._started

    async def start(self) -> ModelInfo:
        self._started = True
        return ModelInfo(
            sha256=hashlib.sha256(b"scripted").hexdigest(),
            name="scripted",
            chat_template=CHATML,
            bos_token="<|im_start|>",
            eos_token="<|im_end|>",
            context_tokens=self._config.context_tokens,
            embedding_length=DIMENSION,
            vocabulary=VOCABULARY,
        )

    async def close(self) -> None:
        self._started = False

    async def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        self._check()
        prompt = self._admissible(request)
        if self._queued >= self._config.queue:
            raise Busy(f"{self._config.queue} requests are waiting already; try again in a moment", retry_after=2)
        self.requests.append(request)
        self._queued += 1
        try:
            await self._places.acquire()
        finally:
            self._queued -= 1
        self._running += 1
        try:
            async for item in self._say(request, len(prompt)):
                yield item
        finally:
            self._running -= 1
            self._places.release()

    async def embed(self, texts: Sequence[Prompt], *, model: str = DEFAULT_EMBEDDER) -> Vectors:
        self._check()
        vectors = np.zeros((len(texts), DIMENSION), np.float32)
        for row, text in enumerate(texts):
            for feature in _features(text) if isinstance(text, str) else map(str, text):
                digest = hashlib.blake2b(feature.encode("utf-8", "replace"), digest_size=4 * _DIRECTIONS).digest()
                numbers = np.frombuffer(digest, "<u4")
                np.add.at(vectors[row], (numbers >> 1) % DIMENSION, np.where(numbers & 1, 1.0, -1.0))
            length = float(np.linalg.norm(vectors[row]))
            if length > 0:
                vectors[row] /= length
            else:
                vectors[row, 0] = 1.0
        return vectors

    async def tokenize(self, text: str, *, special: bool = True, model: str = "") -> list[int]:
        """One id for each word with the space before it; ``special`` and ``model`` change nothing."""
        self._check()
        return [self._token(word) for word in _TOKEN.findall(text)]

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """Only of words that it has seen before; others are ``?``."""
        self._check()
        for token in tokens:
            if not 0 <= token < VOCABULARY:
                raise WrongUse(f"there is no token {token}; they are 0 to {VOCABULARY - 1}")
        return "".join(self._words.get(token, "?") for token in tokens)

    def _token(self, word: str) -> int:
        token = int.from_bytes(hashlib.blake2b(word.encode("utf-8", "replace"), digest_size=3).digest(), "big")
        self._words[token] = word
        return token

    async def load_adapter(self, version: str, path: Path) -> None:
        self._check()
        if not await asyncio.to_thread(path.is_file):
            raise ModelError(f"The adapter {path} is missing. Promote another self, or train this one again.")
        self._adapters[version] = path

    async def unload_adapter(self, version: str) -> None:
        self._check()
        self._adapters.pop(version, None)

    async def stats(self) -> dict[str, float]:
        self._check()
        return {
            "resident_bytes": 0.0,
            "running": float(self._running),
            "queued": float(self._queued),
            "restarts": 0.0,
            "tokens_decoded": float(self._decoded),
            "prefix_tokens_reused": 0.0,
            "adapters": float(len(self._adapters)),
        }

    def _check(self) -> None:
        if not self._started:
            raise EngineError("the engine is not running; call start() first")

    def _admissible(self, request: Generate) -> list[str]:
        if request.adapter is not None and request.adapter not in self._adapters:
            raise NotFound(f"there is no adapter '{request.adapter}' in the engine; load it first")
        prompt = _TOKEN.findall(request.prompt) if isinstance(request.prompt, str) else list(map(str, request.prompt))
        for token in request.logit_bias:
            if not 0 <= token < VOCABULARY:
                raise WrongUse(f"logit_bias names token {token}; they are 0 to {VOCABULARY - 1}")
        if not prompt:
            raise WrongUse("the prompt is empty; send at least one token")
        if request.max_tokens < 1:
            raise WrongUse(f"max_tokens is {request.max_tokens}; ask for at least 1")
        if len(prompt) + request.max_tokens > self._config.context_tokens:
            raise ContextOverflow(
                f"the prompt has {len(prompt)} tokens and {request.max_tokens} are asked for, which is more than the "
                f"context of {self._config.context_tokens}. Shorten the messages or lower max_tokens."
            )
        return prompt

    async def _say(self, request: Generate, prompt_tokens: int) -> AsyncGenerator[Piece | Finished, None]:
        text = TextStream(request.stop)
        words: list[str] = _TOKEN.findall(self._reply(request))
        said = unsent = 0
        reason = "stop" if len(words) <= request.max_tokens else "length"
        scores: list[TokenScore] = []
        for word in words[: request.max_tokens]:
            await asyncio.sleep(self._delay)
            said, unsent = said + 1, unsent + 1
            self._decoded += 1
            if request.logprobs is not None:
                scores.append(self._score(word, request.logprobs))
            if piece := text.feed(word.encode("utf-8", "replace")):
                yield Piece(text=piece, tokens=unsent, scores=tuple(scores))
                unsent, scores = 0, []
            if text.stopped:
                reason = "stop"
                break
        if rest := text.end():
            yield Piece(text=rest, tokens=max(unsent, 1), scores=tuple(scores))
        usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=said)
        yield Finished(reason=reason, usage=usage)

    def _score(self, word: str, alternatives: int) -> TokenScore:
        """As if it had been certain of every word."""
        scored = Scored(token=self._token(word), data=word.encode("utf-8", "replace"), logprob=0.0)
        return TokenScore(token=scored.token, data=scored.data, logprob=0.0, top=(scored,)[:alternatives])


def _in_turn(replies: Sequence[str]) -> Reply:
    if not replies:
        raise WrongUse("a scripted engine needs at least one reply")
    turns = itertools.cycle(replies)
    return lambda _request: next(turns)


def _features(text: str) -> list[str]:
    """Words without case and English endings, and pairs of Hangul letters, so that 부산 and 부산에 share one."""
    features: list[str] = []
    for word in _WORD.findall(unicodedata.normalize("NFC", text).lower()):
        if any("가" <= letter <= "힣" for letter in word):
            features += [word[i : i + 2] for i in range(max(1, len(word) - 1))]
        else:
            features.append(re.sub(r"(?<=\w{3})(ing|ed|es|s)$", "", word))
    return features
