"""A new self under load: ours is promoted while eight clients stream, the rival is started again with another file.

Two figures of each swap, both the worst over all clients, from when it was asked for until two seconds after it was done.
The *gap*: between two neighbouring tokens of one answer. The *silence*: between two neighbouring tokens of one client,
whichever answer they belong to; for the rival that is what its clients notice, because their answers are cut off. The
rival's other file is a link to the same one, already in memory: the best that it can meet.
"""

from __future__ import annotations

import itertools
import os
import shutil
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import pairwise
from typing import Any

from serving.clients import Asked, Load, Running, running, send
from serving.prompts import Prompts
from serving.servers import SELVES, LlamaCpp, OurWeights, Server

WINDOW = 2.0
"""Seconds after a swap was done in which a gap is put down to it still."""
CLIENTS = 8
QUIET_SECONDS = 20.0
"""Of streaming before the first swap: gaps in windows as long as those of the swaps, to set beside them."""
RECOVER_SECONDS = 12.0
"""For the rival between two swaps: it reads the persona once for each slot before anybody hears from it."""
REQUESTS = 200
"""Different ones of each client before it begins again."""


@contextmanager
def streaming(server: Server, prompts: Prompts, tokens: int) -> Iterator[Running]:
    """Eight clients that go on for ever, after a burst of as many has warmed the server."""

    def body() -> dict[str, Any]:
        return prompts.body(prompts.question(), model=server.model, tokens=tokens, fields=server.fields)

    send(server, [[body()] for _ in range(CLIENTS)]).check(server.name)
    with running(server, [[body() for _ in range(REQUESTS)] for _ in range(CLIENTS)], forever=True) as load:
        yield load


def ours(server: OurWeights, prompts: Prompts, *, swaps: int, every: float, tokens: int) -> dict[str, Any]:
    with server, streaming(server, prompts, tokens) as load:
        time.sleep(QUIET_SECONDS)
        asked, took = [], []
        for version in itertools.islice(itertools.cycle(reversed(SELVES)), swaps):
            began = time.monotonic()
            server.post(f"/api/selves/{version}/promote", {"force": True})
            asked.append(began)
            took.append(time.monotonic() - began)
            time.sleep(max(0.0, every - took[-1]))
        found = load.end()
    return report(found, asked, took)


def rival(server: LlamaCpp, prompts: Prompts, *, swaps: int, tokens: int) -> dict[str, Any]:
    files = server.setting.gguf, server.setting.work / "the same under another name.gguf"
    files[1].unlink(missing_ok=True)
    try:
        os.link(*files)
    except OSError:
        shutil.copyfile(*files)
    with server, streaming(server, prompts, tokens) as load:
        time.sleep(RECOVER_SECONDS)
        asked, took = [], []
        for file in itertools.islice(itertools.cycle(reversed(files)), swaps):
            began = time.monotonic()
            server.end()
            server.serve(file)
            asked.append(began)
            took.append(time.monotonic() - began)
            time.sleep(RECOVER_SECONDS)
        found = load.end()
    files[1].unlink()
    return report(found, asked, took)


def report(load: Load, asked: Sequence[float], took: Sequence[float]) -> dict[str, Any]:
    gaps = [gap for one in load.requests for gap in one.gaps]
    silences = [gap for pieces in by_client(load.requests) for gap in pairwise(pieces)]
    windows = [(began, began + seconds + WINDOW) for began, seconds in zip(asked, took, strict=True)]
    quiet = [(asked[0] - min(seconds + WINDOW, QUIET_SECONDS), asked[0]) for seconds in took]
    return {
        "swaps": len(asked),
        "requests": len(load.requests),
        "failed": len(load.failed),
        "failures": sorted({one.why for one in load.failed})[:5],
        "swap_seconds": list(took),
        "gap_seconds": [worst(gaps, *window) for window in windows],
        "silence_seconds": [worst(silences, *window) for window in windows],
        "gap_without_swap_seconds": [worst(gaps, *window) for window in quiet],
        "load_cpu_share": load.cpu_share,
        "load_average": os.getloadavg()[0],
    }


def by_client(requests: Iterable[Asked]) -> Iterable[list[float]]:
    pieces: dict[int, list[float]] = defaultdict(list)
    for one in requests:
        pieces[one.client] += one.pieces
    return pieces.values()


def worst(gaps: Iterable[tuple[float, float]], start: float, end: float) -> float:
    """The longest of those that touch the window; nought where nothing was said at all."""
    return max((after - before for before, after in gaps if after > start and before < end), default=0.0)
