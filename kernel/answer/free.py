"""Answers that are the model's own: with tools, in a format, several at once, or with log-probabilities. Nothing in them
is checked or quoted.

A call that must come is all that can come: the assistant's turn is opened with ``<tool_call>``. Where one may come, what the model writes is free until it opens a call itself;
with a format beside it, it is first asked which of the two it begins with.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from enum import Enum
from typing import Any

from kernel.abc import Engine, Finished, Generate, Piece
from kernel.answer.calls import CallReader
from kernel.answer.prompt import ChatTemplate
from kernel.answer.together import together
from kernel.answer.tools import CLOSE, OPEN, RESULT_OPEN, call_schema, in_words
from kernel.types import AnswerDelta, CallDelta, Choice, Frozen, Message, Question, TokenScore, Tool, Usage

_CALL_OR_NOT = f'root ::= "{OPEN}" | [^<]'
"""What an answer in a format begins with, where it may be a call instead: no JSON document begins with ``<``."""
_FEW = 16
"""Tokens for that beginning."""


class Written(Frozen, frozen=True, kw_only=True):
    """All answers. The prompt is counted once."""

    choices: tuple[Choice, ...]
    usage: Usage


class _Form(Enum):
    """What one answer may be."""

    TEXT = "text"
    """In the format asked for, if any."""
    EITHER = "either"
    CALL = "call"
    """One, and more after it where there may be several."""


class _Writing:
    """One answer in the making."""

    def __init__(self, choice: int, reader: CallReader | None) -> None:
        self._choice, self._reader = choice, reader
        self._text = ""
        self._unsent: tuple[TokenScore, ...] = ()
        self._scores: tuple[TokenScore, ...] = ()
        self.end = Finished(reason="stop", usage=Usage())

    def piece(self, piece: Piece) -> list[AnswerDelta]:
        if self._reader is None:
            self._unsent = piece.scores
            return [self._content(piece.text)]
        self._unsent += piece.scores
        return [self._part(part) for part in self._reader.feed(piece.text)]

    def finished(self, end: Finished) -> list[AnswerDelta]:
        self.end = end
        rest = self._reader.end(cut=end.reason == "length") if self._reader else []
        return [*map(self._part, rest), AnswerDelta(choice=self._choice, finish=self._reason())]

    def whole(self) -> Choice:
        calls = self._reader.calls if self._reader else ()
        return Choice(text=self._text, calls=calls, scores=self._scores, finish_reason=self._reason())

    def _reason(self) -> str:
        return "tool_calls" if self._reader is not None and self._reader.whole else self.end.reason

    def _part(self, part: str | CallDelta) -> AnswerDelta:
        if isinstance(part, str):
            return self._content(part)
        self._unsent = ()  # log-probabilities are told of the content alone
        return AnswerDelta(choice=self._choice, call=part)

    def _content(self, text: str) -> AnswerDelta:
        scores, self._unsent = self._unsent, ()
        self._text += text
        self._scores += scores
        return AnswerDelta(choice=self._choice, text=text, scores=scores)


class Free:
    """One question, as it was put to the model: ``messages`` with all that stands before the answer."""

    def __init__(
        self,
        engine: Engine,
        template: ChatTemplate,
        question: Question,
        messages: Sequence[Message],
        adapter: str | None,
    ) -> None:
        self._engine, self._question = engine, question
        self._tools = _callable(question)
        self._prompt = template.render(messages, self._tools)
        self._fields: dict[str, Any] = {"messages": in_words(messages, self._tools), "adapter": adapter}

    async def answers(self) -> AsyncGenerator[AnswerDelta | Written, None]:
        """Pieces of all answers as they come, then the whole. Raises what ``Engine.generate`` raises."""
        forms = await self._forms()
        writings = [_Writing(i, self._reader(form)) for i, form in enumerate(forms)]
        requests = [self._request(i, form) for i, form in enumerate(forms)]
        async with aclosing(together(self._engine, requests)) as parts:
            async for index, part in parts:
                writing = writings[index]
                for delta in writing.piece(part) if isinstance(part, Piece) else writing.finished(part):
                    yield delta
        yield Written(choices=tuple(writing.whole() for writing in writings), usage=_usage(writings))

    async def _forms(self) -> list[_Form]:
        asked = self._question
        if not self._tools:
            return [_Form.TEXT] * asked.n
        if asked.tool_choice == "required":
            return [_Form.CALL] * asked.n
        if not (asked.grammar or asked.json_schema):
            return [_Form.EITHER] * asked.n
        return [_Form.CALL if calls else _Form.TEXT for calls in await self._begun_with_a_call()]

    async def _begun_with_a_call(self) -> list[bool]:
        plain = {"grammar": _CALL_OR_NOT, "json_schema": "", "stop": (), "logprobs": None}
        most = min(_FEW, self._question.max_tokens)
        requests = [self._generate(i, self._prompt, **plain, max_tokens=most) for i in range(self._question.n)]
        begun = [""] * len(requests)
        async with aclosing(together(self._engine, requests)) as parts:
            async for index, part in parts:
                begun[index] += part.text if isinstance(part, Piece) else ""
        return [text.startswith(OPEN) for text in begun]

    def _reader(self, form: _Form) -> CallReader | None:
        if form is _Form.TEXT:
            return None
        names = {tool.name for tool in self._tools}
        return CallReader(names, inside=form is _Form.CALL)

    def _request(self, choice: int, form: _Form) -> Generate:
        asked = self._question
        if form is _Form.TEXT:
            return self._generate(choice, self._prompt)
        schema = call_schema(self._tools)
        # what may follow a call is another one; without those, and before a result, nothing is left to say
        several = asked.parallel_calls and not asked.tool_named
        stop = (*asked.stop, RESULT_OPEN if several else CLOSE)
        if form is _Form.EITHER:
            return self._generate(choice, self._prompt, json_schema=schema, free_until=OPEN, stop=stop)
        fields = {"grammar": "", "json_schema": schema, "logprobs": None}
        if several:
            return self._generate(choice, f"{self._prompt}{OPEN}\n", **fields, free_until=OPEN, stop=stop)
        return self._generate(choice, f"{self._prompt}{OPEN}\n", **fields)

    def _generate(self, choice: int, prompt: str, **changed: Any) -> Generate:
        fields = {**self._question.chosen(), "seed": nth_seed(self._question.seed, choice), **self._fields, **changed}
        return Generate(**fields, prompt=prompt)


def _callable(question: Question) -> tuple[Tool, ...]:
    """The tools that the model is told of."""
    if question.tool_choice == "none":
        return ()
    if question.tool_named:
        return tuple(tool for tool in question.tools if tool.name == question.tool_named)
    return question.tools


def nth_seed(seed: int | None, choice: int) -> int | None:
    """The seed of the text ``choice`` of several. 64 bits with a sign: after the last one comes the first."""
    return None if seed is None else (seed + choice + 2**63) % 2**64 - 2**63


def _usage(writings: Sequence[_Writing]) -> Usage:
    first = writings[0].end.usage
    return Usage(
        prompt_tokens=first.prompt_tokens,
        completion_tokens=sum(writing.end.usage.completion_tokens for writing in writings),
        cached_tokens=first.cached_tokens,
    )
