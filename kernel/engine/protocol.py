"""The frames between the engine's parent and its child (see ``kernel.frames``). ``id`` is the request they belong to.

Parent to child: ``Submit`` and ``Cancel`` for tokens, and six calls with one answer each. Child to parent: ``Ready``
once, ``Text`` and one ``Ended`` for each ``Submit``, one answer for each call, or ``Failed`` in place of any of them.
"""

from __future__ import annotations

import msgspec

from kernel import errors
from kernel.abc import Generate, ModelInfo, Prompt
from kernel.config import EngineConfig
from kernel.errors import Busy, EngineError, OneselfError
from kernel.types import DEFAULT_EMBEDDER, TokenScore, Usage

STARTING = 0
"""The ``id`` of a failure that is not a request's: the child could not start."""


class ChildConfig(msgspec.Struct, frozen=True, kw_only=True):
    """What the child is started with, as JSON in its argument."""

    base: str
    models: str
    """Folder of the embedding models."""
    base_sha256: str
    engine: EngineConfig
    adapters: dict[str, str] = {}
    """Version and path of those to load before it is ready: after a restart, what was loaded before."""


class Frame(msgspec.Struct, frozen=True, tag=True):
    id: int


# --- parent to child --------------------------------------------------------------------------------------------------


class Submit(Frame, frozen=True):
    request: Generate


class Cancel(Frame, frozen=True):
    """No answer. A request that is not known (any more) is passed over."""


class Embed(Frame, frozen=True):
    texts: list[Prompt]
    model: str = DEFAULT_EMBEDDER


class Tokenize(Frame, frozen=True):
    text: str
    special: bool
    model: str = ""


class Detokenize(Frame, frozen=True):
    tokens: list[int]


class LoadAdapter(Frame, frozen=True):
    version: str
    path: str


class UnloadAdapter(Frame, frozen=True):
    version: str


class AskFigures(Frame, frozen=True):
    pass


ToChild = Submit | Cancel | Embed | Tokenize | Detokenize | LoadAdapter | UnloadAdapter | AskFigures


# --- child to parent --------------------------------------------------------------------------------------------------


class Ready(Frame, frozen=True):
    info: ModelInfo
    adapters: list[str]
    """Those of the configuration that could be loaded; why others could not is in the log."""


class Text(Frame, frozen=True):
    text: str
    tokens: int
    scores: tuple[TokenScore, ...] = ()


class Ended(Frame, frozen=True):
    reason: str
    usage: Usage


class Embedded(Frame, frozen=True):
    rows: int
    columns: int
    data: bytes
    """Row-major float32, native byte order: both ends are one machine."""


class Tokens(Frame, frozen=True):
    tokens: list[int]


class Written(Frame, frozen=True):
    text: str


class Done(Frame, frozen=True):
    pass


class Figures(Frame, frozen=True):
    values: dict[str, float]


class Failed(Frame, frozen=True):
    """An error of ``kernel.errors`` on its way to the parent."""

    kind: str
    code: str
    message: str
    retry_after: int = 0

    @classmethod
    def of(cls, id: int, error: OneselfError) -> Failed:
        after = error.retry_after if isinstance(error, Busy) else 0
        return cls(id, type(error).__name__, error.code, str(error), after)

    def error(self) -> OneselfError:
        """The same error again, of its own class."""
        kind = getattr(errors, self.kind, EngineError)
        if kind is Busy:
            return Busy(self.message, retry_after=self.retry_after)
        made: OneselfError = kind(self.message, code=self.code)
        return made


FromChild = Ready | Text | Ended | Embedded | Tokens | Written | Done | Figures | Failed
