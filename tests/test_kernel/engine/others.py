"""Other people's servers, as far as a client sees them: vLLM, llama-server, Ollama and a plain one, on a real socket.

What they say comes from a scripted engine; what is theirs here are routes, names of fields, shapes of chunks and errors.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import msgspec
import uvicorn

from kernel.abc import Finished, Generate, Piece
from kernel.config import EngineConfig
from kernel.engine.scripted import CHATML, VOCABULARY, ScriptedEngine
from kernel.errors import Busy, ContextOverflow, OneselfError
from kernel.types import TokenScore

MODEL = "org/model"
KEY = "sk-theirs"


class Other:
    """One of them. ``requests``: path and body of everything that was asked; ``left``: streams that a client left."""

    kind = ""
    owner = "somebody"

    def __init__(self, engine: ScriptedEngine, context_tokens: int, *, key: str = "") -> None:
        self.engine, self.context_tokens, self.key = engine, context_tokens, key
        self.requests: list[tuple[str, dict[str, Any]]] = []
        self.left = 0
        self.models = [MODEL]
        self.faults: list[tuple[int, dict[str, Any], dict[str, str]]] = []
        """Answers for the next requests for tokens, in place of what would be said."""
        self.cut_after: int | None = None
        """Chunks after which the next stream is cut off."""

    def bodies(self, path: str) -> list[dict[str, Any]]:
        return [body for asked, body in self.requests if asked == path]

    # --- what differs ---

    def card(self, name: str) -> dict[str, Any]:
        return {"id": name, "object": "model", "owned_by": self.owner}

    async def route(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        return 404, {"detail": "Not Found"}

    def overflow(self) -> tuple[int, Any]:
        return 400, {
            "error": {"message": "too long", "type": "invalid_request_error", "code": "context_length_exceeded"}
        }

    def chunk(self, piece: Piece, chat: bool, told: bool) -> dict[str, Any]:
        scores = {"content": [_score(one) for one in piece.scores]} if told else None
        return {**_said(piece.text, chat), "logprobs": scores}

    # --- what is alike ---

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        received = await receive()
        raw = received.get("body", b"")
        while received.get("more_body"):
            received = await receive()
            raw += received.get("body", b"")
        body, path = (msgspec.json.decode(raw) if raw else {}), scope["path"]
        headers = dict(scope["headers"])
        self.requests.append((path, body))
        if self.key and headers.get(b"authorization") != f"Bearer {self.key}".encode():
            return await _answer(send, 401, {"error": "Unauthorized"})
        if path == "/v1/models":
            return await _answer(send, 200, {"object": "list", "data": [self.card(name) for name in self.models]})
        if path in ("/v1/completions", "/v1/chat/completions"):
            return await self._tokens(path, body, receive, send)
        return await _answer(send, *await self.route(path, body))

    async def _tokens(self, path: str, body: dict[str, Any], receive: Any, send: Any) -> None:
        if self.faults:
            return await _answer(send, *self.faults.pop(0))
        if body["model"] not in self.models:
            message = f"The model `{body['model']}` does not exist."
            return await _answer(send, 404, {"error": {"message": message, "type": "NotFoundError", "code": 404}})
        chat = path.startswith("/v1/chat")
        stream = self.engine.generate(_request(body, chat))
        try:
            first = await anext(stream)
        except ContextOverflow:
            return await _answer(send, *self.overflow())
        except Busy as error:
            busy = {"error": {"message": str(error), "type": "rate_limit"}}
            return await _answer(send, 429, busy, {"Retry-After": "7"})
        except OneselfError as error:
            return await _answer(send, 400, {"error": {"message": str(error), "type": "BadRequestError", "code": 400}})
        gone = asyncio.create_task(receive())
        try:
            await self._stream(first, stream, chat, body.get("logprobs") not in (None, False), gone, send)
        finally:
            gone.cancel()
            await stream.aclose()

    async def _stream(self, first: Piece | Finished, stream: Any, chat: bool, told: bool, gone: Any, send: Any) -> None:
        start = {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/event-stream")]}
        await send(start)
        if chat:
            await _event(send, {"choices": [{"index": 0, "delta": {"role": "assistant", "content": None}}]})
        sent, part = 0, first
        while isinstance(part, Piece):
            if gone.done():
                self.left += 1
                return
            if self.cut_after is not None and sent >= self.cut_after:
                self.cut_after = None
                raise ConnectionError("cut, as a server that dies")
            await _event(send, {"choices": [{"index": 0, "finish_reason": None, **self.chunk(part, chat, told)}]})
            sent, part = sent + 1, await anext(stream)
        end = {"choices": [{"index": 0, "finish_reason": part.reason, **_said("", chat)}]}
        usage = {
            "prompt_tokens": part.usage.prompt_tokens,
            "completion_tokens": part.usage.completion_tokens,
            "prompt_tokens_details": {"cached_tokens": 2},
        }
        await _event(send, end)
        await _event(send, {"choices": [], "usage": usage})
        await send({"type": "http.response.body", "body": b"data: [DONE]\n\n"})


class VLLM(Other):
    """With run-time LoRA on, unless ``adapters`` is false. Adapters are read from where it is told that they are."""

    kind, owner = "vLLM", "vllm"

    def __init__(self, *arguments: Any, adapters: bool = True, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._adapters = adapters

    def card(self, name: str) -> dict[str, Any]:
        parent = None if name == MODEL else MODEL
        return {
            **super().card(name),
            "max_model_len": self.context_tokens if parent is None else None,
            "parent": parent,
        }

    async def route(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/version":
            return 200, {"version": "0.12.0"}
        if path == "/health":
            return 200, None
        if path == "/tokenize":
            tokens = await self.engine.tokenize(body["prompt"], special=body["add_special_tokens"])
            return 200, {"tokens": tokens, "count": len(tokens), "max_model_len": self.context_tokens}
        if path == "/detokenize":
            return 200, {"prompt": await self.engine.detokenize(body["tokens"])}
        if path == "/v1/load_lora_adapter" and self._adapters:
            return self._load(body["lora_name"], Path(body["lora_path"]))
        if path == "/v1/unload_lora_adapter" and self._adapters:
            self.models.remove(body["lora_name"])
            return 200, f"Success: LoRA adapter '{body['lora_name']}' removed successfully."
        return await super().route(path, body)

    def _load(self, name: str, folder: Path) -> tuple[int, Any]:
        if name in self.models:
            told = f"The lora adapter '{name}' has already been loaded."
            return 400, {"error": {"message": told, "type": "InvalidUserInput", "code": 400}}
        if not (folder / "adapter_config.json").is_file():
            told = f"Loading lora {name} failed: No adapter found for {folder}"
            return 404, {"error": {"message": told, "type": "NotFoundError", "code": 404}}
        self.models.append(name)
        return 200, f"Success: LoRA adapter '{name}' added successfully."

    def overflow(self) -> tuple[int, Any]:
        told = f"This model's maximum context length is {self.context_tokens} tokens. However, you requested more."
        return 400, {"error": {"message": told, "type": "BadRequestError", "param": None, "code": 400}}

    def chunk(self, piece: Piece, chat: bool, told: bool) -> dict[str, Any]:
        said = {**super().chunk(piece, chat, told), "token_ids": [one.token for one in piece.scores]}
        if told and not chat:
            texts = [one.data.decode() for one in piece.scores]
            odds = [one.logprob for one in piece.scores]
            tops = [{one.data.decode(): one.logprob for one in score.top} for score in piece.scores]
            said["logprobs"] = {"tokens": texts, "token_logprobs": odds, "top_logprobs": tops}
        elif told:
            for one in said["logprobs"]["content"]:
                del one["id"]
        return said


class LlamaServer(Other):
    kind, owner = "llama-server", "llamacpp"

    def card(self, name: str) -> dict[str, Any]:
        return {**super().card(name), "meta": {"n_vocab": VOCABULARY, "n_ctx_train": 8192}}

    async def route(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/props":
            settings = {"n_ctx": self.context_tokens, "params": {}}
            template = {"chat_template": CHATML, "bos_token": "<|im_start|>", "eos_token": "<|im_end|>"}
            return 200, {"default_generation_settings": settings, "total_slots": 2, **template}
        if path == "/health":
            return 200, {"status": "ok"}
        if path == "/tokenize":
            return 200, {"tokens": await self.engine.tokenize(body["content"], special=body["parse_special"])}
        if path == "/detokenize":
            return 200, {"content": await self.engine.detokenize(body["tokens"])}
        return 404, {"error": {"message": "File Not Found", "type": "not_found_error", "code": 404}}

    def overflow(self) -> tuple[int, Any]:
        told = f"request exceeds the available context size ({self.context_tokens} tokens), try increasing it"
        return 400, {"error": {"code": 400, "message": told, "type": "exceed_context_size_error"}}


class Ollama(Other):
    kind, owner = "Ollama", "library"

    async def route(self, path: str, body: dict[str, Any]) -> tuple[int, Any]:
        if path == "/api/version":
            return 200, {"version": "0.13.1"}
        if path == "/api/generate":
            return 200, {"model": body["model"], "done": True, "done_reason": "load"}
        if path == "/api/ps":
            return 200, {"models": [{"name": MODEL, "model": MODEL, "context_length": self.context_tokens}]}
        return await super().route(path, body)


@asynccontextmanager
async def listening(app: Other, port: int = 0) -> AsyncIterator[str]:
    """Its address, while it is there."""
    with socket.socket() as bound:
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(("127.0.0.1", port))
        config = uvicorn.Config(app, lifespan="off", log_config=None, timeout_graceful_shutdown=1)
        server = uvicorn.Server(config)
        await app.engine.start()
        task = asyncio.create_task(server.serve(sockets=[bound]))
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.01)
        yield f"http://127.0.0.1:{bound.getsockname()[1]}"
        server.should_exit = True
        await task


def _request(body: dict[str, Any], chat: bool) -> Generate:
    if chat:
        turns = "".join(f"<|im_start|>{one['role']}\n{one['content']}<|im_end|>\n" for one in body["messages"])
        prompt: Any = f"{turns}<|im_start|>assistant\n"
    else:
        prompt = body["prompt"] if isinstance(body["prompt"], str) else tuple(body["prompt"])
    return Generate(
        prompt=prompt,
        max_tokens=body["max_tokens"],
        stop=tuple(body.get("stop", ())),
        logprobs=body.get("top_logprobs", body.get("logprobs")) or 0,
        adapter=None,
    )


def _said(text: str, chat: bool) -> dict[str, Any]:
    return {"delta": {"content": text}} if chat else {"text": text}


def _score(score: TokenScore) -> dict[str, Any]:
    def plain(one: Any) -> dict[str, Any]:
        return {"id": one.token, "token": one.data.decode(), "bytes": list(one.data), "logprob": one.logprob}

    return {**plain(score), "top_logprobs": [plain(one) for one in score.top]}


async def _answer(send: Any, status: int, body: Any, headers: dict[str, str] | None = None) -> None:
    raw = [(name.lower().encode(), value.encode()) for name, value in (headers or {}).items()]
    await send({"type": "http.response.start", "status": status, "headers": raw})
    await send({"type": "http.response.body", "body": b"" if body is None else msgspec.json.encode(body)})


async def _event(send: Any, chunk: dict[str, Any]) -> None:
    await send({"type": "http.response.body", "body": b"data: %s\n\n" % msgspec.json.encode(chunk), "more_body": True})


def engine_of(context_tokens: int, **how: Any) -> ScriptedEngine:
    config = EngineConfig(context_tokens=context_tokens, sequences=how.pop("sequences", 8))
    return ScriptedEngine(config=config, **how)
