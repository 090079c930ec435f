"""Topics: found, named, steady when a few notes go, and the same ones when a few come."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
import numpy as np
import pytest
from sklearn.metrics import adjusted_rand_score

from kernel.l1_identity import topics as room
from kernel.l1_identity.topics import topics
from kernel.types import Biography, Identity, Insight, Note, Topic
from tests.test_kernel.notes import remembered

SUBJECTS: dict[str, str] = {
    "bread": "rye flour dough oven crust yeast starter loaf",
    "river": "water current bank swim kingfisher boat rapids weir",
    "cello": "bow string rosin orchestra rehearsal concert sonata teacher",
    "bees": "hive honey smoke queen swarm frame wax clover",
    "바다": "파도 모래 갈매기 등대 항구 조개 소금 방파제",
    "chess": "opening pawn rook endgame club clock board tournament",
}
WIDTH = 32


class Vault:
    """Invented notes with insights and vectors; ``subject`` of each by its id."""

    def __init__(self, noise: float = 0.12) -> None:
        self.notes: list[Note] = []
        self.insights: list[Insight] = []
        self.vectors: dict[str, bytes] = {}
        self.subject: dict[str, str] = {}
        self._random = np.random.default_rng(5)
        self._noise = noise

    def add(self, subject: str, text: str = "", title: str = "", at: int | None = None) -> Note:
        """A note of a subject of ``SUBJECTS`` (or of any other: then ``at`` says where it lies)."""
        number = len(self.notes)
        words = SUBJECTS[subject].split() if subject in SUBJECTS else [f"{subject}{number}{n}" for n in range(4)]
        chosen = [str(w) for w in self._random.permutation(words)[:4]]
        text = text or f"{subject} " + " and ".join(chosen) + f" in entry {number}."
        note = remembered(text, title=title, day="2025-03-01").note
        place = list(SUBJECTS).index(subject) if at is None else at
        vector = np.eye(WIDTH)[place] + self._random.normal(0, self._noise, WIDTH)
        self.vectors[note.id] = vector.astype("<f4").tobytes()
        self.notes.append(note)
        self.insights.append(insight(note, [subject, *chosen] if subject in SUBJECTS else chosen))
        self.subject[note.id] = subject
        return note

    def fill(self, each: int) -> Vault:
        for _ in range(each):
            for subject in SUBJECTS:
                self.add(subject)
        return self

    def topics(self, previous: Identity | None = None, without: Sequence[str] = ()) -> tuple[list[Topic], list[str]]:
        notes = [note for note in self.notes if note.id not in without]
        return topics(notes, self.insights, self.vectors, previous)

    def numbers(self, made: Sequence[Topic], ids: Sequence[str]) -> list[int]:
        of = {i: n for n, topic in enumerate(made) for i in topic.note_ids}
        return [of.get(i, 1000 + n) for n, i in enumerate(ids)]


def insight(note: Note, keywords: Sequence[str]) -> Insight:
    return Insight(
        note_id=note.id,
        content_hash=note.content_hash,
        analyst="test",
        title=note.title,
        summary="",
        insight="",
        tags=(),
        keywords=tuple(keywords),
        entities=(),
        statements=(),
    )


def identity(made: Sequence[Topic], outliers: Sequence[str]) -> Identity:
    return Identity(
        version=1,
        created="2025-12-01T00:00:00+00:00",
        owner="",
        input_hash="",
        topics=tuple(made),
        outliers=tuple(outliers),
        shades=(),
        biography=Biography(),
        attributes=(),
    )


@pytest.fixture(scope="module")
def large() -> tuple[Vault, Identity]:
    """120 notes, clustered."""
    vault = Vault().fill(20)
    return vault, identity(*vault.topics())


@pytest.fixture
def only_joining(monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever clusters everything fails the test."""

    def refuse(*given: object) -> object:
        raise AssertionError("all notes were clustered")

    monkeypatch.setattr(room, "cluster", refuse)


def copied(vault: Vault) -> Vault:
    made = Vault()
    made.notes, made.insights = list(vault.notes), list(vault.insights)
    made.vectors, made.subject = dict(vault.vectors), dict(vault.subject)
    return made


def test_each_subject_is_a_topic_named_for_it_and_strays_are_outliers() -> None:
    vault = Vault().fill(6)
    strays = {vault.add(name, at=20 + n).id for n, name in enumerate(["printer", "passport", "lamp"])}
    made, outliers = vault.topics()
    assert set(outliers) == strays
    assert {topic.keyphrases[0] for topic in made} == set(SUBJECTS)
    assert {topic.label for topic in made} == {s.capitalize() for s in SUBJECTS}
    for topic in made:
        assert len({vault.subject[i] for i in topic.note_ids}) == 1 and (len(topic.note_ids), topic.core) == (6, 5)


def test_a_topics_notes_are_nearest_to_its_centre_first() -> None:
    vault = Vault(noise=0.05).fill(6)
    far = vault.add("river", text="river water bank", at=1)
    vault.vectors[far.id] = (np.eye(WIDTH)[1] + 0.9 * np.eye(WIDTH)[25]).astype("<f4").tobytes()
    river = next(topic for topic in vault.topics()[0] if far.id in topic.note_ids)
    assert river.note_ids.index(far.id) >= river.core - 1


def test_the_order_of_the_notes_does_not_matter() -> None:
    vault = Vault().fill(5)
    forward = vault.topics()
    vault.notes.reverse()
    vault.insights.reverse()
    assert vault.topics() == forward


def test_topics_hold_when_a_tenth_of_the_notes_goes() -> None:
    vault = Vault(noise=0.3).fill(7)
    ids = [note.id for note in vault.notes]
    made, _ = vault.topics()
    random = np.random.default_rng(0)
    scores = []
    for _ in range(5):
        gone = {ids[int(i)] for i in random.permutation(len(ids))[: len(ids) // 10]}
        left = [i for i in ids if i not in gone]
        again, _ = vault.topics(without=list(gone))
        scores.append(adjusted_rand_score(vault.numbers(made, left), vault.numbers(again, left)))
    assert float(np.mean(scores)) >= 0.8 and len(made) > 1


@pytest.mark.parametrize("count", [0, 1, 3, 12])
def test_notes_that_share_nothing_have_no_topic(count: int) -> None:
    vault = Vault(noise=0.0)
    for n in range(count):
        vault.add(f"odd{chr(97 + n)}", at=n)
    made, outliers = vault.topics()
    assert made == [] and outliers == sorted(note.id for note in vault.notes)


def test_notes_without_vectors_are_told_apart_by_their_words() -> None:
    vault = Vault().fill(5)
    vault.vectors.clear()
    made, _ = vault.topics()
    assert len(made) == len(SUBJECTS) and all(len({vault.subject[i] for i in t.note_ids}) == 1 for t in made)


def test_a_sample_is_clustered_of_very_many_and_the_others_join_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(room, "_AT_A_TIME", 48)
    vault = Vault().fill(25)
    ids = [note.id for note in vault.notes]
    made, outliers = vault.topics()
    assert sorted([*outliers, *(i for topic in made for i in topic.note_ids)]) == sorted(ids)
    assert adjusted_rand_score([vault.subject[i] for i in ids], vault.numbers(made, ids)) > 0.7


# --- what comes later -------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("only_joining")
def test_a_new_note_joins_its_topic_and_the_others_stay_as_they_are(large: tuple[Vault, Identity]) -> None:
    vault, before = copied(large[0]), large[1]
    new = vault.add("bees", text="hive honey queen swarm smoke bees", at=3)
    vault.vectors[new.id] = np.eye(WIDTH)[3].astype("<f4").tobytes()
    made, _ = vault.topics(before)
    joined = next(topic for topic in made if new.id in topic.note_ids)
    was = next(topic for topic in before.topics if topic.id == joined.id)
    assert {vault.subject[i] for i in was.note_ids} == {"bees"} and was.label == joined.label
    assert set(joined.note_ids) == {*was.note_ids, new.id}
    assert [t for t in made if t.id != joined.id] == [t for t in before.topics if t.id != joined.id]


@pytest.mark.usefixtures("only_joining")
def test_a_new_note_of_no_topic_is_an_outlier(large: tuple[Vault, Identity]) -> None:
    vault, before = copied(large[0]), large[1]
    new = vault.add("printer", at=20)
    made, outliers = vault.topics(before)
    assert tuple(made) == before.topics and new.id in outliers


@pytest.mark.usefixtures("only_joining")
def test_near_outliers_start_a_topic(large: tuple[Vault, Identity]) -> None:
    vault, before = copied(large[0]), large[1]
    for n in range(2):
        vault.add("kites", text=f"kites over the dunes, kite line and tail {n}", title="Kites", at=21)
    made, outliers = vault.topics(before)
    assert len(made) == len(before.topics) and len(outliers) == len(before.outliers) + 2
    third = vault.add("kites", text="kites over the dunes, kite line and tail again", title="Kites", at=21)
    vault.insights = [
        insight(note, ["kite", "line", "tail", "dune"]) if vault.subject[note.id] == "kites" else one
        for note, one in zip(vault.notes, vault.insights, strict=True)
    ]
    again, _ = vault.topics(identity(made, outliers))
    started = next(topic for topic in again if third.id in topic.note_ids)
    assert {vault.subject[i] for i in started.note_ids} == {"kites"} and len(started.note_ids) == 3
    assert started.id not in {topic.id for topic in before.topics} and "kite" in started.label.lower()


@pytest.mark.usefixtures("only_joining")
def test_a_topic_of_two_subjects_falls_in_two_and_the_larger_half_keeps_its_id(large: tuple[Vault, Identity]) -> None:
    vault, before = copied(large[0]), large[1]
    of = {vault.subject[topic.note_ids[0]]: topic for topic in before.topics}
    both = msgspec.structs.replace(of["bread"], note_ids=(*of["bread"].note_ids, *of["chess"].note_ids[:8]))
    rest = [topic for topic in before.topics if topic not in (of["bread"], of["chess"])]
    new = vault.add("bread", text="bread dough flour oven crust loaf", at=0)
    vault.vectors[new.id] = np.eye(WIDTH)[0].astype("<f4").tobytes()
    gone = of["chess"].note_ids[8:]
    wide = identity([both, *rest], [*before.outliers, *gone])
    made, _ = vault.topics(wide)
    halves = [topic for topic in made if set(topic.note_ids) & set(both.note_ids)]
    assert [{vault.subject[i] for i in topic.note_ids} for topic in halves] == [{"bread"}, {"chess"}]
    assert halves[0].id == both.id and halves[1].id not in {topic.id for topic in wide.topics}


@pytest.mark.usefixtures("only_joining")
def test_a_note_that_is_gone_leaves_its_topic_and_a_rewritten_one_finds_another(large: tuple[Vault, Identity]) -> None:
    vault, before = copied(large[0]), large[1]
    river = next(topic for topic in before.topics if vault.subject[topic.note_ids[0]] == "river")
    gone, moved = river.note_ids[0], river.note_ids[1]
    at = next(n for n, note in enumerate(vault.notes) if note.id == moved)
    text = "chess opening pawn rook endgame club board"
    vault.notes[at] = msgspec.structs.replace(vault.notes[at], text=text, learned_at="2025-12-02T00:00:00+00:00")
    vault.insights[at] = insight(vault.notes[at], text.split())
    vault.vectors[moved] = np.eye(WIDTH)[5].astype("<f4").tobytes()
    made, outliers = vault.topics(before, without=[gone])
    held = {i: topic for topic in made for i in topic.note_ids}
    assert gone not in held and gone not in outliers
    assert {vault.subject[i] for i in held[moved].note_ids if i != moved} == {"chess"}
    assert river.id in {topic.id for topic in made}


def test_all_are_clustered_again_when_the_memory_has_grown_and_ids_survive(large: tuple[Vault, Identity]) -> None:
    vault, before = copied(large[0]), large[1]
    for _ in range(4):
        for subject in SUBJECTS:
            vault.add(subject)
    found: list[int] = []
    cluster = room.cluster
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(
            room, "cluster", lambda similarity, least: found.append(len(similarity)) or cluster(similarity, least)
        )
        made, _ = vault.topics(before)
    assert found == [144] and {topic.id for topic in made} == {topic.id for topic in before.topics}
    assert {topic.id: topic.label for topic in made} == {topic.id: topic.label for topic in before.topics}


# --- names ------------------------------------------------------------------------------------------------------------


def named(pages: Sequence[tuple[str, str, list[str]]]) -> list[str]:
    """The label of the topic that each page is in. Pages of one title's first word lie together."""
    vault = Vault(noise=0.02)
    places: dict[str, int] = {}
    for title, text, keywords in pages:
        place = places.setdefault(keywords[0], len(places))
        vault.add("page", text=text, title=title, at=place)
        vault.insights[-1] = insight(vault.notes[-1], keywords)
    made, _ = vault.topics()
    of = {i: topic.label for topic in made for i in topic.note_ids}
    return [of.get(note.id, "") for note in vault.notes]


def test_a_phrase_of_several_notes_names_the_topic_in_one_form() -> None:
    labels = named(
        [
            ("Monday", "Mum made seaweed soup on the old stove.", ["soup", "seaweed", "stove"]),
            ("Birthday", "Two bowls of seaweed soup before work.", ["soup", "seaweed", "bowl"]),
            ("A recipe", "Seaweed soups want time, garlic too.", ["soup", "seaweed", "garlic"]),
            ("Saturday", "My sister steered the sailing boat.", ["boat", "sister", "sail"]),
            ("Wind", "The boat lost its rudder near the pier.", ["boat", "rudder", "pier"]),
            ("Harbour", "We painted the boat blue, twice.", ["boat", "paint"]),
        ]
    )
    assert labels == ["Seaweed soup"] * 3 + ["Boat"] * 3


def test_korean_topics_are_named_by_nouns() -> None:
    labels = named(
        [
            ("일기", "오늘 미역국을 끓였다.", ["미역국", "오늘"]),
            ("생일", "생일에는 미역국이 제일이다.", ["미역국", "생일"]),
            ("메모", "엄마의 미역국은 늘 따뜻하다.", ["미역국", "엄마"]),
            ("산", "주말에 등산을 다녀왔다.", ["등산", "주말"]),
            ("비", "등산은 비가 와도 좋다.", ["등산", "비"]),
            ("친구", "친구와 등산을 했다.", ["등산", "친구"]),
        ]
    )
    assert labels == ["미역국"] * 3 + ["등산"] * 3
