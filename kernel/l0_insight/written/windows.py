"""A long note in windows: runs of sentences that fit a question, each beginning with the last ones of the run before."""

from __future__ import annotations

from collections.abc import Sequence

OVERLAP = 3
"""Sentences that a window shares with the one before, so that *she* has somebody to be."""


def windows(sizes: Sequence[int], *, most: int, sentences: int, overlap: int = OVERLAP) -> list[range]:
    """Runs of indexes, each with at most ``most`` in all and ``sentences`` of them; what is larger alone is left out.
    The overlap is at most a quarter of a run.

    ``sizes``: of each sentence, in the measure of ``most``.
    """
    found: list[range] = []
    at = 0
    while at < len(sizes):
        if sizes[at] > most:
            at += 1
            continue
        start = at
        while start > 0 and found and start > found[-1].start + 1 and at - start < min(overlap, sentences // 4):
            if start - 1 not in found[-1] or sum(sizes[start - 1 : at + 1]) > most:
                break
            start -= 1
        end = at + 1
        while end < len(sizes) and end - start < sentences and sum(sizes[start : end + 1]) <= most:
            end += 1
        found.append(range(start, end))
        at = end
    return found


def halves(window: range) -> tuple[range, ...]:
    """Two of about one length, without overlap; none of a single sentence."""
    middle = window.start + len(window) // 2
    return () if len(window) < 2 else (range(window.start, middle), range(middle, window.stop))
