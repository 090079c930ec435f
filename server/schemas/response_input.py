"""The ``input`` of ``/v1/responses``: a string, or items, as a conversation.

A response's output items may be sent back as they came, which is how a conversation goes on where nothing is kept.
Reasoning of other models is passed over: none of ours thinks aloud.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import replace

from kernel.types import Message, Role, ToolCall
from server.faults import BadParameter, Unsupported

_ROLES: dict[str, Role] = {"system": "system", "developer": "system", "user": "user", "assistant": "assistant"}
_TEXTS = ("input_text", "output_text", "text")


class InputPart(msgspec.Struct):
    type: str
    text: str | None = None
    refusal: str | None = None


class InputItem(msgspec.Struct):
    """Any kind of item; ``type`` may be absent for a message."""

    type: str | None = None
    id: str | None = None
    role: str | None = None
    content: str | list[InputPart] | None = None
    call_id: str | None = None
    name: str | None = None
    arguments: str | dict[str, Any] | None = None
    output: str | list[InputPart] | dict[str, Any] | None = None


def conversation(said: str | Sequence[InputItem], instructions: str | None) -> tuple[Message, ...]:
    """``instructions`` first, as the system's. Calls made in one go belong to one turn of the assistant's.

    Raises ``BadParameter`` and ``Unsupported``.
    """
    messages = [Message(role="system", content=instructions)] if instructions else []
    if isinstance(said, str):
        return (*messages, Message(role="user", content=said))
    if not said:
        raise BadParameter("'input' is empty; send a string or at least one item.", "input")
    for i, item in enumerate(said):
        _add(messages, item, f"input[{i}]")
    return tuple(messages)


def _add(messages: list[Message], item: InputItem, where: str) -> None:
    kind = _kind(item)
    if kind == "message":
        messages.append(_message(item, where))
    elif kind == "function_call":
        _add_call(messages, _call(item, where))
    elif kind == "function_call_output":
        messages.append(_result(messages, item, where))
    elif kind == "item_reference":
        message = f"'{where}': items are not kept by this server, so none can be referred to; send the item itself."
        raise Unsupported(message, f"{where}.type")
    elif kind != "reasoning":
        message = f"'{where}': items of type '{kind[:40]}' are not supported by this server; leave it out."
        raise Unsupported(message, f"{where}.type")


def _kind(item: InputItem) -> str:
    # OpenAI lets the type be absent of messages and of references
    return item.type or ("item_reference" if item.id and item.role is None else "message")


def _message(item: InputItem, where: str) -> Message:
    role = _ROLES.get(item.role or "")
    if role is None:
        raise BadParameter(f"'{where}.role' must be one of {', '.join(_ROLES)}.", f"{where}.role")
    if item.content is None:
        raise BadParameter(f"'{where}.content' is required: a string or a list of parts.", f"{where}.content")
    return Message(role=role, content=_text(item.content, f"{where}.content"))


def _call(item: InputItem, where: str) -> ToolCall:
    arguments = item.arguments if isinstance(item.arguments, str) else None
    for name, value in (("call_id", item.call_id), ("name", item.name), ("arguments", arguments)):
        if not value:
            raise BadParameter(f"'{where}.{name}' is required of a function call: a string.", f"{where}.{name}")
    return ToolCall(id=item.call_id or "", name=item.name or "", arguments=arguments or "")


def _add_call(messages: list[Message], call: ToolCall) -> None:
    if messages and messages[-1].role == "assistant":
        messages[-1] = replace(messages[-1], calls=(*messages[-1].calls, call))
    else:
        messages.append(Message(role="assistant", content="", calls=(call,)))


def _result(before: Sequence[Message], item: InputItem, where: str) -> Message:
    if not any(call.id == item.call_id for message in before for call in message.calls):
        message = f"'{where}.call_id' names no function call of the items before it; send that item too."
        raise BadParameter(message, f"{where}.call_id")
    if item.output is None or isinstance(item.output, dict):
        message = f"'{where}.output' is required: a string or a list of text parts."
        raise BadParameter(message, f"{where}.output")
    return Message(role="tool", content=_text(item.output, f"{where}.output"), call_id=item.call_id or "")


def _text(content: str | Sequence[InputPart], where: str) -> str:
    if isinstance(content, str):
        return content
    return "\n".join(_part(part, f"{where}[{i}]") for i, part in enumerate(content))


def _part(part: InputPart, where: str) -> str:
    if part.type not in (*_TEXTS, "refusal"):
        raise Unsupported(f"'{where}': only text parts are supported, not '{part.type[:40]}'.", f"{where}.type")
    name = "refusal" if part.type == "refusal" else "text"
    text = part.refusal if name == "refusal" else part.text
    if text is None:
        raise BadParameter(f"'{where}.{name}' is required.", f"{where}.{name}")
    return text
