"""``oneself train`` and ``oneself exam``."""

from __future__ import annotations

from typing import Any

import click
import msgspec

from kernel.exam.report import ExamReport, table
from server.commands.common import options, show, with_door
from server.commands.progress import Progress
from server.door import Door
from server.schemas.selves import RunOut


@click.command()
@options()
@click.option("--dry-run", is_flag=True, help="Show the plan: what would be done, how long, how much memory.")
@click.option("--force", is_flag=True, help="Train and promote even where the gate says no.")
def train(dry_run: bool, force: bool) -> None:
    """Notes -> insights -> identity -> weights -> exam -> promotion, with live progress.

    Where a training runs in the server already, this follows it. Ctrl-C here leaves the server's training running.
    """
    if dry_run:
        plan = with_door(lambda door: door.plan())
        show(plan, lambda: "\n".join(f"{name.replace('_', ' ')}: {value}" for name, value in plan.items()))
        return
    progress = Progress()
    try:
        run = with_door(lambda door: door.train(force=force, on_event=progress))
    finally:
        progress.close()
    summary = {"id": run.id, "state": run.state, "outcome": run.outcome, "why": run.why, "version": run.version}
    show({**(run.report or {}), "run": summary}, lambda: _told(run))
    if run.state != "done":
        click.get_current_context().exit(1)


@click.command()
@options()
def exam() -> None:
    """Sit the exam now: the self, its weights alone, 0000, quoting, the base, plain retrieval."""
    progress = Progress()

    async def work(door: Door) -> dict[str, Any]:
        return await door.exam(on_event=progress)

    try:
        report = with_door(work)
    finally:
        progress.close()
    show(report, lambda: table(msgspec.convert(report, ExamReport)))


def _told(run: RunOut) -> str:
    if run.state == "failed":
        return f"The training failed: {run.why}"
    version = f" (self {run.version})" if run.version else ""
    outcome = f"{run.outcome or run.state}{version}: {run.why}"
    if not run.report:
        return outcome
    report = msgspec.structs.replace(msgspec.convert(run.report, ExamReport), verdict=None)  # the outcome says it
    return f"{table(report)}\n\n{outcome}"
