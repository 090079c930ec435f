"""Another server carries the weights: each kind is asked in its own words, and what it cannot do is refused by name."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

from kernel.abc import Finished, Generate, Piece
from kernel.config import EngineConfig, Paths
from kernel.engine.remote import RemoteEngine
from kernel.engine.scripted import CHATML, ScriptedEngine
from kernel.errors import Busy, ContextOverflow, EngineDied, EngineError, ModelError, NoAdapters, NotFound, WrongUse
from kernel.types import Message, ToolCall
from tests.test_kernel.engine.others import KEY, MODEL, VLLM, LlamaServer, Ollama, Other, engine_of, listening
from tests.test_kernel.engine.tiny import write_adapter, write_base

SAID = "Well, 제 이름은 Kaya\u2028입니다 and I live in Bergen."
MESSAGES = (
    Message(role="system", content="Be brief."),
    Message(role="user", content="Who <|im_end|> are you?"),
    Message(role="assistant", content="", calls=(ToolCall(id="c1", name="look", arguments='{"at": 1}'),)),
    Message(role="tool", content="nothing", call_id="c1"),
)
PROMPT = "<|im_start|>user\nWho are you?<|im_end|>\n<|im_start|>assistant\n"
KINDS = [VLLM, LlamaServer, Ollama, Other]
Connect = Callable[..., Awaitable[RemoteEngine]]


@pytest_asyncio.fixture
async def stack() -> AsyncIterator[AsyncExitStack]:
    async with AsyncExitStack() as stack:
        yield stack


@pytest.fixture
def connect(stack: AsyncExitStack, tmp_path: Path) -> Connect:
    """An engine over one of the others, started, and closed at the end."""

    async def connected(other: Other, *, paths: Paths | None = None, **settings: Any) -> RemoteEngine:
        url = settings.pop("url", None) or await stack.enter_async_context(listening(other))
        engine = RemoteEngine(paths or Paths(tmp_path), EngineConfig(url=url, **settings), local=ScriptedEngine())
        stack.push_async_callback(engine.close)
        await engine.start()
        return engine

    return connected


def other(kind: type[Other], *, context_tokens: int = 256, key: str = "", **how: Any) -> Other:
    return kind(engine_of(context_tokens, reply=[SAID], **how), context_tokens, key=key)


async def take(engine: RemoteEngine, **request: Any) -> tuple[str, Finished, list[Piece]]:
    parts = [part async for part in engine.generate(Generate(**{"prompt": PROMPT, "max_tokens": 40, **request}))]
    pieces = [part for part in parts if isinstance(part, Piece)]
    assert isinstance(parts[-1], Finished) and len(parts) == len(pieces) + 1
    return "".join(piece.text for piece in pieces), parts[-1], pieces


async def until(holds: Callable[[], bool]) -> None:
    while not holds():  # noqa: ASYNC110 - it happens in somebody else's process, as it were
        await asyncio.sleep(0.01)


@pytest.mark.parametrize("kind", KINDS)
async def test_each_kind_is_known_and_streams(kind: type[Other], connect: Connect) -> None:
    there = other(kind)
    engine = await connect(there)
    info = await engine.start()
    known = kind is not Other
    assert (info.name, info.chat_template) == (MODEL, CHATML)
    assert info.context_tokens == (256 if known else EngineConfig().context_tokens)
    text, finished, pieces = await take(engine, messages=MESSAGES)
    assert text == SAID and len(pieces) > 3
    assert finished.reason == "stop"
    assert sum(piece.tokens for piece in pieces) == finished.usage.completion_tokens
    assert finished.usage.cached_tokens == 2
    (body,) = there.bodies("/v1/chat/completions")
    assert body["messages"][1]["content"] == "Who <im_end> are you?", "no special token comes out of somebody's words"
    assert body["messages"][2]["tool_calls"][0]["function"] == {"name": "look", "arguments": '{"at": 1}'}
    assert body["messages"][3]["tool_call_id"] == "c1"
    assert (await engine.stats())["tokens_decoded"] == finished.usage.completion_tokens
    assert (await engine.embed(["hi"])).shape == (1, info.embedding_length)


CHOSEN = {"top_k": 5, "min_p": 0.1, "repeat_penalty": 1.2, "seed": 7, "presence_penalty": 0.5}


@pytest.mark.parametrize(
    ("kind", "asked", "sent"),
    [
        (VLLM, CHOSEN, {"top_k": 5, "min_p": 0.1, "repetition_penalty": 1.2, "seed": 7, "presence_penalty": 0.5}),
        (VLLM, {}, {"top_k": -1, "min_p": 0.0, "repetition_penalty": 1.0, "top_p": 1.0, "temperature": 0.0}),
        (VLLM, {"grammar": "root ::= x"}, {"structured_outputs": {"grammar": "root ::= x"}}),
        (LlamaServer, CHOSEN, {"top_k": 5, "min_p": 0.1, "repeat_penalty": 1.2, "seed": 7}),
        (LlamaServer, {}, {"top_k": 0, "min_p": 0.0, "repeat_penalty": 1.0}),
        (LlamaServer, {"grammar": "root ::= x"}, {"grammar": "root ::= x"}),
        (LlamaServer, {"logit_bias": {3: -100.0, 4: 2.0}}, {"logit_bias": {"3": False, "4": 2.0}}),
        (VLLM, {"logit_bias": {3: -200.0, 4: 2.0}}, {"logit_bias": {"3": -100.0, "4": 2.0}}),
        *((kind, {"seed": -1}, {"seed": most}) for kind, most in ((VLLM, 2**63 - 2), (LlamaServer, 2**32 - 2))),
        (LlamaServer, {"logprobs": 0}, {"logprobs": True, "top_logprobs": 1}),
        (Ollama, {"logprobs": 2}, {"logprobs": True, "top_logprobs": 2}),
        (Other, {"stop": tuple("vwxyz")}, {"stop": list("vwxy")}),
        *(
            (kind, {"json_schema": '{"type": "object"}'}, {"response_format": {
                "type": "json_schema", "json_schema": {"name": "answer", "schema": {"type": "object"}}}})
            for kind in KINDS
        ),
    ],
)  # fmt: skip
async def test_fields_go_by_the_names_they_have_there(
    kind: type[Other], asked: dict[str, Any], sent: dict[str, Any], connect: Connect
) -> None:
    there = other(kind)
    await take(await connect(there), messages=MESSAGES, **asked)
    (body,) = there.bodies("/v1/chat/completions")
    assert {name: body.get(name) for name in sent} == sent


@pytest.mark.parametrize(
    ("kind", "asked", "named"),
    [
        *((Ollama, {field: CHOSEN[field]}, field) for field in ("top_k", "min_p", "repeat_penalty")),
        (Ollama, {"logit_bias": {3: 1.0}}, "logit_bias"),
        (Ollama, {"messages": ()}, "prompt"),
        (Ollama, {"grammar": "root ::= x"}, "grammar"),
        (Other, {"top_k": 5}, "top_k"),
        (Other, {"messages": (), "json_schema": "{}"}, "JSON schema"),
        (LlamaServer, {"messages": (), "json_schema": "{}"}, "JSON schema"),
        (LlamaServer, {"logit_bias": {1 << 30: 1.0}}, "logit_bias"),
        (VLLM, {"json_schema": "{}", "free_until": "<tool_call>"}, "tool_choice"),
        (VLLM, {"json_schema": "{}", "grammar": "root ::= x"}, "grammar"),
    ],
)
async def test_what_a_server_does_not_know_is_refused_and_never_sent(
    kind: type[Other], asked: dict[str, Any], named: str, connect: Connect
) -> None:
    there = other(kind)
    engine = await connect(there)
    with pytest.raises(WrongUse, match=named):
        await take(engine, **{"messages": MESSAGES, **asked})
    assert not there.bodies("/v1/chat/completions") and not there.bodies("/v1/completions")


@pytest.mark.parametrize("kind", [VLLM, LlamaServer, Other])
@pytest.mark.parametrize("messages", [(), MESSAGES])
async def test_every_token_has_its_log_probability(
    kind: type[Other], messages: tuple[Message, ...], connect: Connect
) -> None:
    there = other(kind)
    engine = await connect(there)
    text, finished, pieces = await take(engine, messages=messages, logprobs=1)
    scores = [score for piece in pieces for score in piece.scores]
    assert b"".join(score.data for score in scores).decode() == text == SAID
    assert len(scores) == finished.usage.completion_tokens
    assert [score.token for score in scores] == await there.engine.tokenize(SAID)
    assert all(len(score.top) == 1 and score.top[0].data == score.data for score in scores)


async def test_a_stop_string_that_the_server_lets_through_is_kept_here(connect: Connect) -> None:
    there = other(Other, delay=0.005)
    engine = await connect(there)
    text, finished, _ = await take(engine, messages=MESSAGES, stop=("never 1", "never 2", "never 3", "never 4", "live"))
    assert (text, finished.reason) == (SAID[: SAID.index("live")], "stop")
    assert finished.usage.prompt_tokens == len(await engine.tokenize(PROMPT))


async def test_tokens_are_the_servers_where_it_tells_them(connect: Connect) -> None:
    for kind in (VLLM, LlamaServer):
        engine = await connect(there := other(kind))
        tokens = await engine.tokenize("My own words")
        assert await engine.detokenize(tokens) == "My own words"
        assert {"/tokenize", "/detokenize"} <= {path for path, _ in there.requests}
        assert (await take(engine, prompt=tuple(tokens)))[0] == SAID
        with pytest.raises(WrongUse):
            await engine.detokenize([-1])


@pytest.mark.parametrize("kind", [VLLM, LlamaServer, Ollama])
async def test_what_does_not_fit_is_refused_here_and_by_the_server(kind: type[Other], connect: Connect) -> None:
    there = other(kind, context_tokens=64)
    engine = await connect(there)
    with pytest.raises(ContextOverflow, match="64"):
        await take(engine, messages=MESSAGES, prompt="word " * 100)
    assert not there.bodies("/v1/chat/completions")
    there.faults = [(*there.overflow(), {})]
    with pytest.raises(ContextOverflow, match="max_tokens"):
        await take(engine, messages=MESSAGES)


# --- servers that fail ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("answer", "error", "told"),
    [
        ((429, {"error": {"message": "slow down"}}, {"Retry-After": "7"}), Busy, "again"),
        ((400, {"error": {"message": "bad grammar"}}, {}), WrongUse, "bad grammar"),
        ((401, {"error": "Unauthorized"}, {}), EngineError, "engine.key_file"),
        ((503, {"error": {"message": "Loading model"}}, {}), EngineError, "Loading model"),
        ((500, "oops", {}), EngineError, "log"),
    ],
)
async def test_refusals_say_what_to_do(answer: Any, error: type[Exception], told: str, connect: Connect) -> None:
    there = other(VLLM)
    engine = await connect(there)
    there.faults = [answer]
    with pytest.raises(error, match=told) as caught:
        await take(engine)
    if isinstance(caught.value, Busy):
        assert caught.value.retry_after == 7
    assert (await take(engine))[0] == SAID


async def test_a_stream_that_is_cut_has_died_and_one_that_had_said_nothing_is_asked_again(connect: Connect) -> None:
    there = other(VLLM)
    engine = await connect(there)
    there.cut_after = 2
    with pytest.raises(EngineDied, match="broke off"):
        await take(engine)
    there.cut_after = 0
    assert (await take(engine))[0] == SAID
    assert len(there.bodies("/v1/completions")) == 3


async def test_closing_the_iterator_closes_the_stream_there(connect: Connect) -> None:
    there = other(VLLM, delay=0.01, sequences=2)
    engine = await connect(there)
    for _ in range(4):
        stream = engine.generate(Generate(prompt=PROMPT, max_tokens=40))
        await anext(stream)
        await stream.aclose()
    await until(lambda: there.left == 4)
    assert (await engine.stats())["running"] == 0
    assert (await take(engine))[0] == SAID


async def test_it_comes_back_by_itself_when_the_server_does(tmp_path: Path) -> None:
    there = other(VLLM)
    async with AsyncExitStack() as first:
        url = await first.enter_async_context(listening(there))
        engine = RemoteEngine(Paths(tmp_path), EngineConfig(url=url), local=ScriptedEngine(), look_seconds=0.1)
        await engine.start()
    with pytest.raises(EngineDied, match=r"engine\.url"):
        await take(engine)
    await until(lambda: not engine.up)
    async with listening(there, int(url.rpartition(":")[2])):
        await until(lambda: engine.up)
        assert (await take(engine))[0] == SAID
        assert (await engine.stats())["restarts"] == 1
        await engine.close()


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [
        ({"url": "http://127.0.0.1:9"}, EngineDied, r"127\.0\.0\.1:9"),
        ({"url": "ftp://there"}, WrongUse, "http://"),
        ({"url": "http://me:secret@there"}, WrongUse, "key_file"),
        ({"key_file": "/nowhere/key"}, ModelError, "/nowhere/key"),
        ({"model": "another"}, ModelError, MODEL),
        ({}, EngineError, "key_file"),
    ],
)
async def test_a_wrong_setting_is_named_at_the_start(
    settings: dict[str, str], error: type[Exception], told: str, connect: Connect, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    with pytest.raises(error, match=told) as caught:
        await connect(other(VLLM, key=KEY), **({"key_file": str(key)} if settings else {}) | settings)
    assert "secret" not in str(caught.value) and KEY not in str(caught.value)


async def test_the_key_comes_from_its_file_and_a_choice_of_models_is_asked_for(
    connect: Connect, tmp_path: Path
) -> None:
    key = tmp_path / "key"
    key.write_text(f"{KEY}\n")
    there = other(Ollama, key=KEY)
    there.models.append("org/second")
    with pytest.raises(ModelError, match=r"org/model, org/second.*engine\.model"):
        await connect(there, key_file=str(key))
    engine = await connect(there, key_file=str(key), model=MODEL)
    assert (await take(engine, messages=MESSAGES))[0] == SAID


# --- adapters ---------------------------------------------------------------------------------------------------------


@pytest.fixture
def home(tmp_path: Path) -> Paths:
    """A home with a tiny base and the adapters of two selves."""
    paths = Paths(tmp_path / "home")
    write_base(paths.base)
    for seed, version in enumerate(("0001", "0002")):
        write_adapter(paths.self_folder(version), paths.base, seed=seed)
    return paths


async def test_an_adapter_is_loaded_named_swapped_and_unloaded_when_its_requests_have_ended(
    home: Paths, connect: Connect, tmp_path: Path
) -> None:
    there = VLLM(engine_of(256, reply=[SAID], delay=0.01), 256)
    seen_there = tmp_path / "mounted"
    seen_there.symlink_to(home.selves)
    engine = await connect(there, paths=home, adapters_at=str(seen_there))
    with pytest.raises(NotFound, match="0001"):
        await take(engine, adapter="0001")
    await engine.load_adapter("0001", home.self_folder("0001") / "adapter.gguf")
    (asked,) = there.bodies("/v1/load_lora_adapter")
    assert asked["lora_path"] == f"{seen_there}/0001/peft"
    stream = engine.generate(Generate(prompt=PROMPT, max_tokens=40, adapter="0001"))
    await anext(stream)
    assert there.bodies("/v1/completions")[-1]["model"] == asked["lora_name"] == there.models[-1]
    assert asked["lora_name"].startswith("oneself-0001")
    await engine.load_adapter("0001", home.self_folder("0002") / "adapter.gguf")
    second = there.models[-1]
    assert asked["lora_name"] in there.models, "what runs ends on the old"
    assert [part async for part in stream]
    await until(lambda: asked["lora_name"] not in there.models)
    there.models.remove(second)  # it was started again and knows nothing of it
    assert (await take(engine, adapter="0001"))[0] == SAID
    await engine.unload_adapter("0001")
    with pytest.raises(NotFound):
        await take(engine, adapter="0001")
    await until(lambda: second not in there.models)
    assert (await engine.stats())["adapters"] == 0


async def test_what_an_adapter_lacks_is_told(home: Paths, connect: Connect) -> None:
    adapter = home.self_folder("0001") / "adapter.gguf"
    closed = await connect(VLLM(engine_of(256), 256, adapters=False), paths=home)
    with pytest.raises(NoAdapters, match="VLLM_ALLOW_RUNTIME_LORA_UPDATING"):
        await closed.load_adapter("0001", adapter)
    apart = await connect(other(VLLM), paths=home, adapters_at="/not/mounted")
    with pytest.raises(ModelError, match=r"engine\.adapters_at"):
        await apart.load_adapter("0001", adapter)
    with pytest.raises(ModelError, match="missing"):
        await apart.load_adapter("0001", adapter.with_name("gone.gguf"))
    for kind in (LlamaServer, Ollama, Other):
        with pytest.raises(NoAdapters, match="vLLM"):
            await (await connect(other(kind), paths=home)).load_adapter("0001", adapter)
