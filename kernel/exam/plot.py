"""The exam's plot as SVG, drawn by matplotlib: only the worker child imports this."""

from __future__ import annotations

import io
from collections.abc import Callable

import matplotlib
from matplotlib.figure import Figure

from kernel.events import AnyEvent
from kernel.exam.report import ExamReport, wilson
from kernel.exam.structs import Row

matplotlib.use("svg")
PANELS = (
    ("owner", "the owner's questions"),
    ("unanswerable", "not in the notes: says so"),
    ("general", "general knowledge"),
    ("talk", "chat and writing"),
)


def plot(payload: ExamReport, emit: Callable[[AnyEvent], None]) -> str:
    """The SVG's text: one panel a kind, one bar a model with Wilson's interval."""
    return draw(payload)


def draw(report: ExamReport) -> str:
    models = list(dict.fromkeys(one.model for one in report.figures))
    figure = Figure(figsize=(3.1 * len(PANELS), 0.9 + 0.42 * max(1, len(models))), layout="constrained")
    axes = figure.subplots(1, len(PANELS), sharey=True, squeeze=False)[0]
    for axis, (kind, title) in zip(axes, PANELS, strict=True):
        for place, model in enumerate(models):
            right, n = _counted(report.rows, model, kind)
            if not n:
                continue
            low, high = wilson(right, n)
            axis.barh(place, right / n, color="#3a7d5c" if model.startswith("self:") else "#9ab7c9", height=0.62)
            axis.plot([low, high], [place, place], color="#333333", linewidth=1)
            axis.text(
                min(high + 0.02, 0.99),
                place,
                f"{right}/{n}",
                va="center",
                ha="left" if high < 0.8 else "right",
                fontsize=7,
            )
        axis.set_xlim(0, 1)
        axis.set_title(title, fontsize=9)
        axis.tick_params(labelsize=8)
    axes[0].set_yticks(range(len(models)), models)
    axes[0].invert_yaxis()
    out = io.StringIO()
    figure.savefig(out, format="svg")
    return out.getvalue()


def _counted(rows: tuple[Row, ...], model: str, kind: str) -> tuple[int, int]:
    """Right and asked; chat and writing together."""
    kinds = ("chat", "write") if kind == "talk" else (kind,)
    found = [row for row in rows if row.model == model and row.kind in kinds]
    return sum(row.right for row in found), sum(row.n for row in found)
