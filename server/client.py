"""The command line's door to a running server: the public HTTP API and nothing else."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote

import httpx
import msgspec

from kernel.errors import Busy, EngineError, NotFound, OneselfError, TooFew, WrongUse
from kernel.events import AnyEvent
from kernel.types import BakedType, Identity
from server.door import Ask
from server.faults import ErrorBody
from server.schemas.answers import AnswerOut, from_annotations
from server.schemas.chat import Annotation
from server.schemas.identity import CorrectionRequest, DiffOut, IdentityOut, MarkList, VersionList, from_out
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
)
from server.schemas.receipts import ReceiptList, ReceiptOut
from server.schemas.remember import AddedOut, EditRequest
from server.schemas.selves import RunList, RunOut, RunStartedOut, SelfList, SelfOut

if TYPE_CHECKING:
    from kernel.abc import OnEvent

T = TypeVar("T")
_BY_STATUS: dict[int, type[OneselfError]] = {400: WrongUse, 404: NotFound, 409: TooFew, 503: EngineError}
_BY_CODE: dict[str, type[OneselfError]] = {
    "too_few": TooFew,
    "not_found": NotFound,
    **dict.fromkeys(("invalid_request", "no_adapter", "bake_running", "holds_forgotten"), WrongUse),
}


class _Event(msgspec.Struct, frozen=True):
    name: str
    data: bytes


class _Message(msgspec.Struct):
    content: str = ""
    annotations: list[Annotation] = []
    source: str = ""


class _Choice(msgspec.Struct):
    message: _Message | None = None
    delta: _Message | None = None


class _Completion(msgspec.Struct):
    """A completion or a chunk of one, as far as the command line reads it."""

    model: str = ""
    choices: list[_Choice] = []
    error: dict[str, Any] | None = None


class HttpDoor:
    """See ``server.door.Door``."""

    def __init__(self, url: str, key: str) -> None:
        self.where = url
        # no limit on reading: a training or an exam is quiet for long
        self._http = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key}"},
            timeout=httpx.Timeout(10.0, read=None),
            trust_env=False,
        )

    async def __aenter__(self) -> HttpDoor:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._http.aclose()

    async def ask(self, question: Ask) -> AnswerOut:
        found = await self._send("POST", "/v1/chat/completions", _Completion, json=_chat(question))
        message = found.choices[0].message or _Message()
        return from_annotations(found.model, message.content, message.annotations, message.source)

    async def ask_stream(self, question: Ask) -> AsyncIterator[str | AnswerOut]:
        text, model, last = "", question.model, _Message()
        async for event in self._events("POST", "/v1/chat/completions", json={**_chat(question), "stream": True}):
            if event.data == b"[DONE]":
                break
            chunk = msgspec.json.decode(event.data, type=_Completion)
            if chunk.error is not None:
                raise OneselfError(str(chunk.error.get("message")), code=str(chunk.error.get("code")))
            model = chunk.model
            for delta in (choice.delta for choice in chunk.choices if choice.delta is not None):
                last = delta if delta.source else last
                text += delta.content
                if delta.content:
                    yield delta.content
        yield from_annotations(model, text, last.annotations, last.source)

    async def remember_text(self, text: str, *, title: str, mine: bool) -> AddedOut:
        body = {"text": text, "title": title, "origin": "owner" if mine else "other"}
        return await self._send("POST", "/api/memories", AddedOut, json=body)

    async def remember_paths(self, paths: Sequence[Path], *, mine: bool, again: bool, on_event: OnEvent) -> AddedOut:
        body = {"paths": [str(path.absolute()) for path in paths], "mine": mine, "again": again}
        return await self._follow("/api/memories", AddedOut, on_event, json=body)

    async def remember_links(self, urls: Sequence[str], *, mine: bool, on_event: OnEvent) -> AddedOut:
        return await self._follow("/api/memories", AddedOut, on_event, json={"urls": list(urls), "mine": mine})

    async def read_back(self) -> AddedOut:
        return await self._send("POST", "/api/memories/read-back", AddedOut)

    async def list_memories(self, asked: NotesAsked) -> NotePage:
        return await self._send("GET", "/api/memories", NotePage, params=asked.given())

    async def todos(self, *, state: State, limit: int) -> TodoList:
        return await self._send("GET", "/api/memories/todos", TodoList, params={"state": state, "limit": limit})

    async def memory(self, note_id: str) -> MemoryOut:
        return await self._send("GET", f"/api/memories/{quote(note_id, safe='')}", MemoryOut)

    async def card(self, note_id: str) -> MemoryCardOut:
        return await self._send("GET", f"/api/memories/{quote(note_id, safe='')}/card", MemoryCardOut)

    async def history(self, note_id: str) -> HistoryOut:
        return await self._send("GET", f"/api/memories/{quote(note_id, safe='')}/history", HistoryOut)

    async def edit(self, note_id: str, wanted: EditRequest) -> MemoryOut:
        path = f"/api/memories/{quote(note_id, safe='')}"
        return await self._send("PATCH", path, MemoryOut, json=msgspec.to_builtins(wanted))

    async def forget(self, note_ids: Sequence[str]) -> ReceiptOut:
        return await self._send("POST", "/api/memories/forget", ReceiptOut, json={"ids": list(note_ids)})

    async def forget_batch(self, batch: str) -> ReceiptOut:
        return await self._send("DELETE", f"/api/memories/batches/{quote(batch, safe='')}", ReceiptOut)

    async def receipts(self, *, limit: int) -> ReceiptList:
        return await self._send("GET", "/api/memories/receipts", ReceiptList, params={"limit": limit})

    async def receipt(self, receipt_id: str) -> ReceiptOut:
        return await self._send("GET", f"/api/memories/receipts/{quote(receipt_id, safe='')}", ReceiptOut)

    async def search(self, query: str, asked: SearchAsked) -> SearchResults:
        parameters = {"q": query, **asked.given()}
        return await self._send("GET", "/api/memories/search", SearchResults, params=parameters)

    async def identity(self) -> Identity:
        return from_out(await self.identity_whole(None))

    async def identity_whole(self, version: int | None) -> IdentityOut:
        path = "/api/identity" if version is None else f"/api/identity/versions/{version}"
        return await self._send("GET", path, IdentityOut)

    async def identity_versions(self, *, limit: int) -> VersionList:
        return await self._send("GET", "/api/identity/versions", VersionList, params={"limit": limit})

    async def identity_diff(self, before: int | None, after: int | None) -> DiffOut:
        given = {name: number for name, number in (("from", before), ("to", after)) if number is not None}
        return await self._send("GET", "/api/identity/diff", DiffOut, params=given)

    async def revert_identity(self, version: int) -> IdentityOut:
        return await self._send("POST", "/api/identity/revert", IdentityOut, json={"version": version})

    async def mark_sentence(self, sentence: str, kind: Literal["pin", "strike"]) -> IdentityOut:
        body = {"sentence": sentence, "kind": kind}
        return await self._send("POST", "/api/identity/marks", IdentityOut, json=body)

    async def unmark_sentence(self, sentence: str) -> MarkList:
        return await self._send("DELETE", f"/api/identity/marks/{quote(sentence, safe='')}", MarkList)

    async def correct(self, wanted: CorrectionRequest) -> IdentityOut:
        body = msgspec.to_builtins(wanted)
        return await self._send("POST", "/api/identity/corrections", IdentityOut, json=body)

    async def graph_export(self) -> str:
        return (await self._answered("GET", "/api/graph/export")).decode()

    async def selves(self) -> tuple[SelfOut, ...]:
        return (await self._send("GET", "/api/selves", SelfList)).selves

    async def promote(self, version: str, *, force: bool) -> SelfOut:
        path = f"/api/selves/{quote(version, safe='')}/promote"
        return await self._send("POST", path, SelfOut, json={"force": force})

    async def rollback(self) -> SelfOut:
        return await self._send("POST", "/api/selves/rollback", SelfOut)

    async def bake(self, version: str, *, kind: BakedType, on_event: OnEvent) -> SelfOut:
        path = f"/api/selves/{quote(version, safe='')}/bake"
        return await self._follow(path, SelfOut, on_event, json={"type": kind})

    async def plan(self) -> dict[str, Any]:
        return await self._send("GET", "/api/training/plan", dict[str, Any])

    async def train(self, *, force: bool, on_event: OnEvent) -> RunOut:
        runs = (await self._send("GET", "/api/training", RunList)).runs
        found = next((run.id for run in runs if run.state == "running"), None)
        if found is None:
            found = (await self._send("POST", "/api/training", RunStartedOut, json={"force": force})).id
        async for event in self._events("GET", f"/api/training/{found}/events"):
            on_event(msgspec.json.decode(event.data, type=AnyEvent))
        return await self._send("GET", f"/api/training/{found}", RunOut)

    async def exam(self, *, on_event: OnEvent) -> dict[str, Any]:
        return await self._follow("/api/exam", dict[str, Any], on_event)

    async def status(self) -> dict[str, Any]:
        return await self._send("GET", "/api/status", dict[str, Any])

    async def _send(self, method: str, path: str, kind: type[T], **options: Any) -> T:
        return msgspec.json.decode(await self._answered(method, path, **options), type=kind)

    async def _answered(self, method: str, path: str, **options: Any) -> bytes:
        try:
            answer = await self._http.request(method, path, **options)
        except httpx.HTTPError as error:
            raise _unreachable(self.where, error) from error
        if answer.status_code >= 400:
            raise _error(answer.status_code, answer.content)
        return answer.content

    async def _follow(self, path: str, kind: type[T], on_event: OnEvent, **options: Any) -> T:
        """POST with progress: events to ``on_event``, then the result."""
        async for event in self._events("POST", path, **options):
            if event.name == "result":
                return msgspec.json.decode(event.data, type=kind)
            if event.name == "error":
                problem = msgspec.json.decode(event.data, type=ErrorBody).error
                raise _BY_CODE.get(problem.code, OneselfError)(problem.message, code=problem.code)
            on_event(msgspec.json.decode(event.data, type=AnyEvent))
        raise OneselfError(
            f"The server at {self.where} ended before it had answered. Look at its log and run this again."
        )

    async def _events(self, method: str, path: str, **options: Any) -> AsyncIterator[_Event]:
        headers = {"Accept": "text/event-stream"}
        try:
            async with self._http.stream(method, path, headers=headers, **options) as answer:
                if answer.status_code >= 400:
                    raise _error(answer.status_code, await answer.aread())
                name = ""
                async for line in answer.aiter_lines():
                    if line.startswith("event: "):
                        name = line.removeprefix("event: ")
                    elif line.startswith("data: "):
                        yield _Event(name, line.removeprefix("data: ").encode())
                        name = ""
        except httpx.HTTPError as error:
            raise _unreachable(self.where, error) from error


def _chat(question: Ask) -> dict[str, Any]:
    """The command line's own questions, as any client of the API would send them."""
    metadata = {"oneself.memory": "on" if question.memory else "off"}
    body: dict[str, Any] = {
        "model": question.model,
        "messages": [{"role": message.role, "content": message.content} for message in question.messages],
        "metadata": {**metadata, **({"oneself.as_of": question.as_of} if question.as_of else {})},
        "temperature": question.temperature,
    }
    given = {"max_tokens": question.max_tokens, "seed": question.seed}
    return {**body, **{name: value for name, value in given.items() if value is not None}}


def _error(status: int, content: bytes) -> OneselfError:
    try:
        problem = msgspec.json.decode(content, type=ErrorBody).error
    except msgspec.DecodeError:
        return OneselfError(f"The server answered {status} with something that is not Oneself's.")
    if status == 429:
        return Busy(problem.message)
    return _BY_STATUS.get(status, OneselfError)(problem.message, code=problem.code)


def _unreachable(where: str, error: httpx.HTTPError) -> OneselfError:
    return OneselfError(
        f"The server at {where} went away ({type(error).__name__}). Run this again; it works without a server too.",
        code="server_gone",
    )
