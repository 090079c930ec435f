"""Notes -> topics: hierarchical clustering whose cut is chosen from the data, with identities that survive.

Average linkage (UPGMA, Sokal & Michener 1958) on the cosine distance of note vectors. Of all cuts of the tree the one
is taken that scores best by silhouette (Rousseeuw 1987) and by stability under subsampling (Ben-Hur et al. 2002),
less a price for one cluster that swallows the rest. Labels by class-TF-IDF (Grootendorst 2022, arXiv 2203.05794).
"""

from __future__ import annotations

import hashlib
import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from kernel.types import Identity, Insight, Note, Topic

Matrix = npt.NDArray[np.float64]
_CORE = 0.8
_MEANING, _WORDS = 0.65, 0.35
"""Weights of the sentence vectors and of the notes' own words and tags in a note's vector. With vectors of a small
model alone the clusters of 40 notes are hardly better than chance (silhouette 0.1)."""
_FEWEST = 4
_SUBSAMPLES, _SHARE = 6, 0.9
_CUTS = 24
_OVERLAP = 0.3
"""Two topics of two runs are one if so much of their union is in both."""
_KEYPHRASES = 6
_NO_LABELS = frozenset(
    [
        "diary",
        "journal",
        "list",
        "lists",
        "note",
        "notes",
        "misc",
        "reference",
        "thing",
        "things",
        "way",
        "time",
        "day",
        "year",
        "week",
        "month",
        "people",
        "person",
        "morning",
        "evening",
        "night",
        "bit",
        "lot",
        "half",
        "part",
        "side",
        "end",
        "today",
        "minute",
        "hour",
        "daily",
        "log",
        "메모",
        "일기",
        "목록",
    ]
)
"""Words that say what kind of page it is, or nothing."""


def topics(
    notes: Sequence[Note], insights: Sequence[Insight], vectors: dict[str, bytes], previous: Identity | None
) -> tuple[list[Topic], list[str]]:
    """``(topics, outliers)``, largest topic first; the note ids of a topic nearest to its centre first."""
    ordered = sorted(notes, key=lambda note: note.id)
    ids = [note.id for note in ordered]
    if len(ids) < _FEWEST:
        return [], ids
    words = _words(ordered, insights)
    matrix = note_matrix(ids, words, vectors)
    labels = cluster(matrix)
    groups = [np.flatnonzero(labels == label) for label in np.unique(labels)]
    kept = sorted((g for g in groups if len(g) > 1), key=lambda g: (-len(g), ids[int(g[0])]))
    outliers = [ids[int(g[0])] for g in groups if len(g) == 1]
    phrases = _keyphrases([[words[int(i)] for i in g] for g in kept])
    members = [_nearest_first(matrix, g, ids) for g in kept]
    names = _identities(members, previous)
    made = [
        Topic(
            id=name,
            label=", ".join(phrase[:2]) or "notes",
            keyphrases=tuple(phrase),
            note_ids=tuple(member),
            core=math.ceil(_CORE * len(member)),
        )
        for name, phrase, member in zip(names, phrases, members, strict=True)
    ]
    return made, outliers


def note_matrix(ids: Sequence[str], words: Sequence[Counter[str]], vectors: dict[str, bytes]) -> Matrix:
    """``(n, d)`` rows of length 1: what a note means beside what it calls things."""
    meaning = [np.frombuffer(vectors[i], "<f4").astype(np.float64) if i in vectors else None for i in ids]
    width = max((len(row) for row in meaning if row is not None), default=0)
    dense = np.zeros((len(ids), width))
    for i, row in enumerate(meaning):
        if row is not None and len(row) == width:
            dense[i] = row
    known = dense.any(axis=1)
    if known.any():
        dense[known] -= dense[known].mean(axis=0)  # what all notes of one person share says nothing of a topic
    return _unit(np.hstack([math.sqrt(_MEANING) * _unit(dense), math.sqrt(_WORDS) * _unit(_tf_idf(words))]))


def cluster(matrix: Matrix) -> npt.NDArray[np.int64]:
    """A label for each row; equal rows in, equal labels out."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist

    distances = np.clip(pdist(matrix, "cosine"), 0.0, 2.0)
    tree = linkage(np.nan_to_num(distances, nan=1.0), "average")
    best, chosen = -math.inf, np.arange(len(matrix), dtype=np.int64)
    for height in _heights(tree[:, 2]):
        labels = fcluster(tree, height, "distance")
        score = _score(matrix, labels, height)
        if score > best + 1e-9:
            best, chosen = score, labels.astype(np.int64)
    return chosen


def _heights(merges: Matrix) -> list[float]:
    """Cuts between the cophenetic distances at which the tree joins."""
    joins = np.unique(np.round(merges, 9))
    between = (joins[:-1] + joins[1:]) / 2
    if len(between) > _CUTS:
        between = between[np.linspace(0, len(between) - 1, _CUTS).astype(int)]
    return [float(h) for h in between]


def _score(matrix: Matrix, labels: npt.NDArray[np.int64], height: float) -> float:
    from sklearn.metrics import silhouette_score

    count, sizes = len(labels), np.bincount(labels)[1:]
    clusters = len(sizes)
    if clusters < 2 or clusters >= count:
        return -math.inf
    silhouette = float(silhouette_score(matrix, labels, metric="cosine"))
    alone = float((sizes == 1).sum()) / count
    largest = float(sizes.max()) / count
    return silhouette + 0.5 * _stability(matrix, labels, height) - 0.5 * alone - max(0.0, largest - 0.4)


def _stability(matrix: Matrix, labels: npt.NDArray[np.int64], height: float) -> float:
    """Mean adjusted Rand index of subsamples clustered at the same height against ``labels``."""
    from scipy.cluster.hierarchy import fcluster, linkage
    from scipy.spatial.distance import pdist
    from sklearn.metrics import adjusted_rand_score

    random = np.random.default_rng(7)
    found = []
    for _ in range(_SUBSAMPLES if len(matrix) <= 500 else 2):
        kept = np.sort(random.choice(len(matrix), max(3, int(_SHARE * len(matrix))), replace=False))
        distances = np.nan_to_num(np.clip(pdist(matrix[kept], "cosine"), 0.0, 2.0), nan=1.0)
        again = fcluster(linkage(distances, "average"), height, "distance")
        found.append(adjusted_rand_score(labels[kept], again))
    return float(np.mean(found))


def _words(notes: Sequence[Note], insights: Sequence[Insight]) -> list[Counter[str]]:
    by_note = {insight.note_id: insight for insight in insights}
    found = []
    for note in notes:
        insight = by_note.get(note.id)
        counts: Counter[str] = Counter(insight.keywords if insight else ())
        for tag in note.tags:
            counts[tag.lower()] += 2
        found.append(counts)
    return found


def _tf_idf(words: Sequence[Counter[str]]) -> Matrix:
    held = Counter(word for counts in words for word in counts)
    vocabulary = {word: i for i, word in enumerate(sorted(w for w, n in held.items() if n > 1))}
    matrix = np.zeros((len(words), max(len(vocabulary), 1)))
    for row, counts in enumerate(words):
        for word, number in counts.items():
            if word in vocabulary:
                matrix[row, vocabulary[word]] = number * math.log(1 + len(words) / held[word])
    return matrix


def _keyphrases(groups: Sequence[Sequence[Counter[str]]]) -> list[list[str]]:
    """Class-TF-IDF: what a topic's notes say often and the others seldom."""
    classes = [sum(group, Counter()) for group in groups]
    spread = [Counter(word for counts in group for word in counts) for group in groups]
    total = Counter(word for counts in classes for word in counts.elements())
    average = sum(total.values()) / max(len(classes), 1)
    found = []
    for counts, notes in zip(classes, spread, strict=True):
        weight = {
            w: n * math.log(1 + average / total[w]) * (1.0 if notes[w] > 1 else 0.4)
            for w, n in counts.items()
            if w.lower() not in _NO_LABELS
        }
        found.append([w for w, _ in sorted(weight.items(), key=lambda item: (-item[1], item[0]))[:_KEYPHRASES]])
    return found


def _nearest_first(matrix: Matrix, group: npt.NDArray[np.intp], ids: Sequence[str]) -> list[str]:
    centre = matrix[group].mean(axis=0)
    closeness = matrix[group] @ centre
    return [
        ids[int(i)]
        for _, i in sorted(zip(-closeness.round(9), group, strict=True), key=lambda p: (p[0], ids[int(p[1])]))
    ]


def _identities(members: Sequence[Sequence[str]], previous: Identity | None) -> list[str]:
    """The ids of the previous run where a topic is still the same, greedily by overlap; new ones from its notes."""
    old = {topic.id: set(topic.note_ids) for topic in (previous.topics if previous else ())}
    pairs = [
        (len(set(new) & notes) / len(set(new) | notes), index, name)
        for index, new in enumerate(members)
        for name, notes in old.items()
    ]
    taken: dict[int, str] = {}
    for overlap, index, name in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if overlap >= _OVERLAP and index not in taken and name not in taken.values():
            taken[index] = name
    return [taken.get(i) or _fresh(new, set(old)) for i, new in enumerate(members)]


def _fresh(members: Sequence[str], used: set[str]) -> str:
    for salt in range(len(used) + 1):
        name = "t_" + hashlib.sha256("\0".join([*sorted(members), str(salt)]).encode()).hexdigest()[:10]
        if name not in used:
            return name
    raise AssertionError("more salts than names")


def _unit(matrix: Matrix) -> Matrix:
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    result: Matrix = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 0)
    return result
