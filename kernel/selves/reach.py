"""What of a note lies in ``selves/``: training samples, exam questions, weights; and taking it out.

A sample holds a note if it names it or has five words of it in a row (a sentence shown beside the evidence, say): the
run of words is what is looked for, since that is what must be nowhere any more.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Collection, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kernel.config import Paths
from kernel.files import write_whole
from kernel.types import Holding, Sample, SampleOf

RUN = 5
"""Words in a row that tell a text by."""
DATASET, EXAM, REPORT = "dataset.jsonl", "exam.jsonl", "report.json"
_WEIGHTS = ("adapter.gguf", "self.gguf", "self.gguf.part", "self.gguf.f16.part", "peft", "checkpoints")
_MANIFEST = "manifest.json"
_WORD = re.compile(r"\w+")


def runs_of(texts: Iterable[str]) -> frozenset[tuple[str, ...]]:
    """Every run of ``RUN`` words in the texts, folded; a shorter text is one run."""
    found: set[tuple[str, ...]] = set()
    for text in texts:
        words = _WORD.findall(text.casefold())
        found.update(tuple(words[n : n + RUN]) for n in range(max(1, len(words) - RUN + 1)) if words)
    return frozenset(found)


class Reach:
    """Of some notes, over all selves of a home. ``texts``: what they said, in every revision."""

    def __init__(self, paths: Paths, note_ids: Collection[str], texts: Sequence[str]) -> None:
        self._paths, self._ids = paths, frozenset(note_ids)
        self._runs = frozenset(run for run in runs_of(texts) if len(run) == RUN)

    def samples(self) -> list[SampleOf]:
        """The training samples that hold them."""
        return [
            SampleOf(version=folder.name, kind=sample.kind, question=sample.question)
            for folder in self._folders()
            for sample in _samples(folder / DATASET)
            if self._holds_sample(sample)
        ]

    def holdings(self, were_live: Collection[str]) -> list[Holding]:
        """The selves whose training data held them."""
        counted: dict[str, int] = {}
        for one in self.samples():
            counted[one.version] = counted.get(one.version, 0) + 1
        return [
            Holding(version=version, was_live=version in were_live, samples=count)
            for version, count in sorted(counted.items())
        ]

    def purge(self) -> dict[str, int]:
        """Take their samples and exam questions out of every self's files, and every answer's text out of its report.

        Weights are not touched (``drop_weights``); a version that was never finished is removed whole if it holds them.
        """
        removed = {"samples": 0, "exam": 0}
        for folder in self._folders():
            kept, gone = self._split(folder / DATASET)
            if gone and not (folder / _MANIFEST).exists():
                shutil.rmtree(folder)
                removed["samples"] += gone
                continue
            if gone:
                write_whole(folder / DATASET, kept)
            removed["samples"] += gone
            kept, gone = self._split(folder / EXAM)
            if gone:
                write_whole(folder / EXAM, kept)
            removed["exam"] += gone
            self._blank_report(folder / REPORT)
        return removed

    def drop_weights(self, version: str) -> None:
        """Delete what was trained on them."""
        folder = self._paths.self_folder(version)
        for name in _WEIGHTS:
            path = folder / name
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def _folders(self) -> Iterator[Path]:
        if self._paths.selves.exists():
            yield from sorted(folder for folder in self._paths.selves.iterdir() if folder.name.isdigit())

    def _holds_sample(self, sample: Sample) -> bool:
        return not self._ids.isdisjoint(sample.note_ids) or self._holds(
            " \n ".join([*(message.content for message in sample.prompt), sample.answer])
        )

    def _holds(self, text: str) -> bool:
        return not self._runs.isdisjoint(runs_of([text]))

    def _split(self, file: Path) -> tuple[bytes, int]:
        """The lines that do not hold them, and how many do."""
        if not file.exists():
            return b"", 0
        lines = file.read_bytes().splitlines(keepends=True)
        kept = [line for line in lines if not (self._names(line) or self._holds(_strings(msgspec.json.decode(line))))]
        return b"".join(kept), len(lines) - len(kept)

    def _names(self, line: bytes) -> bool:
        return any(f'"{note_id}"'.encode() in line for note_id in self._ids)

    def _blank_report(self, file: Path) -> None:
        if file.exists():
            report = msgspec.json.decode(file.read_bytes())
            write_whole(file, msgspec.json.format(msgspec.json.encode(_without_texts(report)), indent=2))


def _samples(file: Path) -> Iterator[Sample]:
    if file.exists():
        for line in file.read_bytes().splitlines():
            yield msgspec.json.decode(line, type=Sample)


def _strings(value: Any) -> str:
    """Every string in a JSON value, in order."""
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        value = list(value.values())
    return " \n ".join(map(_strings, value)) if isinstance(value, list) else ""


def _without_texts(value: Any) -> Any:
    """A report without what was answered: any answer may have quoted any note."""
    if isinstance(value, dict):
        return {key: "" if key in ("text", "gold") else _without_texts(one) for key, one in value.items()}
    return [_without_texts(one) for one in value] if isinstance(value, list) else value
