"""``ExtractiveAnalyst``: title, summary, insight, tags, entities, statements and tasks of a note, in its own words.

English by spaCy's parse, Korean by Kiwi's morphemes; other languages get their words counted and nothing claimed.
"""

from __future__ import annotations

from collections.abc import Sequence

from kernel.l0_insight import korean
from kernel.l0_insight.entities import english_entities, korean_entities
from kernel.l0_insight.layout import Unit, units
from kernel.l0_insight.statements import english_statements, korean_statements
from kernel.l0_insight.structs import ANALYST
from kernel.l0_insight.summary import english_keywords, korean_keywords, outline
from kernel.l0_insight.tasks import tasks_of
from kernel.memory.marks import plain
from kernel.types import Entity, Insight, Memory, Statement

_MOST_TAGS = 8


class ExtractiveAnalyst:
    """See ``kernel.abc.Analyst``. Needs no large model; libraries are loaded on the first note of their language."""

    name = ANALYST

    def analyse(self, memory: Memory) -> Insight:
        return self.understand(memory)[0]

    def resolve(self, memory: Memory) -> list[str]:
        return self.understand(memory)[1]

    def understand(self, memory: Memory) -> tuple[Insight, list[str]]:
        """Both at once, for one parse of the note. What several people said in turn keeps its contexts: the sentence
        before is often another's, whose words must not be put into this one's mouth."""
        layout, given = units(memory), [s.context for s in memory.sentences]
        if memory.note.language == "ko":
            insight, contexts = self._korean(memory, layout)
        elif memory.note.language == "en":
            insight, contexts = self._english(memory, layout)
        else:
            insight, contexts = _insight(memory, layout, (), (), 0, ()), given
        return insight, given if memory.note.segments else contexts

    def _english(self, memory: Memory, layout: Sequence[Unit]) -> tuple[Insight, list[str]]:
        from kernel.l0_insight.english import load
        from kernel.l0_insight.resolve import context_of, resolve_sentences

        pipeline = load()
        docs = list(pipeline.pipe([plain(u.text) for u in layout]))
        sections = {u.section: pipeline(u.section) for u in layout if u.section}
        heard = resolve_sentences(layout, docs, pipeline(memory.note.title), sections)
        contexts = [context_of(heard, i, s.context) for i, s in enumerate(memory.sentences)]
        contexts = [_korean_alone(memory, layout, i) or c for i, c in enumerate(contexts)]
        statements, dropped = english_statements(memory, heard)
        entities = english_entities(memory, heard)
        return _insight(memory, layout, statements, entities, dropped, english_keywords(docs)), contexts

    def _korean(self, memory: Memory, layout: Sequence[Unit]) -> tuple[Insight, list[str]]:
        contexts = [_korean_alone(memory, layout, i) or s.context for i, s in enumerate(memory.sentences)]
        statements, dropped = korean_statements(memory, layout)
        keywords = korean_keywords([u.text for u in layout])
        return _insight(memory, layout, statements, korean_entities(memory, layout), dropped, keywords), contexts


def _korean_alone(memory: Memory, layout: Sequence[Unit], index: int) -> str:
    """A Korean sentence without a subject gets the one before it; empty where nothing is to be done."""
    unit, given = layout[index], memory.sentences[index].context
    if not unit.follows or not any("가" <= c <= "힣" for c in unit.text) or korean.has_subject(unit.text):
        return ""
    words, before = plain(unit.text), plain(layout[index - 1].text)
    return given.replace(words, f"{before} {words}", 1) if words in given and before not in given else ""


def _insight(
    memory: Memory,
    layout: Sequence[Unit],
    statements: Sequence[Statement],
    entities: Sequence[Entity],
    dropped: int,
    keywords: Sequence[str],
) -> Insight:
    note = memory.note
    title, summary, telling = outline(memory, layout, statements, keywords)
    tags = tuple(dict.fromkeys([*note.tags, *(k.lower() for k in keywords[:5])]))[:_MOST_TAGS]
    return Insight(
        note_id=note.id,
        content_hash=note.content_hash,
        analyst=ANALYST,
        title=title,
        summary=summary,
        insight=telling,
        tags=tags,
        keywords=tuple(keywords),
        entities=tuple(entities),
        statements=tuple(statements),
        tasks=tuple(tasks_of(memory, layout, statements)),
        dropped=dropped,
    )
