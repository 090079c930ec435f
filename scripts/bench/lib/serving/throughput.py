"""Tokens a second and times to the first token: at first, when one client has been seen, and once all is warm.

Every contestant is started fresh in every round, in the reverse order every other round. Its visit: one client's
question; then ``first`` clients at once (the first burst); then, everything warm, each number of clients. Every question is
new, only the persona is shared. The bare loop takes part as one that needs no server: its bursts are warm from the start.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from serving.clients import send
from serving.prompts import Prompts, shared
from serving.servers import Server, Setting

Figures = dict[str, float]
Visit = dict[str, Figures]
"""``first`` and the numbers of clients, with what was measured."""
BARE = "bare"
SPINS = ("500", "300000")
"""How long the loop's threads spin before they sleep: our engine's, libgomp's default. The faster counts."""


def visit(server: Server, prompts: Prompts, *, clients: Sequence[int], first: int, tokens: int) -> Visit:
    """One fresh server, from its first client to the last warm burst."""

    def burst(count: int) -> Figures:
        bodies = prompts.bodies(count, model=server.model, tokens=tokens, fields=server.fields)
        load = send(server, list(bodies))
        load.check(server.name)
        return load.figures(tokens) | {"load_average": os.getloadavg()[0]}

    with server:
        burst(1)
        found = {"first": burst(first)} if first else {}
        if clients:
            burst(max(clients))
        return found | {str(count): burst(count) for count in clients}


def bare(setting: Setting, prompts: Prompts, *, clients: Sequence[int], tokens: int) -> Visit:
    """The limit at each number of clients."""
    if not clients:
        return {}
    asked = [[prompts.vocabulary.prompt(prompts.persona, prompts.question()) for _ in range(n)] for n in clients]
    prefix = shared([question for batch in asked for question in batch])
    plan = {
        "gguf": str(setting.gguf), "threads": setting.threads, "cells": setting.context, "prefix": prefix,
        "tokens": tokens, "banned": prompts.vocabulary.ends, "flash_attention": 0,
        "batches": [[question[len(prefix) :] for question in batch] for batch in asked],
    }  # fmt: skip
    runs = []
    for spin in SPINS:
        done = subprocess.run(
            [sys.executable, str(Path(__file__).with_name("bare.py"))],
            input=json.dumps(plan),
            capture_output=True,
            text=True,
            check=False,
            env=os.environ | {"GOMP_SPINCOUNT": spin},
        )
        if done.returncode != 0:
            raise SystemExit(f"the bare loop ended with code {done.returncode}: {done.stderr[-500:]}")
        runs.append(json.loads(done.stdout))
    best = [max(found, key=lambda one: one["tokens_per_second"]) for found in zip(*runs, strict=True)]
    return {
        str(count): one | {"prompt_tokens": statistics.median(map(len, batch)), "load_average": os.getloadavg()[0]}
        for count, one, batch in zip(clients, best, asked, strict=True)
    }


def measure(
    setting: Setting,
    prompts: Prompts,
    contestants: dict[str, Callable[[], Server]],
    *,
    rounds: int,
    clients: Sequence[int],
    first: int,
    tokens: int,
) -> dict[str, list[Visit]]:
    """The visits of every contestant, by round."""
    visits: dict[str, list[Visit]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name in list(contestants)[:: -1 if number % 2 else 1]:
            if name == BARE:
                found = bare(setting, prompts, clients=clients, tokens=tokens)
            else:
                found = visit(contestants[name](), prompts, clients=clients, first=first, tokens=tokens)
            visits[name].append(found)
            told = ", ".join(
                f"{when}: {one['tokens_per_second']:.0f} tok/s {one['first_p50_s']:.2f} s"
                for when, one in found.items()
            )
            print(f"round {number + 1}, {name}: {told}", flush=True)
    tell_prompts(visits)
    return visits


def tell_prompts(visits: dict[str, list[Visit]]) -> None:
    """The lengths of the prompts that each made of the same messages (a self puts its persona sentence in front)."""
    for name, found in visits.items():
        lengths = sorted({round(one["prompt_tokens"]) for one in found[0].values()} - {0})
        print(f"tokens of a prompt, {name}:", ", ".join(map(str, lengths)) or "not told")


def values(visits: Sequence[Visit], when: str, what: str) -> list[float]:
    return [visit[when][what] for visit in visits if when in visit]


def ratios(visits: dict[str, list[Visit]], ours: str, theirs: str, when: str, what: str) -> list[float]:
    """Round by round."""
    pairs = zip(visits.get(ours, ()), visits.get(theirs, ()), strict=False)
    return [a[when][what] / b[when][what] for a, b in pairs if when in a and when in b]


def warm_and_first(found: dict[str, Any]) -> list[str]:
    """The bursts that were measured, the first one first."""
    whens = {when for visits in found.values() for visit in visits for when in visit}
    return sorted(whens, key=lambda when: 0 if when == "first" else int(when))
