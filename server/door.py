"""One door to a self for the command line, whoever holds the home.

``open_door`` finds a live server and talks to it over HTTP, else takes the home's lock and opens the mind itself, else
``HomeHeld`` says who has it. Commands are written once, against ``Door``.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import AsyncIterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import msgspec

from kernel.config import Paths
from kernel.types import BakedType, Identity, Message
from server.runfile import RunFile, read_run_file
from server.schemas.answers import AnswerOut
from server.schemas.identity import CorrectionRequest, DiffOut, IdentityOut, MarkList, VersionList
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
from server.schemas.selves import RunOut, SelfOut
from server.settings import Settings

if TYPE_CHECKING:
    from kernel.abc import OnEvent


class Ask(msgspec.Struct, frozen=True, kw_only=True):
    """A question from the command line."""

    messages: tuple[Message, ...]
    model: str = "self"
    memory: bool = True
    as_of: str | None = None
    max_tokens: int | None = None
    temperature: float = 0.0
    seed: int | None = None


class Door(Protocol):
    """Everything the command line does with a self. Errors are the kernel's, from either side."""

    where: str
    """For messages: the server's address, or ``this process``."""

    async def ask(self, question: Ask) -> AnswerOut: ...

    def ask_stream(self, question: Ask) -> AsyncIterator[str | AnswerOut]:
        """Pieces of text, then the whole answer."""
        ...

    async def remember_text(self, text: str, *, title: str, mine: bool) -> AddedOut: ...

    async def remember_paths(
        self, paths: Sequence[Path], *, mine: bool, again: bool, on_event: OnEvent
    ) -> AddedOut: ...

    async def remember_links(self, urls: Sequence[str], *, mine: bool, on_event: OnEvent) -> AddedOut: ...

    async def read_back(self) -> AddedOut:
        """Edits made by hand in ``mirror/`` become revisions."""
        ...

    async def list_memories(self, asked: NotesAsked) -> NotePage: ...

    async def todos(self, *, state: State, limit: int) -> TodoList: ...

    async def memory(self, note_id: str) -> MemoryOut: ...

    async def card(self, note_id: str) -> MemoryCardOut: ...

    async def history(self, note_id: str) -> HistoryOut: ...

    async def edit(self, note_id: str, wanted: EditRequest) -> MemoryOut: ...

    async def forget(self, note_ids: Sequence[str]) -> ReceiptOut: ...

    async def forget_batch(self, batch: str) -> ReceiptOut: ...

    async def receipts(self, *, limit: int) -> ReceiptList: ...

    async def receipt(self, receipt_id: str) -> ReceiptOut: ...

    async def search(self, query: str, asked: SearchAsked) -> SearchResults: ...

    async def identity(self) -> Identity:
        """The current one. Raises ``NotFound`` while there is none."""
        ...

    async def identity_whole(self, version: int | None) -> IdentityOut:
        """One version (the current) with what the owner marked; while there is none, an empty one that says so."""
        ...

    async def identity_versions(self, *, limit: int) -> VersionList: ...

    async def identity_diff(self, before: int | None, after: int | None) -> DiffOut: ...

    async def revert_identity(self, version: int) -> IdentityOut: ...

    async def mark_sentence(self, sentence: str, kind: Literal["pin", "strike"]) -> IdentityOut: ...

    async def unmark_sentence(self, sentence: str) -> MarkList: ...

    async def correct(self, wanted: CorrectionRequest) -> IdentityOut: ...

    async def graph_export(self) -> str:
        """GraphML."""
        ...

    async def selves(self) -> tuple[SelfOut, ...]: ...

    async def promote(self, version: str, *, force: bool) -> SelfOut: ...

    async def rollback(self) -> SelfOut: ...

    async def bake(self, version: str, *, kind: BakedType, on_event: OnEvent) -> SelfOut: ...

    async def plan(self) -> dict[str, Any]: ...

    async def train(self, *, force: bool, on_event: OnEvent) -> RunOut:
        """Start a training, or follow the one that runs; comes back when it has ended."""
        ...

    async def exam(self, *, on_event: OnEvent) -> dict[str, Any]: ...

    async def status(self) -> dict[str, Any]: ...


async def find_server(paths: Paths) -> RunFile | None:
    """The live server of this home. The key is not shown to a stranger that has taken over its port."""
    about = read_run_file(paths.run)
    if about is None or not _alive(about.pid):
        return None
    import httpx  # a third of a second that commands without a server need not wait

    try:
        async with httpx.AsyncClient(timeout=3.0, trust_env=False) as client:
            answer = await client.get(f"{about.url}/health")
            is_ours = answer.status_code == 200 and answer.json().get("pid") == about.pid
    except (httpx.HTTPError, ValueError):
        return None
    return about if is_ours else None


@contextlib.asynccontextmanager
async def open_door(paths: Paths, settings: Settings) -> AsyncIterator[Door]:
    """Raises ``HomeError`` (no home yet, newer version) and ``HomeHeld``."""
    about = await find_server(paths)
    if about is not None:
        from kernel.home import read_key  # only one of the two doors is needed, and each has its weight
        from server.client import HttpDoor

        async with HttpDoor(about.url, read_key(paths)) as http:
            yield http
        return
    from kernel.mind import Mind
    from server.local import LocalDoor

    mind = await Mind.open(paths, settings)
    try:
        yield LocalDoor(mind)
    finally:
        await mind.close()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
