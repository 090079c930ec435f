"""The ``prepare`` job: a home's notes and identity -> ``dataset.jsonl`` and ``exam.jsonl`` of one version.

The same notes, identity and settings give the same bytes. No question of the exam is trained on.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import lru_cache
from pathlib import Path

import msgspec

from kernel.config import Paths
from kernel.engine.embedder import Embedder
from kernel.events import AnyEvent, Progressed, StageStarted
from kernel.exam.questions import ExamQuestion, make_questions
from kernel.files import write_whole
from kernel.l0_insight.structs import ANALYST
from kernel.l2_training.data.finding import Finder
from kernel.l2_training.data.grounded import grounded
from kernel.l2_training.data.identity import identity
from kernel.l2_training.data.questions import Answered, Find, make_answered, normalised
from kernel.l2_training.data.recall import recall
from kernel.l2_training.data.refusal import refusals
from kernel.l2_training.data.rehearsal import rehearsal
from kernel.l2_training.data.replay import replay
from kernel.l2_training.structs import Prepared, PrepareTask
from kernel.l2_training.worker import DATASET, write_samples
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.types import Biography, Insight, Memory, Sample

EXAM = "exam.jsonl"
REFUSALS = 0.10
"""Share of all rows that say "I don't know", those of the rehearsal counted in: at 0.34 a small self refuses what it
knows, at 0.09 hardly ever."""
FOUND = 8
"""Hits looked at for each question: those shown, and distractors."""
Emit = Callable[[AnyEvent], None]


def make(task: PrepareTask, emit: Emit) -> Prepared:
    """Write both files whole and say what is in them. About a second for each ten notes."""
    paths = Paths(Path(task.home))
    memories, insights, model = asyncio.run(_read(paths))
    exam = make_questions(insights, memories, limit=task.questions, seed=task.seed)
    searcher, embedder = Searcher(paths.database), Embedder(paths.embedding_model(model), threads=1)
    try:
        finder = Finder(searcher, embedder)
        samples, dropped, covered = make_samples(task, memories, exam, lambda q: finder.search(q, FOUND), emit)
    finally:
        embedder.close()
        searcher.close()
    folder = paths.self_folder(task.version)
    folder.mkdir(parents=True, exist_ok=True)
    _write_exam(folder / EXAM, exam)
    return Prepared(
        samples=dict(sorted(Counter(sample.kind for sample in samples).items())),
        dropped=dict(sorted(dropped.items())),
        notes_covered=covered,
        notes=len(memories),
        questions=len(exam),
        dataset_sha256=write_samples(folder / DATASET, samples),
    )


def make_samples(
    task: PrepareTask, memories: Sequence[Memory], exam: Sequence[ExamQuestion], find: Find, emit: Emit
) -> tuple[list[Sample], Counter[str], int]:
    """Samples of every kind, why candidates were dropped, and how many notes a grounded sample rests on."""
    settings, owner = task.training, task.owner
    seed = settings.seed
    once = lru_cache(maxsize=None)(find)
    emit(StageStarted(stage="data", total=100))
    answered, dropped = make_answered(memories, once, languages=settings.languages, seed=seed, progress=_progress(emit))
    examined = {normalised(question.q) for question in exam}
    answered = _unexamined(answered, examined, dropped)
    biography = task.identity.biography if task.identity else Biography()
    samples = [
        *grounded(owner, answered, seed),
        *recall(owner, answered, settings.recall_share, seed),
        *identity(owner, biography, once),
        *replay(owner, seed),
        *rehearsal(seed),
    ]
    if "en" in settings.languages:
        rehearsed = sum(sample.kind == "refusal" for sample in samples)
        wanted = round((REFUSALS * len(samples) - rehearsed) / (1 - REFUSALS))
        samples += refusals(owner, memories, answered, once, count=max(wanted, 0), seed=seed)
    kept = [sample for sample in samples if normalised(sample.question) not in examined]
    dropped["asked in the exam"] += len(samples) - len(kept)
    emit(Progressed(stage="data", done=100, total=100))
    return kept, +dropped, len({one.candidate.memory.note.id for one in answered})


async def _read(paths: Paths) -> tuple[list[Memory], list[Insight], str]:
    """Everything that is remembered, in the order of ids, and whose vectors find it."""
    store = await Store.open_to_read(paths.database)
    try:
        memories, insights = await store.memories(), await store.insights(ANALYST)
    finally:
        await store.close()
    return sorted(memories, key=lambda memory: memory.note.id), insights, store.embedding_model


def _unexamined(answered: Sequence[Answered], examined: set[str], dropped: Counter[str]) -> list[Answered]:
    kept = [one for one in answered if normalised(one.candidate.question) not in examined]
    dropped["asked in the exam"] += len(answered) - len(kept)
    return kept


def _progress(emit: Emit) -> Callable[[int, int], None]:
    """About one event a second."""
    began = told = time.monotonic()

    def tell(done: int, total: int) -> None:
        nonlocal told
        now = time.monotonic()
        if done and now - told >= 1.0:
            told = now
            left = (now - began) / done * (total - done)
            emit(
                Progressed(
                    stage="data",
                    done=round(90 * done / total),
                    total=100,
                    seconds_left=left,
                    detail=f"{done} of {total} questions",
                )
            )

    return tell


def _write_exam(path: Path, questions: Sequence[ExamQuestion]) -> None:
    write_whole(path, b"".join(msgspec.json.encode(question) + b"\n" for question in questions))
