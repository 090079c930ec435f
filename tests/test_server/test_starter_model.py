"""The whole API on the real engine and the starter model, with the official client."""

from __future__ import annotations

import concurrent.futures
import json
import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import openai
import pytest

from kernel.config import Paths
from kernel.mind import Mind
from server.settings import ServerConfig, Settings
from tests.test_server.conftest import serving
from tests.test_server.test_process import oneself

WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city.",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "maxLength": 20}, "unit": {"enum": ["C", "F"]}},
            "required": ["city", "unit"],
            "additionalProperties": False,
        },
    },
}
COUNT: Any = [{"role": "user", "content": "Count from one to ten in words."}]


@pytest.fixture(scope="module")
def api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[openai.OpenAI]:
    home = tmp_path_factory.mktemp("starter") / "home"
    made = oneself("init", "--name", "Noor", home=home)
    assert made.returncode == 0, made.stderr
    paths = Paths(home)
    with (
        serving(lambda: Mind.open(paths, Settings()), paths, ServerConfig()) as served,
        openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0) as client,
    ):
        yield client


def whole(stream: Any) -> str:
    return "".join(chunk.choices[0].delta.content or "" for chunk in stream if chunk.choices)


@pytest.mark.parametrize("model", ["self", "self-weights", "base"])
def test_a_stream_says_what_the_whole_answer_says(api: openai.OpenAI, model: str) -> None:
    answer = api.chat.completions.create(model=model, messages=COUNT, max_tokens=24)
    assert answer.choices[0].message.content
    assert answer.usage is not None and answer.usage.completion_tokens <= 24
    streamed = api.chat.completions.create(model=model, messages=COUNT, max_tokens=24, stream=True)
    assert whole(streamed) == answer.choices[0].message.content


def test_what_must_be_a_call_is_one(api: openai.OpenAI) -> None:
    asked: dict[str, Any] = {"model": "self", "messages": COUNT, "tools": [WEATHER], "max_tokens": 120}
    named = {"type": "function", "function": {"name": "get_weather"}}
    for how in (
        {"tool_choice": named},
        {"tool_choice": "required"},
        {"tool_choice": "required", "parallel_tool_calls": False},
    ):
        (choice,) = api.chat.completions.create(**asked, **how).choices
        assert choice.finish_reason == "tool_calls"
        for call in choice.message.tool_calls:
            arguments = json.loads(call.function.arguments)
            assert (
                call.function.name == "get_weather"
                and arguments["unit"] in ("C", "F")
                and set(arguments) == {"city", "unit"}
            )
    call_parts = [
        part
        for chunk in api.chat.completions.create(**asked, tool_choice=named, stream=True)
        for part in chunk.choices[0].delta.tool_calls or []
    ]
    assert call_parts[0].function.name == "get_weather" and call_parts[0].id
    assert json.loads("".join(part.function.arguments for part in call_parts))["city"]
    free = api.chat.completions.create(**asked, tool_choice="none").choices[0]
    assert free.message.content and not free.message.tool_calls


def test_a_schema_holds_on_every_route(api: openai.OpenAI) -> None:
    schema = {
        "type": "object",
        "properties": {"colour": {"enum": ["red", "blue"]}, "n": {"type": "integer", "minimum": 1, "maximum": 9}},
        "required": ["colour", "n"],
        "additionalProperties": False,
    }
    chat = api.chat.completions.create(
        model="self",
        messages=COUNT,
        response_format={"type": "json_schema", "json_schema": {"name": "pick", "schema": schema, "strict": True}},
        n=3,
        temperature=1.0,
        seed=5,
    )
    told = [json.loads(choice.message.content or "") for choice in chat.choices]
    respond = api.responses.create(
        model="base", input="Pick.", text={"format": {"type": "json_schema", "name": "pick", "schema": schema}}
    )
    told.append(json.loads(respond.output_text))
    assert len(told) == 4
    for one in told:
        assert one["colour"] in ("red", "blue") and 1 <= one["n"] <= 9
    plain = api.chat.completions.create(
        model="base", messages=COUNT, response_format={"type": "json_object"}, max_tokens=300
    )
    text = plain.choices[0].message.content or ""
    assert text.startswith("{") and (plain.choices[0].finish_reason == "length" or isinstance(json.loads(text), dict))
    with pytest.raises(openai.BadRequestError) as refused:
        api.chat.completions.create(
            model="base",
            messages=COUNT,
            response_format={"type": "json_schema", "json_schema": {"name": "x", "schema": {"type": "strin"}}},
        )
    assert refused.value.param == "response_format"


def test_log_probabilities_are_a_distribution(api: openai.OpenAI) -> None:
    answer = api.chat.completions.create(model="base", messages=COUNT, logprobs=True, top_logprobs=5, max_tokens=8)
    assert answer.choices[0].logprobs is not None and answer.choices[0].logprobs.content is not None
    tokens = answer.choices[0].logprobs.content
    assert b"".join(bytes(one.bytes or []) for one in tokens).decode() == answer.choices[0].message.content
    for one in tokens:
        assert len(one.top_logprobs) == 5 and sum(math.exp(top.logprob) for top in one.top_logprobs) <= 1.001
        assert one.top_logprobs[0].token == one.token, "greedy"


def test_bans_seeds_and_stops_are_felt(api: openai.OpenAI) -> None:
    first = api.completions.create(model="base", prompt="1, 2, 3, 4,", max_tokens=12)
    assert first.choices[0].text.startswith(" 5, 6")
    stopped = api.completions.create(model="base", prompt="1, 2, 3, 4,", max_tokens=12, stop="6")
    assert stopped.choices[0].text == " 5, " and stopped.choices[0].finish_reason == "stop"
    tokens = api.post("/tokenize", body={"content": "5", "model": "base"}, cast_to=dict)["tokens"]
    banned = api.completions.create(
        model="base", prompt="1, 2, 3, 4,", max_tokens=12, logit_bias={str(tokens[-1]): -100}
    )
    assert "5" not in banned.choices[0].text
    texts = [
        api.completions.create(model="base", prompt="Once", max_tokens=12, temperature=1.2, seed=seed).choices[0].text
        for seed in (1, 1, 2)
    ]
    assert texts[0] == texts[1] != texts[2]
    back = api.post("/detokenize", body={"tokens": tokens, "model": "base"}, cast_to=dict)
    assert back["content"] == "5"


def test_too_long_a_conversation_is_refused_before_the_first_byte(api: openai.OpenAI) -> None:
    long: Any = [{"role": "user", "content": "bees and the sea " * 4000}]
    with pytest.raises(openai.BadRequestError) as refused:
        api.chat.completions.create(model="base", messages=long, stream=True)
    assert refused.value.code == "context_length_exceeded"


def test_vectors_know_what_is_alike(api: openai.OpenAI) -> None:
    texts = ["My cat is called Kaya.", "The name of my cat", "Interest rates rose in March."]
    data = api.embeddings.create(model="embedder", input=texts).data
    cat, name, rates = (np.array(one.embedding) for one in data)
    assert cat @ name > 0.5 > cat @ rates
    assert abs(float(cat @ cat) - 1) < 1e-5


def test_eight_at_once_each_get_their_own_answer(api: openai.OpenAI) -> None:
    numbers = range(8)

    def ask(n: int) -> str:
        prompt = f"{n}, {n + 1}, {n + 2}, {n + 3},"
        return api.completions.create(model="base", prompt=prompt, max_tokens=4).choices[0].text

    with concurrent.futures.ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(ask, numbers))
    assert all(answer.startswith(f" {n + 4},") for n, answer in zip(numbers, answers, strict=True))


def test_what_the_metrics_count(api: openai.OpenAI) -> None:
    api.chat.completions.create(model="base", messages=COUNT, max_tokens=4)
    root = str(api.base_url).removesuffix("/v1/")
    text = api._client.get(f"{root}/metrics", headers={"Authorization": f"Bearer {api.api_key}"}).text
    figures = {line.split()[0]: float(line.split()[1]) for line in text.splitlines() if line and line[0] not in "#"}
    assert figures["llamacpp:tokens_predicted_total"] >= 4
    assert figures["llamacpp:requests_processing"] == 0


def test_the_home_is_left_as_it_was(api: openai.OpenAI, tmp_path: Path) -> None:
    """None of these requests became a memory."""
    root = str(api.base_url).removesuffix("/v1/")
    listed = api._client.get(f"{root}/api/memories", headers={"Authorization": f"Bearer {api.api_key}"}).json()
    assert listed["total"] == 0
