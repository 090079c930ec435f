"""ChatGPT's ``conversations.json``: of every conversation the branch that is shown, without tools and hidden prompts."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.memory.readers.conversation import OWNER, Message, decode_conversations, found, utc_of_epoch, whole

_MAPPING = re.compile(rb'"mapping"\s*:\s*\{')
_NODES = re.compile(rb'"(?:current_node|children|parent)"\s*:')
_CITED = re.compile("\ue200[^\ue201]*\ue201|【[^】\n]{1,40}†[^】\n]{0,80}】|[\ue200-\ue2ff]")
"""Marks that the page turns into little links to sources."""
_SHOWN = ("text", "multimodal_text")


class _Author(msgspec.Struct):
    role: str = ""


class _Content(msgspec.Struct):
    content_type: str = ""
    parts: list[Any] | None = None


class _Metadata(msgspec.Struct):
    is_visually_hidden_from_conversation: bool | None = False
    is_user_system_message: bool | None = False


class _Message(msgspec.Struct):
    author: _Author
    content: _Content | None = None
    create_time: float | None = None
    recipient: str | None = "all"
    metadata: _Metadata | None = None


class _Node(msgspec.Struct):
    message: _Message | None = None
    parent: str | None = None
    children: list[str] = []


class _Conversation(msgspec.Struct):
    mapping: dict[str, _Node] = {}
    id: str | None = None
    conversation_id: str | None = None
    title: str | None = None
    create_time: float | None = None
    current_node: str | None = None


def _branch(conversation: _Conversation) -> list[_Node]:
    """From the first node to the one that was shown last; where the export does not name it, the newest leaf."""
    nodes = conversation.mapping
    at = conversation.current_node
    if at not in nodes:
        leaves = [(key, node) for key, node in nodes.items() if not node.children and node.message]
        at = max(leaves, key=lambda leaf: (leaf[1].message and leaf[1].message.create_time) or 0.0, default=("",))[0]
    branch: list[_Node] = []
    seen: set[str] = set()
    while at in nodes and at not in seen:
        seen.add(at)
        branch.append(nodes[at])
        at = nodes[at].parent
    return branch[::-1]


def _words(content: _Content) -> str:
    """The text of a message; of what was spoken its transcription; pictures have none."""
    pieces = []
    for part in content.parts or []:
        if isinstance(part, str):
            pieces.append(part)
        elif isinstance(part, dict) and part.get("content_type") == "audio_transcription":
            pieces.append(str(part.get("text") or ""))
    return _CITED.sub("", "\n\n".join(piece for piece in pieces if piece.strip()))


def _message(node: _Node) -> Message | None:
    message = node.message
    if message is None or message.content is None or message.content.content_type not in _SHOWN:
        return None
    hidden = message.metadata and (
        message.metadata.is_visually_hidden_from_conversation or message.metadata.is_user_system_message
    )
    if hidden or message.author.role not in ("user", "assistant") or message.recipient not in ("all", None):
        return None
    by_owner = message.author.role == "user"
    return Message(
        speaker=OWNER if by_owner else "ChatGPT",
        text=_words(message.content),
        origin="owner" if by_owner else "self",
        at=utc_of_epoch(message.create_time),
    )


class ChatGPTReader(Reader):
    """One document per conversation. What the machine answered stays the machine's, even under ``reading.mine``."""

    kind = "chatgpt"
    suffixes: tuple[str, ...] = (".json",)
    large = True

    def recognises(self, data: bytes, name: str) -> bool:
        return bool(_MAPPING.search(data) and _NODES.search(data))

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        conversations = decode_conversations(data, name, _Conversation, "ChatGPT's conversations.json")
        return found((self._document(conversation) for conversation in conversations), name)

    def _document(self, conversation: _Conversation) -> Document | None:
        messages = [message for node in _branch(conversation) if (message := _message(node))]
        started = utc_of_epoch(conversation.create_time)
        title = (conversation.title or "").strip()
        return whole(
            messages,
            kind=self.kind,
            title=title,
            part=conversation.id or conversation.conversation_id or f"{started or ''} {title}".strip(),
            happened_at=started,
            details={"chat": title},
            between="\n\n",
        )
