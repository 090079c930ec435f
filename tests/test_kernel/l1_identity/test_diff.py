"""Two versions of an identity: what is told as changed is what changed, word by word."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import given
from hypothesis import strategies as st

from kernel.l1_identity.diff import diff, word_diff
from kernel.types import (
    Attribute,
    Biography,
    Change,
    Citation,
    Cited,
    Identity,
    Recent,
    Shade,
    Span,
    Topic,
)


def said(text: str, note: str = "n_1", start: int = 0) -> Cited:
    cited = Citation(note_id=note, title="", quote=text, span=Span(start, start + len(text)))
    return Cited(text=text, citations=(cited,))


def identity(
    *told: Cited,
    attributes: tuple[Attribute, ...] = (),
    shades: tuple[Shade, ...] = (),
    topics: tuple[Topic, ...] = (),
    recent: tuple[Recent, ...] = (),
) -> Identity:
    return Identity(
        version=1, created="2025-10-01", owner="Robin Vale", input_hash="h", topics=topics, outliers=(), shades=shades,
        biography=Biography(first_person=told), attributes=attributes, recent=recent,
    )  # fmt: skip


def held(key: str, value: str, since: str | None = None, until: str | None = None) -> Attribute:
    return Attribute(key=key, value=value, confidence="HIGH", citations=(), valid_from=since, valid_to=until)


def shade(name: str, *told: Cited, id: str = "sh_1") -> Shade:
    return Shade(
        id=id, topic_id="t_1", name=name, aspect="craft", icon="", first_person=told, second_person=(), third_person=(),
        timeline=(), confidence="LOW",
    )  # fmt: skip


def topic(label: str, notes: int, id: str = "t_1") -> Topic:
    return Topic(id=id, label=label, keyphrases=(), note_ids=tuple(f"n_{n}" for n in range(notes)), core=1)


def brief(changes: tuple[Change, ...]) -> list[tuple[str, str, str]]:
    return [(one.where, one.before, one.after) for one in changes]


@given(st.text(max_size=60), st.text(max_size=60))
def test_the_words_make_both_texts(before: str, after: str) -> None:
    runs = word_diff(before, after)
    assert "".join(text for kind, text in runs if kind != "in") == before
    assert "".join(text for kind, text in runs if kind != "out") == after
    assert (before == after) == all(kind == "same" for kind, _ in runs)


def test_only_the_words_that_changed_are_told() -> None:
    assert word_diff("I live in Porto with Deniz.", "I live in Turin with Deniz.") == (
        ("same", "I live in"), ("out", " Porto"), ("in", " Turin"), ("same", " with Deniz."),
    )  # fmt: skip
    assert word_diff("나는 전주에 산다.", "나는 부산에 산다.") == (
        ("same", "나는"), ("out", " 전주에"), ("in", " 부산에"), ("same", " 산다."),
    )  # fmt: skip


def test_nothing_changed_where_only_the_order_or_the_note_did() -> None:
    one, two = said("I bind books."), said("I swim.", "n_2")
    assert diff(identity(one, two), identity(two, one)) == ()
    assert diff(identity(one), identity(said("I bind books.", "n_9", 40))) == ()


def test_sentences_come_go_and_are_reworded() -> None:
    before = identity(said("I live in Porto with my brother."), said("I own a boat.", "n_2"))
    after = identity(said("I live in Turin with my brother.", "n_3"), said("I bind books.", "n_4"))
    assert brief(diff(before, after)) == [
        ("biography", "I live in Porto with my brother.", "I live in Turin with my brother."),
        ("biography", "", "I bind books."),
        ("biography", "I own a boat.", ""),
    ]


def test_attributes_change_in_value_and_in_time() -> None:
    before = identity(attributes=(held("employer", "Harbour Lab", "2023"), held("pet", "Kaya"), held("car", "Panda")))
    after = identity(
        attributes=(
            held("employer", "Tidewater", "2025-09-01"),
            held("employer", "Harbour Lab", "2023", "2025-09-01"),
            held("pet", "Miso"),
            held("bank", "Alder Bank"),
        )
    )
    assert brief(diff(before, after)) == [
        ("attribute employer", "", "Tidewater (since 2025-09-01)"),
        ("attribute employer", "Harbour Lab (since 2023)", "Harbour Lab (2023 to 2025-09-01)"),
        ("attribute pet", "Kaya", "Miso"),
        ("attribute bank", "", "Alder Bank"),
        ("attribute car", "Panda", ""),
    ]


def test_shades_topics_and_recent_days() -> None:
    week = Recent(period="week", since="2025-09-24", until="2025-10-01", first_person=(said("I glued a spine."),))
    before = identity(shades=(shade("glue", said("I love glue.")),), topics=(topic("glue", 3),), recent=(week,))
    after = identity(
        shades=(shade("Old books", said("I love glue."), said("I sew.", "n_2")), shade("Sea", id="sh_2")),
        topics=(topic("Old books", 4), topic("Sea", 1, "t_2")),
    )
    assert brief(diff(before, after)) == [
        ("shade Old books", "glue", "Old books"),
        ("shade Old books", "", "I sew."),
        ("shade Sea", "", "Sea"),
        ("topic Old books", "glue (3 notes)", "Old books (4 notes)"),
        ("topic Sea", "", "Sea (1 note)"),
        ("recent week", "I glued a spine.", ""),
    ]


def test_everything_is_new_in_the_first_version(identify: Callable[..., Identity]) -> None:
    made = identify([("2025-02-01", "Work", "I work as a bookbinder at Alder Press. My brother Deniz drives trucks.")])
    changes = diff(None, made)
    assert changes and all(one.before == "" and [kind for kind, _ in one.words] == ["in"] for one in changes)
    assert {one.where for one in changes} >= {"biography", "attribute employer", "attribute brother"}
    assert diff(made, made) == ()
