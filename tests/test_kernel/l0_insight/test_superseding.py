"""What a later note takes the place of, and what it leaves alone: small vaults, really understood."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import msgspec
import pytest

from kernel.config import KernelConfig
from kernel.l0_insight.extractive import ExtractiveAnalyst
from kernel.l0_insight.structs import ANALYST
from kernel.l0_insight.superseding import find_superseded
from kernel.memory.ingest import Ingest
from kernel.memory.search import Searcher
from kernel.memory.store import Store
from kernel.superseding import mark_superseded
from kernel.types import Memory
from kernel.worker import ProcessWorker
from tests.test_kernel.memory.conftest import WordEngine
from tests.test_kernel.notes import remembered

Told = tuple[str, str]
"""A day and a text, or ``Title | text``."""


def memory_of(told: Told) -> Memory:
    title, _, text = told[1].rpartition(" | ")
    return remembered(text, title=title or "A note", day=told[0])


def found_in(memories: Sequence[Memory]) -> list[tuple[str, str, str]]:
    """Words of the older sentence, words of the newer, since."""
    analyst = ExtractiveAnalyst()
    words = {s.id: m.note.text[s.start : s.end] for m in memories for s in m.sentences}
    found = find_superseded(memories, {m.note.id: analyst.analyse(m) for m in memories})
    return [(words[one.old_sentence_id], words[one.new_sentence_id], one.since) for one in found]


CHANGED: list[tuple[Told, Told]] = [
    # where one lives
    (("2021-03-01", "I live in Leeds."), ("2024-05-02", "I live in Porto.")),
    (("2021-03-01", "I live in Leeds with Ana."), ("2024-05-02", "We moved to Porto on Tuesday.")),
    (("2021-03-01", "We moved to Leeds."), ("2024-05-02", "I've moved back to Kirkwall.")),
    (("2021-03-01", "We live at 12 Elm Road."), ("2024-05-02", "We moved to 4 Mill Lane.")),
    (("2021-03-01", "Gennaro lives in Turin."), ("2024-05-02", "Gennaro has moved to Bari.")),
    # work and study
    (("2021-03-01", "I work at Arup as an engineer."), ("2024-05-02", "I work for Woodgate now.")),
    (("2021-03-01", "I work at Arup."), ("2024-05-02", "I left Arup for Woodgate.")),
    (("2021-03-01", "I work at Arup."), ("2024-05-02", "I quit my job at Arup.")),
    (("2021-03-01", "I work as a nurse."), ("2024-05-02", "I work as a teacher at St Brigid's.")),
    (("2021-03-01", "I am a nurse."), ("2024-05-02", "I'm a teacher now.")),
    (("2021-03-01", "I study law at Leeds University."), ("2024-05-02", "I study law at Durham University.")),
    (("2021-03-01", "My boss is Marta."), ("2024-05-02", "My boss is Jonas Lund.")),
    (("2021-03-01", "Marta is my boss."), ("2024-05-02", "My new boss is called Jonas.")),
    (("2021-03-01", "My boss is Marta."), ("2024-05-02", "Marta is no longer my boss.")),
    # money and numbers
    (("2021-03-01", "My rent is 640 euros a month."), ("2024-05-02", "My rent is 700 euros.")),
    (("2021-03-01", "I pay 640 euros a month in rent."), ("2024-05-02", "The rent went up to 700.")),
    (("2021-03-01", "The bus ticket costs 2.40 euros."), ("2024-05-02", "The bus ticket costs 2.80 euros.")),
    (("2021-03-01", "Sesame is four years old."), ("2024-05-02", "Sesame is seven years old.")),
    (("2021-03-01", "I am 34 years old."), ("2024-05-02", "I'm 37 now.")),
    (("2021-03-01", "I weigh 81 kilos."), ("2024-05-02", "I weigh 76 kilos.")),
    (("2021-03-01", "I have two cats."), ("2024-05-02", "We have three cats.")),
    # people and things
    (("2021-03-01", "I am single."), ("2024-05-02", "Ana and I got married.")),
    (("2021-03-01", "I'm married."), ("2024-05-02", "I'm divorced now.")),
    (("2021-03-01", "My girlfriend is Ana."), ("2024-05-02", "I broke up with Ana.")),
    (("2021-03-01", "My car is a Kangoo."), ("2024-05-02", "My car is a Skoda Octavia.")),
    (("2021-03-01", "I drive a Kangoo."), ("2024-05-02", "I sold the Kangoo.")),
    (("2021-03-01", "I bank with Triodos."), ("2024-05-02", "I changed my bank to Merkur.")),
    (("2021-03-01", "My phone number is 0161 555 0143."), ("2024-05-02", "My mobile number is 0161 555 0199.")),
    (("2021-03-01", "The wifi password is bluebell4."), ("2024-05-02", "The wifi password is now sunflower9.")),
    # habits, with words of change
    (("2021-03-01", "I eat meat every day."), ("2024-05-02", "I no longer eat meat.")),
    (("2021-03-01", "I drink coffee at breakfast."), ("2024-05-02", "I don't drink coffee any more.")),
    (("2021-03-01", "I smoke ten cigarettes a day."), ("2024-05-02", "I stopped smoking last week.")),
    (("2021-03-01", "I play the violin in an orchestra."), ("2024-05-02", "I used to play the violin.")),
    (("2021-03-01", "I drink coffee with milk."), ("2024-05-02", "I drink tea instead of coffee now.")),
    (("2021-03-01", "I use Notion for everything."), ("2024-05-02", "I switched from Notion to paper.")),
    (("2021-03-01", "Gennaro eats cheese."), ("2024-05-02", "Gennaro doesn't eat cheese any more.")),
    (("2021-03-01", "My knee is sore."), ("2024-05-02", "My knee is fine now.")),
    # lines with a key
    (("2023-03-01", "Money | Rent: 640"), ("2025-05-02", "Money | Rent: 700")),
    (("2023-03-01", "House | Wifi password: bluebell4"), ("2025-05-02", "House | Wifi password: sunflower9")),
    (("2023-03-01", "House | Landlord: Mr Abara"), ("2025-05-02", "My landlord is Ms Quist.")),
    (("2023-03-01", "Workshop | Rent: 300 euros"), ("2025-05-02", "Workshop | Rent: 340 euros")),
    (("2023-03-01", "Sesame | Age: 4.5"), ("2025-05-02", "Sesame | Age: 6")),
    (("2023-03-01", "Bins | Collection: Tuesday"), ("2025-05-02", "Bins | Collection: Friday")),
    # by a date of its own
    (("2024-05-02", "I live in Leeds."), ("2026-03-01", "I moved to Porto in September 2025.")),
    # Korean
    (("2021-03-01", "나는 부산에 산다."), ("2024-05-02", "지금은 서울에 산다.")),
    (("2021-03-01", "나는 부산에서 산다."), ("2024-05-02", "대전으로 이사했다.")),
    (("2021-03-01", "나는 한빛전자에서 일한다."), ("2024-05-02", "한빛전자를 그만뒀다.")),
    (("2021-03-01", "나는 한빛전자에서 일한다."), ("2024-05-02", "나는 두레출판사에서 일한다.")),
    (("2021-03-01", "나는 매일 커피를 마신다."), ("2024-05-02", "더 이상 커피를 마시지 않는다.")),
    (("2021-03-01", "나는 매일 담배를 피운다."), ("2024-05-02", "담배를 끊었다.")),
    (("2021-03-01", "월세는 50만원이다."), ("2024-05-02", "월세는 55만원이다.")),
    (("2021-03-01", "집 | 월세: 50만원"), ("2024-05-02", "집 | 월세: 55만원")),
    (("2021-03-01", "와이파이 비밀번호는 haneul7이다."), ("2024-05-02", "와이파이 비밀번호를 bada8로 바꿨다.")),
    (("2021-03-01", "나는 서른네 살이다."), ("2024-05-02", "나는 서른일곱 살이다.")),
    (("2021-03-01", "고양이 두 마리를 키운다."), ("2024-05-02", "고양이 세 마리를 키운다.")),
    (("2021-03-01", "우리 팀장은 박지훈이다."), ("2024-05-02", "이제 팀장은 최유나이다.")),
    (("2021-03-01", "나는 미혼이다."), ("2024-05-02", "민서와 결혼했다.")),
    (("2021-03-01", "나는 피아노를 배운다."), ("2024-05-02", "피아노를 그만뒀다.")),
]


@pytest.mark.parametrize(("old", "new"), CHANGED, ids=lambda told: told[1])
def test_a_later_value_or_word_of_change_takes_the_place(old: Told, new: Told) -> None:
    memories = [memory_of(old), memory_of(new)]
    ((older, newer, since),) = found_in(memories)
    assert (older, newer) == (memories[0].note.text, memories[1].note.text)
    told = {
        "We moved to Porto on Tuesday.": "2024-04-30",
        "I moved to Porto in September 2025.": "2025-09",
        "I stopped smoking last week.": "2024-04",
    }
    assert since == told.get(newer, new[0])


KEPT: list[list[Told]] = [
    # the same, or a longer form of it
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "I live in Leeds with Ana.")],
    [("2021-03-01", "My boss is Marta."), ("2024-05-02", "My boss is Marta Lindqvist.")],
    [("2021-03-01", "Money | Rent: 640"), ("2024-05-02", "Money | Rent: 640 euros a month")],
    [("2021-03-01", "I live in Porto."), ("2024-05-02", "I live in Portugal.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "I live in a red house.")],
    # nobody says when
    [("2024-05-02", "I live in Leeds."), ("2024-05-02", "I live in Porto.")],
    [("2024-05-02", "I live in Porto."), ("2025-05-02", "I moved to Leeds in 2015.")],
    # events, occasions, logs, lists
    [("2021-03-01", "I visited Leeds."), ("2024-05-02", "I visited Porto.")],
    [("2021-03-01", "I ate meat at Gwen's."), ("2024-05-02", "I no longer eat meat.")],
    [("2021-03-01", "We moved the sofa to Leeds."), ("2024-05-02", "We moved the piano to Porto.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "The meeting moved to Tuesday.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "I've moved to Obsidian for my notes.")],
    [("2021-03-01", "Journal | Mood: low"), ("2024-05-02", "Journal | Mood: good")],
    [("2021-03-01", "Trip to Bari | Hotel: Aurora"), ("2024-05-02", "Trip to Bari | Hotel: Miramare")],
    [("2021-03-01", "Staff meeting | Budget: 75 pounds"), ("2024-05-02", "Staff meeting | Budget: 90 pounds")],
    [("2021-03-01", "Shopping | Milk: two"), ("2024-05-02", "Shopping | Milk: three")],
    [(f"2024-05-{d:02d}", f"Garden | Eggs taken: {d}") for d in range(1, 9)],
    [(f"2024-05-{d:02d}", f"Garden | Rain gauge: {d} mm") for d in range(1, 9)],
    [("2021-03-01", "- Leeds\n- Bari"), ("2024-05-02", "- Porto\n- Turin")],
    # opinions without words of change
    [("2021-03-01", "I love Leeds."), ("2024-05-02", "I hate Leeds.")],
    [("2021-03-01", "My favourite book is Middlemarch."), ("2024-05-02", "My favourite book is Emma.")],
    [("2021-03-01", "My knee is sore."), ("2024-05-02", "My knee is fine.")],
    # plans, wishes, reports, questions
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "I want to live in Porto.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "I might move to Porto.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "We are going to move to Porto.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "Gwen says I live in Porto.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", 'Oskar wrote: "I live in Porto."')],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "> I live in Porto.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "Do I live in Porto?")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "A story | I live in Porto.")],
    # of somebody or something else
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "Gwen lives in Porto.")],
    [("2021-03-01", "Gennaro eats cheese."), ("2024-05-02", "I no longer eat cheese.")],
    [("2021-03-01", "I work at Arup."), ("2024-05-02", "Gennaro left Arup for Woodgate.")],
    [("2021-03-01", "House | Rent: 640"), ("2024-05-02", "Workshop | Rent: 300")],
    [("2021-03-01", "I drive a Kangoo."), ("2024-05-02", "I sold the piano.")],
    [("2021-03-01", "Sesame is four years old."), ("2024-05-02", "Poppy is two years old.")],
    [("2021-03-01", "I have two cats."), ("2024-05-02", "I have three dogs.")],
    [("2021-03-01", "My cat is called Sesame."), ("2024-05-02", "My cat is called Poppy.")],
    [("2021-03-01", "My boss is Marta."), ("2024-05-02", "My boss is Greek.")],
    [("2021-03-01", "My rent is 640 euros."), ("2024-05-02", "The rent is 900 euros in Porto.")],
    [("2021-03-01", "My car is a Kangoo."), ("2024-05-02", "My car is in the garage.")],
    [("2021-03-01", "I work at Arup."), ("2024-05-02", "I started for Porto at dawn.")],
    # besides, or for a while
    [("2021-03-01", "I work at Arup."), ("2024-05-02", "I also work at Woodgate on Saturdays.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "I am staying in Porto this week.")],
    [("2021-03-01", "I live in Leeds."), ("2024-05-02", "I live in Porto for the summer.")],
    # over already, or never meant
    [("2021-03-01", "I used to live in Leeds."), ("2024-05-02", "I live in Porto.")],
    [("2021-03-01", "I don't live in Leeds."), ("2024-05-02", "I live in Porto.")],
    [("2021-03-01", "I keep coffee in the blue tin."), ("2024-05-02", "I gave up coffee.")],
    [("2021-03-01", "I support Leeds United."), ("2024-05-02", "I moved from Leeds to Porto.")],
    [("2024-05-02", "I am 37 years old."), ("2025-05-02", "I turned 30.")],
    [("2024-05-02", "People | Farhad: drives a taxi"), ("2025-05-02", "People | Farhad: retired")],
    # Korean
    [("2021-03-01", "나는 부산에 산다."), ("2024-05-02", "엄마는 서울에 사신다.")],
    [("2021-03-01", "나는 부산에 산다."), ("2024-05-02", "서울에 살고 싶다.")],
    [("2021-03-01", "나는 부산에 갔다."), ("2024-05-02", "나는 서울에 갔다.")],
    [("2021-03-01", "나는 커피를 마셨다."), ("2024-05-02", "더 이상 커피를 마시지 않는다.")],
    [("2021-03-01", "나는 매일 커피를 마신다."), ("2024-05-02", "커피 대신 차를 마셨다.")],
    [("2021-03-01", "우리 팀장은 박지훈이다."), ("2024-05-02", "우리 팀장은 마흔이다.")],
    [("2021-03-01", "나는 헬스장에 다닌다."), ("2024-05-02", "나는 미술학원에 다닌다.")],
    [("2021-03-01", "일기 | 기분: 좋음"), ("2024-05-02", "일기 | 기분: 나쁨")],
    [("2021-03-01", "나는 바다를 좋아한다."), ("2024-05-02", "나는 바다를 싫어한다.")],
    [("2021-03-01", "월세는 50만원이다."), ("2024-05-02", "월세가 60만원이면 좋겠다.")],
    [("2021-03-01", "고양이 두 마리를 키운다."), ("2024-05-02", "강아지 세 마리를 키운다.")],
]


@pytest.mark.parametrize("told", KEPT, ids=lambda told: told[-1][1])
def test_what_is_not_surely_over_is_left_alone(told: list[Told]) -> None:
    assert found_in([memory_of(one) for one in told]) == []


def test_each_is_followed_by_the_next() -> None:
    texts = [("2019-01-01", "I live in Leeds."), ("2021-01-01", "I live in Porto."), ("2024-01-01", "I live in Bari.")]
    found = found_in([memory_of(one) for one in reversed(texts)])
    assert sorted(found) == [
        ("I live in Leeds.", "I live in Porto.", "2021-01-01"),
        ("I live in Porto.", "I live in Bari.", "2024-01-01"),
    ]


def test_within_a_note_only_words_of_change_tell() -> None:
    plainly = memory_of(("2024-01-01", "My car is a Kangoo. It rained. My car is a Skoda."))
    changed = memory_of(("2024-01-01", "My car is a Kangoo. It rained. My car is a Skoda now."))
    assert found_in([plainly]) == []
    assert found_in([changed]) == [("My car is a Kangoo.", "My car is a Skoda now.", "2024-01-01")]


@pytest.mark.parametrize("known_from", ["unknown", "text"])
def test_a_note_without_a_day_takes_no_place(known_from: str) -> None:
    old, new = memory_of(("2021-03-01", "I live in Leeds.")), memory_of(("2024-05-02", "I live in Porto."))
    undated = msgspec.structs.replace(new, note=msgspec.structs.replace(new.note, happened_from=known_from))
    assert found_in([old, undated]) == [] != found_in([old, new])


def test_files_copied_on_one_day_say_nothing_of_when() -> None:
    told = [("2021-03-01", "I live in Leeds."), *[("2024-05-02", f"I live in {t}.") for t in ("Porto", "Bari")]]
    told += [("2024-05-02", "I sing."), ("2024-05-02", "It rained.")]
    made = [memory_of(one) for one in told]
    copied = [msgspec.structs.replace(m, note=msgspec.structs.replace(m.note, happened_from="mtime")) for m in made]
    assert found_in(copied) == []
    assert len(found_in([copied[0], copied[1]])) == 1


def test_other_people_s_notes_say_nothing_of_the_owner() -> None:
    old = memory_of(("2021-03-01", "I live in Leeds."))
    theirs = remembered("I live in Porto now.", day="2024-05-02", origin="other", title="A letter")
    assert found_in([old, theirs]) == []


async def understood(store: Store) -> None:
    analyst = ExtractiveAnalyst()
    while batch := await store.unresolved():
        for memory in batch:
            insight, contexts = analyst.understand(memory)
            await store.put_insights([insight])
            await store.set_contexts(memory, contexts)


@pytest.fixture
async def store(tmp_path: Path):
    store = await Store.open(tmp_path / "memory.db")
    yield store
    await store.close()


@pytest.fixture
async def ingest(store: Store, tmp_path: Path):
    worker = ProcessWorker(tmp_path / "logs")
    yield Ingest(store, WordEngine(), worker, KernelConfig())
    await worker.close()


@pytest.mark.parametrize(
    ("old", "new", "question"),
    [
        ("I live in Leeds.", "I live in Porto now, with a cat and nine boxes.", "Do you live in Leeds?"),
        ("월세는 50만원이다.", "이제 월세는 55만원이다.", "월세 50만원 내?"),
    ],
)
async def test_the_search_puts_it_behind_until_the_newer_note_is_forgotten(
    store: Store, ingest: Ingest, old: str, new: str, question: str
) -> None:
    await ingest.add_text(old, title="A", happened_at="2021-03-01")
    newer = await ingest.add_text(new, title="B", happened_at="2024-05-02")
    await understood(store)
    searcher = Searcher(store.path)
    try:
        assert searcher.search(question, None)[0].text == old
        assert await mark_superseded(store, ANALYST) == 1
        hits = searcher.search(question, None)
        assert [hit.text for hit in hits] == [new, old]
        assert "superseded since 2024-05-02" in hits[1].explain.notes
        (before,) = searcher.search(question, None, as_of="2022-01-01")
        assert before.text == old and not any("superseded" in note for note in before.explain.notes)
        assert before.score > hits[1].score
        await ingest.forget(newer.added)
        (alone,) = searcher.search(question, None)
        assert alone.text == old and not any("superseded" in note for note in alone.explain.notes)
        assert await store.superseded() == [] and await mark_superseded(store, ANALYST) == 0
    finally:
        searcher.close()


async def test_marks_are_kept_anew_each_time(store: Store, ingest: Ingest) -> None:
    await ingest.add_text("I live in Leeds.", happened_at="2021-03-01")
    middle = await ingest.add_text("I live in Porto.", happened_at="2022-03-01")
    await ingest.add_text("I live in Bari.", happened_at="2023-03-01")
    await understood(store)
    assert await mark_superseded(store, ANALYST) == 2
    await ingest.forget(middle.added)
    assert await store.superseded() == []
    assert await mark_superseded(store, ANALYST) == 1
    ((_, _, since),) = await store.superseded()
    assert since == "2023-03-01"
