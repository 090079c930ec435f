"""The worker's ``identity``: insights and notes -> topics, shades, biography, attributes. The same in, the same out."""

from __future__ import annotations

from collections.abc import Callable

from kernel.events import AnyEvent, Progressed
from kernel.l1_identity.attributes import attributes
from kernel.l1_identity.biography import biography
from kernel.l1_identity.corrections import corrected, corrects, overruled
from kernel.l1_identity.evidence import lines
from kernel.l1_identity.marks import apply_marks
from kernel.l1_identity.recent import recent
from kernel.l1_identity.shades import shades
from kernel.l1_identity.structs import IdentityPayload
from kernel.l1_identity.topics import topics
from kernel.l1_identity.voice import turned
from kernel.types import Identity

_STEPS = 4


def build(payload: IdentityPayload, emit: Callable[[AnyEvent], None]) -> Identity:
    """An empty memory gives an identity that is valid and says nothing."""
    previous = payload.previous
    found = lines(payload.memories, payload.insights)
    grouped, outliers = topics([m.note for m in payload.memories], payload.insights, payload.vectors, previous)
    emit(Progressed(stage="identity", done=1, total=_STEPS))
    stated = attributes([line for line in found if not corrects(line.note)], payload.owner)
    known = corrected(stated, [memory.note for memory in payload.memories])
    wrong = overruled(stated, known)
    found = [line for line in found if (line.note.id, line.unit.end) not in wrong]
    emit(Progressed(stage="identity", done=2, total=_STEPS))
    told = biography(found, known, payload.owner)
    emit(Progressed(stage="identity", done=3, total=_STEPS))
    sides = shades(grouped, found, payload.owner, previous, known, payload.marks)
    emit(Progressed(stage="identity", done=_STEPS, total=_STEPS))
    made = Identity(
        version=(previous.version + 1) if previous else 1,
        created=payload.created,
        owner=payload.owner,
        input_hash=payload.input_hash,
        topics=tuple(grouped),
        outliers=tuple(outliers),
        shades=tuple(sides),
        biography=told,
        attributes=tuple(known),
        recent=recent(found, payload.owner, payload.today or payload.created[:10]),
    )
    return apply_marks(made, payload.marks, {memory.note.id: memory.note for memory in payload.memories}, turned)
