"""From token bytes to text that may be shown: whole characters only, and never any part of a stop string."""

from __future__ import annotations

import codecs
from collections.abc import Sequence


class TextStream:
    """Takes bytes as tokens bring them and gives out what is safe to send.

    A character that is not complete waits for its last byte; an end that could become a stop string waits until it
    has or has not. ``stopped`` is true from the moment a stop string was found; nothing comes after.
    """

    def __init__(self, stop: Sequence[str] = ()) -> None:
        self._stop = [word for word in stop if word]
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._held = ""
        self.stopped = False

    def feed(self, data: bytes) -> str:
        """The text that can be sent now; perhaps none."""
        if self.stopped:
            return ""
        self._held += self._decoder.decode(data)
        found = [index for word in self._stop if (index := self._held.find(word)) >= 0]
        if found:
            self.stopped = True
            sent, self._held = self._held[: min(found)], ""
            return sent
        safe = len(self._held) - self._unsure()
        sent, self._held = self._held[:safe], self._held[safe:]
        return sent

    def end(self) -> str:
        """What was held back, now that no more bytes come. An unfinished character is dropped."""
        sent, self._held = self._held, ""
        return sent

    def _unsure(self) -> int:
        """How many characters at the end could be the beginning of a stop string."""
        longest = 0
        for word in self._stop:
            for length in range(min(len(word) - 1, len(self._held)), longest, -1):
                if self._held.endswith(word[:length]):
                    longest = length
                    break
        return longest
