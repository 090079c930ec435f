"""``Ingest``: whatever its owner names -> notes that can be found. Reading is the worker's, vectors the engine's."""

from __future__ import annotations

import asyncio
import datetime as dt
import secrets
import shutil
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from pathlib import Path

import msgspec
import numpy as np

from kernel.abc import Engine, OnEvent, Reading, Vectors, Worker
from kernel.config import KernelConfig, MemoryConfig, Paths
from kernel.errors import EngineError, ModelError, ReadError, WrongUse
from kernel.events import Progressed, StageFinished, StageStarted
from kernel.memory import originals
from kernel.memory.chunks import to_memory
from kernel.memory.dates import first_day
from kernel.memory.language import language_of
from kernel.memory.readers.text import title_from_text
from kernel.memory.store import Store, now
from kernel.memory.structs import (
    FilesRead,
    FileToRead,
    ReadFiles,
    content_hash,
    file_and_part,
    note_id_for,
    source_of_part,
)
from kernel.memory.walk import find_files
from kernel.memory.web import Fetched, fetch
from kernel.types import Added, Memory, Note, Origin, Skipped, TextToRemember

FILES_AT_ONCE = 24
BYTES_AT_ONCE = 4 * 1024 * 1024
"""One trip to the worker: also what is written in one transaction, and lost at most when everything is killed."""
EMBED_AT_ONCE = 256
TEXTS_AT_ONCE = 100
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
    again: bool = True
    """Whether what was forgotten may come back: what is typed may, what lies in a folder must be asked for."""

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
    """One per home; what is written waits its turn, group by group, so that the same file given twice at once is one note.

    ``home``: where originals are kept and models lie (default: the database's folder).
    """

    def __init__(
        self,
        store: Store,
        engine: Engine,
        worker: Worker,
        config: KernelConfig,
        *,
        home: Path | None = None,
        fetch: Callable[[str, Path, MemoryConfig], Awaitable[Fetched]] = fetch,
    ) -> None:
        self._store, self._engine, self._worker, self._fetch = store, engine, worker, fetch
        self._config, self._owner = config.memory, config.owner
        paths = Paths(home or store.path.parent)
        self._files, self._models = paths.files, paths.models
        self._turn = asyncio.Lock()

    # --- texts

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
        """``add_texts`` of one."""
        item = TextToRemember(text=text, title=title, origin=origin, source=source, happened_at=happened_at, tags=tags)
        return await self.add_texts([item])

    async def add_texts(self, items: Sequence[TextToRemember], on_event: OnEvent | None = None) -> Added:
        """Remember texts; they can be found when this returns. A named ``source`` that is known already gets a new
        revision. Raises ``WrongUse`` for an empty or enormous text before anything is written."""
        for item in items:
            self._check_text(item.text)
        async with self._turn:
            tally = _Tally(new_batch())
            for start in range(0, len(items), TEXTS_AT_ONCE):
                notes = [self._typed(item) for item in items[start : start + TEXTS_AT_ONCE]]
                fresh: dict[str, Memory] = {}
                for note in notes:
                    if note.source != "text:" and any(note.source == other.note.source for other in fresh.values()):
                        await self._write(list(fresh.values()), tally)  # the next is a revision of the one before
                        fresh = {}
                    memory = await asyncio.to_thread(to_memory, note, self._config.chunk_characters)
                    placed = await self._placed(memory, tally)
                    if placed is not None:
                        fresh[placed.note.id] = placed
                if fresh:
                    await self._write(list(fresh.values()), tally)
                if on_event:
                    on_event(Progressed(stage="read", done=start + len(notes), total=len(items)))
            return tally.result()

    def _check_text(self, text: str) -> None:
        if not any(c.isalnum() for c in text):
            raise WrongUse("there is nothing to remember: the text is empty. Give it some words.")
        if len(text) * 4 > self._config.max_text_mb * _MB and len(text.encode()) > self._config.max_text_mb * _MB:
            raise WrongUse(
                f"the text has {len(text.encode()) / _MB:.1f} MB; the limit is {self._config.max_text_mb} MB. "
                "Split it, or raise memory.max_text_mb.",
                code="too_large",
            )

    def _typed(self, item: TextToRemember) -> Note:
        text = item.text.replace("\r\n", "\n").replace("\r", "\n")
        learned_at, hashed = now(), content_hash(text.encode())
        day, day_from = (item.happened_at, "given") if item.happened_at else (first_day(text[:2000]), "text")
        if day_from == "text" and day and day > learned_at[:10]:
            day = None  # a day to come is what it is about, not when it was written
        return Note(
            id=note_id_for(item.source, hashed),
            origin=item.origin,
            kind="text",
            title=item.title.strip() or title_from_text(text),
            text=text,
            happened_at=day or learned_at,
            happened_from=day_from if day else "given",
            learned_at=learned_at,
            source=item.source,
            content_hash=hashed,
            language=language_of(text),
            tags=item.tags,
        )

    # --- links

    async def add_links(self, urls: Sequence[str], mine: bool = False, on_event: OnEvent | None = None) -> Added:
        """Remember what lies at these addresses, and keep the fetched copies. What cannot be fetched is in ``skipped``."""
        folder = Path(tempfile.mkdtemp(dir=self._files.parent, prefix="fetched-"))
        skipped: list[Skipped] = []
        sources: dict[Path, str] = {}
        try:
            for number, url in enumerate(dict.fromkeys(urls)):
                own = folder / str(number)
                own.mkdir()
                try:
                    fetched = await self._fetch(url, own, self._config)
                except ReadError as error:
                    skipped.append(Skipped(source=url, code=error.code, message=str(error)))
                else:
                    sources[fetched.path.resolve()] = fetched.url
            added = await self.add_files(list(sources), mine=mine, on_event=on_event, sources=sources)
            named = {str(path): url for path, url in sources.items()}
            failed = [msgspec.structs.replace(one, source=named.get(one.source, one.source)) for one in added.skipped]
            return msgspec.structs.replace(added, skipped=(*skipped, *failed))
        finally:
            await asyncio.to_thread(shutil.rmtree, folder, ignore_errors=True)

    # --- files

    async def add_files(
        self,
        paths: Sequence[Path],
        mine: bool = False,
        on_event: OnEvent | None = None,
        sources: Mapping[Path, str] | None = None,
        *,
        again: bool = False,
    ) -> Added:
        """Remember files and folders (recursively); what was forgotten only ``again``. ``sources``: where a file came
        from, where its path says nothing (``upload:notes.md``); two uploads of one name may be two notes, so that such a file is known by its content
        alone and an edited one is a new note. What cannot be read is in ``skipped`` and never stops the rest;
        the caller decides what an ``Added`` with nothing added means. Raises ``JobFailed`` if the worker dies: what was
        written until then stays, and adding again goes on from there."""
        began = time.monotonic()
        files, skipped = await asyncio.to_thread(find_files, paths)
        tally = _Tally(new_batch(), skipped=skipped, again=again)
        named = {path.resolve(): source for path, source in (sources or {}).items()}
        if on_event:
            on_event(StageStarted(stage="read", total=len(files)))
        done = 0
        for group in _groups(files):
            async with self._turn:  # for each group: what is typed meanwhile does not wait for the whole folder
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
            elif hashed and not tally.again and (known := await self._store.by_file(hashed)):
                await self._unchanged(path, hashed, known, tally, moved=path not in sources)
            else:
                source = sources.get(path, "")
                origin: Origin | None = "web" if source.startswith(("http://", "https://")) and not mine else None
                wanted[hashed or str(path)] = FileToRead(path=str(path), source=source, origin=origin)
        if not wanted:
            return
        payload = ReadFiles(
            files=tuple(wanted.values()), limits=self._config, learned_at=now(), reading=self._reading(mine)
        )
        result = await self._worker.run("read", payload, FilesRead)
        tally.skipped.extend(result.skipped)
        fresh: list[Memory] = []
        whole = dict.fromkeys(map(Path, result.paths), True)
        for memory, lies_at in zip(result.memories, result.paths, strict=True):
            skipped = len(tally.skipped)
            if (placed := await self._placed(memory, tally)) is not None:
                fresh.append(placed)
            whole[Path(lies_at)] &= len(tally.skipped) == skipped
        if fresh:
            await self._write(fresh, tally)
        for read, nothing_forgotten in whole.items():
            if nothing_forgotten:
                await self._keep_original(read, hashes[read], again=tally.again)
        for hashed in twins:
            tally.unchanged.extend(note.id for note in await self._store.by_file(hashed))

    def _reading(self, mine: bool) -> Reading:
        return Reading(mine=mine, owner=self._owner.known_as, models=str(self._models), whisper=self._config.whisper)

    async def _unchanged(self, path: Path, hashed: str, known: Sequence[Note], tally: _Tally, *, moved: bool) -> None:
        """The content is known. If the file it came from may have ``moved`` here, remember where it is now."""
        tally.unchanged.extend(note.id for note in known)
        await self._keep_original(path, hashed, again=tally.again)
        for note in known:
            before, part = file_and_part(note.source) if note.file_hash else (note.source, "")
            if moved and before != str(path) and not Path(before).exists():
                await self._store.set_source(note.id, source_of_part(str(path), part) if part else str(path))

    async def _keep_original(self, path: Path, hashed: str, *, again: bool) -> None:
        """Copy the file, unless something that it holds was forgotten and is not wanted again."""
        if again:
            await self._store.allow_again(hashed)
        if await self._store.forgotten_at(hashed) is None:
            await asyncio.to_thread(originals.keep, self._files, path, hashed)

    async def _placed(self, memory: Memory, tally: _Tally) -> Memory | None:
        """The memory as what it is: a new note, the next revision of a known one; ``None``: it is known as it is."""
        note = memory.note
        same = await self._store.by_hash(note.content_hash)
        if same is not None:
            tally.unchanged.append(same.id)
            if note.file_hash and same.file_hash != note.file_hash:
                await self._store.set_file(same.id, note.file_hash)
            return None
        if not await self._may_come(note, tally):
            return None
        before = await self._before(note.source)
        if before is None:
            return memory
        if before.details.get("edited_from") == note.content_hash:  # the owner's own version of it is kept
            tally.unchanged.append(before.id)
            return None
        note = msgspec.structs.replace(note, id=before.id, revision=before.revision + 1)
        return await asyncio.to_thread(to_memory, note, self._config.chunk_characters)

    async def _may_come(self, note: Note, tally: _Tally) -> bool:
        """Whether it was never forgotten, or is wanted again."""
        forgotten = await self._store.forgotten_at(note.content_hash)
        if forgotten is not None and not tally.again:
            name = note.source.rpartition("/")[2]
            message = f"{name} was forgotten on {forgotten[:10]}. To remember it all the same: oneself add --again."
            tally.skipped.append(Skipped(source=note.source, code="forgotten", message=message))
            return False
        if forgotten is not None:
            await self._store.allow_again(note.content_hash)
        return True

    async def _before(self, source: str) -> Note | None:
        """The note that this source has already become, where a source says so: what is typed or sent along does not."""
        return None if source == "text:" or source.startswith(UPLOAD) else await self._store.by_source(source)

    # --- writing

    async def _write(self, memories: Sequence[Memory], tally: _Tally) -> None:
        """Embed, then write: all of these notes or none."""
        contexts = [sentence.context for memory in memories for sentence in memory.sentences]
        try:
            vectors = await self._embed(contexts)
        except (EngineError, ModelError):
            vectors = None
            tally.pending += len(contexts)
        await self._store.write(memories, vectors, tally.batch)
        for memory in memories:
            (tally.added if memory.note.revision == 1 else tally.updated).append(memory.note.id)

    async def _embed(self, texts: Sequence[str]) -> Vectors | None:
        if not texts:
            return None
        model = self._store.embedding_model
        cuts = range(0, len(texts), EMBED_AT_ONCE)
        return np.concatenate([await self._engine.embed(texts[at : at + EMBED_AT_ONCE], model=model) for at in cuts])

    async def fill_vectors(self) -> int:
        """Embed what is pending; how many were filled. Raises ``EngineError``; what was filled until then stays."""
        return await self._fill(self._store.embedding_model)

    async def change_model(self) -> bool:
        """Embed everything with the configured model where another one serves, then let it serve. The old vectors serve
        until then; if the process ends before, the next one goes on from there. Raises ``EngineError``, ``ModelError``."""
        wanted = self._config.embedder
        if wanted == self._store.embedding_model:
            return False
        await self._fill(wanted)
        async with self._turn:  # what was added meanwhile has vectors of the old model
            await self._fill(wanted)
            await self._store.serve_model(wanted)
        return True

    async def _fill(self, model: str) -> int:
        filled = 0
        while pending := await self._store.pending_vectors(EMBED_AT_ONCE, model):
            vectors = await self._engine.embed([context for _, context in pending], model=model)
            done = await self._store.set_vectors(pending, vectors, model)
            filled += done
            if not done:
                break  # all of them changed under us; the next call sees what they are now
        return filled

    # --- changing and forgetting

    async def edit(self, note: Note) -> Added:
        """Keep ``note`` (changed by its owner) as the next revision of itself. Raises ``NotFound``, ``WrongUse``."""
        if not any(c.isalnum() for c in note.text):
            raise WrongUse("a memory cannot be left without words; forget it instead.")
        async with self._turn:
            before = await self._store.note(note.id)
            tally = _Tally(new_batch())
            edited_from = before.details.get("edited_from") or before.content_hash
            same_text = note.text == before.text
            note = msgspec.structs.replace(
                note,
                revision=before.revision + 1,
                learned_at=now(),
                language=language_of(note.text),
                content_hash=content_hash(msgspec.json.encode((note.title, note.text, note.happened_at, note.tags))),
                segments=note.segments if same_text else (),
                pages=note.pages if same_text else (),
                details=note.details | {"edited_from": edited_from},
            )
            await self._write([await asyncio.to_thread(to_memory, note, self._config.chunk_characters)], tally)
            return tally.result()

    async def forget(self, note_ids: Sequence[str]) -> dict[str, int]:
        """Forget notes and the originals they came from: a file of which one note is forgotten is not kept, whatever
        else was in it. Returns how many of what there were."""
        async with self._turn:
            hashes = await self._hashes_of(note_ids)
            gone = await asyncio.to_thread(originals.drop, self._files, hashes)
            removed = await self._store.delete(note_ids)  # last: while it is known it can be forgotten once more
            return removed | {"originals": gone} if removed else {}

    async def undo(self, batch: str) -> tuple[list[str], list[str]]:
        """Undo one ``add``: ids of the notes forgotten and of those put back as they were. Raises ``NotFound``."""
        async with self._turn:
            notes = await self._store.notes(limit=-1, batch=batch)
            hashes = await self._hashes_of([note.id for note in notes])
            result = await self._store.delete_batch(batch, chunk_characters=self._config.chunk_characters)
            await self._drop_unused(hashes)
            return result

    async def _hashes_of(self, note_ids: Sequence[str]) -> set[str]:
        """Of the files that these notes came from, now and in earlier revisions, and were edited from."""
        sql = (
            "SELECT content_hash, file_hash, details ->> 'edited_from' FROM notes WHERE id = ?1 UNION ALL"
            " SELECT content_hash, note ->> 'file_hash', NULL FROM revisions WHERE note_id = ?1"
        )
        return await self._store.query(
            lambda c: {value for note_id in note_ids for row in c.execute(sql, (note_id,)) for value in row if value}
        )

    async def _drop_unused(self, hashes: set[str]) -> None:
        sql = (
            "SELECT 1 FROM notes WHERE content_hash = ?1 OR file_hash = ?1 OR details ->> 'edited_from' = ?1"
            " UNION SELECT 1 FROM revisions WHERE content_hash = ?1"
        )
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
