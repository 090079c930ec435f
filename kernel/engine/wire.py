"""HTTP to the server that carries the weights: its errors become those of ``kernel.errors``, its streams events.

Nothing of a request or an answer is logged. Messages name the address and the next step.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing
from pathlib import Path
from typing import Any

import httpx
import msgspec

from kernel.errors import Busy, ContextOverflow, EngineDied, EngineError, ModelError, OneselfError, WrongUse

CONNECT_SECONDS = 5.0
SILENT_SECONDS = 300.0
"""Without a byte of an answer, after which it is given up: a long queue and a long prompt take their time."""
KEPT_SECONDS = 4.0
"""An idle connection, which these servers close after five."""
MAX_TOLD = 300
"""Characters of a server's own message that are passed on."""
_OVERFLOW = re.compile(r"context[ _](length|size|window)|exceed_context|maximum context|max_model_len", re.IGNORECASE)


class Wire:
    """One server. ``url`` is checked at once (``WrongUse``); ``open`` before anything else."""

    def __init__(self, url: str, key_file: str, *, connections: int) -> None:
        self.url = _checked(url)
        self._key_file = key_file
        self._connections = connections
        self._client: httpx.AsyncClient | None = None

    async def open(self) -> None:
        """Raises ``ModelError`` where the key cannot be read."""
        key = await asyncio.to_thread(_key, self._key_file) if self._key_file else ""
        secure = await asyncio.to_thread(httpx.create_ssl_context) if self.url.startswith("https") else False
        self._client = httpx.AsyncClient(
            base_url=self.url,
            headers={"Authorization": f"Bearer {key}"} if key else {},
            timeout=httpx.Timeout(SILENT_SECONDS, connect=CONNECT_SECONDS),
            limits=httpx.Limits(max_connections=self._connections, keepalive_expiry=KEPT_SECONDS),
            verify=secure,
            trust_env=False,
        )

    async def close(self) -> None:
        if self._client is not None:
            await self._client.aclose()
            self._client = None

    async def fetch(self, path: str, body: dict[str, Any] | None = None) -> Any:
        """The JSON at ``path`` (a POST where there is a body); ``None`` where there is no such route."""
        status, answer = await self.tell(path, body)
        if status in (404, 405, 501):
            return None
        if status >= 400:
            raise self.fault(status, answer)
        try:
            return msgspec.json.decode(answer)
        except msgspec.DecodeError as error:
            raise EngineError(
                f"{self.url}{path} is no JSON. Is engine.url that of an OpenAI-compatible server?"
            ) from error

    async def tell(
        self, path: str, body: dict[str, Any] | None = None, *, seconds: float | None = None
    ) -> tuple[int, bytes]:
        """Status and body of the answer, whatever it is. Raises ``EngineDied`` where nobody answers."""
        limit = httpx.Timeout(SILENT_SECONDS if seconds is None else seconds, connect=CONNECT_SECONDS)
        how: dict[str, Any] = {"method": "GET"} if body is None else {"method": "POST", **_json(body)}
        try:
            try:
                answer = await self._open().request(url=path, timeout=limit, **how)
            except (
                httpx.RemoteProtocolError,
                httpx.ReadError,
                httpx.WriteError,
            ):  # an idle connection, closed meanwhile
                answer = await self._open().request(url=path, timeout=limit, **how)
        except httpx.TransportError as error:
            raise self._lost(error) from error
        return answer.status_code, answer.content

    async def events(self, path: str, body: dict[str, Any]) -> AsyncGenerator[bytes, None]:
        """What a stream of server-sent events holds, up to ``[DONE]`` or its end. Closing it closes the connection."""
        try:
            async with self._open().stream("POST", path, **_json(body)) as answer:
                if answer.status_code != 200:
                    raise self.fault(answer.status_code, await answer.aread(), answer.headers)
                async with aclosing(_lines(answer.aiter_bytes())) as lines:
                    async for line in lines:
                        name, _, data = line.partition(b":")
                        if data.strip() == b"[DONE]":
                            return
                        if name == b"data":
                            yield data.strip()
        except httpx.TransportError as error:
            raise self._lost(error) from error

    def fault(self, status: int, body: bytes, headers: httpx.Headers | None = None) -> OneselfError:
        """What an answer other than 200 means."""
        told, code = message_of(body)
        if status in (401, 403):
            have = f"the key in {self._key_file}" if self._key_file else "requests without a key"
            return EngineError(
                f"{self.url} refuses {have} ({status}). Put its key into a file and name that file in engine.key_file."
            )
        if status == 429:
            after = headers.get("Retry-After", "") if headers is not None else ""
            return Busy(f"{self.url} has its hands full; try again in a moment", retry_after=_seconds(after))
        if status in (400, 413, 422):
            if code == "context_length_exceeded" or _OVERFLOW.search(f"{code} {told}"):
                return ContextOverflow(f"{self.url}: {told} Shorten the messages or lower max_tokens.")
            return WrongUse(f"{self.url} refused the request: {told or status}")
        if status == 404:
            return ModelError(f"{self.url} does not serve what was asked for: {told or 'not found'}", code="not_served")
        return EngineError(f"{self.url} answered {status}: {told or 'no reason given'}. Its own log says more.")

    def _open(self) -> httpx.AsyncClient:
        if self._client is None:
            raise EngineError("the engine is not running; call start() first")
        return self._client

    def _lost(self, error: httpx.TransportError) -> EngineError:
        if isinstance(error, httpx.ReadTimeout | httpx.WriteTimeout | httpx.PoolTimeout):
            return EngineError(f"{self.url} said nothing for {SILENT_SECONDS:g} seconds. Look whether it is stuck.")
        what = "cannot be reached" if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout) else "broke off"
        return EngineDied(
            f"{self.url} {what}. Start the server there, or mend engine.url; empty, this machine generates."
        )


def message_of(body: bytes) -> tuple[str, str]:
    """A server's own message and code, from any of the shapes that errors have. Empty where there is none."""
    try:
        found = msgspec.json.decode(body)
    except msgspec.DecodeError:
        return "", ""
    error = found.get("error", found) if isinstance(found, dict) else found
    if isinstance(error, str):
        return error[:MAX_TOLD], ""
    if not isinstance(error, dict):
        return "", ""
    told = str(error.get("message") or error.get("detail") or "")[:MAX_TOLD]
    codes = (error.get("code"), error.get("type"))
    return told, next((code for code in codes if isinstance(code, str) and code), "")


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncGenerator[bytes, None]:
    """Split at line feeds alone: a text may hold other ends of lines, which JSON leaves as they are."""
    held = b""
    async for chunk in chunks:
        *whole, held = (held + chunk).split(b"\n")
        for line in whole:
            yield line
    yield held


def _json(body: dict[str, Any]) -> dict[str, Any]:
    return {"content": msgspec.json.encode(body), "headers": {"Content-Type": "application/json"}}


def _seconds(text: str) -> int:
    return max(1, min(600, int(text))) if text.isdigit() else 1


def _checked(url: str) -> str:
    try:
        parsed = httpx.URL(url.strip())
    except httpx.InvalidURL as error:
        raise WrongUse("engine.url is not an address. It looks like http://192.168.1.20:8000") from error
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise WrongUse("engine.url must begin with http:// or https:// and name a host, like http://192.168.1.20:8000")
    if parsed.userinfo or parsed.query:
        raise WrongUse(
            "engine.url holds a password or a query. Put the key into a file and name it in engine.key_file."
        )
    return str(parsed).rstrip("/").removesuffix("/v1")


def _key(file: str) -> str:
    path = Path(file).expanduser()
    try:
        return path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise ModelError(
            f"{path} (engine.key_file) cannot be read. Put the key of the server there, and nothing else."
        ) from error
