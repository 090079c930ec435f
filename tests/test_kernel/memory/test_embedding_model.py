"""Another embedding model by configuration: the old vectors serve until the new ones are all there."""

from __future__ import annotations

import msgspec

from kernel.config import KernelConfig, MemoryConfig, OwnerConfig, Paths
from kernel.mind import Mind

CONFIG = KernelConfig(owner=OwnerConfig(name="Robin Vale"))


async def test_the_model_is_changed_in_the_background(home: Paths) -> None:
    mind = await Mind.open(home, CONFIG)
    await mind.remember("I keep three hens behind the cannery.")
    await mind.remember("My sister Ifeoma teaches chemistry in Enugu.")
    before = (await mind.search("Who teaches chemistry?"))[0].explain.vector
    await mind.close()
    (home.models / "other.gguf").hardlink_to(home.base)  # a causal model, with vectors of another width
    other = msgspec.structs.replace(CONFIG, memory=MemoryConfig(embedder="other"))
    mind = await Mind.open(home, other)
    try:
        assert mind.store.embedding_model == "embedder", "the old vectors serve at once"
        hit = (await mind.search("Who teaches chemistry?"))[0]
        assert "Ifeoma" in hit.text and hit.explain.vector == before
        await mind.understand()
        assert mind.store.embedding_model == "other"
        assert (await mind.store.counts()).vectors_pending == 0
        hits = await mind.search("Who teaches chemistry?")
        assert hits and all(hit.explain.vector is not None and hit.explain.vector != before for hit in hits)
        await mind.remember("The hens are called Ada, Bo and Cleo.")
        assert (await mind.search("What are the hens called?"))[0].explain.vector is not None
    finally:
        await mind.close()


async def test_a_model_that_is_not_there_is_named_and_words_still_find(home: Paths) -> None:
    config = msgspec.structs.replace(CONFIG, memory=MemoryConfig(embedder="absent"))
    mind = await Mind.open(home, config)
    try:
        added = await mind.remember("I keep three hens behind the cannery.")
        assert added.vectors_pending == 1
        (hit,) = await mind.search("Where are the hens?")
        assert hit.explain.vector is None and "embedder down: found by words only" in hit.explain.notes
    finally:
        await mind.close()
