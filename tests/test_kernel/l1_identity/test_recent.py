"""What the owner has been up to: the right days, the telling sentences, nothing from nothing."""

from __future__ import annotations

from collections.abc import Sequence

from kernel.l0_insight.jobs import understand
from kernel.l1_identity.evidence import Line, lines
from kernel.l1_identity.recent import recent
from kernel.types import Origin
from tests.test_kernel.notes import remembered


def read(pages: Sequence[tuple[str, str]], origin: Origin = "owner") -> list[Line]:
    memories = [remembered(text, title=f"P{i}", day=day, origin=origin) for i, (day, text) in enumerate(pages)]
    return lines(memories, [one.insight for one in understand(memories, lambda event: None)])


PAGES = [
    ("2025-05-01", "I bought a kayak from Deniz."),
    ("2025-05-20", "I painted the kayak green."),
    ("2025-06-09", "나는 강에서 카약을 탔다."),
    ("2025-06-14", "I paddled the kayak to Porto. It rained the whole way."),
    ("2025-06-15", "I sold the old bicycle."),
]


def test_each_period_tells_of_its_own_days_in_their_order() -> None:
    told = {one.period: one for one in recent(read(PAGES), "Robin Vale", "2025-06-15")}
    assert [c.text for c in told["today"].first_person] == ["I sold the old bicycle."]
    assert [c.text for c in told["week"].first_person] == [
        "나는 강에서 카약을 탔다.",
        "I paddled the kayak to Porto.",
        "I sold the old bicycle.",
    ]
    assert "I painted the kayak green." in {c.text for c in told["month"].first_person}
    assert "I bought a kayak from Deniz." not in {c.text for c in told["month"].first_person}
    assert (told["week"].since, told["week"].until) == ("2025-06-09", "2025-06-15")
    assert told["month"].since == "2025-05-17"


def test_three_persons_with_evidence() -> None:
    (today, *_) = recent(read(PAGES), "Robin Vale", "2025-06-15")
    assert today.second_person[0].text == "You sold the old bicycle."
    assert today.third_person[0].text == "Robin sold the old bicycle."
    assert today.third_person[0].citations[0].quote == "I sold the old bicycle."


def test_a_period_without_notes_has_no_entry() -> None:
    assert [one.period for one in recent(read(PAGES), "Robin Vale", "2025-06-16")] == ["week", "month"]
    assert recent(read(PAGES), "Robin Vale", "2024-01-01") == ()
    assert recent([], "Robin Vale", "2025-06-15") == ()


def test_other_peoples_words_are_no_news_of_the_owner() -> None:
    assert recent(read(PAGES, origin="other"), "Robin Vale", "2025-06-15") == ()


def test_no_more_than_five_and_none_twice() -> None:
    things = "kayak bicycle lamp carpet kettle piano ladder".split()
    pages = [("2025-06-15", f"I sold the old {thing}.") for thing in things]
    (today, *_) = recent(read([*pages, ("2025-06-15", "I sold the old kayak.")]), "Robin Vale", "2025-06-15")
    texts = [c.text for c in today.first_person]
    assert len(texts) == len(set(texts)) == 5
