"""One model sits the exam: every question in a conversation of its own, at temperature 0, graded as it comes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from kernel.answer.answerer import Answerer
from kernel.errors import Busy
from kernel.exam import grade
from kernel.exam.structs import OWNER, TALK, ExamQuestion, Result, Sitting
from kernel.types import Answer, Message, Question

MAX_TOKENS = 96
"""Of an answer: three times what an answer to these questions takes. It bounds what a rambling base costs."""
TRIES = 20
"""A full queue is asked again this often; other clients are being served meanwhile."""
OnProgress = Callable[[], None]
"""Called once for every question that was asked or left out."""


async def sit(
    answerer: Answerer,
    questions: Sequence[ExamQuestion],
    model: str,
    *,
    on_progress: OnProgress | None = None,
    concurrency: int = 4,
    until: float | None = None,
) -> Sitting:
    """Ask ``model`` all ``questions``, ``concurrency`` at a time.

    ``until`` (``time.monotonic``): questions not begun by then are left out and counted. Raises what the answerer
    raises (``NotFound`` for a model that is not served, ``EngineDied``); then nothing goes on being asked.
    """
    began = time.monotonic()
    turn = asyncio.Semaphore(concurrency)

    async def one(question: ExamQuestion) -> Result | None:
        async with turn:
            result = None
            if until is None or time.monotonic() < until:
                result = await _asked(answerer, question, model)
        if on_progress is not None:
            on_progress()
        return result

    tasks = [asyncio.create_task(one(question)) for question in questions]
    try:
        results = await asyncio.gather(*tasks)
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    kept = tuple(result for result in results if result is not None)
    return Sitting(model=model, results=kept, seconds=time.monotonic() - began, left_out=len(questions) - len(kept))


async def _asked(answerer: Answerer, question: ExamQuestion, model: str) -> Result:
    began = time.monotonic()
    asked = Question(
        messages=(Message(role="user", content=question.q),), model=model, temperature=0.0, max_tokens=MAX_TOKENS
    )
    answer = await _answer(answerer, asked)
    return graded(question, answer, owner=answerer.context.owner, seconds=time.monotonic() - began)


async def _answer(answerer: Answerer, asked: Question) -> Answer:
    for _ in range(TRIES):
        try:
            return await answerer.ask(asked)
        except Busy as busy:
            await asyncio.sleep(busy.retry_after)
    return await answerer.ask(asked)


def graded(question: ExamQuestion, answer: Answer, *, owner: str, seconds: float = 0.0) -> Result:
    """One answer, judged by ``kernel.exam.grade``."""
    is_right = grade.right(question, answer.text, source=answer.source, owner=owner)
    has_refused = grade.refused(question, answer.text, source=answer.source)
    return Result(
        id=question.id,
        kind=question.kind,
        part=question.part,
        language=question.language,
        right=is_right,
        refused=has_refused,
        source=answer.source,
        score=answer.score,
        cited_right=_cited_right(question, answer) if not has_refused else None,
        own_words=_own_words(question, answer) if is_right else None,
        seconds=seconds,
        text=answer.text,
    )


def _cited_right(question: ExamQuestion, answer: Answer) -> bool | None:
    """Whether a citation's words hold the answer, or are the very words that the question was made from."""
    if question.kind not in OWNER or question.abstain or not answer.citations:
        return None
    for citation in answer.citations:
        if grade.holds_answer(question, citation.quote):
            return True
        span = question.span
        if (
            span
            and citation.note_id == question.note_id
            and citation.span.start < span.end
            and span.start < citation.span.end
        ):
            return True
    return False


def _own_words(question: ExamQuestion, answer: Answer) -> bool | None:
    if question.kind in TALK or question.kind not in OWNER or question.abstain:
        return None
    if answer.source == "quote":
        return False
    return grade.is_own_words(answer.text, [question.gold, *(citation.quote for citation in answer.citations)])
