"""A small exam with the real base: the real engine child, the real template, hand-made evidence."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.answer.answerer import Answerer, Context
from kernel.answer.prompt import ChatTemplate
from kernel.config import EngineConfig, Paths
from kernel.engine.client import LocalEngine
from kernel.engine.starter import install_starter
from kernel.exam.exam import run_exam
from kernel.exam.questions import fixed
from kernel.exam.report import table
from kernel.exam.structs import ExamQuestion
from kernel.types import Explain, Hit, Span

FACTS = {
    "tortoise": ("What is the tortoise called?", "The tortoise is called Reverend.", "Reverend"),
    "mixer": (
        "Who lent you the money for your first mixer?",
        "Obiageli lent me the money for my first mixer.",
        "Obiageli",
    ),
    "goldfish": ("Where did Benedetta win a goldfish?", "Benedetta won a goldfish at a fair in Pozzuoli.", "Pozzuoli"),
}


def hit(key: str) -> Hit:
    text = FACTS[key][1]
    return Hit(
        note_id=f"n_{key}", chunk_id="c", sentence_id=f"s_{key}", title="Diary", text=text, context=text,
        span=Span(0, len(text)), score=0.8, happened_at="2024-05-01", origin="owner", language="en",
        explain=Explain(vector=0.8, words=1, hangul=0, trigram=0, overlap=1),
    )  # fmt: skip


async def search(query: str, limit: int, as_of: str | None, before: tuple[str, ...]) -> list[Hit]:
    return [hit(key) for key in FACTS if key in query.lower()]


@pytest.mark.slow
async def test_the_real_base_sits_the_exam(tmp_path: Path) -> None:
    paths = Paths(tmp_path)
    install_starter(paths)
    engine = LocalEngine(paths, EngineConfig(context_tokens=2048, sequences=4))
    info = await engine.start()
    try:
        template = ChatTemplate(info.chat_template, bos_token=info.bos_token, eos_token=info.eos_token)
        answerer = Answerer(engine, search, Context(owner="Mina Bell", template=template))
        asked = [
            ExamQuestion(id=key, kind="fact", part="report", q=q, any=(answer,), note_id=f"n_{key}", gold=text)
            for key, (q, text, answer) in FACTS.items()
        ]
        blank = ExamQuestion(id="u", kind="unanswerable", part="report", q="What is your blood type?")
        general = [question for question in fixed() if question.kind == "general" and question.part == "report"][:4]
        report = await run_exam(
            answerer, [*asked, blank, *general], candidate=None, live="0000", on_event=lambda _: None
        )
    finally:
        await engine.close()
    right = {(row.model, row.kind): row.right for row in report.rows}
    assert right["quoting", "owner"] == 3 and right["quoting", "unanswerable"] == 1
    assert right["retrieval", "owner"] >= 2, table(report)
    assert right["base", "owner"] == 0 and right["base", "general"] >= 1, table(report)
    assert all(result.text for sitting in report.sittings for result in sitting.results)
