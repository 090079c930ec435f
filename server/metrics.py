"""What ``/metrics`` tells, in Prometheus' text form: how requests go (seen here) and how the engine does (asked of it).

Everything about requests is measured at the edge, in one middleware, so that a new route needs nothing: duration and
status of each, and of the streams under ``/v1`` the time to the first chunk and between chunks, which are tokens, or
sentences where answers are checked. The engine's own figures have llama.cpp's names where llama.cpp has them.

No label holds what a client wrote: a route is its template, a model is one that is served, and all else is ``other``.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

import msgspec
from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, Message, Receive, Scope, Send
from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from kernel.errors import EngineError
from server.errors import describe

if TYPE_CHECKING:
    from kernel.mind import Mind

OTHER = "other"
_STATS_SECONDS = 2.0
"""An engine that says nothing for so long is told of as down; the rest is not kept waiting."""
_ONE_STEP = 0.001
"""Chunks closer together than this were written at once (a last token, its reason, the usage): no gap is between them."""
_REQUEST_BUCKETS = (0.005, 0.025, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_FIRST_BUCKETS = (0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 2, 5, 10, 30)
_BETWEEN_BUCKETS = (0.0025, 0.005, 0.01, 0.015, 0.02, 0.03, 0.05, 0.075, 0.1, 0.15, 0.2, 0.3, 0.5, 1, 2)


class Metrics:
    """One server's figures, in a registry of its own."""

    def __init__(self) -> None:
        disable_created_metrics()  # type: ignore[no-untyped-call]  # else a second series for each, of its beginning
        self._registry = CollectorRegistry()
        route_and_model = ("route", "model")
        self.requests = Counter(
            "oneself_requests", "Requests that have ended.", (*route_and_model, "status"), registry=self._registry
        )
        self.seconds = self._histogram("oneself_request_seconds", "From a request to the end of its answer.")
        self.first = self._histogram(
            "oneself_time_to_first_token_seconds", "From a request to the first chunk of its stream.", _FIRST_BUCKETS
        )
        self.between = self._histogram(
            "oneself_time_between_tokens_seconds", "Between the chunks of a stream.", _BETWEEN_BUCKETS
        )
        self.in_progress = Gauge("oneself_requests_in_progress", "Requests under way.", registry=self._registry)

    def _histogram(self, name: str, told: str, buckets: tuple[float, ...] = _REQUEST_BUCKETS) -> Histogram:
        return Histogram(name, told, ("route", "model"), buckets=buckets, registry=self._registry)

    def text(self, stats: Mapping[str, float]) -> bytes:
        """``stats``: the engine's, empty while it is down."""
        return generate_latest(self._registry) + generate_latest(_EngineFigures(stats))

    async def not_routed(self, error: Exception, scope: Scope) -> None:
        """The framework's ``after_exception``: a request that no route took, which no middleware saw."""
        if scope["type"] == ScopeType.HTTP and "path_template" not in scope:
            self.requests.labels(OTHER, "", str(describe(error)[0])).inc()


async def engine_stats(mind: Mind) -> Mapping[str, float]:
    """Nothing where the engine does not answer now: what the server knows is told all the same."""
    if not mind.engine.up:
        return {}
    try:
        async with asyncio.timeout(_STATS_SECONDS):
            return await mind.engine.stats()
    except (TimeoutError, EngineError):
        return {}


class _EngineFigures(Collector):
    COUNTERS = {
        "prompt_tokens": ("llamacpp:prompt_tokens", "Prompt tokens processed."),
        "prompt_seconds": ("llamacpp:prompt_seconds", "Seconds in which prompts were processed."),
        "tokens_decoded": ("llamacpp:tokens_predicted", "Tokens generated."),
        "decode_seconds": ("llamacpp:tokens_predicted_seconds", "Seconds in which tokens were generated."),
        "steps": ("llamacpp:n_decode", "Calls of llama_decode()."),
        "prefix_tokens_reused": (
            "oneself_prefix_tokens_reused",
            "Prompt tokens that were taken from the prefix cache.",
        ),
        "swaps": ("oneself_swaps", "Selves that came to be served, the first one and those that took another's place."),
        "preempted": ("oneself_preemptions", "Sequences put back into the queue to make room."),
        "restarts": ("oneself_engine_restarts", "Times that the engine died and was started again."),
    }
    GAUGES = {
        "running": ("llamacpp:requests_processing", "Requests that tokens are being generated for."),
        "queued": ("llamacpp:requests_deferred", "Requests that wait."),
        "cells_used": ("llamacpp:kv_cache_tokens", "KV cells in use."),
        "cells": ("oneself_kv_cells", "KV cells there are."),
        "adapters": ("oneself_adapters", "Selves that are loaded."),
        "state_bytes": ("oneself_saved_state_bytes", "Memory that the states of idle conversations take."),
        "resident_bytes": ("oneself_engine_resident_bytes", "Resident memory of the engine's process."),
    }

    def __init__(self, stats: Mapping[str, float]) -> None:
        self._stats = stats

    def collect(self) -> Iterator[Metric]:
        stats = self._stats
        yield GaugeMetricFamily("oneself_engine_up", "1 while the engine answers.", value=float(bool(stats)))
        for name, (metric, told) in self.COUNTERS.items():
            if name in stats:
                yield CounterMetricFamily(metric, told, value=stats[name])
        for name, (metric, told) in self.GAUGES.items():
            if name in stats:
                yield GaugeMetricFamily(metric, told, value=stats[name])
        if stats.get("cells"):
            share = stats.get("cells_used", 0.0) / stats["cells"]
            yield GaugeMetricFamily("llamacpp:kv_cache_usage_ratio", "Share of the KV cells in use.", value=share)


class Measuring(ASGIMiddleware):
    """Measures every request that a route takes; the outermost, so that what the guard refuses is counted too."""

    scopes = (ScopeType.HTTP,)

    def __init__(self, metrics: Metrics, mind: Mind) -> None:
        self._metrics, self._mind = metrics, mind

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        measured = _Measured(self._metrics, self._mind, scope)
        with self._metrics.in_progress.track_inprogress():
            try:
                await next_app(scope, measured.receiving(receive), measured.sending(send))
            finally:
                measured.end()


class _ModelOf(msgspec.Struct):
    model: Any = None


class _Measured:
    """One request."""

    def __init__(self, metrics: Metrics, mind: Mind, scope: Scope) -> None:
        self._metrics, self._mind = metrics, mind
        self._began = self._last = time.perf_counter()
        self._route = scope["path_template"]
        self._is_v1 = self._route.startswith("/v1/")
        self._body: list[bytes] | None = [] if self._is_v1 and _may_be_json(scope) else None
        self._model, self._status = "", "none"
        self._streams = self._has_begun = False

    def receiving(self, receive: Receive) -> Receive:
        """Keeps the body that the route reads, until the model that it names is known."""
        if self._body is None:
            return receive

        async def keeping() -> Any:
            message = await receive()
            if message["type"] == "http.request" and self._body is not None:
                self._body.append(message["body"])
            return message

        return keeping

    def sending(self, send: Send) -> Send:
        async def measuring(message: Message) -> None:
            if message["type"] == "http.response.start":
                await self._started(message)
            elif message["type"] == "http.response.body" and self._streams:
                self._chunk(message["body"])
            await send(message)

        return measuring

    def end(self) -> None:
        self._metrics.requests.labels(self._route, self._model, self._status).inc()
        self._metrics.seconds.labels(self._route, self._model).observe(time.perf_counter() - self._began)

    async def _started(self, message: Any) -> None:
        self._status = str(message["status"])
        types = [value for name, value in message["headers"] if name.lower() == b"content-type"]
        self._streams = self._is_v1 and any(value.startswith(b"text/event-stream") for value in types)
        if self._body:
            self._model = await self._served(_named_in(b"".join(self._body)))
        self._body = None

    async def _served(self, name: object) -> str:
        if name is None:
            return ""
        memory = self._mind.config.memory
        return str(name) if name in (*await self._mind.served_models(), memory.embedder) else OTHER

    def _chunk(self, body: bytes) -> None:
        if not body or body.startswith(b":"):  # the end, or a comment that keeps the connection open
            return
        now = time.perf_counter()
        labels = (self._route, self._model)
        if not self._has_begun:
            self._metrics.first.labels(*labels).observe(now - self._began)
        elif now - self._last > _ONE_STEP:
            self._metrics.between.labels(*labels).observe(now - self._last)
        self._has_begun, self._last = True, now


def _may_be_json(scope: Scope) -> bool:
    assert scope["type"] == ScopeType.HTTP
    types = [value for name, value in scope["headers"] if name == b"content-type"]
    return scope["method"] == "POST" and not any(value.startswith(b"multipart/") for value in types)


def _named_in(body: bytes) -> object:
    """``model`` of a JSON body; ``None`` where there is none, and where it is no JSON, which the route will say."""
    try:
        return msgspec.json.decode(body, type=_ModelOf).model
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return None
