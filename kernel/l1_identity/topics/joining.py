"""Notes that come after the clustering: they join a topic, start one or make one fall apart; all else stays as it was.

``Topic.note_ids`` of the last identity is all that is kept, so a topic is known by a few of its notes, from the
nearest to its centre to the farthest. The cost grows with the number of topics, not of notes.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kernel.l1_identity.topics.rows import Indexes, Rows

_LANDMARKS = 120
"""Of all topics together."""
_OF_ONE = (3, 12)
"""Of one topic, at least and at most."""
CORE = 0.8
"""The nearest share of a topic's notes: its core. A topic's radius is where its core ends."""


def landmarks(topics: Sequence[Sequence[str]]) -> list[list[str]]:
    """Of each topic's note ids some, evenly from the nearest to the farthest."""
    least, most = _OF_ONE
    each = min(max(_LANDMARKS // max(len(topics), 1), least), most)
    return [evenly(ids, each) for ids in topics]


def evenly(ids: Sequence[str], most: int) -> list[str]:
    places = np.linspace(0, len(ids) - 1, min(most, len(ids))).round().astype(int)
    return [ids[i] for i in places]


def radii(rows: Rows, groups: Sequence[Indexes]) -> npt.NDArray[np.float64]:
    """For each group the mean cosine to the others that its core's farthest note has."""
    members = np.concatenate(groups)
    near = rows.closeness(members, groups)
    of = np.repeat(np.arange(len(groups)), [len(group) for group in groups])
    own = near[np.arange(len(members)), of]
    return np.array([np.quantile(own[of == n], 1 - CORE) for n in range(len(groups))])


def join(rows: Rows, waiting: Indexes, groups: Sequence[Indexes]) -> list[int]:
    """For each waiting row the group that it is nearest to, of those within whose radius it is; -1 for none."""
    if not groups or not len(waiting):
        return [-1] * len(waiting)
    near = rows.closeness(waiting, groups)
    near[near < radii(rows, groups)] = -np.inf
    return [int(best) if np.isfinite(row[best]) else -1 for row, best in zip(near, near.argmax(axis=1), strict=True)]


def started(rows: Rows, waiting: Indexes, outliers: Indexes, groups: Sequence[Indexes], smallest: int) -> list[Indexes]:
    """Groups of waiting rows and outliers that are as near to each other as the notes of a usual topic's core."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    level = float(np.median(radii(rows, groups)))
    near = rows.similarity(waiting, outliers).max(axis=0, initial=-1.0) >= level
    candidates = np.concatenate([waiting, outliers[near]])
    if len(candidates) < smallest or not len(waiting):
        return []
    apart = np.clip(1 - rows.similarity(candidates, candidates), 0, 2)
    np.fill_diagonal(apart, 0)
    labels = fcluster(linkage(squareform(apart, checks=False), "average"), 1 - level, "distance")
    new = set(waiting.tolist())
    found = [candidates[labels == label] for label in np.unique(labels)]
    return [group for group in found if len(group) >= smallest and new & set(group.tolist())]


def halves(rows: Rows, group: Indexes, unlike: float, smallest: int) -> list[Indexes]:
    """The two branches of the group's own tree where their mean cosine is under ``unlike``, larger first; else the group,
    whole."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import squareform

    if len(group) < 2 * smallest:
        return [group]
    apart = np.clip(1 - rows.similarity(group, group), 0, 2)
    np.fill_diagonal(apart, 0)
    tree = linkage(squareform(apart, checks=False), "average")
    labels = fcluster(tree, 2, "maxclust")
    parts = [group[labels == label] for label in np.unique(labels)]
    if len(parts) < 2 or min(map(len, parts)) < smallest or 1 - tree[-1, 2] >= unlike:
        return [group]
    return sorted(parts, key=len, reverse=True)


def neighbours(rows: Rows, groups: Sequence[Indexes]) -> float:
    """The mean cosine of the notes of two topics, each with the one most like it: the median of all topics, -1 of one."""
    if len(groups) < 2:
        return -1.0
    near = rows.closeness(np.concatenate(groups), groups)
    starts = np.cumsum([0, *map(len, groups[:-1])])
    alike = np.add.reduceat(near, starts, axis=0) / np.array([len(group) for group in groups])[:, None]
    np.fill_diagonal(alike, -np.inf)
    return float(np.median(alike.max(axis=1)))
