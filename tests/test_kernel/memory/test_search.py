"""What is found, how it explains itself, and that nothing is silently missing."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest

from kernel.memory.asked import ask, text_to_embed
from kernel.memory.ingest import Ingest
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.memory.words import term_of
from tests.test_kernel.memory.conftest import vector_of

NOTES = {
    "House": (
        "2025-03-08",
        "Rent: 640 euros\nSpare key: with the Lumbs at number 11\nBoiler: serviced every October, Mr Dhillon",
    ),
    "Family": (
        "2024-05-01",
        "My brother Farhad drives a taxi in Altona. My sister Ifeoma teaches chemistry at a girls' school.",
    ),
    "Mum": ("2023-06-14", "Her name is Ngozi. She takes amlodipine in the morning."),
    "Walk": ("2024-07-06", "Walked to the lighthouse. Saw two seals."),
    "부산": ("2025-01-29", "나는 부산에서 바이올린을 배웠다. 고양이 두 마리와 살았다. 그때 커피를 마시지 않았다."),
    "Quotes": ("2024-01-01", "> My rent is far too high, said Oskar."),
}


@pytest.fixture
async def searcher(ingest: Ingest, store: Store) -> Iterator[Searcher]:
    for title, (day, text) in NOTES.items():
        await ingest.add_text(text, title=title, happened_at=day)
    searcher = Searcher(store.path)
    yield searcher
    searcher.close()


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        ("How much rent do I pay?", "640"),
        ("Who has the spare key?", "Lumbs"),
        ("What is your brother's name?", "Farhad"),
        ("What's your mom called?", "Ngozi"),
        ("What did you do on 6 July 2024?", "lighthouse"),
        ("부산에서 뭐 배웠어?", "바이올린"),
        ("고양이는 몇 마리야?", "고양이"),
    ],
)
@pytest.mark.parametrize("embedder", ["up", "down"])
async def test_the_answer_is_in_the_top_three(searcher: Searcher, question: str, wanted: str, embedder: str) -> None:
    hits = searcher.search(question, vector_of(question) if embedder == "up" else None, limit=3)
    assert any(wanted in hit.text for hit in hits), [hit.text for hit in hits]
    assert all(0 <= hit.score <= 1 for hit in hits)
    assert [hit.score for hit in hits] == sorted((hit.score for hit in hits), reverse=True)


async def test_down_and_pending_are_said(searcher: Searcher, ingest: Ingest, engine) -> None:
    assert "embedder down: found by words only" in searcher.search("rent", None)[0].explain.notes
    engine.down = True
    await ingest.add_text("My parrot Kiwi sings at dawn.")
    hit = searcher.search("What does the parrot do?", vector_of("What does the parrot do?"))[0]
    assert "parrot" in hit.text and hit.explain.vector is None and "vector pending" in hit.explain.notes


async def test_the_note_s_own_words_and_span_come_back(searcher: Searcher, store: Store) -> None:
    hit = searcher.search("Who has the spare key?", None)[0]
    note = await store.note(hit.note_id)
    assert note.text[hit.span.start : hit.span.end] == hit.text == "Spare key: with the Lumbs at number 11"
    assert hit.context == "House: Spare key: with the Lumbs at number 11"
    quoted = next(hit for hit in searcher.search("Is the rent too high?", None) if "Oskar" in hit.text)
    assert quoted.origin == "other"


async def test_as_of_hides_what_came_later(searcher: Searcher) -> None:
    assert all(hit.happened_at <= "2024-06-01" for hit in searcher.search("rent brother", None, as_of="2024-06-01"))
    assert any("640" in hit.text for hit in searcher.search("rent brother", None))


async def test_a_follow_up_leans_on_the_turn_before(searcher: Searcher) -> None:
    turns = ("What does your sister do?", "She teaches chemistry.")
    assert "sister" in ask("And what is her name?", turns).earlier
    assert text_to_embed("And what is her name?", turns) == "She teaches chemistry. And what is her name?"
    assert text_to_embed("How much is the monthly rent?", turns) == "How much is the monthly rent?"
    assert any("Ifeoma" in hit.text for hit in searcher.search("And what is her name?", None, limit=2, previous=turns))


async def test_changes_are_seen_at_once_and_from_many_threads(searcher: Searcher, ingest: Ingest) -> None:
    added = await ingest.add_text("My kayak is named Periwinkle.")
    question = "What is the kayak named?"
    with ThreadPoolExecutor(4) as pool:
        found = list(pool.map(lambda _: searcher.search(question, vector_of(question), limit=1)[0].text, range(20)))
    assert set(found) == {"My kayak is named Periwinkle."}
    await ingest.forget(added.added)
    assert all("kayak" not in hit.text for hit in searcher.search(question, vector_of(question)))


async def test_nothing_remembered_nothing_found(store: Store) -> None:
    searcher = Searcher(store.path)
    assert searcher.search("Who am I?", vector_of("Who am I?")) == []
    searcher.close()


async def test_what_is_said_twice_is_one_hit(ingest: Ingest, store: Store) -> None:
    added = await ingest.add_text("Emilia found the dog under a crate. Brown, long, rubbery. We sail on Sundays.")
    (memory,) = await store.unresolved()
    contexts = [one.context for one in memory.sentences]
    contexts[1] = f"{contexts[0]} {contexts[1]}"
    await store.set_contexts(memory, contexts)
    searcher = Searcher(store.path)
    try:
        hits = searcher.search("Which dog did Emilia find under the crate?", None, limit=2)
    finally:
        searcher.close()
    assert [hit.context for hit in hits] == [contexts[1], contexts[2]]
    assert {hit.note_id for hit in hits} == set(added.added)


def test_a_name_is_not_the_stem_of_a_verb() -> None:
    assert term_of("liv") == "liv" != term_of("live") == term_of("lives") == term_of("living") == term_of("lived")
    assert term_of("move") == term_of("moving") == term_of("moved") and term_of("bake") == term_of("baking")
