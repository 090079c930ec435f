"""The engine child dies; what had begun says so, and everything else goes on."""

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import msgspec
import pytest
import pytest_asyncio

from kernel.abc import Finished, Generate, Piece
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.errors import EngineDied, EngineError, ModelError
from kernel.types import Usage

pytestmark = pytest.mark.asyncio(loop_scope="module")

Say = Callable[..., Awaitable[tuple[str, str, Usage]]]
WriteAdapter = Callable[..., Path]
LONG = Generate(prompt="Once upon a time", max_tokens=1000, temperature=1.0)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def narrow(starter_paths: Paths) -> AsyncIterator[tuple[LocalEngine, list[str]]]:
    """An engine that runs one request at a time, so that a second one waits; and what it says of its restarts."""
    restarts: list[str] = []
    running = LocalEngine(starter_paths, EngineConfig(context_tokens=2048, sequences=1), on_restart=restarts.append)
    await running.start()
    yield running, restarts
    await running.close()


async def collect(engine: LocalEngine, request: Generate) -> list[Piece | Finished]:
    return [item async for item in engine.generate(request)]


def kill(engine: LocalEngine) -> int:
    pid = engine.pid
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    return pid


async def test_a_begun_stream_ends_with_an_error_and_a_waiting_one_is_run_again(
    narrow: tuple[LocalEngine, list[str]], say: Say, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    engine, restarts = narrow
    await engine.load_adapter("0001", write_adapter(tmp_path / "adapter.gguf"))
    with_adapter, _, _ = await say(engine, "Name a colour.", adapter="0001")
    begun = engine.generate(LONG)
    await anext(begun)
    waiting = asyncio.create_task(say(engine, "What is the capital of France?", "The capital of France is"))
    vectors = asyncio.create_task(engine.embed(["bees"] * 500))
    for _ in range(1000):
        if (await engine.stats())["queued"]:
            break
        await asyncio.sleep(0.01)
    before = kill(engine)
    with pytest.raises(EngineDied, match=r"was killed.*engine\.log"):
        async for _ in begun:
            pass
    assert "Paris" in (await waiting)[0]
    assert (await vectors).shape == (500, 384)
    assert engine.pid != before
    assert restarts == ["was killed"]
    assert (await engine.stats())["restarts"] == 1
    assert (await say(engine, "Name a colour.", adapter="0001"))[0] == with_adapter, "the adapter is there again"
    await engine.unload_adapter("0001")


async def test_requests_made_while_it_is_down_wait_for_it(narrow: tuple[LocalEngine, list[str]], say: Say) -> None:
    engine, _ = narrow
    kill(engine)
    answers = await asyncio.gather(*(say(engine, "Hi", max_tokens=4) for _ in range(3)))
    assert len({text for text, _, _ in answers}) == 1


async def test_an_adapter_whose_file_has_gone_does_not_keep_it_down(
    narrow: tuple[LocalEngine, list[str]], say: Say, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    engine, _ = narrow
    path = write_adapter(tmp_path / "adapter.gguf")
    await engine.load_adapter("0003", path)
    path.unlink()
    kill(engine)
    assert "Paris" in (await say(engine, "What is the capital of France?", "The capital of France is"))[0]
    assert (await engine.stats())["adapters"] == 0


async def test_a_load_whose_caller_leaves_leaves_nothing_behind(
    narrow: tuple[LocalEngine, list[str]], write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    engine, _ = narrow
    path = write_adapter(tmp_path / "left.gguf")
    loading = asyncio.create_task(engine.load_adapter("left", path))
    await asyncio.sleep(0.02)
    loading.cancel()
    await asyncio.gather(loading, return_exceptions=True)
    for _ in range(200):
        if (await engine.stats())["adapters"] == 0:
            break
        await asyncio.sleep(0.05)
    await asyncio.sleep(0.5)
    assert (await engine.stats())["adapters"] == 0


async def test_unloaded_while_it_is_being_started_again(
    narrow: tuple[LocalEngine, list[str]], write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    """What the child comes up with and nobody wants any more is not waited for."""
    engine, restarts = narrow
    await engine.load_adapter("gone", write_adapter(tmp_path / "gone.gguf"))
    before = len(restarts)
    kill(engine)
    while engine.up:  # noqa: ASYNC110 - the engine has no event for it
        await asyncio.sleep(0.005)
    await asyncio.sleep(0.1)
    unloading = asyncio.create_task(engine.unload_adapter("gone"))
    assert await asyncio.wait_for(engine.tokenize("a", special=False), 30)
    await asyncio.wait_for(unloading, 30)
    assert len(restarts) == before + 1 and (await engine.stats())["adapters"] == 0


async def test_a_file_that_is_no_adapter_is_an_error_of_that_load_alone(
    narrow: tuple[LocalEngine, list[str]], say: Say, tmp_path: Path
) -> None:
    """What the loading thread meets ends the load, not the child, and whoever waits for it hears of it."""
    engine, restarts = narrow
    broken = tmp_path / "broken.gguf"
    broken.write_bytes(b"GGUF" + bytes(200))
    folder = tmp_path / "folder.gguf"
    folder.mkdir()
    before = list(restarts)
    for path in (broken, folder, tmp_path / "nothing.gguf"):
        with pytest.raises(ModelError, match=path.name):
            await asyncio.wait_for(engine.load_adapter("broken", path), 30)
    text, _, _ = await say(engine, "Hello!")
    assert text and restarts == before


async def test_killed_while_it_reads_a_prompt_nobody_notices(narrow: tuple[LocalEngine, list[str]]) -> None:
    engine, _ = narrow
    prompt = "Bees and the sea, bees and the sea. " * 150
    answer = asyncio.create_task(collect(engine, Generate(prompt=prompt, max_tokens=4)))
    while (await engine.stats())["prompt_tokens"] < 256:  # noqa: ASYNC110 - the engine has no event for it
        await asyncio.sleep(0.01)
    kill(engine)
    pieces = await answer
    assert isinstance(pieces[-1], Finished) and pieces[-1].usage.prompt_tokens > 1000


async def test_killed_in_a_swap_the_new_self_answers_after_it(
    narrow: tuple[LocalEngine, list[str]], say: Say, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    engine, _ = narrow
    old, new = (write_adapter(tmp_path / f"{n}.gguf", strength=1.0, seed=n) for n in (1, 2))
    await engine.load_adapter("other", new)
    expected, _, _ = await say(engine, "Name a colour.", adapter="other", max_tokens=12)
    await engine.load_adapter("live", old)
    before, _, _ = await say(engine, "Name a colour.", adapter="live", max_tokens=12)
    begun = engine.generate(msgspec.structs.replace(LONG, adapter="live"))
    await anext(begun)
    swap = asyncio.create_task(engine.load_adapter("live", new))
    waiting = asyncio.create_task(say(engine, "Name a colour.", adapter="live", max_tokens=12))
    await asyncio.sleep(0)
    kill(engine)
    with pytest.raises(EngineDied):
        async for _ in begun:
            pass
    await swap
    assert (await waiting)[0] in (before, expected), "wholly the old self or wholly the new one"
    assert (await say(engine, "Name a colour.", adapter="live", max_tokens=12))[0] == expected
    for version in ("live", "other"):
        await engine.unload_adapter(version)


async def test_a_step_that_hangs_ends_the_child_and_it_comes_back(starter_paths: Paths) -> None:
    """One step over 2,000 tokens takes more than the fifth of a second that it is given here."""
    config = EngineConfig(context_tokens=4096, prefill_chunk=2048, sequences=1, step_seconds=0.2)
    engine = LocalEngine(starter_paths, config)
    await engine.start()
    try:
        with pytest.raises(EngineDied, match="ended with code 75"):
            await collect(engine, Generate(prompt="bees " * 2000, max_tokens=1))
        assert await engine.tokenize("hi")
        assert "more than 0.2 s" in (starter_paths.logs / "engine.log").read_text()
    finally:
        await engine.close()


async def test_the_child_ends_with_its_parent(starter_paths: Paths) -> None:
    engine = LocalEngine(starter_paths, EngineConfig(context_tokens=512, sequences=1))
    await engine.start()
    pid = engine.pid
    assert pid is not None
    await engine.close()
    await engine.close()
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    with pytest.raises(EngineError, match="start"):
        await engine.tokenize("hi")
    await engine.start()
    assert await engine.tokenize("hi")
    await engine.close()
