"""The written analyst over real engines: the starter model, and somebody else's server."""

from __future__ import annotations

import json
from collections.abc import AsyncGenerator
from contextlib import aclosing
from pathlib import Path

import pytest

from kernel.abc import Finished, Generate, Piece
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.engine.remote import RemoteEngine
from kernel.engine.scripted import ScriptedEngine
from kernel.l0_insight.grounding import is_grounded
from kernel.l0_insight.written.asking import read_items, read_reply, schema_for
from kernel.l0_insight.written.structs import ProposedLine, ProposedStatement, name_of
from tests.test_kernel.engine.others import MODEL, VLLM, LlamaServer, Ollama, Other, listening
from tests.test_kernel.l0_insight_written.conftest import Write, engine_of, statement
from tests.test_kernel.notes import remembered

NOTE = "I moved to Porto in September 2025. My brother Deniz helped me carry the piano."


class Listening(LocalEngine):
    """Keeps what was said, and why it ended."""

    def __init__(self, paths: Paths) -> None:
        super().__init__(paths, EngineConfig(context_tokens=2048, sequences=2))
        self.said: list[tuple[Generate, str, str]] = []

    async def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        text = ""
        async with aclosing(super().generate(request)) as stream:
            async for part in stream:
                if isinstance(part, Finished):
                    self.said.append((request, text, part.reason))
                else:
                    text += part.text
                yield part


@pytest.mark.slow
async def test_the_starter_model_answers_in_form_and_whatever_survives_stands_in_the_note(
    paths: Paths, write: Write
) -> None:
    memory = remembered(NOTE, title="A note")
    engine = Listening(paths)
    try:
        insight = await write(memory, engine=engine)
    finally:
        await engine.close()
    assert engine.said
    for request, said, reason in engine.said:
        reply = read_reply(said)
        assert (reply is None) == (reason == "length")
        if reply is not None:
            statements, wrong = read_items(reply.statements, ProposedStatement)
            lines, wrong_lines = read_items([*reply.summary, reply.insight, reply.title], ProposedLine)
            assert wrong == wrong_lines == 0
            shown = json.loads(request.json_schema)["properties"]["statements"]["items"]["properties"]["sentence"]
            named = [*(one.sentence for one in statements), *(at for one in lines for at in one.sentences)]
            assert all(shown["minimum"] <= at <= shown["maximum"] for at in named)
    assert insight.statements and insight.title and insight.summary and insight.insight
    for one in insight.statements:
        assert is_grounded(one.object, NOTE[one.span.start : one.span.end])


@pytest.mark.parametrize("kind", [VLLM, LlamaServer, Ollama, Other])
async def test_a_teacher_is_held_to_the_schema_in_its_own_words(
    kind: type[Other], tmp_path: Path, write: Write
) -> None:
    moved = statement(0, "owner", "move", "to Porto", "I moved to Porto.")
    there = kind(engine_of({"statements": [moved]}), 8192)
    async with listening(there) as url:
        engine = RemoteEngine(Paths(tmp_path), EngineConfig(url=url), local=ScriptedEngine())
        try:
            insight = await write(remembered(NOTE), engine=engine)
        finally:
            await engine.close()
    assert insight.analyst == name_of(MODEL) and insight.dropped == 0
    assert "I moved to Porto." in [one.text for one in insight.statements]
    (body,) = there.bodies("/v1/chat/completions")
    assert body["response_format"]["json_schema"]["schema"] == json.loads(schema_for(range(2)))
    assert [message["role"] for message in body["messages"]] == ["system", "user"]
    assert body["temperature"] == 0
