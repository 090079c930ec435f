"""What the notes state of each entity, with its time; what no longer holds points at what took its place."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from kernel.l0_insight.superseding import find_superseded
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.graph.entities import Cast
from kernel.l1_identity.graph.words import Vocabulary
from kernel.types import Citation, Claim, Insight, Memory, Statement

Replaced = dict[str, tuple[str, str]]
"""Id of a statement -> the one that took its place, and since when."""


def claims(
    lines: Sequence[Line], people: Cast, replaced: Mapping[str, tuple[str, str]], vocabulary: Vocabulary
) -> list[Claim]:
    """Of whom or what each statement is about, and of everybody and everything that it names; oldest first."""
    found: dict[tuple[str, str], Claim] = {}
    for number, line in enumerate(lines):
        for said in line.statements:
            subject = people.meant(said.subject, number, line.note.id, vocabulary)
            named = [i for i, one in people.here[number] if not one.owner and not one.concept and one.name in said.text]
            for entity in dict.fromkeys([subject, *named]) if subject else named:
                found[said.id, entity] = _claim(line, said, entity, replaced.get(said.id))
    return sorted(
        found.values(), key=lambda c: (c.valid_from or "", c.citation.note_id, c.citation.span.start, c.id, c.entity)
    )


def _claim(line: Line, said: Statement, entity: str, newer: tuple[str, str] | None) -> Claim:
    note = line.note
    quote = note.text[said.span.start : said.span.end]
    return Claim(
        id=said.id,
        entity=entity,
        text=said.text,
        citation=Citation(note_id=note.id, title=note.title, quote=quote, span=said.span),
        valid_from=said.valid_from,
        valid_to=newer[1] or None if newer else said.valid_to,
        superseded_by=newer[0] if newer else "",
    )


def superseded(
    memories: Sequence[Memory],
    insights: Mapping[str, Insight],
    lines: Sequence[Line],
    people: Cast,
    vocabulary: Vocabulary,
) -> Replaced:
    """What ``find_superseded`` says of sentences, said of their statements: those about the same one, and of several
    the one with the same verb."""
    by_id = {memory.note.id: memory for memory in memories}
    numbers = {by_id[line.note.id].sentences[line.unit.index].id: n for n, line in enumerate(lines)}
    found: Replaced = {}
    for one in find_superseded(memories, insights):
        old, new = numbers.get(one.old_sentence_id), numbers.get(one.new_sentence_id)
        if old is None or new is None:
            continue
        for said in lines[old].statements:
            newer = _newer(said, old, new, lines, people, vocabulary)
            if newer:
                found[said.id] = (newer, one.since)
    return found


def _newer(said: Statement, old: int, new: int, lines: Sequence[Line], people: Cast, vocabulary: Vocabulary) -> str:
    def about(statement: Statement, number: int) -> str:
        meant = people.meant(statement.subject, number, lines[number].note.id, vocabulary)
        return meant or statement.subject.lower()

    whom = about(said, old)
    rivals = [s for s in lines[old].statements if about(s, old) == whom]
    wanted = [s for s in lines[new].statements if about(s, new) == whom]
    same = [s for s in wanted if s.relation == said.relation]
    if same:
        return same[0].id
    return wanted[0].id if wanted and len(rivals) == 1 else ""
