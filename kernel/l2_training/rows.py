"""Samples to token rows: the same template and the same prompt that serving uses, to the byte."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from kernel.answer.prompt import ChatTemplate, plain
from kernel.l2_training.packing import Row
from kernel.types import Sample


def to_rows(samples: Iterable[Sample], template: ChatTemplate, tokenizer: Any, *, max_length: int) -> list[Row]:
    """Token rows of the samples that fit ``max_length``; the answer ends with the end-of-turn token."""
    rows = []
    for sample in samples:
        prompt = tokenizer.encode(template.render(sample.prompt), add_special_tokens=False)
        answer = tokenizer.encode(plain(sample.answer) + tokenizer.eos_token, add_special_tokens=False)
        if len(prompt) + len(answer) <= max_length:
            evidence, _, question = sample.prompt[-1].content.rpartition("\n\n")
            rows.append(Row(tuple(prompt), tuple(answer), evidence if question else ""))
    return rows
