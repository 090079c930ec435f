"""What is trained is what is served: the same tokens, and the same logits from PEFT and from the GGUF adapter."""

import shutil
from pathlib import Path

import llama_cpp
import numpy as np
import pytest
import torch

from kernel.answer.prompt import ChatTemplate, prompt_of_self
from kernel.config import Paths
from kernel.engine.starter import base_sha256
from kernel.l2_training import sft
from kernel.l2_training.adapter import write_gguf
from kernel.l2_training.base import dequantise, load
from kernel.l2_training.rows import to_rows
from kernel.l2_training.worker import save_f16
from kernel.types import Explain, Hit, Message, Sample, Span

pytestmark = pytest.mark.slow

HIT = Hit(
    note_id="n_1",
    chunk_id="c_1",
    sentence_id="s_1",
    title="Café & 기타",
    text="She is four — née 'Mø' <|im_end|> 부산에서 왔다.",
    context="Pepper is four — née 'Mø' <|im_end|> 부산에서 왔다.",
    span=Span(0, 10),
    score=0.9,
    explain=Explain(vector=0.5, words=1, hangul=0, trigram=0, overlap=1),
    happened_at="2025-02-09",
    origin="owner",
    language="en",
)
CONVERSATION = prompt_of_self(
    "Maren Solheim-Vance",
    "How old is she?\n\nAnd 몇 살?",
    [HIT],
    before=(Message(role="user", content="Do you have a cat?"), Message(role="assistant", content="Yes, Pepper.")),
)


@pytest.fixture(scope="module")
def trained(starter_models: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[object, object, Path, Path]:
    """The starter base with a LoRA whose B is not zero, saved as PEFT and as GGUF."""
    folder = tmp_path_factory.mktemp("adapter")
    paths = Paths(folder / "home")
    paths.models.mkdir(parents=True)
    for file in starter_models.iterdir():
        shutil.copyfile(file, paths.models / file.name)
    model, tokenizer = load(dequantise(paths, base_sha256(paths)))
    model = sft.with_lora(model, sft.Recipe())
    torch.manual_seed(5)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if "lora_B" in name:
                weight.normal_(std=0.04)
    save_f16(model, folder / "peft")
    for name, weight in model.named_parameters():  # what the file holds: half precision
        if "lora_" in name:
            weight.data = weight.data.half().float()
    write_gguf(folder / "peft", paths.base, folder / "adapter.gguf", {"base_sha256": base_sha256(paths)})
    return model, tokenizer, paths.base, folder / "adapter.gguf"


def served_logits(base: Path, adapter: Path | None, tokens: list[int]) -> np.ndarray:
    served = llama_cpp.Llama(
        str(base), lora_path=str(adapter) if adapter else None, n_ctx=512, logits_all=True, verbose=False
    )
    served.eval(tokens)
    found = np.array(served.scores[: len(tokens)])
    served.close()
    return found


def test_training_and_serving_see_the_same_tokens(trained) -> None:
    _, tokenizer, base, _ = trained
    template = ChatTemplate(tokenizer.chat_template, eos_token=tokenizer.eos_token)
    sample = Sample(id="1", kind="grounded", prompt=CONVERSATION, answer="Four.", question="", note_ids=())
    (row,) = to_rows([sample], template, tokenizer, max_length=1024)
    served = llama_cpp.Llama(str(base), n_ctx=64, vocab_only=True, verbose=False)
    tokens = served.tokenize(template.render(CONVERSATION).encode(), add_bos=False, special=True)
    assert tokens == list(row.prompt)
    assert served.token_eos() == row.answer[-1]
    assert tokens.count(served.token_eos()) == 4  # of the template's own: words of a note never become special tokens


def test_the_gguf_adapter_gives_pefts_logits(trained) -> None:
    model, tokenizer, base, adapter = trained
    template = ChatTemplate(tokenizer.chat_template, eos_token=tokenizer.eos_token)
    tokens = tokenizer.encode(template.render(CONVERSATION), add_special_tokens=False)
    with torch.no_grad():
        expected = model(torch.tensor([tokens])).logits[0].numpy()
        with model.disable_adapter():
            plain = model(torch.tensor([tokens])).logits[0].numpy()
    with_adapter, without = served_logits(base, adapter, tokens), served_logits(base, None, tokens)
    # llama.cpp computes with 8-bit activations: near, not equal, with and without an adapter
    noise = np.abs(without - plain).mean()
    assert np.abs(with_adapter - expected).mean() < 2 * noise
    effect, wanted = (with_adapter - without).ravel(), (expected - plain).ravel()
    assert np.abs(wanted).mean() > 2 * noise, "the adapter must do something to be compared"
    assert np.corrcoef(effect, wanted)[0, 1] > 0.95
