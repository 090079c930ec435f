"""Chat completions: the official client, the wire's bytes, bad input, faults, clients that leave."""

from __future__ import annotations

import json
import time
from typing import Any

import httpx
import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk

ASK = [{"role": "user", "content": "Where do you live?"}]


def client(served: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0)


def post(served: Any, body: Any) -> httpx.Response:
    with served.http() as http:
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        return http.post("/v1/chat/completions", content=content)


def events(answer: httpx.Response) -> list[str]:
    lines = [line for line in answer.text.split("\n\n") if line]
    assert all(line.startswith("data: ") for line in lines)
    return [line.removeprefix("data: ") for line in lines]


def test_the_official_client_reads_a_whole_answer(served: Any) -> None:
    answer = client(served).chat.completions.create(model="self", messages=ASK)
    ChatCompletion.model_validate_json(answer.model_dump_json(), strict=True)
    message = answer.choices[0].message
    assert (message.role, message.content, answer.choices[0].finish_reason) == ("assistant", "I live in Oslo.", "stop")
    assert answer.usage is not None and answer.usage.total_tokens == 11
    assert answer.usage.prompt_tokens_details is not None and answer.usage.prompt_tokens_details.cached_tokens == 2
    assert message.annotations is not None
    (cited,) = message.annotations
    assert cited.url_citation.url == f"{served.url}/api/memories/n_1"
    assert message.content[cited.url_citation.start_index : cited.url_citation.end_index] == "I live in Oslo."
    assert (cited.note_id, cited.quote, cited.span) == ("n_1", "I live in Oslo.", [4, 19])  # type: ignore[attr-defined]
    assert message.source == "quote"  # type: ignore[attr-defined]


def test_the_official_client_reads_a_stream(served: Any) -> None:
    chunks = list(
        client(served).chat.completions.create(
            model="self", messages=ASK, stream=True, stream_options={"include_usage": True}
        )
    )
    for chunk in chunks:
        ChatCompletionChunk.model_validate_json(chunk.model_dump_json(), strict=True)
    assert len({(chunk.id, chunk.created, chunk.model) for chunk in chunks}) == 1
    first, *middle, last = chunks
    assert (first.choices[0].delta.role, first.choices[0].delta.content) == ("assistant", "")
    assert last.choices == [] and last.usage is not None and last.usage.completion_tokens == 4
    assert all(chunk.usage is None for chunk in chunks[:-1])
    assert [chunk.choices[0].finish_reason for chunk in chunks[:-1] if chunk.choices[0].finish_reason] == ["stop"]
    deltas = [chunk.choices[0].delta for chunk in middle]
    assert "".join(delta.content or "" for delta in deltas) == "I live in Oslo."
    said = [delta for delta in deltas if delta.content is not None]
    assert said[-1].annotations[0]["note_id"] == "n_1" and said[-1].source == "quote"  # type: ignore[attr-defined]
    assert not any(hasattr(delta, "annotations") for delta in said[:-1])


def test_the_bytes_of_a_stream(served: Any) -> None:
    answer = post(served, {"messages": ASK, "stream": True})
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    *chunks, done = events(answer)
    assert done == "[DONE]"
    assert all("usage" not in json.loads(chunk) for chunk in chunks)
    assert json.loads(chunks[0])["choices"][0]["delta"] == {"role": "assistant", "content": ""}
    assert json.loads(chunks[-1])["choices"][0] == {"delta": {}, "finish_reason": "stop", "index": 0, "logprobs": None}


def test_what_is_asked_reaches_the_self(served: Any) -> None:
    body = {
        "messages": [
            {"role": "developer", "content": "Be brief."},
            {"role": "user", "content": [{"type": "text", "text": "Where"}, {"type": "text", "text": "now?"}]},
        ],
        "model": "self:0001",
        "temperature": 0.5,
        "top_p": 0.9,
        "seed": 3,
        "stop": "\n",
        "max_tokens": 5,
        "max_completion_tokens": 9,
        "metadata": {"oneself.memory": "off", "oneself.as_of": "2024-01-01", "other": "kept quiet"},
        "a_field_of_tomorrow": {"x": 1},
        "logprobs": False,
        "n": 1,
        "tools": [],
        "response_format": {"type": "text"},
        "presence_penalty": 0,
    }
    assert post(served, body).status_code == 200
    question = served.mind.asked[-1]
    assert [(message.role, message.content) for message in question.messages] == [
        ("system", "Be brief."),
        ("user", "Where\nnow?"),
    ]
    assert (question.model, question.memory, question.as_of) == ("self:0001", False, "2024-01-01")
    assert (question.temperature, question.top_p, question.seed, question.stop) == (0.5, 0.9, 3, ("\n",))
    assert question.max_tokens == 9


def test_a_missing_model_is_self(served: Any) -> None:
    assert post(served, {"messages": ASK}).json()["model"] == "self"
    assert served.mind.asked[-1].max_tokens == served.settings.answer.max_tokens


def test_an_answer_without_evidence_has_no_annotations(served: Any) -> None:
    message = post(served, {"messages": [{"role": "user", "content": "none"}]}).json()["choices"][0]["message"]
    assert message["annotations"] == [] and message["source"] == "none"


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"messages": None}, "messages"),
        ({}, "messages"),
        ({"messages": "hello"}, "messages"),
        ({"messages": []}, "messages"),
        ({"messages": [{}]}, "messages[0].role"),
        ({"messages": [{"role": 123}]}, "messages[0].role"),
        ({"messages": [{"role": "king", "content": "x"}]}, "messages[0].role"),
        ({"messages": [{"role": "user"}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": 5}]}, "messages[0].content"),
        ({"messages": [{"role": "user", "content": [{"type": "text"}]}]}, "messages[0].content[0].text"),
        ({"messages": ASK, "temperature": "hot"}, "temperature"),
        ({"messages": ASK, "temperature": 3}, "temperature"),
        ({"messages": ASK, "top_p": -1}, "top_p"),
        ({"messages": ASK, "max_tokens": 0}, "max_tokens"),
        ({"messages": ASK, "max_tokens": True}, "max_tokens"),
        ({"messages": ASK, "max_completion_tokens": "9"}, "max_completion_tokens"),
        ({"messages": ASK, "seed": 1.5}, "seed"),
        ({"messages": ASK, "seed": 10**30}, "seed"),
        ({"messages": ASK, "stop": 3}, "stop"),
        ({"messages": ASK, "stop": ["a", 3]}, "stop[1]"),
        ({"messages": ASK, "stop": [""]}, "stop"),
        ({"messages": ASK, "stop": ["x"] * 17}, "stop"),
        ({"messages": ASK, "stream": "yes"}, "stream"),
        ({"messages": ASK, "stream_options": {"include_usage": True}}, "stream_options"),
        ({"messages": ASK, "stream": True, "stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"messages": ASK, "n": 0}, "n"),
        ({"messages": ASK, "top_logprobs": 21}, "top_logprobs"),
        ({"messages": ASK, "model": 4}, "model"),
        ({"messages": ASK, "metadata": {"oneself.memory": "maybe"}}, "metadata.oneself.memory"),
        ({"messages": ASK, "metadata": {"oneself.as_of": "soon"}}, "metadata.oneself.as_of"),
        ({"messages": ASK, "metadata": "x"}, "metadata"),
    ],
)
def test_bad_input_is_400_and_names_the_parameter(served: Any, body: Any, param: str) -> None:
    answer = post(served, body)
    error = answer.json()["error"]
    assert (answer.status_code, error["type"], error["param"]) == (400, "invalid_request_error", param)
    assert set(error) == {"message", "type", "param", "code"} and isinstance(error["code"], str)


TOOL = {"type": "function", "function": {"name": "f"}}
CALL = {"id": "call_1", "type": "function", "function": {"name": "f", "arguments": "{}"}}
ASKED_FOR = {"role": "assistant", "tool_calls": [CALL]}
TOLD = {"role": "tool", "tool_call_id": "call_1", "content": "Rain."}


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"functions": [{"name": "f"}]}, "functions"),
        ({"function_call": "auto"}, "function_call"),
        ({"audio": {"voice": "alloy", "format": "wav"}}, "audio"),
        ({"modalities": ["text", "audio"]}, "modalities"),
        ({"prediction": {"type": "content", "content": "x"}}, "prediction"),
        ({"web_search_options": {"search_context_size": "low"}}, "web_search_options"),
        ({"moderation": {"model": "omni"}}, "moderation"),
        ({"response_format": {"type": "grammar"}}, "response_format.type"),
        ({"tools": [{"type": "custom", "custom": {"name": "f"}}]}, "tools[0].type"),
        ({"tools": [TOOL], "tool_choice": {"type": "custom", "custom": {"name": "f"}}}, "tool_choice.type"),
        ({"messages": [{"role": "function", "name": "f", "content": "y"}]}, "messages[0].role"),
        (
            {"messages": [{"role": "assistant", "function_call": {"name": "f", "arguments": "{}"}}]},
            "messages[0].function_call",
        ),
        (
            {"messages": [{"role": "user", "content": [{"type": "image_url", "image_url": {"url": "data:x"}}]}]},
            "messages[0].content[0].type",
        ),
    ],
)
def test_what_is_not_offered_is_refused_by_name(served: Any, extra: Any, param: str) -> None:
    answer = post(served, {"messages": ASK, **extra})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["param"]) == (400, "unsupported", param)


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"n": 17}, "n"),
        ({"logprobs": True, "top_logprobs": 21}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"logit_bias": {"x": 1}}, "logit_bias"),
        ({"logit_bias": {"1.0": 1}}, "logit_bias"),
        ({"logit_bias": {"1000": 1}}, "logit_bias"),
        ({"logit_bias": {"5": 101}}, "logit_bias"),
        ({"presence_penalty": 3}, "presence_penalty"),
        ({"min_p": 2}, "min_p"),
        ({"repeat_penalty": 1.1, "repetition_penalty": 1.2}, "repetition_penalty"),
        ({"response_format": {"type": "json_schema", "json_schema": {"name": "x"}}}, "response_format"),
        ({"response_format": {"type": "json_object"}, "grammar": 'root ::= "x"'}, "grammar"),
        ({"tools": [{"type": "function"}]}, "tools[0].function"),
        ({"tools": [{"type": "function", "function": {"name": "two words"}}]}, "tools[0].function.name"),
        ({"tools": [{"type": "function", "function": {"name": "x" * 65}}]}, "tools[0].function.name"),
        ({"tools": [TOOL, TOOL]}, "tools[1].function.name"),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": {"type": "string"}}}]},
            "tools[0].function.parameters",
        ),
        (
            {"tools": [{"type": "function", "function": {"name": "f", "parameters": [1]}}]},
            "tools[0].function.parameters",
        ),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tools": [TOOL], "tool_choice": "perhaps"}, "tool_choice"),
        (
            {"tools": [TOOL], "tool_choice": {"type": "function", "function": {"name": "g"}}},
            "tool_choice.function.name",
        ),
        ({"messages": [{"role": "tool", "content": "y"}]}, "messages[0].tool_call_id"),
        (
            {"messages": [*ASK, ASKED_FOR, {"role": "tool", "tool_call_id": "call_2", "content": "y"}]},
            "messages[2].tool_call_id",
        ),
        ({"messages": [{**ASKED_FOR, "role": "user"}]}, "messages[0].tool_calls"),
        ({"messages": [{"role": "assistant"}]}, "messages[0].content"),
        ({"messages": [*ASK, ASKED_FOR]}, "messages"),
        ({"messages": [*ASK, ASKED_FOR, *ASK]}, "messages[2]"),
        ({"messages": [*ASK, ASKED_FOR, ASKED_FOR, TOLD]}, "messages[2]"),
        ({"messages": [*ASK, ASKED_FOR, TOLD, TOLD]}, "messages[3].tool_call_id"),
        ({"messages": [*ASK, {**ASKED_FOR, "tool_calls": [CALL, {**CALL, "id": "call_2"}]}, TOLD]}, "messages"),
    ],
)
def test_what_cannot_be_is_400_and_names_the_parameter(served: Any, extra: Any, param: str) -> None:
    answer = post(served, {"messages": ASK, **extra})
    error = answer.json()["error"]
    assert (answer.status_code, error["param"], error["code"]) == (400, param, "invalid_request")


def test_calls_without_a_result_are_told_by_their_ids(served: Any) -> None:
    twice = {**ASKED_FOR, "tool_calls": [CALL, {**CALL, "id": "call_2"}, {**CALL, "id": "call_3"}]}
    message = post(served, {"messages": [*ASK, twice, TOLD, *ASK]}).json()["error"]["message"]
    assert "call_2" in message and "call_3" in message and "call_1" not in message
    third = {**TOLD, "tool_call_id": "call_3"}
    second = {**TOLD, "tool_call_id": "call_2"}
    assert post(served, {"messages": [*ASK, twice, third, TOLD, second, *ASK]}).status_code == 200
    again = [ASKED_FOR, TOLD, ASKED_FOR, TOLD]
    assert post(served, {"messages": [*ASK, *again]}).status_code == 200, "a later call may have an earlier one's id"


def test_names_stand_before_what_is_said(served: Any) -> None:
    messages = [
        {"role": "system", "content": "Be brief."},
        {"role": "user", "name": "Noor", "content": [{"type": "text", "text": "Where?"}]},
        {"role": "assistant", "content": "In Oslo."},
        {"role": "assistant", "name": "planner", "tool_calls": [CALL]},
        {**TOLD, "name": "f"},
        {"role": "user", "name": "민지", "content": "언제?"},
    ]
    assert post(served, {"messages": messages}).status_code == 200
    said = [message.content for message in served.mind.asked[-1].messages]
    assert said == ["Be brief.", "Noor: Where?", "In Oslo.", "", "Rain.", "민지: 언제?"]


def test_more_than_a_route_takes_is_413_naming_the_limit(served: Any) -> None:
    error = post(served, {"messages": [{"role": "user", "content": "x" * 11_000_000}]}).json()["error"]
    assert error["code"] == "request_too_large" and "10,000,000 bytes" in error["message"]


def test_arguments_nested_without_end_are_refused(served: Any) -> None:
    deep: dict[str, Any] = {"type": "object"}
    for _ in range(200):
        deep = {"type": "object", "properties": {"x": deep}}
    answer = post(served, {"messages": ASK, "tools": [{"function": {"name": "f", "parameters": deep}}]})
    assert (answer.status_code, answer.json()["error"]["param"]) == (400, "tools[0].function.parameters")


def test_every_way_of_choosing_reaches_the_self(served: Any) -> None:
    body = {
        "messages": ASK, "top_k": 40, "min_p": 0.05, "presence_penalty": 0.5, "frequency_penalty": -0.5,
        "repetition_penalty": 1.1, "logit_bias": {"7": -100, "8": 2.5}, "n": 2, "logprobs": True, "top_logprobs": 3,
        "response_format": {"type": "json_object"}, "parallel_tool_calls": False, "store": True, "user": "u",
        "reasoning_effort": "low", "verbosity": "low", "service_tier": "auto", "prompt_cache_key": "k",
        "safety_identifier": "s",
    }  # fmt: skip
    assert post(served, body).status_code == 200
    asked = served.mind.asked[-1]
    assert (asked.top_k, asked.min_p, asked.presence_penalty, asked.frequency_penalty) == (40, 0.05, 0.5, -0.5)
    assert (asked.repeat_penalty, asked.logit_bias, asked.n, asked.logprobs) == (1.1, {7: -100, 8: 2.5}, 2, 3)
    assert (asked.json_schema, asked.parallel_calls, asked.plain) == ('{"type": "object"}', False, False)
    assert post(served, {"messages": ASK, "grammar": 'root ::= "yes" | "no"'}).status_code == 200
    assert served.mind.asked[-1].grammar == 'root ::= "yes" | "no"'
    assert post(served, {"messages": ASK, "top_k": 40, "presence_penalty": 1}).status_code == 200
    assert served.mind.asked[-1].plain


@pytest.mark.parametrize("raw", [b"{", b"", b"nonsense", b"\xff\xfe", b'{"messages": NaN}', b'{"x":' + b"[" * 200_000])
def test_malformed_json_is_400(served: Any, raw: bytes) -> None:
    answer = post(served, raw)
    assert answer.status_code == 400 and answer.json()["error"]["type"] == "invalid_request_error"


def test_a_megabyte_of_text_everywhere_is_never_500(served: Any) -> None:
    long = "x" * 1_000_000
    for body in (
        {"messages": [{"role": long, "content": "x"}]},
        {"messages": ASK, "model": long},
        {"messages": ASK, "stop": long},
    ):
        assert post(served, body).status_code in (200, 400, 404)


def test_an_unknown_model_is_404_naming_what_is_served(served: Any) -> None:
    with pytest.raises(openai.NotFoundError) as caught:
        client(served).chat.completions.create(model="gpt-9", messages=ASK)
    assert caught.value.code == "model_not_found" and "self" in str(caught.value)


@pytest.mark.parametrize("stream", [False, True])
def test_faults_before_the_first_byte_have_a_status(served: Any, stream: bool) -> None:
    def ask(word: str) -> httpx.Response:
        return post(served, {"messages": [{"role": "user", "content": word}], "stream": stream})

    overflow = ask("overflow")
    assert (overflow.status_code, overflow.json()["error"]["code"]) == (400, "context_length_exceeded")
    assert overflow.json()["error"]["param"] == "messages"
    busy = ask("busy")
    assert (busy.status_code, busy.headers["retry-after"]) == (429, "3")
    assert busy.json()["error"]["type"] == "rate_limit_error"
    boom = ask("boom")
    assert boom.status_code == 500 and "boom" not in boom.text


def test_the_log_holds_nothing_of_the_user(served: Any, caplog: pytest.LogCaptureFixture) -> None:
    post(served, {"messages": [{"role": "user", "content": "boom, said Ingrid"}]})
    assert "KeyError" in caplog.text
    assert "Ingrid" not in caplog.text


def test_a_death_in_mid_stream_ends_with_an_error_object(served: Any) -> None:
    answer = post(served, {"messages": [{"role": "user", "content": "die"}], "stream": True})
    *_, content, last = events(answer)
    assert json.loads(content)["choices"][0]["delta"]["content"] == "I live "
    assert json.loads(last)["error"]["code"] == "engine_died"
    with pytest.raises(openai.APIError, match="engine"):
        list(
            client(served).chat.completions.create(
                model="self", messages=[{"role": "user", "content": "die"}], stream=True
            )
        )


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("word", ["slow", "stall"])
def test_a_client_that_leaves_cancels_its_request(served: Any, stream: bool, word: str) -> None:
    with pytest.raises(httpx.TimeoutException), served.http() as http:
        body = {"messages": [{"role": "user", "content": word}], "stream": stream}
        http.post("/v1/chat/completions", json=body, timeout=0.5)
    deadline = time.monotonic() + 1
    while served.mind.running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(served.mind.asked) == 1 and served.mind.running == 0


def test_many_cancelled_requests_leave_nothing_behind(served: Any) -> None:
    with served.http() as http:
        for _ in range(200):
            with http.stream("POST", "/v1/chat/completions", json={"messages": ASK, "stream": True}) as answer:
                next(answer.iter_lines())
        assert http.post("/v1/chat/completions", json={"messages": ASK}, timeout=2).status_code == 200
    assert served.mind.running == 0


def test_models(served: Any) -> None:
    api = client(served)
    assert [model.id for model in api.models.list()] == ["self", "self-weights", "base", "self:0001"]
    one = api.models.retrieve("self:0001")
    assert (one.id, one.object, one.created) == ("self:0001", "model", 1750845600)
    with pytest.raises(openai.NotFoundError):
        api.models.retrieve("gpt-9")


def test_a_byte_order_mark_is_no_fault(served: Any) -> None:
    assert post(served, b"\xef\xbb\xbf" + json.dumps({"messages": ASK}).encode()).status_code == 200
