"""What search keeps beside the database: every sentence's vector, note and speaker, refreshed as the database changes.

Vectors lie in a file that is mapped into memory and has no name any more: the system pages it in and out, it is gone
with the process, and nothing of a forgotten note is left in it. Rows are in the order of the database's row numbers,
which a note's sentences take one after another: the neighbour of a sentence is the row beside it, if it is of the same
note.
"""

from __future__ import annotations

import mmap
import sqlite3
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt

from kernel.abc import Vectors

Ints = npt.NDArray[np.int64]
_ROOM = 4096
"""Rows that a new file has room for; it doubles when they are full."""
_AT_ONCE = 2048
"""Rows of the matrix that are multiplied in one step: they stay in the processor's cache."""


class Matrix:
    """A growing ``(n, width)`` float32 matrix in a nameless, memory-mapped file in ``folder``."""

    def __init__(self, folder: Path, width: int = 0) -> None:
        self._folder, self.width, self.count = folder, width, 0
        self._rows: Vectors = np.zeros((0, width), np.float32)

    @property
    def rows(self) -> Vectors:
        return self._rows[: self.count]

    def resize(self, count: int) -> None:
        """Room for ``count`` rows; those that come new are zero."""
        if count > len(self._rows) and self.width:
            self._move(max(_ROOM, 2 * count))
        self._rows[count : self.count] = 0
        self.count = count

    def keep(self, mask: npt.NDArray[np.bool_]) -> None:
        """Only these rows, in their order; what is left behind is overwritten."""
        kept = np.flatnonzero(mask)
        for start in range(0, len(kept), _AT_ONCE):
            part = kept[start : start + _AT_ONCE]
            self._rows[start : start + len(part)] = self._rows[part]
        self.resize(len(kept))

    def _move(self, room: int) -> None:
        with tempfile.TemporaryFile(dir=self._folder) as file:
            file.truncate(room * self.width * 4)
            mapped = mmap.mmap(file.fileno(), 0)
        rows = np.frombuffer(mapped, np.float32).reshape(room, self.width)
        rows[: self.count] = self._rows[: self.count]
        self._rows = rows


class VectorIndex:
    """An exact scan: 10 ms for 100,000 x 384 (FACTS). Not thread-safe; its ``Searcher`` holds a lock.

    ``folder``: where the mapped file lies while it has a name, which is for an instant.
    """

    def __init__(self, folder: Path) -> None:
        self.rows: Ints = np.zeros(0, np.int64)
        self.notes: Ints = np.zeros(0, np.int64)
        self.said_by: npt.NDArray[np.int32] = np.zeros(0, np.int32)
        """Code of each sentence's speaker in ``speakers``; 0: the note does not say."""
        self.speakers: dict[str, int] = {"": 0}
        self.has_vector: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self._matrix = Matrix(folder)
        self._folder = folder
        self._model = ""
        self._codes: dict[str, int] = {}
        self._version = -1
        self._serial = -1

    @property
    def serial(self) -> int:
        """Of the last transaction that was taken over."""
        return self._serial

    @property
    def matrix(self) -> Vectors:
        """``(sentences, d)``; zero where there is no vector."""
        return self._matrix.rows

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Take over what changed since the last time; next to nothing if nothing did."""
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return
        connection.execute("BEGIN")  # one snapshot for the questions
        try:
            meta = dict(connection.execute("SELECT key, value FROM meta WHERE key IN ('serial', 'embedding_model')"))
            serial, model = int(meta["serial"]), meta.get("embedding_model", "")
            if model != self._model:  # another model's vectors serve from now on
                self._forget_all()
                self._model = model
            if serial != self._serial:
                self._take(connection)
                count = connection.execute("SELECT count(*) FROM sentences").fetchone()[0]
                if count != len(self.rows):
                    alive = np.fromiter((row[0] for row in connection.execute("SELECT row FROM sentences")), np.int64)
                    self._keep(np.isin(self.rows, alive, assume_unique=True))
        finally:
            connection.execute("COMMIT")
        self._version, self._serial = version, serial

    def _forget_all(self) -> None:
        self._keep(np.zeros(len(self.rows), np.bool_))
        self._matrix, self._serial = Matrix(self._folder), -1

    def _take(self, connection: sqlite3.Connection) -> None:
        sql = (
            "SELECT s.row, s.note_id, s.speaker, v.vector FROM sentences s"
            " LEFT JOIN vectors v ON v.row = s.row AND v.model = ? WHERE s.serial > ? ORDER BY s.row"
        )
        cursor = connection.execute(sql, (self._model, self._serial))
        while changed := cursor.fetchmany(_AT_ONCE):
            self._take_some(changed)

    def _take_some(self, changed: Sequence[tuple[int, str, str, bytes | None]]) -> None:
        if not self._matrix.width:
            width = next((len(vector) // 4 for *_, vector in changed if vector), 0)
            if width:
                self._matrix = Matrix(self._folder, width)
                self._matrix.resize(len(self.rows))
        rows = np.fromiter((row for row, *_ in changed), np.int64, len(changed))
        self._extend(rows[rows > (self.rows[-1] if len(self.rows) else -1)])
        at = np.searchsorted(self.rows, rows)
        for place, (_, note, speaker, vector) in zip(at.tolist(), changed, strict=True):
            self.notes[place] = self._codes.setdefault(note, len(self._codes))
            self.said_by[place] = self.speakers.setdefault(speaker, len(self.speakers))
            good = vector is not None and len(vector) == self._matrix.width * 4
            self.has_vector[place] = good
            if good:
                self.matrix[place] = np.frombuffer(vector or b"", dtype="<f4")

    def _extend(self, rows: Ints) -> None:
        if not len(rows):
            return
        self.rows = np.concatenate([self.rows, rows])
        self.notes = np.concatenate([self.notes, np.zeros(len(rows), np.int64)])
        self.said_by = np.concatenate([self.said_by, np.zeros(len(rows), np.int32)])
        self.has_vector = np.concatenate([self.has_vector, np.zeros(len(rows), np.bool_)])
        self._matrix.resize(len(self.rows))

    def _keep(self, mask: npt.NDArray[np.bool_]) -> None:
        self.rows, self.notes, self.said_by = self.rows[mask], self.notes[mask], self.said_by[mask]
        self.has_vector = self.has_vector[mask]
        self._matrix.keep(mask)

    # --- asking

    def cosines(self, vectors: Vectors) -> Vectors | None:
        """Of ``(k, d)`` queries with every sentence, ``(k, n)``, 0 where there is no vector; ``None`` if the model does
        not fit."""
        if vectors.shape[1:] != (self._matrix.width,) or not len(self.rows):
            return None
        queries = np.ascontiguousarray(vectors, np.float32)
        found = np.empty((len(queries), len(self.rows)), np.float32)
        matrix = self.matrix
        for start in range(0, len(matrix), _AT_ONCE):
            part = matrix[start : start + _AT_ONCE]
            # Not BLAS: its threads would wait for the cores that the engine is decoding on (1 ms becomes 15).
            for number, query in enumerate(queries):
                np.einsum("ij,j->i", part, query, out=found[number, start : start + len(part)])
        return found

    def places(self, rows: Ints) -> Ints:
        """Positions of rows (those that are gone are left out)."""
        if not len(self.rows):
            return np.zeros(0, np.int64)
        at = np.minimum(np.searchsorted(self.rows, rows), len(self.rows) - 1)
        found: Ints = at[self.rows[at] == rows].astype(np.int64)
        return found

    def beside(self, place: int, step: int) -> int:
        """Position of the sentence before (-1) or after (+1) in the same note, or -1."""
        other = place + step
        notes = self.notes
        return other if 0 <= other < len(notes) and notes.item(other) == notes.item(place) else -1

    def block(self, place: int, reach: int) -> tuple[int, int]:
        """``[first, last)`` positions of the sentences of the same note, at most ``reach`` away."""
        start, end = max(0, place - reach), min(len(self.notes), place + reach + 1)
        same = self.notes[start:end] == self.notes.item(place)
        before, after = same[: place - start][::-1], same[place - start :]
        first = place - (int(np.argmin(before)) if not before.all() else len(before))
        last = place + (int(np.argmin(after)) if not after.all() else len(after))
        return first, last
