"""Baking a self into one file and serving that in place of base and adapter, without a failed request.

The file is made in the worker; it counts once the manifest names it. A bake that is interrupted, however, leaves what was
there before, and its own parts are removed at once or when the home is opened next.
"""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING

from kernel.abc import OnEvent
from kernel.engine.starter import base_sha256
from kernel.errors import ModelError, WrongUse
from kernel.l2_training.structs import BakeTask
from kernel.selves.shelf import BAKED_FILE
from kernel.types import Baked, BakedType, SelfVersion

if TYPE_CHECKING:
    from kernel.mind import Mind


class Baking:
    """One per open mind; one bake at a time."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._version: str | None = None
        self._task: asyncio.Task[Baked] | None = None

    async def bake(self, version: str, kind: BakedType = "Q8_0", *, on_event: OnEvent | None = None) -> SelfVersion:
        """Make the version's baked file, and swap to it where the version is in the engine. One that is there already, of
        this type and this adapter, is kept.

        Raises ``WrongUse`` for a version without an adapter (code ``no_adapter``) or with something forgotten, and while
        another is being baked (``bake_running``); ``JobFailed`` where it cannot be made; ``ModelError`` where the engine
        does not take it: it is removed then, and the adapter serves on.
        """
        shelf = self._mind.shelf
        shelf.check_servable(version)
        adapter = shelf.adapter_file(version)
        if adapter is None:
            raise WrongUse(f"self {version} has no adapter: it answers by quoting. Train one first.", code="no_adapter")
        if self._task is not None:
            raise WrongUse(f"self {self._version} is being baked; wait until that is done.", code="bake_running")
        self._version, self._task = version, asyncio.create_task(self._make(version, adapter, kind, on_event))
        try:
            baked = await self._task
        except asyncio.CancelledError:
            shelf.check_servable(version)  # why it was stopped, unless it was the caller
            raise
        finally:
            self._version = self._task = None
        shelf.check_servable(version)  # the last moment: from here to the manifest nothing else runs
        shelf.record_baked(version, baked)
        await self._swap(version, adapter)
        return shelf.get(version)

    async def stop(self, version: str | None = None) -> None:
        """End the bake under way, of this version or of any; comes back when nothing of it is left."""
        if self._task is not None and version in (None, self._version):
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def recover(self) -> None:
        """Remove what the last process had begun."""
        for part in self._mind.paths.selves.glob(f"[0-9]*/{BAKED_FILE}.*part"):
            part.unlink(missing_ok=True)

    async def _make(self, version: str, adapter: Path, kind: BakedType, on_event: OnEvent | None) -> Baked:
        mind = self._mind
        base = await asyncio.to_thread(base_sha256, mind.paths)
        there = await asyncio.to_thread(mind.shelf.whole_baked, version)
        if there is not None and (there.type, there.base_sha256) == (kind, base):
            return there
        task = BakeTask(
            base=str(mind.paths.base),
            base_sha256=base,
            adapter=str(adapter),
            target=str(mind.shelf.baked_file(version)),
            type=kind,
            threads=mind.config.engine.threads,
        )
        try:
            return await mind.worker.run("bake", task, Baked, on_event=on_event)
        finally:
            self.recover()  # a child that was killed could not

    async def _swap(self, version: str, adapter: Path) -> None:
        """New requests go to the baked file, those that run end on what they began with. By way of the adapter: of a
        file that has another content now an engine would say that it has it already."""
        mind = self._mind
        if version not in mind.answerer.context.adapters:
            return
        await mind.engine.load_adapter(version, adapter)
        try:
            await mind.engine.load_adapter(version, mind.shelf.baked_file(version))
        except ModelError:
            mind.shelf.drop_baked(version)
            raise
        if version not in mind.answerer.context.adapters:  # unloaded meanwhile: not to be left in the engine
            await mind.engine.unload_adapter(version)
