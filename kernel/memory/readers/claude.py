"""Claude's ``conversations.json``: of every conversation the last branch, without thoughts, tools and attachments."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.memory.readers.conversation import OWNER, Message, decode_conversations, found, utc_of_iso, whole

_KEY = re.compile(rb'"chat_messages"\s*:')


class _Message(msgspec.Struct):
    sender: str = ""
    text: str | None = ""
    content: list[dict[str, Any]] | str | None = None
    created_at: str | None = None
    uuid: str = ""
    parent_message_uuid: str | None = None


class _Conversation(msgspec.Struct):
    chat_messages: list[_Message]
    uuid: str = ""
    name: str | None = ""
    created_at: str | None = None
    current_leaf_message_uuid: str | None = None


def _branch(conversation: _Conversation) -> list[_Message]:
    """Older exports have no branches; newer ones list every edited message, each with the one it answers."""
    messages = conversation.chat_messages
    known = {message.uuid: message for message in messages}
    if len(messages) < 2 or not any(message.parent_message_uuid in known for message in messages):
        return messages
    at = known.get(conversation.current_leaf_message_uuid or "", messages[-1])
    branch = [at]
    seen = {at.uuid}
    while (above := known.get(at.parent_message_uuid or "")) and above.uuid not in seen:
        at = above
        seen.add(at.uuid)
        branch.append(at)
    return branch[::-1]


def _words(message: _Message) -> str:
    """What stands in ``content``; ``text`` repeats it with remarks in place of tools, and is all that old ones have."""
    if isinstance(message.content, str):
        return message.content
    parts = [str(part.get("text") or "") for part in message.content or [] if part.get("type") == "text"]
    return "\n\n".join(part for part in parts if part.strip()) or (message.text or "")


class ClaudeReader(Reader):
    """One document per conversation. What the machine answered stays the machine's, even under ``reading.mine``."""

    kind = "claude"
    suffixes: tuple[str, ...] = (".json",)
    large = True

    def recognises(self, data: bytes, name: str) -> bool:
        return bool(_KEY.search(data))

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        conversations = decode_conversations(data, name, _Conversation, "Claude's conversations.json")
        return found((self._document(conversation) for conversation in conversations), name)

    def _document(self, conversation: _Conversation) -> Document | None:
        messages = [
            Message(
                speaker=OWNER if message.sender == "human" else "Claude",
                text=_words(message),
                origin="owner" if message.sender == "human" else "self",
                at=utc_of_iso(message.created_at),
            )
            for message in _branch(conversation)
            if message.sender in ("human", "assistant")
        ]
        started = utc_of_iso(conversation.created_at)
        title = (conversation.name or "").strip()
        return whole(
            messages,
            kind=self.kind,
            title=title,
            part=conversation.uuid or f"{started or ''} {title}".strip(),
            happened_at=started,
            details={"chat": title},
            between="\n\n",
        )
