"""Forgetting for good: out of store, index, mirror, originals, identity, training data and weights, with a receipt.

At once: nothing retrieves it, every self that was trained on it loses its weights, and the newest self that never held it
answers (0000 always qualifies). A moment later, many at once: the bytes are cleared from the database file. When nobody
has forgotten anything for a while: a self is trained anew without it.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

import msgspec

from kernel.errors import NotFound, OneselfError
from kernel.l1_identity.standing import still_standing
from kernel.memory.store import now
from kernel.selves.reach import Reach
from kernel.types import Holding, Note, Receipt

if TYPE_CHECKING:
    from kernel.mind import Mind

log = logging.getLogger(__name__)
CLEAR_AFTER = 2.0
"""Seconds without another forgetting before the database file is rewritten."""
RETRAIN = "retrain"
"""In ``last_runs`` while a training is due because of something forgotten."""


class Forgetting:
    """One per open mind."""

    def __init__(self, mind: Mind) -> None:
        self._mind = mind
        self._turn = asyncio.Lock()
        self._clearing: asyncio.Task[None] | None = None
        self._retraining: asyncio.Task[None] | None = None

    async def recover(self) -> None:
        """Finish what the last process had begun."""
        if await self._mind.store.to_clear():
            await self._out_of_identities()
            await self._mind.mirroring.sync()
            await self._clear()
        if await self._mind.store.last_run(RETRAIN):
            self._retrain_later()

    async def close(self) -> None:
        """What waits is done now, but for training, which is due at the next start."""
        if self._retraining is not None:
            self._retraining.cancel()
        if self._clearing is not None and not self._clearing.done():
            self._clearing.cancel()
            await asyncio.gather(self._clearing, return_exceptions=True)
        if await self._mind.store.to_clear():
            await self._clear()

    # --- forgetting

    async def forget(self, note_ids: Sequence[str]) -> Receipt:
        """Raises ``NotFound`` where none of the ids is known."""
        async with self._turn:
            notes = await self._known(note_ids)
            if not notes:
                raise NotFound(
                    f"there is no memory {', '.join(note_ids)[:80]}. `oneself memories list` shows what there is."
                )
            holdings, removed = await self._out_of_training(notes)
            removed |= await self._mind.ingest.forget([note.id for note in notes])
            return await self._settle(notes, holdings, removed)

    async def forget_batch(self, batch: str) -> Receipt:
        """Undo one ``add``: what it made is forgotten, what it changed is as it was. Raises ``NotFound``."""
        async with self._turn:
            made = await self._mind.store.made_by(batch)
            holdings, removed = await self._out_of_training(made)
            forgotten, restored = await self._mind.ingest.undo(batch)
            removed |= {"notes": len(forgotten), "restored": len(restored)}
            return await self._settle(made, holdings, removed)

    async def _known(self, note_ids: Sequence[str]) -> list[Note]:
        found = []
        for note_id in dict.fromkeys(note_ids):
            try:
                found.append(await self._mind.store.note(note_id))
            except NotFound:
                continue
        return found

    async def _texts(self, notes: Sequence[Note]) -> list[str]:
        """What they say and said."""
        earlier = [old for note in notes for old in await self._mind.store.history(note.id)]
        return [f"{note.title}\n{note.text}" for note in [*notes, *earlier]]

    async def _out_of_training(self, notes: Sequence[Note]) -> tuple[list[Holding], dict[str, int]]:
        """Out of weights and training data, before the store: what they say is what it is found by there, so that a
        process that ends in between leaves a note that can be forgotten once more, and no self that goes on with it."""
        mind, ids = self._mind, [note.id for note in notes]
        if not notes:
            return [], {}
        reach = Reach(mind.paths, ids, await self._texts(notes))
        holdings = await asyncio.to_thread(reach.holdings, mind.shelf.were_live())
        await self._stop_training()
        holdings = await self._out_of_selves(reach, holdings, ids)
        return holdings, await asyncio.to_thread(reach.purge)

    async def _settle(self, notes: Sequence[Note], holdings: Sequence[Holding], removed: dict[str, int]) -> Receipt:
        """What is made of the store, and the receipt."""
        mind, ids = self._mind, [note.id for note in notes]
        await asyncio.to_thread(mind.searcher.forget)
        removed = removed | {"identity": await self._out_of_identities()}
        removed["mirror"] = await mind.mirroring.remove(ids)
        receipt = Receipt(
            id=f"f_{now()[:19].replace(':', '').replace('-', '')}_{secrets.token_hex(3)}",
            created=now(),
            note_ids=tuple(ids),
            removed={name: count for name, count in removed.items() if count},
            selves=tuple(holdings),
            serving=mind.shelf.live,
            retraining="due" if any(one.was_live for one in holdings) else "not needed",
        )
        await mind.store.put_receipt(receipt)
        if receipt.retraining == "due":
            await mind.store.set_last_run(RETRAIN, receipt.created)
            self._retrain_later()
        self._clear_later()
        return receipt

    async def _out_of_identities(self) -> int:
        """Every version loses what stood on them. Returns how many sentences of all versions."""
        mind = self._mind
        notes = {note.id: note for note in await mind.store.notes(limit=-1)}
        gone = 0
        for version, _ in await mind.store.identity_versions():
            identity = await mind.store.identity(version)
            assert identity is not None
            standing = await asyncio.to_thread(still_standing, identity, notes)
            if standing != identity:
                gone += max(1, len(identity.biography.third_person) - len(standing.biography.third_person))
                await mind.store.put_identity(standing)
        await mind.refresh_identity()
        return gone

    async def _out_of_selves(self, reach: Reach, holdings: Sequence[Holding], ids: Collection[str]) -> list[Holding]:
        """Mark the selves that hold them, serve one that does not, delete their weights."""
        mind, settled = self._mind, []
        finished = {version.version for version in mind.shelf.versions()}
        marked = [one for one in holdings if one.version in finished]
        for one in marked:
            mind.shelf.mark_forgotten(one.version, ids)
            await mind.baking.stop(one.version)
        if mind.shelf.live in {one.version for one in marked}:
            await mind.serve_clean()
        for one in marked:
            await mind.unload_self(one.version)
            await asyncio.to_thread(reach.drop_weights, one.version)
            settled.append(msgspec.structs.replace(one, weights_removed_at=now()))
        return settled

    async def _stop_training(self) -> None:
        """A run under way may have read them; it begins anew without them."""
        running = self._mind.trainings.running
        if running is not None:
            why = "stopped because a memory was forgotten that it may have read; the next run is without it"
            await self._mind.trainings.cancel(running, why)
            await self._mind.store.set_last_run(RETRAIN, now())
            self._retrain_later()

    # --- later

    def _clear_later(self) -> None:
        if self._clearing is not None:
            self._clearing.cancel()
        self._clearing = asyncio.create_task(self._wait_and_clear())

    async def _wait_and_clear(self) -> None:
        await asyncio.sleep(CLEAR_AFTER)
        await asyncio.shield(self._clear())

    async def _clear(self) -> None:
        await self._mind.store.clear_deleted()
        for receipt in await self._mind.store.receipts(limit=200):
            if receipt.cleared_at is None:
                await self._mind.store.put_receipt(msgspec.structs.replace(receipt, cleared_at=now()))

    def _retrain_later(self) -> None:
        minutes = self._mind.config.training.after_forgetting
        if self._retraining is not None:
            self._retraining.cancel()
        if minutes > 0:
            self._retraining = asyncio.create_task(self._wait_and_retrain(minutes * 60))

    async def _wait_and_retrain(self, seconds: float) -> None:
        await asyncio.sleep(seconds)
        trainings = self._mind.trainings
        try:
            if trainings.running is None:
                await trainings.start()
        except OneselfError as error:
            log.warning("the training that leaves out what was forgotten did not start: %s", error.code)

    async def trained(self) -> None:
        """A training has ended: what was due is done."""
        if await self._mind.store.last_run(RETRAIN):
            await self._mind.store.drop_last_run(RETRAIN)
            for receipt in await self._mind.store.receipts(limit=1000):
                if receipt.retraining == "due":
                    await self._mind.store.put_receipt(msgspec.structs.replace(receipt, retraining="done"))
