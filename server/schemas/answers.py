"""An answer as ``oneself ask --json`` prints it."""

from __future__ import annotations

import msgspec

from kernel.types import Answer
from server.schemas.chat import Annotation


class CitationOut(msgspec.Struct, frozen=True, kw_only=True):
    note_id: str
    title: str
    quote: str
    span: tuple[int, int]
    mark: tuple[int, int]
    """The part of the answer that stands on it."""


class AnswerOut(msgspec.Struct, frozen=True, kw_only=True):
    model: str
    answer: str
    citations: tuple[CitationOut, ...]
    source: str


def answer_out(answer: Answer) -> AnswerOut:
    cited = zip(answer.citations, answer.marks, strict=True)
    return AnswerOut(
        model=answer.model,
        answer=answer.text,
        citations=tuple(
            CitationOut(
                note_id=citation.note_id,
                title=citation.title,
                quote=citation.quote,
                span=(citation.span.start, citation.span.end),
                mark=(mark.start, mark.end),
            )
            for citation, mark in cited
        ),
        source=answer.source,
    )


def from_annotations(model: str, text: str, annotations: list[Annotation], source: str) -> AnswerOut:
    return AnswerOut(
        model=model,
        answer=text,
        citations=tuple(
            CitationOut(
                note_id=one.note_id,
                title=one.url_citation.title,
                quote=one.quote,
                span=one.span,
                mark=(one.url_citation.start_index, one.url_citation.end_index),
            )
            for one in annotations
        ),
        source=source,
    )
