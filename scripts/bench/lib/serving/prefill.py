"""A long prompt while others stream: the gaps between their tokens from when it was sent to its own first token."""

from __future__ import annotations

import os
import time
from typing import Any

from serving.clients import percentile, running, send
from serving.prompts import Prompts
from serving.servers import Server

STREAMS = 4
STREAM_TOKENS = 800
SETTLE_SECONDS = 3.0


def measure(server: Server, prompts: Prompts, *, times: int, tokens: int) -> dict[str, Any]:
    """``times`` prompts of ``tokens`` tokens, one after another, each a new text."""

    def body(question: str, limit: int, persona: bool) -> dict[str, Any]:
        return prompts.body(question, model=server.model, tokens=limit, fields=server.fields, persona=persona)

    gaps, before, waited, counted = [], [], [], []
    with server:
        send(server, [[body(prompts.question(), 2, True)] for _ in range(STREAMS)]).check(server.name)  # warm
        streams = [[body(prompts.question(), STREAM_TOKENS, True) for _ in range(20)] for _ in range(STREAMS)]
        with running(server, streams, forever=True) as load:
            time.sleep(SETTLE_SECONDS)
            windows = []
            for _ in range(times):
                long = send(server, [[body(prompts.long_question(tokens), 1, False)]])
                long.check(server.name)
                (one,) = long.requests
                windows.append((one.sent, one.pieces[0] if one.pieces else one.ended))
                counted.append((one.usage or {}).get("prompt_tokens", 0))
                time.sleep(SETTLE_SECONDS)
            found = load.end()
    found.check(server.name)
    for start, end in windows:
        waited.append(end - start)
        for one in found.requests:
            gaps += [after - at for at, after in one.gaps if at < end and after > start]
            before += [after - at for at, after in one.gaps if after < start and at > start - SETTLE_SECONDS + 1]
    return {
        "prompt_tokens": counted,
        "prompt_seconds": waited,
        "gap_seconds": gaps,
        **{f"gap_p{share}_s": percentile(gaps, share) for share in (50, 99)},
        "gap_max_s": max(gaps),
        "gap_p50_before_s": percentile(before, 50),
        "load_average": os.getloadavg()[0],
    }
