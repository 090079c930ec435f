"""``Ingest``: whatever its owner names -> notes that can be found. Reading is the worker's, vectors the engine's."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import time
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from kernel.abc import Engine, OnEvent, Vectors, Worker
from kernel.config import KernelConfig
from kernel.errors import EngineError, WrongUse
from kernel.events import Progressed, StageFinished, StageStarted
from kernel.memory import originals
from kernel.memory.chunks import to_memory
from kernel.memory.dates import first_day
from kernel.memory.language import language_of
from kernel.memory.readers.text import title_from_text
from kernel.memory.store import Store, now
from kernel.memory.structs import FilesRead, FileToRead, ReadFiles, content_hash, note_id_for
from kernel.memory.walk import find_files
from kernel.types import Added, Memory, Note, Origin, Skipped

FILES_AT_ONCE = 24
BYTES_AT_ONCE = 4 * 1024 * 1024
"""One trip to the worker: also what is written in one transaction, and lost at most when everything is killed."""
EMBED_AT_ONCE = 256
UPLOAD = "upload:"
_MB = 1024 * 1024


def new_batch() -> str:
    """An id that sorts by time."""
    return f"b_{dt.datetime.now(dt.UTC):%Y%m%d%H%M%S}_{secrets.token_hex(2)}"


class _Tally(msgspec.Struct):
    """What becomes an ``Added``."""

    batch: str
    added: list[str] = []
    updated: list[str] = []
    unchanged: list[str] = []
    skipped: list[Skipped] = []
    pending: int = 0

    def result(self) -> Added:
        return Added(
            batch=self.batch,
            added=tuple(self.added),
            updated=tuple(self.updated),
            unchanged=tuple(dict.fromkeys(self.unchanged)),
            skipped=tuple(self.skipped),
            vectors_pending=self.pending,
        )


class Ingest:
    """One per home; adds wait for each other, so that the same file given twice at once is one note.

    ``files``: where originals are kept (default: ``files/`` beside the database).
    """

    def __init__(
        self, store: Store, engine: Engine, worker: Worker, config: KernelConfig, *, files: Path | None = None
    ) -> None:
        self._store, self._engine, self._worker, self._config = store, engine, worker, config.memory
        self._files = files or store.path.parent / "files"
        self._turn = asyncio.Lock()

    # --- text

    async def add_text(
        self,
        text: str,
        title: str = "",
        origin: Origin = "owner",
        source: str = "text:",
        *,
        happened_at: str | None = None,
        tags: tuple[str, ...] = (),
    ) -> Added:
        """Remember a text; it can be found when this returns. A named ``source`` that is known already gets a new
        revision. Raises ``WrongUse`` for an empty or enormous text."""
        text = text.replace("\r\n", "\n").replace("\r", "\n")
        if not any(c.isalnum() for c in text):
            raise WrongUse("there is nothing to remember: the text is empty. Give it some words.")
        data = text.encode()
        if len(data) > self._config.max_text_mb * _MB:
            raise WrongUse(
                f"the text has {len(data) / _MB:.1f} MB; the limit is {self._config.max_text_mb} MB. "
                "Split it, or raise memory.max_text_mb.",
                code="too_large",
            )
        async with self._turn:
            tally = _Tally(new_batch())
            hashed = content_hash(data)
            place = await self._place(source, hashed)
            if place is None:
                known = await self._store.by_hash(hashed)
                assert known is not None
                tally.unchanged.append(known.id)
                return tally.result()
            learned_at = now()
            day, day_from = (happened_at, "given") if happened_at else (first_day(text[:2000]), "text")
            if day is None:
                day, day_from = learned_at, "given"
            note = Note(
                id=place.note_id,
                origin=origin,
                kind="text",
                title=title.strip() or title_from_text(text),
                text=text,
                happened_at=day,
                happened_from=day_from,
                learned_at=learned_at,
                source=source,
                content_hash=hashed,
                language=language_of(text),
                tags=tags,
                revision=place.revision,
            )
            memory = await asyncio.to_thread(to_memory, note, self._config.chunk_characters)
            await self._write([memory], tally)
            return tally.result()

    # --- files

    async def add_files(
        self,
        paths: Sequence[Path],
        mine: bool = False,
        on_event: OnEvent | None = None,
        sources: Mapping[Path, str] | None = None,
    ) -> Added:
        """Remember files and folders (recursively). ``sources``: where a file came from, where its path says nothing
        (``upload:notes.md``); two uploads of one name may be two notes, so that such a file is known by its content
        alone and an edited one is a new note. What cannot be read is in ``skipped`` and never stops the rest;
        the caller decides what an ``Added`` with nothing added means. Raises ``JobFailed`` if the worker dies: what was
        written until then stays, and adding again goes on from there."""
        began = time.monotonic()
        async with self._turn:
            files, skipped = await asyncio.to_thread(find_files, paths)
            tally = _Tally(new_batch(), skipped=skipped)
            named = {path.resolve(): source for path, source in (sources or {}).items()}
            if on_event:
                on_event(StageStarted(stage="read", total=len(files)))
            done = 0
            for group in _groups(files):
                await self._add_group(group, mine, tally, named)
                done += len(group)
                if on_event:
                    left = (time.monotonic() - began) / done * (len(files) - done)
                    on_event(Progressed(stage="read", done=done, total=len(files), seconds_left=left))
            if on_event:
                on_event(StageFinished(stage="read", seconds=time.monotonic() - began))
            return tally.result()

    async def _add_group(self, group: list[Path], mine: bool, tally: _Tally, sources: Mapping[Path, str]) -> None:
        hashes = await asyncio.to_thread(_hashes, group, self._config.max_file_mb * _MB)
        wanted: dict[str, FileToRead] = {}
        twins: list[str] = []
        for path in group:
            hashed = hashes.get(path, "")
            if hashed and hashed in wanted:
                twins.append(hashed)
                continue
            place = await self._place(sources.get(path, str(path)), hashed)
            if place is None:
                await self._unchanged(path, hashed, tally, moved=path not in sources)
            else:
                wanted[hashed or str(path)] = msgspec.structs.replace(place, path=str(path))
        if not wanted:
            return
        payload = ReadFiles(files=tuple(wanted.values()), mine=mine, limits=self._config, learned_at=now())
        result = await self._worker.run("read", payload, FilesRead)
        tally.skipped.extend(result.skipped)
        if result.memories:
            await self._write(result.memories, tally)
        lies_at = {place.note_id: Path(place.path) for place in wanted.values()}
        for memory in result.memories:
            await asyncio.to_thread(originals.keep, self._files, lies_at[memory.note.id], memory.note.content_hash)
        by_hash = {memory.note.content_hash: memory.note.id for memory in result.memories}
        tally.unchanged.extend(by_hash[hashed] for hashed in twins if hashed in by_hash)

    async def _unchanged(self, path: Path, hashed: str, tally: _Tally, *, moved: bool) -> None:
        """The content is known. If the file it came from may have ``moved`` here, remember where it is now."""
        note = await self._store.by_hash(hashed)
        assert note is not None
        tally.unchanged.append(note.id)
        await asyncio.to_thread(originals.keep, self._files, path, hashed)
        if moved and note.source != str(path) and not Path(note.source).exists():
            await self._store.transact(
                lambda c: c.execute("UPDATE notes SET source = ? WHERE id = ?", (str(path), note.id))
            )

    async def _place(self, source: str, hashed: str) -> FileToRead | None:
        """Which note this content becomes: a new one, the next revision of a known one, or ``None``: it is known."""
        if hashed and await self._store.by_hash(hashed):
            return None
        before = None if source == "text:" or source.startswith(UPLOAD) else await self._store.by_source(source)
        if before is not None:
            return FileToRead(path=source, note_id=before.id, revision=before.revision + 1, source=source)
        return FileToRead(path=source, note_id=note_id_for(source, hashed), revision=1, source=source)

    # --- writing

    async def _write(self, memories: Sequence[Memory], tally: _Tally) -> None:
        """Embed, then write: all of these notes or none."""
        contexts = [sentence.context for memory in memories for sentence in memory.sentences]
        try:
            vectors = await self._embed(contexts)
        except EngineError:
            vectors = None
            tally.pending += len(contexts)
        await self._store.write(memories, vectors, tally.batch)
        for memory in memories:
            (tally.added if memory.note.revision == 1 else tally.updated).append(memory.note.id)

    async def _embed(self, texts: Sequence[str]) -> Vectors | None:
        if not texts:
            return None
        parts = [await self._engine.embed(texts[at : at + EMBED_AT_ONCE]) for at in range(0, len(texts), EMBED_AT_ONCE)]
        return np.concatenate(parts)

    async def fill_vectors(self) -> int:
        """Embed what is pending; how many were filled. Raises ``EngineError``; what was filled until then stays."""
        filled = 0
        while pending := await self._store.pending_vectors(EMBED_AT_ONCE):
            done = await self._store.set_vectors(pending, await self._engine.embed([context for _, context in pending]))
            filled += done
            if not done:
                break  # all of them changed under us; the next call sees what they are now
        return filled

    # --- forgetting

    async def forget(self, note_ids: Sequence[str]) -> int:
        """Forget notes and the originals that no other note came from. Returns how many were there."""
        async with self._turn:
            hashes = await self._hashes_of(note_ids)
            gone = await self._store.delete(note_ids)
            await self._drop_originals(hashes)
            return gone

    async def undo(self, batch: str) -> tuple[list[str], list[str]]:
        """Undo one ``add``: ids of the notes forgotten and of those put back as they were. Raises ``NotFound``."""
        async with self._turn:
            notes = await self._store.notes(limit=-1, batch=batch)
            hashes = await self._hashes_of([note.id for note in notes])
            result = await self._store.delete_batch(batch, chunk_characters=self._config.chunk_characters)
            await self._drop_originals(hashes)
            return result

    async def _hashes_of(self, note_ids: Sequence[str]) -> set[str]:
        sql = "SELECT content_hash FROM notes WHERE id = ?1 UNION SELECT content_hash FROM revisions WHERE note_id = ?1"
        return await self._store.query(lambda c: {row[0] for note_id in note_ids for row in c.execute(sql, (note_id,))})

    async def _drop_originals(self, hashes: set[str]) -> None:
        sql = "SELECT 1 FROM notes WHERE content_hash = ?1 UNION SELECT 1 FROM revisions WHERE content_hash = ?1"
        unused = await self._store.query(lambda c: [h for h in hashes if not c.execute(sql, (h,)).fetchone()])
        await asyncio.to_thread(originals.drop, self._files, unused)


def _groups(files: Sequence[Path]) -> Iterator[list[Path]]:
    """Files in trips to the worker."""
    group: list[Path] = []
    size = 0
    for path in files:
        length = path.stat().st_size if path.exists() else 0
        if group and (len(group) >= FILES_AT_ONCE or size + length > BYTES_AT_ONCE):
            yield group
            group, size = [], 0
        group.append(path)
        size += length
    if group:
        yield group


def _hashes(paths: Sequence[Path], largest: int) -> dict[Path, str]:
    """Content hashes of the files that can be opened and are not too large; readers say what is wrong with others."""
    found = {}
    for path in paths:
        try:
            if path.stat().st_size <= largest:
                found[path] = content_hash(path.read_bytes())
        except OSError:
            continue
    return found
