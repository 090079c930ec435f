"""What the load process is told, and what its findings mean: rates, first tokens, gaps."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any

LOAD = Path(__file__).with_name("load.py")
Body = dict[str, Any]


@dataclass
class Asked:
    """One request as its client saw it; times in seconds of the monotonic clock."""

    client: int
    turn: int
    sent: float
    ended: float
    status: int
    cut: bool
    error: str
    pieces: list[float] = field(default_factory=list)
    """Arrivals of text that was not empty."""
    text: str = ""
    finish: str | None = None
    usage: dict[str, int] | None = None
    done: bool = False

    @property
    def good(self) -> bool:
        return not self.error and (self.cut or (self.status == 200 and self.finish is not None))

    @property
    def why(self) -> str:
        """What was wrong with it."""
        told = self.error or f"{len(self.pieces)} pieces and no finish_reason"
        return f"HTTP {self.status}, {told}"

    @property
    def first(self) -> float | None:
        """Seconds to the first text."""
        return self.pieces[0] - self.sent if self.pieces else None

    @property
    def gaps(self) -> list[tuple[float, float]]:
        """Pairs of neighbouring arrivals."""
        return list(pairwise(self.pieces))

    def tokens(self, asked_for: int) -> int:
        """From its usage; where there is none and it ran to its limit, the limit."""
        if self.usage and self.usage.get("completion_tokens"):
            return self.usage["completion_tokens"]
        return asked_for if self.finish == "length" else len(self.pieces)


@dataclass
class Load:
    """All requests of one run of the load process."""

    requests: list[Asked]
    began: float
    ended: float
    cpu_seconds: float

    @property
    def failed(self) -> list[Asked]:
        return [one for one in self.requests if not one.good]

    @property
    def cpu_share(self) -> float:
        """Of one core."""
        return self.cpu_seconds / max(1e-9, self.ended - self.began)

    def check(self, who: str) -> None:
        """Ends the program where a request failed: figures of failed requests mean nothing."""
        for one in self.failed[:1]:
            raise SystemExit(
                f"{who}: {len(self.failed)} of {len(self.requests)} requests failed; the first: {one.why}. "
                "Its log is in the work folder (--work)."
            )

    def figures(self, tokens: int) -> dict[str, float]:
        """Tokens a second over all, from the first request sent to the last answer's end; first tokens in seconds."""
        seconds = max(one.ended for one in self.requests) - min(one.sent for one in self.requests)
        total = sum(one.tokens(tokens) for one in self.requests)
        firsts = [one.first for one in self.requests if one.first is not None]
        return {
            "tokens_per_second": total / seconds,
            "tokens": total,
            "first_p50_s": statistics.median(firsts),
            "first_max_s": max(firsts),
            "load_cpu_share": self.cpu_share,
            "prompt_tokens": statistics.median([(one.usage or {}).get("prompt_tokens", 0) for one in self.requests]),
        }


class Running:
    """A load process under way."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        self.load: Load | None = None

    def end(self) -> Load:
        """Waits for the end; ends clients that go on for ever."""
        if self.load is None:
            written, _ = self._process.communicate("stop\n")
            if self._process.returncode != 0:
                raise SystemExit(f"the load process ended with code {self._process.returncode}")
            found = json.loads(written)
            requests = [Asked(**one) for one in found.pop("requests")]
            self.load = Load(sorted(requests, key=lambda one: one.sent), **found)
        return self.load


@contextmanager
def running(
    server: Any, clients: Sequence[Sequence[Body]], *, forever: bool = False, times_only: bool = False, path: str = ""
) -> Iterator[Running]:
    """``clients``: the bodies that each sends, in turn. ``server`` has ``host``, ``port`` and ``key``."""
    plan = {
        "host": server.host,
        "port": server.port,
        "key": server.key,
        "path": path or "/v1/chat/completions",
        "clients": clients,
        "forever": forever,
        "times_only": times_only,
    }
    process = subprocess.Popen([sys.executable, str(LOAD)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert process.stdin is not None
    process.stdin.write(json.dumps(plan) + "\n")
    process.stdin.flush()
    load = Running(process)
    try:
        yield load
    finally:
        if load.load is None:
            process.kill()
            process.wait()


def send(server: Any, clients: Sequence[Sequence[Body]], **options: Any) -> Load:
    """All at once; comes back when all have been answered."""
    with running(server, clients, **options) as load:
        return load.end()


def percentile(values: Sequence[float], share: float) -> float:
    """Nearest rank; of nothing: not a number."""
    if not values:
        return float("nan")
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, round(share / 100 * (len(ordered) - 1)))]
