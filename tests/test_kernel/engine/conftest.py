"""The engine's tests run the real thing: real models in a home of the session, a real child per module."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import gguf
import numpy as np
import pytest
import pytest_asyncio

from kernel.abc import Engine, Finished, Generate
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.engine.starter import base_sha256, install_starter
from kernel.types import Usage

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
    """Writes a random LoRA on the first layers' down projections; ``recipe`` becomes its ``oneself.*`` keys."""

    def write(target: Path, *, strength: float = 0.5, seed: int = 0, **recipe: str) -> Path:
        recipe = {"base_sha256": base_sha256(starter_paths), **recipe}
        random = np.random.default_rng(seed)
        writer = gguf.GGUFWriter(target, "llama")
        writer.add_type("adapter")
        writer.add_string("adapter.type", "lora")
        writer.add_float32("adapter.lora.alpha", 8.0)
        for key, value in recipe.items():
            writer.add_string(f"oneself.{key}", value)
        for layer in range(8):
            name = f"blk.{layer}.ffn_down.weight"
            writer.add_tensor(f"{name}.lora_a", random.normal(size=(8, 1536)).astype(np.float32) * 0.02)
            writer.add_tensor(f"{name}.lora_b", random.normal(size=(576, 8)).astype(np.float32) * strength)
        writer.write_header_to_file()
        writer.write_kv_data_to_file()
        writer.write_tensors_to_file()
        writer.close()
        return target

    return write
