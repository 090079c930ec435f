"""What the exam is made of. Light: the server process, the worker child and the tests all import it."""

from __future__ import annotations

from typing import Literal

import msgspec

from kernel.types import Frozen, Language, Source, Span

Kind = Literal["fact", "opinion", "time", "my", "unanswerable", "general", "chat", "write"]
Part = Literal["calibration", "gate", "report"]
OWNER: tuple[Kind, ...] = ("fact", "opinion", "time", "my", "unanswerable")
"""Kinds asked about the owner; ``my`` is asked as the owner asks ("Where did I …?"), the others as "you"."""
ANSWERABLE: tuple[Kind, ...] = ("fact", "opinion", "time", "my")
TALK: tuple[Kind, ...] = ("chat", "write")

Wanted = str | tuple[str, ...]
"""One word, number or phrase, or several that must all be there."""


class ExamQuestion(Frozen, frozen=True, kw_only=True):
    """One question and what makes an answer to it right (``kernel.exam.grade`` states how these are read)."""

    id: str
    kind: Kind
    part: Part
    q: str
    any: tuple[Wanted, ...] = ()
    """Alternatives: the answer must hold one of them."""
    forbidden: tuple[str, ...] = msgspec.field(default=(), name="not")
    """Words that make the answer wrong whatever else it holds."""
    note_id: str | None = None
    span: Span | None = None
    """The words in the note that say it."""
    gold: str = ""
    """Those words."""
    language: Language = "en"
    rule: str = ""
    """Which rule made it."""

    @property
    def abstain(self) -> bool:
        return self.kind == "unanswerable"


class Result(Frozen, frozen=True, kw_only=True):
    """One question, asked of one model and graded."""

    id: str
    kind: Kind
    part: Part
    language: Language
    right: bool
    refused: bool
    source: Source
    score: float
    """Of the best evidence."""
    cited_right: bool | None
    """Whether what is cited holds the answer; ``None`` where nothing had to be cited."""
    own_words: bool | None
    """Whether a right answer to an owner's question holds no run of eight words of its evidence; else ``None``."""
    seconds: float
    text: str
    """Stays in the report file of the home."""


class Sitting(Frozen, frozen=True, kw_only=True):
    """One model's results, in the order of the questions. ``left_out``: how many were not asked for want of time."""

    model: str
    results: tuple[Result, ...]
    seconds: float
    left_out: int = 0

    def of(self, *kinds: Kind, part: Part | None = None) -> tuple[Result, ...]:
        """The results of these kinds (all if none is named) in this part (all if ``None``)."""
        return tuple(r for r in self.results if (not kinds or r.kind in kinds) and (part is None or r.part == part))


class Verdict(Frozen, frozen=True, kw_only=True):
    promote: bool
    why: str
    """In plain words with the figures."""
    too_few: bool = False


class Row(Frozen, frozen=True, kw_only=True):
    """One model and one kind of question in the report's table."""

    model: str
    kind: str
    """A ``Kind``, ``owner`` (all that can be answered) or ``all``."""
    n: int
    right: int
    share: float
    low: float
    high: float
    """Wilson's interval, 95 %."""


class Figures(Frozen, frozen=True, kw_only=True):
    """What else is said of one model. Shares are ``None`` where there is nothing to take a share of."""

    model: str
    asked: int
    left_out: int
    false_refusals: int
    """Questions that the notes answer and the model did not know."""
    cited_right: float | None
    """Share of the answers to answerable questions with citations that hold the answer."""
    own_words: float | None
    """Share of the right owner's answers that are not an eight-word run of the evidence."""
    seconds: float
