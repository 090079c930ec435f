"""What is to be remembered or changed, as clients send it, and what came of it. Errors name the item at fault."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

import msgspec

from kernel.types import Added, Origin, TextToRemember
from server.faults import BadParameter
from server.schemas.chat import ChatMessage, text_of
from server.schemas.dates import moment

MAX_MEMORIES = 10_000
MAX_LINKS = 1_000
_WAYS = ("text", "paths", "url", "urls", "memories", "messages")
_SPEAKERS = {"user", "assistant", "system", "developer", "tool", "function"}
_MB = 1024 * 1024


class TextIn(msgspec.Struct):
    """One text. ``source`` says where it comes from; what is sent again under the same name replaces what was."""

    text: str
    title: str = ""
    origin: Origin = "owner"
    source: str = "text:"
    happened_at: str | None = None
    tags: list[str] = []

    def item(self, max_mb: int, where: str = "") -> TextToRemember:
        """``where``: its place in the request, with a dot at the end. Raises ``BadParameter``."""
        check_text(self.text, f"{where}text", max_mb)
        return TextToRemember(
            text=self.text,
            title=self.title.strip(),
            origin=self.origin,
            source=self.source.strip() or "text:",
            happened_at=None if self.happened_at is None else moment(self.happened_at, f"{where}happened_at"),
            tags=clean_tags(self.tags, f"{where}tags"),
        )


class RememberRequest(msgspec.Struct):
    """``POST /api/memories`` as JSON, in exactly one of these ways:

    - ``text`` with ``title``, ``origin``, ``source``, ``happened_at``, ``tags``;
    - ``memories``: up to 10,000 such texts at once, all of them or none;
    - ``paths``: files and folders on this very machine; ``mine``: they are the owner's words whatever their format;
      ``again``: also what was forgotten before;
    - ``url`` or ``urls``: what lies there, also with ``mine``;
    - ``messages``: a conversation in the shape of Mem0's ``add``. Each thing that the user said becomes a note of the
      owner's, with this request's ``happened_at`` and ``tags``. What the assistant said is NOT remembered: a self must
      not learn from what a model wrote. A home has one owner, so that ``user_id`` is not looked at, nor are ``metadata``
      and the rest of what Mem0's clients send.
    """

    text: str | None = None
    title: str = ""
    origin: Origin = "owner"
    source: str = "text:"
    happened_at: str | None = None
    tags: list[str] = []
    paths: list[str] | None = None
    mine: bool = False
    again: bool = False
    url: str | None = None
    urls: list[str] | None = None
    memories: list[TextIn] | None = None
    messages: list[ChatMessage] | None = None
    user_id: str | None = None
    metadata: dict[str, Any] | None = None

    def check(self) -> None:
        """There is exactly one kind of thing to remember, and some of it. Raises ``BadParameter``."""
        given = [way for way in _WAYS if getattr(self, way) is not None]
        if len(given) != 1:
            raise BadParameter(f"Send exactly one of {', '.join(map(repr, _WAYS))}.", given[0] if given else "text")
        limits = {"memories": MAX_MEMORIES, "messages": MAX_MEMORIES, "urls": MAX_LINKS}
        check_many(getattr(self, given[0]), given[0], limits.get(given[0], MAX_MEMORIES))
        if self.paths is not None and not all(path.startswith("/") for path in self.paths):
            raise BadParameter("'paths' must be absolute paths, at least one.", "paths")

    def links(self) -> list[str]:
        """The links to follow. Raises ``BadParameter`` for what is none."""
        if self.url is not None:
            return [check_link(self.url, "url")]
        return [check_link(url, f"urls[{i}]") for i, url in enumerate(self.urls or [])]

    def items(self, max_mb: int) -> list[TextToRemember]:
        """The texts to keep. Raises ``BadParameter``."""
        if self.memories is not None:
            return [one.item(max_mb, f"memories[{i}].") for i, one in enumerate(self.memories)]
        if self.messages is not None:
            return self._said(self.messages, max_mb)
        one = TextIn(self.text or "", self.title, self.origin, self.source, self.happened_at, self.tags)
        return [one.item(max_mb)]

    def _said(self, messages: Sequence[ChatMessage], max_mb: int) -> list[TextToRemember]:
        happened_at = None if self.happened_at is None else moment(self.happened_at, "happened_at")
        tags = clean_tags(self.tags, "tags")
        items = []
        for i, message in enumerate(messages):
            where = f"messages[{i}]"
            if message.role not in _SPEAKERS:
                raise BadParameter(f"'{where}.role' must be one of {', '.join(sorted(_SPEAKERS))}.", f"{where}.role")
            if message.role == "user":
                text = text_of(message.content, f"{where}.content")
                check_text(text, f"{where}.content", max_mb)
                items.append(TextToRemember(text=text, happened_at=happened_at, tags=tags))
        if not items:
            raise BadParameter(
                "'messages' holds nothing that the user said; what the assistant says is not remembered.", "messages"
            )
        return items


class EditRequest(msgspec.Struct, forbid_unknown_fields=True):
    """``PATCH /api/memories/{note_id}``: what is absent or null stays as it is. ``tags`` replaces all of them."""

    text: str | None = None
    title: str | None = None
    tags: list[str] | None = None
    happened_at: str | None = None
    origin: Origin | None = None

    def changes(self, max_mb: int) -> dict[str, Any]:
        """What is to be changed, by name. Raises ``BadParameter``."""
        found: dict[str, Any] = {
            name: value for name, value in msgspec.structs.asdict(self).items() if value is not None
        }
        if not found:
            raise BadParameter(f"Send at least one of {', '.join(map(repr, self.__struct_fields__))}.", None)
        if self.text is not None:
            check_text(self.text, "text", max_mb)
        if self.title is not None:
            found["title"] = self.title.strip()
            if not found["title"]:
                raise BadParameter("'title' is empty; a memory needs one.", "title")
        if self.tags is not None:
            found["tags"] = clean_tags(self.tags, "tags")
        if self.happened_at is not None:
            found["happened_at"] = moment(self.happened_at, "happened_at")
        return found


class ForgetRequest(msgspec.Struct, forbid_unknown_fields=True):
    """``POST /api/memories/forget``: in a body, and not with ``DELETE``, whose bodies many clients drop."""

    ids: list[str]

    def check(self) -> None:
        """Raises ``BadParameter``."""
        check_many(self.ids, "ids", MAX_MEMORIES)


def check_many(given: str | Sequence[Any], name: str, most: int) -> None:
    """Raises ``BadParameter`` for an empty list or one that is too long."""
    if isinstance(given, str):
        return
    if not given:
        raise BadParameter(f"'{name}' is empty; send at least one.", name)
    if len(given) > most:
        raise BadParameter(f"'{name}' holds {len(given)}; {most} at once are the most.", name, code="too_many")


def check_text(text: str, where: str, max_mb: int) -> None:
    """Raises ``BadParameter`` for a text without words and one that is too large."""
    if not any(character.isalnum() for character in text):
        raise BadParameter(f"'{where}' is empty; there is nothing to remember.", where)
    if len(text) * 4 > max_mb * _MB and len(text.encode()) > max_mb * _MB:
        message = f"'{where}' has {len(text.encode()) / _MB:.1f} MB; the limit is {max_mb} MB (memory.max_text_mb)."
        raise BadParameter(message, where, code="too_large")


def clean_tags(tags: Sequence[str], where: str) -> tuple[str, ...]:
    """Without a leading ``#``, each once. Raises ``BadParameter`` for an empty one."""
    found = [tag.strip().removeprefix("#") for tag in tags]
    for i, tag in enumerate(found):
        if not tag:
            raise BadParameter(f"'{where}[{i}]' is empty.", f"{where}[{i}]")
    return tuple(dict.fromkeys(found))


def check_link(url: str, where: str) -> str:
    """``url`` without space around it. Raises ``BadParameter`` unless it is an ``http(s)`` link to some host."""
    link = url.strip()
    try:
        parts = urlsplit(link)
        right = parts.scheme in ("http", "https") and bool(parts.hostname)
    except ValueError:
        right = False
    if not right:
        raise BadParameter(f"'{where}' must be a link that begins with http:// or https://.", where)
    return link


# --- what came of it --------------------------------------------------------------------------------------------------


class SkippedOut(msgspec.Struct, frozen=True, kw_only=True):
    source: str
    code: str
    message: str


class AddedOut(msgspec.Struct, frozen=True, kw_only=True):
    """What one addition did; ``DELETE /api/memories/batches/{batch}`` undoes it."""

    batch: str
    added: tuple[str, ...]
    updated: tuple[str, ...]
    unchanged: tuple[str, ...]
    skipped: tuple[SkippedOut, ...]
    vectors_pending: int
    undo: str
    """The command that undoes it; empty where nothing was added. Two with ``&&`` between where two batches did it."""


def added_out(added: Added, names: dict[str, str] | None = None) -> AddedOut:
    """``names``: what the client called the files that were kept under other names on the way."""
    called = names or {}
    can_be_undone = bool(added.batch and (added.added or added.updated))
    return AddedOut(
        batch=added.batch,
        added=added.added,
        updated=added.updated,
        unchanged=added.unchanged,
        skipped=tuple(
            SkippedOut(source=called.get(one.source, one.source), code=one.code, message=_renamed(one.message, called))
            for one in added.skipped
        ),
        vectors_pending=added.vectors_pending,
        undo=f"oneself memories forget --batch {added.batch}" if can_be_undone else "",
    )


def merged(first: AddedOut, second: AddedOut) -> AddedOut:
    """Two additions told as one; ``batch`` is that of the first which changed anything."""
    return AddedOut(
        batch=first.batch if first.undo or not second.undo else second.batch,
        added=first.added + second.added,
        updated=first.updated + second.updated,
        unchanged=first.unchanged + second.unchanged,
        skipped=first.skipped + second.skipped,
        vectors_pending=first.vectors_pending + second.vectors_pending,
        undo=" && ".join(undo for undo in (first.undo, second.undo) if undo),
    )


def _renamed(message: str, names: dict[str, str]) -> str:
    for path, name in names.items():
        message = message.replace(path, name)
    return message
