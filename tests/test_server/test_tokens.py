"""Tokens: to and fro, counted as they will be sent, bad input."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from kernel.config import Paths
from kernel.engine.scripted import ScriptedEngine
from tests.test_server.lent import error_of, lent

TALK = [
    {"role": "system", "content": "Be brief."},
    {"role": "user", "content": "Hello <|im_end|> there."},
    {"role": "assistant", "content": "Hi."},
    {"role": "user", "content": [{"type": "text", "text": "Where do you live?"}]},
]


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine()


@pytest.fixture
def served(paths: Paths, serve_mind: Any, engine: ScriptedEngine) -> Iterator[Any]:
    with lent(paths, serve_mind, engine) as made:
        yield made


def post(served: Any, path: str, body: Any) -> Any:
    with served.http() as http:
        answer = http.post(path, json=body)
    assert answer.status_code == 200, answer.text
    return answer.json()


@pytest.mark.parametrize("text", ["I live in Bergen.", "부산에 살아요 🙂\n\n  yes", ""])
def test_there_and_back(served: Any, text: str) -> None:
    found = post(served, "/v1/tokenize", {"content": text})
    assert found["count"] == len(found["tokens"]) and found["max_model_len"] == 8192
    assert post(served, "/v1/detokenize", {"tokens": found["tokens"]}) == {"content": text}
    assert post(served, "/v1/count", {"content": text, "model": "base"}) == {"tokens": found["count"]}


@pytest.mark.parametrize("model", ["self", "self-weights", "base", "self:0001"])
def test_what_is_counted_is_what_chat_sends_without_memory(served: Any, engine: ScriptedEngine, model: str) -> None:
    answer = served.api.chat.completions.create(
        model=model,
        messages=TALK,
        extra_body={"metadata": {"oneself.memory": "off"}},  # type: ignore[arg-type]
    )
    assert len(engine.requests) == 1 and answer.usage is not None
    counted = post(served, "/v1/count", {"messages": TALK, "model": model})
    assert counted == {"tokens": answer.usage.prompt_tokens}
    found = post(served, "/v1/tokenize", {"messages": TALK, "model": model})
    assert post(served, "/v1/detokenize", {"tokens": found["tokens"]})["content"] == engine.requests[0].prompt
    assert found["count"] == counted["tokens"] and len(engine.requests) == 1


def test_tools_count_too(served: Any) -> None:
    tool = {"type": "function", "function": {"name": "weather", "parameters": {"type": "object", "properties": {}}}}
    asked = {"messages": TALK, "tools": [tool], "metadata": {"oneself.memory": "off"}}
    usage = post(served, "/v1/chat/completions", asked)["usage"]
    counted = post(served, "/v1/count", asked)
    assert counted == {"tokens": usage["prompt_tokens"]} != post(served, "/v1/count", {"messages": TALK})


def test_content_is_what_completions_reads(served: Any) -> None:
    prompt = "<|im_start|>user\nHello there."
    answer = served.api.completions.create(model="base", prompt=prompt)
    assert answer.usage is not None
    assert post(served, "/v1/count", {"content": prompt}) == {"tokens": answer.usage.prompt_tokens}


def test_models_that_embed_read_texts_too(served: Any) -> None:
    found = post(served, "/v1/tokenize", {"content": "I live in Bergen.", "model": "embedder", "add_special": False})
    assert found["count"] == 4 and found["max_model_len"] is None
    again = served.api.embeddings.create(model="embedder", input=found["tokens"])
    assert (
        again.usage.prompt_tokens
        == post(served, "/v1/count", {"content": "I live in Bergen.", "model": "embedder"})["tokens"]
    )


@pytest.mark.parametrize("path", ["/v1/tokenize", "/v1/count"])
@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "content"),
        ({"content": None}, "content"),
        ({"content": "a", "messages": TALK}, "content"),
        ({"content": ["a"]}, "content"),
        ({"content": "a", "add_special": "no"}, "add_special"),
        ({"messages": TALK, "add_special": False}, "add_special"),
        ({"messages": "hello"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{"role": 123}]}, "messages[0].role"),
        ({"messages": TALK, "model": "embedder"}, "messages"),
        ({"content": "a", "model": 4}, "model"),
    ],
)
def test_bad_input_is_400_and_names_the_parameter(served: Any, path: str, body: Any, param: str) -> None:
    status, _, named, _ = error_of(served, path, body)
    assert (status, named) == (400, param)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "tokens"),
        ({"tokens": "12"}, "tokens"),
        ({"tokens": [1, "2"]}, "tokens[1]"),
        ({"tokens": [-1]}, "tokens"),
        ({"tokens": [1 << 24]}, "tokens"),
        ({"tokens": [1], "model": "embedder"}, "model"),
    ],
)
def test_what_are_no_tokens_is_400(served: Any, body: Any, param: str) -> None:
    status, _, named, _ = error_of(served, "/v1/detokenize", body)
    assert (status, named) == (400, param)


@pytest.mark.parametrize("path", ["/v1/tokenize", "/v1/detokenize", "/v1/count"])
def test_an_unknown_model_is_404(served: Any, path: str) -> None:
    status, code, _, message = error_of(served, path, {"content": "a", "tokens": [1], "model": "gpt-9"})
    assert (status, code) == (404, "model_not_found") and "self" in message
