"""What a memory is worth apart from what it says: how old it is, how often it was used, whether it still holds. Pure but
for one question to the database; nothing here ever removes anything.

``strength`` is decay times reinforcement, between 0.3 and 1.5: what happened fades by half in ``HALF_LIFE`` days down to
the floor, what is so or how it is done hardly fades; every answer that cited a note adds a little (OpenMemory's idea, but
bounded and at read time). A statement that a newer one superseded loses ``OVERTAKEN`` at once.
"""

from __future__ import annotations

import datetime as dt
import math
import sqlite3
from collections.abc import Sequence

import msgspec

LOWEST, HIGHEST = 0.3, 1.5
SHARE = 0.15
"""What the logarithm of the strength counts beside the learned signals: between -0.18 and +0.06."""
OVERTAKEN = 0.5
HALF_LIFE = {"episodic": 730.0, "emotional": 730.0, "reflective": 1460.0, "semantic": 2920.0, "procedural": 2920.0}
_PER_USE = 0.08
_SQL = (
    "SELECT s.row, s.kind, coalesce(n.happened_at, n.learned_at), n.uses, x.by_row, x.since"
    " FROM sentences s JOIN notes n ON n.id = s.note_id LEFT JOIN superseded x ON x.row = s.row"
    " WHERE s.row IN ({marks})"
)


class Worth(msgspec.Struct, frozen=True):
    """Of one sentence."""

    strength: float = 1.0
    superseded_by: int | None = None
    """Row of what took its place."""
    since: str = ""

    @property
    def added(self) -> float:
        """To the sum of the weighed signals."""
        return SHARE * math.log(self.strength) - (OVERTAKEN if self.superseded_by is not None else 0.0)


def strength(kind: str, happened: str, uses: int, today: dt.date) -> float:
    """``happened``: a date or timestamp of any precision."""
    try:
        age = (today - dt.date.fromisoformat(f"{happened[:10]}-01-01"[:10])).days
    except ValueError:
        age = 0
    fresh = math.exp(-math.log(2) * max(age, 0) / HALF_LIFE.get(kind, HALF_LIFE["semantic"]))
    return min(HIGHEST, max(LOWEST, LOWEST + (1 - LOWEST) * fresh) * (1 + _PER_USE * math.log1p(uses)))


def read_worth(
    connection: sqlite3.Connection, rows: Sequence[int], as_of: str | None, today: dt.date | None
) -> dict[int, Worth]:
    """Row -> its worth. ``as_of``: what superseded a statement later than this date has not done so yet."""
    day = today or dt.datetime.now(dt.UTC).date()
    found = dict.fromkeys(rows, Worth())
    for row, kind, happened, uses, by, since in connection.execute(_SQL.format(marks=",".join("?" * len(rows))), rows):
        holds = by is None or (as_of is not None and since[: len(as_of)] > as_of)
        found[row] = Worth(strength(kind, happened or "", uses, day), None if holds else by, "" if holds else since)
    return found
