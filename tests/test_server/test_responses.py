"""``/v1/responses``: the official client, the wire's bytes, calls, formats, what is refused, faults."""

from __future__ import annotations

import json
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import ExitStack
from typing import Any

import httpx
import openai
import pydantic
import pytest
from openai.types.responses import Response, ResponseStreamEvent

from kernel.config import Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import (
    Answer,
    AnswerDelta,
    CallDelta,
    Choice,
    Message,
    Question,
    Scored,
    SelfVersion,
    TokenScore,
    ToolCall,
    Usage,
)
from server.settings import ServerConfig, Settings
from tests.test_server.fake_self import FakeSelf
from tests.test_server.wire import code, sse

Client = Callable[[Any], openai.OpenAI]
EVENT: pydantic.TypeAdapter[Any] = pydantic.TypeAdapter(ResponseStreamEvent)
WEATHER = {
    "type": "function",
    "name": "weather",
    "description": "Of a city.",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    "strict": True,
}
LOGPROBS = "message.output_text.logprobs"
CALLS = (
    ToolCall(id="call_1", name="weather", arguments='{"city":"Oslo"}'),
    ToolCall(id="call_2", name="weather", arguments='{"city":"부산"}'),
)
HALF = "é".encode()


class City(pydantic.BaseModel):
    city: str


class FreeSelf(FakeSelf):
    """Answers what is not plain: JSON where a schema is asked for, else two calls, after some text where that is said."""

    async def ask_stream(self, question: Question) -> AsyncIterator[AnswerDelta | Answer]:
        if question.plain:
            async for part in super().ask_stream(question):
                yield part
            return
        self.asked.append(question)
        said = question.messages[-1].content
        text, calls, finish = '{"city":"Oslo"}', (), "stop"
        if question.tools:
            text, calls, finish = "Let me look." if "say so" in said else "", CALLS, "tool_calls"
        if "cut" in said:
            finish = "length"
        scores = _scores(question.logprobs) if question.logprobs is not None else ()
        if text:
            yield AnswerDelta(text=text[:5], scores=scores[:1])
            yield AnswerDelta(text=text[5:], scores=scores[1:])
        for i, call in enumerate(calls):
            yield AnswerDelta(call=CallDelta(index=i, id=call.id, name=call.name))
            yield AnswerDelta(call=CallDelta(index=i, arguments=call.arguments[:6]))
            yield AnswerDelta(call=CallDelta(index=i, arguments=call.arguments[6:]))
        yield AnswerDelta(finish=finish)
        yield Answer(
            model=question.model, text=text, citations=(), marks=(), source="model", route="conversation",
            usage=Usage(prompt_tokens=9, completion_tokens=5), finish_reason=finish,
            choices=(Choice(text=text, calls=calls, scores=scores, finish_reason=finish),),
        )  # fmt: skip


def _scores(alternatives: int) -> tuple[TokenScore, ...]:
    """Of a character that came in two tokens."""
    other = Scored(token=7, data=b"x", logprob=-2.0)
    return tuple(
        TokenScore(token=i, data=HALF[i : i + 1], logprob=-0.5, top=(other,) * alternatives) for i in range(len(HALF))
    )


@pytest.fixture
def free(paths: Paths, serve_mind: Any) -> Iterator[Any]:
    with serve_mind(lambda: FreeSelf(paths), paths, ServerConfig()) as served:
        yield served


@pytest.fixture
def client() -> Iterator[Client]:
    with ExitStack() as stack:

        def connect(served: Any) -> openai.OpenAI:
            official = openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0)
            return stack.enter_context(official)

        yield connect


def post(served: Any, **body: Any) -> httpx.Response:
    with served.http() as http:
        return http.post("/v1/responses", json=body)


def streamed(served: Any, **body: Any) -> list[dict[str, Any]]:
    """The events of a stream, each as the official client validates it."""
    answer = post(served, stream=True, **body)
    assert answer.status_code == 200, answer.text
    found = list(sse(iter(answer.text.splitlines())))
    for i, (name, event) in enumerate(found):
        assert (event["type"], event["sequence_number"]) == (name, i)
        assert EVENT.validate_json(json.dumps(event), strict=True).type == name
    return [event for _, event in found]


def settled(response: Any) -> Any:
    """A response without what differs from one to the next."""
    if isinstance(response, list):
        return [settled(one) for one in response]
    if isinstance(response, dict):
        passing = ("id", "created_at", "completed_at")
        return {name: settled(value) for name, value in response.items() if name not in passing}
    return response


# --- whole answers ----------------------------------------------------------------------------------------------------


def test_the_official_client_reads_a_whole_answer(served: Any, client: Client) -> None:
    raw = client(served).responses.with_raw_response.create(model="self", input="Where do you live?")
    response = Response.model_validate_json(raw.text, strict=True)
    assert (response.output_text, response.status, response.model) == ("I live in Oslo.", "completed", "self")
    assert response.id.startswith("resp_") and response.error is None and response.incomplete_details is None
    assert response.usage is not None and (response.usage.input_tokens, response.usage.total_tokens) == (7, 11)
    assert response.usage.input_tokens_details.cached_tokens == 2
    assert response.usage.output_tokens_details.reasoning_tokens == 0
    (message,) = response.output
    assert message.type == "message" and message.source == "quote"  # type: ignore[call-arg,union-attr,attr-defined]
    (part,) = message.content
    assert part.type == "output_text" and part.logprobs == []
    (cited,) = part.annotations
    assert cited.type == "url_citation" and cited.url == f"{served.url}/api/memories/n_1"
    assert part.text[cited.start_index : cited.end_index] == "I live in Oslo."
    assert (cited.note_id, cited.quote, cited.span) == ("n_1", "I live in Oslo.", [4, 19])  # type: ignore[attr-defined]


def test_what_is_asked_reaches_the_self_and_comes_back(free: Any) -> None:
    body = {
        "model": "self:0001",
        "instructions": "Be brief.",
        "input": [
            {"role": "developer", "content": "Metric units."},
            {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "And in"}]},
            {"type": "reasoning", "id": "rs_1", "summary": [], "content": [{"type": "reasoning_text", "text": "hm"}]},
            {
                "type": "message", "id": "msg_1", "role": "assistant", "status": "completed",
                "content": [{"type": "output_text", "text": "Where?", "annotations": []}],
            },
            {"type": "function_call", "call_id": "c1", "name": "weather", "arguments": "{}", "status": "completed"},
            {"type": "function_call", "call_id": "c2", "name": "weather", "arguments": "{}"},
            {"type": "function_call_output", "call_id": "c1", "output": "rain"},
            {"type": "function_call_output", "call_id": "c2", "output": [{"type": "input_text", "text": "sun"}]},
            {"role": "user", "content": [{"type": "input_text", "text": "So"}, {"type": "input_text", "text": "what?"}]},
        ],
        "max_output_tokens": 50, "temperature": 0.5, "top_p": 0.9, "tools": [WEATHER],
        "tool_choice": {"type": "function", "name": "weather"}, "parallel_tool_calls": False, "include": [LOGPROBS],
        "top_logprobs": 2, "metadata": {"oneself.memory": "off", "oneself.as_of": "2024-01-01", "mine": "x"},
        "text": {"format": {"type": "json_schema", "name": "City", "schema": {"type": "object"}, "strict": True}},
        "reasoning": {"effort": "low"}, "service_tier": "auto", "user": "u", "prompt_cache_key": "k", "store": True,
        "safety_identifier": "s", "truncation": "disabled", "background": False, "a_field_of_tomorrow": 1,
    }  # fmt: skip
    response = Response.model_validate_json(post(free, **body).text, strict=True)
    question = free.mind.asked[-1]
    assert question.messages == (
        Message(role="system", content="Be brief."),
        Message(role="system", content="Metric units."),
        Message(role="user", content="And in"),
        Message(
            role="assistant",
            content="Where?",
            calls=tuple(ToolCall(id=name, name="weather", arguments="{}") for name in ("c1", "c2")),
        ),
        Message(role="tool", content="rain", call_id="c1"),
        Message(role="tool", content="sun", call_id="c2"),
        Message(role="user", content="So\nwhat?"),
    )
    assert (question.model, question.memory, question.as_of) == ("self:0001", False, "2024-01-01")
    assert (question.max_tokens, question.temperature, question.top_p, question.logprobs) == (50, 0.5, 0.9, 2)
    (tool,) = question.tools
    assert (tool.name, tool.description, json.loads(tool.parameters)) == (
        "weather", "Of a city.", WEATHER["parameters"],
    )  # fmt: skip
    assert (question.tool_choice, question.tool_named, question.parallel_calls) == ("required", "weather", False)
    assert json.loads(question.json_schema) == {"type": "object"}
    told = response.model_dump(mode="json", exclude_none=True)
    for name in ("model", "instructions", "max_output_tokens", "temperature", "top_p", "parallel_tool_calls", "reasoning",
                 "tool_choice", "tools", "top_logprobs", "metadata", "user", "prompt_cache_key", "safety_identifier"):  # fmt: skip
        assert told[name] == body[name], name
    assert (told["store"], told["service_tier"], told["text"]["format"]["name"]) == (False, "default", "City")


def test_calls_are_items_and_may_be_sent_back(free: Any, client: Client) -> None:
    asked = [{"role": "user", "content": "say so"}]
    first = client(free).responses.create(input=asked, tools=[WEATHER])  # type: ignore[call-overload]
    message, *calls = first.output
    assert (message.type, message.content[0].text) == ("message", "Let me look.")
    assert [(call.type, call.call_id, call.name, call.arguments, call.status) for call in calls] == [
        ("function_call", call.id, call.name, call.arguments, "completed") for call in CALLS
    ]
    results = [{"type": "function_call_output", "call_id": call.call_id, "output": "rain"} for call in calls]
    client(free).responses.create(input=[*asked, *first.output, *results], tools=[WEATHER])  # type: ignore[call-overload]
    turns = free.mind.asked[-1].messages
    assert [turn.role for turn in turns] == ["user", "assistant", "tool", "tool"]
    assert (turns[1].content, turns[1].calls) == ("Let me look.", CALLS)


def test_the_official_client_parses_a_format(free: Any, client: Client) -> None:
    parsed = client(free).responses.parse(model="self", input="Where?", text_format=City)
    assert parsed.output_parsed == City(city="Oslo")
    assert json.loads(free.mind.asked[-1].json_schema)["required"] == ["city"]
    post(free, input="Where?", text={"format": {"type": "json_object"}})
    assert json.loads(free.mind.asked[-1].json_schema) == {"type": "object"}


def test_an_answer_that_was_cut_is_incomplete(free: Any) -> None:
    response = Response.model_validate_json(post(free, input="say so, cut", tools=[WEATHER]).text, strict=True)
    assert response.incomplete_details is not None and response.incomplete_details.reason == "max_output_tokens"
    assert (response.status, [item.status for item in response.output]) == (  # type: ignore[union-attr]
        "incomplete", ["completed", "completed", "incomplete"],
    )  # fmt: skip


def test_log_probabilities_have_exact_bytes(free: Any) -> None:
    (message,) = post(free, input="x", include=[LOGPROBS], top_logprobs=1).json()["output"]
    scores = message["content"][0]["logprobs"]
    assert bytes(byte for score in scores for byte in score["bytes"]) == HALF
    assert scores[0]["top_logprobs"] == [{"token": "x", "bytes": [120], "logprob": -2.0}]
    deltas = [event for event in streamed(free, input="x", include=[LOGPROBS]) if "delta" in event]
    assert [score["bytes"] for event in deltas for score in event["logprobs"]] == [[HALF[0]], [HALF[1]]]
    assert free.mind.asked[-1].logprobs == 0


# --- streams ----------------------------------------------------------------------------------------------------------

TEXT_EVENTS = """response.created response.in_progress response.output_item.added response.content_part.added
response.output_text.delta response.output_text.delta response.output_text.annotation.added response.output_text.done
response.content_part.done response.output_item.done response.completed""".split()


def test_a_stream_in_order_and_as_the_whole_answer(served: Any) -> None:
    events = streamed(served, input="Where do you live?")
    assert [event["type"] for event in events] == TEXT_EVENTS
    assert events[0]["response"]["status"] == "in_progress" and events[0]["response"]["output"] == []
    assert "".join(event["delta"] for event in events if "delta" in event) == events[7]["text"] == "I live in Oslo."
    assert len({event["item_id"] for event in events if "item_id" in event}) == 1
    whole = post(served, input="Where do you live?").json()
    assert settled(events[-1]["response"]) == settled(whole)
    assert events[-2]["item"] == events[-1]["response"]["output"][0]
    assert events[6]["annotation"] == whole["output"][0]["content"][0]["annotations"][0]


def test_the_bytes_of_a_stream(served: Any) -> None:
    answer = post(served, input="none", stream=True)
    assert answer.headers["content-type"] == "text/event-stream; charset=utf-8"
    *blocks, end = answer.text.split("\n\n")
    assert end == "" and all(block.startswith("event: response.") and "\ndata: {" in block for block in blocks)
    (item_id,) = {json.loads(block.split("data: ")[1]).get("item_id") for block in blocks} - {None}
    assert blocks[4] == (
        'event: response.output_text.delta\ndata: {"type":"response.output_text.delta","sequence_number":4,'
        f'"item_id":"{item_id}","output_index":0,"content_index":0,"delta":"I live ","logprobs":[]}}'
    )


def test_calls_in_a_stream(free: Any) -> None:
    events = streamed(free, input="say so", tools=[WEATHER])
    added = [event["item"] for event in events if event["type"] == "response.output_item.added"]
    assert [item["type"] for item in added] == ["message", "function_call", "function_call"]
    assert [(item["call_id"], item["name"], item["arguments"]) for item in added[1:]] == [
        ("call_1", "weather", ""), ("call_2", "weather", ""),
    ]  # fmt: skip
    for i, call in enumerate(CALLS, start=1):
        mine = [event for event in events if event.get("item_id") == added[i]["id"]]
        assert [event["type"].rsplit(".", 1)[1] for event in mine] == ["delta", "delta", "done"]
        assert "".join(event["delta"] for event in mine[:-1]) == mine[-1]["arguments"] == call.arguments
        assert {event["output_index"] for event in mine} == {i}
    done = [event["item"] for event in events if event["type"] == "response.output_item.done"]
    assert done == events[-1]["response"]["output"] and [item["id"] for item in done] == [item["id"] for item in added]
    assert settled(events[-1]["response"]) == settled(post(free, input="say so", tools=[WEATHER]).json())
    cut = streamed(free, input="cut", tools=[WEATHER])[-1]
    assert (cut["type"], cut["response"]["output"][-1]["status"]) == ("response.incomplete", "incomplete")


def test_the_official_client_follows_a_stream(free: Any, client: Client) -> None:
    with client(free).responses.stream(model="self", input="Where?", text_format=City) as stream:
        said = [event.delta for event in stream if event.type == "response.output_text.delta"]
        assert stream.get_final_response().output_parsed == City(city="Oslo")
    assert "".join(said) == '{"city":"Oslo"}'
    with client(free).responses.stream(model="self", input="x", tools=[WEATHER]) as stream:  # type: ignore[list-item]
        calls = stream.get_final_response().output
    assert [call.parsed_arguments for call in calls] == [{"city": "Oslo"}, {"city": "부산"}]  # type: ignore[union-attr]


def test_an_error_after_the_first_byte_ends_the_stream(served: Any) -> None:
    *_, error, failed = streamed(served, input="die")
    assert (error["type"], error["code"], error["param"]) == ("error", "engine_died", None) and error["message"]
    assert (failed["type"], failed["response"]["status"]) == ("response.failed", "failed")
    assert failed["response"]["error"] == {"code": "server_error", "message": error["message"]}
    assert failed["response"]["output"][0]["status"] == "incomplete"


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize(
    ("said", "status", "fault"),
    [
        ("overflow", 400, "context_length_exceeded"),
        ("busy", 429, "busy"),
        ("boom", 500, "internal_error"),
    ],
)
def test_an_error_before_the_first_byte_has_its_status(
    served: Any, said: str, status: int, fault: str, stream: bool
) -> None:
    named = "input" if fault == "context_length_exceeded" else None
    assert code(post(served, input=said, stream=stream)) == (status, fault, named)


@pytest.mark.parametrize("stream", [False, True])
@pytest.mark.parametrize("word", ["slow", "stall"])
def test_a_client_that_leaves_ends_the_work(served: Any, stream: bool, word: str) -> None:
    with pytest.raises(httpx.TimeoutException), served.http() as http:
        http.post("/v1/responses", json={"input": word, "stream": stream}, timeout=0.5)
    deadline = time.monotonic() + 1
    while served.mind.running and time.monotonic() < deadline:
        time.sleep(0.02)
    assert len(served.mind.asked) == 1 and served.mind.running == 0


# --- what is refused --------------------------------------------------------------------------------------------------

CALL = {"type": "function_call", "call_id": "c", "name": "f", "arguments": "{}"}
IMAGE = {"type": "input_image", "image_url": "data:image/png;base64,AA=="}


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({}, "input"),
        ({"input": None}, "input"),
        ({"input": 5}, "input"),
        ({"input": []}, "input"),
        ({"input": ["x"]}, "input[0]"),
        ({"input": [{}]}, "input[0].role"),
        ({"input": [{"role": 1}]}, "input[0].role"),
        ({"input": [{"role": "king", "content": "x"}]}, "input[0].role"),
        ({"input": [{"role": "user"}]}, "input[0].content"),
        ({"input": [{"role": "user", "content": [{"type": "input_text"}]}]}, "input[0].content[0].text"),
        ({"input": [{"type": "function_call", "name": "f", "arguments": "{}"}]}, "input[0].call_id"),
        ({"input": [{**CALL, "arguments": {}}]}, "input[0].arguments"),
        ({"input": [{"type": "function_call_output", "call_id": "c", "output": "x"}]}, "input[0].call_id"),
        ({"input": [CALL, {"type": "function_call_output", "call_id": "c"}]}, "input[1].output"),
        ({"messages": [{"role": "user", "content": "x"}]}, "input"),
        ({"max_tokens": 5}, "max_tokens"),
        ({"response_format": {"type": "json_object"}}, "response_format"),
        ({"instructions": 5}, "instructions"),
        ({"max_output_tokens": 0}, "max_output_tokens"),
        ({"temperature": 3}, "temperature"),
        ({"top_p": "x"}, "top_p"),
        ({"top_logprobs": 21, "include": [LOGPROBS]}, "top_logprobs"),
        ({"top_logprobs": 2}, "top_logprobs"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {}}, "stream_options"),
        ({"metadata": {"oneself.memory": "maybe"}}, "metadata.oneself.memory"),
        ({"metadata": {"oneself.as_of": "soon"}}, "metadata.oneself.as_of"),
        ({"tools": [{"type": "function", "function": {"name": "f"}}]}, "tools[0].name"),
        ({"tools": [{"type": "function", "name": "a b"}]}, "tools[0].name"),
        ({"tools": [WEATHER, WEATHER]}, "tools[1].name"),
        ({"tools": [{**WEATHER, "parameters": "x"}]}, "tools[0].parameters"),
        ({"tools": [{**WEATHER, "parameters": {"type": "array"}}]}, "tools[0].parameters"),
        ({"tool_choice": "required"}, "tool_choice"),
        ({"tool_choice": "perhaps"}, "tool_choice"),
        ({"tools": [WEATHER], "tool_choice": {"type": "function", "name": "other"}}, "tool_choice.name"),
        ({"text": {"format": {"type": "json_schema", "name": "x"}}}, "text.format.schema"),
        ({"text": {"format": {"type": "json_schema", "name": "x", "schema": "y"}}}, "text.format.schema"),
    ],
)
def test_wrong_values_are_named(served: Any, body: dict[str, Any], param: str) -> None:
    sent = body if "input" in body or param == "input" else {"input": "x", **body}
    assert code(post(served, **sent)) == (400, "invalid_request", param)


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"previous_response_id": "resp_1"}, "previous_response_id"),
        ({"conversation": "conv_1"}, "conversation"),
        ({"conversation": {"id": "conv_1"}}, "conversation"),
        ({"background": True}, "background"),
        ({"prompt": {"id": "pmpt_1"}}, "prompt"),
        ({"truncation": "auto"}, "truncation"),
        ({"include": ["file_search_call.results"]}, "include[0]"),
        ({"tools": [{"type": "web_search"}]}, "tools[0].type"),
        ({"tools": [WEATHER, {"type": "mcp", "server_label": "x"}]}, "tools[1].type"),
        ({"tool_choice": {"type": "file_search"}}, "tool_choice.type"),
        ({"text": {"format": {"type": "grammar"}}}, "text.format.type"),
        ({"seed": 1}, "seed"),
        ({"n": 2}, "n"),
        ({"input": [{"type": "item_reference", "id": "msg_1"}]}, "input[0].type"),
        ({"input": [{"id": "msg_1"}]}, "input[0].type"),
        ({"input": [{"type": "computer_call_output", "call_id": "c", "output": {"type": "x"}}]}, "input[0].type"),
        ({"input": [{"role": "user", "content": [IMAGE]}]}, "input[0].content[0].type"),
        (
            {"input": [{"role": "user", "content": [{"type": "input_file", "file_id": "f"}]}]},
            "input[0].content[0].type",
        ),
        (
            {"input": [CALL, {"type": "function_call_output", "call_id": "c", "output": [IMAGE]}]},
            "input[1].output[0].type",
        ),
    ],
)
def test_what_is_not_offered_is_refused_by_name(served: Any, body: dict[str, Any], param: str) -> None:
    assert code(post(served, **{"input": "x", **body})) == (400, "unsupported", param)
    assert served.mind.asked == []


def test_what_chat_leaves_unchanged_is_accepted(served: Any) -> None:
    body = {"n": 1, "seed": None, "logprobs": False, "tools": [], "include": [], "text": {"verbosity": "low"}}
    assert (
        post(served, input="x", stream=True, stream_options={"include_obfuscation": False}, **body).status_code == 200
    )
    assert served.mind.asked[-1].plain


def test_nothing_is_kept(served: Any, client: Client) -> None:
    done = client(served).responses.create(model="self", input="x", store=True)
    for call in (client(served).responses.retrieve, client(served).responses.delete):
        with pytest.raises(openai.NotFoundError, match=f"{done.id}.*not kept.*'input'"):
            call(done.id)


# --- the real mind ----------------------------------------------------------------------------------------------------


@pytest.fixture
def serve_real(paths: Paths, serve_mind: Any) -> Iterator[Callable[[ScriptedEngine], Any]]:
    version = SelfVersion(version="0000", state="live", base="b", template="t", created="2025-01-01", adapter=None)
    Shelf(paths).write(version)
    with ExitStack() as stack:

        def start(engine: ScriptedEngine) -> Any:
            return stack.enter_context(
                serve_mind(lambda: Mind.open(paths, Settings(), engine=engine), paths, ServerConfig())
            )

        yield start


def test_a_self_answers_from_its_notes_and_cites_them(serve_real: Any, client: Client) -> None:
    real = serve_real(ScriptedEngine())
    with real.http() as http:
        (note_id,) = http.post("/api/memories", json={"text": "My cat is called Kaya and she is four."}).json()["added"]
    with client(real).responses.stream(model="self", input="What is my cat called?") as stream:
        response = stream.get_final_response()
    (part,) = response.output[0].content  # type: ignore[union-attr]
    assert "Kaya" in response.output_text and {one.note_id for one in part.annotations} == {note_id}  # type: ignore[union-attr]
    forgetful = client(real).responses.create(
        model="base", input="What is my cat called?", metadata={"oneself.memory": "off"}
    )
    assert "annotations=[]" in repr(forgetful.output[0])


def test_the_base_obeys_instructions_and_limits(serve_real: Any, client: Client) -> None:
    engine = ScriptedEngine(["one two three four five six"])
    response = client(serve_real(engine)).responses.create(
        model="base", input="Count.", instructions="Be exact.", max_output_tokens=3, temperature=0.7, top_p=0.5
    )
    assert (response.output_text, response.status) == ("one two three", "incomplete")
    request = engine.requests[-1]
    assert (request.temperature, request.top_p, request.max_tokens) == (0.7, 0.5, 3)
    prompt = str(request.prompt)
    assert 0 <= prompt.index("Be exact.") < prompt.index("Count.")


def test_a_call_and_what_it_gave_back(serve_real: Any, client: Client) -> None:
    call = 'I look it up. <tool_call>\n{"name": "weather", "arguments": {"city": "Oslo"}}\n</tool_call>'
    engine = ScriptedEngine([call, call, "Rain."])
    real = serve_real(engine)
    said: list[Any] = [{"role": "user", "content": "How is the weather in Oslo?"}]
    whole = post(real, model="base", input=said, tools=[WEATHER]).json()
    *_, last = streamed(real, model="base", input=said, tools=[WEATHER])
    for response in (whole, last["response"]):
        message, called = response["output"]
        assert message["content"][0]["text"] == "I look it up."
        assert (called["name"], json.loads(called["arguments"])) == ("weather", {"city": "Oslo"})
    call_id = whole["output"][1]["call_id"]
    said += [*whole["output"], {"type": "function_call_output", "call_id": call_id, "output": "rain"}]
    answer = client(real).responses.create(model="base", input=said, tools=[WEATHER])  # type: ignore[list-item]
    assert answer.output_text == "Rain."
    assert "rain" in str(engine.requests[-1].prompt) and "Oslo" in str(engine.requests[-1].prompt)
