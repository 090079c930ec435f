"""Multipart uploads, streamed to disk as they arrive: memory use does not grow with the file.

The limit on the whole request is the route's (``server.max_upload_mb``); the framework counts it while we read.
"""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import uuid
from collections.abc import AsyncIterator
from pathlib import Path
from typing import IO

import msgspec
from litestar.enums import RequestEncodingType
from multipart import MultipartError, MultipartSegment, PushMultipartParser  # type: ignore[import-untyped]

from server.context import AnyRequest
from server.faults import BadParameter

MAX_PARTS = 10_000
_MAX_FIELD = 64 * 1024
_BUFFER = 1024 * 1024


class Upload(msgspec.Struct):
    """What arrived: files on disk under the names their sender gave them, and the form's other fields."""

    parts: list[tuple[str, Path]]
    """Each file with the name of its field, in order."""
    pairs: list[tuple[str, str]]
    """The other fields, in order; one that holds a list comes several times."""

    @property
    def files(self) -> list[Path]:
        return [path for _, path in self.parts]

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.pairs)


def is_multipart(request: AnyRequest) -> bool:
    return request.content_type[0] == RequestEncodingType.MULTI_PART


@contextlib.asynccontextmanager
async def received(request: AnyRequest, folder: Path) -> AsyncIterator[Upload]:
    """Read the request into a fresh folder under ``folder``, which is removed at the end, however it ends."""
    own = folder / uuid.uuid4().hex
    own.mkdir(parents=True, mode=0o700)
    try:
        yield await _read(request, own)
    finally:
        await asyncio.to_thread(shutil.rmtree, own, ignore_errors=True)


async def _read(request: AnyRequest, folder: Path) -> Upload:
    boundary = request.content_type[1].get("boundary")
    if not boundary:
        raise BadParameter("The Content-Type of a multipart request must name its boundary.", None)
    receiver = _Receiver(folder)
    try:
        with PushMultipartParser(boundary, max_segment_count=MAX_PARTS) as parser:
            async for block in request.stream():
                for part in parser.parse(block):
                    await receiver.take(part)
                if parser.closed:
                    break
    except MultipartError as error:
        raise BadParameter(f"The multipart body is not well formed ({error}).", None, code="malformed_body") from error
    finally:
        await receiver.close()
    return receiver.upload


class _Receiver:
    """Takes the parser's events in order: a segment's head, its data, ``None`` at its end."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._segment: MultipartSegment | None = None
        self._file: IO[bytes] | None = None
        self._data = bytearray()
        self.upload = Upload([], [])

    async def take(self, part: MultipartSegment | bytearray | None) -> None:
        if isinstance(part, MultipartSegment):
            self._segment, self._data = part, bytearray()
            if part.filename:
                self._file = await asyncio.to_thread(self._open, part.filename)
        elif part:
            self._data += part
            if self._file is not None and len(self._data) >= _BUFFER:
                await self._flush()
            elif self._file is None and len(self._data) > _MAX_FIELD:
                raise BadParameter(f"The form's field '{self._name}' is too long.", self._name)
        elif self._file is not None:
            await self.close()
        else:
            self.upload.pairs.append((self._name, self._data.decode("utf-8", "replace")))

    async def close(self) -> None:
        if self._file is not None:
            await self._flush()
            self._file.close()
            self._file = None

    @property
    def _name(self) -> str:
        return str(self._segment.name) if self._segment is not None else ""

    async def _flush(self) -> None:
        assert self._file is not None
        await asyncio.to_thread(self._file.write, self._data)
        self._data = bytearray()

    def _open(self, given: str) -> IO[bytes]:
        """A folder of its own for each file, so that two of one name keep their names."""
        folder = self._folder / str(len(self.upload.parts))
        folder.mkdir()
        path = folder / safe_name(given)
        self.upload.parts.append((self._name, path))
        return path.open("wb")


def safe_name(given: str) -> str:
    """The last part of a file's name as sent, fit for any file system."""
    name = given.replace("\\", "/").rpartition("/")[2]
    name = "".join(character for character in name if character.isprintable()).strip().lstrip(".")
    stem, dot, suffix = name.rpartition(".")
    while len(name.encode()) > 200:
        stem = stem[:-1] if dot else name[:-1]
        name = f"{stem}{dot}{suffix[:20]}" if dot else stem
    return name or "unnamed"
