"""Packs give every row the loss it has alone; training moves the LoRA and nothing else."""

import random

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from kernel.l2_training import sft
from kernel.l2_training.packing import Pack, Row, pack

ROWS = [
    Row((1, 5, 6, 7), (8, 9, 2)),
    Row((1, 5, 6, 10), (11, 2)),
    Row((1, 5, 6, 7), (12, 2)),
    Row((3, 4), (5, 6, 2)),
    Row((1, 5, 9, 9, 9), (30, 31, 32, 2)),
]
EXACT = sft.Recipe(bf16=False, rank=4, alpha=8)


def tiny_model() -> LlamaForCausalLM:
    torch.manual_seed(0)
    return LlamaForCausalLM(
        LlamaConfig(
            vocab_size=64,
            hidden_size=32,
            intermediate_size=64,
            num_hidden_layers=2,
            num_attention_heads=4,
            num_key_value_heads=2,
            tie_word_embeddings=True,
        )
    )


def one(row: Row) -> Pack:
    alone = Pack()
    alone.add(row)
    return alone


def test_shared_prefixes_stand_once() -> None:
    together = Pack()
    for row in ROWS:
        together.add(row)
    assert len(together.tokens) < sum(len(row) - 1 for row in ROWS)
    assert together.rows == len(ROWS)
    assert sorted(together.labels) == sorted(token for row in ROWS for token in row.answer)


def test_a_token_sees_its_own_row_only() -> None:
    together = Pack()
    for row in ROWS:
        together.add(row)
    mask = together.mask()
    for at, depth in enumerate(together.depths):
        assert mask[at].sum() == depth + 1  # exactly its ancestors and itself
        assert mask[at, at]
        assert not mask[at, at + 1 :].any()


def test_packed_loss_is_the_sum_of_the_rows_alone() -> None:
    model = sft.with_lora(tiny_model(), EXACT)
    together = Pack()
    for row in ROWS:
        together.add(row)
    alone = sum(float(sft._loss(model, one(row), EXACT).detach()) for row in ROWS)
    assert float(sft._loss(model, together, EXACT).detach()) == pytest.approx(alone, rel=1e-5)


def test_packs_keep_their_size_and_every_row() -> None:
    rng = random.Random(3)
    rows = [Row(tuple(rng.randrange(3, 60) for _ in range(rng.randrange(4, 30))), (2,), str(n % 7)) for n in range(60)]
    packs = pack(rows, 64, random.Random(1))
    assert sum(each.rows for each in packs) == len(rows)
    assert all(len(each.tokens) <= 64 for each in packs)
    assert [each.tokens for each in pack(rows, 64, random.Random(1))] == [each.tokens for each in packs]


def test_training_moves_the_lora_and_not_the_base() -> None:
    model = sft.with_lora(tiny_model(), EXACT)
    before = {name: weight.detach().clone() for name, weight in model.named_parameters()}
    result = sft.train(
        model, ROWS, sft.Recipe(bf16=False, rank=4, alpha=8, epochs=80, batch_tokens=32, learning_rate=5e-2)
    )
    assert result.last_loss < 0.9 * result.first_loss
    for name, weight in model.named_parameters():
        moved = not torch.equal(before[name], weight)
        assert moved == ("lora_" in name), name


def test_the_same_recipe_gives_the_same_weights() -> None:
    recipe = sft.Recipe(bf16=False, rank=4, alpha=8, epochs=3, batch_tokens=32)
    finals = []
    for _ in range(2):
        model = sft.with_lora(tiny_model(), recipe)
        sft.train(model, ROWS, recipe)
        finals.append(np.concatenate([w.detach().numpy().ravel() for n, w in model.named_parameters() if "lora_" in n]))
    assert np.array_equal(*finals)


def test_one_batch_of_many_packs_equals_one_large_pack() -> None:
    finals = []
    for size in (12, 512):
        recipe = sft.Recipe(bf16=False, rank=4, alpha=8, epochs=1, batch_tokens=4096, pack_tokens=size)
        model = sft.with_lora(tiny_model(), recipe)
        sft.train(model, ROWS, recipe)
        finals.append(np.concatenate([w.detach().numpy().ravel() for n, w in model.named_parameters() if "lora_" in n]))
    assert np.allclose(*finals, atol=1e-5)


def test_continuing_starts_from_the_saved_matrices(tmp_path) -> None:
    recipe = sft.Recipe(bf16=False, rank=4, alpha=8, epochs=4, batch_tokens=32)
    model = sft.with_lora(tiny_model(), recipe)
    sft.train(model, ROWS, recipe)
    model.save_pretrained(tmp_path)
    again = sft.with_lora(tiny_model(), recipe, start_from=tmp_path)
    loss = [float(sft._loss(each, one(ROWS[0]), recipe).detach()) for each in (model, again)]
    assert loss[0] == pytest.approx(loss[1], rel=1e-5)
    assert any(weight.requires_grad for weight in again.parameters())


def test_the_time_budget_ends_training_early() -> None:
    recipe = sft.Recipe(bf16=False, rank=4, alpha=8, epochs=10_000, batch_tokens=32, seconds=0.5)
    result = sft.train(sft.with_lora(tiny_model(), recipe), ROWS, recipe)
    assert 0 < result.steps < 10_000
