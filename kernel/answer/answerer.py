"""Questions in, checked answers out. The CLI, the exam, the server and the connectors all come through here.

The model never has the last word on a fact: a name or number that its evidence does not hold, or a refusal over strong
evidence, is replaced by the owner's own sentence. A sentence goes out once it has been checked.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing, suppress
from dataclasses import dataclass, field, replace

from kernel.abc import Engine, Generate, Piece
from kernel.answer import check, quote
from kernel.answer.bands import DEFAULTS, Bands, too_weak
from kernel.answer.draft import Draft, fit
from kernel.answer.free import Free, Written
from kernel.answer.in_use import InUse
from kernel.answer.prompt import ChatTemplate, prompt_of_self
from kernel.answer.route import is_world, route
from kernel.answer.turns import Turns, is_free, turns_of
from kernel.answer.voices import SPARE, fit_to_answer
from kernel.errors import EngineError, NotFound
from kernel.memory.language import language_of
from kernel.types import (
    Answer,
    AnswerDelta,
    Biography,
    Citation,
    Explain,
    Hit,
    Language,
    Message,
    Question,
    Usage,
)

Search = Callable[[str, int, str | None, tuple[str, ...]], Awaitable[list[Hit]]]
"""``(query, limit, as_of, turns before) -> hits``, best first."""
SAME_WORDS = 0.6
"""Share of a question's telling words that a note holds from which it is asked of the notes ("What is the lamp made of?"):
3 in 100 general questions come so near to some note of an invented person."""


@dataclass(frozen=True)
class Way:
    """How one model name answers."""

    name: str
    adapter: str | None = None
    memory: bool = False
    voice: bool = False
    """With the persona prefix."""
    method: str = "weights"
    """``weights`` (generate), ``self`` (routes, evidence, checks), ``quote`` (no model), ``retrieval`` (notes pasted in)."""


@dataclass
class Context:
    """What the answerer needs to know of the home; replaced as a whole when a self is promoted."""

    owner: str
    template: ChatTemplate
    live: str = "0000"
    adapters: frozenset[str] = frozenset()
    """Versions whose adapter is loaded in the engine."""
    in_use: InUse = field(default_factory=InUse)
    biography: Biography = field(default_factory=Biography)
    told: tuple[str, ...] = ()
    """Sentences of it that stand in the persona."""
    bands: dict[Language, Bands] = field(default_factory=lambda: dict(DEFAULTS))
    model_languages: tuple[str, ...] = ("en",)
    """Languages the base can write; in others the answer is quoted."""
    evidence: int = 3


@dataclass(frozen=True)
class _Asked:
    """A question, taken apart."""

    question: Question
    way: Way
    turns: Turns
    language: Language
    bands: Bands

    @property
    def text(self) -> str:
        return self.turns.text


class Answerer:
    """One per home. ``context`` may be replaced at any time; an answer under way keeps the one it began with."""

    def __init__(self, engine: Engine, search: Search, context: Context) -> None:
        self._engine, self._search, self.context = engine, search, context

    def way(self, model: str, *, memory: bool = True) -> Way:
        """How ``model`` answers. Raises ``NotFound`` naming what is served."""
        live = self.context.live
        name, colon, version = model.partition(":")
        if colon and (not version or name not in ("self", "self-weights")):
            raise self._not_served(model)
        version = version or live
        adapter = version if version in self.context.adapters else None
        if version != live and adapter is None and name in ("self", "self-weights"):
            raise self._not_served(model)
        if name == "self":
            if not memory:
                return Way(model, adapter, voice=True)
            return Way(model, adapter, memory=True, voice=True, method="self" if adapter else "quote")
        ways = {
            "self-weights": Way(model, adapter, voice=True),
            "base": Way(model),
            "quoting": Way(model, memory=True, method="quote"),
            "retrieval": Way(model, memory=True, method="retrieval"),
        }
        if name not in ways:
            raise self._not_served(model)
        return ways[name]

    def with_bands(self, bands: dict[Language, Bands]) -> Answerer:
        """Another answerer of the same home that decides by other bands; this one is left as it is."""
        return Answerer(self._engine, self._search, replace(self.context, bands=bands))

    def served(self) -> list[str]:
        """Model names that a client may ask for."""
        return ["self", "self-weights", "base", *(f"self:{version}" for version in sorted(self.context.adapters))]

    def _not_served(self, model: str) -> NotFound:
        return NotFound(
            f"there is no model '{model[:80]}' here; served are: {', '.join(self.served())}", code="model_not_found"
        )

    async def ask(self, question: Question) -> Answer:
        """See ``kernel.abc.Self.ask``."""
        async with aclosing(self.stream(question)) as parts:
            async for part in parts:
                if isinstance(part, Answer):
                    return part
        raise AssertionError("a stream ends with its answer")

    async def stream(self, question: Question) -> AsyncGenerator[AnswerDelta | Answer, None]:
        """See ``kernel.abc.Self.ask_stream``."""
        turns = turns_of(question)
        language = language_of(turns.text)
        way = self.way(question.model, memory=question.memory)
        asked = _Asked(question, way, turns, language, self.context.bands[language])
        if is_free(question):
            parts = self._free(asked)
        elif way.method == "weights":
            parts = self._plain(asked)
        elif way.method == "retrieval":
            parts = self._pasted(asked)
        else:
            parts = self._own(asked)
        with self.context.in_use.using(way.adapter):
            async with aclosing(parts):
                async for part in parts:
                    yield part.answer(question.model) if isinstance(part, Draft) else part

    # --- the ways -----------------------------------------------------------------------------------------------

    async def _plain(self, asked: _Asked) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """The model alone: the base gets the messages as they came, a self's weights get its persona."""
        messages = self._prompt(asked, ()) if asked.way.voice else asked.question.messages
        draft = Draft(route="conversation")
        async for piece in self._generate(asked.question, messages, asked.way.adapter, draft):
            yield draft.add(piece)
        yield draft

    async def _pasted(self, asked: _Asked) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """Plain retrieval with the base, the rival: the found sentences in front of the question, nothing checked."""
        found = await self._search(asked.text, self.context.evidence + SPARE, asked.question.as_of, ())
        hits = fit_to_answer(asked.text, found)[: self.context.evidence]
        notes = "\n".join(f"- {hit.text}" for hit in hits)
        content = f"Answer the question from these notes.\n\n{notes}\n\nQuestion: {asked.text}"
        draft = Draft(route="owner", evidence=hits, cited=[quote.citation(hit) for hit in hits])
        async for piece in self._generate(asked.question, [Message(role="user", content=content)], None, draft):
            yield draft.add(piece)
        yield draft

    async def _own(self, asked: _Asked) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """A self with its memory: route, evidence, bands, check, citations."""
        draft = await self._found(asked)
        writes = asked.language in self.context.model_languages
        if draft.route == "world" and writes:
            parts = self._world(asked, draft)
        elif asked.way.method != "self" or not writes:
            parts = self._quoted(asked, draft)
        elif draft.route == "conversation":
            parts = self._conversation(asked, draft)
        else:
            parts = self._grounded(asked, draft)
        async with aclosing(parts):
            async for part in parts:
                yield part

    async def _free(self, asked: _Asked) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """The model's own answers, unchecked; a self with its memory has evidence before it."""
        draft, adapter, messages = Draft(route="conversation"), asked.way.adapter, asked.question.messages
        if asked.way.memory:
            draft = await self._found(asked)
            draft.evidence = fit(draft, asked.bands)
        if draft.route == "world":
            adapter = None
        elif asked.way.memory or asked.way.voice:
            messages = self._prompt(asked, draft.evidence)
        free = Free(self._engine, self.context.template, asked.question, messages, adapter)
        async with aclosing(free.answers()) as parts:
            async for part in parts:
                if isinstance(part, Written):
                    draft.choices, draft.usage = part.choices, part.usage
                else:
                    yield part
        draft.text, draft.finish = draft.choices[0].text, draft.choices[0].finish_reason
        if draft.text:
            draft.cite()
        yield draft

    async def _found(self, asked: _Asked) -> Draft:
        """Route and evidence: an answer before a word of it is written."""
        draft = Draft(route=route(asked.text, asked.language))
        if draft.route == "identity":
            draft.evidence = self._who()
        else:
            turns = tuple(message.content for message in asked.turns.before if message.role == "user")[-2:]
            found = await self._search(asked.text, self.context.evidence + SPARE, asked.question.as_of, turns)
            draft.evidence = fit_to_answer(asked.text, found)[: self.context.evidence]
        draft.score = draft.evidence[0].score if draft.evidence else 0.0
        if draft.route == "unsure":
            draft.route = "world" if await self._about_world(asked, draft) else "owner"
        return draft

    async def _about_world(self, asked: _Asked, draft: Draft) -> bool:
        """Of a question whose words do not say: is it about the world? The learned weights know English only."""
        world, score = None, draft.score
        if any(hit.explain.overlap >= SAME_WORDS for hit in draft.evidence):
            return False
        if asked.language == "en" and score > 0:
            try:
                world = is_world((await self._engine.embed([asked.text]))[0], score)
            except EngineError:  # the embedder is down: the score alone decides
                world = None
        return score < asked.bands.world_below if world is None else world

    # --- the routes ---------------------------------------------------------------------------------------------------

    async def _world(self, asked: _Asked, draft: Draft) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """The base as it is, with the adapter off and its own system prompt."""
        draft.evidence = []
        async for piece in self._generate(asked.question, asked.question.messages, None, draft):
            yield draft.add(piece)
        yield draft

    async def _quoted(self, asked: _Asked, draft: Draft) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """No model: the best sentences, or not knowing."""
        if draft.route == "identity" and not draft.evidence:
            yield await self._instead(asked, draft, quote.i_am(self.context.owner, asked.language))
        elif draft.route == "identity" or not too_weak(asked.bands, draft.evidence):
            yield await self._quote(asked, draft)
        else:
            yield await self._instead(asked, draft, quote.DOES_NOT_KNOW[asked.language])
        yield draft

    async def _conversation(self, asked: _Asked, draft: Draft) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """Talk and writing: the voice, evidence if there is any, and no invented names or numbers."""
        draft.evidence = fit(draft, asked.bands)
        sources = [*(f"{hit.context} {hit.title}" for hit in draft.evidence), *(m.content for m in asked.turns.before)]
        sources += [asked.text, self.context.owner, *self.context.told]
        messages = self._prompt(asked, draft.evidence)
        async with aclosing(self._sentences(asked.question, messages, asked.way.adapter, draft)) as parts:
            async for sentence, _ in parts:
                if not check.invented(sentence, sources):
                    yield draft.add(sentence)
                elif draft.text:
                    break
        if draft.text:
            draft.cite()
        else:
            yield await self._instead(asked, draft, quote.NOTHING_TO_SAY)
        yield draft

    async def _grounded(self, asked: _Asked, draft: Draft) -> AsyncGenerator[AnswerDelta | Draft, None]:
        """The owner is asked about: evidence, bands, check, citations."""
        if draft.route == "owner" and too_weak(asked.bands, draft.evidence):
            yield await self._instead(asked, draft, quote.DOES_NOT_KNOW["en"])
            yield draft
            return
        messages = self._prompt(asked, draft.evidence)
        sources = [f"{hit.context} {hit.text} {hit.title} {hit.happened_at or ''}" for hit in draft.evidence]
        sources += [line.content for line in messages]
        async with aclosing(self._sentences(asked.question, messages, asked.way.adapter, draft)) as parts:
            async for sentence, pieces in parts:
                if not draft.text and check.refuses(sentence):
                    if draft.score < asked.bands.quote_above or draft.route != "owner":
                        yield draft.instead(sentence.strip(), draft.finish)
                    break
                sure = draft.route != "owner" or check.certainty(pieces, asked.text) >= asked.bands.certain_above
                wrong = (check.unsupported if draft.route == "owner" else check.invented)(sentence, sources)
                if not sure or wrong or check.of_another(sentence, asked.text, draft.evidence):
                    break
                yield draft.add(sentence)
        if draft.source == "model" and draft.text:
            draft.cite()
        elif not draft.text and draft.evidence:
            yield await self._quote(asked, draft)
        elif not draft.text:
            yield await self._instead(asked, draft, quote.i_am(self.context.owner, "en"))
        yield draft

    # --- parts --------------------------------------------------------------------------------------------------------

    def _who(self) -> list[Hit]:
        """The start of the biography as evidence for "who are you?"."""
        found = []
        for cited in self.context.biography.first_person[: self.context.evidence]:
            first = cited.citations[0]
            found.append(biography_hit(cited.text, first))
        return found

    def _prompt(self, asked: _Asked, evidence: Sequence[Hit]) -> tuple[Message, ...]:
        turns = asked.turns
        return prompt_of_self(
            self.context.owner,
            turns.text,
            evidence,
            before=turns.before,
            after=turns.after,
            system=turns.system,
            told=self.context.told,
        )

    async def _quote(self, asked: _Asked, draft: Draft) -> AnswerDelta:
        """The best of the evidence as the answer."""
        hits = quote.chosen(draft.evidence)
        return draft.quoted(hits, *await quote.kept(self._engine, asked.question, quote.text_of(hits)))

    async def _instead(self, asked: _Asked, draft: Draft, text: str) -> AnswerDelta:
        """``text`` in the model's place, as it would have ended had the model written it."""
        return draft.instead(*await quote.kept(self._engine, asked.question, text))

    async def _sentences(
        self, question: Question, messages: Sequence[Message], adapter: str | None, draft: Draft
    ) -> AsyncGenerator[tuple[str, list[tuple[str, float]]], None]:
        """What the model writes, a whole sentence at a time, with its pieces and their log-probabilities."""
        held = ""
        pieces: list[tuple[str, float]] = []
        async with aclosing(self._pieces(question, messages, adapter, draft, logprobs=0)) as coming:
            async for piece in coming:
                held += piece.text
                pieces.append((piece.text, piece.logprob))
                parts = check.sentences(held)
                for whole in parts[:-1]:
                    yield whole, pieces[:-1]
                    pieces = pieces[-1:]  # the piece that shows the end begins the next
                held = parts[-1] if parts else ""
        if held.strip():
            yield held, pieces

    async def _generate(
        self, question: Question, messages: Sequence[Message], adapter: str | None, draft: Draft
    ) -> AsyncGenerator[str, None]:
        async with aclosing(self._pieces(question, messages, adapter, draft)) as coming:
            async for piece in coming:
                yield piece.text

    async def _pieces(
        self,
        question: Question,
        messages: Sequence[Message],
        adapter: str | None,
        draft: Draft,
        *,
        logprobs: int | None = None,
    ) -> AsyncGenerator[Piece, None]:
        prompt = self.context.template.render(messages)
        request = Generate(
            **{**question.chosen(), "logprobs": logprobs},
            prompt=prompt,
            messages=tuple(messages),
            adapter=adapter,
        )
        written = 0
        try:
            async with aclosing(self._engine.generate(request)) as stream:
                async for part in stream:
                    if isinstance(part, Piece):
                        written += part.tokens
                        yield part
                    else:
                        draft.usage, draft.finish = part.usage, part.reason
        except GeneratorExit:  # the rest is not wanted, and what has been written is counted all the same
            with suppress(EngineError):
                prompt_tokens = len(await self._engine.tokenize(prompt))
                draft.usage = Usage(prompt_tokens=prompt_tokens, completion_tokens=written)
            raise


def biography_hit(text: str, first: Citation) -> Hit:
    """A biography sentence in the shape of evidence."""
    none = Explain(vector=None, words=0, hangul=0, trigram=0, overlap=0, notes=("biography",))
    return Hit(
        note_id=first.note_id,
        chunk_id="",
        sentence_id="",
        title=first.title,
        text=first.quote,
        context=text,
        span=first.span,
        score=1.0,
        explain=none,
        happened_at=None,
        origin="owner",
        language=language_of(text),
    )
