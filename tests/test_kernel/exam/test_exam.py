"""The exam over a scripted engine and hand-made evidence: who is asked what, calibration, gate, report, plot."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from kernel.abc import Generate
from kernel.answer.answerer import Answerer, Context
from kernel.answer.bands import DEFAULTS
from kernel.answer.prompt import ChatTemplate
from kernel.engine.scripted import ScriptedEngine
from kernel.errors import NotFound
from kernel.events import AnyEvent, Progressed
from kernel.exam.exam import run_exam
from kernel.exam.report import table, wilson
from kernel.exam.sit import sit
from kernel.exam.structs import ExamQuestion, Kind, Part
from kernel.types import Explain, Hit, Span
from kernel.worker import ProcessWorker

_NAMES = """Lisbon Oslo Cairo Lima Kyoto Quito Dakar Turin Malmo Gdansk Leeds Perth Osaka Porto Basel Ghent Cork Derry
Split Zadar Varna Plovdiv Tartu Vilnius Riga Turku Bergen Aarhus Odense Lund"""
CITIES = _NAMES.split()
FRIENDS = [f"Friend{chr(65 + n // 26)}{chr(97 + n % 26)}" for n in range(len(CITIES))]


def hit(number: int, score: float) -> Hit:
    text = f"{FRIENDS[number]} moved to {CITIES[number]} in the spring."
    return Hit(
        note_id=f"n_{number}",
        chunk_id=f"c_{number}",
        sentence_id=f"s_{number}",
        title="Letters",
        text=text,
        context=text,
        span=Span(0, len(text)),
        score=score,
        explain=Explain(vector=None, words=1, hangul=0, trigram=0, overlap=1),
        happened_at="2024-05-01",
        origin="owner",
        language="en",
    )


async def search(query: str, limit: int, as_of: str | None, before: tuple[str, ...]) -> list[Hit]:
    """The friend asked about at 0.8, anyone at 0.2 for a question that no note answers."""
    found = [hit(n, 0.8) for n, friend in enumerate(FRIENDS) if friend in query]
    return found or [hit(0, 0.2)]


def part_of(number: int) -> Part:
    return ("calibration", "gate", "gate", "report")[number % 4]


def questions() -> list[ExamQuestion]:
    found = []
    kinds: tuple[Kind, ...] = ("fact", "my", "time")
    for n, (friend, city) in enumerate(zip(FRIENDS, CITIES, strict=True)):
        text = f"{friend} moved to {city} in the spring."
        found.append(
            ExamQuestion(
                id=f"o{n}", kind=kinds[n // 4 % 3], part=part_of(n), q=f"Which city did your friend {friend} move to?",
                any=(city,), note_id=f"n_{n}", span=Span(0, len(text)), gold=text,
            )
        )  # fmt: skip
    for n in range(16):
        found.append(
            ExamQuestion(id=f"u{n}", kind="unanswerable", part=part_of(n), q=f"What is your shoe size number {n}?")
        )
        found.append(
            ExamQuestion(
                id=f"g{n}", kind="general", part=part_of(n), q=f"What is the capital of country {n}?", any=("rome",)
            )
        )
    found.append(ExamQuestion(id="c", kind="chat", part="gate", q="Have a nice evening!"))
    found.append(ExamQuestion(id="w", kind="write", part="report", q="Write a line about autumn."))
    return found


def well(request: Generate) -> str:
    """A model that reads its evidence, and knows when it holds nothing."""
    asked = request.prompt.rsplit("<|im_start|>user", 1)[1]
    for friend, city in zip(FRIENDS, CITIES, strict=True):
        if friend in asked and f"moved to {city}" in asked:
            return f"My friend is in {city} now."
    if "capital" in asked:
        return "Rome."
    if "shoe size" in asked:
        return "I don't know."
    return "You too, my dear."


def badly(request: Generate) -> str:
    return "I don't know."


def answerer(replies: dict[str | None, str]) -> tuple[Answerer, ScriptedEngine]:
    """``replies``: adapter -> ``well`` or ``badly``."""

    def reply(request: Generate) -> str:
        return {"well": well, "badly": badly}[replies[request.adapter]](request)

    engine = ScriptedEngine(reply)
    adapters = frozenset(adapter for adapter in replies if adapter)
    template = ChatTemplate(
        "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
        "<|im_start|>assistant\n"
    )
    return Answerer(engine, search, Context(owner="Mina Bell", template=template, adapters=adapters)), engine


async def started(replies: dict[str | None, str]) -> Answerer:
    made, engine = answerer(replies)
    await engine.start()
    for version in made.context.adapters:
        await engine.load_adapter(version, Path(__file__))
    return made


async def test_a_good_candidate_is_promoted_and_the_report_says_what_it_did() -> None:
    made = await started({None: "well", "0000": "well", "0001": "well"})
    events: list[AnyEvent] = []
    report = await run_exam(made, questions(), candidate="0001", live="0000", on_event=events.append)
    assert report.verdict is not None and report.verdict.promote, report.verdict
    models = [one.model for one in report.figures]
    assert models == [
        "base",
        "retrieval",
        "quoting",
        "self:0000",
        "self-weights:0001",
        "self:0001",
        "self-weights:0000",
    ]
    own = next(one for one in report.figures if one.model == "self:0001")
    assert own.false_refusals == 0 and own.cited_right == 1.0 and own.own_words == 1.0 and own.left_out == 0
    quoting = next(one for one in report.figures if one.model == "quoting")
    assert quoting.own_words == 0.0
    weights = next(row for row in report.rows if row.model == "self-weights:0001" and row.kind == "owner")
    assert weights.right == 0 and weights.n == 22
    assert "self:0001" in table(report) and "1.00 (22/22)" in table(report)
    done = [event for event in events if isinstance(event, Progressed)]
    assert done[-1].done == done[-1].total == len(done) and done[-1].seconds_left == 0.0
    assert {event.stage for event in done} == {"exam"}


async def test_the_calibration_part_is_in_no_figure_and_sets_the_bands() -> None:
    made = await started({None: "well", "0000": "well", "0001": "badly"})
    report = await run_exam(made, questions(), candidate="0001", live="0000", on_event=lambda _: None)
    assert all(result.part != "calibration" for sitting in report.sittings for result in sitting.results)
    assert 0.2 < report.bands["en"].quote_above <= 0.8  # it refuses everything: good evidence is quoted over it
    own = next(row for row in report.rows if row.model == "self:0001" and row.kind == "owner")
    assert own.share == 1.0
    assert made.context.bands == DEFAULTS  # what is served meanwhile is left as it was


async def test_a_candidate_that_lost_its_general_knowledge_is_refused_with_the_figures() -> None:
    made = await started({None: "well", "0000": "well", "0001": "badly"})
    report = await run_exam(made, questions(), candidate="0001", live="0000", on_event=lambda _: None)
    assert report.verdict is not None and not report.verdict.promote
    assert "general knowledge" in report.verdict.why and "0 of 8 right against 8" in report.verdict.why


async def test_without_an_adapter_quoting_stands_for_0000() -> None:
    made = await started({None: "well", "0001": "well"})
    report = await run_exam(made, questions(), candidate="0001", live="0000", on_event=lambda _: None)
    models = {one.model for one in report.figures}
    assert models == {"base", "retrieval", "quoting", "self-weights:0001", "self:0001"}
    assert report.verdict is not None and report.verdict.promote


async def test_the_live_self_alone_is_examined_without_a_verdict() -> None:
    made = await started({None: "well", "0000": "well"})
    report = await run_exam(made, questions(), candidate=None, live="0000", on_event=lambda _: None)
    assert report.verdict is None
    assert "self:0000" in {one.model for one in report.figures}


async def test_out_of_time_the_rivals_are_left_out_and_the_gate_is_not() -> None:
    made = await started({None: "well", "0000": "well", "0001": "well"})
    report = await run_exam(
        made, questions(), candidate="0001", live="0000", on_event=lambda _: None, limit_seconds=0.0
    )
    left = {one.model: one.left_out for one in report.figures}
    assert left["base"] > 0 and left["retrieval"] > 0
    assert report.verdict is not None and report.verdict.promote
    own = next(sitting for sitting in report.sittings if sitting.model == "self:0001")
    assert {result.part for result in own.results} == {"gate"}


async def test_no_note_text_leaves_with_the_plain_report() -> None:
    made = await started({None: "well", "0000": "well"})
    report = await run_exam(made, questions(), candidate=None, live="0000", on_event=lambda _: None)
    body = json.dumps(report.plain())
    assert not any(city in body for city in CITIES) and not any(friend in body for friend in FRIENDS)
    assert "Lisbon" in json.dumps(report.plain(texts=True))


async def test_questions_are_asked_together_but_not_all_at_once() -> None:
    made, engine = answerer({None: "well"})
    await engine.start()
    slow = ScriptedEngine(well, delay=0.002)
    await slow.start()
    running, most = 0, 0

    async def counting(query: str, limit: int, as_of: str | None, before: tuple[str, ...]) -> list[Hit]:
        nonlocal running, most
        running += 1
        most = max(most, running)
        try:
            return await search(query, limit, as_of, before)
        finally:
            running -= 1

    busy = Answerer(slow, counting, made.context)
    sitting = await sit(busy, questions(), "retrieval", concurrency=3)
    assert len(sitting.results) == len(questions()) and [r.id for r in sitting.results] == [q.id for q in questions()]
    assert 1 <= most <= 3


async def test_an_unknown_model_ends_the_sitting() -> None:
    made = await started({None: "well"})
    with pytest.raises(NotFound, match="self:0042"):
        await sit(made, questions(), "self:0042")


async def test_a_passed_deadline_leaves_out_and_counts() -> None:
    made = await started({None: "well"})
    called = []
    sitting = await sit(made, questions(), "base", on_progress=lambda: called.append(1), until=time.monotonic() - 1)
    assert sitting.results == () and sitting.left_out == len(questions()) == len(called)


@pytest.mark.parametrize(
    ("right", "n", "low", "high"), [(0, 0, 0.0, 1.0), (5, 10, 0.237, 0.763), (10, 10, 0.722, 1.0), (0, 10, 0.0, 0.278)]
)
def test_wilsons_interval(right: int, n: int, low: float, high: float) -> None:
    assert wilson(right, n) == pytest.approx((low, high), abs=0.001)


async def test_the_plot_is_drawn_in_the_worker(tmp_path: Path) -> None:
    made = await started({None: "well", "0000": "well"})
    report = await run_exam(made, questions(), candidate=None, live="0000", on_event=lambda _: None)
    worker = ProcessWorker(tmp_path)
    try:
        await report.plot(worker, tmp_path / "report.svg")
    finally:
        await worker.close()
    svg = (tmp_path / "report.svg").read_text("utf-8")
    assert svg.lstrip().startswith("<?xml") and svg.count("<path") > 20
