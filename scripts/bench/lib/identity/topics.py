"""How good topics are: agreement with hand labels, with themselves on 90 % of the notes, and what they cost.

Outliers count as clusters of one in all figures. Normalised mutual information is kind to many small clusters (every note
on its own reaches 0.7 here), so the adjusted indices stand beside it, and the share of the largest topic.
"""

from __future__ import annotations

import resource
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import msgspec
import numpy as np
from identity.living import Life
from sklearn.metrics import adjusted_mutual_info_score, adjusted_rand_score, normalized_mutual_info_score

from kernel.l1_identity.topics import topics
from kernel.types import Biography, Identity, Insight, Note, Topic

_SUBSAMPLES, _SHARE = 20, 0.9
_SIZES, _QUICK_SIZES = (250, 500, 1000, 2000, 5000, 10_000), (250, 1000)


def measure(life: Life, labels: Mapping[str, str], *, show: bool = False) -> dict[str, Any]:
    """Figures of one life. ``labels``: a note's path -> its topic, ``""`` for an outlier.

    ``nmi``, ``ami``, ``label_ari`` against the labels; ``ari``: mean over 20 random subsamples of 90 %, clustered anew,
    against the clustering of all; ``largest``: share of the notes in the largest topic.
    """
    notes = [memory.note for memory in life.memories]
    made, outliers = topics(notes, life.insights, life.vectors, None)
    found = clusters([note.id for note in notes], made)
    wanted = [labels.get(life.paths[note.id]) or f"alone {n}" for n, note in enumerate(notes)]
    again = stability(notes, life.insights, life.vectors, found)
    if show:
        hand = {note.id: label for note, label in zip(notes, wanted, strict=True)}
        for topic in made:
            print(f"  {topic.label}: {dict(Counter(hand[i] for i in topic.note_ids).most_common())}")
    return {
        "topics": len(made),
        "outliers": len(outliers),
        "largest": max((len(topic.note_ids) for topic in made), default=0) / max(len(notes), 1),
        "nmi": float(normalized_mutual_info_score(wanted, found)),
        "ami": float(adjusted_mutual_info_score(wanted, found)),
        "label_ari": float(adjusted_rand_score(wanted, found)),
        "ari": float(np.mean(again)),
        "ari_least": float(np.min(again)),
    }


def clusters(ids: Sequence[str], made: Sequence[Topic]) -> list[int]:
    """The number of each note's topic; a number of its own for an outlier."""
    of = {note_id: number for number, topic in enumerate(made) for note_id in topic.note_ids}
    return [of.get(note_id, len(made) + n) for n, note_id in enumerate(ids)]


def stability(
    notes: Sequence[Note], insights: Sequence[Insight], vectors: dict[str, bytes], found: Sequence[int]
) -> list[float]:
    """Adjusted Rand index of ``found`` and each subsample's own topics, over the subsample's notes."""
    random = np.random.default_rng(1)
    scores = []
    for _ in range(_SUBSAMPLES):
        kept = np.sort(random.permutation(len(notes))[: round(_SHARE * len(notes))])
        some = [notes[int(i)] for i in kept]
        held = {note.id for note in some}
        made, _ = topics(some, [one for one in insights if one.note_id in held], vectors, None)
        again = clusters([note.id for note in some], made)
        scores.append(float(adjusted_rand_score([found[int(i)] for i in kept], again)))
    return scores


def growth(life: Life, *, quick: bool = False) -> dict[str, Any]:
    """CPU seconds of a full run and of one more note, by number of notes; ``rss_mb`` is the process's highest so far.

    ``one_note``: the second over the first at 1,000 notes.
    """
    largest = (_QUICK_SIZES if quick else _SIZES)[-1]
    notes, insights, vectors = many(life, largest + 1)
    rows = []
    for size in _QUICK_SIZES if quick else _SIZES:
        began = time.process_time()
        made, outliers = topics(notes[:size], insights[:size], vectors, None)
        full = time.process_time() - began
        before = _identity(made, outliers)
        taken = []
        for new in range(5):
            at = (*range(size), size + new) if size + new < len(notes) else range(size + 1)
            began = time.process_time()
            topics([notes[i] for i in at], [insights[i] for i in at], vectors, before)
            taken.append(time.process_time() - began)
        rows.append(
            {
                "notes": size,
                "topics": len(made),
                "outliers": len(outliers),
                "full_s": full,
                "one_s": float(np.median(taken)),
                "ms_a_note": 1000 * full / size,
                "rss_mb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
            }
        )
    at_1000 = next(row for row in rows if row["notes"] == 1000)
    return {"sizes": rows, "one_note": at_1000["one_s"] / at_1000["full_s"]}


def many(life: Life, count: int) -> tuple[list[Note], list[Insight], dict[str, bytes]]:
    """``count`` notes: the life's own, then others made of words, keywords and vectors of two of its notes each, drawn
    from neighbours in its folders. They are for timing: what they say is nothing."""
    random = np.random.default_rng(3)
    by_note = {insight.note_id: insight for insight in life.insights}
    own = [memory.note for memory in life.memories if memory.note.id in life.vectors]
    notes, insights = own[:count], [by_note[note.id] for note in own[:count]]
    vectors = dict(life.vectors)
    while len(notes) < count:
        at = int(random.integers(len(own)))
        pair = [own[at], own[min(max(at + int(random.integers(-4, 5)), 0), len(own) - 1)]]
        words = [list(random.permutation(note.text.split())[: len(note.text.split()) // 2]) for note in pair]
        keywords = [k for note in pair for k in random.permutation(by_note[note.id].keywords)[:6].tolist()]
        note_id = f"n_{len(notes):012x}"
        notes.append(
            msgspec.structs.replace(pair[0], id=note_id, text=" ".join([*words[0], *words[1]]), title="", tags=())
        )
        insights.append(msgspec.structs.replace(by_note[pair[0].id], note_id=note_id, keywords=tuple(keywords)))
        both = np.mean([np.frombuffer(life.vectors[note.id], "<f4") for note in pair], axis=0)
        vectors[note_id] = (both + random.normal(0, 0.02, len(both))).astype("<f4").tobytes()
    return notes, insights, vectors


def _identity(made: Sequence[Topic], outliers: Sequence[str]) -> Identity:
    return Identity(
        version=1,
        created="9999-01-01T00:00:00+00:00",
        owner="",
        input_hash="",
        topics=tuple(made),
        outliers=tuple(outliers),
        shades=(),
        biography=Biography(),
        attributes=(),
    )
