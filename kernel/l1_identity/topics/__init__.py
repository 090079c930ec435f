"""Notes -> topics: hierarchical clustering whose cut is chosen from the data, with identities that survive.

All notes are clustered at first, when the memory has grown a tenth, and when much came or went at once; in between what
is new joins the topics that there are (``joining.py``). How well it does, and what was tried: ``LOG.md``.
"""

from __future__ import annotations

import hashlib
import itertools
import math
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from kernel.abc import Vectors
from kernel.l1_identity.topics import joining
from kernel.l1_identity.topics.consensus import cluster
from kernel.l1_identity.topics.identities import kept_ids
from kernel.l1_identity.topics.naming import Named, names, nouns_of, phrases
from kernel.l1_identity.topics.rows import Indexes, Rows, rows, terms
from kernel.types import Identity, Insight, Note, Topic

_FEWEST = 4
_FEW = 100
"""Up to so many notes all are clustered, whatever came: it takes no longer than a second."""
_GROWTH = 1.1
_AT_ONCE = 0.05
"""Of the notes: with more of them new or gone since the last time, all are clustered."""
_AT_A_TIME = 1000
"""Notes in one clustering, as its matrices are of so many squared; of more, the others join what these show."""

_TOPICS = 8
"""By vectors and as many by keywords: of these one may be the topic of a new note."""
_OUTLIERS, _BACKGROUND = 16, 40
"""Outliers that a new note may start a topic with, and notes of other topics that a changed one is told apart from."""


def topics(
    notes: Sequence[Note], insights: Sequence[Insight], vectors: dict[str, bytes], previous: Identity | None
) -> tuple[list[Topic], list[str]]:
    """``(topics, outliers)``, largest topic first; the note ids of a topic nearest to its centre first.

    ``vectors``: note id -> mean of its sentences' vectors, little-endian float32. The same in, in any order, the same out.
    """
    known = _Notes(notes, insights, vectors)
    if previous is None or not previous.topics:
        return _all(known, ())
    held = {note_id for topic in previous.topics for note_id in topic.note_ids} | set(previous.outliers)
    new = [i for i in known.ids if i not in held or known.notes[i].learned_at > previous.created]
    if not _little(len(known.ids), len(held), len(new), len(held - set(known.ids))):
        return _all(known, previous.topics)
    return _grown(known, previous, new)


def _little(count: int, before: int, new: int, gone: int) -> bool:
    """Whether what changed since the last time can join what there is. The same notes asked for again: nothing new has
    been found out by its date, so all are looked at."""
    steps = [int(math.log(max(number, 1), _GROWTH)) for number in (count, before)]
    return count > _FEW and 0 < new + gone <= _AT_ONCE * count and steps[0] == steps[1]


class _Notes:
    """What is known of each note, by its id."""

    def __init__(self, notes: Sequence[Note], insights: Sequence[Insight], vectors: dict[str, bytes]) -> None:
        self.notes: Mapping[str, Note] = {note.id: note for note in notes}
        self.insights: Mapping[str, Insight] = {insight.note_id: insight for insight in insights}
        self.vectors = vectors
        self.ids = sorted(self.notes)
        self._terms: dict[str, Counter[str]] = {}
        self.smallest = 2 if len(self.ids) < 50 else 3

    def rows(self, ids: Sequence[str]) -> Rows:
        for i in ids:
            if i not in self._terms:
                self._terms[i] = terms(self.notes[i], self.insights.get(i))
        return rows([self._terms[i] for i in ids], [self.vectors.get(i, b"") for i in ids])

    def like(self, ids: Sequence[str], new: Sequence[str], most: int) -> list[str]:
        """Of ``ids`` those whose vectors are nearest to one of ``new``; those without a vector come last."""
        near = self._alike(ids, new)
        return [ids[i] for i in np.argsort(-near, kind="stable")[:most]]

    def nearest(self, topics: Sequence[Sequence[str]], new: Sequence[str]) -> list[int]:
        """The topics that any of ``new`` could join, found without reading a text: by vectors, and by keywords."""
        if len(topics) <= 2 * _TOPICS:
            return list(range(len(topics)))
        held = [i for ids in topics for i in ids]
        starts = np.cumsum([0, *map(len, topics[:-1])])
        sizes = np.array([len(ids) for ids in topics])
        by_vectors = np.add.reduceat(self._alike(held, new), starts) / sizes
        said = {word for i in new for word in self._keywords(i)}
        shared = np.array([len(said & self._keywords(i)) for i in held])
        by_words = np.add.reduceat(shared, starts) / sizes
        chosen = {int(n) for scores in (by_vectors, by_words) for n in np.argsort(-scores, kind="stable")[:_TOPICS]}
        return sorted(chosen)

    def _alike(self, ids: Sequence[str], new: Sequence[str]) -> Vectors:
        """For each of ``ids`` the cosine to the nearest of ``new`` by their vectors, -1 where there is none."""
        width = max((len(self.vectors.get(i, b"")) for i in [*ids, *new]), default=0) // 4

        def matrix(some: Sequence[str]) -> Vectors:
            found = [self.vectors.get(i, b"") for i in some]
            whole = b"".join(one if len(one) == 4 * width else bytes(4 * width) for one in found)
            dense = np.frombuffer(whole, "<f4").reshape(len(some), width)
            lengths = np.linalg.norm(dense, axis=1, keepdims=True)
            unit: Vectors = np.divide(dense, lengths, out=np.full_like(dense, np.nan), where=lengths > 0)
            return unit

        nearest: Vectors = np.nan_to_num(matrix(ids) @ matrix(new).T, nan=-1.0).max(axis=1, initial=-1.0)
        return nearest

    def _keywords(self, note_id: str) -> set[str]:
        insight = self.insights.get(note_id)
        return {*self.notes[note_id].tags, *(insight.keywords if insight else ())}

    def names(
        self,
        topics: Mapping[int, Sequence[str]],
        others: Sequence[str],
        share: float,
        labels: Mapping[int, str],
        count: int,
    ) -> dict[int, Named]:
        """As ``naming.names``, by note ids."""
        shown = [*(i for ids in topics.values() for i in ids), *others]
        nouns = nouns_of([self.insights[i] for i in shown if i in self.insights])
        found = {i: phrases(self.notes[i], self.insights.get(i), nouns) for i in shown}
        grouped = {n: [found[i] for i in ids] for n, ids in topics.items()}
        return names(grouped, [found[i] for i in others], share, labels, count)


def _all(known: _Notes, old: Sequence[Topic]) -> tuple[list[Topic], list[str]]:
    """Every note clustered; topics that are still there keep their ids and, where it still fits, their labels."""
    if len(known.ids) < _FEWEST:
        return [], known.ids
    found = known.rows(known.ids)
    groups = _clusters(found, known)
    members = [_nearest_first(found, group, known.ids) for group in groups]
    members.sort(key=lambda ids: (-len(ids), min(ids)))
    ids = kept_ids(members, old)
    labels = {topic.id: topic.label for topic in old}
    so_far = {n: labels[i] for n, i in enumerate(ids) if i in labels}
    called = known.names(dict(enumerate(members)), (), 0.0, so_far, len(members))
    made = [_topic(name, called[n], one) for n, (name, one) in enumerate(zip(ids, members, strict=True))]
    inside = {i for one in members for i in one}
    return made, [i for i in known.ids if i not in inside]


def _clusters(found: Rows, known: _Notes) -> list[Indexes]:
    """Of many notes a sample is clustered, the rest joins it, and what is left is clustered in turn."""
    drawn = sorted(range(len(known.ids)), key=lambda i: hashlib.sha256(known.ids[i].encode()).digest())
    groups: list[Indexes] = []
    while len(drawn) >= known.smallest:
        sample = np.array(sorted(drawn[:_AT_A_TIME]))
        labels = cluster(found.similarity(sample, sample), known.smallest)
        new = [sample[labels == label] for label in np.unique(labels[labels >= 0])]
        groups += new
        rest = drawn[_AT_A_TIME:]
        if not new or not rest:
            break
        joined = joining.join(found, np.array(rest), groups)
        groups = [
            np.concatenate([group, np.array([i for i, to in zip(rest, joined, strict=True) if to == n], np.intp)])
            for n, group in enumerate(groups)
        ]
        alone = set(sample[labels < 0].tolist()) | {i for i, to in zip(rest, joined, strict=True) if to < 0}
        drawn = [i for i in drawn if i in alone]
    return groups


def _grown(known: _Notes, previous: Identity, new: Sequence[str]) -> tuple[list[Topic], list[str]]:
    """The topics of ``previous`` with what is new, and without what is gone."""
    stay = known.notes.keys() - set(new)
    left = [[i for i in topic.note_ids if i in stay] for topic in previous.topics]
    whole = [n for n, ids in enumerate(left) if len(ids) >= known.smallest]
    old = [previous.topics[n] for n in whole]
    members = [left[n] for n in whole]
    alone = [i for i in previous.outliers if i in stay]
    alone += [i for n, ids in enumerate(left) if n not in whole for i in ids]
    changed = {n for n, topic in enumerate(old) if len(topic.note_ids) != len(members[n])}

    looked = known.nearest(members, new)
    marks = joining.landmarks([members[n] for n in looked])
    near = known.like(sorted(alone), new, _OUTLIERS)
    seen = [*(i for ids in marks for i in ids), *new, *near]
    found = known.rows(seen)
    groups, end = _consecutive(marks)
    waiting = np.arange(end, end + len(new))
    joined = joining.join(found, waiting, groups)
    for note_id, to in zip(new, joined, strict=True):
        if to >= 0:
            members[looked[to]].append(note_id)
            changed.add(looked[to])
    loose = waiting[np.array(joined, np.intp) < 0]
    if len(loose) and groups:
        for group in joining.started(found, loose, np.arange(end + len(new), len(seen)), groups, known.smallest):
            changed.add(len(members))
            members.append([seen[i] for i in group])
    background = joining.evenly(
        [i for n, ids in zip(looked, marks, strict=True) if n not in changed for i in ids], _BACKGROUND
    )
    members = _looked_at(known, members, changed, background, joining.neighbours(found, groups))
    inside = {i for ids in members for i in ids}
    return _renamed(known, old, members, changed, background), sorted(known.notes.keys() - inside)


def _looked_at(
    known: _Notes, members: Sequence[list[str]], changed: set[int], background: Sequence[str], unlike: float
) -> list[list[str]]:
    """The topics that changed, in two where they have grown too wide, nearest first; ``changed`` gets those added.

    ``background``: notes of other topics, to tell which words are rare; ``unlike``: a cosine, see ``joining.halves``.
    """
    order = sorted(changed)
    seen = [*(i for n in order for i in members[n]), *background]
    found = known.rows(seen)
    groups, _ = _consecutive([members[n] for n in order])
    result = [list(ids) for ids in members]
    for n, group in zip(order, groups, strict=True):
        first, *more = joining.halves(found, group, unlike, known.smallest)
        result[n] = _nearest_first(found, first, seen)
        for part in more:
            changed.add(len(result))
            result.append(_nearest_first(found, part, seen))
    return result


def _renamed(
    known: _Notes, old: Sequence[Topic], members: Sequence[list[str]], changed: set[int], background: Sequence[str]
) -> list[Topic]:
    """``Topic`` of each; those that did not change as they are."""
    ids = kept_ids(members, old)
    labels = {topic.id: topic.label for topic in old}
    so_far = {n: labels[i] for n, i in enumerate(ids) if i in labels}
    rest = sum(len(one) for n, one in enumerate(members) if n not in changed)
    share = len(background) / max(rest, 1)
    called = known.names({n: members[n] for n in sorted(changed)}, background, share, so_far, len(members))
    made = [_topic(ids[n], called[n], one) if n in changed else old[n] for n, one in enumerate(members)]
    return sorted(made, key=lambda topic: (-len(topic.note_ids), min(topic.note_ids)))


def _consecutive(groups: Sequence[Sequence[str]]) -> tuple[list[Indexes], int]:
    """Where the notes of each group stand when all follow each other, and how many they are."""
    ends = np.cumsum([0, *map(len, groups)])
    return [np.arange(a, b) for a, b in itertools.pairwise(ends)], int(ends[-1])


def _nearest_first(found: Rows, group: Indexes, ids: Sequence[str]) -> list[str]:
    closeness = found.closeness(group, [group])[:, 0].round(5)
    return [ids[int(i)] for _, i in sorted(zip(-closeness, group, strict=True), key=lambda p: (p[0], ids[int(p[1])]))]


def _topic(name: str, called: Named, note_ids: Sequence[str]) -> Topic:
    core = math.ceil(joining.CORE * len(note_ids))
    return Topic(id=name, label=called.label, keyphrases=called.keyphrases, note_ids=tuple(note_ids), core=core)
