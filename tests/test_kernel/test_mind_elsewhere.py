"""A mind whose weights are on another machine."""

from __future__ import annotations

import logging

import pytest

from kernel.config import EngineConfig, KernelConfig, Paths
from kernel.engine.remote import RemoteEngine
from kernel.engine.scripted import ScriptedEngine
from kernel.mind import Mind
from kernel.types import Answer, Message, Question
from tests.test_kernel.engine.others import VLLM, LlamaServer, engine_of, listening

HOME = "In May 2024 I moved to Bergen. My cat is called Kaya and she is four."


def ask(text: str, model: str = "self") -> Question:
    return Question(messages=(Message(role="user", content=text),), model=model)


async def opened(home: Paths, url: str) -> Mind:
    config = KernelConfig(engine=EngineConfig(url=url))
    mind = await Mind.open(home, config, engine=RemoteEngine(home, config.engine, local=ScriptedEngine()))
    await mind.remember(HOME)
    return mind


async def test_with_vllm_a_self_answers_there_with_its_own_adapter(home: Paths) -> None:
    there = VLLM(engine_of(4096, reply=["My cat is called Kaya."]), 4096)
    async with listening(there) as url:
        mind = await opened(home, url)
        answer: Answer = await mind.ask(ask("What is my cat called?"))
        assert answer.text == "My cat is called Kaya." and answer.source == "model" and answer.citations
        (adapter,) = there.bodies("/v1/load_lora_adapter")
        assert adapter["lora_path"] == str(home.self_folder("0000") / "peft")
        assert there.bodies("/v1/chat/completions")[-1]["model"] == adapter["lora_name"]
        assert "self-weights" in await mind.served_models() and (await mind.status()).ready
        await mind.close()
        assert adapter["lora_name"] not in there.models, "weights of a self are not left behind"


async def test_a_server_that_takes_no_adapter_is_told_of_once_and_selves_quote(
    home: Paths, caplog: pytest.LogCaptureFixture
) -> None:
    there = LlamaServer(engine_of(4096, reply=["Paris."]), 4096)
    async with listening(there) as url:
        with caplog.at_level(logging.WARNING):
            mind = await opened(home, url)
        assert sum("takes no adapter" in record.message for record in caplog.records) == 1
        answer = await mind.ask(ask("What is my cat called?"))
        assert answer.source == "quote" and "Kaya" in answer.text
        assert (await mind.ask(ask("What is the capital of France?", "base"))).text == "Paris."
        await mind.close()
