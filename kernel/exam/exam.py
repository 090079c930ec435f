"""The whole exam: calibrate, ask what the gate needs, then the rivals as far as time goes, then compare and report."""

from __future__ import annotations

import time
from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec

from kernel.abc import OnEvent
from kernel.answer.answerer import Answerer
from kernel.answer.bands import Bands, Tried, calibrate
from kernel.events import Progressed
from kernel.exam import report
from kernel.exam.gate import decide
from kernel.exam.report import ExamReport
from kernel.exam.sit import sit
from kernel.exam.structs import OWNER, ExamQuestion, Part, Sitting
from kernel.types import Frozen, Language

FIRST = "0000"
LIMIT_SECONDS = 180.0
"""After this nothing more is begun that the gate does not need."""
CONCURRENCY = 6
OPEN = Bands(refuse_below=0.0, quote_above=1.01, world_below=0.0)
"""Never refuses and never overrules: what the model makes of its evidence by itself."""


class _Names(Frozen, frozen=True, kw_only=True):
    """The model names of one exam."""

    examined: str
    first: str
    live: str
    weights: str
    first_weights: str


async def run_exam(
    answerer: Answerer,
    questions: Sequence[ExamQuestion],
    *,
    candidate: str | None,
    live: str,
    on_event: OnEvent,
    limit_seconds: float = LIMIT_SECONDS,
) -> ExamReport:
    """Examine ``candidate`` (or, where it is ``None``, the live self) beside its rivals.

    Adapters of the candidate, of ``live`` and of 0000 are loaded by the caller. The gate's part and the calibration are
    always asked to the end; the rest is asked within ``limit_seconds`` of the start and what was not is counted as left
    out. Emits ``Progressed`` of the stage ``exam``.
    """
    exam = _Exam(answerer, questions, _names(answerer, candidate or live, live), on_event, limit_seconds)
    return await exam.run(candidate, live)


def _names(answerer: Answerer, examined: str, live: str) -> _Names:
    """Where a version has no adapter, quoting stands for it, and the base for its weights."""
    loaded = answerer.context.adapters

    def with_memory(version: str) -> str:
        return f"self:{version}" if version in loaded or version not in (FIRST, live) else "quoting"

    return _Names(
        examined=with_memory(examined),
        first=with_memory(FIRST),
        live=with_memory(live),
        weights=f"self-weights:{examined}" if examined in loaded else "base",
        first_weights=f"self-weights:{FIRST}" if FIRST in loaded else "base",
    )


class _Exam:
    """One run; its state is who has sat what so far and how much is left."""

    def __init__(
        self,
        answerer: Answerer,
        questions: Sequence[ExamQuestion],
        names: _Names,
        on_event: OnEvent,
        limit_seconds: float,
    ) -> None:
        self.questions, self.names, self.on_event = tuple(questions), names, on_event
        self.began = time.monotonic()
        self.until = self.began + limit_seconds
        self.sittings: dict[str, Sitting] = {}
        self.open = answerer.with_bands(dict.fromkeys(answerer.context.bands, OPEN))
        self.answerers: dict[str, Answerer] = {}
        self.default = answerer
        self.done = self.total = 0

    async def run(self, candidate: str | None, live: str) -> ExamReport:
        owner = [q for q in self.questions if q.kind in OWNER]
        general = [q for q in self.questions if q.kind == "general"]
        plan = self._plan(owner, general)
        calibration = _part(owner, "calibration")
        tuned = list(dict.fromkeys([self.names.examined, self.names.first]))
        self.total = sum(len(asked) for _, asked, _ in plan) + len(calibration) * (len({*tuned, "quoting"}))
        bands = await self._calibrate(calibration, tuned)
        for model, asked, needed in plan:
            await self._sit(model, asked, None if needed else self.until)
        return self._report(candidate, live, bands)

    def _plan(
        self, owner: list[ExamQuestion], general: list[ExamQuestion]
    ) -> list[tuple[str, list[ExamQuestion], bool]]:
        """``(model, questions, needed by the gate)`` in the order of asking, none twice."""
        names, everything = self.names, list(self.questions)
        wanted: list[tuple[str, list[ExamQuestion], bool]] = [
            (names.examined, _part(everything, "gate"), True),
            (names.first, _part(owner, "gate"), True),
            (names.live, _part(owner, "gate"), True),
            (names.weights, _part(general, "gate"), True),
            (names.first_weights, _part(general, "gate"), True),
            (names.examined, _part(everything, "report"), False),
            ("quoting", _measured(owner), False),
            (names.weights, _part(general, "report"), False),
            (names.first, _part(everything, "report"), False),
            (names.live, _part(everything, "report"), False),
            ("retrieval", _measured(owner), False),
            ("base", _measured([*general, *owner]), False),
            (names.weights, _measured(owner), False),
            (names.first, _part(everything, "gate"), False),
            (names.live, _part(everything, "gate"), False),
        ]
        taken: set[tuple[str, str]] = set()
        plan = []
        for model, asked, needed in wanted:
            new = [q for q in asked if (model, q.id) not in taken]
            taken |= {(model, q.id) for q in new}
            if new:
                plan.append((model, new, needed))
        return plan

    async def _calibrate(self, questions: list[ExamQuestion], models: list[str]) -> dict[Language, Bands]:
        """Bands for each of ``models`` from the calibration part; those of the first named are returned."""
        start = self.default.context.bands
        if not questions:
            return start
        quoted = await sit(self.open, questions, "quoting", on_progress=self._progressed, concurrency=CONCURRENCY)
        found = []
        for model in models:
            own = quoted
            if model != "quoting":
                own = await sit(self.open, questions, model, on_progress=self._progressed, concurrency=CONCURRENCY)
            bands = start | bands_from(questions, quoted, own, start)
            self.answerers[model] = self.default.with_bands(bands)
            found.append(bands)
        return found[0]

    async def _sit(self, model: str, questions: list[ExamQuestion], until: float | None) -> None:
        answerer = self.answerers.get(model, self.default)
        sitting = await sit(
            answerer, questions, model, on_progress=self._progressed, concurrency=CONCURRENCY, until=until
        )
        before = self.sittings.get(model)
        self.sittings[model] = sitting if before is None else _joined(before, sitting)

    def _progressed(self) -> None:
        self.done += 1
        passed = time.monotonic() - self.began
        left = passed / self.done * (self.total - self.done)
        left = min(left, max(self.until - time.monotonic(), 1.0)) if self.done < self.total else 0.0
        self.on_event(Progressed(stage="exam", done=self.done, total=self.total, seconds_left=left))

    def _report(self, candidate: str | None, live: str, bands: dict[Language, Bands]) -> ExamReport:
        names = self.names
        empty = Sitting(model="", results=(), seconds=0.0)

        def of(model: str) -> Sitting:
            return self.sittings.get(model, msgspec.structs.replace(empty, model=model))

        verdict = None
        if candidate is not None:
            verdict = decide(
                of(names.examined), of(names.live), of(names.first), of(names.weights), of(names.first_weights)
            )
        order = list(
            dict.fromkeys(["base", "retrieval", "quoting", names.first, names.live, names.weights, names.examined])
        )
        sittings = [self.sittings[model] for model in order if model in self.sittings]
        sittings += [one for model, one in self.sittings.items() if model not in order]
        return ExamReport(
            created=datetime.now(UTC).isoformat(timespec="seconds"),
            live=live,
            candidate=candidate,
            questions=report.counts(self.questions),
            rows=report.rows(sittings),
            figures=tuple(report.figures(sitting) for sitting in sittings),
            verdict=verdict,
            bands=bands,
            seconds=round(time.monotonic() - self.began, 1),
            asked=self.questions,
            sittings=tuple(sittings),
        )


def bands_from(
    questions: Sequence[ExamQuestion], quoted: Sitting, own: Sitting, start: dict[Language, Bands]
) -> dict[Language, Bands]:
    """Bands of each language that was asked in. ``quoted`` and ``own`` were asked with bands that decide nothing."""
    by_quote = {result.id: result for result in quoted.results}
    tried: dict[Language, list[Tried]] = {}
    answerable = {question.id: not question.abstain for question in questions}
    for result in own.results:
        quote = by_quote[result.id]
        one = Tried(
            score=result.score,
            answerable=answerable[result.id],
            quote_right=quote.right,
            model_right=result.right,
            model_refused=result.refused,
        )
        tried.setdefault(result.language, []).append(one)
    return {language: calibrate(found, start[language]) for language, found in tried.items()}


def _joined(before: Sitting, after: Sitting) -> Sitting:
    return Sitting(
        model=before.model,
        results=(*before.results, *after.results),
        seconds=before.seconds + after.seconds,
        left_out=before.left_out + after.left_out,
    )


def _part(questions: Sequence[ExamQuestion], part: Part) -> list[ExamQuestion]:
    return [question for question in questions if question.part == part]


def _measured(questions: Sequence[ExamQuestion]) -> list[ExamQuestion]:
    return [question for question in questions if question.part != "calibration"]


__all__ = ["ExamReport", "run_exam"]
