"""The only maker of prompts. Training and serving call the same functions, so that both see the same bytes.

A prompt is: the persona (system), the turns before, and a last user turn that holds the evidence, best last, and then
the question. The base alone gets the messages as they came, so that its own default system prompt applies.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import jinja2
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kernel.answer.tools import OPEN, definition, harmless, in_words, structured
from kernel.types import Hit, Language, Message, Tool

_SPECIAL = re.compile(r"<\|([A-Za-z0-9_]+)\|>")
_MONTHS = "January February March April May June July August September October November December".split()
_MAX_TITLE_WORDS = 7


class ChatTemplate:
    """A model's own Jinja chat template, sandboxed."""

    def __init__(self, source: str, *, bos_token: str = "", eos_token: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        environment.filters["tojson"] = _to_json
        self._template = environment.from_string(source)
        self._tokens = {"bos_token": bos_token, "eos_token": eos_token}
        variables = find_undeclared_variables(environment.parse(source))
        self.knows_tools = "tools" in variables and OPEN in source and "<function=" not in source
        """Whether it writes tools and their calls itself, and as JSON between the tags that ours are read from."""

    def render(self, messages: Sequence[Message], tools: Sequence[Tool] = ()) -> str:
        """The prompt up to and including the opening of the assistant's turn. Where the template knows no tools, they are
        told in words."""
        if not self.knows_tools:
            messages, tools = in_words(messages, tools), ()
        known: dict[str, Any] = {"tools": plain_within([definition(tool) for tool in tools])} if tools else {}
        turns = [_turn(message) for message in messages]
        return self._template.render(messages=turns, add_generation_prompt=True, **known, **self._tokens)


def plain(text: str) -> str:
    """Text in which nothing can be read as a special token (``<|im_end|>`` in a note must stay words)."""
    return _SPECIAL.sub(r"<\1>", text)


def plain_within(value: Any) -> Any:
    """The same for every text in a JSON value."""
    if isinstance(value, str):
        return plain(value)
    if isinstance(value, list):
        return [plain_within(one) for one in value]
    if isinstance(value, dict):
        return {plain(key): plain_within(one) for key, one in value.items()}
    return value


def persona(owner: str, told: Sequence[str] = ()) -> Message:
    """The system message of a self: who it is, and what of its biography fits ``answer.persona_tokens``. In front of every
    request, so that it is read once and kept; training rows have it without the biography."""
    who = (
        f"You are {owner}. You speak as {owner}"
        if owner
        else "You are the writer of these notes. You speak as yourself"
    )
    rule = f"{who}, in the first person. You say only what your notes say; when they do not say it, you don't know."
    lines = "\n".join(f"- {' '.join(sentence.split())}" for sentence in told)
    return Message(role="system", content=f"{rule}\n\nAbout you:\n{lines}" if told else rule)


def when(iso: str | None, language: Language) -> str:
    """A date as a person writes it (``6 January 2025``); empty for none."""
    if not iso:
        return ""
    try:
        day = date.fromisoformat(iso[:10])
    except ValueError:
        return iso
    if language == "ko":
        return f"{day.year}년 {day.month}월 {day.day}일"
    return f"{day.day} {_MONTHS[day.month - 1]} {day.year}"


def evidence_line(hit: Hit) -> str:
    """One sentence of evidence with its date and its note's title."""
    words = " ".join(hit.context.split())
    said = words.lower().startswith(hit.title.lower())  # list items carry their title already
    title = "" if said or len(hit.title.split()) > _MAX_TITLE_WORDS else hit.title
    head = ", ".join(part for part in (when(hit.happened_at, hit.language), title) if part)
    return f"- {head}: {words}" if head else f"- {words}"


def grounded_turn(question: str, evidence: Sequence[Hit]) -> Message:
    """The user's turn with its evidence in front. ``evidence`` is best first, as search gives it; shown best last."""
    if not evidence:
        return Message(role="user", content=question)
    lines = "\n".join(evidence_line(hit) for hit in reversed(evidence))
    return Message(role="user", content=f"My notes:\n{lines}\n\n{question}")


def prompt_of_self(
    owner: str,
    question: str,
    evidence: Sequence[Hit] = (),
    *,
    before: Sequence[Message] = (),
    after: Sequence[Message] = (),
    system: str = "",
    told: Sequence[str] = (),
) -> tuple[Message, ...]:
    """The messages that a self is asked with. A client's own system message follows the persona; ``after`` the question
    come the tools that were called for it, and what they gave."""
    first = persona(owner, told)
    if system:
        first = Message(role="system", content=f"{first.content}\n\n{system}")
    return (first, *before, grounded_turn(question, evidence), *after)


def _turn(message: Message) -> dict[str, Any]:
    turn: dict[str, Any] = {"role": message.role, "content": plain(message.content)}
    if message.calls:
        turn["tool_calls"] = plain_within([structured(call) for call in message.calls])
    if message.role == "tool":
        turn |= {"content": harmless(turn["content"]), "tool_call_id": message.call_id}
    return turn


def _to_json(value: Any, indent: int | None = None) -> str:
    """As models were trained on it: keys in their order, nothing escaped for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> str:
    raise jinja2.TemplateError(message)
