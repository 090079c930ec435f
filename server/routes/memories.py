"""``/api/memories``: keep, list, search, show, change, forget, and what was forgotten."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, get_args

from litestar import Router, delete, get, patch, post
from litestar.params import Parameter
from litestar.response.base import ASGIResponse

from kernel.abc import OnEvent
from kernel.types import Added, Origin
from server.context import AnyRequest, mind_of
from server.faults import BadParameter, Refused
from server.progress import wants_events, with_progress
from server.schemas.body import decode
from server.schemas.memories import (
    HistoryOut,
    MemoryCardOut,
    MemoryOut,
    NotePage,
    NotesAsked,
    SearchAsked,
    SearchResults,
    State,
    TodoList,
    card_out,
    history_out,
    memory_out,
    page_out,
    search_results,
)
from server.schemas.receipts import ReceiptList, ReceiptOut, receipt_out
from server.schemas.remember import AddedOut, EditRequest, ForgetRequest, RememberRequest, added_out
from server.sse import as_json, while_connected
from server.uploads import is_multipart, received

Offset = Annotated[int, Parameter(ge=0, le=2**31)]
StateName = Annotated[str, Parameter(query="state")]
"""Not ``state: State``: the framework keeps that name to itself, and would complain of another."""
Words = Annotated[str | None, Parameter(query="query")]
Limit = Annotated[int, Parameter(ge=1, le=500)]
Work = Callable[[OnEvent], Awaitable[Added]]


# --- remembering ------------------------------------------------------------------------------------------------------


async def remember(request: AnyRequest) -> ASGIResponse:
    """Keep texts, a conversation, links, files sent along, or files and folders of this machine.

    With ``Accept: text/event-stream`` the progress as events, at last ``result`` with what came of it. Of a conversation
    in Mem0's shape (``messages``) only what the user said is kept: the assistant's words are not remembered.
    """
    if is_multipart(request):
        return await _remember_uploads(request)
    wanted = decode(await request.body(), RememberRequest)
    wanted.check()
    return await _answer(request, _work(request, wanted))


def _work(request: AnyRequest, wanted: RememberRequest) -> Work:
    mind = mind_of(request)
    if wanted.paths is not None:
        paths = [Path(path) for path in wanted.paths]
        _check_paths(request, paths)
        return lambda on_event: mind.remember_files(paths, mine=wanted.mine, on_event=on_event, again=wanted.again)
    links = wanted.links()
    if links:
        return lambda on_event: mind.remember_links(links, mine=wanted.mine, on_event=on_event)
    items = wanted.items(mind.config.memory.max_text_mb)
    return lambda on_event: mind.remember_many(items, on_event)


async def _remember_uploads(request: AnyRequest) -> ASGIResponse:
    async with AsyncExitStack() as held:
        upload = await held.enter_async_context(received(request, mind_of(request).paths.home / "uploads"))
        if not upload.files:
            raise BadParameter("The form holds no file; send at least one part with a file name.", "files")
        mine = upload.fields.get("mine", "false").lower() in ("true", "1", "on", "yes")
        sources = {path: f"upload:{path.name}" for path in upload.files}

        def work(on_event: OnEvent) -> Awaitable[Added]:
            mind = mind_of(request)
            return mind.remember_files(upload.files, mine=mine, on_event=on_event, sources=sources)

        return await _answer(request, work, {str(path): path.name for path in upload.files}, held)


async def _answer(
    request: AnyRequest, work: Work, names: dict[str, str] | None = None, held: AsyncExitStack | None = None
) -> ASGIResponse:
    """``held``: what the work needs until it has ended."""

    async def told(on_event: OnEvent) -> AddedOut:
        return added_out(await work(on_event), names)

    if wants_events(request):
        return await with_progress(request, told, held.pop_all() if held is not None else None)
    added = await while_connected(request, told(lambda _: None))
    return as_json(added, 201 if added.added or added.updated else 200)


def _check_paths(request: AnyRequest, paths: list[Path]) -> None:
    if request.client is None or request.client.host not in ("127.0.0.1", "::1"):
        raise Refused(
            "'paths' are only read for a caller on the server's own machine; upload the files instead.",
            status=403,
            code="not_local",
        )
    for i, path in enumerate(paths):
        if not path.exists():
            raise BadParameter(f"'paths[{i}]': there is no file or folder {path}.", "paths", code="not_found")


@post("/api/memories/read-back", status_code=200)
async def read_back(request: AnyRequest) -> AddedOut:
    """What was edited by hand in ``mirror/`` becomes the next revision of its note."""
    return added_out(await mind_of(request).read_back())


# --- looking ----------------------------------------------------------------------------------------------------------


@get("/api/memories")
async def list_memories(
    request: AnyRequest,
    offset: Offset = 0,
    limit: Limit = 50,
    words: Words = None,
    origin: Origin | None = None,
    kind: str | None = None,
    tag: str | None = None,
    since: str | None = None,
    until: str | None = None,
    todo: State | None = None,
) -> NotePage:
    asked = NotesAsked(
        offset=offset, limit=limit, query=words, origin=origin, kind=kind, tag=tag, since=since, until=until, todo=todo
    ).checked()
    notes, total = await mind_of(request).list_notes(**asked.given())
    return page_out(notes, total, asked)


@get("/api/memories/search")
async def search(
    request: AnyRequest,
    q: str,
    limit: Limit = 10,
    as_of: str | None = None,
    neighbours: bool = False,
    origin: Origin | None = None,
    kind: str | None = None,
) -> SearchResults:
    if not q.strip():
        raise BadParameter("'q' is empty; say what to search for.", "q")
    asked = SearchAsked(limit=limit, as_of=as_of, neighbours=neighbours, origin=origin, kind=kind).checked()
    return search_results(await mind_of(request).search(q, **asked.given()))


@get("/api/memories/todos")
async def todos(request: AnyRequest, wanted: StateName = "open", limit: Limit = 200) -> TodoList:
    if wanted not in get_args(State):
        raise BadParameter("'state' is 'open' or 'done'.", "state")
    return TodoList(tuple(await mind_of(request).todos(state=wanted, limit=limit)))


@get("/api/memories/{note_id:str}")
async def show(request: AnyRequest, note_id: str) -> MemoryOut:
    return await _shown(request, note_id)


async def _shown(request: AnyRequest, note_id: str) -> MemoryOut:
    mind = mind_of(request)
    return memory_out(await mind.memory(note_id), await mind.insight(note_id))


@get("/api/memories/{note_id:str}/history")
async def history(request: AnyRequest, note_id: str) -> HistoryOut:
    return history_out(note_id, await mind_of(request).history(note_id))


@get("/api/memories/{note_id:str}/card")
async def card(request: AnyRequest, note_id: str) -> MemoryCardOut:
    """The note whole, and everything that it has reached: statements, identity, samples, selves, answers."""
    mind = mind_of(request)
    return card_out(await mind.card(note_id), await mind.insight(note_id))


# --- changing and forgetting ------------------------------------------------------------------------------------------


async def edit(request: AnyRequest, note_id: str) -> MemoryOut:
    """Change a note; what it was stays in its history."""
    mind = mind_of(request)
    changes = decode(await request.body(), EditRequest).changes(mind.config.memory.max_text_mb)
    await mind.edit(note_id, **changes)
    return await _shown(request, note_id)


@delete("/api/memories/{note_id:str}", status_code=200)
async def forget(request: AnyRequest, note_id: str) -> ReceiptOut:
    return receipt_out(await mind_of(request).forget([note_id]))


@post("/api/memories/forget", status_code=200)
async def forget_many(request: AnyRequest) -> ReceiptOut:
    """Forget many at once, with one receipt: ``note_ids`` of it are those that there were."""
    wanted = decode(await request.body(), ForgetRequest)
    wanted.check()
    return receipt_out(await mind_of(request).forget(wanted.ids))


@delete("/api/memories/batches/{batch:str}", status_code=200)
async def forget_batch(request: AnyRequest, batch: str) -> ReceiptOut:
    """Undo one addition: what it made is forgotten, what it changed is as it was."""
    return receipt_out(await mind_of(request).forget_batch(batch))


@get("/api/memories/receipts")
async def receipts(request: AnyRequest, limit: Limit = 50) -> ReceiptList:
    return ReceiptList(tuple(map(receipt_out, await mind_of(request).receipts(limit))))


@get("/api/memories/receipts/{receipt_id:str}")
async def receipt(request: AnyRequest, receipt_id: str) -> ReceiptOut:
    return receipt_out(await mind_of(request).receipt(receipt_id))


def router(max_upload_mb: int) -> Router:
    """``max_upload_mb``: the largest request with files; the framework's own limit is 10 MB and would cut them."""
    most = max_upload_mb * 1024 * 1024
    adding = post("/api/memories", request_max_body_size=most)(remember)
    editing = patch("/api/memories/{note_id:str}", request_max_body_size=most)(edit)
    looking = (list_memories, search, todos, show, history, card, receipts, receipt)
    return Router("/", route_handlers=[adding, editing, *looking, forget, forget_many, forget_batch, read_back])
