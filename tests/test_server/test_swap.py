"""A new self under load, through HTTP: nobody is cut off, and no answer is half one self's and half the other's."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import openai
import pytest

from kernel.config import Paths
from kernel.engine.starter import base_sha256
from kernel.mind import Mind
from kernel.selves.shelf import ADAPTER_FILE, Shelf, now
from kernel.types import SelfVersion
from server.settings import ServerConfig, Settings
from tests.test_kernel.engine.adapters import write_adapter
from tests.test_server.conftest import serving
from tests.test_server.test_process import oneself

CLIENTS, SWAPS = 8, 6
COUNTING = "1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12,"
COUNTS, RAVES = "0001", "0002"


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Any]:
    """A home with two more selves: one goes on counting, the other's weights have been shaken until it cannot."""
    made = oneself("init", "--name", "Noor", home=tmp_path)
    assert made.returncode == 0, made.stderr
    paths = Paths(tmp_path)
    for version, strength in ((COUNTS, 0.0), (RAVES, 64.0)):
        folder = paths.self_folder(version)
        folder.mkdir()
        write_adapter(paths, folder / ADAPTER_FILE, strength=strength)
        about = SelfVersion(
            version=version,
            state="candidate",
            base=base_sha256(paths),
            template="",
            created=now(),
            adapter=ADAPTER_FILE,
        )
        Shelf(paths).write(about)
    with serving(lambda: Mind.open(paths, Settings()), paths, ServerConfig()) as running:
        yield running


def counted(text: str) -> float:
    """The share of a text that is numbers and commas."""
    return len("".join(re.findall(r"[0-9, ]", text))) / max(len(text), 1)


@pytest.mark.slow
def test_every_answer_is_one_selfs_from_its_first_word_to_its_last(served: Any) -> None:
    answers: list[str] = []
    failures: list[BaseException] = []
    over = threading.Event()

    def client() -> None:
        with openai.OpenAI(base_url=f"{served.url}/v1", api_key=served.key, max_retries=0) as api:
            while not over.is_set():
                try:
                    stream = api.completions.create(
                        model="self-weights", prompt=COUNTING, max_tokens=24, temperature=0, stream=True
                    )
                    answers.append("".join(chunk.choices[0].text for chunk in stream if chunk.choices))
                except Exception as error:  # noqa: BLE001 - any failure at all is what this looks for
                    failures.append(error)
                    return

    with httpx.Client(base_url=served.url, headers={"Authorization": f"Bearer {served.key}"}, timeout=120) as http:

        def promote(version: str) -> None:
            assert http.post(f"/api/selves/{version}/promote", json={"force": True}).status_code == 200

        promote(COUNTS)
        clients = [threading.Thread(target=client) for _ in range(CLIENTS)]
        for one in clients:
            one.start()
        for number in range(SWAPS):
            promote((RAVES, COUNTS)[number % 2])
            already = len(answers)
            while len(answers) < already + CLIENTS and not failures:
                time.sleep(0.05)
        over.set()
        for one in clients:
            one.join()
    assert not failures
    shares = [counted(text) for text in answers]
    assert any(share > 0.95 for share in shares) and any(share < 0.5 for share in shares), "both have answered"
    assert [text for text, share in zip(answers, shares, strict=True) if 0.5 <= share <= 0.95] == []
