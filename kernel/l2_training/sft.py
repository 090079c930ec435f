"""Supervised fine-tuning of a LoRA on packed trees: loss on the answers' tokens only, logits only where they are needed.

Not trl's SFTTrainer, because that can pack rows end to end but not share their prefixes (its collators make no 4-D
mask and no branching position ids), computes logits over the whole row, and checkpoints activations by default. The
model, the LoRA and their files are transformers' and peft's own.
"""

from __future__ import annotations

import math
import random
import time
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from peft import LoraConfig, PeftModel, get_peft_model
from torch.nn import functional

from kernel.l2_training.packing import Pack, Row, pack

PACK_TOKENS = 512
"""Attention with a dense mask is quadratic: at 512 tokens it is an eighth of the work, at 2,048 a half."""


@dataclass(frozen=True)
class Recipe:
    """Hyper-parameters; they travel with the adapter."""

    rank: int = 16
    alpha: int = 32
    learning_rate: float = 1e-3
    epochs: float = 3.0
    batch_tokens: int = 2048
    pack_tokens: int = PACK_TOKENS
    warmup: float = 0.05
    weight_decay: float = 0.01
    seed: int = 1
    seconds: float | None = None
    """Stop in good order (the rate already low) when this much time is spent; ``None``: only ``epochs`` count."""
    bf16: bool = True


@dataclass(frozen=True)
class Step:
    """What one optimiser step did."""

    number: int
    of: int
    loss: float
    tokens: int
    rows: int
    seconds: float


@dataclass(frozen=True)
class Result:
    steps: int
    rows: int
    tokens: int
    """Tokens computed (after sharing)."""
    row_tokens: int
    """Tokens the same rows would have alone, without padding."""
    seconds: float
    first_loss: float
    last_loss: float


def with_lora(model: Any, recipe: Recipe, *, start_from: Path | None = None) -> Any:
    """The model with a LoRA on all its linear layers: new, or continuing the A and B of ``start_from`` (a PEFT folder)."""
    if start_from is not None:
        return PeftModel.from_pretrained(model, start_from, is_trainable=True)
    torch.manual_seed(recipe.seed)
    return get_peft_model(
        model, LoraConfig(r=recipe.rank, lora_alpha=recipe.alpha, target_modules="all-linear", task_type="CAUSAL_LM")
    )


def train(model: Any, rows: Sequence[Row], recipe: Recipe, on_step: Callable[[Step], None] | None = None) -> Result:
    """Train the LoRA of ``model`` on ``rows`` in place. Deterministic for the same rows, recipe and thread count."""
    model.train()
    parameters = [parameter for parameter in model.parameters() if parameter.requires_grad]
    optimiser = torch.optim.AdamW(
        parameters, lr=recipe.learning_rate, weight_decay=recipe.weight_decay, betas=(0.9, 0.98)
    )
    batches = _batches(rows, recipe)
    started = time.monotonic()
    tokens = row_count = done = 0
    losses: list[float] = []
    for number, batch in enumerate(batches, 1):
        progress = number / len(batches)
        if recipe.seconds is not None:
            progress = max(progress, (time.monotonic() - started) / recipe.seconds)
        if progress > 1.0 and number > 1:
            break
        for group in optimiser.param_groups:
            group["lr"] = recipe.learning_rate * _schedule(progress, recipe.warmup)
        labels = sum(len(one.labels) for one in batch)
        total = 0.0
        for one in batch:
            loss = _loss(model, one, recipe) / labels
            loss.backward()
            total += float(loss.detach())
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimiser.step()
        optimiser.zero_grad(set_to_none=True)
        losses.append(total)
        tokens += sum(len(one.tokens) for one in batch)
        row_count += sum(one.rows for one in batch)
        done = number
        if on_step is not None:
            on_step(Step(number, len(batches), total, tokens, row_count, time.monotonic() - started))
    mean_row = sum(map(len, rows)) / max(1, len(rows))
    return Result(
        steps=done,
        rows=row_count,
        tokens=tokens,
        row_tokens=round(mean_row * row_count),
        seconds=time.monotonic() - started,
        first_loss=losses[0] if losses else math.nan,
        last_loss=sum(losses[-5:]) / max(1, len(losses[-5:])),
    )


def _batches(rows: Sequence[Row], recipe: Recipe) -> list[list[Pack]]:
    """Packs of as many epochs as asked for, in optimiser steps of about ``batch_tokens``."""
    rng = random.Random(recipe.seed)
    packs: list[Pack] = []
    for _ in range(math.ceil(recipe.epochs)):
        packs += pack(rows, recipe.pack_tokens, rng)
    packs = packs[: max(1, round(len(packs) * recipe.epochs / math.ceil(recipe.epochs)))]
    batches: list[list[Pack]] = [[]]
    size = 0
    for one in packs:
        if batches[-1] and size + len(one.tokens) > recipe.batch_tokens * 1.1:
            batches.append([])
            size = 0
        batches[-1].append(one)
        size += len(one.tokens)
    return batches


def _schedule(progress: float, warmup: float) -> float:
    """Linear warm-up, then a cosine down to a twentieth."""
    if progress < warmup:
        return progress / warmup
    rest = min(1.0, (progress - warmup) / (1 - warmup))
    return 0.05 + 0.95 * 0.5 * (1 + math.cos(math.pi * rest))


def _loss(model: Any, one: Pack, recipe: Recipe) -> torch.Tensor:
    """Summed cross-entropy over the pack's labels; the output layer runs on their positions alone."""
    device = next(model.parameters()).device
    kind = torch.bfloat16 if recipe.bf16 else torch.float32
    allowed = torch.from_numpy(one.mask()).to(device)
    mask = torch.zeros(allowed.shape, dtype=kind, device=device).masked_fill(~allowed, torch.finfo(kind).min)
    context = torch.autocast(device.type, dtype=torch.bfloat16) if recipe.bf16 else nullcontext()
    causal = model.get_base_model()
    with context:
        hidden = causal.model(
            input_ids=torch.tensor([one.tokens], device=device),
            position_ids=torch.tensor([one.depths], device=device),
            attention_mask=mask[None, None],
            use_cache=False,
        ).last_hidden_state
        logits = causal.lm_head(hidden[0, torch.tensor(one.label_at, device=device)])
    return functional.cross_entropy(logits.float(), torch.tensor(one.labels, device=device), reduction="sum")
