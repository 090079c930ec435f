"""``/api/training``: start, follow, look back, cancel."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from litestar import delete, get, post
from litestar.response.base import ASGIResponse

from kernel.events import AnyEvent
from server.context import AnyRequest, Running, mind_of, running
from server.progress import pinged
from server.schemas.body import decode
from server.schemas.selves import RunList, RunOut, RunStartedOut, TrainRequest, run_out
from server.sse import PING, EventStream, Pump, named


@post("/api/training", status_code=202)
async def start(request: AnyRequest) -> RunStartedOut:
    wanted = decode(await request.body(), TrainRequest)
    return RunStartedOut(await mind_of(request).trainings.start(force=wanted.force))


@get("/api/training")
async def list_runs(request: AnyRequest) -> RunList:
    return RunList(tuple(map(run_out, mind_of(request).trainings.list())))


@get("/api/training/plan")
async def plan(request: AnyRequest) -> dict[str, Any]:
    return await mind_of(request).trainings.plan()


@get("/api/training/{run_id:str}")
async def show(request: AnyRequest, run_id: str) -> RunOut:
    return run_out(mind_of(request).trainings.get(run_id))


@delete("/api/training/{run_id:str}", status_code=200)
async def cancel(request: AnyRequest, run_id: str) -> RunOut:
    trainings = mind_of(request).trainings
    trainings.get(run_id)
    await trainings.cancel(run_id)
    return run_out(trainings.get(run_id))


@get("/api/training/{run_id:str}/events", media_type="text/event-stream")
async def events(request: AnyRequest, run_id: str) -> ASGIResponse:
    """Past events first, then live ones until the run ends. ``Last-Event-ID`` leaves out what was seen before."""
    trainings = mind_of(request).trainings
    trainings.get(run_id)
    last = request.headers.get("last-event-id", "")
    pump: Pump[AnyEvent] = Pump(trainings.events(run_id))
    return EventStream(_numbered(running(request), pump, seen=int(last) if last.isdecimal() else 0), pump)


async def _numbered(server: Running, pump: Pump[AnyEvent], seen: int) -> AsyncIterator[bytes]:
    number = 0
    with server.watching(pump):
        async for event in pinged(pump):
            if event is None:
                yield PING
                continue
            number += 1
            if number > seen:
                yield named(type(event).__name__, event, number)
