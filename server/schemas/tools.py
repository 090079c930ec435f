"""Tools on the wire, as OpenAI's chat completions have them: definitions, the choice among them, and calls."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any, Literal

import msgspec

from kernel.types import CallDelta, Tool, ToolCall, ToolChoice
from server.faults import BadParameter, Unsupported

MAX_TOOLS = 128
MAX_DEPTH = 48
"""Of a schema of arguments."""
_NAME = re.compile(r"[a-zA-Z0-9_-]{1,64}", re.ASCII)
_MODES: dict[str, ToolChoice] = {"none": "none", "auto": "auto", "required": "required"}


class FunctionIn(msgspec.Struct):
    name: str
    description: str | None = None
    parameters: dict[str, Any] | None = None
    strict: bool | None = None
    """Arguments always follow ``parameters``, strict or not."""


class ToolIn(msgspec.Struct):
    type: str = "function"
    function: FunctionIn | None = None


class CalledFunctionIn(msgspec.Struct):
    name: str
    arguments: str


class ToolCallIn(msgspec.Struct):
    id: str
    type: str = "function"
    function: CalledFunctionIn | None = None


class Choosing(msgspec.Struct, frozen=True, kw_only=True):
    """What a client wants of its tools, in the domain's words."""

    tools: tuple[Tool, ...] = ()
    tool_choice: ToolChoice = "auto"
    tool_named: str = ""


class NamedFunction(msgspec.Struct):
    name: str


class NamedTool(msgspec.Struct):
    """One tool of the list, told by its name."""

    type: str = "function"
    function: NamedFunction | None = None


class AllowedTools(msgspec.Struct):
    mode: str
    tools: list[NamedTool]


class ToolChoiceIn(msgspec.Struct):
    """``{"type": "function", "function": {"name": …}}``, or ``allowed_tools``: a mode and some of the tools."""

    type: str
    function: NamedFunction | None = None
    allowed_tools: AllowedTools | None = None


def choosing(tools: Sequence[ToolIn] | None, choice: str | ToolChoiceIn | None) -> Choosing:
    """Raises ``BadParameter`` and ``Unsupported``."""
    offered = tools_of(tools or ())
    if choice is None or isinstance(choice, str):
        mode = _mode(choice or "auto", "tool_choice")
        if mode == "required" and not offered:
            raise BadParameter(
                "'tool_choice' is 'required' and there are no 'tools'; send at least one.", "tool_choice"
            )
        return Choosing(tools=offered, tool_choice=mode)
    if choice.type == "allowed_tools" and choice.allowed_tools is not None:
        where = "tool_choice.allowed_tools"
        allowed = {
            _named(one.function, offered, f"{where}.tools[{i}]") for i, one in enumerate(choice.allowed_tools.tools)
        }
        if not allowed:
            raise BadParameter(f"'{where}.tools' is empty; name at least one.", f"{where}.tools")
        mode = _mode(choice.allowed_tools.mode, f"{where}.mode")
        return Choosing(tools=tuple(tool for tool in offered if tool.name in allowed), tool_choice=mode)
    if choice.type != "function":
        raise Unsupported(
            f"'tool_choice.type' is 'function' or 'allowed_tools', not '{choice.type[:40]}'.", "tool_choice.type"
        )
    return Choosing(tools=offered, tool_choice="required", tool_named=_named(choice.function, offered, "tool_choice"))


def tools_of(tools: Sequence[ToolIn]) -> tuple[Tool, ...]:
    """Raises ``BadParameter`` and ``Unsupported``."""
    if len(tools) > MAX_TOOLS:
        raise BadParameter(f"'tools' may hold {MAX_TOOLS} at most.", "tools")
    found: dict[str, Tool] = {}
    for i, tool in enumerate(tools):
        where = f"tools[{i}]"
        if tool.type != "function":
            raise Unsupported(f"'{where}.type' is 'function', not '{tool.type[:40]}'.", f"{where}.type")
        if tool.function is None:
            raise BadParameter(f"'{where}.function' is required.", f"{where}.function")
        made = tool_of(tool.function.name, tool.function.description, tool.function.parameters, f"{where}.function")
        if made.name in found:
            raise BadParameter(f"'{where}.function.name': '{made.name}' is there already.", f"{where}.function.name")
        found[made.name] = made
    return tuple(found.values())


def tool_of(name: str, description: str | None, parameters: dict[str, Any] | None, where: str) -> Tool:
    """Raises ``BadParameter`` naming what of ``where`` is at fault."""
    if not _NAME.fullmatch(name):
        raise BadParameter(
            f"'{where}.name' must be 1 to 64 letters, digits, '_' and '-', not '{name[:80]}'.", f"{where}.name"
        )
    schema = parameters or {}
    if schema.get("type", "object") != "object":
        raise BadParameter(
            f'\'{where}.parameters\' must be the JSON schema of an object: "type": "object".', f"{where}.parameters"
        )
    if _deeper(schema, MAX_DEPTH):
        raise BadParameter(f"'{where}.parameters' is nested more than {MAX_DEPTH} deep.", f"{where}.parameters")
    return Tool(name=name, description=description or "", parameters=msgspec.json.encode(schema).decode())


def call_of(call: ToolCallIn, where: str) -> ToolCall:
    """What an assistant asked for before. Raises ``BadParameter`` and ``Unsupported``."""
    if call.type != "function":
        raise Unsupported(f"'{where}.type' is 'function', not '{call.type[:40]}'.", f"{where}.type")
    if call.function is None:
        raise BadParameter(f"'{where}.function' is required.", f"{where}.function")
    return ToolCall(id=call.id, name=call.function.name, arguments=call.function.arguments)


def _mode(mode: str, where: str) -> ToolChoice:
    if mode not in _MODES:
        raise BadParameter(f"'{where}' is 'none', 'auto', 'required' or names a function, not '{mode[:40]}'.", where)
    return _MODES[mode]


def _named(function: NamedFunction | None, offered: Sequence[Tool], where: str) -> str:
    if function is None:
        raise BadParameter(f"'{where}.function' is required.", f"{where}.function")
    if function.name not in {tool.name for tool in offered}:
        raise BadParameter(
            f"'{where}.function.name': there is no '{function.name[:80]}' among 'tools'.", f"{where}.function.name"
        )
    return function.name


def _deeper(value: Any, most: int) -> bool:
    level = [value]
    for _ in range(most):
        level = [
            inner
            for one in level
            for inner in (one.values() if isinstance(one, dict) else one if isinstance(one, list) else ())
        ]
        if not level:
            return False
    return True


# --- what is written --------------------------------------------------------------------------------------------------


class FunctionOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    arguments: str
    name: str | None = None


class CallOut(msgspec.Struct, frozen=True, kw_only=True):
    id: str
    function: FunctionOut
    type: Literal["function"] = "function"


class CallDeltaOut(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    index: int
    function: FunctionOut
    id: str | None = None
    type: Literal["function"] | None = None


def call_out(call: ToolCall) -> CallOut:
    return CallOut(id=call.id, function=FunctionOut(name=call.name, arguments=call.arguments))


def call_delta_out(delta: CallDelta) -> CallDeltaOut:
    if delta.id:
        return CallDeltaOut(
            index=delta.index,
            id=delta.id,
            type="function",
            function=FunctionOut(name=delta.name, arguments=delta.arguments),
        )
    return CallDeltaOut(index=delta.index, function=FunctionOut(arguments=delta.arguments))
