"""``/api/selves``: which selves there are, and which one is live."""

from __future__ import annotations

from litestar import get, post
from litestar.response.base import ASGIResponse

from kernel.abc import OnEvent
from server.context import AnyRequest, mind_of
from server.progress import wants_events, with_progress
from server.schemas.body import decode
from server.schemas.selves import BakeRequest, PromoteRequest, SelfList, SelfOut, self_out
from server.sse import as_json, while_connected


@get("/api/selves")
async def list_selves(request: AnyRequest) -> SelfList:
    return SelfList(tuple(map(self_out, mind_of(request).selves())))


@post("/api/selves/{version:str}/promote", status_code=200)
async def promote(request: AnyRequest, version: str) -> SelfOut:
    wanted = decode(await request.body(), PromoteRequest)
    return self_out(await mind_of(request).promote(version, force=wanted.force))


@post("/api/selves/rollback", status_code=200)
async def rollback(request: AnyRequest) -> SelfOut:
    return self_out(await mind_of(request).rollback())


@post("/api/selves/{version:str}/bake", status_code=200)
async def bake(request: AnyRequest, version: str) -> ASGIResponse:
    """The self once it is baked and served so; with ``Accept: text/event-stream`` the progress before it. Seconds for a
    small base, minutes for a large one; a client that leaves ends it."""
    wanted = decode(await request.body(), BakeRequest)

    async def work(on_event: OnEvent) -> SelfOut:
        return self_out(await mind_of(request).bake(version, wanted.type, on_event=on_event))

    if wants_events(request):
        return await with_progress(request, work)
    return as_json(await while_connected(request, work(lambda _: None)))
