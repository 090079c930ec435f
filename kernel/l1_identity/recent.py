"""What the owner has been up to: the most telling sentences of the notes of a day, a week and a month."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Sequence

from kernel.l1_identity.biography import cited, first_name, of_owner, speaks_of_owner, telling
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.merging import same_said
from kernel.types import Period, Recent

_DAYS: tuple[tuple[Period, int], ...] = (("today", 1), ("week", 7), ("month", 30))
_MOST, _OF_A_NOTE = 5, 2


def recent(lines: Sequence[Line], owner: str, today: str) -> tuple[Recent, ...]:
    """One entry for each of ``today`` (an ISO day), the seven and the thirty days up to it that has something to tell.

    Up to five sentences, newest note last, each in three persons with its evidence. Only notes whose day is known count.
    """
    until = dt.date.fromisoformat(today)
    made = []
    for period, days in _DAYS:
        since = (until - dt.timedelta(days=days - 1)).isoformat()
        told = _told([line for line in lines if line.own and len(line.day) == 10 and since <= line.day <= today])
        if told:
            made.append(
                Recent(
                    period=period,
                    since=since,
                    until=today,
                    first_person=tuple(cited(line, "first", owner) for line in told),
                    second_person=tuple(cited(line, "second", owner) for line in told),
                    third_person=tuple(cited(line, "third", first_name(owner)) for line in told),
                )
            )
    return tuple(made)


def _told(lines: Sequence[Line]) -> list[Line]:
    chosen: list[Line] = []
    notes: Counter[str] = Counter()
    for line in sorted((one for one in lines if speaks_of_owner(one) and of_owner(one)), key=_newsworthy, reverse=True):
        if len(chosen) == _MOST:
            break
        if notes[line.note.id] < _OF_A_NOTE and not any(same_said(line.words, other.words) for other in chosen):
            chosen.append(line)
            notes[line.note.id] += 1
    return sorted(chosen, key=lambda line: (line.day, line.note.id, line.unit.start))


def _newsworthy(line: Line) -> tuple[float, str, str, int]:
    """What happened or is felt before what always holds; of equals the newest."""
    happened = sum(s.kind in {"episodic", "emotional"} and s.subject == "owner" for s in line.statements)
    return (telling(line) + 2.0 * min(happened, 2), line.day, line.note.id, -line.unit.start)
