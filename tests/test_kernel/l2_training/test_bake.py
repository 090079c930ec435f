"""A baked self says what base and adapter say; what does not fit is refused by name; nothing is ever left half."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from pathlib import Path

import gguf
import llama_cpp
import msgspec
import numpy as np
import pytest

from kernel.abc import Generate, Piece
from kernel.config import KernelConfig, Paths, TrainingConfig
from kernel.engine.scripted import ScriptedEngine
from kernel.engine.starter import base_sha256
from kernel.errors import JobFailed, ModelError, WrongUse
from kernel.events import AnyEvent, Progressed
from kernel.home import init_home
from kernel.l2_training.bake import bake, quantise, read_adapter
from kernel.l2_training.structs import BakeTask
from kernel.mind import Mind
from kernel.selves.shelf import Shelf
from kernel.types import Baked, SelfVersion

ASKED = (
    "<|im_start|>system\nYou are Robin Vale. Answer from the notes.\nNotes:\n- I moved to Bergen in May 2024.\n"
    "- My dog Biscuit is a brown whippet and she is four.<|im_end|>\n"
    "<|im_start|>user\nWhat is my dog called, and how old is she?<|im_end|>\n<|im_start|>assistant\n"
)
WHOLE = ASKED + "My dog is called Biscuit and she is four.<|im_end|>\n<|im_start|>user\nWhere do I live?<|im_end|>\n"


@pytest.fixture(scope="module")
def begun(starter_models: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home as ``oneself init`` makes it, with self 0000; read only."""
    made = Paths(tmp_path_factory.mktemp("begun") / "home")
    made.models.mkdir(parents=True)
    made.lock.touch()  # how a begun home looks to init
    for file in starter_models.iterdir():
        _link_or_copy(file, made.models / file.name)
    init_home(made, name="Robin Vale")
    return made.home


@pytest.fixture
def home(begun: Path, tmp_path: Path) -> Paths:
    return Paths(shutil.copytree(begun, tmp_path / "home", copy_function=_link_or_copy))


def _link_or_copy(source: str | Path, target: str | Path) -> None:
    """Models, which nobody writes to, are linked."""
    if Path(source).parent.name != "models":
        shutil.copyfile(source, target)
        return
    try:
        Path(target).hardlink_to(source)
    except OSError:  # another file system, or one without links
        shutil.copyfile(source, target)


def task(paths: Paths, target: Path) -> BakeTask:
    return BakeTask(
        base=str(paths.base),
        base_sha256=base_sha256(paths),
        adapter=str(paths.self_folder("0000") / "adapter.gguf"),
        target=str(target),
        type="F16",
        threads=0,
    )


def said(model: Path, adapter: Path | None = None) -> tuple[np.ndarray, str]:
    """Logits after every token of ``WHOLE``, and the greedy answer to ``ASKED``."""
    served = llama_cpp.Llama(
        str(model), lora_path=str(adapter) if adapter else None, n_ctx=512, logits_all=True, verbose=False
    )
    tokens = served.tokenize(WHOLE.encode(), add_bos=False, special=True)
    served.eval(tokens)
    logits = np.array(served.scores[: len(tokens)])
    served.reset()
    answer = served.create_completion(ASKED, max_tokens=24, temperature=0)["choices"][0]["text"]
    served.close()
    return logits, answer


@pytest.mark.slow
def test_a_baked_self_says_what_base_and_adapter_say(home: Paths, tmp_path: Path) -> None:
    adapter = home.self_folder("0000") / "adapter.gguf"
    plain, _ = said(home.base)
    wanted, answer = said(home.base, adapter)
    assert "Biscuit" in answer
    effect = np.abs(wanted - plain).mean()
    half, eight = tmp_path / "F16.gguf", tmp_path / "Q8_0.gguf"
    events: list[AnyEvent] = []
    made = bake(task(home, half), events.append)
    quantise(half, eight, "Q8_0", 0)
    for file in (half, eight):
        found, same_answer = said(file)
        # llama.cpp computes with 8-bit activations under an adapter; measured with this skill: mean 0.22 (F16) and 0.26
        # (Q8_0), max 2.3 and 2.6, where the adapter itself changes the logits by 3.2 on average
        difference = np.abs(found - wanted)
        assert difference.mean() < effect / 6 and difference.max() < 6.0
        assert (found.argmax(axis=1) == wanted.argmax(axis=1)).mean() > 0.9
        assert same_answer == answer
    assert (made.type, made.bytes) == ("F16", half.stat().st_size)
    told = [one for one in events if isinstance(one, Progressed)]
    assert told and (told[0].done, told[-1].done) == (1, told[-1].total)
    assert sorted(path.name for path in tmp_path.glob("*.gguf*")) == ["F16.gguf", "Q8_0.gguf"]
    assert_made_of(home, eight, made)


def assert_made_of(home: Paths, file: Path, made: Baked) -> None:
    """The base's metadata and tensors, and the hashes; norms in float32, embeddings tied as they were."""
    base, baked = gguf.GGUFReader(home.base), gguf.GGUFReader(file)
    own = {"general.file_type", "general.quantization_version", "GGUF.kv_count", "GGUF.tensor_count"}
    for name, field in base.fields.items():
        assert name in own or baked.fields[name].contents() == field.contents(), name
    assert baked.fields["oneself.base_sha256"].contents() == made.base_sha256 == base_sha256(home)
    assert baked.fields["oneself.adapter_sha256"].contents() == made.adapter_sha256
    template = Shelf(home).get("0000").template
    assert baked.fields["oneself.template_sha256"].contents() == template
    assert baked.fields["general.file_type"].contents() == gguf.LlamaFileType.MOSTLY_Q8_0
    kinds = {tensor.name: tensor.tensor_type for tensor in baked.tensors}
    assert kinds.keys() == {tensor.name for tensor in base.tensors} and "output.weight" not in kinds
    norms = {name for name in kinds if name.endswith("norm.weight")}
    assert norms and {kinds[name] for name in norms} == {gguf.GGMLQuantizationType.F32}
    assert {kinds[name] for name in kinds.keys() - norms} == {gguf.GGMLQuantizationType.Q8_0}


@pytest.fixture(scope="module")
def base(starter_models: Path) -> gguf.GGUFReader:
    return gguf.GGUFReader(starter_models / "base.gguf")


@pytest.mark.parametrize("share", [0.0, 0.0001, 0.001, 0.5, 0.999])
def test_a_cut_adapter_is_refused_by_name(home: Paths, tmp_path: Path, base: gguf.GGUFReader, share: float) -> None:
    whole = (home.self_folder("0000") / "adapter.gguf").read_bytes()
    cut = tmp_path / "cut.gguf"
    cut.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(ModelError, match=r"cut\.gguf is not a whole GGUF file"):
        read_adapter(cut, base, base_sha256(home))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"oneself.base_sha256": "0" * 64}, "another base model"),
        ({"oneself.template_sha256": "0" * 64}, "another chat template"),
        ({"general.type": "model"}, "not a LoRA adapter"),
        ({"blk.0.attn_q.weight.lora_b": None}, "one matrix of two"),
        ({"blk.0.attn_q.weight.lora_a": (4, 7), "blk.0.attn_q.weight.lora_b": (576, 4)}, "the base's is"),
        ({"blk.99.attn_q.weight.lora_a": (4, 576), "blk.99.attn_q.weight.lora_b": (576, 4)}, "which the base has not"),
    ],
)
def test_an_adapter_of_something_else_is_refused_by_name(
    paths: Paths, tmp_path: Path, base: gguf.GGUFReader, change: dict[str, str | tuple[int, int] | None], message: str
) -> None:
    file = tmp_path / "other.gguf"
    parts: dict[str, str | tuple[int, int] | None] = {
        "general.type": "adapter",
        "adapter.type": "lora",
        "oneself.base_sha256": base_sha256(paths),
        "blk.0.attn_q.weight.lora_a": (4, 576),
        "blk.0.attn_q.weight.lora_b": (576, 4),
    }
    writer = gguf.GGUFWriter(file, "llama")
    for name, value in (parts | change).items():
        if isinstance(value, str):
            writer.add_string(name, value)
        elif value is not None:
            writer.add_tensor(name, np.ones(value, np.float16))
    writer.add_float32("adapter.lora.alpha", 8.0)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
    with pytest.raises(ModelError, match=message) as caught:
        read_adapter(file, base, base_sha256(paths))
    assert "other.gguf" in str(caught.value)


class Loading(ScriptedEngine):
    """Keeps which files it was given; ``takes``: whether it takes a whole model."""

    takes = True

    def __init__(self) -> None:
        super().__init__()
        self.loaded: list[tuple[str, str]] = []

    async def load_adapter(self, version: str, path: Path) -> None:
        if path.name == "self.gguf" and not self.takes:
            raise ModelError(f"{path} is no model of this engine")
        await super().load_adapter(version, path)
        self.loaded.append((version, path.name))


@pytest.fixture
def engine() -> Loading:
    return Loading()


@pytest.fixture
async def mind(home: Paths, engine: Loading) -> AsyncIterator[Mind]:
    opened = await Mind.open(home, KernelConfig(training=TrainingConfig(after_forgetting=0.0)), engine=engine)
    yield opened
    await opened.close()


def lies_in(mind: Mind, version: str = "0000") -> set[str]:
    return {path.name for path in mind.paths.self_folder(version).iterdir()}


def served_name(mind: Mind, version: str = "0000") -> str:
    served = mind.shelf.served_file(version)
    assert served is not None
    return served.name


@pytest.mark.slow
async def test_the_baked_file_is_served_until_it_is_not_whole(mind: Mind, engine: Loading) -> None:
    baked = (await mind.bake("0000", "F16")).baked
    assert baked is not None and baked.type == "F16"
    assert engine.loaded[-1] == ("0000", "self.gguf")
    assert lies_in(mind) == {"adapter.gguf", "manifest.json", "self.gguf"}
    assert (await mind.bake("0000", "F16")).baked == baked, "once is enough"
    file = mind.paths.self_folder("0000") / "self.gguf"
    assert mind.shelf.served_file("0000") == file
    with file.open("r+b") as opened:  # one bit of one weight
        opened.seek(-1000, 2)
        (byte,) = opened.read(1)
        opened.seek(-1000, 2)
        opened.write(bytes([byte ^ 1]))
    assert served_name(mind) == "adapter.gguf"
    with file.open("r+b") as opened:
        opened.seek(-1000, 2)
        opened.write(bytes([byte]))
    assert served_name(mind) == "self.gguf"
    engine.takes = False  # what the engine refuses is not kept, lest the next start fail on it
    with pytest.raises(ModelError, match="no model of this engine"):
        await mind.bake("0000", "F16")
    assert engine.loaded[-1] == ("0000", "adapter.gguf") and mind.shelf.get("0000").baked is None
    assert served_name(mind) == "adapter.gguf" and lies_in(mind) == {"adapter.gguf", "manifest.json"}


@pytest.mark.slow
async def test_the_engine_swaps_to_it_while_it_answers(home: Paths) -> None:
    mind = await Mind.open(home, KernelConfig())
    try:
        wanted = await answered(mind)
        before = (await mind.engine.stats())["swaps"]
        baking = asyncio.create_task(mind.bake("0000"))
        during = [await answered(mind)]
        while not baking.done():
            during.append(await answered(mind))
        await baking
        assert {*during, await answered(mind)} == {wanted}
        assert (await mind.engine.stats())["swaps"] > before
    finally:
        await mind.close()
    mind = await Mind.open(home, KernelConfig())
    try:
        assert mind.shelf.served_file("0000") == home.self_folder("0000") / "self.gguf"
        assert await answered(mind) == wanted
    finally:
        await mind.close()


async def answered(mind: Mind) -> str:
    text = ""
    async for item in mind.engine.generate(Generate(prompt=ASKED, max_tokens=24, adapter="0000")):
        text += item.text if isinstance(item, Piece) else ""
    return text


async def test_an_interrupted_bake_leaves_what_was_there(mind: Mind, engine: Loading) -> None:
    under_way = asyncio.Event()

    def on_event(event: AnyEvent) -> None:
        if isinstance(event, Progressed) and event.done == 40:
            under_way.set()

    before = lies_in(mind)
    baking = asyncio.create_task(mind.bake("0000", on_event=on_event))
    await under_way.wait()
    assert "self.gguf.f16.part" in lies_in(mind)
    with pytest.raises(WrongUse, match="self 0000 is being baked"):
        await mind.bake("0000")
    baking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await baking
    assert lies_in(mind) == before and mind.shelf.get("0000").baked is None
    assert engine.loaded == [("0000", "adapter.gguf")]


async def test_what_a_killed_process_had_begun_is_removed(home: Paths) -> None:
    part = home.self_folder("0000") / "self.gguf.part"
    part.write_bytes(b"half a model")
    opened = await Mind.open(home, KernelConfig(), engine=ScriptedEngine())
    await opened.close()
    assert not part.exists()


async def test_forgetting_ends_the_bake_of_a_self_that_learned_it(mind: Mind) -> None:
    added = await mind.remember("Pepper is a brown whippet who is afraid of the vacuum cleaner.")
    first, folder = mind.shelf.get("0000"), mind.paths.self_folder("0001")
    folder.mkdir()
    (folder / "adapter.gguf").write_bytes((mind.paths.self_folder("0000") / "adapter.gguf").read_bytes())
    sample = {"id": "s", "kind": "grounded", "prompt": [], "answer": "", "question": "", "note_ids": added.added}
    (folder / "dataset.jsonl").write_bytes(msgspec.json.encode(sample) + b"\n")
    mind.shelf.write(msgspec.structs.replace(first, version="0001", state="candidate"))
    under_way = asyncio.Event()
    baking = asyncio.create_task(mind.bake("0001", on_event=lambda _event: under_way.set()))
    await under_way.wait()
    await mind.forget(added.added)
    with pytest.raises(WrongUse, match="forgotten"):
        await baking
    assert not any(name.endswith((".gguf", ".part")) for name in lies_in(mind, "0001"))


async def test_what_cannot_be_baked_says_why(mind: Mind) -> None:
    quoting = SelfVersion(version="0001", state="candidate", base="b", template="t", created="2026-01-01", adapter=None)
    mind.shelf.write(quoting)
    with pytest.raises(WrongUse, match="self 0001 has no adapter"):
        await mind.bake("0001")
    adapter = mind.paths.self_folder("0000") / "adapter.gguf"
    adapter.write_bytes(adapter.read_bytes()[:1000])
    with pytest.raises(JobFailed, match=r"adapter\.gguf is not a whole GGUF file") as caught:
        await mind.bake("0000")
    assert caught.value.code == "model" and lies_in(mind) == {"adapter.gguf", "manifest.json"}
