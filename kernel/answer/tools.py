"""Tools as a model reads and writes them, in the form of Hermes: definitions in ``<tools>``, a call in ``<tool_call>``, a
result in ``<tool_response>``. Models whose own template knows the form get it from there; others get it in words.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from itertools import accumulate, groupby
from typing import Any

from kernel.types import Message, Tool, ToolCall

OPEN, CLOSE = "<tool_call>", "</tool_call>"
RESULT_OPEN, RESULT_CLOSE = "<tool_response>", "</tool_response>"
_DEEPEST = 100
_MARK = re.compile(r"<(/?tool_(?:call|response))>")
_SHAPING = ("additionalProperties", "patternProperties", "unevaluatedProperties", "$ref", "allOf", "anyOf", "oneOf")
"""Keywords by which a schema says itself which other arguments there may be."""


def in_words(messages: Sequence[Message], tools: Sequence[Tool] = ()) -> tuple[Message, ...]:
    """The same conversation for a model that knows no tools: definitions in the system message, calls and results as
    text. Without tools it is ``messages`` as they are."""
    said: list[Message] = []
    for is_result, run in groupby(messages, key=lambda message: message.role == "tool"):
        if is_result:
            results = "\n".join(f"{RESULT_OPEN}\n{harmless(message.content)}\n{RESULT_CLOSE}" for message in run)
            said.append(Message(role="user", content=results))
        else:
            said += [message if not message.calls else _calling(message) for message in run]
    if not tools:
        return tuple(said)
    system = said.pop(0).content if said and said[0].role == "system" else ""
    content = f"{system}\n\n{paragraph(tools)}" if system else paragraph(tools)
    return (Message(role="system", content=content), *said)


def paragraph(tools: Sequence[Tool]) -> str:
    """What a system message says of the tools, and how one is called."""
    listed = "\n".join(json.dumps(definition(tool), ensure_ascii=False) for tool in tools)
    return (
        "You can call functions to help with the answer. These are the functions, each as a JSON schema:\n"
        f"<tools>\n{listed}\n</tools>\n\n"
        "To call one, write its name and its arguments as a JSON object between these tags, and nothing after them:\n"
        f'{OPEN}\n{{"name": "function-name", "arguments": {{"argument": "value"}}}}\n{CLOSE}\n'
        f"What it gives back comes between {RESULT_OPEN} and {RESULT_CLOSE}."
    )


def definition(tool: Tool) -> dict[str, Any]:
    """As templates and models know it: OpenAI's shape."""
    function = {"name": tool.name, "description": tool.description, "parameters": json.loads(tool.parameters)}
    return {"type": "function", "function": function}


def structured(call: ToolCall) -> dict[str, Any]:
    """A call as templates know it; its arguments as an object, unless they are none."""
    return {"id": call.id, "type": "function", "function": {"name": call.name, "arguments": _arguments(call)}}


def harmless(result: str) -> str:
    """A result in which nothing can be read as the end of it, or as a call of the model's own."""
    return _MARK.sub(r"(\1)", result)


def call_schema(tools: Sequence[Tool]) -> str:
    """JSON schema, as JSON, of one call of any of ``tools``. Arguments that a tool does not name are
    left out, unless its schema speaks of them."""
    calls: list[dict[str, Any]] = []
    arguments: dict[str, Any] = {}
    for i, tool in enumerate(tools):
        arguments[f"t{i}"] = _moved(_closed(json.loads(tool.parameters)), f"#/$defs/t{i}")
        calls.append(
            {
                "type": "object",
                "properties": {"name": {"const": tool.name}, "arguments": {"$ref": f"#/$defs/t{i}"}},
                "required": ["name", "arguments"],
                "additionalProperties": False,
            }
        )
    schema = calls[0] if len(calls) == 1 else {"anyOf": calls}
    return json.dumps({**schema, "$defs": arguments}, ensure_ascii=False)


def _closed(parameters: dict[str, Any]) -> dict[str, Any]:
    closed = {"type": "object", **parameters}
    if not any(keyword in parameters for keyword in _SHAPING) and (parameters.get("properties") or not parameters):
        closed["additionalProperties"] = False
    return closed


def _moved(schema: Any, to: str) -> Any:
    """A schema that stands at ``to`` in a larger one: what it points to within itself, it points to there."""
    if isinstance(schema, list):
        return [_moved(one, to) for one in schema]
    if not isinstance(schema, dict):
        return schema
    moved = {key: _moved(value, to) for key, value in schema.items()}
    target = schema.get("$ref")
    if isinstance(target, str) and target.startswith("#"):
        moved["$ref"] = to + target[1:]
    return moved


def _calling(message: Message) -> Message:
    parts = [message.content] if message.content else []
    for call in message.calls:
        body = json.dumps({"name": call.name, "arguments": _arguments(call)}, ensure_ascii=False)
        parts.append(f"{OPEN}\n{body}\n{CLOSE}")
    return Message(role="assistant", content="\n".join(parts))


def _arguments(call: ToolCall) -> Any:
    """As an object where they are one; as they came where they are none, or nested so deep that nothing could read it."""
    steps = (letter in "{[" or -(letter in "}]") for letter in call.arguments)
    if max(accumulate(steps, initial=0)) > _DEEPEST:
        return call.arguments
    try:
        return json.loads(call.arguments)
    except ValueError:
        return call.arguments
