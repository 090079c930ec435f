"""The only maker of prompts. Training and serving call the same functions, so that both see the same bytes.

A prompt is: the persona (system), the turns before, and a last user turn that holds the evidence, best last, and then
the question. The base alone gets the messages as they came, so that its own default system prompt applies.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

import jinja2
from jinja2.sandbox import ImmutableSandboxedEnvironment

from kernel.types import Hit, Language, Message

_SPECIAL = re.compile(r"<\|([A-Za-z0-9_]+)\|>")
_MONTHS = "January February March April May June July August September October November December".split()
_MAX_TITLE_WORDS = 7


class ChatTemplate:
    """A model's own Jinja chat template, sandboxed."""

    def __init__(self, source: str, *, bos_token: str = "", eos_token: str = "") -> None:
        environment = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True)
        environment.globals["raise_exception"] = _refuse
        self._template = environment.from_string(source)
        self._tokens = {"bos_token": bos_token, "eos_token": eos_token}

    def render(self, messages: Sequence[Message]) -> str:
        """The prompt up to and including the opening of the assistant's turn."""
        turns = [{"role": message.role, "content": plain(message.content)} for message in messages]
        return self._template.render(messages=turns, add_generation_prompt=True, **self._tokens)


def plain(text: str) -> str:
    """Text in which nothing can be read as a special token (``<|im_end|>`` in a note must stay words)."""
    return _SPECIAL.sub(r"<\1>", text)


def persona(owner: str) -> Message:
    """The system message of a self. Short on purpose: it is in front of every request and every training row."""
    who = (
        f"You are {owner}. You speak as {owner}"
        if owner
        else "You are the writer of these notes. You speak as yourself"
    )
    return Message(
        role="system",
        content=f"{who}, in the first person. You say only what your notes say; when they do not say it, you don't know.",
    )


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
    owner: str, question: str, evidence: Sequence[Hit] = (), *, before: Sequence[Message] = (), system: str = ""
) -> tuple[Message, ...]:
    """The messages that a self is asked with. A client's own system message follows the persona."""
    first = persona(owner)
    if system:
        first = Message(role="system", content=f"{first.content}\n\n{system}")
    return (first, *before, grounded_turn(question, evidence))


def _refuse(message: str) -> str:
    raise jinja2.TemplateError(message)
