"""Length-prefixed msgpack frames between the server and its children, over the child's stdin and stdout.

A frame is four bytes of length (big endian) and one msgpack value. No port is opened for it. The child keeps the
real stdout for frames and points file descriptor 1 at stderr, so that a stray ``print`` of a library cannot break it.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import struct
import sys
from collections.abc import Callable, Iterable
from typing import IO, Any, Generic, TypeVar

import msgspec

from kernel.errors import OneselfError

MAX_FRAME = 256 * 1024 * 1024
_HEADER = struct.Struct(">I")
_encoder = msgspec.msgpack.Encoder()
T = TypeVar("T")


def encode(value: Any) -> bytes:
    """One frame as bytes."""
    body = _encoder.encode(value)
    if len(body) > MAX_FRAME:
        raise OneselfError(f"a message of {len(body)} bytes is larger than a frame may be ({MAX_FRAME})")
    return _HEADER.pack(len(body)) + body


class ChildChannel(Generic[T]):
    """The child's side: blocking reads from stdin, locked writes to the real stdout.

    ``take_stdio`` must be the child's first act.
    """

    def __init__(self, incoming: IO[bytes], outgoing: IO[bytes], kind: Any) -> None:
        self._in, self._out = incoming, outgoing
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)

    @classmethod
    def take_stdio(cls, kind: Any) -> ChildChannel[T]:
        incoming = os.fdopen(os.dup(0), "rb")
        outgoing = os.fdopen(os.dup(1), "wb", buffering=0)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)
        sys.stdout = sys.stderr
        return cls(incoming, outgoing, kind)

    def receive(self) -> T | None:
        """The next message, or ``None`` when the parent has gone."""
        header = self._in.read(_HEADER.size)
        if len(header) < _HEADER.size:
            return None
        (length,) = _HEADER.unpack(header)
        body = self._in.read(length)
        return self._decoder.decode(body) if len(body) == length else None

    def send(self, value: Any) -> None:
        """Write one frame whole. Callers on several threads hold a lock of their own. Raises ``BrokenPipeError``."""
        self.send_all([value])

    def send_all(self, values: Iterable[Any]) -> None:
        """Several frames in one go, so that the other side is woken once."""
        view = memoryview(b"".join(encode(value) for value in values))
        while view:
            view = view[self._out.write(view) :]


class ChildProcess(Generic[T]):
    """The parent's side: start ``python -m module``, send frames, hand every received one to ``on_message``.

    ``on_exit(returncode)`` is called once, after the last message, however the child ended.
    """

    def __init__(
        self,
        arguments: list[str],
        kind: Any,
        on_message: Callable[[T], None],
        on_exit: Callable[[int], None],
        *,
        log: IO[bytes] | None = None,
        nice: int = 0,
    ) -> None:
        self._arguments, self._on_message, self._on_exit = arguments, on_message, on_exit
        self._decoder: msgspec.msgpack.Decoder[T] = msgspec.msgpack.Decoder(kind)
        self._log, self._nice = log, nice
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None

    @property
    def pid(self) -> int | None:
        return self._process.pid if self._process else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        nice = self._nice

        def lower_priority() -> None:
            os.nice(nice)

        self._process = await asyncio.create_subprocess_exec(
            sys.executable,
            *self._arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=self._log,
            preexec_fn=lower_priority if nice else None,
            start_new_session=True,  # Ctrl-C goes to the parent, which ends its children in order
        )
        self._reader = asyncio.create_task(self._read())

    async def send(self, value: Any) -> None:
        """Raises ``ConnectionError`` (``BrokenPipeError``, ``ConnectionResetError``) if the child has gone."""
        if not self.running or self._process is None or self._process.stdin is None:
            raise BrokenPipeError("the child process has ended")
        self._process.stdin.write(encode(value))
        await self._process.stdin.drain()

    async def stop(self, grace: float = 3.0) -> None:
        """Close its stdin, wait ``grace`` seconds, then kill. Safe to call twice."""
        if self._process is None:
            return
        if self._process.returncode is None and self._process.stdin is not None:
            with contextlib.suppress(ConnectionError, RuntimeError):
                self._process.stdin.close()
            try:
                await asyncio.wait_for(self._process.wait(), grace)
            except TimeoutError:
                self.kill()
        if self._reader is not None:
            await asyncio.gather(self._reader, return_exceptions=True)

    def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    async def _read(self) -> None:
        assert self._process is not None and self._process.stdout is not None
        stream = self._process.stdout
        try:
            while True:
                header = await stream.readexactly(_HEADER.size)
                body = await stream.readexactly(_HEADER.unpack(header)[0])
                self._on_message(self._decoder.decode(body))
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            code = await self._process.wait()
            self._on_exit(code)
