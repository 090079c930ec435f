"""Continuous batching over one context: many requests, one batch a step. One scheduler per self that is loaded.

A step takes one row from every sequence that is generating and fills up with rows of prompts that are still being
read, so that a long prompt never stops those who are streaming. A new prompt starts behind the longest beginning that
it shares with any sequence in the cache, running or finished, or with one that had to leave it and is kept as bytes
(``states``); if a running one is just reading that beginning, the new one waits for it rather than reading it again.

A request is admitted when there are cells for its prompt and the next part of its answer. Should they run out later, the
one that came last makes room: its state is saved, it waits in front of the others, and goes on where it was.

The same request gives the same text again, as long as it does not meet others on its way. llama.cpp's sums depend, in
their last bits, on where in the cache a sequence lies and on whether its rows were computed one by one; in a quantised
model that is enough to turn the scale between two tokens that are nearly as likely. So a greedy or seeded request that
comes alone gets the cache to itself, with beginnings that were computed so.
"""

from __future__ import annotations

import time
from collections import deque
from dataclasses import dataclass, field

from kernel.config import EngineConfig
from kernel.engine.cells import Resident, cells_of, common_prefix
from kernel.engine.llamacpp import Adapter, Batch, Context, Model
from kernel.engine.protocol import Ended, Text
from kernel.engine.sequence import Sequence
from kernel.engine.states import State, States
from kernel.engine.threads import ThreadChoice
from kernel.errors import EngineError

STEP_SECONDS = 0.1
"""While someone is streaming, prompt rows are added up to about this long a step."""
LONG_STEP_SECONDS = 0.16
"""The same while more than ``LONG_PROMPT`` tokens wait to be read, which would take very long in short steps."""
LONG_PROMPT = 1000
HURRIED_SECONDS = 0.04
"""The same while another self has work too: those who are streaming wait for both steps."""
FEWEST_ROWS = 8
"""Of a prompt in a step, however long it takes."""
WORTH_WAITING = 32
"""Tokens that must be shared with a sequence that is still being read before a new one waits for it."""
AHEAD = 64
"""Cells that are kept free for the answer of each running sequence, where it may still be so long."""
IDLE_SHARE = 8
"""One in so many cells at most is held by sequences that have ended: attention runs over all cells up to the last."""

Output = Text | Ended


@dataclass
class Totals:
    """Counted over all schedulers of a process, since its start."""

    prompt_tokens: int = 0
    """Computed, not reused."""
    reused: int = 0
    decoded: int = 0
    steps: int = 0
    prompt_seconds: float = 0.0
    """Of steps that read prompts (and decoded beside it)."""
    decode_seconds: float = 0.0
    preempted: int = 0


@dataclass
class Shared:
    """What all schedulers of a process have in common."""

    states: States
    threads: ThreadChoice
    totals: Totals = field(default_factory=Totals)
    row_seconds: float = STEP_SECONDS / 16
    """What a row costs in a step of many; learned."""


class Scheduler:
    """``add`` and ``cancel`` between steps; ``step`` returns what is to be sent. One thread.

    Since the cache is this context's own, nothing computed under one adapter is ever read under another.
    """

    def __init__(self, model: Model, config: EngineConfig, shared: Shared, adapter: Adapter | None = None) -> None:
        self._cells, self._slots = config.context_tokens, config.sequences
        self._chunk, self._kept = config.prefill_chunk, config.sequences
        rows = config.prefill_chunk + config.sequences
        self._context = Context(
            model,
            cells=config.context_tokens,
            sequences=self._slots + self._kept,
            rows=rows,
            outputs=self._slots + self._kept,
            threads=shared.threads,
            adapter=adapter,
        )
        self._shared, self._states, self._totals = shared, shared.states, shared.totals
        self._batch = Batch(rows)
        self._free_slots = list(range(self._slots + self._kept))
        self._waiting: deque[Sequence] = deque()
        self._running: list[Sequence] = []
        self._finished: list[Resident] = []
        self._filled: list[tuple[Resident, int]] = []
        self._token_bytes = 0
        """Of one token in a saved state; 0 until one was saved."""
        self._clock = 0

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

    @property
    def streaming(self) -> bool:
        """Whether somebody waits for the next token of an answer that has begun."""
        return any(sequence.generated for sequence in self._running)

    @property
    def cells_used(self) -> int:
        return cells_of(self._residents())

    @property
    def shared_beginning(self) -> list[int]:
        """What most of its sequences begin with, weighed by how long it is; empty for none."""
        residents = sorted(self._residents(), key=lambda resident: resident.used_at)
        if len(residents) < 2:
            return []
        latest = residents.pop()
        lengths = sorted((latest.shares_with(other.tokens) for other in residents), reverse=True)
        best = max((length * (count + 2), length) for count, length in enumerate(lengths))
        return latest.tokens[: best[1]]

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

    def step(self, *, hurry: bool = False) -> list[Output]:
        """One batch over all running sequences. ``hurry``: somebody elsewhere waits for this step to end. Raises
        ``EngineError`` if llama.cpp fails; the child ends then."""
        self._admit()
        wanted = self._fill(hurry)
        if not len(self._batch):
            return []
        began = time.perf_counter()
        while not self._context.decode(self._batch):
            self._take_back()
            self._preempt()
            wanted = self._fill(hurry)
        self._count(time.perf_counter() - began, len(wanted))
        outputs: list[Output] = []
        for sequence, row in wanted:
            text, end = sequence.advance(self._context, row)
            outputs += [message for message in (text, end) if message is not None]
            if end is not None:
                self._finish(sequence)
        return outputs

    def read_ahead(self, beginning: list[int]) -> None:
        """Before the first request: have in the cache what requests begin with. By the thread that made it, on one core
        at most, beside those who are streaming from other contexts."""
        tokens = beginning[: self._cells // IDLE_SHARE]
        resident = Resident(self._free_slots.pop(), tokens)
        for start in range(0, len(tokens), self._chunk):
            self._batch.clear()
            for position in range(start, min(start + self._chunk, len(tokens))):
                self._batch.add(tokens[position], position, resident.slot, logits=False)
            if not self._context.decode(self._batch, threads=1):
                raise EngineError(f"no room for {len(tokens)} tokens in an empty cache; please report it")
            resident.computed = resident.straight = start + len(self._batch)
        self._finished.append(resident)

    def save_one(self) -> bool:
        """While there is nothing else to do: save the latest that may have to leave the cache. False where all are."""
        for resident in self._worth_saving():
            if not resident.saved:
                resident.saved = True
                self._save(resident)
                return True
        return False

    def close(self) -> None:
        """Free the context; its adapter may be freed after that. There must be nothing running."""
        self._states.forget(self)
        self._batch.free()
        self._context.free()

    # --- one step ---

    def _fill(self, hurry: bool) -> list[tuple[Sequence, int]]:
        """Rows for this step. Returns the sequences whose next token it brings, with the rows of their logits.

        Where one has the cache to itself, the last token of its prompt is not read with the others but in a step of its
        own, as it is when all before it comes from the cache: llama.cpp sums up single rows and many rows in another
        order, and the same request must give the same text again.
        """
        self._batch.clear()
        self._filled = []
        last = [sequence for sequence in self._running if _unread(sequence) == 1]
        while (free := self._free_cells(len(last))) < len(last):
            gone = self._preempt()
            last = [sequence for sequence in last if sequence is not gone]
        wanted = [(sequence, self._rows(sequence, 1)) for sequence in last]
        budget = self._chunk
        if hurry or self.streaming:
            affordable = int(self._seconds(hurry) / self._shared.row_seconds) - len(last)
            budget = max(FEWEST_ROWS, min(self._chunk, affordable))
        budget = min(budget, free - len(last))
        alone = len(self._running) == 1 and self._running[0].repeatable
        for sequence in self._running:
            if sequence not in last and budget > 0:
                unread = _unread(sequence)
                left = unread - alone
                count = left if left <= budget else budget - (left == budget + 1)  # never a single row at the end
                row = self._rows(sequence, count)
                budget -= count
                if count == unread:
                    wanted.append((sequence, row))
        return wanted

    def _seconds(self, hurry: bool) -> float:
        """How long a step may take."""
        if hurry:
            return HURRIED_SECONDS
        unread = sum(_unread(sequence) for sequence in self._running)
        return LONG_STEP_SECONDS if unread > LONG_PROMPT else STEP_SECONDS

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
        self._filled.append((resident, count))
        return row

    def _take_back(self) -> None:
        """The rows of this step were not computed."""
        for resident, count in self._filled:
            resident.computed -= count
            resident.straight = min(resident.straight, resident.computed)

    def _count(self, seconds: float, decoded: int) -> None:
        rows, totals = len(self._batch), self._totals
        if rows >= 2 * FEWEST_ROWS:  # a few rows cost more each, and say nothing of what prompts cost
            self._shared.row_seconds += 0.2 * (seconds / rows - self._shared.row_seconds)
        totals.steps += 1
        totals.decoded += decoded
        totals.prompt_tokens += rows - decoded
        if rows > decoded:
            totals.prompt_seconds += seconds
        else:
            totals.decode_seconds += seconds

    # --- who runs ---

    def _admit(self) -> None:
        passed_over: list[Sequence] = []
        while self._waiting and len(self._running) < self._slots:
            sequence = self._waiting.popleft()
            alone = sequence.repeatable and not sequence.preempted and not self._running
            source, shared, coming = self._best_beginning(sequence, alone)
            if coming - shared >= WORTH_WAITING:
                passed_over.append(sequence)
                continue
            state, known = self._states.best(self, sequence.tokens[:-1], straight=alone)
            if known > shared:
                source, shared = None, 0
            else:
                state = None
            if alone and source is None:
                self._evict_all(sequence.tokens)
                self._context.clear()
            if not self._place(sequence, source, shared, state, known):
                passed_over.append(sequence)
                break
            if alone:  # nothing in the cache but the beginning of this one: what comes lies as in an empty one
                self._evict_all(sequence.tokens)
        self._waiting.extendleft(reversed(passed_over))

    def _best_beginning(self, sequence: Sequence, straight: bool) -> tuple[Resident | None, int, int]:
        """The resident that shares most computed tokens, how many, and how many will be there once it is read.

        ``straight``: only those count that lie in the cache as they would in an empty one.
        """
        best: Resident | None = None
        shared = coming = 0
        limit = len(sequence.tokens) - 1  # the last token is always computed: its logits are needed
        for resident in self._residents():
            common = min(limit, resident.shares_with(sequence.tokens))
            there = min(common, resident.straight if straight else resident.computed)
            if not straight:
                coming = max(coming, common)
            if there > shared:
                best, shared = resident, there
        return best, shared, coming

    def _place(self, sequence: Sequence, source: Resident | None, shared: int, state: State | None, known: int) -> bool:
        """Give it a slot and its beginning, ``shared`` cells of ``source`` or ``known`` of ``state``, if what it needs next
        is or can be made free."""
        needed = sum(self._reserve(other) for other in self._running)
        needed += self._reserve(sequence) + len(sequence.tokens) - shared
        slot = self._free_slots.pop()  # at once: making room gives others back
        resident = Resident(slot, sequence.tokens, source, shared)
        running = [_resident(other) for other in self._running]
        if cells_of([*running, resident]) + needed > self._cells:
            self._free_slots.append(slot)
            return False
        if source is not None:
            source.used_at = self._tick()
            self._context.copy(source.slot, slot, shared)
        self._make_room(needed, [resident])
        if state is not None and self._context.restore(slot, state.data):
            self._states.used(state)
            self._context.drop(slot, known)
            resident.computed = known
            resident.straight = 0 if self._running or self._finished else min(known, state.straight)
        sequence.resident = resident
        if not sequence.generated:
            sequence.reused = resident.computed
            self._totals.reused += resident.computed
        self._running.append(sequence)
        return True

    def _reserve(self, sequence: Sequence) -> int:
        """Cells to hold free for it beyond those it has."""
        left = sequence.most - len(sequence.tokens)
        unread = _unread(sequence) if sequence.resident is not None else 0
        return unread + (left if sequence.preempted else min(AHEAD, left))

    def _finish(self, sequence: Sequence) -> None:
        """Its place is free; what it has computed is kept for others."""
        sequence.free()
        self._retire(sequence)
        while len(self._finished) > self._kept or cells_of(self._finished) > self._cells // IDLE_SHARE:
            self._evict(min(self._finished, key=lambda kept: kept.used_at))

    def _retire(self, sequence: Sequence) -> None:
        """From running to kept."""
        self._running.remove(sequence)
        resident = _resident(sequence)
        sequence.resident = None
        resident.tokens = sequence.tokens[: resident.computed]
        resident.used_at = self._tick()
        for other in list(self._finished):
            covered = common_prefix(other.tokens, resident.tokens) == len(other.tokens)
            if covered and other.straight <= resident.straight:
                self._evict(other, save=False)
        self._finished.append(resident)

    def _preempt(self) -> Sequence:
        """The one that came last makes room and waits in front of the others."""
        if len(self._running) < 2:
            raise EngineError(
                "llama.cpp has no room for the one sequence that runs; this is a defect, please report it"
            )
        sequence = self._running[-1]
        self._retire(sequence)
        self._evict(self._finished[-1])
        sequence.preempted = True
        self._waiting.appendleft(sequence)
        self._totals.preempted += 1
        return sequence

    # --- cells ---

    def _residents(self) -> list[Resident]:
        return [*self._finished, *(_resident(other) for other in self._running)]

    def _free_cells(self, wanted: int) -> int:
        """Cells that are free; at least ``wanted`` if letting go of finished sequences can bring them."""
        self._make_room(wanted)
        return self._cells - self.cells_used

    def _make_room(self, wanted: int, coming: list[Resident] | None = None) -> None:
        """Let go of finished sequences until so many cells are free."""
        while self._finished and cells_of([*self._residents(), *(coming or [])]) + wanted > self._cells:
            self._evict(min(self._finished, key=lambda kept: kept.used_at))

    def _evict(self, resident: Resident, *, save: bool = True) -> None:
        if save and resident in self._worth_saving():
            self._save(resident)
        self._finished.remove(resident)
        self._context.drop(resident.slot)
        self._free_slots.append(resident.slot)

    def _worth_saving(self) -> list[Resident]:
        """Those that have ended and are not among the states yet, as many of the latest as there is room for."""
        latest = sorted(self._finished, key=lambda kept: kept.used_at, reverse=True)
        room, found = self._states.budget, []
        for resident in latest:
            room -= len(resident.tokens) * self._token_bytes
            if room < 0:
                break
            if len(resident.tokens) >= WORTH_WAITING and self._states.wants(self, resident.tokens, resident.straight):
                found.append(resident)
        return found

    def _save(self, resident: Resident) -> None:
        state = self._context.save(resident.slot)
        self._token_bytes = max(1, len(state) // max(1, len(resident.tokens)))
        self._states.put(State(self, resident.tokens, resident.straight, state))

    def _evict_all(self, coming: list[int]) -> None:
        """Only the latest is saved now, because somebody waits, and none that ``coming`` begins with: it will be there
        again. The others were, if there was a moment for it (``save_one``)."""
        left = sorted(self._finished, key=lambda kept: kept.used_at)
        for resident in left:
            covered = common_prefix(resident.tokens, coming) == len(resident.tokens)
            self._evict(resident, save=resident is left[-1] and not covered)

    def _tick(self) -> int:
        self._clock += 1
        return self._clock


def _resident(sequence: Sequence) -> Resident:
    assert sequence.resident is not None, "only admitted sequences have cells"
    return sequence.resident


def _unread(sequence: Sequence) -> int:
    """Tokens that are not in the cache yet; one, when the next is to be chosen."""
    return len(sequence.tokens) - _resident(sequence).computed
