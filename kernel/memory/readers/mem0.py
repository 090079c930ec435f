"""A Mem0 export: sentences that a machine has kept about its user, each a document of its own."""

from __future__ import annotations

import re
from typing import Any

import msgspec

from kernel.abc import Document, Reader, Reading
from kernel.memory.readers.conversation import clean, decode_json, found, utc_of_iso
from kernel.memory.readers.text import title_from_text

_BEGINS = re.compile(rb'\s*(?:\[\s*\{|\{[^\[]{0,400}?"(?:memories|results)"\s*:\s*\[)')
_KEYS = tuple(
    re.compile(pattern)
    for pattern in (rb'"memory"\s*:\s*"', rb'"id"\s*:', rb'"(?:created_at|updated_at|user_id|hash|categories)"\s*:')
)


class _Memory(msgspec.Struct):
    id: str | int
    memory: str | None = ""
    created_at: str | None = None
    updated_at: str | None = None
    user_id: str | None = None
    categories: list[str] | None = None
    metadata: dict[str, Any] | None = None


class _Export(msgspec.Struct):
    memories: list[_Memory] = []
    results: list[_Memory] = []


class Mem0Reader(Reader):
    """The machine's words (``self``), unless the caller says that they are the owner's."""

    kind = "mem0"
    suffixes: tuple[str, ...] = (".json",)
    large = True

    def recognises(self, data: bytes, name: str) -> bool:
        return bool(_BEGINS.match(data.removeprefix(b"\xef\xbb\xbf"))) and all(key.search(data) for key in _KEYS)

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        if data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"["):
            memories = decode_json(data, name, list[_Memory], "a Mem0 export")
        else:
            export = decode_json(data, name, _Export, "a Mem0 export")
            memories = [*export.memories, *export.results]
        return found((self._document(memory, reading) for memory in memories), name)

    def _document(self, memory: _Memory, reading: Reading) -> Document | None:
        text = clean(memory.memory or "")
        if not text:
            return None
        happened_at = utc_of_iso(memory.created_at) or utc_of_iso(memory.updated_at)
        details = {"user": memory.user_id} if memory.user_id else {}
        scalars = {key: value for key, value in (memory.metadata or {}).items() if isinstance(value, str | int | float)}
        return Document(
            title=title_from_text(text),
            text=text,
            kind=self.kind,
            origin="owner" if reading.mine else "self",
            happened_at=happened_at,
            happened_from="content" if happened_at else "unknown",
            tags=tuple(dict.fromkeys(memory.categories or [])),
            part=str(memory.id),
            details={**scalars, **details},
        )
