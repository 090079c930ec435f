"""Who the owner is: versions of the identity, and what the owner has to say about it. Part of ``Mind``.

A decision of the owner's is seen at once, in a version made of the current one, and kept: whatever identity is made
later follows it. All of a new version comes to be in one transaction, so that nothing forgotten can come back with it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Literal

import msgspec

from kernel.abc import Engine, OnEvent
from kernel.config import KernelConfig
from kernel.errors import NotFound
from kernel.l1_identity.corrections import correction_note, with_corrections
from kernel.l1_identity.diff import Compared, diff
from kernel.l1_identity.marks import apply_marks, for_persona, keeping, marked
from kernel.l1_identity.standing import made_of, still_standing
from kernel.memory import graph_rows, mark_rows
from kernel.memory.store import Store, now
from kernel.mirroring import Mirroring
from kernel.pipeline import Trainings, brought_back
from kernel.types import Added, Biography, Citation, Cited, Graph, GraphEntity, Identity, Mark, Note, TextToRemember

_LOOKED_BACK = 20
"""Versions in which a sentence is looked for that the current one does not have."""


class Knowing:
    """Over the parts that ``Mind`` opens."""

    config: KernelConfig
    store: Store
    engine: Engine
    mirroring: Mirroring
    trainings: Trainings
    _fitting: tuple[int, tuple[str, ...], tuple[Cited, ...]] | None = None
    """Budget, the sentences that were counted, those of them that fit."""

    async def remember_many(self, items: Sequence[TextToRemember], on_event: OnEvent | None = None) -> Added:
        raise NotImplementedError

    async def refresh_identity(self) -> None:
        raise NotImplementedError

    # --- versions

    async def identity_versions(self, limit: int = 50) -> list[Identity]:
        """Latest first."""
        numbers = [number for number, _ in await self.store.identity_versions()][:limit]
        return [await self.identity_version(number) for number in numbers]

    async def identity_version(self, version: int) -> Identity:
        """Raises ``NotFound``."""
        found = await self.store.identity(version)
        assert found is not None
        return found

    async def identity_diff(self, before: int | None = None, after: int | None = None) -> Compared:
        """``after``: the latest where it is not given; ``before``: the version before that. Raises ``NotFound``."""
        new = await (self._latest() if after is None else self.identity_version(after))
        if before is None:
            earlier = [number for number, _ in await self.store.identity_versions() if number < new.version]
            before = max(earlier, default=None)
        old = None if before is None else await self.identity_version(before)
        return Compared(before=before, after=new.version, changes=diff(old, new))

    async def revert_identity(self, version: int) -> Identity:
        """A new version that says what that one said, but for what no note says any more and what the owner has decided
        since. It stands until the notes change. Raises ``NotFound``."""
        old = await self.identity_version(version)
        known = brought_back(await self.trainings.pipeline.known_hash(), version)
        return await self.keep_identity(msgspec.structs.replace(old, input_hash=known, reverted_to=version))

    async def keep_identity(self, made: Identity) -> Identity:
        """Store ``made`` as the version after the latest, by the notes, marks and corrections of now; the latest itself
        where that is what it says. An empty ``input_hash``: the next training makes it anew from the notes."""

        def work(connection: sqlite3.Connection) -> Identity:
            latest = mark_rows.latest_identity(connection)
            settled = _settled(connection, made)
            if latest is not None and _says_the_same(settled, latest):
                return latest
            if not made.input_hash:
                settled = msgspec.structs.replace(settled, reverted_to=None)
            return mark_rows.append_identity(connection, msgspec.structs.replace(settled, created=now()))

        kept = await self.store.transact(work)
        await self.refresh_identity()
        self.mirroring.changed()
        return kept

    # --- the owner's say

    async def marks(self) -> list[Mark]:
        """What was pinned and struck, oldest first."""
        return await self.store.query(mark_rows.marks)

    async def pin(self, sentence: str) -> Identity:
        """Have a sentence in every version, for as long as its note says it. ``sentence``: its id, in the current version
        or an earlier one. Raises ``NotFound``."""
        return await self._decide(sentence, "pin")

    async def strike(self, sentence: str) -> Identity:
        """Have a sentence in no version any more; those that were made before keep it. Raises ``NotFound``."""
        return await self._decide(sentence, "strike")

    async def unmark(self, sentence: str) -> None:
        """Neither pinned nor struck: the next identity made from the notes chooses. Raises ``NotFound``."""
        if not await self.store.transact(lambda c: mark_rows.delete_mark(c, sentence)):
            raise NotFound(f"sentence {sentence} is neither pinned nor struck. `oneself identity show` lists those.")

    async def correct(
        self, key: str, value: str = "", *, valid_from: str | None = None, was: str | None = None
    ) -> Identity:
        """Say what an attribute is, from a day on; with no ``value``: that ``was`` is not true. It is a note from then on
        (see ``kernel.l1_identity.corrections``). Raises ``WrongUse``."""
        note = correction_note(key, value, valid_from, was)
        before = await self.store.by_source(note.source)
        if before is not None:
            note = correction_note(key, value, valid_from, was, before.text)
        await self.remember_many([msgspec.structs.replace(note, happened_at=now()[:10])])
        current = await self.store.identity() or Identity(
            version=0, created=now(), owner=self.config.owner.name, input_hash="", topics=(), outliers=(), shades=(),
            biography=Biography(), attributes=(),
        )  # fmt: skip
        return await self.keep_identity(msgspec.structs.replace(current, input_hash=""))

    async def persona_sentences(self, budget_tokens: int) -> tuple[Cited, ...]:
        """What a prompt should say of the owner within so many tokens: pinned sentences first, then the biography from
        its short form on, as far as they fit whole. Counted once for each version."""
        identity = await self.store.identity()
        said = for_persona(identity.biography, await self.marks()) if identity else []
        texts = tuple(one.text for one in said)
        if self._fitting is None or self._fitting[:2] != (budget_tokens, texts):
            fitting, left = [], budget_tokens
            for one in said:
                left -= len(await self.engine.tokenize(f"{one.text}\n", special=False))
                if left < 0:
                    break
                fitting.append(one)
            self._fitting = budget_tokens, texts, tuple(fitting)
        return self._fitting[2]

    # --- the graph

    async def graph(self) -> Graph:
        """Empty while none has been made."""
        return await self.store.query(graph_rows.graph)

    async def entities_named(self, name: str, limit: int) -> list[GraphEntity]:
        """By the beginning of a name or other name; whole names first, then the heaviest."""
        return await self.store.query(lambda c: graph_rows.find_entities(c, name, limit))

    async def graph_around(self, entity_id: str, limit: int) -> Graph:
        """One entity, which is the first, with its strongest relations, those at their other ends, its claims and its
        communities. Raises ``NotFound``."""
        return await self.store.query(lambda c: _around(c, entity_id, limit))

    # --- within

    async def _latest(self) -> Identity:
        found = await self.store.identity()
        if found is None:
            raise NotFound("There is no identity yet: add notes, then run 'oneself train'.", code="no_identity")
        return found

    async def _decide(self, sentence: str, kind: Literal["pin", "strike"]) -> Identity:
        latest = await self._latest()
        mark = await self._mark_for(sentence, kind)
        if mark is None or not await self.store.transact(lambda c: mark_rows.put_mark(c, mark)):
            raise NotFound(f"there is no sentence {sentence}. `oneself identity show` names each beside it.")
        return await self.keep_identity(msgspec.structs.replace(latest, input_hash=""))

    async def _mark_for(self, sentence: str, kind: Literal["pin", "strike"]) -> Mark | None:
        """By what the versions say, latest first, or by the mark that it has."""
        for one in await self.marks():
            if one.id == sentence:
                return msgspec.structs.replace(one, kind=kind, created=now())
        for number, _ in (await self.store.identity_versions())[:_LOOKED_BACK]:
            if (found := marked(await self.identity_version(number), sentence, kind, now())) is not None:
                return found
        return None


def _settled(connection: sqlite3.Connection, made: Identity) -> Identity:
    """By what is there now: notes, corrections, marks."""
    marks, corrections = mark_rows.marks(connection), mark_rows.correcting_notes(connection)
    notes = mark_rows.notes_by_id(connection, made_of(made) | {mark.note_id for mark in marks})
    return apply_marks(with_corrections(_standing(made, notes), corrections), marks, notes)


def _standing(identity: Identity, notes: dict[str, Note]) -> Identity:
    """Without what stood on notes that are gone, or on words that they do not say any more."""

    def said(cited: Citation) -> bool:
        note = notes.get(cited.note_id)
        return note is not None and note.text[cited.span.start : cited.span.end] == cited.quote

    left = keeping(still_standing(identity, notes), said)
    return msgspec.structs.replace(
        left, attributes=tuple(one for one in left.attributes if all(map(said, one.citations)))
    )


def _says_the_same(one: Identity, other: Identity) -> bool:
    """With an ``input_hash`` of its own it is another version all the same: it is known by that."""
    known = one.input_hash or other.input_hash
    return other == msgspec.structs.replace(one, version=other.version, created=other.created, input_hash=known)


def _around(connection: sqlite3.Connection, entity_id: str, limit: int) -> Graph:
    found = graph_rows.entity(connection, entity_id)
    if found is None:
        raise NotFound(f"there is no entity {entity_id[:80]}. GET /api/graph?q=NAME finds them.")
    beside = graph_rows.neighbours(connection, entity_id, limit)
    return Graph(
        input_hash="",
        entities=(found, *{other.id: other for _, other in beside}.values()),
        relations=tuple(relation for relation, _ in beside),
        claims=tuple(graph_rows.claims_of(connection, entity_id)),
        communities=tuple(one for one in graph_rows.communities(connection) if entity_id in one.entities),
    )
