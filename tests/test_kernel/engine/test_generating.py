"""The real engine: batching, sampling, prefixes and adapters change how fast an answer comes, never what it is."""

import asyncio
import hashlib
import math
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import pytest_asyncio

from kernel.abc import Finished, Generate, Piece
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.errors import ModelError, NotFound
from kernel.types import Usage

pytestmark = pytest.mark.asyncio(loop_scope="module")

Say = Callable[..., Awaitable[tuple[str, str, Usage]]]
WriteAdapter = Callable[..., Path]
SURE = (
    ("What is the capital of France?", "The capital of France is", " Paris"),
    ("What is the capital of Japan?", "The capital of Japan is", " Tokyo"),
    ("Count.", "1, 2, 3, 4, 5, 6,", " 7, 8, 9"),
    ("Count from one to ten.", "One, two, three, four,", " five, six, seven"),
)
"""Question, start of the answer, and how the model, quite sure, goes on. (Where two tokens are nearly as likely, others
in the cache may turn the scale.)"""
CAPITAL = SURE[0][:2]
PERSONA = "You are Maren, who lives in Bergen, keeps bees, and sails on Sundays with her brother Jonas. " * 6


async def until(engine: LocalEngine, **figures: float) -> None:
    """Wait until the engine says so, for some seconds at most."""
    for _ in range(1000):
        now = await engine.stats()
        if all(now[name] == figure for name, figure in figures.items()):
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{figures} did not come; it is {now}")


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def adapted(
    engine: LocalEngine, write_adapter: WriteAdapter, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Path]:
    path = write_adapter(tmp_path_factory.mktemp("adapter") / "adapter.gguf", strength=2.0)
    await engine.load_adapter("0001", path)
    yield path
    await engine.unload_adapter("0001")


async def test_the_model_is_what_its_file_says(engine: LocalEngine, starter_paths: Paths) -> None:
    info = await engine.start()
    assert info.sha256 == hashlib.sha256(starter_paths.base.read_bytes()).hexdigest()
    assert (info.bos_token, info.eos_token) == ("<|im_start|>", "<|im_end|>")
    assert "add_generation_prompt" in info.chat_template
    assert (info.context_tokens, info.embedding_length) == (2048, 384)


async def test_log_probabilities_come_where_they_are_asked_for(engine: LocalEngine) -> None:
    async def pieces(prompt: str, *, logprobs: int | None) -> list[Piece]:
        request = Generate(prompt=prompt, max_tokens=1, logprobs=logprobs)
        return [piece async for piece in engine.generate(request) if isinstance(piece, Piece)]

    (sure,) = await pieces("1, 2, 3, 4, 5, 6,", logprobs=0)
    (open_,) = await pieces("My favourite thing of all is", logprobs=0)
    (silent,) = await pieces("1, 2, 3, 4, 5, 6,", logprobs=None)
    assert open_.logprob < sure.logprob < 0 and sure.logprob > math.log(0.5)
    assert (silent.text, silent.logprob) == (sure.text, 0.0)


async def test_a_batch_gives_each_its_own_answer(engine: LocalEngine, say: Say) -> None:
    single = [await say(engine, question, begin, max_tokens=5) for question, begin, _ in SURE]
    together = await asyncio.gather(*(say(engine, question, begin, max_tokens=5) for question, begin, _ in SURE))
    assert [text for text, _, _ in together] == [text for text, _, _ in single]
    for (_, _, expected), (text, _, _) in zip(SURE, together, strict=True):
        assert text.startswith(expected[: len(text)]) and len(text) > 3


async def test_a_shared_beginning_is_read_once(starter_paths: Paths, say: Say) -> None:
    fresh = LocalEngine(starter_paths, EngineConfig(context_tokens=2048, sequences=4))
    await fresh.start()
    try:
        for turn in range(2):
            burst = await asyncio.gather(*(say(fresh, question, begin, PERSONA) for question, begin, _ in SURE))
            reused = [usage.cached_tokens for _, _, usage in burst]
            assert sum(count > 100 for count in reused) == 3 + turn, "one reads the persona, the others wait and share"
            for (_, _, expected), (text, _, _) in zip(SURE, burst, strict=True):
                assert text.startswith(expected)
        again = await say(fresh, *CAPITAL, PERSONA)
        assert again[2].cached_tokens > 100
        repeated = await say(fresh, *CAPITAL, PERSONA)
        assert repeated[2].cached_tokens == repeated[2].prompt_tokens - 1
        assert repeated[0] == again[0]
    finally:
        await fresh.close()


async def test_a_greedy_answer_is_the_same_whatever_went_before(engine: LocalEngine, say: Say) -> None:
    """Forty tokens that the model is not sure of, first, repeated, after others, and after a whole conversation."""

    async def answer() -> str:
        return (await say(engine, "Tell me a story of a bee.", max_tokens=40))[0]

    first = await answer()
    assert await answer() == first
    await asyncio.gather(*(say(engine, question, begin, PERSONA) for question, begin, _ in SURE))
    assert await answer() == first
    await say(engine, "Tell me a story of a bee and a bear.", temperature=1.0, max_tokens=40)
    assert await answer() == first
    await say(engine, "Tell me a story of a bee.", first + " And then", max_tokens=8)
    assert await answer() == first


async def test_the_same_seed_gives_the_same_text(engine: LocalEngine, say: Say) -> None:
    async def sample(seed: int | None, **how: object) -> str:
        return (await say(engine, "Tell me a story.", temperature=1.2, seed=seed, **how))[0]

    first = await sample(7)
    assert [await sample(7) for _ in range(2)] == [first] * 2, "with its prompt in the cache"
    await asyncio.gather(*(say(engine, question, temperature=1.0) for question, _, _ in SURE))
    assert await sample(7) == first, "and after the cache was full of others"
    assert len({await sample(seed) for seed in (1, 2, 3)}) > 1
    assert await sample(7, top_k=1) == (await say(engine, "Tell me a story."))[0]
    assert await sample(None, min_p=1.0) == (await say(engine, "Tell me a story."))[0]


async def test_penalties_are_felt(engine: LocalEngine, say: Say) -> None:
    async def words(**how: float) -> list[str]:
        request = Generate(prompt="tea, tea, tea, tea, tea, tea, tea, tea,", max_tokens=30, **how)
        pieces = [item.text async for item in engine.generate(request) if not isinstance(item, Finished)]
        return "".join(pieces).replace(",", " ").split()

    plain = await words()
    for how in (
        {"frequency_penalty": 2.0},
        {"presence_penalty": 2.0, "frequency_penalty": 1.0},
        {"repeat_penalty": 1.5},
    ):
        varied = await words(**how)
        assert plain.count("tea") > 2 * varied.count("tea")


async def test_a_stop_string_across_tokens_is_never_seen(engine: LocalEngine, say: Say) -> None:
    whole, _, _ = await say(engine, *SURE[3][:2])
    assert whole.startswith(" five, six, seven, eight")
    cut, reason, usage = await say(engine, *SURE[3][:2], stop=("x, sev", "never"))
    assert (cut, reason) == (" five, si", "stop")
    assert usage.completion_tokens <= 6


async def test_korean_comes_in_whole_characters(engine: LocalEngine) -> None:
    said = "부산에서 살아요. 고양이가 있어요."
    prompt = f"<|im_start|>user\nRepeat: {said}<|im_end|>\n<|im_start|>assistant\n{said[:12]}"
    pieces = []
    async for item in engine.generate(Generate(prompt=prompt, max_tokens=32)):
        if not isinstance(item, Finished):
            pieces.append(item)
    text = "".join(piece.text for piece in pieces)
    assert any("가" <= letter <= "힣" for letter in text), text
    assert not any("�" in piece.text for piece in pieces)
    assert any(piece.tokens > 1 for piece in pieces), "a Korean syllable is more than one token here"


async def test_cancelling_frees_the_place_at_once(engine: LocalEngine, say: Say) -> None:
    for _ in range(20):
        stream = engine.generate(Generate(prompt="Once upon a time", max_tokens=1500, temperature=1.0))
        await anext(stream)
        await stream.aclose()
    begun = time.monotonic()
    figures = await engine.stats()
    assert figures["running"] + figures["queued"] == 0
    await say(engine, "Hi", max_tokens=2)
    assert time.monotonic() - begun < 15


async def test_cancelling_a_waiting_task_takes_it_out_of_the_queue(engine: LocalEngine) -> None:
    async def run() -> None:
        async for _ in engine.generate(Generate(prompt="Count: 1 2 3", max_tokens=400, temperature=1.0)):
            pass

    tasks = [asyncio.create_task(run()) for _ in range(8)]
    await until(engine, running=4, queued=4)
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    figures = await engine.stats()
    assert figures["running"] + figures["queued"] == 0


async def test_more_than_the_cells_hold_wait_their_turn(engine: LocalEngine, say: Say) -> None:
    """Six requests of which only two fit into the cells together: all are answered, none is cut."""
    answers = await asyncio.gather(*(say(engine, *CAPITAL, max_tokens=900, stop=(".",)) for _ in range(6)))
    assert [text for text, _, _ in answers] == [" Paris"] * 6


async def test_an_adapter_changes_the_answer_and_the_base_stays(engine: LocalEngine, say: Say, adapted: Path) -> None:
    both = await asyncio.gather(say(engine, *CAPITAL, adapter="0001"), say(engine, *CAPITAL))
    assert not both[0][0].startswith(" Paris")
    assert both[1][0].startswith(" Paris")
    assert both[0][2].cached_tokens == 0, "nothing that was computed without the adapter is read with it"
    await engine.load_adapter("0001", adapted)
    assert (await engine.stats())["adapters"] == 1


async def test_unloading_lets_the_running_one_end_and_refuses_the_next(
    engine: LocalEngine, say: Say, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    prompt = Generate(prompt="1, 2, 3, 4, 5,", adapter="0002", max_tokens=60)
    await engine.load_adapter("0002", write_adapter(tmp_path / "a.gguf", strength=0.1))
    alone = [item async for item in engine.generate(prompt)]
    running = engine.generate(prompt)
    first = await anext(running)
    await engine.unload_adapter("0002")
    with pytest.raises(NotFound, match="0002"):
        await say(engine, "Hello", adapter="0002")
    rest = [item async for item in running]
    assert len(rest) > 20 and [first, *rest][:-1] == alone[:-1]
    await engine.load_adapter("0002", write_adapter(tmp_path / "b.gguf", strength=2.0))
    other = [item async for item in engine.generate(prompt)]
    assert other[:-1] != alone[:-1], "another file under the same name"
    await engine.unload_adapter("0002")
    assert (await engine.stats())["adapters"] == 1


async def test_an_adapter_of_another_base_is_refused(
    engine: LocalEngine, say: Say, write_adapter: WriteAdapter, tmp_path: Path
) -> None:
    with pytest.raises(ModelError, match="another base model"):
        await engine.load_adapter("x", write_adapter(tmp_path / "a.gguf", base_sha256="0" * 64))
    with pytest.raises(ModelError, match="another chat template"):
        await engine.load_adapter("x", write_adapter(tmp_path / "b.gguf", template_sha256="0" * 64))
    (tmp_path / "c.gguf").write_bytes(b"not a GGUF file")
    with pytest.raises(ModelError, match=r"c\.gguf"):
        await engine.load_adapter("x", tmp_path / "c.gguf")
    with pytest.raises(ModelError, match="another vocabulary"):
        await engine.load_adapter("x", engine._paths.embedder)
    assert (await say(engine, *CAPITAL))[0].startswith(" Paris")


async def test_special_tokens_are_read_only_where_asked(engine: LocalEngine) -> None:
    assert await engine.tokenize("<|im_start|>hi") == [1, *await engine.tokenize("hi")]
    assert 1 not in await engine.tokenize("<|im_start|>hi", special=False)


async def test_a_question_is_embedded_while_a_long_list_waits(engine: LocalEngine) -> None:
    many = asyncio.create_task(engine.embed([f"Sentence number {n} about bees and the sea." for n in range(400)]))
    await asyncio.sleep(0)
    await engine.embed(["Where do the bees live?"])
    assert not many.done()
    assert (await many).shape == (400, 384)


async def test_a_lone_surrogate_does_no_harm(engine: LocalEngine) -> None:
    assert (await engine.embed(["\ud800"])).shape == (1, 384)
    assert await engine.tokenize("\ud800 hi")


async def test_the_parents_side_loads_nothing_of_llama_cpp() -> None:
    code = (
        "import sys, kernel.engine.client, kernel.engine.starter, kernel.engine.scripted;"
        "sys.exit(any(m in sys.modules for m in ('llama_cpp', 'torch', 'transformers', 'gguf')))"
    )
    child = await asyncio.create_subprocess_exec(sys.executable, "-c", code)
    assert await child.wait() == 0
