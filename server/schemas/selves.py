"""Selves and trainings on the wire."""

from __future__ import annotations

from typing import Any

import msgspec

from kernel.types import BakedType, Run, SelfVersion


class SelfOut(msgspec.Struct, frozen=True, kw_only=True):
    version: str
    state: str
    base: str
    created: str
    exam: dict[str, Any]
    adapter: str | None
    baked: BakedType | None
    """Type of the one file that is served in place of base and adapter, where it has been baked."""
    parent: str | None
    why: str


class SelfList(msgspec.Struct, frozen=True):
    selves: tuple[SelfOut, ...]


class PromoteRequest(msgspec.Struct):
    force: bool = False


class BakeRequest(msgspec.Struct):
    type: BakedType = "Q8_0"


class TrainRequest(msgspec.Struct):
    force: bool = False


class RunStartedOut(msgspec.Struct, frozen=True):
    id: str


class RunOut(msgspec.Struct, frozen=True, kw_only=True):
    """One training. ``state``: running, done, failed or cancelled; ``outcome``: promoted, refused, unchanged …"""

    id: str
    state: str
    started: str
    finished: str | None
    outcome: str | None
    why: str
    version: str | None
    report: dict[str, Any] | None


class RunList(msgspec.Struct, frozen=True):
    runs: tuple[RunOut, ...]


def self_out(version: SelfVersion) -> SelfOut:
    same = {field.name: getattr(version, field.name) for field in msgspec.structs.fields(SelfOut)}
    return SelfOut(**{**same, "baked": version.baked.type if version.baked else None})


def run_out(run: Run) -> RunOut:
    ended = {"running": "running", "failed": "failed", "cancelled": "cancelled"}
    return RunOut(
        id=run.id,
        state=ended.get(run.outcome, "done"),
        started=run.started,
        finished=run.finished,
        outcome=None if run.outcome == "running" else run.outcome,
        why=run.why,
        version=run.version,
        report=run.report or None,
    )
