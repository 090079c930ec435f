"""Where things lie (``Paths``) and how they are set (``KernelConfig``). No environment, no working directory."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any, Literal, TypeVar

import msgspec

from kernel.errors import HomeError, WrongUse
from kernel.types import DEFAULT_EMBEDDER

HOME_VERSION = 1
"""Raised when an older Oneself could not read a home written by this one."""

T = TypeVar("T")


class Paths(msgspec.Struct, frozen=True):
    """Every path of one home, derived from its folder."""

    home: Path

    @property
    def settings(self) -> Path:
        return self.home / "oneself.toml"

    @property
    def version(self) -> Path:
        return self.home / "version"

    @property
    def api_key(self) -> Path:
        return self.home / "api_key"

    @property
    def database(self) -> Path:
        return self.home / "memory.db"

    @property
    def files(self) -> Path:
        return self.home / "files"

    @property
    def mirror(self) -> Path:
        """Every note and the identity as Markdown, for people to read."""
        return self.home / "mirror"

    @property
    def models(self) -> Path:
        return self.home / "models"

    @property
    def base(self) -> Path:
        """The base GGUF that is served and, dequantised, trained."""
        return self.models / "base.gguf"

    @property
    def embedder(self) -> Path:
        return self.embedding_model(DEFAULT_EMBEDDER)

    def embedding_model(self, name: str) -> Path:
        return self.models / f"{name}.gguf"

    @property
    def dequantised(self) -> Path:
        """The base as a transformers folder, made once from ``base`` before the first training."""
        return self.models / "base-torch"

    @property
    def selves(self) -> Path:
        return self.home / "selves"

    def self_folder(self, version: str) -> Path:
        return self.selves / version

    @property
    def logs(self) -> Path:
        return self.home / "logs"

    @property
    def lock(self) -> Path:
        return self.home / "lock"

    @property
    def run(self) -> Path:
        return self.home / "run.json"


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of ``oneself.toml``. Unknown names are refused: a misspelt setting must not be silently ignored."""


class OwnerConfig(Section, frozen=True, kw_only=True):
    name: str = ""
    """The owner's name; given at ``oneself init --name``."""
    aliases: tuple[str, ...] = ()
    """What else the owner is called in conversations and mail: nicknames, addresses, numbers."""

    @property
    def known_as(self) -> tuple[str, ...]:
        return tuple(name for name in (self.name, *self.aliases) if name)


class EngineConfig(Section, frozen=True, kw_only=True):
    threads: int = 0
    """0: as many as there are cores."""
    context_tokens: int = 8192
    """KV cells of each resident context (base, live self); shared by all its sequences."""
    sequences: int = 16
    """How many requests one context decodes together."""
    state_mb: int = 128
    """Memory for conversations that have left the cache, to go on without being read again; 0: none."""
    step_seconds: float = 60.0
    """A step that takes longer is taken to hang: the engine is started again."""
    queue: int = 64
    """Requests that may wait; one more is refused as busy."""
    prefill_chunk: int = 256
    embedding_batch: int = 32
    url: str = ""
    """An OpenAI-compatible server that generates in this machine's place (vLLM, llama-server, Ollama): ``http://host:port``.
    Empty: this machine generates. Vectors are always made here."""
    model: str = ""
    """Name of the model there; empty: the only one that it serves."""
    key_file: str = ""
    """File that holds the server's key; the key itself never stands among the settings."""
    adapters_at: str = ""
    """Where that server sees the home's ``selves`` folder; empty: at the same path as here."""


class MemoryConfig(Section, frozen=True, kw_only=True):
    chunk_characters: int = 1200
    max_file_mb: int = 64
    """A larger file is refused by name."""
    max_text_mb: int = 8
    """A text or Markdown file above this is refused: it is a data dump, not a note."""
    max_link_mb: int = 10
    """A web page or linked file is given up on when more than this has come of it."""
    link_seconds: float = 20.0
    """Time to fetch a link in, from looking up its host to its last byte."""
    embedder: str = DEFAULT_EMBEDDER
    """Which embedding model finds sentences: ``models/NAME.gguf`` of the home. After a change the sentences are embedded
    anew in the background, and the old vectors serve until that is done."""
    whisper: str = "base"
    """Which Whisper model reads recordings: ``models/whisper-NAME`` of the home. ``oneself init --audio`` installs
    ``base``; another is a folder in CTranslate2 form that the owner puts there."""


class AnswerConfig(Section, frozen=True, kw_only=True):
    evidence: int = 3
    """Sentences of evidence given to the model, best last. Four was measurably worse than three."""
    max_tokens: int = 160
    persona_tokens: int = 0
    """Of the biography, at most, that stand before every question, pinned sentences first; 0: none. To the starter model 200
    make no difference (50 of 56 questions right, 49 without)."""


class AnalystConfig(Section, frozen=True, kw_only=True):
    kind: Literal["extractive", "written"] = "extractive"
    """``written``: a model writes insights anew in the background, wherever the note says what it writes."""
    url: str = ""
    """An OpenAI-compatible server that writes them: the sentences of notes are sent there. Empty: the engine that answers."""
    model: str = ""
    """Name of the model there; empty: the only one that it serves."""
    key_file: str = ""
    """A file that holds the server's key."""
    keep_home: tuple[str, ...] = ("private",)
    """Notes with one of these tags are never sent to ``url``."""
    window_tokens: int = 800
    """Of a note, asked about at once."""


class TrainingConfig(Section, frozen=True, kw_only=True):
    minutes: float = 5.0
    """Wall-clock budget of the owner's training on this machine; the plan fits the number of steps to it."""
    rank: int = 16
    alpha: int = 32
    learning_rate: float = 1.5e-4
    epochs: float = 3.0
    """Passes over the data, unless ``minutes`` ends them sooner."""
    batch_tokens: int = 2048
    """Tokens in one packed optimiser step."""
    max_length: int = 1024
    seed: int = 1
    threads: int = 0
    after_forgetting: float = 10.0
    """Minutes after something was forgotten that a self had learned, until one is trained without it; 0: not by itself."""
    recall_share: float = 0.0
    """Questions trained without evidence too (the weights alone), as a share of those with it; 0: none. In the minutes
    that a starter model is given nothing is known by heart from it, and half-learned facts spoil reading."""
    languages: tuple[str, ...] = ("en",)
    """Languages in which the owner's questions are made; only those that the base can write. ``en``, ``ko``."""


class ExamConfig(Section, frozen=True, kw_only=True):
    questions: int = 60
    """Owner's questions at most, so that the exam stays within minutes."""
    seed: int = 7


class KernelConfig(Section, frozen=True, kw_only=True):
    """All settings of the kernel. Every one can also be given as ``ONESELF_<SECTION>_<KEY>``."""

    owner: OwnerConfig = OwnerConfig()
    engine: EngineConfig = EngineConfig()
    memory: MemoryConfig = MemoryConfig()
    answer: AnswerConfig = AnswerConfig()
    analyst: AnalystConfig = AnalystConfig()
    training: TrainingConfig = TrainingConfig()
    exam: ExamConfig = ExamConfig()


def read_toml(path: Path) -> dict[str, Any]:
    """The settings file as a plain mapping; an absent file is an empty one. Raises ``HomeError`` if it is not TOML."""
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except FileNotFoundError:
        return {}
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise HomeError(f"{path} is not valid TOML ({error}). Mend or remove it.") from error


def to_config(data: dict[str, Any], kind: type[T], where: str) -> T:
    """Validate a mapping against a settings struct. Raises ``WrongUse`` naming the setting."""
    try:
        return msgspec.convert(data, kind, strict=False)
    except msgspec.ValidationError as error:
        raise WrongUse(f"{where}: {error}. See the README's table of settings.") from error
