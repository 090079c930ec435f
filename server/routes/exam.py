"""``/api/exam``: sit the exam now; the figures that the live self was promoted with."""

from __future__ import annotations

from typing import Any

from litestar import get, post
from litestar.response.base import ASGIResponse

from kernel.abc import OnEvent
from kernel.errors import NotFound
from server.context import AnyRequest, mind_of, running
from server.progress import wants_events, with_progress
from server.sse import as_json, while_connected


@post("/api/exam", status_code=200)
async def sit(request: AnyRequest) -> ASGIResponse:
    """The report; with ``Accept: text/event-stream`` the progress before it. Takes minutes."""
    await request.body()

    async def work(on_event: OnEvent) -> dict[str, Any]:
        with running(request).one_exam():
            return await mind_of(request).examine(on_event=on_event)

    if wants_events(request):
        return await with_progress(request, work)
    return as_json(await while_connected(request, work(lambda _: None)))


@get("/api/exam")
async def last(request: AnyRequest) -> dict[str, Any]:
    live = next((version for version in mind_of(request).selves() if version.state == "live"), None)
    if live is None or not live.exam:
        raise NotFound("The live self has not sat the exam yet; 'oneself exam' or POST /api/exam does.", code="no_exam")
    return {"version": live.version, "exam": live.exam}
