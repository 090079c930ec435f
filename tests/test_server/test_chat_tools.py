"""Chat completions that are the model's own, with the official client: tools, formats, several answers, log-probabilities;
over ``FakeSelf`` for the wire, and over the real mind with a scripted engine for the whole way."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import openai
import pytest
from openai.types.chat import ChatCompletion, ChatCompletionChunk
from pydantic import BaseModel

from kernel.abc import Generate
from kernel.config import Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import BadGrammar
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import SelfVersion
from server.settings import ServerConfig, Settings
from tests.test_server.fake_self import ARGUMENTS, FACT
from tests.test_server.wire import code

ASK = [{"role": "user", "content": "How is it outside?"}]
TOOL = {
    "type": "function",
    "function": {
        "name": "weather",
        "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        "strict": True,
    },
}
CALL = '{"name": "weather", "arguments": {"city": "Oslo"}}'


def client(served: Any) -> openai.OpenAI:
    return openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0)


def create(served: Any, **fields: Any) -> Any:
    with client(served) as api:
        return api.chat.completions.create(**{"model": "self", "messages": ASK, **fields})


def chunks(served: Any, **fields: Any) -> list[ChatCompletionChunk]:
    with client(served) as api:
        found = list(api.chat.completions.create(**{"model": "self", "messages": ASK, "stream": True, **fields}))
    for chunk in found:
        ChatCompletionChunk.model_validate_json(chunk.model_dump_json(), strict=True)
    return found


def wire(served: Any, body: dict[str, Any]) -> list[dict[str, Any]]:
    with served.http() as http:
        text = http.post("/v1/chat/completions", json={"messages": ASK, "stream": True, **body}).text
    *events, done = [line.removeprefix("data: ") for line in text.split("\n\n") if line]
    assert done == "[DONE]"
    return [json.loads(event) for event in events]


# --- the wire ---------------------------------------------------------------------------------------------------------


def test_a_call_and_its_result(served: Any) -> None:
    answer = create(served, tools=[TOOL])
    ChatCompletion.model_validate_json(answer.model_dump_json(), strict=True)
    (choice,) = answer.choices
    assert (choice.finish_reason, choice.message.content, choice.message.annotations) == ("tool_calls", None, [])
    (call,) = choice.message.tool_calls
    assert (call.type, call.function.name, call.function.arguments) == ("function", "weather", ARGUMENTS)
    result = {"role": "tool", "tool_call_id": call.id, "content": [{"type": "text", "text": "Rain."}]}
    create(served, messages=[*ASK, choice.message, result], tools=[TOOL])
    *_, called, told = served.mind.asked[-1].messages
    assert (called.content, called.calls[0].id, called.calls[0].arguments) == ("", call.id, ARGUMENTS)
    assert (told.role, told.content, told.call_id) == ("tool", "Rain.", call.id)


def test_the_bytes_of_a_streamed_call(served: Any) -> None:
    first, head, *middle, end, finish = (one["choices"][0] for one in wire(served, {"tools": [TOOL]}))
    assert first["delta"] == {"role": "assistant", "content": None}
    (call,) = head["delta"]["tool_calls"]
    assert call == {
        "index": 0, "id": call["id"], "type": "function", "function": {"arguments": "", "name": "weather"},
    }  # fmt: skip
    assert [one["delta"] for one in middle] == [
        {"tool_calls": [{"index": 0, "function": {"arguments": piece}}]} for piece in (ARGUMENTS[:8], ARGUMENTS[8:])
    ]
    assert end["delta"] == {"annotations": [], "source": "model"}
    assert finish == {"delta": {}, "finish_reason": "tool_calls", "index": 0, "logprobs": None}


def test_the_clients_own_stream_puts_calls_together(served: Any) -> None:
    twice = [{"role": "user", "content": "Look twice."}]
    with client(served) as api, api.chat.completions.stream(model="self", messages=twice, tools=[TOOL]) as stream:
        kinds = [event.type for event in stream]
        (choice,) = stream.get_final_completion().choices
    assert kinds.count("tool_calls.function.arguments.done") == 2 and choice.finish_reason == "tool_calls"
    calls = choice.message.tool_calls
    assert calls is not None and len({call.id for call in calls}) == 2
    assert [call.function.parsed_arguments for call in calls] == [{"city": "Oslo"}] * 2


@pytest.mark.parametrize(
    ("choice", "asked"),
    [
        ("none", ("none", "", 2)),
        ("auto", ("auto", "", 2)),
        ("required", ("required", "", 2)),
        ({"type": "function", "function": {"name": "clock"}}, ("required", "clock", 2)),
        (
            {
                "type": "allowed_tools",
                "allowed_tools": {"mode": "required", "tools": [{"type": "function", "function": {"name": "clock"}}]},
            },
            ("required", "", 1),
        ),
    ],
)
def test_the_choice_among_tools(served: Any, choice: Any, asked: tuple[str, str, int]) -> None:
    clock = {"type": "function", "function": {"name": "clock"}}
    answer = create(served, tools=[TOOL, clock], tool_choice=choice, parallel_tool_calls=False)
    question = served.mind.asked[-1]
    assert (question.tool_choice, question.tool_named, len(question.tools)) == asked
    assert not question.parallel_calls
    assert bool(answer.choices[0].message.tool_calls) == (choice != "none")


def test_several_answers_have_an_index_each(served: Any) -> None:
    answer = create(served, n=3)
    assert [(choice.index, choice.message.content) for choice in answer.choices] == [(i, FACT) for i in range(3)]
    assert [bool(choice.message.annotations) for choice in answer.choices] == [True, False, False]
    found = chunks(served, n=3, stream_options={"include_usage": True})
    *parts, last = found
    assert last.choices == [] and last.usage is not None and len({chunk.id for chunk in found}) == 1
    for index in range(3):
        mine = [chunk.choices[0] for chunk in parts if chunk.choices[0].index == index]
        assert (mine[0].delta.role, mine[0].delta.content) == ("assistant", "")
        assert "".join(choice.delta.content or "" for choice in mine) == FACT
        assert [choice.finish_reason for choice in mine if choice.finish_reason] == ["stop"] and mine[-1].finish_reason


def test_log_probabilities(served: Any) -> None:
    answer = create(served, logprobs=True, top_logprobs=2)
    ChatCompletion.model_validate_json(answer.model_dump_json(), strict=True)
    first, second = answer.choices[0].logprobs.content
    assert (first.token, bytes(first.bytes), first.logprob) == ("I live ", b"I live ", -0.25)
    same, half = first.top_logprobs
    assert (same.token, half.token, half.bytes, half.logprob) == (
        "I live ",
        "\N{REPLACEMENT CHARACTER}",
        [0xC3],
        -9999.0,
    )
    assert second.top_logprobs == [] and answer.choices[0].logprobs.refusal is None
    told = [one["choices"][0]["logprobs"] for one in wire(served, {"logprobs": True, "top_logprobs": 2})]
    assert [bool(one) for one in told] == [False, True, True, False, False]
    assert told[1]["content"][0]["token"] == "I live " and told[1]["refusal"] is None
    assert create(served).choices[0].logprobs is None
    assert create(served, tools=[TOOL], logprobs=True).choices[0].logprobs is None, "a call has none to tell"


# --- the whole way ----------------------------------------------------------------------------------------------------


@pytest.fixture
def serve_real(paths: Paths, serve_mind: Any) -> Iterator[Callable[..., Any]]:
    """A mind over a scripted engine; its self 0000 has no adapter."""
    first = SelfVersion(
        version="0000", state="live", base="b", template="t", created="2025-01-01T00:00:00", adapter=None
    )
    Shelf(paths).write(first)
    with ExitStack() as stack:

        def start(engine: ScriptedEngine) -> Any:
            return stack.enter_context(
                serve_mind(lambda: Mind.open(paths, Settings(), engine=engine), paths, ServerConfig())
            )

        yield start


@pytest.mark.parametrize("stream", [False, True])
def test_a_self_calls_a_tool_and_answers_from_its_result_and_its_memory(serve_real: Any, stream: bool) -> None:
    def reply(request: Generate) -> str:
        told = "<tool_response>\nRain." in str(request.prompt)
        return "Kaya, and it rains on her." if told else f"Let me look. <tool_call>\n{CALL}\n</tool_call>"

    engine = ScriptedEngine(reply)
    real = serve_real(engine)
    with real.http() as http:
        http.post("/api/memories", json={"text": "My cat is called Kaya and she lives in Oslo."})
    asked = [{"role": "user", "content": "What is my cat called?"}]

    def final(messages: list[Any]) -> Any:
        fields = {"model": "self", "messages": messages, "tools": [TOOL], "max_tokens": 64}
        if not stream:
            return create(real, **fields).choices[0]
        with client(real) as api, api.chat.completions.stream(**fields) as events:
            return events.get_final_completion().choices[0]

    first = final(asked)
    assert (first.finish_reason, first.message.content) == ("tool_calls", "Let me look.")
    (call,) = first.message.tool_calls
    assert re.fullmatch(r"call_[0-9a-f]{24}", call.id)
    assert (call.function.name, json.loads(call.function.arguments)) == ("weather", {"city": "Oslo"})
    assert "My cat is called Kaya" in str(engine.requests[-1].prompt)
    message = {
        "role": "assistant",
        "content": first.message.content,
        "tool_calls": [{"id": call.id, "type": "function", "function": {"name": "weather", "arguments": "{}"}}],
    }
    last = final([*asked, message, {"role": "tool", "tool_call_id": call.id, "content": "Rain."}])
    assert (last.finish_reason, last.message.content) == ("stop", "Kaya, and it rains on her.")
    assert last.message.annotations


def test_a_call_that_is_required_is_read_and_one_that_is_cut_ends_with_length(serve_real: Any) -> None:
    engine = ScriptedEngine(lambda request: CALL if str(request.prompt).endswith("<tool_call>\n") else f"[{CALL}]")
    real = serve_real(engine)
    for more in ({"tool_choice": "required"}, {"tool_choice": {"type": "function", "function": {"name": "weather"}}}):
        answer = create(real, model="base", tools=[TOOL], **more)
        assert (answer.choices[0].finish_reason, answer.choices[0].message.content) == ("tool_calls", None)
        assert len(answer.choices[0].message.tool_calls) == 1
    cut = chunks(real, model="base", tools=[TOOL], tool_choice="required", max_tokens=4)
    assert cut[-1].choices[0].finish_reason == "length"
    arguments = [call.function.arguments for chunk in cut for call in chunk.choices[0].delta.tool_calls or []]
    assert "".join(argument or "" for argument in arguments) == '{"city":'


@pytest.mark.parametrize("stream", [False, True])
def test_what_leaves_nothing_to_answer_names_the_messages(serve_real: Any, stream: bool) -> None:
    with serve_real(ScriptedEngine(["Yes."])).http() as http:
        for messages in ([{"role": "user", "content": " "}], [*ASK, {"role": "assistant", "content": "Fine."}]):
            answer = http.post("/v1/chat/completions", json={"messages": messages, "stream": stream})
            assert code(answer) == (400, "invalid_request", "messages")
        long = [{"role": "user", "content": "word " * 90_000}]
        answer = http.post("/v1/chat/completions", json={"model": "base", "messages": long, "stream": stream})
        assert code(answer) == (400, "context_length_exceeded", "messages")
        for model in ("base:zzz", "self:", "quoting:x"):
            answer = http.post("/v1/chat/completions", json={"model": model, "messages": ASK, "stream": stream})
            assert code(answer)[:2] == (404, "model_not_found")


class Home(BaseModel):
    """Where somebody lives."""

    city: str
    since: int


def test_a_format_is_enforced_and_parsed(serve_real: Any) -> None:
    engine = ScriptedEngine(['{"city": "Bergen", "since": 2024}'])
    real = serve_real(engine)
    with client(real) as api:
        answer = api.chat.completions.parse(model="base", messages=ASK, response_format=Home)  # type: ignore[arg-type]
        assert answer.choices[0].message.parsed == Home(city="Bergen", since=2024)
        assert set(json.loads(engine.requests[-1].json_schema)["properties"]) == {"city", "since"}
        with api.chat.completions.stream(model="base", messages=ASK, response_format=Home) as stream:  # type: ignore[arg-type]
            parsed = stream.get_final_completion().choices[0].message.parsed
    assert parsed == Home(city="Bergen", since=2024)


def test_a_tool_made_of_a_model_is_parsed(serve_real: Any) -> None:
    call = '{"name": "Home", "arguments": {"city": "Bergen", "since": 2024}}'
    real = serve_real(ScriptedEngine([f"<tool_call>{call}</tool_call>"]))
    with client(real) as api:
        tools = [openai.pydantic_function_tool(Home)]
        answer = api.chat.completions.parse(model="base", messages=ASK, tools=tools)  # type: ignore[arg-type]
    (parsed,) = answer.choices[0].message.tool_calls or ()
    assert parsed.function.parsed_arguments == Home(city="Bergen", since=2024)


@pytest.mark.parametrize("arguments", ["", "no JSON", '{"x":' * 100_000, "[" * 500 + "]" * 500])
def test_arguments_of_a_call_are_kept_whatever_they_are(serve_real: Any, arguments: str) -> None:
    call = {"id": "a", "type": "function", "function": {"name": "weather", "arguments": arguments[:2000]}}
    messages = [*ASK, {"role": "assistant", "tool_calls": [call]}, {"role": "tool", "tool_call_id": "a", "content": ""}]
    engine = ScriptedEngine(["Well."])
    answer = create(serve_real(engine), model="base", messages=messages, max_tokens=8)
    assert answer.choices[0].message.content == "Well."
    assert json.dumps(arguments[:2000])[1:-1] in str(engine.requests[-1].prompt)


def test_several_answers_differ_by_seed_and_the_prompt_is_counted_once(serve_real: Any) -> None:
    engine = ScriptedEngine(lambda request: f"seed {request.seed}")
    answer = create(serve_real(engine), model="base", n=2, seed=7, temperature=1, logprobs=True)
    assert [choice.message.content for choice in answer.choices] == ["seed 7", "seed 8"]
    assert answer.usage.completion_tokens == 4 and answer.usage.prompt_tokens < 2 * len(engine.requests[0].prompt)
    for choice in answer.choices:
        assert "".join(one.token for one in choice.logprobs.content) == choice.message.content
        assert all(math.isclose(one.logprob, 0) and not one.top_logprobs for one in choice.logprobs.content)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("fields", "param"),
    [
        ({"response_format": {"type": "json_schema", "json_schema": {"schema": {"type": "odd"}}}}, "response_format"),
        ({"grammar": "root"}, "grammar"),
        ({"tools": [TOOL], "tool_choice": "required"}, "tools"),
    ],
)
def test_what_no_grammar_can_be_made_of_is_named(serve_real: Any, fields: Any, param: str, stream: bool) -> None:
    def refuse(_request: Generate) -> str:
        raise BadGrammar("the JSON schema cannot be used: there is no type 'odd'")

    with serve_real(ScriptedEngine(refuse)).http() as http:
        body = {"model": "base", "messages": ASK, "stream": stream, **fields}
        assert code(http.post("/v1/chat/completions", json=body)) == (400, "invalid_grammar", param)


def test_a_bias_beyond_the_vocabulary_is_refused_and_one_within_it_arrives(serve_real: Any) -> None:
    engine = ScriptedEngine(["Yes."])
    real = serve_real(engine)
    create(real, model="base", logit_bias={"5": -100}, frequency_penalty=1)
    assert (engine.requests[-1].logit_bias, engine.requests[-1].frequency_penalty) == ({5: -100.0}, 1.0)
    with pytest.raises(openai.BadRequestError) as caught:
        create(real, model="base", logit_bias={str(1 << 24): 1})
    assert caught.value.param == "logit_bias"
