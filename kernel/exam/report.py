"""The exam's report: figures as rows, a table to read, a plain dict, and the plot (drawn in the worker child)."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kernel.abc import Worker
from kernel.answer.bands import Bands
from kernel.exam.structs import ANSWERABLE, OWNER, ExamQuestion, Figures, Result, Row, Sitting, Verdict
from kernel.files import write_whole
from kernel.types import Frozen, Language

KINDS: tuple[str, ...] = (*OWNER, "general", "chat", "write")
TABLED: tuple[str, ...] = ("owner", *KINDS)
_Z = 1.959964


class ExamReport(Frozen, frozen=True, kw_only=True):
    """The whole exam."""

    created: str
    live: str
    candidate: str | None
    questions: dict[str, dict[str, int]]
    """part -> kind -> how many."""
    rows: tuple[Row, ...]
    """Over the parts ``gate`` and ``report``."""
    figures: tuple[Figures, ...]
    verdict: Verdict | None
    """Of the candidate; ``None`` where there was none."""
    bands: dict[Language, Bands]
    """Calibrated for the examined self (the candidate, else the live one)."""
    seconds: float
    asked: tuple[ExamQuestion, ...] = ()
    sittings: tuple[Sitting, ...] = ()

    def plain(self, *, texts: bool = False) -> dict[str, Any]:
        """As JSON-able data. Without ``texts`` it holds no question and no answer and may go into a manifest or onto
        the wire; with them it belongs into the report file of the home and nowhere else."""
        plain: dict[str, Any] = msgspec.to_builtins(self)
        if not texts:
            plain.pop("asked")
            plain.pop("sittings")
        return plain

    async def plot(self, worker: Worker, path: Path) -> None:
        """Draw the figures into an SVG file, in the worker child. Raises ``JobFailed``."""
        svg = await worker.run("plot", msgspec.structs.replace(self, asked=(), sittings=()), str)
        write_whole(path, svg)


def wilson(right: int, n: int) -> tuple[float, float]:
    """Wilson's 95 % interval of a share (E. B. Wilson, 1927); (0, 1) for no questions."""
    if not n:
        return 0.0, 1.0
    share, z2 = right / n, _Z * _Z
    middle = (share + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z * math.sqrt(share * (1 - share) / n + z2 / (4 * n * n)) / (1 + z2 / n)
    return max(0.0, middle - half), min(1.0, middle + half)


def rows(sittings: Iterable[Sitting]) -> tuple[Row, ...]:
    """Models x kinds, the calibration part left out: what was tuned on is not measured on."""
    found = []
    for sitting in sittings:
        counted = measured(sitting)
        for kind in TABLED:
            of_kind = [r for r in counted if r.kind == kind or (kind == "owner" and r.kind in ANSWERABLE)]
            if of_kind:
                found.append(_row(sitting.model, kind, of_kind))
    return tuple(found)


def measured(sitting: Sitting) -> list[Result]:
    return [result for result in sitting.results if result.part != "calibration"]


def _row(model: str, kind: str, results: Sequence[Result]) -> Row:
    right = sum(result.right for result in results)
    low, high = wilson(right, len(results))
    return Row(model=model, kind=kind, n=len(results), right=right, share=right / len(results), low=low, high=high)


def figures(sitting: Sitting) -> Figures:
    counted = measured(sitting)
    answerable = [result for result in counted if result.kind in ANSWERABLE]
    return Figures(
        model=sitting.model,
        asked=len(counted),
        left_out=sitting.left_out,
        false_refusals=sum(result.refused for result in answerable),
        cited_right=_share(result.cited_right for result in answerable),
        own_words=_share(result.own_words for result in answerable),
        seconds=round(sitting.seconds, 2),
    )


def _share(values: Iterable[bool | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def counts(questions: Iterable[ExamQuestion]) -> dict[str, dict[str, int]]:
    """part -> kind -> how many."""
    found: dict[str, Counter[str]] = {}
    for question in questions:
        found.setdefault(question.part, Counter())[question.kind] += 1
    return {part: dict(found[part]) for part in ("calibration", "gate", "report") if part in found}


def table(report: ExamReport) -> str:
    """A plain text table: one line a model, share (right/n) by kind, and the other figures."""
    shown = [kind for kind in TABLED if any(row.kind == kind for row in report.rows)]
    cells = {(row.model, row.kind): row for row in report.rows}
    head = ["", *shown, "false refusals", "citation holds it", "own words", "s"]
    body = []
    for one in report.figures:
        line = [one.model]
        for kind in shown:
            row = cells.get((one.model, kind))
            line.append(f"{row.share:.2f} ({row.right}/{row.n})" if row else "-")
        line += [str(one.false_refusals), _percent(one.cited_right), _percent(one.own_words), f"{one.seconds:.0f}"]
        body.append(line)
    lines = _aligned([head, *body])
    owner = [row for row in report.rows if row.kind == "owner"]
    lines += [
        "",
        *(
            f"{row.model}: {row.share:.2f} of the owner's questions, 95 % between {row.low:.2f} and {row.high:.2f}"
            for row in owner
        ),
    ]
    if report.verdict is not None:
        lines += ["", report.verdict.why]
    return "\n".join(lines)


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{100 * share:.0f} %"


def _aligned(lines: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(len(line[column]) for line in lines) for column in range(len(lines[0]))]
    return ["  ".join([line[0].ljust(widths[0]), *map(str.rjust, line[1:], widths[1:])]) for line in lines]
