"""``forget`` asks back: what would go is shown first, and only a yes to exactly that makes it go.

The yes comes from the user through the client where it can ask (elicitation), else from a second call that brings the
``confirm`` which the first one gave. That is a signature over the notes and their revisions, good for this process only:
it cannot be made up, and does not hold for notes that have changed since.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from typing import Annotated, Literal

import msgspec

from kernel.errors import NotFound, WrongUse
from kernel.types import Origin
from server.door import Door
from server.mcp.tools import Arguments, Found, Text, Tool
from server.mcp.wording import DATA, day, memories, one_line, paragraphs, quoted, whose
from server.schemas.memories import MemoryOut, SearchAsked
from server.schemas.receipts import ReceiptOut

_BEST = 10
"""Sentences that a query may match; their notes are what would be forgotten."""
_SHOWN = 200
"""Characters of a note in the question."""
_Ids = Annotated[list[Text], msgspec.Meta(min_length=1, max_length=100)]


class ForgetArguments(Arguments, frozen=True, kw_only=True):
    note_ids: Annotated[_Ids | None, msgspec.Meta(description="The notes to forget, as search_memory names them.")] = (
        None
    )
    query: Annotated[
        Text | None, msgspec.Meta(description="Instead of ids: the notes that match these words best.")
    ] = None
    confirm: Annotated[
        str | None,
        msgspec.Meta(description="Only when the owner has said yes to what the first call showed: what it gave."),
    ] = None


class ToForget(msgspec.Struct, frozen=True, kw_only=True):
    note_id: str
    title: str
    beginning: str
    happened_at: str | None
    origin: Origin


class Forgetting(Found, frozen=True, kw_only=True):
    state: Literal["asking", "declined", "forgotten"]
    notes: tuple[ToForget, ...]
    """Of ``asking`` and ``declined``."""
    confirm: str | None = None
    """Of ``asking``: what the second call brings."""
    receipt: str | None = None
    """Of ``forgotten``: ``oneself memories receipts ID`` shows it whole."""
    forgotten: int = 0
    retraining: str = ""
    """``not needed``, ``due``: the weights that had learned it are gone, the next training makes new ones; ``done``."""

    def text(self) -> str:
        if self.state == "declined":
            return "The owner said no. Nothing was forgotten."
        if self.state == "forgotten":
            return f"Forgotten: {memories(self.forgotten)} (receipt {self.receipt}; retraining {self.retraining})."
        ids = ", ".join(note.note_id for note in self.notes)
        then = (
            f"{DATA} Ask the owner. After a yes call forget again with note_ids [{ids}] and confirm '{self.confirm}'; "
            "leave ids out to forget fewer, which asks again."
        )
        return paragraphs([f"Nothing is forgotten yet. {self.question()}", then])

    def question(self) -> str:
        """For the owner."""
        head = f"To be forgotten for good, {memories(len(self.notes))}:"
        return paragraphs([head, *map(_shown, self.notes)])


def _shown(note: ToForget) -> str:
    head = f"[{note.note_id}] {one_line(note.title)} ({day(note.happened_at)}; {whose(note.origin)})"
    return f"{head}\n{quoted(note.beginning)}"


class Forgetter:
    """Finds, asks and forgets; ``confirm`` of one is worthless to another."""

    def __init__(self, door: Door) -> None:
        self._door = door
        self._key = secrets.token_bytes(32)

    async def propose(self, wanted: ForgetArguments) -> Forgetting:
        """What would be forgotten. Raises ``WrongUse`` and, for an id that is not known, ``NotFound``."""
        if (wanted.note_ids is None) == (wanted.query is None):
            raise WrongUse("Name what to forget with exactly one of 'note_ids' and 'query'.")
        ids = dict.fromkeys(wanted.note_ids or await self._matching(wanted.query or ""))
        notes = await asyncio.gather(*map(self._door.memory, ids))
        return Forgetting(state="asking", notes=tuple(map(_to_forget, notes)), confirm=self._signed(notes))

    async def forget(self, proposed: Forgetting) -> Forgetting:
        receipt = await self._door.forget([note.note_id for note in proposed.notes])
        return _forgotten(receipt)

    async def _matching(self, query: str) -> list[str]:
        found = (await self._door.search(query, SearchAsked(limit=_BEST))).results
        if not found:
            raise NotFound("No memory matches that; nothing was forgotten. Try other words, or name note_ids.")
        return [hit.note_id for hit in found]

    def _signed(self, notes: list[MemoryOut]) -> str:
        what = msgspec.json.encode(sorted((note.note_id, note.revision) for note in notes))
        return hmac.digest(self._key, what, "sha256").hex()[:32]


def is_confirmed(proposed: Forgetting, given: str | None) -> bool:
    """Whether ``given`` is a yes to this very proposal."""
    return given is not None and hmac.compare_digest((proposed.confirm or "").encode(), given.encode())


def declined(proposed: Forgetting) -> Forgetting:
    return msgspec.structs.replace(proposed, state="declined", confirm=None)


def _to_forget(note: MemoryOut) -> ToForget:
    beginning = note.text if len(note.text) <= _SHOWN else f"{note.text[:_SHOWN]} …"
    return ToForget(
        note_id=note.note_id,
        title=note.title,
        beginning=beginning,
        happened_at=note.happened_at,
        origin=note.origin,
    )


def _forgotten(receipt: ReceiptOut) -> Forgetting:
    return Forgetting(
        state="forgotten",
        notes=(),
        receipt=receipt.id,
        forgotten=receipt.forgotten,
        retraining=receipt.retraining,
    )


FORGET = Tool(
    name="forget",
    title="Forget",
    description="Forget memories for good: the notes, all that was made of them, and the weights that learned them. The "
    "first call only shows what would go and asks; it forgets after the owner's yes.",
    arguments=ForgetArguments,
    result=Forgetting,
    run=None,
    read_only=False,
    destructive=True,
    idempotent=False,
)
