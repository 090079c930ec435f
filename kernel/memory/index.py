"""What search keeps in memory: every sentence's vector, note and place, refreshed as the database changes.

Rows are in the order of the database's row numbers, which a note's sentences take one after another: the neighbour of a
sentence is the row beside it, if it is of the same note.
"""

from __future__ import annotations

import sqlite3

import numpy as np
import numpy.typing as npt

from kernel.abc import Vectors

Ints = npt.NDArray[np.int64]
_GROWTH = 1024


class VectorIndex:
    """An exact scan: 10 ms for 100,000 x 384 (FACTS). Not thread-safe; its ``Searcher`` holds a lock."""

    def __init__(self) -> None:
        self.rows: Ints = np.zeros(0, np.int64)
        self.notes: Ints = np.zeros(0, np.int64)
        self.has_vector: npt.NDArray[np.bool_] = np.zeros(0, np.bool_)
        self.matrix: Vectors = np.zeros((0, 0), np.float32)
        self._codes: dict[str, int] = {}
        self._code_list: list[int] = []
        self._version = -1
        self._serial = -1

    def refresh(self, connection: sqlite3.Connection) -> None:
        """Take over what changed since the last time; next to nothing if nothing did."""
        version = connection.execute("PRAGMA data_version").fetchone()[0]
        if version == self._version:
            return
        connection.execute("BEGIN")  # one snapshot for the three questions
        try:
            serial = int(connection.execute("SELECT value FROM meta WHERE key = 'serial'").fetchone()[0])
            if serial != self._serial:
                self._take(connection)
                count = connection.execute("SELECT count(*) FROM sentences").fetchone()[0]
                if count != len(self.rows):
                    alive = np.fromiter((row[0] for row in connection.execute("SELECT row FROM sentences")), np.int64)
                    self._keep(np.isin(self.rows, alive, assume_unique=True))
            if serial != self._serial:
                self._code_list = self.notes.tolist()  # plain integers: asked hundreds of times a search
        finally:
            connection.execute("COMMIT")
        self._version, self._serial = version, serial

    def _take(self, connection: sqlite3.Connection) -> None:
        sql = (
            "SELECT s.row, s.note_id, v.vector FROM sentences s LEFT JOIN vectors v ON v.row = s.row"
            " WHERE s.serial > ? ORDER BY s.row"
        )
        changed = connection.execute(sql, (self._serial,)).fetchall()
        if not changed:
            return
        width = next((len(vector) // 4 for _, _, vector in changed if vector), 0)
        if width and self.matrix.shape[1] != width:
            self.matrix = np.zeros(
                (len(self.rows), width), np.float32
            )  # another model: the old vectors say nothing now
            self.has_vector[:] = False
        rows = np.fromiter((row for row, _, _ in changed), np.int64, len(changed))
        new = rows > (self.rows[-1] if len(self.rows) else -1)
        self._extend(rows[new])
        at = np.searchsorted(self.rows, rows)
        for place, (_, note, vector) in zip(at.tolist(), changed, strict=True):
            self.notes[place] = self._codes.setdefault(note, len(self._codes))
            good = vector is not None and len(vector) == self.matrix.shape[1] * 4
            self.has_vector[place] = good
            if good:
                self.matrix[place] = np.frombuffer(vector, dtype="<f4")

    def _extend(self, rows: Ints) -> None:
        if not len(rows):
            return
        self.rows = np.concatenate([self.rows, rows])
        self.notes = np.concatenate([self.notes, np.zeros(len(rows), np.int64)])
        self.has_vector = np.concatenate([self.has_vector, np.zeros(len(rows), np.bool_)])
        self.matrix = np.concatenate([self.matrix, np.zeros((len(rows), self.matrix.shape[1]), np.float32)])

    def _keep(self, mask: npt.NDArray[np.bool_]) -> None:
        self.rows, self.notes = self.rows[mask], self.notes[mask]
        self.has_vector, self.matrix = self.has_vector[mask], self.matrix[mask]

    # --- asking

    def cosines(self, vector: Vectors) -> Vectors | None:
        """Of the query with every sentence, 0 where there is no vector; ``None`` if the model does not fit."""
        if vector.shape != (self.matrix.shape[1],) or not len(self.rows):
            return None
        # Not BLAS: its threads would wait for the cores that the engine is decoding on (1 ms becomes 15).
        found: Vectors = np.einsum("ij,j->i", self.matrix, vector.astype(np.float32))
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
        codes = self._code_list
        return other if 0 <= other < len(codes) and codes[other] == codes[place] else -1
