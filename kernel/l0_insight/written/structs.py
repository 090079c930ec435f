"""What a model answers with, as it writes it: nothing of it has been checked."""

from __future__ import annotations

from typing import Annotated, Any

import msgspec

from kernel.types import MemoryKind, Sentiment

VERSION = "written-1"
"""Raised whenever the same reply would be asked for or read differently."""

Words = Annotated[str, msgspec.Meta(max_length=600)]


def name_of(model: str) -> str:
    """The analyst's name: part of the key under which its insights are stored."""
    return f"{VERSION}/{model}"


class ProposedStatement(msgspec.Struct, frozen=True):
    """``sentence``: the number that it was shown under; so everywhere here."""

    sentence: int
    subject: Words
    relation: Words
    object: Words
    text: Words
    kind: MemoryKind
    sentiment: Sentiment = ""


class ProposedTask(msgspec.Struct, frozen=True):
    sentence: int
    text: Words


class ProposedLine(msgspec.Struct, frozen=True):
    """A sentence of the summary, the title or the insight, and the sentences that it rests on."""

    sentences: tuple[int, ...]
    text: Words


class Reply(msgspec.Struct, frozen=True):
    """Items are read one by one (``read_items``): one that is malformed costs itself alone."""

    statements: list[Any] = []
    tasks: list[Any] = []
    title: Any = None
    summary: list[Any] = []
    insight: Any = None
    tags: list[Any] = []
