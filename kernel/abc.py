"""The seams. Each is implemented once or more elsewhere and held to one contract suite (``tests/test_kernel/contracts``).

The docstring here says order, errors and who calls it when; implementations do not repeat it.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol, TypeVar

import msgspec
import numpy as np
import numpy.typing as npt

from kernel.events import AnyEvent
from kernel.types import (
    DEFAULT_EMBEDDER,
    Added,
    Answer,
    AnswerDelta,
    Hit,
    Identity,
    Insight,
    Language,
    Memory,
    Message,
    Note,
    Origin,
    Question,
    Receipt,
    Sampling,
    Segment,
    Span,
    TokenScore,
    Usage,
)

Vectors = npt.NDArray[np.float32]
"""``(n, d)`` float32, rows of length 1."""
OnEvent = Callable[[AnyEvent], None]
R = TypeVar("R")


# --- reading ----------------------------------------------------------------------------------------------------------


class Reading(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader may need to know beside the bytes."""

    mine: bool = False
    """The caller says that these are the owner's own words, whatever the format."""
    owner: tuple[str, ...] = ()
    """Names, addresses and numbers that the owner goes by, to know them in a conversation (case-insensitive)."""
    models: str = ""
    """Folder of the home's models (Whisper)."""
    whisper: str = "base"
    """Which Whisper model reads recordings."""


class Document(msgspec.Struct, frozen=True, kw_only=True):
    """What a reader makes of one file, or of one part of it: everything but identity and times of learning."""

    title: str
    text: str
    kind: str
    origin: Origin
    happened_at: str | None
    happened_from: str
    tags: tuple[str, ...] = ()
    pages: tuple[Span, ...] = ()
    part: str = ""
    """What names it within its file for ever (a conversation's id, a day, a Message-ID); empty where the file is one
    document. A part that is read again under the same name is a new revision of the same note."""
    segments: tuple[Segment, ...] = ()
    links: tuple[str, ...] = ()
    details: dict[str, str | int | float | None] = {}


class Reader(Protocol):
    """Turns the bytes of one format into documents. Stateless; runs in the worker child; imports its library in ``read``.

    Each is a subclass of this. ``suffixes`` are lower case with the dot. ``read`` raises ``ReadError`` whose message names
    the file, what is wrong with the content (empty, encrypted, truncated, mislabelled, too large) and the next step; it
    returns at least one document, and never half of one. Deterministic: the same bytes give the same documents.
    """

    kind: str
    suffixes: tuple[str, ...]
    signatures: tuple[bytes, ...] = ()
    """What such a file begins with; empty for formats that are text."""
    large: bool = False
    """Whether a file may be as large as ``memory.max_file_mb``; others end at ``memory.max_text_mb``."""

    def recognises(self, data: bytes, name: str) -> bool:
        """Whether a file with one of the suffixes is of this format; the first reader that says so gets it."""
        return True

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]: ...


# --- understanding ----------------------------------------------------------------------------------------------------


class Analyst(Protocol):
    """L0: what one note says. Runs in the worker child; deterministic for the same ``name`` and note.

    Statements whose names, numbers or content words are not in their span are dropped and counted, never returned.
    """

    name: str
    """With its version (``extractive-2``): part of the key under which insights are stored."""

    def analyse(self, memory: Memory) -> Insight: ...

    def resolve(self, memory: Memory) -> list[str]:
        """For each sentence, in order, its ``context`` with pronouns resolved; the given context where unsure."""
        ...


# --- tokens -----------------------------------------------------------------------------------------------------------


class ModelInfo(msgspec.Struct, frozen=True, kw_only=True):
    """What the engine knows of the base it has loaded."""

    sha256: str
    name: str
    chat_template: str
    bos_token: str
    eos_token: str
    context_tokens: int
    """KV cells that one request may use."""
    embedding_length: int
    """Dimension of the embedding model's vectors."""
    vocabulary: int
    """Number of tokens it knows; they are 0 to one less."""


Prompt = str | tuple[int, ...]
"""Text with the chat template already applied (special tokens are parsed), or tokens as they are."""


class Generate(Sampling, frozen=True, kw_only=True):
    """One request for tokens."""

    prompt: Prompt
    messages: tuple[Message, ...] = ()
    """The conversation that ``prompt`` was made from, for engines that apply a template of their own."""
    adapter: str | None = None
    """Version of the self, as loaded by ``load_adapter``; ``None``: the base itself."""

    @property
    def opened(self) -> bool:
        """Whether the grammar or schema holds from the first token on: the prompt ends with what it would wait for."""
        written = self.prompt.rstrip() if isinstance(self.prompt, str) else ""
        return written.endswith(self.free_until)


class Piece(msgspec.Struct, frozen=True, kw_only=True):
    """Some of the text. Never part of a stop string, always whole characters."""

    text: str
    tokens: int = 1
    scores: tuple[TokenScore, ...] = ()
    """One for each token, where they were asked for."""

    @property
    def logprob(self) -> float:
        """Of its tokens together."""
        return sum(score.logprob for score in self.scores)


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The end of one request."""

    reason: str
    """``stop`` or ``length``."""
    usage: Usage


class Engine(Protocol):
    """Tokens and vectors, from a child process or another server.

    ``start`` before anything else; ``close`` ends it and may be called twice. Every method may raise ``EngineDied``
    when the child ends under it; the implementation restarts the child (adapters included) by itself, and runs again
    requests that had sent nothing. ``Busy`` when the queue is full.
    """

    @property
    def up(self) -> bool:
        """Whether requests are taken at once; false before ``start``, after ``close``, and while it restarts."""
        ...

    async def start(self) -> ModelInfo: ...

    async def close(self) -> None: ...

    def generate(self, request: Generate) -> AsyncGenerator[Piece | Finished, None]:
        """Pieces, then exactly one ``Finished``. Closing the iterator cancels the request within a step.

        Raises ``ContextOverflow`` before the first piece where prompt + ``max_tokens`` do not fit, ``NotFound`` for an
        adapter that is not loaded, and ``WrongUse`` for a grammar, schema or token that cannot be.
        """
        ...

    async def embed(self, texts: Sequence[Prompt], *, model: str = DEFAULT_EMBEDDER) -> Vectors:
        """Unit vectors in the order of ``texts``. Texts longer than the model's window are cut at its end. ``model``: a
        GGUF among the home's models, loaded when it is first asked for. Raises ``ModelError`` where it cannot be."""
        ...

    async def tokenize(self, text: str, *, special: bool = True, model: str = "") -> list[int]:
        """``special``: as a prompt, special tokens parsed and BOS first where the model wants it; else as plain text.
        ``model``: an embedding model, with the tokens that frame its text; the base where it is empty."""
        ...

    async def detokenize(self, tokens: Sequence[int]) -> str:
        """The text of tokens, special ones written out. Raises ``WrongUse`` for one outside the vocabulary."""
        ...

    async def load_adapter(self, version: str, path: Path) -> None:
        """Load a self beside what is there: an adapter for the base, or a whole model with its adapter baked in. Where
        the version is loaded from another file, the new one takes its place: what runs ends on the old. Raises
        ``ModelError`` if the file is absent or does not fit the base."""
        ...

    async def unload_adapter(self, version: str) -> None:
        """New requests for it are refused at once; its memory is freed when its running requests have ended."""
        ...

    async def stats(self) -> dict[str, float]:
        """``resident_bytes``, ``running``, ``queued``, ``restarts``, ``adapters``, ``cells`` and ``cells_used``; since
        its start: ``prompt_tokens``, ``prefix_tokens_reused``, ``tokens_decoded``, ``steps``, ``prompt_seconds``,
        ``decode_seconds``, ``preempted``, ``swaps``. What an engine cannot know it leaves out."""
        ...


# --- working ----------------------------------------------------------------------------------------------------------


class Worker(Protocol):
    """Runs one job in a child process of its own and gives its memory back by ending it.

    ``job`` names an entry of ``kernel.worker.JOBS``; ``payload`` and ``result`` are the structs of that entry (they live
    in light modules, so that the parent does not import what the job needs). Events of the job go to ``on_event``.
    Cancelling the awaiting task kills the child. Raises ``JobFailed`` if the job fails or the child dies.
    """

    async def run(self, job: str, payload: Any, result: type[R], *, on_event: OnEvent | None = None) -> R: ...


# --- the whole --------------------------------------------------------------------------------------------------------


class Self(Protocol):
    """What connectors and clients are handed: everything one can ask of a self, and nothing of the server."""

    async def ask(self, question: Question) -> Answer:
        """One checked answer with its citations. Raises ``WrongUse`` for an empty conversation."""
        ...

    def ask_stream(self, question: Question) -> AsyncGenerator[AnswerDelta | Answer, None]:
        """Checked sentences as they come, then the whole ``Answer``."""
        ...

    async def remember(self, text: str, *, title: str = "", origin: Origin = "owner", source: str = "text:") -> Added:
        """Keep a text. It can be found when this returns."""
        ...

    async def remember_files(
        self,
        paths: Sequence[Path],
        *,
        mine: bool = False,
        on_event: OnEvent | None = None,
        sources: Mapping[Path, str] | None = None,
        again: bool = False,
    ) -> Added:
        """Keep files and folders (recursively). ``sources``: where a file came from, where its path does not say it
        (``upload:notes.md``). Unreadable files are reported in ``skipped`` and never stop the rest; so is what
        was forgotten before, unless it is wanted ``again``."""
        ...

    async def search(self, query: str, *, limit: int = 10, as_of: str | None = None) -> list[Hit]: ...

    async def forget(self, note_ids: Sequence[str]) -> Receipt:
        """Remove notes and all that rests on them, down to the weights. Raises ``NotFound`` if none is known."""
        ...

    async def note(self, note_id: str) -> Note: ...

    async def insight(self, note_id: str) -> Insight | None: ...

    async def identity(self) -> Identity | None: ...


class LanguageOf(Protocol):
    """``en``, ``ko`` or ``other``, from the letters of a text; in-process, no model."""

    def __call__(self, text: str) -> Language: ...
