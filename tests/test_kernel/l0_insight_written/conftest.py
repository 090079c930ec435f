"""A model whose replies are written in the test, and notes as the memory room makes them, without a database."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from kernel.answer.prompt import ChatTemplate
from kernel.config import EngineConfig
from kernel.engine.scripted import Reply, ScriptedEngine
from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.l0_insight.written.analyst import WrittenAnalyst
from kernel.types import Insight, Memory

Write = Callable[..., Awaitable[Insight]]


@pytest.fixture
def write() -> Write:
    """``write(memory, reply, …, context_tokens=…, **analyst)``: the insight that a model with these replies gives. A
    mapping is a reply as it should be."""

    async def write(
        memory: Memory, *replies: str | dict[str, Any] | Reply, context_tokens: int = 8192, **how: Any
    ) -> Insight:
        engine = how.pop("engine", None) or engine_of(*replies, context_tokens=context_tokens)
        info = await engine.start()
        template = ChatTemplate(info.chat_template, bos_token=info.bos_token, eos_token=info.eos_token)
        analyst = WrittenAnalyst(engine, info, template.render, **how)
        return await analyst.understand(memory, ExtractiveAnalyst().analyse(memory))

    return write


def engine_of(*replies: str | dict[str, Any] | Reply, context_tokens: int = 8192) -> ScriptedEngine:
    config = EngineConfig(context_tokens=context_tokens)
    if len(replies) == 1 and callable(replies[0]):
        return ScriptedEngine(replies[0], config=config)
    texts = [one if isinstance(one, str) else json.dumps(one, ensure_ascii=False) for one in replies]
    return ScriptedEngine(texts, config=config)


def statement(sentence: int, subject: str, relation: str, object: str, text: str, **more: Any) -> dict[str, Any]:
    """As a model writes it."""
    said = {"sentence": sentence, "subject": subject, "relation": relation, "object": object, "text": text}
    return {**said, "kind": "episodic", "sentiment": "", **more}


def line(text: str, *sentences: int) -> dict[str, Any]:
    return {"sentences": list(sentences), "text": text}
