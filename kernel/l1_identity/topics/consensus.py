"""Similarities -> clusters: the mean of many trees, cut where the data says.

Average linkage (UPGMA, Sokal & Michener 1958) of one set of notes changes much when a few notes go. So the tree is made
of the mean cophenetic distance of trees over random subsets (evidence accumulation, Fred & Jain 2005; consensus
clustering, Monti et al. 2003), and cut where its silhouette (Rousseeuw 1987) is best.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from kernel.l1_identity.topics.rows import Matrix

Labels = npt.NDArray[np.int64]
_TREES, _SHARE = 60, 0.8
"""Trees, and the share of the notes in each."""
_CUTS = 60
"""At most so many are looked at."""
_AS_GOOD = 0.97
"""Of the cuts whose silhouette is within this share of the best one's, the coarsest is taken."""
_ABOVE_CHANCE = 0.5
"""Standard deviations of all cosines that a cluster's mean cosine is over their mean."""
_SEED = 7


def cluster(similarity: Matrix, smallest: int) -> Labels:
    """A label for each row, from 0; -1 for one that is in no cluster of ``smallest`` rows or more.

    ``similarity``: ``(n, n)`` cosines. Equal rows in, equal labels out. All are outliers where nothing stands apart.
    """
    from scipy.cluster.hierarchy import fcluster, leaves_list, linkage
    from scipy.spatial.distance import squareform

    count = len(similarity)
    if count < 4:
        return np.full(count, -1)
    distance = consensus(similarity)
    tree = linkage(squareform(distance, checks=False), "average")
    leaves = leaves_list(tree)
    ordered = distance[np.ix_(leaves, leaves)]
    chosen, scores = [], []
    for height in _heights(tree[:, 2]):
        labels = _without_small(fcluster(tree, height, "distance")[leaves], smallest)
        chosen.append(labels)
        scores.append(_silhouette(ordered, labels))
    best = max(scores, default=-1.0)
    if best <= 0:
        return np.full(count, -1)
    found = np.empty(count, np.int64)
    found[leaves] = chosen[max(i for i, score in enumerate(scores) if score >= _AS_GOOD * best)]
    return _without_chance(similarity, found)


def consensus(similarity: Matrix) -> Matrix:
    """``(n, n)`` mean cophenetic distance over trees of subsets; 2 for rows that never met in one."""
    from scipy.cluster.hierarchy import cophenet, linkage
    from scipy.spatial.distance import squareform

    count = len(similarity)
    random = np.random.default_rng(_SEED)
    apart = np.clip(1 - similarity, 0, 2)
    total, together = np.zeros((count, count), np.float32), np.zeros((count, count), np.float32)
    for _ in range(_TREES):
        kept = np.sort(random.choice(count, max(3, int(_SHARE * count)), replace=False))
        block = np.ix_(kept, kept)
        tree = linkage(squareform(apart[block], checks=False), "average")
        total[block] += squareform(cophenet(tree))
        together[block] += 1
    mean: Matrix = np.divide(total, together, out=np.full_like(total, 2), where=together > 0)
    np.fill_diagonal(mean, 0)
    return mean


def _without_chance(similarity: Matrix, labels: Labels) -> Labels:
    """Without the clusters whose rows are hardly nearer to each other than any two are: strays that were left over."""
    pairs = similarity[np.triu_indices(len(labels), 1)]
    least = float(pairs.mean() + _ABOVE_CHANCE * pairs.std())
    kept = labels.copy()
    for label in range(labels.max(initial=-1) + 1):
        inside = np.flatnonzero(labels == label)
        block = similarity[np.ix_(inside, inside)]
        if (block.sum() - block.trace()) / (len(inside) * (len(inside) - 1)) < least:
            kept[inside] = -1
    return kept


def _heights(joins: npt.NDArray[np.float64]) -> list[float]:
    """Cuts between the heights at which the tree joins, evenly over them."""
    at = np.unique(joins.round(6))
    between = (at[:-1] + at[1:]) / 2
    if len(between) > _CUTS:
        between = between[np.linspace(0, len(between) - 1, _CUTS).round().astype(int)]
    return [float(height) for height in between]


def _without_small(labels: npt.NDArray[np.int32], smallest: int) -> Labels:
    """Clusters numbered from 0 in order of appearance, small ones -1."""
    _, first, inverse, sizes = np.unique(labels, return_index=True, return_inverse=True, return_counts=True)
    numbers = np.full(len(sizes), -1)
    kept = [i for i in np.argsort(first) if sizes[i] >= smallest]
    numbers[kept] = np.arange(len(kept))
    found: Labels = numbers[inverse]
    return found


def _silhouette(distance: Matrix, labels: Labels) -> float:
    """Mean over all rows, outliers counting 0 and as clusters of their own; -1 for a single cluster. Clusters are runs of
    neighbouring rows."""
    count = len(labels)
    starts = [i for i in range(count) if i == 0 or labels[i] < 0 or labels[i] != labels[i - 1]]
    if len(starts) < 2:
        return -1.0
    sizes = np.diff([*starts, count])
    own, rows = np.repeat(np.arange(len(starts)), sizes), np.arange(count)
    sums = np.add.reduceat(distance, starts, axis=1)
    inside = sums[rows, own] / np.maximum(sizes[own] - 1, 1)
    sums /= sizes
    sums[rows, own] = np.inf
    outside = sums.min(axis=1)
    larger = np.maximum(inside, outside)
    each = np.divide(outside - inside, larger, out=np.zeros_like(larger), where=(larger > 0) & (sizes[own] > 1))
    return float(each.mean())
