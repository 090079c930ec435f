"""Raw completions: every parameter through the official client, the wire's bytes, batches, bad input, faults."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncGenerator, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import openai
import pytest
from openai.types import Completion

from kernel.abc import Finished, Generate, Piece
from kernel.config import EngineConfig, Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import BadGrammar, EngineDied
from kernel.types import Scored, TokenScore
from server.schemas.completions import Offsets
from tests.test_server.lent import Serve, error_of, lent

PATH = "/v1/completions"


@pytest.fixture
def serve_lent(paths: Paths, serve_mind: Any) -> Iterator[Serve]:
    with ExitStack() as stack:
        yield lambda engine, config=None: stack.enter_context(lent(paths, serve_mind, engine, config))


def counting(request: Generate) -> str:
    """Numbers, after the prompt itself: what goes on from what can be told apart."""
    return f" {request.prompt if isinstance(request.prompt, str) else len(request.prompt)}: one two three four five"


class Dying(ScriptedEngine):
    async def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        yield Piece(text=" one")
        raise EngineDied("the engine ended under the request")


class Strict(ScriptedEngine):
    async def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        raise BadGrammar("the grammar cannot be used: it is not understood")
        yield


@pytest.fixture
def engine() -> ScriptedEngine:
    return ScriptedEngine(counting)


@pytest.fixture
def served(serve_lent: Serve, engine: ScriptedEngine) -> Any:
    return serve_lent(engine)


def test_a_prompt_goes_on_as_it_is(served: Any, engine: ScriptedEngine) -> None:
    answer = served.api.completions.create(model="base", prompt="<|im_start|>Say")
    Completion.model_validate_json(answer.model_dump_json(), strict=True)
    (choice,) = answer.choices
    assert (choice.text, choice.index, choice.finish_reason) == (counting(engine.requests[0]), 0, "stop")
    assert choice.logprobs is None and answer.object == "text_completion" and answer.model == "base"
    assert answer.usage is not None
    assert (answer.usage.prompt_tokens, answer.usage.completion_tokens, answer.usage.total_tokens) == (2, 6, 8)
    assert engine.requests[0].prompt == "<|im_start|>Say" and engine.requests[0].max_tokens == 16


def test_every_parameter_reaches_the_engine(served: Any, engine: ScriptedEngine) -> None:
    schema = {"type": "object", "properties": {"b": {"type": "integer"}, "a": {"type": "string"}}}
    served.api.completions.create(
        model="self",
        prompt=[1, 2, 3],
        max_tokens=9,
        temperature=0.5,
        top_p=0.9,
        n=1,
        best_of=1,
        seed=3,
        stop=["\n", "##"],
        presence_penalty=0.5,
        frequency_penalty=-0.5,
        logit_bias={"5": -100, "7": 2},
        logprobs=2,
        echo=False,
        suffix="",
        user="me",
        extra_body={
            "top_k": 40,
            "min_p": 0.05,
            "repetition_penalty": 1.1,
            "response_format": {"type": "json_schema", "json_schema": {"name": "x", "schema": schema, "strict": True}},
            "a_field_of_tomorrow": {"x": 1},
        },
    )
    (asked,) = engine.requests
    assert (asked.prompt, asked.max_tokens, asked.temperature, asked.top_p, asked.seed) == ((1, 2, 3), 9, 0.5, 0.9, 3)
    assert (asked.top_k, asked.min_p, asked.repeat_penalty, asked.stop) == (40, 0.05, 1.1, ("\n", "##"))
    assert (asked.presence_penalty, asked.frequency_penalty, asked.logprobs) == (0.5, -0.5, 2)
    assert asked.logit_bias == {5: -100.0, 7: 2.0} and asked.messages == ()
    assert list(json.loads(asked.json_schema)["properties"]) == ["b", "a"]
    served.api.completions.create(model="base", prompt="x", extra_body={"grammar": 'root ::= "yes"', "top_k": -1})
    assert (engine.requests[-1].grammar, engine.requests[-1].top_k) == ('root ::= "yes"', 0)
    assert (engine.requests[-1].temperature, engine.requests[-1].logprobs) == (0.0, None)


@pytest.mark.parametrize(
    ("model", "adapter"),
    [(None, "0001"), ("self", "0001"), ("self-weights", "0001"), ("self:0001", "0001"), ("base", None)],
)
def test_whose_weights_go_on(served: Any, engine: ScriptedEngine, model: str | None, adapter: str | None) -> None:
    with served.http() as http:
        answer = http.post(PATH, json={"prompt": "x", "model": model}).json()
    assert engine.requests[-1].adapter == adapter and answer["model"] == (model or "self")
    assert engine.requests[-1].prompt == "x"


@pytest.mark.parametrize("model", ["gpt-9", "self:0042", "self:", "base:0001", "quoting", "embedder"])
def test_an_unknown_model_is_404_naming_what_is_served(served: Any, model: str) -> None:
    with pytest.raises(openai.NotFoundError, match="self-weights") as caught:
        served.api.completions.create(model=model, prompt="x")
    assert caught.value.code == "model_not_found"


@pytest.mark.parametrize("prompts", [["a", "b c", "d"], [[1], [2, 3], [4, 5, 6]]])
def test_a_batch_has_its_places(served: Any, engine: ScriptedEngine, prompts: Any) -> None:
    answer = served.api.completions.create(model="base", prompt=prompts, n=2, seed=7, temperature=1)
    assert [choice.index for choice in answer.choices] == list(range(6))
    said = [prompt if isinstance(prompt, str) else len(prompt) for prompt in prompts]
    assert [choice.text.split(":")[0].strip() for choice in answer.choices] == [
        str(one) for one in said for _ in range(2)
    ]
    assert sorted(request.seed or 0 for request in engine.requests) == [7, 7, 7, 8, 8, 8]
    length = sum(len(prompt.split() if isinstance(prompt, str) else prompt) for prompt in prompts)
    assert answer.usage is not None and answer.usage.prompt_tokens == length
    assert answer.usage.completion_tokens == sum(len(choice.text.split()) for choice in answer.choices)


def test_a_large_batch_does_not_fill_the_queue(serve_lent: Serve) -> None:
    config = EngineConfig(sequences=2, queue=1)
    served = serve_lent(ScriptedEngine(counting, config=config), config)
    answer = served.api.completions.create(model="base", prompt=[f"p{i}" for i in range(128)])
    assert [choice.text.split(":")[0] for choice in answer.choices] == [f" p{i}" for i in range(128)]


@pytest.mark.parametrize("usage", [False, True])
def test_a_stream_says_what_the_whole_says(served: Any, usage: bool) -> None:
    ask: dict[str, Any] = {"model": "base", "prompt": ["a", "b"], "n": 2, "logprobs": 1, "stop": " four"}
    whole = served.api.completions.create(**ask)
    options = {"stream_options": {"include_usage": True}} if usage else {}
    chunks = list(served.api.completions.create(**ask, **options, stream=True))
    assert len({(chunk.id, chunk.created, chunk.model, chunk.object) for chunk in chunks}) == 1
    if usage:
        *chunks, last = chunks
        assert last.choices == [] and last.usage == whole.usage
    assert all(chunk.usage is None for chunk in chunks)
    for choice in whole.choices:
        mine = [chunk.choices[0] for chunk in chunks if chunk.choices[0].index == choice.index]
        assert "".join(one.text for one in mine) == choice.text == f" {'aabb'[choice.index]}: one two three"
        assert [one.finish_reason for one in mine if one.finish_reason] == [choice.finish_reason] == ["stop"]
        for name in ("tokens", "token_logprobs", "top_logprobs", "text_offset"):
            parts = [part for one in mine for part in getattr(one.logprobs, name)]
            assert parts == getattr(choice.logprobs, name)


def test_the_bytes_of_a_stream(served: Any) -> None:
    with served.http() as http:
        body = {"prompt": "a", "model": "base", "stream": True, "max_tokens": 2}
        answer = http.post(PATH, json=body)
        plain = [json.loads(line[6:]) for line in answer.text.split("\n\n") if line[6:] not in ("", "[DONE]")]
        counted = http.post(PATH, json={**body, "stream_options": {"include_usage": True}}).text
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    assert answer.text.endswith("\n\ndata: [DONE]\n\n") and "usage" not in answer.text
    assert [chunk["choices"] for chunk in plain] == [
        [{"text": text, "index": 0, "logprobs": None, "finish_reason": reason}]
        for text, reason in ((" a:", None), (" one", None), ("", "length"))
    ]
    *_, with_null, last, _, _ = counted.split("\n\n")
    assert json.loads(with_null[6:])["usage"] is None
    assert json.loads(last[6:])["usage"] == {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 3,
        "prompt_tokens_details": {"cached_tokens": 0},
    }


def test_logprobs_have_the_legacy_shape(served: Any) -> None:
    answer = served.api.completions.create(model="base", prompt="a", logprobs=5, max_tokens=3)
    found = answer.choices[0].logprobs
    assert found is not None and found.tokens == [" a:", " one", " two"] and found.text_offset == [0, 3, 7]
    assert found.token_logprobs == [0.0] * 3 and found.top_logprobs == [{token: 0.0} for token in found.tokens]
    none = served.api.completions.create(model="base", prompt="a", logprobs=0, max_tokens=1).choices[0].logprobs
    assert none is not None and none.top_logprobs == [{" a:": 0.0}]


def test_tokens_that_are_parts_of_characters_are_written_as_bytes() -> None:
    offsets = Offsets()

    def score(data: bytes, logprob: float = -1.0) -> TokenScore:
        return TokenScore(token=1, data=data, logprob=logprob, top=(Scored(token=2, data=b"x", logprob=float("-inf")),))

    first = offsets.logprobs([score("부".encode()), score("산".encode()[:2])])
    second = offsets.logprobs([score("산".encode()[2:]), score(b"!")])
    assert first.tokens == ("부", "bytes:\\xec\\x82") and second.tokens == ("bytes:\\xb0", "!")
    assert first.text_offset + second.text_offset == (0, 1, 1, 2)
    assert first.top_logprobs[0] == {"x": -9999.0, "부": -1.0}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "prompt"),
        ({"prompt": None}, "prompt"),
        ({"prompt": 5}, "prompt"),
        ({"prompt": {}}, "prompt"),
        ({"prompt": []}, "prompt"),
        ({"prompt": ["a", 1]}, "prompt"),
        ({"prompt": ["a", None]}, "prompt[1]"),
        ({"prompt": [[1], 2]}, "prompt"),
        ({"prompt": [[1, "a"]]}, "prompt[0][1]"),
        ({"prompt": [True]}, "prompt[0]"),
        ({"prompt": [-1]}, "prompt"),
        ({"prompt": [[1], [1 << 24]]}, "prompt"),
        ({"prompt": [10**30]}, "prompt"),
        ({"prompt": ["x"] * 129}, "prompt"),
        ({"prompt": "x", "n": 17}, "n"),
        ({"prompt": "x", "n": 0}, "n"),
        ({"prompt": "x", "max_tokens": 0}, "max_tokens"),
        ({"prompt": "x", "max_tokens": "9"}, "max_tokens"),
        ({"prompt": "x", "logprobs": 6}, "logprobs"),
        ({"prompt": "x", "logprobs": True}, "logprobs"),
        ({"prompt": "x", "temperature": 2.5}, "temperature"),
        ({"prompt": "x", "top_k": -2}, "top_k"),
        ({"prompt": "x", "min_p": 1.5}, "min_p"),
        ({"prompt": "x", "repeat_penalty": 0}, "repeat_penalty"),
        ({"prompt": "x", "repeat_penalty": 1.1, "repetition_penalty": 1.2}, "repetition_penalty"),
        ({"prompt": "x", "presence_penalty": 3}, "presence_penalty"),
        ({"prompt": "x", "seed": 10**30}, "seed"),
        ({"prompt": "x", "stop": [""]}, "stop"),
        ({"prompt": "x", "stop": ["a"] * 17}, "stop"),
        ({"prompt": "x", "stop": ["a", 1]}, "stop[1]"),
        ({"prompt": "x", "logit_bias": {"cat": 1}}, "logit_bias"),
        ({"prompt": "x", "logit_bias": {"-1": 1}}, "logit_bias"),
        ({"prompt": "x", "logit_bias": {"9" * 5000: 1}}, "logit_bias"),
        ({"prompt": "x", "logit_bias": {"1": 101}}, "logit_bias"),
        ({"prompt": "x", "logit_bias": {"1": "a"}}, "logit_bias"),
        ({"prompt": "x", "logit_bias": {str(1 << 24): 1}}, "logit_bias"),
        ({"prompt": "x", "stream": "yes"}, "stream"),
        ({"prompt": "x", "stream_options": {"include_usage": True}}, "stream_options"),
        ({"prompt": "x", "response_format": "json"}, "response_format"),
        ({"prompt": "x", "response_format": {"type": "json_schema"}}, "response_format"),
        (
            {"prompt": "x", "response_format": {"type": "json_schema", "json_schema": {"schema": True}}},
            "response_format.json_schema.schema",
        ),
        ({"prompt": "x", "grammar": 'root ::= "a"', "response_format": {"type": "json_object"}}, "grammar"),
        ({"prompt": "x", "model": 4}, "model"),
    ],
)
def test_bad_input_is_400_and_names_the_parameter(served: Any, body: Any, param: str) -> None:
    status, _, named, _ = error_of(served, PATH, body)
    assert (status, named) == (400, param)


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"echo": True}, "echo"),
        ({"suffix": "end"}, "suffix"),
        ({"best_of": 3}, "best_of"),
        ({"n": 2, "best_of": 1}, "best_of"),
        ({"response_format": {"type": "xml"}}, "response_format.type"),
    ],
)
def test_what_is_not_offered_is_refused_by_name(served: Any, extra: Any, param: str) -> None:
    assert error_of(served, PATH, {"prompt": "x", **extra})[:3] == (400, "unsupported", param)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("prompt", ["", [""], [[]], ["a", ""], [[1], []]])
def test_an_empty_prompt_is_400(served: Any, prompt: Any, stream: bool) -> None:
    status, _, named, message = error_of(served, PATH, {"prompt": prompt, "model": "base", "stream": stream})
    assert (status, named) == (400, "prompt") and "empty" in message


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("prompt", ["word " * 9000, ["a", "word " * 9000], [[1], [2] * 9000]])
def test_overflow_is_refused_before_the_first_byte(
    served: Any, engine: ScriptedEngine, prompt: Any, stream: bool
) -> None:
    with pytest.raises(openai.BadRequestError) as caught:
        served.api.completions.create(model="base", prompt=prompt, stream=stream)
    assert (caught.value.code, caught.value.param) == ("context_length_exceeded", "prompt") and engine.requests == []


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("extra", "param"),
    [({"grammar": "root ="}, "grammar"), ({"response_format": {"type": "json_object"}}, "response_format")],
)
def test_a_grammar_that_cannot_be_is_400(serve_lent: Serve, extra: Any, param: str, stream: bool) -> None:
    served = serve_lent(Strict())
    status, _, named, message = error_of(served, PATH, {"prompt": ["x", "y"], "stream": stream, **extra})
    assert (status, named) == (400, param) and "cannot be used" in message


@pytest.mark.parametrize("raw", [b"{", b"", b"\xff\xfe", b'{"prompt": NaN}', b'{"prompt":' + b"[" * 200_000])
def test_malformed_json_is_400(served: Any, raw: bytes) -> None:
    with served.http() as http:
        answer = http.post(PATH, content=raw)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


def test_a_full_queue_is_429_with_a_time_to_come_back(serve_lent: Serve) -> None:
    served = serve_lent(ScriptedEngine(config=EngineConfig(sequences=1, queue=0)))
    with pytest.raises(openai.RateLimitError) as caught:
        served.api.completions.create(model="base", prompt="x", stream=True)
    assert caught.value.response.headers["retry-after"] == "2"


def test_a_death_in_mid_stream_ends_with_an_error_object(serve_lent: Serve) -> None:
    served = serve_lent(Dying())
    with served.http() as http:
        text = http.post(PATH, json={"prompt": "x", "model": "base", "stream": True}).text
    *_, content, last, _ = text.split("\n\n")
    assert json.loads(content[6:])["choices"][0]["text"] == " one"
    assert json.loads(last[6:])["error"]["code"] == "engine_died" and "[DONE]" not in text


@pytest.mark.parametrize("stream", [False, True])
def test_leaving_frees_the_places(serve_lent: Serve, stream: bool) -> None:
    engine = ScriptedEngine(["word " * 100], delay=0.1)
    served = serve_lent(engine)
    body = {"model": "base", "prompt": ["a", "b"], "n": 2, "stream": stream, "max_tokens": 99}
    with (
        pytest.raises(httpx.TimeoutException),
        served.http() as http,
        http.stream("POST", PATH, json=body, timeout=0.5) as answer,
    ):
        for _ in answer.iter_lines():
            raise httpx.ReadTimeout("leaving")
    deadline = time.monotonic() + 1
    while engine._running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(engine.requests) == 4 and engine._running == 0
