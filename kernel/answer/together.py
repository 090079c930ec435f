"""Several requests at once, as one stream: the answers of ``n``, the prompts of a batch."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

from kernel.abc import Engine, Finished, Generate, Piece

AHEAD = 64
"""Parts that may wait for a reader who is slower than the engine."""


async def together(
    engine: Engine, requests: Sequence[Generate], *, at_once: int | None = None
) -> AsyncGenerator[tuple[int, Piece | Finished], None]:
    """The parts of all of them as they come, each with the index of its request; exactly one ``Finished`` for each.

    What they begin with alike is computed once. The first error ends all of them, and so does closing the iterator.
    ``at_once``: how many the engine is given at most at a time; ``None``: all of them.
    """
    places = asyncio.Semaphore(len(requests) if at_once is None else at_once)
    parts: asyncio.Queue[tuple[int, Piece | Finished] | None] = asyncio.Queue(AHEAD)

    async def run(index: int, request: Generate) -> None:
        async with places, aclosing(engine.generate(request)) as stream:
            async for part in stream:
                await parts.put((index, part))

    async def run_all() -> None:
        try:
            async with asyncio.TaskGroup() as group:
                for index, request in enumerate(requests):
                    group.create_task(run(index, request))
        except BaseExceptionGroup as failed:
            await parts.put(None)
            raise failed.exceptions[0] from None
        await parts.put(None)

    running = asyncio.create_task(run_all())
    try:
        while (part := await parts.get()) is not None:
            yield part
        await running
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
