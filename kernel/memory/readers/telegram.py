"""Telegram Desktop's ``result.json``: one chat, or a whole account with its list of chats.

The layout is Telegram's Data Export Schema (core.telegram.org/import-export).
"""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.memory.readers.conversation import Message, by_day, clean_name, decode_json, found, is_owner, utc_of_epoch

_KEYS = tuple(
    re.compile(pattern) for pattern in (rb'"messages"\s*:\s*\[', rb'"type"\s*:', rb'"from_id"\s*:|"actor"\s*:')
)
_GONE = "Deleted Account"
_SAVED = "saved_messages"


class _Message(msgspec.Struct):
    """One message of the export; what Telegram itself reports (somebody joined, a call) is of type ``service``."""

    type: str = ""
    date: str = ""
    date_unixtime: str | int | None = None
    sender: str | None = msgspec.field(name="from", default=None)
    from_id: str | int | None = None
    text: str | list[Any] = ""
    forwarded_from: str | int | msgspec.UnsetType | None = msgspec.UNSET
    via_bot: str | None = None


class _Chat(msgspec.Struct):
    name: str | None = None
    type: str = ""
    id: int | str = ""
    messages: list[_Message] = []


class _Chats(msgspec.Struct):
    chats: list[_Chat] = msgspec.field(name="list", default_factory=list)


class _Person(msgspec.Struct):
    user_id: int | str = ""
    first_name: str | None = ""
    last_name: str | None = ""
    username: str | None = ""


class _Export(_Chat):
    """A whole account has ``chats``; a single chat is a chat itself."""

    chats: _Chats = msgspec.field(default_factory=_Chats)
    left_chats: _Chats = msgspec.field(default_factory=_Chats)
    personal_information: _Person = msgspec.field(default_factory=_Person)


class _Piece(msgspec.Struct):
    """A stretch of a message: what its sender writes, or what it quotes."""

    quoted: bool
    text: str = ""
    links: tuple[str, ...] = ()


def _pieces(message: _Message) -> list[_Piece]:
    """A message's text, cut where a quotation begins or ends, and the URLs behind its links."""
    pieces: list[_Piece] = []
    for entity in [message.text] if isinstance(message.text, str) else message.text:
        given: dict[str, Any] = entity if isinstance(entity, dict) else {"text": entity}
        quoted = given.get("type") == "blockquote"
        if not pieces or pieces[-1].quoted != quoted:
            pieces.append(_Piece(quoted))
        pieces[-1].text += str(given.get("text") or "")
        if isinstance(given.get("href"), str):
            pieces[-1].links += (given["href"],)
    return pieces


class _Owner:
    """Who of the senders of an account or chat is the owner."""

    def __init__(self, person: _Person, reading: Reading) -> None:
        self.reading = reading
        self.id = f"user{person.user_id}" if person.user_id else ""
        full = f"{person.first_name or ''} {person.last_name or ''}"
        self.names = {clean_name(name) for name in (full, person.username or "")} - {""}

    def is_sender(self, message: _Message, chat: _Chat) -> bool:
        sender = f"user{message.from_id}" if isinstance(message.from_id, int) else message.from_id or ""
        if self.id and sender:
            return sender == self.id
        if chat.type == _SAVED:
            return True
        if chat.type in ("personal_chat", "bot_chat") and sender.startswith("user"):
            return sender != f"user{chat.id}"
        return self.is_name(message.sender or "")

    def is_name(self, name: str) -> bool:
        return clean_name(name) in self.names or is_owner([name], self.reading)


def _messages(message: _Message, chat: _Chat, owner: _Owner) -> list[Message]:
    sender = message.sender or (message.from_id if isinstance(message.from_id, str) else "") or _GONE
    author = ""
    forwarded = message.forwarded_from is not msgspec.UNSET
    mine = owner.is_sender(message, chat) and not message.via_bot
    if forwarded:
        author = str(message.forwarded_from or "")
        mine = bool(author) and owner.is_name(author)
    return [
        Message(
            speaker=sender,
            passed_on="quoted" if piece.quoted else "forwarded" if forwarded else "",
            author="" if piece.quoted else author,
            text=piece.text,
            origin="owner" if owner.reading.mine or (mine and not piece.quoted) else "other",
            at=utc_of_epoch(message.date_unixtime) or message.date or None,
            day=message.date[:10],
            links=piece.links,
        )
        for piece in _pieces(message)
    ]


class TelegramReader(Reader):
    """One document per chat and day, the day being that of the exporting computer's clock (``date``)."""

    kind = "telegram"
    suffixes: tuple[str, ...] = (".json",)
    large = True

    def recognises(self, data: bytes, name: str) -> bool:
        return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"{") and all(key.search(data) for key in _KEYS)

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        export = decode_json(data, name, _Export, "Telegram's result.json")
        owner = _Owner(export.personal_information, reading)
        chats = [*export.chats.chats, *export.left_chats.chats] or [export]
        documents: list[Document] = []
        for chat in chats:
            title = clean_name(chat.name or "") or ("Saved messages" if chat.type == _SAVED else _GONE)
            messages = [
                message
                for one in chat.messages
                if one.type == "message" and len(one.date) >= 10
                for message in _messages(one, chat, owner)
            ]
            documents += by_day(messages, kind=self.kind, chat=title, key=str(chat.id))
        return found(documents, name)
