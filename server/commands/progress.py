"""Events as lines on stderr: what is being done, how far it is, how long it will take."""

from __future__ import annotations

import sys
import time

import click

from kernel.events import AnyEvent, EngineRestarted, Progressed, RunFinished, SelfPromoted, StageFinished, StageStarted

_NAMES = {
    "models": "writing the starter models",
    "read": "reading",
    "analyse": "understanding the notes",
    "identity": "drawing the identity",
    "data": "making training data",
    "load": "loading the base",
    "train": "training",
    "write": "writing the adapter",
    "exam": "sitting the exam",
    "promote": "promoting",
    "bake": "adding the adapter to the base",
    "quantise": "quantising",
}
_IN_PERCENT = {"data", "train"}
"""Stages that count to a hundred whatever they do."""
_SECONDS_BETWEEN = 5.0


class Progress:
    """Callable with every event. On a terminal one line is rewritten; in a file or pipe lines are few."""

    def __init__(self) -> None:
        self._rewrites = sys.stderr.isatty()
        self._open_line = False
        self._last = 0.0
        self._begun: set[str] = set()
        """Stages named already: a job names its own again once it knows how much there is to do."""

    def __call__(self, event: AnyEvent) -> None:
        if isinstance(event, StageStarted):
            if event.stage not in self._begun:
                self._begun.add(event.stage)
                self._line(stage_name(event.stage))
        elif isinstance(event, Progressed):
            self._step(event)
        elif isinstance(event, StageFinished):
            how = "nothing new to do" if event.reused else f"done in {duration(event.seconds)}"
            self._begun.discard(event.stage)
            self._line(f"{stage_name(event.stage)}: {how}")
        elif isinstance(event, SelfPromoted):
            self._line(f"self {event.version} is live now")
        elif isinstance(event, EngineRestarted):
            self._line(f"the engine was restarted ({event.why})")
        elif isinstance(event, RunFinished):
            self._line(f"{event.outcome}: {event.why}")

    def close(self) -> None:
        if self._open_line:
            click.echo(err=True)
            self._open_line = False

    def _step(self, event: Progressed) -> None:
        now = time.monotonic()
        if not self._rewrites and now - self._last < _SECONDS_BETWEEN and event.done != event.total:
            return
        self._last = now
        share = f" {event.done}/{event.total}" if event.total else ""
        if event.stage in _IN_PERCENT:
            share = f" {event.done} %"
        left = f", {duration(event.seconds_left)} left" if event.seconds_left is not None else ""
        detail = f" ({event.detail})" if event.detail else ""
        text = f"{stage_name(event.stage)}{share}{left}{detail}"
        if self._rewrites:
            click.echo(f"\r\033[K{text}", nl=False, err=True)
            self._open_line = True
        else:
            click.echo(text, err=True)

    def _line(self, text: str) -> None:
        if self._open_line:
            click.echo("\r\033[K", nl=False, err=True)
            self._open_line = False
        click.echo(text, err=True)


def stage_name(stage: str) -> str:
    return _NAMES.get(stage, stage)


def duration(seconds: float) -> str:
    """``0.4 s``, ``12 s``, ``3 min 20 s``, ``1 h 5 min``."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    if minutes < 60:
        return f"{minutes} min {rest} s"
    return f"{minutes // 60} h {minutes % 60} min"
