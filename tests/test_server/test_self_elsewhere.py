"""One home's server as the bigger machine of another: what it speaks is what the engine of that one asks for."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from kernel.abc import Finished, Generate, Piece
from kernel.config import EngineConfig, Paths
from kernel.engine.remote import RemoteEngine
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import EngineError, ModelError
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import Message, SelfVersion
from server.cli import main
from server.settings import ServerConfig, Settings

SAID = "Paris, as far as I know."


@pytest.fixture
def there(paths: Paths, serve_mind: Any) -> Any:
    first = SelfVersion(
        version="0000", state="live", base="b", template="t", created="2025-01-01T00:00:00", adapter=None
    )
    Shelf(paths).write(first)
    with serve_mind(
        lambda: Mind.open(paths, Settings(), engine=ScriptedEngine([SAID])), paths, ServerConfig()
    ) as served:
        yield served


@pytest.mark.parametrize("messages", [(), (Message(role="user", content="What is the capital of France?"),)])
def test_its_base_generates_for_another_home(there: Any, messages: tuple[Message, ...], tmp_path: Path) -> None:
    async def ask() -> list[Piece | Finished]:
        config = EngineConfig(url=there.url, model="base", key_file=str(there.home / "api_key"))
        engine = RemoteEngine(Paths(tmp_path), config, local=ScriptedEngine())
        await engine.start()
        try:
            request = Generate(prompt="What is the capital of France?", messages=messages, max_tokens=20, logprobs=1)
            return [part async for part in engine.generate(request)]
        finally:
            await engine.close()

    *pieces, finished = asyncio.run(ask())
    assert "".join(piece.text for piece in pieces if isinstance(piece, Piece)) == SAID
    assert b"".join(score.data for piece in pieces for score in piece.scores).decode() == SAID  # type: ignore[union-attr]
    assert isinstance(finished, Finished) and finished.usage.prompt_tokens > 0


@pytest.mark.parametrize(
    ("settings", "error", "told"),
    [({}, ModelError, "self, self-weights, base"), ({"key_file": ""}, EngineError, "key_file")],
)
def test_it_says_what_is_missing(
    there: Any, settings: dict[str, str], error: type[Exception], told: str, tmp_path: Path
) -> None:
    config = EngineConfig(url=there.url, **{"key_file": str(there.home / "api_key")} | settings)
    with pytest.raises(error, match=told):
        asyncio.run(RemoteEngine(Paths(tmp_path), config, local=ScriptedEngine()).start())


@pytest.mark.parametrize(("model", "told"), [("base", "with the model base"), ("nobody", "nobody")])
def test_doctor_looks_there(there: Any, model: str, told: str, tmp_path: Path) -> None:
    home = Paths(tmp_path / "another")
    home.home.mkdir()
    key = there.home / "api_key"
    home.settings.write_text(f'[engine]\nurl = "{there.url}"\nmodel = "{model}"\nkey_file = "{key}"\n')
    done = CliRunner().invoke(main, ["--home", str(home.home), "doctor", "--json"])
    (check,) = [check for check in json.loads(done.stdout)["checks"] if check["name"] == "engine"]
    assert check["ok"] == (model == "base") and told in check["message"]
