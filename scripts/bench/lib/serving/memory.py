"""Resident memory of our server and its children over many short requests, each of them new."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
import psutil
from serving.clients import send
from serving.prompts import Prompts
from serving.servers import Server

TOKENS = 4
CLIENTS = 8


def measure(server: Server, prompts: Prompts, *, requests: int, every: int) -> dict[str, Any]:
    """MB after every ``every`` requests. The slope leaves out the first half, in which caches fill up to their budgets."""
    samples: list[dict[str, float]] = []
    with server:
        seconds = 0.0
        for done in range(0, requests + 1, every):
            samples.append({"requests": done} | resident(server.process.pid))
            if done == requests:
                break
            load = send(server, [list(one) for one in clients_of(server, prompts, min(every, requests - done))])
            load.check(server.name)
            seconds += load.ended - load.began
    late = samples[len(samples) // 2 :]
    slope = {
        name: float(np.polyfit([one["requests"] for one in late], [one[name] for one in late], 1)[0] * 1000)
        for name in ("server", "engine", "all")
        if len(late) > 1
    }
    return {
        "requests": requests,
        "requests_per_second": requests / seconds,
        "resident_mb": samples,
        "mb_per_1000_requests": slope,
        "load_average": os.getloadavg()[0],
    }


def clients_of(server: Server, prompts: Prompts, requests: int) -> list[list[dict[str, Any]]]:
    bodies = [
        prompts.body(prompts.question(), model=server.model, tokens=TOKENS, fields=server.fields, persona=False)
        for _ in range(requests)
    ]
    return [bodies[number::CLIENTS] for number in range(CLIENTS)]


def resident(server: int) -> dict[str, float]:
    """MB of the server, of its engine, and of all its processes together."""
    process = psutil.Process(server)
    found = {"server": process.memory_info().rss / 1e6, "engine": 0.0}
    found["all"] = found["server"]
    for child in process.children(recursive=True):
        size = child.memory_info().rss / 1e6
        found["all"] += size
        if "engine" in " ".join(child.cmdline()):
            found["engine"] += size
    return found
