"""Which engine a home's insights are written by, and which notes may go there."""

from __future__ import annotations

import json
from typing import Any

from kernel.config import AnalystConfig, KernelConfig, Paths
from kernel.engine.scripted import ScriptedEngine
from kernel.l0_insight.structs import ANALYST
from kernel.mind import Mind
from kernel.types import TextToRemember
from tests.test_kernel.engine.others import LlamaServer, engine_of, listening
from tests.test_kernel.l0_insight_written.conftest import statement

MOVED = json.dumps({"statements": [statement(0, "owner", "move", "to Bergen", "I moved to Bergen.")]})


async def opened(home: Paths, **analyst: Any) -> Mind:
    """A home with one note; what its analyst writes is written when ``writing.write`` is called."""
    mind = await Mind.open(home, KernelConfig(analyst=AnalystConfig(**analyst)), engine=ScriptedEngine([MOVED]))
    mind.writing.changed = lambda: None  # type: ignore[method-assign]
    await mind.remember("In May 2024 I moved to Bergen.")
    await mind.understand()
    return mind


async def test_by_default_no_model_is_asked(home: Paths) -> None:
    mind = await Mind.open(home, KernelConfig(), engine=ScriptedEngine([MOVED]))
    await mind.remember("In May 2024 I moved to Bergen.")
    await mind.understand()
    assert mind.writing._task is None and mind.writing._teacher is None
    await mind.close()


async def test_the_engine_that_answers_writes_them_and_forgetting_takes_them(home: Paths) -> None:
    mind = await opened(home, kind="written")
    assert await mind.writing.write() == 1 and await mind.writing.write() == 0
    (note,) = await mind.store.notes(limit=5)
    found = await mind.insight(note.id)
    assert found is not None and found.analyst == "written-1/scripted"
    assert [s.text for s in found.statements] == ["I moved to Bergen."]
    rules = await mind.store.insight(note.id, ANALYST)
    assert rules is not None and rules.analyst == ANALYST, "what training rests on stays"
    await mind.forget([note.id])
    assert await mind.store.insights("written-1/scripted") == []
    await mind.close()


async def test_a_teacher_never_gets_what_is_to_stay_at_home(home: Paths) -> None:
    there = LlamaServer(engine_of(8192, reply=[MOVED]), 8192)
    async with listening(there) as url:
        mind = await opened(home, kind="written", url=url)
        await mind.ingest.add_texts([TextToRemember(text="I moved to Oslo in secret.", tags=("Private",))])
        await mind.understand()
        assert await mind.writing.write() == 1
        assert len(there.bodies("/v1/chat/completions")) == 1
        assert "secret" not in str(there.requests)
        await mind.writing.close()
        assert mind.engine.up
        await mind.close()
