"""Which topic of this run is which of the last one, so that what is told of a topic goes on."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

from kernel.types import Topic

_OVERLAP = 0.3
"""Two topics of two runs are one if so much of their union is in both."""


def kept_ids(members: Sequence[Sequence[str]], old: Sequence[Topic]) -> list[str]:
    """An id for each list of note ids: an old topic's, greedily by overlap (Jaccard), else a new one from the notes."""
    of_note: dict[str, list[int]] = {}
    for number, topic in enumerate(old):
        for note_id in topic.note_ids:
            of_note.setdefault(note_id, []).append(number)
    pairs = []
    for index, new in enumerate(members):
        shared: dict[int, int] = {}
        for note_id in new:
            for number in of_note.get(note_id, ()):
                shared[number] = shared.get(number, 0) + 1
        for number, both in shared.items():
            pairs.append((both / (len(new) + len(old[number].note_ids) - both), index, old[number].id))
    taken: dict[int, str] = {}
    for overlap, index, name in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if overlap >= _OVERLAP and index not in taken and name not in taken.values():
            taken[index] = name
    used = {topic.id for topic in old}
    return [taken.get(i) or _fresh(new, used) for i, new in enumerate(members)]


def _fresh(members: Sequence[str], used: set[str]) -> str:
    for salt in range(len(used) + 1):
        name = "t_" + hashlib.sha256("\0".join([*sorted(members), str(salt)]).encode()).hexdigest()[:10]
        if name not in used:
            return name
    raise AssertionError("more salts than names")
