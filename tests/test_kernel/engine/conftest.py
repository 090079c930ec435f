"""The engine's tests run the real thing: real models in a home of the session, a real child per module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from pathlib import Path

import pytest
import pytest_asyncio

from kernel.abc import Engine, Finished, Generate
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.engine.starter import install_starter
from kernel.types import Usage
from tests.test_kernel.engine.adapters import write_adapter as random_adapter

WriteAdapter = Callable[..., Path]


Say = Callable[..., Awaitable[tuple[str, str, Usage]]]


@pytest.fixture(scope="session")
def say() -> Say:
    """``say(engine, question, begin=…, system=…, **generate)``: the whole text, why it ended, its usage.

    ``begin`` is the start of the answer, put into its mouth.
    """

    async def whole(engine: Engine, question: str, begin: str = "", system: str = "Be brief.", **how: object) -> object:
        turns = (("system", system), ("user", question))
        prompt = "".join(f"<|im_start|>{role}\n{said}<|im_end|>\n" for role, said in turns)
        prompt += f"<|im_start|>assistant\n{begin}"
        text = ""
        async for item in engine.generate(Generate(prompt=prompt, **{"max_tokens": 24, **how})):
            if isinstance(item, Finished):
                return text, item.reason, item.usage
            assert item.text and item.tokens >= 1
            text += item.text
        raise AssertionError("the stream ended without a Finished")

    return whole


@pytest.fixture(scope="session")
def starter_paths(tmp_path_factory: pytest.TempPathFactory) -> Paths:
    paths = Paths(tmp_path_factory.getbasetemp() / "starter")
    install_starter(paths)
    return paths


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(starter_paths: Paths) -> AsyncIterator[LocalEngine]:
    running = LocalEngine(starter_paths, EngineConfig(context_tokens=2048, sequences=4))
    await running.start()
    yield running
    await running.close()


@pytest.fixture(scope="session")
def write_adapter(starter_paths: Paths) -> WriteAdapter:
    """``tests.test_kernel.engine.adapters.write_adapter`` for the session's base."""
    return partial(random_adapter, starter_paths)
