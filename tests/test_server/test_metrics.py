"""``/metrics``: what Prometheus reads of a real mind over the scripted engine."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from kernel.config import Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import SelfVersion
from server.settings import ServerConfig, Settings

ASK = [{"role": "user", "content": "hello there"}]
CHAT = "/v1/chat/completions"


class Counting(ScriptedEngine):
    """With the figures of an engine that knows all of its own."""

    async def stats(self) -> dict[str, float]:
        more = ("prompt_tokens", "steps", "prompt_seconds", "decode_seconds", "preempted", "swaps", "cells_used")
        return {**await super().stats(), **dict.fromkeys(more, 3.0), "cells": 12.0}


@pytest.fixture
def serve_over(paths: Paths, serve_mind: Any) -> Iterator[Callable[[ScriptedEngine], Any]]:
    first = SelfVersion(
        version="0000", state="live", base="b", template="t", created="2025-01-01T00:00:00", adapter=None
    )
    Shelf(paths).write(first)
    with ExitStack() as stack:
        yield lambda engine: stack.enter_context(
            serve_mind(lambda: Mind.open(paths, Settings(), engine=engine), paths, ServerConfig())
        )


@pytest.fixture
def told(serve_over: Any) -> Any:
    return serve_over(Counting(["One two three four."], delay=0.01))


def figures(served: Any) -> dict[tuple[str, ...], float]:
    """Each sample by its name and the values of its labels, in the order of the labels' names."""
    with served.http() as http:
        answer = http.get("/metrics")
    assert answer.status_code == 200 and answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = text_string_to_metric_families(answer.text)
    samples = [sample for family in families for sample in family.samples if "le" not in sample.labels]
    return {(one.name, *(one.labels[label] for label in sorted(one.labels))): one.value for one in samples}


def test_requests_are_counted_by_route_model_and_status(told: Any) -> None:
    with told.http() as http:
        assert http.post(CHAT, json={"model": "base", "messages": ASK}).status_code == 200
        http.post(CHAT, json={"messages": ASK})
        http.post(CHAT, json={"model": "Ingrid's secret", "messages": ASK})
        http.post(CHAT, content=b"{")
        http.get("/v1/models/Ingrid")
        http.get("/Ingrid")
        http.put("/v1/models")
        httpx.get(f"{told.url}/v1/models")
        text = http.get("/metrics").text
    found = figures(told)
    name = "oneself_requests_total"  # then model, route, status
    assert found[(name, "base", CHAT, "200")] == found[(name, "", CHAT, "200")] == 1
    assert found[(name, "other", CHAT, "404")] == found[(name, "", CHAT, "400")] == 1
    assert found[(name, "", "/v1/models/{model_id}", "404")] == found[(name, "", "/v1/models", "401")] == 1
    assert found[(name, "", "other", "404")] == found[(name, "", "other", "405")] == 1
    assert found[("oneself_request_seconds_count", "base", CHAT)] == 1
    assert found[("oneself_requests_in_progress",)] == 1, "its own"
    assert "Ingrid" not in text


def test_streams_have_a_first_token_and_gaps(told: Any) -> None:
    with told.http() as http:
        body = {"model": "base", "messages": ASK, "stream": True, "stream_options": {"include_usage": True}}
        for _ in range(2):
            http.post(CHAT, json=body)
        http.post(CHAT, json={"model": "base", "messages": ASK})
    found = figures(told)
    first, between = "oneself_time_to_first_token_seconds", "oneself_time_between_tokens_seconds"
    assert found[(f"{first}_count", "base", CHAT)] == 2
    assert found[(f"{first}_sum", "base", CHAT)] >= 2 * 0.01
    assert found[(f"{between}_count", "base", CHAT)] >= 2
    assert found[(f"{between}_sum", "base", CHAT)] / found[(f"{between}_count", "base", CHAT)] >= 0.001


def test_the_engines_figures_have_llama_cpps_names(told: Any) -> None:
    with told.http() as http:
        http.post(CHAT, json={"model": "base", "messages": ASK})
    found = {name[0]: value for name, value in figures(told).items()}
    assert found["llamacpp:tokens_predicted_total"] == 4
    assert found["llamacpp:requests_processing"] == found["llamacpp:requests_deferred"] == 0
    assert found["llamacpp:kv_cache_tokens"] == 3 and found["llamacpp:kv_cache_usage_ratio"] == 0.25
    for name in ("prompt_tokens_total", "prompt_seconds_total", "tokens_predicted_seconds_total", "n_decode_total"):
        assert found[f"llamacpp:{name}"] == 3
    assert found["oneself_engine_up"] == 1 and found["oneself_kv_cells"] == 12
    assert found["oneself_preemptions_total"] == found["oneself_swaps_total"] == 3
    names = {"oneself_prefix_tokens_reused_total", "oneself_engine_restarts_total", "oneself_engine_resident_bytes"}
    assert names <= found.keys()


def test_it_answers_while_the_engine_is_down(serve_over: Any) -> None:
    engine = ScriptedEngine()
    served = serve_over(engine)
    with served.http() as http:
        http.get("/v1/models")
    asyncio.run_coroutine_threadsafe(engine.close(), served.loop).result(10)
    found = {name[0]: value for name, value in figures(served).items()}
    assert found["oneself_engine_up"] == 0 and found["oneself_requests_total"] == 1
    assert not any(name.startswith("llamacpp:") for name in found)
