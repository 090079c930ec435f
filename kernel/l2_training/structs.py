"""What the training jobs are told and what they give back; light, so that the parent can import it."""

from __future__ import annotations

from kernel.config import TrainingConfig
from kernel.types import BakedType, Frozen, Identity


class PrepareTask(Frozen, frozen=True, kw_only=True):
    """Make a version's dataset and exam questions from memory and identity."""

    home: str
    version: str
    owner: str
    identity: Identity | None
    training: TrainingConfig
    questions: int
    seed: int


class Prepared(Frozen, frozen=True, kw_only=True):
    """What stands in ``selves/NNNN`` now: ``dataset.jsonl`` and ``exam.jsonl``."""

    samples: dict[str, int]
    """Number of samples by kind."""
    dropped: dict[str, int]
    """Number of candidates thrown away, by reason."""
    notes_covered: int
    notes: int
    questions: int
    dataset_sha256: str


class TrainTask(Frozen, frozen=True, kw_only=True):
    """Train a version's adapter from its dataset."""

    home: str
    version: str
    start_from: str | None
    """PEFT folder whose A and B the LoRA continues; ``None``: from nothing."""
    base_sha256: str
    template: str
    """The chat template itself (Jinja)."""
    eos_token: str
    training: TrainingConfig


class Trained(Frozen, frozen=True, kw_only=True):
    """What the training came to."""

    steps: int
    rows: int
    tokens: int
    row_tokens: int
    seconds: float
    first_loss: float
    last_loss: float
    adapter_sha256: str
    template_sha256: str


class BakeTask(Frozen, frozen=True, kw_only=True):
    """Make one whole model of base and adapter."""

    base: str
    base_sha256: str
    adapter: str
    target: str
    type: BakedType
    threads: int
    """0: as many as there are cores."""
