"""An identity for the edge of HTTP: one version as soon as a note is kept, and a new one for each decision."""

from __future__ import annotations

import msgspec

from kernel.errors import NotFound, WrongUse
from kernel.l1_identity.diff import Compared, diff
from kernel.l1_identity.marks import marked
from kernel.types import (
    Attribute,
    Biography,
    Citation,
    Cited,
    Graph,
    GraphEntity,
    Identity,
    Mark,
    Note,
    Span,
)
from tests.test_server.fake_memories import NOW

_CITED = (Citation(note_id="n_1", title="t", quote="q", span=Span(0, 1)),)
_FIRST = Identity(
    version=1, created=NOW, owner="Noor", input_hash="h", topics=(), outliers=(), shades=(),
    biography=Biography(
        first_person=(Cited(text="I live in Oslo.", citations=_CITED),),
        third_person=(Cited(text="Noor lives in Oslo.", citations=_CITED),),
    ),
    attributes=(Attribute(key="home", value="Oslo", confidence="HIGH", citations=_CITED),),
)  # fmt: skip


class FakeIdentity:
    """``Mind``'s identity as far as it is called from outside."""

    notes: dict[str, Note]

    def __init__(self) -> None:
        self.versions: list[Identity] = []
        self.decided: dict[str, Mark] = {}

    async def identity(self) -> Identity | None:
        if not self.versions and self.notes:
            self.versions.append(_FIRST)
        return self.versions[-1] if self.versions else None

    async def identity_versions(self, limit: int = 50) -> list[Identity]:
        await self.identity()
        return self.versions[::-1][:limit]

    async def identity_version(self, version: int) -> Identity:
        await self.identity()
        if not 0 < version <= len(self.versions):
            raise NotFound(f"there is no identity version {version}")
        return self.versions[version - 1]

    async def identity_diff(self, before: int | None = None, after: int | None = None) -> Compared:
        new = await self.identity_version(len(self.versions) if after is None else after)
        old = None if before is None else await self.identity_version(before)
        return Compared(before=before, after=new.version, changes=diff(old, new))

    async def revert_identity(self, version: int) -> Identity:
        return self._next(await self.identity_version(version))

    async def marks(self) -> list[Mark]:
        return list(self.decided.values())

    async def pin(self, sentence: str) -> Identity:
        now = await self.identity()
        found = marked(now, sentence, "pin", NOW) if now else None
        if now is None or found is None:
            raise NotFound(f"there is no sentence {sentence}")
        self.decided[sentence] = found
        return self._next(now)

    strike = pin

    async def unmark(self, sentence: str) -> None:
        if self.decided.pop(sentence, None) is None:
            raise NotFound(f"there is no mark {sentence}")

    async def correct(
        self, key: str, value: str = "", *, valid_from: str | None = None, was: str | None = None
    ) -> Identity:
        if not key.isidentifier():
            raise WrongUse(f"{key!r} is no attribute's name")
        return self._next(await self.identity() or _FIRST)

    async def graph(self) -> Graph:
        return Graph(input_hash="h", entities=(GraphEntity(id="owner", name="Noor", type="person"),))

    async def entities_named(self, name: str, limit: int) -> list[GraphEntity]:
        return [one for one in (await self.graph()).entities if one.name.startswith(name)][:limit]

    async def graph_around(self, entity_id: str, limit: int) -> Graph:
        if entity_id != "owner":
            raise NotFound(f"there is no entity {entity_id}")
        return await self.graph()

    def _next(self, identity: Identity) -> Identity:
        self.versions.append(msgspec.structs.replace(identity, version=len(self.versions) + 1))
        return self.versions[-1]
