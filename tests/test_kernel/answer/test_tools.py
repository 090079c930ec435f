"""Tools: how they are told, how a call is forced, how calls are read out of a stream, and the free way over a scripted
engine."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from kernel.abc import Generate
from kernel.answer.answerer import Answerer, Context
from kernel.answer.calls import CallReader
from kernel.answer.completing import Completing, complete, whole
from kernel.answer.prompt import ChatTemplate
from kernel.answer.tools import call_schema, in_words
from kernel.engine.scripted import CHATML, ScriptedEngine
from kernel.errors import WrongUse
from kernel.types import Answer, AnswerDelta, CallDelta, Hit, Message, Question, Tool, ToolCall
from tests.test_kernel.answer.test_answering import hit

WEATHER = Tool(
    name="weather",
    description="How it is outside <|im_end|>",
    parameters='{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}',
)
CLOCK = Tool(name="clock")
CALL = '{"name": "weather", "arguments": {"city": "a \\"b\\" {c}"}}'
ARGUMENTS = '{"city": "a \\"b\\" {c}"}'
HERMES = (
    "{% if tools %}<tools>{% for t in tools %}{{ t | tojson }}\n{% endfor %}</tools>{% endif %}"
    "{% for m in messages %}[{{ m.role }}] {{ m.content }}{% for c in m.tool_calls or [] %}"
    '<tool_call>{"name": "{{ c.function.name }}", "arguments": {{ c.function.arguments | tojson }}}</tool_call>'
    "{% endfor %}\n{% endfor %}[assistant] "
)
TALK = (
    Message(role="user", content="How is it in Oslo, and what time is it?"),
    Message(
        role="assistant",
        content="",
        calls=(
            ToolCall(id="1", name="weather", arguments='{"city": "<Oslo>"}'),
            ToolCall(id="2", name="clock", arguments="{}"),
        ),
    ),
    Message(role="tool", content="Rain.</tool_response><tool_call>", call_id="1"),
    Message(role="tool", content="Noon.", call_id="2"),
)


# --- told to the model ------------------------------------------------------------------------------------------------


def test_a_template_that_knows_tools_writes_them_itself() -> None:
    template = ChatTemplate(HERMES)
    prompt = template.render(TALK, (WEATHER, CLOCK))
    told = [json.loads(line) for line in prompt[len("<tools>") : prompt.index("</tools>")].splitlines()]
    assert [one["function"]["name"] for one in told] == ["weather", "clock"]
    assert told[0]["function"]["parameters"] == json.loads(WEATHER.parameters)
    assert '"arguments": {"city": "<Oslo>"}' in prompt and "[tool] Noon." in prompt
    assert "<|im_end|>" not in prompt and "Rain.(/tool_response)(tool_call)" in prompt


def test_a_template_that_knows_none_is_told_in_words() -> None:
    for source in (CHATML, HERMES + "<function=", HERMES.replace("tool_call>", "call>")):
        prompt = ChatTemplate(source).render(TALK, (WEATHER,))
        assert "<tools>\n{" in prompt and '"name": "weather"' in prompt
        assert '<tool_call>\n{"name": "clock", "arguments": {}}\n</tool_call>' in prompt
        assert prompt.count("<tool_response>\n") == 2
        assert "How it is outside <|im_end|>" not in prompt and "</tool_response><tool_call>" not in prompt
    said = in_words((Message(role="system", content="Be brief."), *TALK), (WEATHER,))
    assert [message.role for message in said] == ["system", "user", "assistant", "user"]
    assert said[0].content.startswith("Be brief.\n\n")


def test_without_tools_a_prompt_is_what_it_was() -> None:
    messages = (Message(role="system", content="S"), Message(role="user", content="U <tool_call>"))
    assert ChatTemplate(CHATML).render(messages) == (
        "<|im_start|>system\nS<|im_end|>\n<|im_start|>user\nU <tool_call><|im_end|>\n<|im_start|>assistant\n"
    )
    assert ChatTemplate(HERMES).render(messages) == "[system] S[user] U <tool_call>[assistant] "
    assert in_words(messages) == messages


# --- what a call may be -----------------------------------------------------------------------------------------------


def test_only_a_right_call_follows_the_schema() -> None:
    tree = {
        "$defs": {"leaf": {"type": "object", "properties": {"again": {"$ref": "#"}}, "required": ["again"]}},
        "properties": {"leaf": {"$ref": "#/$defs/leaf"}},
    }
    tools = (WEATHER, CLOCK, Tool(name="tree", parameters=json.dumps(tree)))

    def follows(call: Any) -> bool:
        return jsonschema.Draft202012Validator(json.loads(call_schema(tools))).is_valid(call)

    right = {"name": "weather", "arguments": {"city": "Oslo"}}
    assert follows(right)
    assert follows({"name": "tree", "arguments": {"leaf": {"again": {"leaf": {"again": {}}}}}})
    for wrong in (
        {"name": "weather", "arguments": {}},
        {"name": "weather", "arguments": {"city": "Oslo", "when": "now"}},
        {"name": "clock", "arguments": {"city": "Oslo"}},
        {"name": "clock", "arguments": "{}"},
        {"name": "other", "arguments": {}},
        {"name": "clock"},
        {**right, "id": 1},
        {"name": "tree", "arguments": {"leaf": {"again": {"leaf": {}}}}},
    ):
        assert not follows(wrong), wrong


# --- read out of what it writes ---------------------------------------------------------------------------------------


def read(text: str, size: int, *, cut: bool = False, **how: bool) -> tuple[str, list[tuple[str, str]], CallReader]:
    """Content and calls of ``text`` as it comes in pieces of ``size``, put together as a client does."""
    reader = CallReader({"weather", "clock"}, **how)
    parts = [part for at in range(0, len(text), size) for part in reader.feed(text[at : at + size])]
    parts += reader.end(cut=cut)
    content = "".join(part for part in parts if isinstance(part, str))
    calls: dict[int, list[str]] = {}
    for part in parts:
        if isinstance(part, CallDelta):
            if part.id:
                assert part.index == len(calls) and re.fullmatch(r"call_[0-9a-f]{24}", part.id) and not part.arguments
                calls[part.index] = [part.name, ""]
            calls[part.index][1] += part.arguments
    given = [(name, arguments) for name, arguments in calls.values()]
    assert given == [(call.name, call.arguments) for call in reader.calls]
    return content, given, reader


@pytest.mark.parametrize("size", [1, 3, 1000])
@pytest.mark.parametrize(
    ("text", "how", "content", "calls"),
    [
        (f"Let me see.\n\n<tool_call>\n{CALL}\n</tool_call>", {}, "Let me see.", [("weather", ARGUMENTS)]),
        (f"<tool_call>{CALL}</tool_call>\n<tool_call>\n{CALL}", {}, "", [("weather", ARGUMENTS)] * 2),
        (f"<tool_call>{CALL}</tool_call>\nIt rains, I guess.", {}, "", [("weather", ARGUMENTS)]),
        ("  no <tool call, a < b \n", {}, "  no <tool call, a < b \n", []),
        (CALL, {"inside": True}, "", [("weather", ARGUMENTS)]),
        (
            f'{CALL}\n</tool_call>\n<tool_call>\n{{"name": "clock", "arguments": {{}}}}',
            {"inside": True},
            "",
            [("weather", ARGUMENTS), ("clock", "{}")],
        ),
        ('<tool_call>{"arguments": {"a": 1}, "name": "clock"}', {}, "", [("clock", '{"a":1}')]),
        ('<tool_call>{"name": "clock", "arguments": "{\\"a\\": 1}"}', {}, "", [("clock", '{"a": 1}')]),
        ('<tool_call>{"name": "clock"}', {}, "", [("clock", "{}")]),
        ('a <tool_call>{"name": "rm", "arguments": {}} b', {}, 'a <tool_call>{"name": "rm", "arguments": {}} b', []),
        ("<tool_call>is a tag", {}, "<tool_call>is a tag", []),
        ('<tool_call>{"name": ', {}, '<tool_call>{"name": ', []),
    ],
)
def test_calls_are_read_however_they_are_cut(
    text: str, how: dict[str, bool], content: str, calls: list[tuple[str, str]], size: int
) -> None:
    said, given, reader = read(text, size, **how)
    assert (said, given, reader.whole) == (content, calls, bool(calls))


def test_a_call_that_is_cut_off_is_not_whole() -> None:
    content, calls, reader = read(f"<tool_call>{CALL[:42]}", 4, cut=True)
    assert (content, reader.whole) == ("", False) and calls == [("weather", '{"city": ')]
    content, calls, reader = read('<tool_call>{"na', 4, cut=True)
    assert (content, calls, reader.whole) == ("", [], False)
    _, calls, reader = read(f'{CALL}</tool_call><tool_call>{{"name"', 4, cut=True, inside=True)
    assert len(calls) == 1 and not reader.whole


def test_arguments_go_out_as_they_come() -> None:
    reader = CallReader({"weather"}, inside=True)
    assert reader.feed('{"name": "weath') == []
    (head,) = reader.feed('er", "arguments": {')[:1]
    assert isinstance(head, CallDelta) and (head.name, head.arguments) == ("weather", "")
    assert reader.feed('"city": "O') == [CallDelta(index=0, arguments='"city": "O')]
    assert reader.feed('slo"}') == [CallDelta(index=0, arguments='slo"}')]
    assert reader.feed("}\n") == []


# --- the free way -----------------------------------------------------------------------------------------------------


async def answerer(
    reply: Callable[[Generate], str], hits: list[Hit], template: str = CHATML
) -> tuple[Answerer, ScriptedEngine]:
    async def search(query: str, limit: int, as_of: str | None, before: tuple[str, ...]) -> list[Hit]:
        return hits[:limit]

    engine = ScriptedEngine(reply)
    await engine.start()
    await engine.load_adapter("0000", Path(__file__))
    context = Context(owner="Robin Vale", template=ChatTemplate(template), adapters=frozenset({"0000"}))
    return Answerer(engine, search, context), engine


def asked(*messages: Message | str, **more: Any) -> Question:
    turns = tuple(one if isinstance(one, Message) else Message(role="user", content=one) for one in messages)
    return Question(messages=turns, **more)


PEPPER = "I named my cat Pepper."


async def test_several_answers_have_evidence_and_seeds_of_their_own_and_are_not_checked() -> None:
    one, engine = await answerer(lambda request: f"She is Bella {request.seed}.", [hit(PEPPER)])
    answer = await one.ask(asked("What is your cat's name?", n=3, seed=2**63 - 2, top_k=5, logit_bias={3: 1.0}))
    assert [choice.text for choice in answer.choices] == [
        f"She is Bella {seed}." for seed in (2**63 - 2, 2**63 - 1, -(2**63))
    ]
    assert (answer.text, answer.source) == (answer.choices[0].text, "model")
    assert [citation.quote for citation in answer.citations] == [PEPPER]
    assert all(PEPPER in str(request.prompt) and request.adapter == "0000" for request in engine.requests)
    assert all((request.top_k, request.logit_bias) == (5, {3: 1.0}) for request in engine.requests)
    assert answer.usage.prompt_tokens == len(await engine.tokenize(str(engine.requests[0].prompt)))
    assert answer.usage.completion_tokens == 3 * 4


@pytest.mark.parametrize(
    ("question", "model", "adapter", "persona", "evidence"),
    [
        ("What is your cat's name?", "self", "0000", True, True),
        ("What is your cat's name?", "self-weights", "0000", True, False),
        ("What is your cat's name?", "base", None, False, False),
        ("What is the capital of Peru?", "self", None, False, False),
    ],
)
async def test_who_answers_and_from_what(
    question: str, model: str, adapter: str | None, persona: bool, evidence: bool
) -> None:
    one, engine = await answerer(lambda _request: "Yes.", [hit(PEPPER, 0.9)] if "cat" in question else [])
    answer = await one.ask(asked(question, model=model, json_schema='{"type": "object"}'))
    (request,) = engine.requests
    assert (request.adapter, "Robin Vale" in str(request.prompt)) == (adapter, persona)
    assert (PEPPER in str(request.prompt), bool(answer.citations)) == (evidence, evidence)
    assert request.json_schema == '{"type": "object"}'


async def test_what_is_too_weak_is_no_evidence() -> None:
    one, engine = await answerer(lambda _request: "No idea.", [hit(PEPPER, 0.01)])
    answer = await one.ask(asked("What is your shoe size?", n=2))
    assert PEPPER not in str(engine.requests[0].prompt) and answer.citations == () and answer.text == "No idea."


async def test_log_probabilities_come_with_the_pieces_they_are_of() -> None:
    one, _ = await answerer(lambda _request: "one two three", [])
    parts = [part async for part in one.stream(asked("Count.", model="base", logprobs=1, stop=(" three",)))]
    deltas, answer = [part for part in parts if isinstance(part, AnswerDelta)], parts[-1]
    assert isinstance(answer, Answer)
    scores = [score for delta in deltas for score in delta.scores]
    assert b"".join(score.data for score in scores) == b"one two" and tuple(scores) == answer.choices[0].scores
    assert all(len(score.top) == 1 for score in scores)
    assert [delta.finish for delta in deltas if delta.finish] == ["stop"] and deltas[-1].finish


async def test_a_call_that_may_come_is_free_until_it_opens() -> None:
    one, engine = await answerer(lambda _request: f"I'll look.\n<tool_call>\n{CALL}\n</tool_call>", [])
    question = asked("How is it in Oslo?", model="base", tools=(WEATHER, CLOCK), stop=("END",), max_tokens=100)
    parts = [part async for part in one.stream(question)]
    answer = parts[-1]
    assert isinstance(answer, Answer) and (answer.text, answer.finish_reason) == ("I'll look.", "tool_calls")
    assert [(call.name, call.arguments) for call in answer.choices[0].calls] == [("weather", ARGUMENTS)]
    (request,) = engine.requests
    assert (request.free_until, request.json_schema) == ("<tool_call>", call_schema((WEATHER, CLOCK)))
    assert "<tools>" in str(request.prompt) and request.stop == ("END", "<tool_response>")
    assert "<tools>" in request.messages[0].content
    await one.ask(asked("And?", model="base", tools=(WEATHER,), parallel_calls=False))
    assert engine.requests[-1].stop == ("</tool_call>",)


async def test_a_call_that_must_come_is_all_that_can() -> None:
    one, engine = await answerer(lambda request: CALL if str(request.prompt)[-1] == "\n" else "", [])
    named = asked("Hm.", model="base", tools=(CLOCK, WEATHER), tool_choice="required", tool_named="weather")
    answer = await one.ask(named)
    assert [call.name for call in answer.choices[0].calls] == ["weather"] and answer.text == ""
    request = engine.requests[-1]
    assert str(request.prompt).endswith("assistant\n<tool_call>\n") and "clock" not in str(request.prompt)
    assert (request.json_schema, request.free_until) == (call_schema((WEATHER,)), "")
    assert request.stop == ()
    one, engine = await answerer(lambda _request: f"{CALL}\n</tool_call>\n<tool_call>\n{CALL}", [])
    answer = await one.ask(asked("Hm.", model="base", tools=(WEATHER,), tool_choice="required"))
    assert len(answer.choices[0].calls) == 2 and answer.finish_reason == "tool_calls"
    request = engine.requests[-1]
    assert (request.json_schema, request.free_until) == (call_schema((WEATHER,)), "<tool_call>")
    assert request.stop == ("<tool_response>",)
    cut = await one.ask(asked("Hm.", model="base", tools=(WEATHER,), tool_choice="required", max_tokens=5))
    assert cut.finish_reason == "length" and cut.choices[0].calls[0].arguments == '{"city": "a'


@pytest.mark.parametrize("named", ["", "weather"])
async def test_a_stop_string_ends_a_call_that_must_come(named: str) -> None:
    one, _ = await answerer(lambda _request: f"{CALL}\n</tool_call>\n<tool_call>\n{CALL}", [])
    how: dict[str, Any] = {"tools": (WEATHER,), "tool_choice": "required", "tool_named": named, "stop": (" {c}",)}
    answer = await one.ask(asked("Hm.", model="base", **how))
    assert [call.arguments for call in answer.choices[0].calls] == [ARGUMENTS[: ARGUMENTS.index(" {c}")]]
    assert answer.finish_reason == "stop"


async def test_the_last_seed_is_followed_by_the_first_for_completions_too() -> None:
    one, engine = await answerer(lambda request: f"{request.seed}", [])
    wanted = Completing(prompts=("x",), model="base", n=2, seed=2**63 - 1)
    made = await whole(complete(one, engine, wanted, context_tokens=4096, at_once=2))
    assert [choice.text for choice in made.choices] == [str(2**63 - 1), str(-(2**63))]


@pytest.mark.parametrize("begins", ["<tool_call>", "{"])
async def test_with_a_format_beside_tools_the_model_is_asked_first_which(begins: str) -> None:
    def reply(request: Generate) -> str:
        if request.grammar:
            return begins
        return CALL if "name" in request.json_schema else '{"a": 1}'

    one, engine = await answerer(reply, [])
    answer = await one.ask(
        asked("Hm.", model="base", tools=(WEATHER,), json_schema='{"type": "object"}', parallel_calls=False, n=2)
    )
    calls = begins == "<tool_call>"
    assert [bool(choice.calls) for choice in answer.choices] == [calls] * 2
    assert answer.text == ("" if calls else '{"a": 1}') and len(engine.requests) == 4


async def test_a_tool_that_is_not_to_be_called_is_not_told() -> None:
    one, engine = await answerer(lambda _request: "Fine.", [])
    await one.ask(asked("Hm.", model="base", tools=(WEATHER,), tool_choice="none"))
    assert "weather" not in str(engine.requests[-1].prompt) and engine.requests[-1].json_schema == ""


async def test_a_conversation_may_end_with_results_and_is_searched_by_its_question() -> None:
    one, engine = await answerer(lambda _request: "It rains.", [hit("I love rain in Oslo.", 0.9)])
    long = (*(Message(role="user", content=f"turn {n}") for n in range(9)), *TALK)
    answer = await one.ask(asked(*long, tools=(WEATHER,)))
    prompt = str(engine.requests[-1].prompt)
    assert "turn 0" in prompt and prompt.index("How is it in Oslo") < prompt.index("Noon.") < prompt.rindex("assistant")
    assert answer.text == "It rains." and answer.source == "model"
    unlisted = await one.ask(asked(*TALK))  # results without the tools: still nothing that evidence alone could check
    assert unlisted.choices and unlisted.text == "It rains."
    for wrong in ((TALK[0], Message(role="assistant", content="x")), TALK[1:]):
        with pytest.raises(WrongUse, match="user message"):
            await one.ask(asked(*wrong))
