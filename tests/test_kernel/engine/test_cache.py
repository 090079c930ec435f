"""What the cache keeps, what has to leave it, and that nothing of it shows in the answers."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from kernel.abc import Finished, Generate
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.types import Usage

pytestmark = pytest.mark.asyncio(loop_scope="module")

Say = Callable[..., Awaitable[tuple[str, str, Usage]]]
WriteAdapter = Callable[..., Path]
NO_END = {0: -100.0, 2: -100.0}
"""Bans the tokens that end an answer."""
PERSONA = "You are Maren, who lives in Bergen, keeps bees, and sails on Sundays with her brother Jonas. " * 6
COUNT = ("Count from one to ten.", "One, two, three, four,")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def small(starter_paths: Paths) -> AsyncIterator[LocalEngine]:
    """An engine with so few cells that requests get into each other's way."""
    running = LocalEngine(starter_paths, EngineConfig(context_tokens=320, sequences=4, state_mb=64))
    await running.start()
    yield running
    await running.close()


async def whole(engine: LocalEngine, prompt: str, **how: object) -> tuple[str, Usage]:
    text = ""
    async for item in engine.generate(Generate(**{"prompt": prompt, "max_tokens": 24, **how})):
        if isinstance(item, Finished):
            return text, item.usage
        text += item.text
    raise AssertionError("the stream ended without a Finished")


async def test_the_earlier_turns_of_a_conversation_are_not_read_again(engine: LocalEngine) -> None:
    first = f"<|im_start|>system\n{PERSONA}<|im_end|>\n<|im_start|>user\nHello!<|im_end|>\n<|im_start|>assistant\n"
    said, usage = await whole(engine, first, max_tokens=12)
    turn = f"{first}{said}<|im_end|>\n<|im_start|>user\nAnd your brother?<|im_end|>\n<|im_start|>assistant\n"
    _, again = await whole(engine, turn, max_tokens=4)
    assert again.cached_tokens >= usage.prompt_tokens + usage.completion_tokens - 1, "the answer itself is kept, too"


async def test_conversations_that_left_the_cache_go_on_without_being_read_again(small: LocalEngine) -> None:
    """Three that do not fit beside each other in 320 cells, in turn: from the second round on nothing is read twice."""
    prompts = [f"Conversation {name}. {PERSONA}" for name in ("one", "two", "three")]
    first = [await whole(small, prompt, max_tokens=8) for prompt in prompts]
    before = await small.stats()
    second = [await whole(small, prompt, max_tokens=8) for prompt in prompts]
    after = await small.stats()
    assert [text for text, _ in second] == [text for text, _ in first]
    assert all(usage.cached_tokens == usage.prompt_tokens - 1 for _, usage in second)
    assert after["prompt_tokens"] - before["prompt_tokens"] <= 3 * 2
    assert 0 < after["state_bytes"] <= 64 * 1024 * 1024


async def test_when_cells_run_out_one_waits_and_all_end_well(small: LocalEngine, say: Say) -> None:
    """Four that may each grow to 150 tokens in 320 cells: all are let in, some have to make room, none fails."""
    before = await small.stats()
    alone = await say(small, *COUNT, max_tokens=20)
    requests = [
        Generate(prompt=f"A long tale of {what}:", max_tokens=140, temperature=0.8, logit_bias=NO_END)
        for what in ("a bee", "the sea", "a boat", "an owl")
    ]
    ended = await asyncio.gather(*(whole(small, one.prompt, **one.chosen()) for one in requests))  # type: ignore[arg-type]
    assert [usage.completion_tokens for _, usage in ended] == [140] * 4
    after = await small.stats()
    assert after["preempted"] > before["preempted"]
    assert (after["running"], after["queued"]) == (0, 0)
    assert (await say(small, *COUNT, max_tokens=20))[:2] == alone[:2]


async def test_each_that_runs_has_a_place_of_its_own(starter_paths: Paths) -> None:
    """Those that are let in where something kept has to leave, among others and without a seed, which evicts one by one."""
    died: list[str] = []
    engine = LocalEngine(starter_paths, EngineConfig(context_tokens=320, sequences=4), on_restart=died.append)
    await engine.start()
    try:
        prompts = [f"{number} " * (20 + 37 * number % 110) for number in range(24)]
        for start in range(0, len(prompts), 3):
            ended = await asyncio.gather(
                *(
                    whole(engine, prompt, temperature=1.0, max_tokens=6, logit_bias=NO_END)
                    for prompt in prompts[start : start + 3]
                )
            )
            assert [usage.completion_tokens for _, usage in ended] == [6] * 3
        assert died == []
        text, _ = await whole(engine, "1, 2, 3, 4, 5, 6, 7,", max_tokens=8)
        assert text.startswith(" 8, 9,")
    finally:
        await engine.close()


async def test_preempted_answers_are_those_that_nobody_disturbed(small: LocalEngine) -> None:
    """What makes room goes on exactly where it was: sure continuations stay what they are."""
    prompt = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
    alone, _ = await whole(small, prompt, max_tokens=130)
    together = await asyncio.gather(*(whole(small, prompt, max_tokens=130) for _ in range(4)))
    assert {text[:200] for text, _ in together} == {alone[:200]}


async def test_several_answers_to_one_prompt_read_it_once(engine: LocalEngine) -> None:
    before = await engine.stats()
    prompt = f"{PERSONA} Tell me more, Maren, of several things:"
    answers = await asyncio.gather(*(whole(engine, prompt, temperature=1.0, seed=n, max_tokens=10) for n in range(4)))
    after = await engine.stats()
    assert len({text for text, _ in answers}) > 1
    assert after["prompt_tokens"] - before["prompt_tokens"] <= answers[0][1].prompt_tokens + 3


async def test_after_a_swap_the_answer_is_a_cold_starts(
    starter_paths: Paths, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    """Nothing that was computed under the old weights is read under the new: text and log-probabilities are the same."""
    old = write_adapter(tmp_path / "old.gguf", strength=1.0, seed=1)
    new = write_adapter(tmp_path / "new.gguf", strength=1.0, seed=2)
    prompt = f"{PERSONA} Who are you?"

    async def scored(engine: LocalEngine) -> list[tuple[int, float]]:
        request = Generate(prompt=prompt, adapter="live", max_tokens=12, logprobs=0, logit_bias=NO_END)
        stream = [item async for item in engine.generate(request) if not isinstance(item, Finished)]
        return [(score.token, score.logprob) for item in stream for score in item.scores]

    config = EngineConfig(context_tokens=1024, sequences=2)
    warm, cold = LocalEngine(starter_paths, config), LocalEngine(starter_paths, config)
    try:
        await warm.start()
        await warm.load_adapter("live", old)
        before = await scored(warm)
        await warm.load_adapter("live", new)
        after = await scored(warm)
        assert (await warm.stats())["swaps"] == 2
        await warm.close()
        await cold.start()
        await cold.load_adapter("live", new)
        assert after == await scored(cold)
        assert before != after
    finally:
        await warm.close()
        await cold.close()


async def test_a_new_self_has_read_what_everyone_begins_with_before_it_serves(
    engine: LocalEngine, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    prompts = [f"{PERSONA} Question {n}: who are you?" for n in range(3)]
    await asyncio.gather(*(whole(engine, prompt, max_tokens=4) for prompt in prompts))
    await engine.load_adapter("next", write_adapter(tmp_path / "next.gguf", strength=1.0))
    _, usage = await whole(engine, f"{PERSONA} Question 7: where do you live?", adapter="next", max_tokens=4)
    assert usage.cached_tokens > 100, "its first request did not wait for the persona to be read"
    await engine.unload_adapter("next")


async def test_streams_go_on_while_selves_are_loaded_under_them(
    engine: LocalEngine, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    """Ten swaps under three streams: every stream ends on the weights it began with, and none notices."""
    files = [write_adapter(tmp_path / f"{n}.gguf", strength=1.0, seed=n) for n in (1, 2)]
    prompt, length = "1, 2, 3, 4, 5, 6, 7, 8, 9,", 60
    await engine.load_adapter("live", files[0])
    streams = [asyncio.create_task(whole(engine, prompt, max_tokens=length, logit_bias=NO_END)) for _ in range(3)]
    for n in range(10):
        await engine.load_adapter("live", files[(n + 1) % 2])
    ended = await asyncio.gather(*streams)
    assert [usage.completion_tokens for _, usage in ended] == [length] * 3
    assert len({text[:60] for text, _ in ended}) == 1
    assert (await engine.stats())["adapters"] == 1
    await engine.unload_adapter("live")
