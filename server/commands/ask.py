"""``oneself ask`` and ``oneself chat``."""

from __future__ import annotations

import asyncio
import sys

import click

from kernel.errors import OneselfError
from kernel.types import Message
from server.commands.common import options, show, with_door
from server.door import Ask, Door
from server.schemas.answers import AnswerOut

_LEAVE = {"/exit", "/quit", "/q"}


@click.command()
@options()
@click.argument("question")
@click.option("--model", default="self", show_default=True, help="self, self-weights, base or self:NNNN.")
@click.option("--memory/--no-memory", default=True, help="Search the notes for evidence.")
@click.option("--as-of", metavar="DATE", help="Answer with what was known on that day.")
@click.option("--max-tokens", type=click.IntRange(1), help="Length of the answer at most.")
@click.option("--temperature", type=click.FloatRange(0, 2), default=0.0, show_default=True)
@click.option("--seed", type=int)
def ask(
    question: str,
    model: str,
    memory: bool,
    as_of: str | None,
    max_tokens: int | None,
    temperature: float,
    seed: int | None,
) -> None:
    """One answer, with the notes that it stands on."""
    if not question.strip():
        raise click.UsageError("The question is empty.")
    wanted = Ask(
        messages=(Message(role="user", content=question),),
        model=model,
        memory=memory,
        as_of=as_of,
        max_tokens=max_tokens,
        temperature=temperature,
        seed=seed,
    )
    answer = with_door(lambda door: door.ask(wanted))
    show(answer, lambda: "\n".join([answer.answer, *_sources(answer)]))


@click.command()
@options(json=False)
@click.option("--model", default="self", show_default=True, help="self, self-weights, base or self:NNNN.")
def chat(model: str) -> None:
    """A conversation in the terminal; an empty line or /exit ends it."""
    with_door(lambda door: _converse(door, model))


async def _converse(door: Door, model: str) -> None:
    said: list[Message] = []
    while (line := await asyncio.to_thread(_read_line)) and line not in _LEAVE:
        said.append(Message(role="user", content=line))
        try:
            answer = await _say(door, Ask(messages=tuple(said), model=model))
        except OneselfError as error:
            if len(said) == 1:
                raise
            click.echo(f"\noneself: {error}", err=True)
            said.pop()
            continue
        said.append(Message(role="assistant", content=answer.answer))


async def _say(door: Door, question: Ask) -> AnswerOut:
    answer: AnswerOut | None = None
    async for piece in door.ask_stream(question):
        if isinstance(piece, AnswerOut):
            answer = piece
        else:
            click.echo(piece, nl=False)
    click.echo()
    if answer is None:
        raise OneselfError("The answer broke off. Ask again.")
    for line in _sources(answer):
        click.echo(line)
    return answer


def _read_line() -> str:
    """The next line, empty at the end of the input."""
    if sys.stdin.isatty():
        click.echo("> ", nl=False, err=True)
    return sys.stdin.readline().strip()


def _sources(answer: AnswerOut) -> list[str]:
    return [click.style(f"  [{cited.note_id}] {cited.title}: {cited.quote}", dim=True) for cited in answer.citations]
