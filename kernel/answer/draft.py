"""An answer in the making."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from kernel.answer import check, quote
from kernel.answer.bands import Bands, too_weak
from kernel.types import Answer, AnswerDelta, Choice, Citation, Hit, Route, Source, Span, Usage


@dataclass
class Draft:
    """What is known of it so far; ``answer`` gives the whole."""

    route: Route
    evidence: list[Hit] = field(default_factory=list)
    score: float = 0.0
    """Of the best that was found, whatever became of it."""
    usage: Usage = field(default_factory=Usage)
    text: str = ""
    source: Source = "model"
    cited: list[Citation] = field(default_factory=list)
    marks: tuple[Span, ...] = ()
    """Where what each citation is of stands in the text; none: each is of the whole."""
    finish: str = "stop"
    choices: tuple[Choice, ...] = ()

    def add(self, text: str) -> AnswerDelta:
        """What the model writes goes on."""
        self.text += text
        return AnswerDelta(text=text)

    def instead(self, text: str, finish: str) -> AnswerDelta:
        """Said in the model's place, from no evidence."""
        self.text, self.finish, self.source, self.evidence = text, finish, "none", []
        return AnswerDelta(text=text)

    def quoted(self, hits: Sequence[Hit], kept: str, finish: str) -> AnswerDelta:
        """The sentences of ``hits`` in the model's place: ``kept`` of their text. What was cut off is not cited."""
        whole = quote.marks(quote.text_of(hits), [quote.text_of([hit]) for hit in hits])
        within = [(hit, mark) for hit, mark in zip(hits, whole, strict=True) if mark.start < len(kept)]
        self.text, self.finish, self.source = kept, finish, "quote"
        self.cited = [quote.citation(hit) for hit, _ in within]
        self.marks = tuple(Span(mark.start, min(mark.end, len(kept))) for _, mark in within)
        return AnswerDelta(text=kept)

    def cite(self) -> None:
        """What the model wrote stands on the sentences of the evidence that share its words."""
        hits = check.support(self.text, self.evidence)
        self.cited = [quote.citation(hit) for hit in hits]

    def answer(self, model: str) -> Answer:
        return Answer(
            model=model,
            text=self.text,
            citations=tuple(self.cited),
            marks=self.marks or (Span(0, len(self.text)),) * len(self.cited),
            source=self.source,
            route=self.route,
            usage=self.usage,
            finish_reason=self.finish,
            score=self.score,
            choices=self.choices,
        )


def fit(draft: Draft, bands: Bands) -> list[Hit]:
    """What was found, as far as it is near enough to be shown to the model unasked or unchecked."""
    if draft.route == "conversation":
        return [hit for hit in draft.evidence if hit.score >= bands.quote_above]
    weak = draft.route == "world" or (draft.route == "owner" and too_weak(bands, draft.evidence))
    return [] if weak else draft.evidence
