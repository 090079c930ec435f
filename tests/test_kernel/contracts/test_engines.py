"""What every ``Engine`` keeps (see ``kernel.abc``), run over the real one, the scripted one and another server."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
import pytest_asyncio

from kernel.abc import Engine, Finished, Generate, Piece
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.engine.remote import RemoteEngine
from kernel.engine.scripted import ScriptedEngine
from kernel.engine.starter import install_starter
from kernel.errors import Busy, ContextOverflow, EngineError, ModelError, NotFound, WrongUse
from tests.test_kernel.engine.others import VLLM, engine_of, listening

pytestmark = pytest.mark.asyncio(loop_scope="module")

CONFIG = EngineConfig(context_tokens=512, sequences=2, queue=2)
PROMPT = "<|im_start|>user\nWhat is the capital of France? Name it in a sentence.<|im_end|>\n<|im_start|>assistant\n"
Make = Callable[[], Engine]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def elsewhere() -> AsyncIterator[str]:
    """The address of another server."""
    theirs = engine_of(CONFIG.context_tokens, delay=0.01)
    async with listening(VLLM(theirs, CONFIG.context_tokens)) as url:
        yield url


@pytest.fixture(scope="module", params=["local", "scripted", "remote"])
def make(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, elsewhere: str) -> Make:
    if request.param == "scripted":
        return lambda: ScriptedEngine(config=CONFIG, delay=0.01)
    if request.param == "remote":
        there = msgspec.structs.replace(CONFIG, url=elsewhere)
        return lambda: RemoteEngine(Paths(tmp_path_factory.getbasetemp()), there, local=ScriptedEngine(config=CONFIG))
    paths = Paths(tmp_path_factory.getbasetemp() / "starter")
    install_starter(paths)
    return lambda: LocalEngine(paths, CONFIG)


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def engine(make: Make) -> AsyncIterator[Engine]:
    made = make()
    await made.start()
    yield made
    await made.close()


async def take(engine: Engine, request: Generate) -> tuple[list[Piece], Finished]:
    items = [item async for item in engine.generate(request)]
    pieces = [item for item in items if isinstance(item, Piece)]
    finished = [item for item in items if isinstance(item, Finished)]
    assert len(finished) == 1 and items[-1] is finished[0], "pieces, then exactly one Finished"
    return pieces, finished[0]


def text_of(pieces: list[Piece]) -> str:
    return "".join(piece.text for piece in pieces)


async def quiet(engine: Engine) -> bool:
    figures = await engine.stats()
    return figures["running"] + figures["queued"] == 0


async def test_it_says_what_it_runs(engine: Engine) -> None:
    info = await engine.start()
    assert len(info.sha256) == 64
    assert info.name and info.chat_template
    assert info.context_tokens == CONFIG.context_tokens
    assert (await engine.embed(["hi"])).shape == (1, info.embedding_length)


async def test_greedy_answers_are_the_same_each_time_and_counted(engine: Engine) -> None:
    pieces, finished = await take(engine, Generate(prompt=PROMPT, max_tokens=40))
    again, _ = await take(engine, Generate(prompt=PROMPT, max_tokens=40))
    assert text_of(pieces) == text_of(again) != ""
    assert all(piece.text for piece in pieces)
    assert sum(piece.tokens for piece in pieces) == finished.usage.completion_tokens
    assert finished.usage.prompt_tokens == len(await engine.tokenize(PROMPT))
    assert finished.reason == "stop"


async def test_the_limit_is_kept(engine: Engine) -> None:
    whole, _ = await take(engine, Generate(prompt=PROMPT, max_tokens=40))
    pieces, finished = await take(engine, Generate(prompt=PROMPT, max_tokens=3))
    assert finished.reason == "length"
    assert finished.usage.completion_tokens == 3
    assert text_of(whole).startswith(text_of(pieces))


async def test_stop_strings_are_never_in_the_text(engine: Engine) -> None:
    whole = text_of((await take(engine, Generate(prompt=PROMPT, max_tokens=40)))[0])
    for start, end in ((0, 3), (6, 9), (len(whole) // 2, len(whole) // 2 + 2), (len(whole) - 2, len(whole))):
        stop = whole[start:end]
        pieces, finished = await take(engine, Generate(prompt=PROMPT, max_tokens=40, stop=(stop, "@@@")))
        assert text_of(pieces) == whole[: whole.index(stop)]
        assert finished.reason == "stop"


async def test_what_does_not_fit_is_refused_before_the_first_piece(engine: Engine) -> None:
    with pytest.raises(ContextOverflow, match="512"):
        await take(engine, Generate(prompt=PROMPT, max_tokens=CONFIG.context_tokens))
    with pytest.raises(ContextOverflow):
        await take(engine, Generate(prompt="word " * 2000, max_tokens=1))
    prompt = len(await engine.tokenize(PROMPT))
    await take(engine, Generate(prompt=PROMPT, max_tokens=CONFIG.context_tokens - prompt))


@pytest.mark.parametrize("request_", [Generate(prompt="", max_tokens=4), Generate(prompt="hi", max_tokens=0)])
async def test_what_cannot_be_run_is_wrong_use(engine: Engine, request_: Generate) -> None:
    with pytest.raises(WrongUse):
        await take(engine, request_)


async def test_an_unknown_adapter_is_not_found(engine: Engine, tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="9999"):
        await take(engine, Generate(prompt=PROMPT, adapter="9999"))
    with pytest.raises(ModelError, match=r"gone\.gguf"):
        await engine.load_adapter("9999", tmp_path / "gone.gguf")
    with pytest.raises(NotFound):
        await take(engine, Generate(prompt=PROMPT, adapter="9999"))
    await engine.unload_adapter("9999")


async def test_requests_together_each_get_their_own_end(engine: Engine) -> None:
    results = await asyncio.gather(*(take(engine, Generate(prompt=PROMPT, max_tokens=n)) for n in (2, 3, 4)))
    assert [finished.usage.completion_tokens for _, finished in results] == [2, 3, 4]


async def test_closing_the_iterator_frees_its_place(engine: Engine) -> None:
    for _ in range(6):  # more than run and wait together
        stream = engine.generate(Generate(prompt=PROMPT, max_tokens=100))
        await anext(stream)
        await stream.aclose()  # type: ignore[attr-defined]
    for _ in range(100):
        if await quiet(engine):
            break
        await asyncio.sleep(0.05)
    assert await quiet(engine)


async def test_a_full_queue_is_busy_and_says_when_to_come_again(engine: Engine) -> None:
    """Two run and two wait; of six that come at once, two are refused before they have sent anything."""
    requests = (take(engine, Generate(prompt=PROMPT, max_tokens=100)) for _ in range(6))
    results = await asyncio.gather(*requests, return_exceptions=True)
    refused = [result for result in results if isinstance(result, Busy)]
    assert len(refused) == 2
    assert all(error.retry_after >= 1 for error in refused)
    assert len({text_of(result[0]) for result in results if not isinstance(result, BaseException)}) == 1


async def test_vectors_are_of_length_one_in_order_and_near_for_like_texts(engine: Engine) -> None:
    texts = ["My dog Pepper loves the beach.", "The dog Pepper at the beach.", "Taxes are due in April.", ""]
    vectors = await engine.embed(texts)
    assert vectors.dtype == np.float32
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)
    assert vectors[0] @ vectors[1] > vectors[0] @ vectors[2] + 0.2
    turned = await engine.embed(texts[::-1])
    assert np.allclose(turned[::-1], vectors, atol=1e-3)
    assert (await engine.embed([])).shape == (0, vectors.shape[1])
    assert (await engine.embed(["word " * 5000])).shape == (1, vectors.shape[1])


async def test_stats_are_named_alike(engine: Engine) -> None:
    assert {"resident_bytes", "running", "queued", "restarts", "tokens_decoded", "prefix_tokens_reused"} <= set(
        await engine.stats()
    )


async def test_it_must_be_started_and_may_be_closed_twice(make: Make) -> None:
    made = make()
    with pytest.raises(EngineError, match="start"):
        await made.tokenize("hi")
    await made.start()
    await made.close()
    await made.close()
    with pytest.raises(EngineError):
        await made.embed(["hi"])
