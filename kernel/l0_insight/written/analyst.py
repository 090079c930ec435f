"""``WrittenAnalyst``: an extractive insight, written anew by a language model wherever what it writes stands in the note.

A note's entities, keywords, dates and contexts stay those of the rules. A sentence's statements are the model's where one
of them passed, else the rules'; so are title, summary, insight and tags. What did not pass is counted in ``dropped``.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Collection, Sequence
from contextlib import aclosing

import msgspec

from kernel.abc import Engine, Generate, ModelInfo, Piece
from kernel.errors import ContextOverflow
from kernel.l0_insight.written.asking import messages_for, read_items, read_reply, schema_for
from kernel.l0_insight.written.checking import Checked
from kernel.l0_insight.written.structs import ProposedLine, ProposedStatement, ProposedTask, Reply, name_of
from kernel.l0_insight.written.windows import halves, windows
from kernel.l0_insight.written.wording import content
from kernel.types import Insight, Memory, Message, Statement, Task

log = logging.getLogger(__name__)
WINDOW_SENTENCES = 16
ANSWER_TOKENS, TOKENS_A_SENTENCE = 400, 90
"""What a reply may take: of its own, and for each sentence asked about."""
TOKENS_SHOWN = 40
"""Of a sentence, about, with its number: a context that is too small for as many is asked about fewer at once."""
CUTS = 1
"""How often a window whose reply cannot be read is asked about again in two halves."""
SUMMARY_SENTENCES = 3
MOST_TAGS = 8

Render = Callable[[Sequence[Message]], str]
"""The model's chat template: messages -> prompt up to the assistant's turn."""


async def _at_once() -> None:
    return None


class WrittenAnalyst:
    """``pause`` is awaited before every request to the engine, so that others can go first. ``owner``: names that the
    owner goes by. One note at a time; raises what ``Engine.generate`` raises, and then nothing is kept of the note."""

    def __init__(
        self,
        engine: Engine,
        model: ModelInfo,
        render: Render,
        *,
        owner: Collection[str] = (),
        window_tokens: int = 800,
        pause: Callable[[], Awaitable[None]] = _at_once,
    ) -> None:
        self.name = name_of(model.name)
        self._engine, self._model, self._render, self._owner = engine, model, render, owner
        self._window_tokens, self._pause = window_tokens, pause

    async def understand(self, memory: Memory, extractive: Insight) -> Insight:
        """``extractive``: of the same note, whose entities, keywords and dates it keeps. The words of a model (a note of
        origin ``self``) are never asked about: nothing is to be learned from them."""
        if memory.note.origin == "self" or not memory.sentences:
            return msgspec.structs.replace(extractive, analyst=self.name, dropped=0)
        checked = Checked(memory, extractive, self._owner)
        found = _Found(checked)
        for window in await self._windows(memory, checked):
            await self._ask(memory, checked, window, found, CUTS)
        return found.put_into(extractive, memory, self.name)

    async def _windows(self, memory: Memory, checked: Checked) -> list[range]:
        """As many tokens as are wanted, or as the context has beside the question and the reply."""
        question = len(await self._engine.tokenize(self._render(messages_for([], memory.note.language))))
        sentences, most = WINDOW_SENTENCES, 0
        while sentences:
            most = min(self._window_tokens, self._model.context_tokens - question - _answer_tokens(sentences))
            if most >= min(self._window_tokens, TOKENS_SHOWN * sentences):
                break
            sentences //= 2
        lengths = [len(text.encode("utf-8", "replace")) + 1 for text in checked.texts]
        whole = len(await self._engine.tokenize("\n".join(checked.texts), special=False))
        sizes = [round(whole * length / sum(lengths)) + 4 for length in lengths]
        return windows(sizes, most=most, sentences=sentences)

    async def _ask(self, memory: Memory, checked: Checked, window: range, found: _Found, cuts: int) -> None:
        messages = messages_for([(index, checked.texts[index]) for index in window], memory.note.language)
        request = Generate(
            prompt=self._render(messages),
            messages=messages,
            max_tokens=_answer_tokens(len(window)),
            json_schema=schema_for(window),
        )
        await self._pause()
        try:
            reply = read_reply(await self._say(request))
        except ContextOverflow:
            reply = None
        if reply is not None:
            found.take(reply, window)
            return
        found.dropped += 1
        parts = halves(window) if cuts else ()
        log.info("note %s: no reply to be read about %d sentences", memory.note.id, len(window))
        for part in parts:
            await self._ask(memory, checked, part, found, cuts - 1)

    async def _say(self, request: Generate) -> str:
        said = []
        async with aclosing(self._engine.generate(request)) as stream:
            async for part in stream:
                if isinstance(part, Piece):
                    said.append(part.text)
        return "".join(said)


class _Found:
    """What passed so far, in the order of the note."""

    def __init__(self, checked: Checked) -> None:
        self._checked = checked
        self.dropped = 0
        self._statements: list[Statement] = []
        self._tasks: list[Task] = []
        self._title = ""
        self._summary: list[tuple[int, str]] = []
        self._insights: list[tuple[tuple[int, ...], str]] = []
        self._tags: dict[str, None] = {}

    def take(self, reply: Reply, shown: range) -> None:
        statements, wrong = read_items(reply.statements, ProposedStatement)
        tasks, wrong_tasks = read_items(reply.tasks, ProposedTask)
        summary, wrong_lines = read_items(reply.summary, ProposedLine)
        self.dropped += wrong + wrong_tasks + wrong_lines
        for said in statements:
            if (statement := self._checked.statement(said, shown)) is None:
                self.dropped += 1
            elif not any(_same(statement, other) for other in self._statements):
                self._statements.append(statement)
        for asked in tasks:
            if (task := self._checked.task(asked, shown)) is None:
                self.dropped += 1
            elif all(task.span != other.span for other in self._tasks):
                self._tasks.append(task)
        for line in summary:
            if text := self._line(line, shown):
                self._summary.append((min(line.sentences), text))
        for line, text in self._one(reply.insight, shown):
            self._insights.append((line.sentences, text))
        for _, text in self._one(reply.title, shown):
            self._title = self._title or text.rstrip(".")
        for tag in reply.tags:
            if isinstance(tag, str) and (good := self._checked.tag(tag)):
                self._tags[good] = None
            else:
                self.dropped += 1

    def _one(self, given: object, shown: range) -> list[tuple[ProposedLine, str]]:
        lines, wrong = read_items([] if given is None else [given], ProposedLine)
        self.dropped += wrong
        return [(line, text) for line in lines if (text := self._line(line, shown))]

    def _line(self, line: ProposedLine, shown: range) -> str:
        text = self._checked.line(line, shown)
        self.dropped += not text
        return text

    def put_into(self, extractive: Insight, memory: Memory, analyst: str) -> Insight:
        note = memory.note
        anew = {statement.span for statement in self._statements}
        kept = [statement for statement in extractive.statements if statement.span not in anew]
        boxes = {task.span for task in self._tasks}
        tasks = [*self._tasks, *(task for task in extractive.tasks if task.span not in boxes)]
        tags = tuple(dict.fromkeys([*note.tags, *self._tags]))[:MOST_TAGS] if self._tags else extractive.tags
        return msgspec.structs.replace(
            extractive,
            analyst=analyst,
            title=self._title or extractive.title,
            summary=" ".join(self._summed_up()) or extractive.summary,
            insight=self._telling() or extractive.insight,
            tags=tags,
            statements=tuple(sorted([*kept, *self._statements], key=lambda one: one.span.start)),
            tasks=tuple(sorted(tasks, key=lambda one: one.span.start)),
            dropped=self.dropped,
        )

    def _summed_up(self) -> list[str]:
        """At most ``SUMMARY_SENTENCES``, from all over the note."""
        lines = list(dict.fromkeys(text for _, text in sorted(self._summary)))
        step = max(1.0, len(lines) / SUMMARY_SENTENCES)
        return [lines[int(place * step)] for place in range(min(len(lines), SUMMARY_SENTENCES))]

    def _telling(self) -> str:
        """The insight whose sentences say most of the owner."""
        about = [one.span for one in self._statements if one.subject == "owner"]

        def weight(found: tuple[tuple[int, ...], str]) -> int:
            return sum(about.count(self._checked.span(number)) for number in set(found[0]))

        return max(self._insights, key=weight, default=((), ""))[1]


def _same(one: Statement, other: Statement) -> bool:
    """Whether two windows, or one twice, say the same of a sentence."""
    if one.span != other.span or one.subject != other.subject or one.negated != other.negated:
        return False
    verbs, others = ({word.term for word in content(said.relation)} for said in (one, other))
    first, second = ({word.term for word in content(said.object)} for said in (one, other))
    return verbs == others and (first <= second or second <= first)


def _answer_tokens(sentences: int) -> int:
    return ANSWER_TOKENS + TOKENS_A_SENTENCE * sentences
