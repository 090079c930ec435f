"""The selves that are loaded, each with a context of its own: the base, adapters on it, whole models with theirs baked in.

The weights of the base are shared. A self that is unloaded or replaced takes no new requests; it goes when its last one
has ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

from kernel.engine.llamacpp import Adapter, Model, is_adapter
from kernel.engine.protocol import ChildConfig
from kernel.engine.scheduler import Scheduler, Shared
from kernel.engine.states import States
from kernel.engine.threads import ThreadChoice
from kernel.errors import EngineError, ModelError, NotFound, OneselfError

MB = 1024 * 1024


class Lane:
    """One self with its context. ``own``: weights that are its alone."""

    def __init__(
        self, scheduler: Scheduler, path: Path, *, adapter: Adapter | None = None, own: Model | None = None
    ) -> None:
        self.scheduler, self.path = scheduler, path
        self._adapter, self._own = adapter, own

    def close(self) -> None:
        """Context first, then what it rests on."""
        self.scheduler.close()
        _free(self._adapter, self._own)


class Lanes:
    """``self[None]`` is the base. One thread."""

    def __init__(self, model: Model, config: ChildConfig) -> None:
        self._model, self._config = model, config
        self._template_sha256 = hashlib.sha256(model.chat_template.encode()).hexdigest()
        self.shared = Shared(States(config.engine.state_mb * MB), ThreadChoice(config.engine.threads))
        base = Scheduler(model, config.engine, self.shared)
        self._lanes: dict[str | None, Lane] = {None: Lane(base, model.path)}
        self._leaving: list[Lane] = []
        self.swaps = 0
        """Selves that came to be served, each time from a file."""

    def __iter__(self) -> Iterator[Lane]:
        """All of them, those that are leaving last."""
        yield from [*self._lanes.values(), *self._leaving]

    def __getitem__(self, version: str | None) -> Lane:
        """Raises ``NotFound``."""
        if version not in self._lanes:
            raise NotFound(f"there is no adapter '{version}' in the engine; load it first")
        return self._lanes[version]

    @property
    def versions(self) -> list[str]:
        return [version for version in self._lanes if version is not None]

    @property
    def in_line(self) -> int:
        return sum(lane.scheduler.in_line for lane in self._lanes.values())

    def has(self, version: str, path: Path) -> bool:
        return version in self._lanes and self._lanes[version].path == path

    def put(self, version: str, lane: Lane) -> None:
        """Serve ``version`` from this one from now on; what runs on another ends there."""
        before = self._lanes.get(version)
        self._lanes[version] = lane
        self.swaps += 1
        if before is not None:
            self._leaving.append(before)
            self.let_go()

    @property
    def shared_beginning(self) -> list[int]:
        """What requests of the busiest self begin with: the next one will be asked for it, too."""
        busiest = max(self, key=lambda lane: lane.scheduler.cells_used)
        return busiest.scheduler.shared_beginning

    def unload(self, version: str) -> None:
        if version in self._lanes:
            self._leaving.append(self._lanes.pop(version))
            self.let_go()

    def let_go(self) -> None:
        """Free those that are leaving and have nothing running any more."""
        for lane in [lane for lane in self._leaving if not lane.scheduler.busy]:
            self._leaving.remove(lane)
            lane.close()

    def open(self, version: str, path: Path) -> Lane:
        """A lane that serves nobody yet. May be called on another thread than the rest. Raises ``ModelError``."""
        if not path.is_file():
            raise ModelError(f"The adapter {path} is missing. Promote another self, or train this one again.")
        adapter, own = None, None
        try:
            if is_adapter(path):
                adapter = Adapter(self._model, path)
                self._check_recipe(adapter, path)
            else:
                own = Model(path)
                self._check_recipe(own, path)
                self._check_vocabulary(own)
            scheduler = Scheduler(own or self._model, self._config.engine, self.shared, adapter)
        except OSError as error:
            raise ModelError(
                f"{path} cannot be read ({error.strerror}). Mend its permissions, or train again."
            ) from error
        except OneselfError as error:
            _free(adapter, own)
            if isinstance(error, EngineError):  # no memory for one more context: what is running goes on
                raise ModelError(f"adapter '{version}' cannot be loaded: {error}") from error
            raise
        return Lane(scheduler, path, adapter=adapter, own=own)

    def _check_recipe(self, made: Adapter | Model, path: Path) -> None:
        """What was trained on another base or template must not run on this one; without a recipe it is taken as it is."""
        for key, expected, what in (
            ("oneself.base_sha256", self._config.base_sha256, "another base model"),
            ("oneself.template_sha256", self._template_sha256, "another chat template"),
        ):
            found = made.metadata(key)
            if found and found != expected:
                raise ModelError(
                    f"{path} was trained on {what} ({key} is {found[:12]}…, here it is {expected[:12]}…). "
                    "Put that base back, or train this self again."
                )

    def _check_vocabulary(self, model: Model) -> None:
        probe = f"{model.bos}Who are you?{model.eos}"
        if model.vocabulary != self._model.vocabulary or model.prompt(probe) != self._model.prompt(probe):
            raise ModelError(f"{model.path} has another vocabulary than the base. Bake this self again on this base.")


def _free(adapter: Adapter | None, own: Model | None) -> None:
    for part in (adapter, own):
        if part is not None:
            part.free()
