"""Continuous batching over one context: many requests, one batch a step. One scheduler per adapter version (or none).

A step takes one row from every sequence that is generating and fills up with rows of prompts that are still being
read, so that a long prompt never stops those who are streaming. A new prompt starts behind the longest beginning that
it shares with any sequence in the cache, running or finished; if a running one is just reading that beginning, the
new one waits for it rather than reading the same again. A request is admitted only when all the cells that it and the
running ones may still take are there: nothing is ever thrown out half-way.

The same request gives the same text again, as long as it does not meet others on its way. llama.cpp's sums depend, in
their last bits, on where in the cache a sequence lies and on whether its rows were computed one by one; in a quantised
model that is enough to turn the scale between two tokens that are nearly as likely. So a greedy or seeded request that
comes alone gets the cache to itself, and only prompts are ever shared, never what was generated.
"""

from __future__ import annotations

import time
from collections import deque

from kernel.config import EngineConfig
from kernel.engine.cells import Resident, cells_of, common_prefix
from kernel.engine.llamacpp import Adapter, Batch, Context, Model
from kernel.engine.protocol import Ended, Text
from kernel.engine.sequence import Sequence

STEP_SECONDS = 0.12
"""While someone is streaming, prompt rows are added up to about this long a step."""
FEWEST_ROWS = 16
WORTH_WAITING = 32
"""Tokens that must be shared with a sequence that is still being read before a new one waits for it."""

Output = Text | Ended


class Scheduler:
    """``add`` and ``cancel`` between steps; ``step`` returns what is to be sent. One thread.

    ``kept`` finished sequences at most stay in the cache, least recently used first out, holding half of the cells at
    most. Since the cache is this context's own, nothing computed under one adapter is ever read under another.
    """

    def __init__(self, model: Model, config: EngineConfig, adapter: Adapter | None = None) -> None:
        self._cells, self._slots = config.context_tokens, config.sequences
        self._chunk, self._kept = config.prefill_chunk, config.sequences
        rows = config.prefill_chunk + config.sequences
        self._context = Context(
            model,
            cells=config.context_tokens,
            sequences=self._slots + self._kept,
            rows=rows,
            outputs=self._slots + self._kept,
            threads=config.threads,
            adapter=adapter,
        )
        self._batch = Batch(rows)
        self._free_slots = list(range(self._slots + self._kept))
        self._waiting: deque[Sequence] = deque()
        self._running: list[Sequence] = []
        self._finished: list[Resident] = []
        self._clock = 0
        self._row_seconds = STEP_SECONDS / FEWEST_ROWS
        self.decoded = 0
        self.reused = 0

    @property
    def queued(self) -> int:
        return len(self._waiting)

    @property
    def in_line(self) -> int:
        """How many wait beyond the places that are free."""
        return max(0, len(self._waiting) + len(self._running) - self._slots)

    @property
    def full(self) -> bool:
        """Whether one more would have to wait for a place."""
        return len(self._waiting) + len(self._running) >= self._slots

    @property
    def running(self) -> int:
        return len(self._running)

    @property
    def busy(self) -> bool:
        return bool(self._waiting or self._running)

    def add(self, sequence: Sequence) -> None:
        self._waiting.append(sequence)

    def cancel(self, id: int) -> bool:
        """Let go of a request, waiting or running. What it has computed stays as a beginning for others."""
        for sequence in self._waiting:
            if sequence.id == id:
                self._waiting.remove(sequence)
                sequence.free()
                return True
        for sequence in self._running:
            if sequence.id == id:
                self._finish(sequence)
                return True
        return False

    def step(self) -> list[Output]:
        """One batch over all running sequences. Raises ``EngineError`` if llama.cpp fails; the child ends then."""
        self._admit()
        wanted = self._fill()
        if not len(self._batch):
            return []
        started = time.perf_counter()
        self._context.decode(self._batch)
        if len(self._batch) >= FEWEST_ROWS:  # a few rows cost more each, and say nothing of what prompts cost
            self._row_seconds += 0.2 * ((time.perf_counter() - started) / len(self._batch) - self._row_seconds)
        outputs: list[Output] = []
        for sequence, row in wanted:
            text, end = sequence.advance(self._context, row)
            self.decoded += 1
            outputs += [message for message in (text, end) if message is not None]
            if end is not None:
                self._finish(sequence)
        return outputs

    def close(self) -> None:
        """Free the context; its adapter may be freed after that. There must be nothing running."""
        self._batch.free()
        self._context.free()

    # --- one step ---

    def _fill(self) -> list[tuple[Sequence, int]]:
        """Rows for this step. Returns the sequences whose next token it brings, with the rows of their logits.

        The last token of a prompt is never read with the others but in a step of single rows, as it is when all before
        it comes from the cache: llama.cpp sums up single rows and many rows in another order, and the same request
        must give the same text again.
        """
        self._batch.clear()
        last = [sequence for sequence in self._running if _unread(sequence) == 1]
        wanted = [(sequence, self._rows(sequence, 1)) for sequence in last]
        budget = self._chunk
        if any(sequence.generated for sequence in last):
            budget = max(FEWEST_ROWS, min(self._chunk, int(STEP_SECONDS / self._row_seconds) - len(last)))
        for sequence in self._running:
            if sequence not in last and budget > 0:
                left = _unread(sequence) - 1
                count = left if left <= budget else budget - (left == budget + 1)  # never a single row at the end
                self._rows(sequence, count)
                budget -= count
        return wanted

    def _rows(self, sequence: Sequence, count: int) -> int:
        """Add the next ``count`` tokens of a sequence; the index of the last row."""
        resident = _resident(sequence)
        row = -1
        for position in range(resident.computed, resident.computed + count):
            final = position + 1 == len(sequence.tokens)
            row = self._batch.add(sequence.tokens[position], position, resident.slot, logits=final)
        if resident.straight == resident.computed and len(self._running) == 1 and not self._finished:
            resident.straight += count
        resident.computed += count
        return row

    # --- who runs ---

    def _admit(self) -> None:
        passed_over: list[Sequence] = []
        while self._waiting and len(self._running) < self._slots:
            sequence = self._waiting.popleft()
            alone = sequence.repeatable and not self._running
            source, shared, coming = self._best_beginning(sequence, alone)
            if coming - shared >= WORTH_WAITING:
                passed_over.append(sequence)
            elif not self._place(sequence, source, shared):
                passed_over.append(sequence)
                break
            elif alone:
                self._clear_for(sequence)
        self._waiting.extendleft(reversed(passed_over))

    def _best_beginning(self, sequence: Sequence, straight: bool) -> tuple[Resident | None, int, int]:
        """The resident that shares most computed tokens, how many, and how many will be there once it is read.

        ``straight``: only those count that lie in the cache as they would in an empty one.
        """
        best: Resident | None = None
        shared = coming = 0
        limit = len(sequence.tokens) - 1  # the last token is always computed: its logits are needed
        for resident in [*self._finished, *(_resident(other) for other in self._running)]:
            common = min(limit, resident.shares_with(sequence.tokens))
            there = min(common, resident.straight if straight else resident.computed)
            if not straight:
                coming = max(coming, common)
            if there > shared:
                best, shared = resident, there
        return best, shared, coming

    def _place(self, sequence: Sequence, source: Resident | None, shared: int) -> bool:
        """Give it a slot and the cells of its beginning, if all that it may still need is or can be made free."""
        resident = Resident(self._free_slots[-1], sequence.tokens, source, shared)
        running = [_resident(other) for other in self._running]
        promised = sum(other.still_needs for other in self._running)
        promised += sequence.prompt_tokens + sequence.request.max_tokens - shared
        if cells_of([*running, resident]) + promised > self._cells:
            return False
        self._free_slots.pop()
        if source is not None:
            source.used_at = self._tick()
            self._context.copy(source.slot, resident.slot, shared)
        sequence.resident, sequence.reused = resident, shared
        self.reused += shared
        self._running.append(sequence)
        self._make_room(promised)
        return True

    def _clear_for(self, sequence: Sequence) -> None:
        """Leave nothing in the cache but the beginning of this one."""
        for resident in list(self._finished):
            self._evict(resident)
        if sequence.reused == 0:
            self._context.clear()

    def _finish(self, sequence: Sequence) -> None:
        """Its place is free; what it has read of its prompt is kept for others."""
        self._running.remove(sequence)
        sequence.free()
        resident = _resident(sequence)
        resident.computed = min(resident.computed, resident.shareable)
        resident.tokens = resident.tokens[: resident.computed]
        self._context.drop(resident.slot, resident.computed)
        resident.used_at = self._tick()
        for other in list(self._finished):
            covered = common_prefix(other.tokens, resident.tokens) == len(other.tokens)
            if covered and other.straight <= resident.straight:
                self._evict(other)
        self._finished.append(resident)
        while len(self._finished) > self._kept or cells_of(self._finished) > self._cells // 2:
            self._evict(min(self._finished, key=lambda kept: kept.used_at))

    def _make_room(self, promised: int) -> None:
        """Let go of finished sequences until the promised cells are free."""
        while self._finished:
            held = cells_of([*self._finished, *(_resident(other) for other in self._running)])
            if held + promised <= self._cells:
                return
            self._evict(min(self._finished, key=lambda kept: kept.used_at))

    def _evict(self, resident: Resident) -> None:
        self._finished.remove(resident)
        self._context.drop(resident.slot)
        self._free_slots.append(resident.slot)

    def _tick(self) -> int:
        self._clock += 1
        return self._clock


def _resident(sequence: Sequence) -> Resident:
    assert sequence.resident is not None, "only admitted sequences have cells"
    return sequence.resident


def _unread(sequence: Sequence) -> int:
    """Tokens that are not in the cache yet; one, when the next is to be chosen."""
    return len(sequence.tokens) - _resident(sequence).computed
