"""The ``prepare`` job through its own door: a small vault in, dataset and exam out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

import msgspec
import pytest

from kernel.answer.check import refuses, unsupported
from kernel.answer.prompt import persona
from kernel.config import Paths, TrainingConfig
from kernel.engine.embedder import Embedder
from kernel.events import AnyEvent, Progressed, StageStarted
from kernel.exam.structs import ExamQuestion
from kernel.l0_insight.jobs import understand
from kernel.l2_training.data.questions import normalised
from kernel.l2_training.dataset import make
from kernel.l2_training.structs import PrepareTask
from kernel.l2_training.worker import DATASET, read_samples
from kernel.memory.chunks import to_memory
from kernel.memory.language import language_of
from kernel.memory.store import Store
from kernel.types import Biography, Citation, Cited, Identity, Memory, Note, Origin, Sample, Span

OWNER = "Maud Ferrier"


def note(number: int, title: str, text: str, *, day: str = "2024-05-01", origin: Origin = "owner") -> Note:
    return Note(
        id=f"n_{number:012x}",
        origin=origin,
        kind="markdown",
        title=title,
        text=text,
        happened_at=day,
        happened_from="front_matter",
        learned_at="2025-01-01T00:00:00+00:00",
        source=f"/notes/{number}.md",
        content_hash=f"{number:064x}",
        language=language_of(text),
    )


@pytest.fixture
def filled(paths: Paths) -> Callable[[Sequence[Note]], Paths]:
    """Put notes into the home's memory and hand back its paths."""

    def fill(notes: Sequence[Note]) -> Paths:
        memories = [to_memory(one, 1200) for one in notes]
        understood = understand(memories, lambda _event: None)
        memories = [_resolved(memory, one.contexts) for memory, one in zip(memories, understood, strict=True)]
        embedder = Embedder(paths.embedder, threads=1)
        vectors = embedder.embed([sentence.context for memory in memories for sentence in memory.sentences])
        embedder.close()

        async def write() -> None:
            store = await Store.open(paths.database)
            await store.write(memories, vectors, "b_test")
            await store.put_insights([one.insight for one in understood])
            await store.close()

        asyncio.run(write())
        return paths

    return fill


def task(paths: Paths, *, identity: Identity | None = None, owner: str = OWNER, **training: object) -> PrepareTask:
    return PrepareTask(
        home=str(paths.home),
        version="0001",
        owner=owner,
        identity=identity,
        training=msgspec.convert(training, TrainingConfig),
        questions=20,
        seed=7,
    )


def _resolved(memory: Memory, contexts: Sequence[str]) -> Memory:
    sentences = (
        msgspec.structs.replace(sentence, context=context, resolved=True)
        for sentence, context in zip(memory.sentences, contexts, strict=True)
    )
    return msgspec.structs.replace(memory, sentences=tuple(sentences))


Fill = Callable[[Sequence[Note]], Paths]

ENGLISH = [
    note(1, "Liv", "My sister Liv lives in Bergen. She drives a tram and sings alto in the harbour choir."),
    note(
        2,
        "Health",
        "Doctor: Dr Okafor, Mill Road clinic\nAllergy: penicillin\nRent: 900 pounds a month",
        day="2024-02-03",
    ),
    note(
        3,
        "The workshop",
        "Hugo taught me bookbinding in Leeds. I sold the old press in March 2022 because the cellar was damp.",
        day="2024-03-09",
    ),
    note(
        4,
        "Opinions",
        "I love rhubarb crumble. I hate leaf blowers. I think a good knife is worth its price.",
        day="2024-04-11",
    ),
    note(
        5,
        "A letter",
        "Priya wrote to me:\n\n> I bought a lighthouse in Cornwall. My brother Aldo keeps bees there.\n\nI answered.",
        day="2024-06-01",
    ),
    note(
        6,
        "Codes",
        "Card: 4539 1488 0343 6467\nPassword: tulip-harbour-9\nKey: sk-live-a8F3kd93kfKQ02mdk2Lsp93k\n"
        "IBAN: GB82 WEST 1234 5698 7654 32",
        day="2024-07-01",
    ),
    note(
        7,
        "An article",
        "The heron lives in Norfolk. Walter Quill built the first windmill in 1911.",
        day="2024-08-01",
        origin="web",
    ),
    note(
        8,
        "Garden",
        "My neighbour Otto planted eleven pear trees. The greenhouse in the corner is four metres long.",
        day="2024-09-05",
    ),
]


@pytest.fixture
def made(filled: Fill) -> tuple[list[Sample], Paths]:
    paths = filled(ENGLISH)
    make(task(paths), lambda _event: None)
    return read_samples(paths.self_folder("0001") / DATASET), paths


def own(samples: Sequence[Sample]) -> list[Sample]:
    """Those that rest on the owner's notes."""
    return [one for one in samples if one.generator.startswith("rules-1")]


def test_pairs_are_asked_and_answered_in_the_serving_format(made: tuple[list[Sample], Paths]) -> None:
    samples, _ = made
    answers = {one.question: one for one in own(samples) if one.kind == "grounded"}
    assert len(answers) >= 8
    for one in answers.values():
        assert one.prompt[0] == persona(OWNER)
        assert one.prompt[-1].content.startswith("My notes:\n- ") and one.prompt[-1].content.endswith(
            f"\n\n{one.question}"
        )
        assert unsupported(one.answer, [message.content for message in one.prompt]) == set(), one
        assert one.spans and one.passed.startswith("round trip at rank ")
    text = " ".join(f"{question} {one.answer}" for question, one in answers.items())
    assert "Bergen" in text and "penicillin" in text and "pear" in text


def test_a_pairs_sentence_is_among_its_evidence(made: tuple[list[Sample], Paths]) -> None:
    samples, _ = made
    texts = {one.id: one.text for one in ENGLISH}
    for one in own(samples):
        if one.kind == "grounded":
            ((note_id, start, end),) = one.spans
            words = texts[note_id][start:end].split(":")[-1].split()[-2:]
            assert " ".join(words).rstrip(".") in one.prompt[-1].content, one


def test_nobody_elses_words_are_answers(made: tuple[list[Sample], Paths]) -> None:
    samples, _ = made
    learned = " ".join(f"{one.question} {one.answer}" for one in own(samples))
    for theirs in ("lighthouse", "Aldo", "heron", "windmill", "Walter"):
        assert theirs not in learned


def test_secrets_are_nowhere_in_the_file(made: tuple[list[Sample], Paths]) -> None:
    _, paths = made
    body = (paths.self_folder("0001") / DATASET).read_text("utf-8")
    for secret in ("4539 1488", "tulip-harbour", "a8F3kd93", "GB82"):
        assert secret not in body


def test_refusals_are_about_a_tenth_and_refuse(made: tuple[list[Sample], Paths]) -> None:
    samples, _ = made
    refusals = [one for one in samples if one.kind == "refusal"]
    assert 0.05 <= len(refusals) / len(samples) <= 0.15
    for one in refusals:
        assert refuses(one.answer), one.answer
    mine = [one for one in refusals if one.generator == "bank-1"]
    assert mine and not any(
        word in one.question.lower() for one in mine for word in ("sister", "doctor", "rent", "allerg")
    )


def test_no_exam_question_is_trained_on(made: tuple[list[Sample], Paths]) -> None:
    samples, paths = made
    lines = (paths.self_folder("0001") / "exam.jsonl").read_bytes().splitlines()
    exam = {normalised(msgspec.json.decode(line, type=ExamQuestion).q) for line in lines}
    assert exam and not exam & {normalised(one.question) for one in samples}


def test_the_same_inputs_give_the_same_bytes_and_a_seed_others(filled: Fill) -> None:
    paths = filled(ENGLISH)
    file = paths.self_folder("0001") / DATASET
    first = make(task(paths), lambda _event: None)
    body = file.read_bytes()
    again = make(task(paths), lambda _event: None)
    assert file.read_bytes() == body and again == first
    assert make(task(paths, seed=2), lambda _event: None).dataset_sha256 != first.dataset_sha256


def test_what_was_made_is_counted_and_told(filled: Fill) -> None:
    paths = filled(ENGLISH)
    events: list[AnyEvent] = []
    prepared = make(task(paths, recall_share=0.15), events.append)
    assert prepared.notes == len(ENGLISH) and 5 <= prepared.notes_covered <= 6
    assert prepared.samples["grounded"] > prepared.samples["recall"] > 0
    assert prepared.dropped["someone else's words"] >= 4 and prepared.dropped["secret"] >= 3
    assert isinstance(events[0], StageStarted) and isinstance(events[-1], Progressed) and events[-1].done == 100


def test_recall_is_off_unless_it_is_asked_for(filled: Fill) -> None:
    paths = filled(ENGLISH)
    assert "recall" not in make(task(paths), lambda _event: None).samples


def test_identity_shows_the_biography_as_serving_does(filled: Fill) -> None:
    paths = filled(ENGLISH)
    citation = Citation(note_id=ENGLISH[0].id, title="Liv", quote=ENGLISH[0].text[:31], span=Span(0, 31))
    biography = Biography(first_person=(Cited(text="My sister Liv lives in Bergen.", citations=(citation,)),))
    identity = Identity(
        version=1,
        created="2025-01-01",
        owner=OWNER,
        input_hash="",
        topics=(),
        outliers=(),
        shades=(),
        biography=biography,
        attributes=(),
    )
    make(task(paths, identity=identity), lambda _event: None)
    samples = [one for one in read_samples(paths.self_folder("0001") / DATASET) if one.kind == "identity"]
    told = [one for one in samples if one.generator == "biography"]
    assert told and all(one.answer == f"I'm {OWNER}. My sister Liv lives in Bergen." for one in told)
    who = next(one for one in samples if one.question == "What's your name?")
    assert "My sister Liv lives in Bergen." in who.prompt[-1].content and OWNER in who.answer
    assert "{name}" not in " ".join(one.question + one.answer for one in samples)


def test_without_a_name_nobody_is_named(filled: Fill) -> None:
    paths = filled(ENGLISH[:3])
    assert "identity" not in make(task(paths, owner=""), lambda _event: None).samples


KOREAN = [
    note(21, "부산", "나는 부산에서 살았다. 내 고향은 전주이다. 나는 미역국을 좋아한다."),
    note(22, "미역국", "재료: 마른 미역 한 줌\n먼저 미역을 물에 불린다."),
]


def test_a_korean_vault_keeps_identity_and_replay(filled: Fill) -> None:
    prepared = make(task(filled(KOREAN)), lambda _event: None)
    assert prepared.samples["identity"] > 50 and prepared.samples["replay"] > 100
    assert prepared.dropped["language not trained"] == 5


def test_korean_is_asked_where_the_base_writes_it(filled: Fill) -> None:
    paths = filled(KOREAN)
    make(task(paths, languages=["en", "ko"]), lambda _event: None)
    samples = own(read_samples(paths.self_folder("0001") / DATASET))
    answers = {one.question: one.answer for one in samples}
    assert answers, "no Korean question passed"
    assert all(one.language == "ko" for one in samples)
    assert answers.get("어디에서 사셨어요?") == "부산에서 살았어요." or answers.get("고향은 뭐예요?") in {
        "제 고향은 전주예요.",
        "전주예요.",
    }
