"""A conversation, taken apart: the question that is to be answered, and what stands around it."""

from __future__ import annotations

from kernel.errors import WrongUse
from kernel.types import Frozen, Message, Question

TURNS_BEFORE = 4
"""Messages of the conversation that a self is shown; more only distracts a small model."""


class Turns(Frozen, frozen=True, kw_only=True):
    text: str
    """The last thing that the user said."""
    before: tuple[Message, ...]
    after: tuple[Message, ...]
    """Calls of tools that it led to, and their results."""
    system: str
    """The client's own system message."""


def is_free(question: Question) -> bool:
    """Whether the answer is the model's own: see ``Question.plain``; and evidence is not all that it rests on where tools
    have told it something."""
    return not question.plain or any(message.calls or message.role == "tool" for message in question.messages)


def turns_of(question: Question) -> Turns:
    """Raises ``WrongUse`` for a conversation that leaves nothing to answer. A conversation with tools is kept whole, as
    calls and results belong together."""
    messages = question.messages
    last = max((i for i, message in enumerate(messages) if message.role == "user"), default=-1)
    after = tuple(message for message in messages[last + 1 :] if message.role != "system")
    if last < 0 or not messages[last].content.strip() or messages[-1].role not in ("user", "tool"):
        raise WrongUse(
            "the conversation must end with a user message that is not empty, or with the results of tools that were "
            "called after one"
        )
    before = tuple(message for message in messages[:last] if message.role != "system")
    tools = question.tools or any(message.calls or message.role == "tool" for message in messages)
    return Turns(
        text=messages[last].content.strip(),
        before=before if tools else before[-TURNS_BEFORE:],
        after=after,
        system="\n".join(message.content for message in messages if message.role == "system"),
    )
