"""``/api/memories``: keep, list, search, show, forget."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from litestar import Router, delete, get, post
from litestar.params import Parameter
from litestar.response.base import ASGIResponse

from kernel.abc import OnEvent
from kernel.errors import NotFound
from kernel.types import Added
from server.context import AnyRequest, mind_of
from server.faults import BadParameter, Refused
from server.progress import wants_events, with_progress
from server.schemas.body import decode
from server.schemas.chat import check_date
from server.schemas.memories import (
    AddedOut,
    Forgotten,
    MemoryOut,
    NotePage,
    RememberRequest,
    SearchResults,
    added_out,
    memory_out,
    note_out,
    search_results,
)
from server.sse import as_json, while_connected
from server.uploads import is_multipart, received

Offset = Annotated[int, Parameter(ge=0, le=2**31)]
Words = Annotated[str | None, Parameter(query="query")]
Limit = Annotated[int, Parameter(ge=1, le=500)]


async def remember(request: AnyRequest) -> ASGIResponse:
    """Keep a text, files sent along, or files and folders of this machine."""
    if is_multipart(request):
        return await _remember_uploads(request)
    wanted = decode(await request.body(), RememberRequest)
    wanted.check()
    if wanted.paths is None:
        assert wanted.text is not None
        added = await mind_of(request).remember(
            wanted.text, title=wanted.title, origin=wanted.origin, source=wanted.source
        )
        return _created(added_out(added))
    paths = [Path(path) for path in wanted.paths]
    _check_paths(request, paths)

    async def work(on_event: OnEvent) -> AddedOut:
        return added_out(await mind_of(request).remember_files(paths, mine=wanted.mine, on_event=on_event))

    if wants_events(request):
        return await with_progress(request, work)
    return _created(await while_connected(request, work(lambda _: None)))


async def _remember_uploads(request: AnyRequest) -> ASGIResponse:
    async with received(request, mind_of(request).paths.home / "uploads") as upload:
        if not upload.files:
            raise BadParameter("The form holds no file; send at least one part with a file name.", "files")
        mine = upload.fields.get("mine", "false").lower() in ("true", "1", "on", "yes")
        sources = {path: f"upload:{path.name}" for path in upload.files}
        added: Added = await mind_of(request).remember_files(upload.files, mine=mine, sources=sources)
        return _created(added_out(added, {str(path): path.name for path in upload.files}))


def _created(added: AddedOut) -> ASGIResponse:
    return as_json(added, 201 if added.added or added.updated else 200)


def _check_paths(request: AnyRequest, paths: list[Path]) -> None:
    if request.client is None or request.client.host not in ("127.0.0.1", "::1"):
        raise Refused(
            "'paths' are only read for a caller on the server's own machine; upload the files instead.",
            status=403,
            code="not_local",
        )
    for path in paths:
        if not path.exists():
            raise BadParameter(f"There is no file or folder {path}.", "paths", code="not_found")


@get("/api/memories")
async def list_memories(request: AnyRequest, offset: Offset = 0, limit: Limit = 50, words: Words = None) -> NotePage:
    notes, total = await mind_of(request).list_notes(offset=offset, limit=limit, query=words)
    return NotePage(memories=tuple(map(note_out, notes)), total=total, offset=offset, limit=limit)


@get("/api/memories/search")
async def search(request: AnyRequest, q: str, limit: Limit = 10, as_of: str | None = None) -> SearchResults:
    if not q.strip():
        raise BadParameter("'q' is empty; say what to search for.", "q")
    if as_of is not None:
        check_date(as_of, "as_of")
    return search_results(await mind_of(request).search(q, limit=limit, as_of=as_of))


@get("/api/memories/{note_id:str}")
async def show(request: AnyRequest, note_id: str) -> MemoryOut:
    memory = await mind_of(request).memory(note_id)
    return memory_out(memory, await mind_of(request).insight(note_id))


@delete("/api/memories/{note_id:str}", status_code=200)
async def forget(request: AnyRequest, note_id: str) -> Forgotten:
    forgotten = await mind_of(request).forget([note_id])
    if not forgotten:
        raise NotFound(f"There is no memory {note_id[:80]}; 'oneself memories list' shows their ids.")
    return Forgotten(forgotten)


@delete("/api/memories/batches/{batch:str}", status_code=200)
async def forget_batch(request: AnyRequest, batch: str) -> Forgotten:
    forgotten = await mind_of(request).forget_batch(batch)
    if not forgotten:
        raise NotFound(f"There is no addition {batch[:80]} to undo, or nothing of it is left.")
    return Forgotten(forgotten)


def router(max_upload_mb: int) -> Router:
    """``max_upload_mb``: the largest request with files; the framework's own limit is 10 MB and would cut them."""
    adding = post("/api/memories", request_max_body_size=max_upload_mb * 1024 * 1024)(remember)
    return Router("/", route_handlers=[adding, list_memories, search, show, forget, forget_batch])
