"""The worker child: heavy libraries live and die there. ``ProcessWorker`` is the parent's side, ``main`` the child's.

A job is a plain function ``job(payload: P, emit: Callable[[AnyEvent], None]) -> R`` with msgspec types as annotations,
named in ``JOBS`` and imported only in the child. Light jobs share one child that exits when it has been idle; training
has a child of its own at low priority. An out-of-memory kill costs the job and nothing else.
"""

from __future__ import annotations

import asyncio
import importlib
import typing
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kernel.abc import OnEvent
from kernel.errors import JobFailed, OneselfError
from kernel.events import AnyEvent
from kernel.frames import ChildChannel, ChildProcess

JOBS: dict[str, str] = {
    "read": "kernel.memory.jobs:read",
    "transcribe": "kernel.memory.transcribing:transcribe",
    "understand": "kernel.l0_insight.jobs:understand",
    "identity": "kernel.l1_identity.jobs:build",
    "graph": "kernel.l1_identity.graph.jobs:make",
    "prepare": "kernel.l2_training.worker:prepare",
    "train": "kernel.l2_training.worker:train",
    "bake": "kernel.l2_training.bake:bake",
    "plot": "kernel.exam.plot:plot",
}
OWN_CHILD = {"prepare", "train", "bake"}
"""Jobs that get a fresh child at low priority instead of the shared one."""
IDLE_SECONDS = 30.0


class _Run(msgspec.Struct, tag="run"):
    job: str
    payload: msgspec.Raw


class _Emitted(msgspec.Struct, tag="emitted"):
    event: AnyEvent


class _Done(msgspec.Struct, tag="done"):
    result: msgspec.Raw


class _Broke(msgspec.Struct, tag="broke"):
    kind: str
    code: str
    message: str


_FromChild = _Emitted | _Done | _Broke
R = TypeVar("R")


def load(job: str) -> tuple[Callable[..., Any], Any]:
    """The function of a job and its payload type."""
    module, _, name = JOBS[job].partition(":")
    function = getattr(importlib.import_module(module), name)
    return function, typing.get_type_hints(function)["payload"]


def main() -> None:
    """The child: one job after another until the parent closes the pipe."""
    channel: ChildChannel[_Run] = ChildChannel.take_stdio(_Run)
    while (run := channel.receive()) is not None:
        try:
            function, payload_type = load(run.job)
            payload = msgspec.msgpack.decode(run.payload, type=payload_type)
            result = function(payload, lambda event: channel.send(_Emitted(event)))
            channel.send(_Done(msgspec.Raw(msgspec.msgpack.encode(result))))
        except OneselfError as error:
            channel.send(_Broke(type(error).__name__, error.code, str(error)))
        except (MemoryError, RuntimeError) as error:
            if not _is_out_of_memory(error):
                raise
            message = f"there is not enough memory for '{run.job}'; {_LESS.get(run.job, _LESS_OF_OTHERS)}"
            channel.send(_Broke("JobFailed", "no_memory", message))


_LESS_OF_OTHERS = "close other programs and run it again."
_LESS = {"train": "close other programs, or lower training.batch_tokens or training.max_length, and run it again."}


def _is_out_of_memory(error: Exception) -> bool:
    """``MemoryError``, or PyTorch's and NumPy's own words for it (they raise ``RuntimeError``)."""
    said = str(error).lower()
    return isinstance(error, MemoryError) or any(
        sign in said
        for sign in ("can't allocate memory", "not enough memory", "out of memory", "cannot allocate memory")
    )


class _Child:
    """One child process and the job that it is running."""

    def __init__(self, log: Path, nice: int) -> None:
        self._log = log.open("ab")
        self._answer: asyncio.Future[_Done | _Broke] | None = None
        self._on_event: OnEvent | None = None
        arguments = ["-m", "kernel.worker"]
        self.process: ChildProcess[_FromChild] = ChildProcess(
            arguments, _FromChild, self._received, self._exited, log=self._log, nice=nice
        )

    async def run(self, job: str, payload: Any, on_event: OnEvent | None) -> msgspec.Raw:
        if not self.process.running:
            await self.process.start()
        self._answer = asyncio.get_running_loop().create_future()
        self._on_event = on_event
        try:
            await self.process.send(_Run(job, msgspec.Raw(msgspec.msgpack.encode(payload))))
            answer = await self._answer
        except asyncio.CancelledError:
            self.process.kill()
            raise
        except ConnectionError as error:
            raise JobFailed(f"the worker ended before '{job}' began; its log is {self._log.name}") from error
        if isinstance(answer, _Broke):
            raise JobFailed(answer.message, code=answer.code)
        return answer.result

    async def stop(self) -> None:
        await self.process.stop(grace=1.0)
        self._log.close()

    def _received(self, message: _FromChild) -> None:
        if isinstance(message, _Emitted):
            if self._on_event is not None:
                self._on_event(message.event)
        elif self._answer is not None and not self._answer.done():
            self._answer.set_result(message)

    def _exited(self, code: int) -> None:
        if self._answer is not None and not self._answer.done():
            why = "was killed (out of memory?)" if code == -9 else f"ended with code {code}"
            self._answer.set_exception(
                JobFailed(f"the worker {why}; its log is {self._log.name}. Run the command again.")
            )


class ProcessWorker:
    """See ``kernel.abc.Worker``."""

    def __init__(self, logs: Path) -> None:
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._shared: _Child | None = None
        self._turn = asyncio.Lock()
        self._own: dict[str, _Child] = {}
        self._idle: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()

    async def run(self, job: str, payload: Any, result: type[R], *, on_event: OnEvent | None = None) -> R:
        return msgspec.msgpack.decode(await self._run(job, payload, on_event), type=result)

    async def _run(self, job: str, payload: Any, on_event: OnEvent | None) -> msgspec.Raw:
        if job in OWN_CHILD:
            child = _Child(self._logs / f"{job}.log", nice=10)
            self._own[job] = child
            try:
                return await child.run(job, payload, on_event)
            finally:
                self._own.pop(job, None)
                await child.stop()
        async with self._turn:
            if self._idle is not None:
                self._idle.cancel()
            if self._shared is None or not self._shared.process.running:
                self._shared = _Child(self._logs / "worker.log", nice=0)
            try:
                return await self._shared.run(job, payload, on_event)
            except asyncio.CancelledError:
                self._retire_shared()  # it was killed, but may look alive to the next job for a moment
                raise
            finally:
                self._idle = asyncio.get_running_loop().call_later(IDLE_SECONDS, self._end_shared)

    @property
    def pids(self) -> dict[str, int]:
        """Process ids of the running children, for ``status`` and tests."""
        found = {job: child.process.pid for job, child in self._own.items()}
        if self._shared is not None and self._shared.process.running:
            found["worker"] = self._shared.process.pid
        return {name: pid for name, pid in found.items() if pid is not None}

    async def close(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        for child in [*self._own.values(), *([self._shared] if self._shared else [])]:
            await child.stop()
        self._shared = None
        await asyncio.gather(*self._closing)

    def _end_shared(self) -> None:
        if not self._turn.locked():
            self._retire_shared()

    def _retire_shared(self) -> None:
        if self._shared is not None:
            task = asyncio.create_task(self._shared.stop())
            self._closing.add(task)
            task.add_done_callback(self._closing.discard)
            self._shared = None


if __name__ == "__main__":
    main()
