"""Reading other people's evidence once more, so that the skill is not forgotten over one owner's notes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import msgspec

from kernel.l2_training.data.questions import chance
from kernel.l2_training.skill import FOLDER
from kernel.types import Sample

DATASET = FOLDER / "dataset.jsonl"
ROWS = 400


def rehearsal(seed: int, *, path: Path = DATASET, rows: int = ROWS) -> Iterator[Sample]:
    """``rows`` of the skill's own grounded and refusing samples; which ones follows from the seed."""
    if not path.exists():
        return
    decode = msgspec.json.Decoder(Sample)
    samples = [decode.decode(line) for line in path.read_bytes().splitlines() if line]
    read = [one for one in samples if one.kind in {"grounded", "refusal"}]
    chosen = {one.id for one in sorted(read, key=lambda one: chance(seed, one.id, "rehearsal"))[:rows]}
    seen: set[str] = set()
    for one in read:
        if one.id in chosen and one.id not in seen:
            seen.add(one.id)
            yield msgspec.structs.replace(one, id=f"rehearsal/{one.id}", note_ids=(), generator="skill corpus")
