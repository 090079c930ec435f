"""Calls read out of what a model writes, as it writes them: ``<tool_call>{"name": …, "arguments": {…}}</tool_call>``."""

from __future__ import annotations

import re
import secrets
from collections.abc import Collection

import msgspec

from kernel.answer.tools import OPEN
from kernel.types import CallDelta, ToolCall

Part = str | CallDelta
_HEAD = re.compile(r'\s*\{\s*"name"\s*:\s*("(?:[^"\\]|\\.)*")\s*,\s*"arguments"\s*:\s*(?=\{)')


def new_id() -> str:
    """An id of a call, as OpenAI's look."""
    return f"call_{secrets.token_hex(12)}"


class _Object:
    """One JSON object as it comes."""

    def __init__(self) -> None:
        self.text = ""
        self.whole = False
        self.inner_end: int | None = None
        """Where the first object or list within it ended."""
        self._depth = 0
        self._quoted = self._escaped = False

    def feed(self, text: str) -> str:
        """Take what belongs to it; gives back what comes after its end."""
        for at, letter in enumerate(text):
            if self._quoted:
                self._quoted = self._escaped or letter != '"'
                self._escaped = letter == "\\" and not self._escaped
            elif letter == '"':
                self._quoted = True
            elif letter in "{[":
                self._depth += 1
            elif letter in "}]":
                self._depth -= 1
                if self._depth == 1 and self.inner_end is None:
                    self.inner_end = len(self.text) + at + 1
                if self._depth <= 0:
                    self.text, self.whole = self.text + text[: at + 1], True
                    return text[at + 1 :]
        self.text += text
        return ""


class CallReader:
    """Takes text in pieces, gives out content and calls. White space before a call is no content; after a call nothing is
    but another call. What is between the tags and is no call of ``names`` is content, as it came.

    ``inside``: the opening tag stands in the prompt already.
    """

    def __init__(self, names: Collection[str], *, inside: bool = False) -> None:
        self._names = names
        self._inside = inside
        self._held = ""
        """Text that may become a tag, or white space before one."""
        self._space = ""
        """That stood before the tag of the call under way."""
        self._object: _Object | None = _Object() if inside else None
        self._begun = ""
        """Of a call that had not come to its end when the text had."""
        self._found: list[list[str]] = []
        """Id, name and arguments of each call."""
        self._sent: int | None = None
        """Up to where the arguments of the call under way were given out; ``None``: its head has not come yet."""

    @property
    def calls(self) -> tuple[ToolCall, ...]:
        """All so far, the last perhaps cut off."""
        return tuple(ToolCall(id=id, name=name, arguments=arguments) for id, name, arguments in self._found)

    @property
    def whole(self) -> bool:
        """Once it has ended: there are calls, and none was cut off."""
        return bool(self._found) and not self._begun

    def feed(self, text: str) -> list[Part]:
        """What can be given out now."""
        parts: list[Part] = []
        rest: str | None = self._held + text
        self._held = ""
        while rest:
            rest = self._outside(rest, parts) if self._object is None else self._within(self._object, rest, parts)
        return parts

    def end(self, *, cut: bool) -> list[Part]:
        """The text has ended; ``cut``: in the middle. A call that is not even named is dropped then, else content."""
        held, self._held = self._held, ""
        self._begun = self._object.text if self._object is not None else ""
        if self._found:
            return []
        if self._begun:
            return [] if cut else [self._as_it_came(self._begun)]
        return [held] if held else []

    def _outside(self, text: str, parts: list[Part]) -> str:
        before, tag, after = text.partition(OPEN)
        if tag:
            content = before.rstrip()
            self._object, self._space = _Object(), before[len(content) :]
            self._say(content, parts)
            return after
        sure = len(text) - _unsure(text)
        self._held = text[sure:]
        self._say(text[:sure], parts)
        return ""

    def _say(self, content: str, parts: list[Part]) -> None:
        if content and not self._found:
            parts.append(content)

    def _within(self, body: _Object, text: str, parts: list[Part]) -> str:
        if not body.text:
            text = text.lstrip()
            if not text:
                return ""
            if text[0] != "{":
                self._say(self._as_it_came(""), parts)
                self._object, self._inside = None, False
                return text
        rest = body.feed(text)
        self._read(body, parts)
        if not body.whole:
            return ""
        if self._sent is None and not self._read_whole(body, parts):
            self._say(self._as_it_came(body.text), parts)
        self._sent = None
        self._object = None
        self._inside = False
        return rest

    def _read(self, body: _Object, parts: list[Part]) -> None:
        """Name and arguments as they come, where they come in this order."""
        if self._sent is None:
            head = _HEAD.match(body.text)
            name = _text(head[1]) if head else None
            if head is None or name is None or name not in self._names:
                return
            self._begin(name, parts)
            self._sent = head.end()
        arguments = body.text[self._sent : body.inner_end]
        if arguments:
            self._sent += len(arguments)
            self._go_on(arguments, parts)

    def _read_whole(self, body: _Object, parts: list[Part]) -> bool:
        """A call whose parts come in another order, or whose arguments are written as a text."""
        try:
            given = msgspec.json.decode(body.text)
        except (msgspec.DecodeError, RecursionError):
            return False
        name, arguments = given.get("name"), given.get("arguments", {})
        if not isinstance(name, str) or name not in self._names:
            return False
        self._begin(name, parts)
        self._go_on(arguments if isinstance(arguments, str) else msgspec.json.encode(arguments).decode(), parts)
        return True

    def _begin(self, name: str, parts: list[Part]) -> None:
        id = new_id()
        self._found.append([id, name, ""])
        parts.append(CallDelta(index=len(self._found) - 1, id=id, name=name))

    def _go_on(self, arguments: str, parts: list[Part]) -> None:
        self._found[-1][2] += arguments
        parts.append(CallDelta(index=len(self._found) - 1, arguments=arguments))

    def _as_it_came(self, body: str) -> str:
        return body if self._inside else f"{self._space}{OPEN}{body}"


def _unsure(text: str) -> int:
    """How many characters at the end are white space, the beginning of a tag, or both."""
    tag = next((n for n in range(min(len(OPEN) - 1, len(text)), 0, -1) if text.endswith(OPEN[:n])), 0)
    bare = text[: len(text) - tag]
    return tag + len(bare) - len(bare.rstrip())


def _text(quoted: str) -> str | None:
    try:
        return msgspec.json.decode(quoted, type=str)
    except msgspec.DecodeError:
        return None
