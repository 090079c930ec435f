"""A memory for the edge of HTTP: notes, their revisions and receipts in dictionaries."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec

from kernel.abc import OnEvent
from kernel.config import Paths
from kernel.errors import NotFound, WrongUse
from kernel.events import Progressed, StageFinished, StageStarted
from kernel.types import (
    Added,
    Chunk,
    Explain,
    Hit,
    Holding,
    Insight,
    Memory,
    MemoryCard,
    Note,
    Receipt,
    SampleOf,
    Sentence,
    Skipped,
    Span,
    Statement,
    TextToRemember,
    Todo,
)

NOW = "2025-06-25T10:00:00+00:00"
_EXPLAIN = Explain(vector=0.9, words=1.0, hangul=0.0, trigram=0.0, overlap=1.0)


class FakeMemories:
    """``Mind``'s memory as far as it is called from outside. A link with ``missing`` in it cannot be fetched; whatever
    is forgotten had been learned by self 0001."""

    def __init__(self, paths: Paths) -> None:
        self.paths = paths
        self.notes: dict[str, Note] = {}
        self.revisions: dict[str, list[Note]] = {}
        self.batches: dict[str, list[str]] = {}
        self.written: list[Receipt] = []
        self.edited_by_hand: list[str] = []

    async def remember(self, text: str, **fields: Any) -> Added:
        return await self.remember_many([TextToRemember(text=text, **fields)])

    async def remember_many(self, items: Sequence[TextToRemember], on_event: OnEvent | None = None) -> Added:
        if on_event:
            on_event(Progressed(stage="read", done=len(items), total=len(items)))
        return self._keep(items)

    async def remember_files(
        self,
        paths: Sequence[Path],
        *,
        mine: bool = False,
        on_event: OnEvent | None = None,
        sources: Mapping[Path, str] | None = None,
        again: bool = False,
    ) -> Added:
        tell = on_event or (lambda _: None)
        files = [
            file for path in paths for file in (sorted(path.rglob("*")) if path.is_dir() else [path]) if file.is_file()
        ]
        tell(StageStarted(stage="read", total=len(files)))
        read = [file for file in files if file.suffix in (".md", ".txt")]
        skipped = tuple(
            Skipped(source=str(file), code="unsupported", message=f"{file.name}: cannot be read")
            for file in files
            if file not in read
        )
        named, origin = sources or {}, "owner" if mine else "other"
        added = self._keep(
            [
                TextToRemember(text=file.read_text(), title=file.stem, origin=origin, source=named.get(file, str(file)))  # type: ignore[arg-type]
                for file in read
            ]
        )
        tell(StageFinished(stage="read", seconds=0.1))
        return msgspec.structs.replace(added, skipped=skipped)

    async def remember_links(
        self, urls: Sequence[str], *, mine: bool = False, on_event: OnEvent | None = None
    ) -> Added:
        if on_event:
            on_event(StageStarted(stage="read", total=len(urls)))
        found = [url for url in urls if "missing" not in url]
        origin = "owner" if mine else "web"
        added = self._keep([TextToRemember(text=f"A page at {url}", source=url, origin=origin) for url in found])  # type: ignore[arg-type]
        lost = [Skipped(source=url, code="http_404", message=f"{url} is not there") for url in urls if url not in found]
        return msgspec.structs.replace(added, skipped=tuple(lost))

    def _keep(self, items: Sequence[TextToRemember]) -> Added:
        ids = []
        for item in items:
            note_id = f"n_{len(self.notes) + 1}"
            self.notes[note_id] = Note(
                id=note_id, origin=item.origin, kind="text", title=item.title or item.text[:20], text=item.text,
                happened_at=item.happened_at or "2025-06-25", happened_from="given", learned_at=NOW,
                source=item.source, content_hash="0" * 64, language="en", tags=item.tags, links=("Kaya",),
                details={"width": 3},
            )  # fmt: skip
            ids.append(note_id)
        batch = f"b_{len(self.batches) + 1}"
        self.batches[batch] = ids
        return Added(batch=batch, added=tuple(ids))

    # --- looking

    async def search(self, query: str, *, limit: int = 10, neighbours: bool = False, **filters: Any) -> list[Hit]:
        hits = [
            Hit(
                note_id=note.id, chunk_id="c_1", sentence_id="s_1", title=note.title, text=note.text, context=note.text,
                span=Span(0, len(note.text)), score=0.9, explain=_EXPLAIN, happened_at=note.happened_at,
                origin=note.origin, language="en", kind=note.kind, todo=_todo(note), page=2, speaker="Ines",
                before="The one before." if neighbours else "", after="The one after." if neighbours else "",
            )
            for note in self.notes.values()
            if query.lower() in note.text.lower()
            and filters.get("origin") in (None, note.origin)
            and filters.get("kind") in (None, note.kind)
        ]  # fmt: skip
        return hits[:limit]

    async def note(self, note_id: str) -> Note:
        if note_id not in self.notes:
            raise NotFound(f"there is no memory {note_id}")
        return self.notes[note_id]

    async def memory(self, note_id: str) -> Memory:
        note = await self.note(note_id)
        whole: dict[str, Any] = {"note_id": note_id, "ordinal": 0, "start": 0, "end": len(note.text)}
        sentence = Sentence(id="s_1", chunk_id="c_1", context=note.text, todo=_todo(note), **whole)  # type: ignore[arg-type]
        return Memory(note=note, chunks=(Chunk(id="c_1", **whole),), sentences=(sentence,))

    async def insight(self, note_id: str) -> Insight | None:
        return None

    async def list_notes(
        self, *, offset: int = 0, limit: int = 50, query: str | None = None, **filters: Any
    ) -> tuple[list[Note], int]:
        wanted = {name: value for name, value in filters.items() if value is not None}
        found = [
            note
            for note in self.notes.values()
            if (query is None or query in note.text)
            and wanted.get("origin", note.origin) == note.origin
            and wanted.get("kind", note.kind) == note.kind
            and ("tag" not in wanted or wanted["tag"] in note.tags)
            and wanted.get("since", "") <= (note.happened_at or "") <= wanted.get("until", "9") + "~"
            and wanted.get("todo", _todo(note)) == _todo(note)
        ]
        return found[offset : offset + limit], len(found)

    async def todos(self, *, state: str = "open", limit: int = 200) -> list[Todo]:
        found = [
            Todo(note_id=note.id, sentence_id="s_1", title=note.title, text=note.text, state=state, happened_at=None)  # type: ignore[arg-type]
            for note in self.notes.values()
            if _todo(note) == state
        ]
        return found[:limit]

    async def card(self, note_id: str) -> MemoryCard:
        memory = await self.memory(note_id)
        statement = Statement(
            id="t_1", note_id=note_id, span=Span(0, 1), text="Noor lives in Oslo.", kind="semantic", subject="owner",
            relation="live", object="Oslo",
        )  # fmt: skip
        return MemoryCard(
            memory=memory,
            history=tuple(await self.history(note_id)),
            statements=(statement,),
            identity=("I live in Oslo.",),
            samples=(SampleOf(version="0001", kind="grounded", question="Where do you live?"),),
            selves=("0001",),
            uses=2,
            mirror="notes/Home.md",
        )

    # --- changing and forgetting

    async def edit(self, note_id: str, **changes: Any) -> Note:
        note = await self.note(note_id)
        if changes.get("text") == "refuse this":
            raise WrongUse("a memory cannot be left without words; forget it instead.")
        self.revisions.setdefault(note_id, []).insert(0, note)
        self.notes[note_id] = msgspec.structs.replace(note, revision=note.revision + 1, **changes)
        return self.notes[note_id]

    async def history(self, note_id: str) -> list[Note]:
        await self.note(note_id)
        return self.revisions.get(note_id, [])

    async def read_back(self) -> Added:
        return Added(batch="", updated=tuple(self.edited_by_hand))

    async def forget(self, note_ids: Sequence[str]) -> Receipt:
        gone = [note_id for note_id in dict.fromkeys(note_ids) if self.notes.pop(note_id, None) is not None]
        if not gone:
            raise NotFound(f"there is no memory {', '.join(note_ids)}")
        receipt = Receipt(
            id=f"f_{len(self.written) + 1}",
            created=NOW,
            note_ids=tuple(gone),
            removed={"notes": len(gone), "sentences": 2 * len(gone), "mirror": 1, "samples": 3},
            selves=(Holding(version="0001", was_live=True, samples=3, weights_removed_at=NOW),),
            serving="0000",
            retraining="due",
        )
        self.written.insert(0, receipt)
        return receipt

    async def forget_batch(self, batch: str) -> Receipt:
        if batch not in self.batches:
            raise NotFound(f"there is no batch {batch}")
        return await self.forget(self.batches.pop(batch))

    async def receipts(self, limit: int = 50) -> list[Receipt]:
        return self.written[:limit]

    async def receipt(self, receipt_id: str) -> Receipt:
        for receipt in self.written:
            if receipt.id == receipt_id:
                return receipt
        raise NotFound(f"there is no receipt {receipt_id}")


def _todo(note: Note) -> Any:
    return {"- [ ]": "open", "- [x]": "done"}.get(note.text[:5], "")
