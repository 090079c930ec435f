"""Notes as rows of numbers: what a note means beside what it calls things. Heavy libraries are loaded on use."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from kernel.memory.words import STOP, content_terms, fold, term_of
from kernel.types import Insight, Note

if TYPE_CHECKING:
    from scipy.sparse import csr_array

Matrix = npt.NDArray[np.float32]
Indexes = npt.NDArray[np.intp]
_MEANING, _WORDS = 0.3, 0.7
"""Weights of both in a cosine. By the mean of its sentences' vectors alone a note of a small embedding model is hardly
nearer to those of its topic than to others: see ``LOG.md``."""
_TITLE, _TAG = 3, 2
"""How often a word counts that stands in the title or in a tag."""
_COMMON = 0.4
"""Words of more than this share of the notes tell nothing of a topic."""
_WORD = re.compile(r"[^\W\d_]{2,}(?:['’][^\W\d_]+)?")


@dataclass(frozen=True)
class Rows:
    """``n`` notes. The cosine of two is the weighted sum of the products of both parts."""

    meaning: Matrix
    """``(n, d)``, rows of length ``sqrt(0.3)``, or 0 where a note has no vector."""
    words: csr_array
    """``(n, terms)``, rows of length ``sqrt(0.7)``, or 0."""

    def __len__(self) -> int:
        return len(self.meaning)

    def similarity(self, of: Indexes, to: Indexes) -> Matrix:
        """``(len(of), len(to))`` cosines."""
        by_words = (self.words[of] @ self.words[to].T).toarray()
        found: Matrix = self.meaning[of] @ self.meaning[to].T + by_words.astype(np.float32)
        return found

    def closeness(self, of: Indexes, groups: Sequence[Indexes]) -> Matrix:
        """``(len(of), len(groups))``: mean cosine of a row to the members of a group, itself not counted."""
        from scipy.sparse import csr_array

        sizes = np.array([len(group) for group in groups], np.float32)
        members = np.concatenate(groups) if groups else np.zeros(0, np.intp)
        starts = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
        held = csr_array((np.ones(len(members), np.float32), members, starts), shape=(len(groups), len(self)))
        sums = self.meaning[of] @ (held @ self.meaning).T + (self.words[of] @ (held @ self.words).T).toarray()
        inside = held[:, of].T.toarray()
        own = (self.meaning[of] ** 2).sum(axis=1) + np.asarray(self.words[of].power(2).sum(axis=1)).ravel()
        found: Matrix = (sums - inside * own[:, None]) / np.maximum(sizes - inside, 1)
        return found


def rows(notes: Sequence[Counter[str]], vectors: Sequence[bytes]) -> Rows:
    """One row for each note, of its ``terms`` and its vector (float32; empty where there is none)."""
    return Rows(math.sqrt(_MEANING) * _meanings(vectors), math.sqrt(_WORDS) * _tf_idf(notes))


def _meanings(vectors: Sequence[bytes]) -> Matrix:
    """Unit rows. What all notes of one person share says nothing of a topic, so it is taken off."""
    width = max(map(len, vectors), default=0) // 4
    dense = np.zeros((len(vectors), width), np.float32)
    for row, vector in enumerate(vectors):
        if width and len(vector) == 4 * width:
            dense[row] = np.frombuffer(vector, "<f4")
    dense = _unit(dense)
    known = dense.any(axis=1)
    if known.any():
        dense[known] -= dense[known].mean(axis=0)
    return _unit(dense)


def terms(note: Note, insight: Insight | None) -> Counter[str]:
    """What a note calls things: how often each term stands in it, title and tags counted more."""
    counts = Counter(_terms(note.text))
    for keyword in insight.keywords if insight else ():
        counts.update(_terms(keyword))
    for text, weight in [(note.title, _TITLE), *((tag, _TAG) for tag in note.tags)]:
        for term in _terms(text):
            counts[term] += weight
    return counts


def _terms(text: str) -> list[str]:
    lower = text.lower() if text.isascii() else fold(text)
    return [term for word in _WORD.findall(lower) if (term := _term(word))]


@cache
def _term(word: str) -> str:
    """Empty for a word that carries nothing."""
    if word.isascii():
        return "" if word in STOP else term_of(word.removesuffix("'s"))
    return "".join(content_terms(word)[:1])


def _tf_idf(notes: Sequence[Counter[str]]) -> csr_array:
    """Unit rows over the terms of two notes or more, with logarithmic counts."""
    from scipy.sparse import csr_array

    held = Counter(term for counts in notes for term in counts)
    most = max(3.0, _COMMON * len(notes))
    column = {term: i for i, term in enumerate(sorted(t for t, n in held.items() if 1 < n <= most))}
    rarity = np.log(len(notes) / np.array([held[term] for term in column] or [1]))
    found = [[(column[term], number) for term, number in counts.items() if term in column] for counts in notes]
    columns = np.array([at for row in found for at, _ in row], np.int64)
    values = np.log1p([number for row in found for _, number in row]) * rarity[columns]
    ends = np.cumsum([0, *map(len, found)])
    squares = np.concatenate([[0.0], np.cumsum(values**2)])
    lengths = np.sqrt(squares[ends[1:]] - squares[ends[:-1]])
    values /= np.maximum(np.repeat(lengths, np.diff(ends)), 1e-9)
    return csr_array((values.astype(np.float32), columns, ends), shape=(len(notes), max(len(column), 1)))


def _unit(matrix: Matrix) -> Matrix:
    lengths = np.linalg.norm(matrix, axis=1, keepdims=True)
    result: Matrix = np.divide(matrix, lengths, out=np.zeros_like(matrix), where=lengths > 1e-9)
    return result
