"""The graph <-> rows: put whole, read whole or by entity, note and community.

Quotes and titles are not kept twice: they are read from the notes. Every row but an entity's and a community's own goes
with its note; ``drop_unmentioned`` takes away what is left without evidence.
"""

from __future__ import annotations

import sqlite3
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

import msgspec

from kernel.memory.words import content_terms, fold
from kernel.types import (
    Citation,
    Cited,
    Claim,
    Community,
    Graph,
    GraphEntity,
    GraphRelation,
    Mention,
    Span,
)

OWNER = "owner"
_HASH = "graph_input_hash"
_TABLES = (
    "community_sentences",
    "community_members",
    "communities",
    "claims",
    "relation_evidence",
    "relations",
    "mentions",
    "entities",
)
_NAMED = 3
"""So many of its first entities name a community."""


def community_name(names: Sequence[str]) -> str:
    """``names``: of its entities, strongest first."""
    return ", ".join(names[:_NAMED])


def community_notes(named: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Notes that name at least two of its entities, most first. ``named``: of each entity, the notes that name it."""
    counts = Counter(note for notes in named for note in set(notes))
    return tuple(sorted((n for n in counts if counts[n] > 1), key=lambda n: (-counts[n], n)))


# --- writing


def put_graph(connection: sqlite3.Connection, graph: Graph) -> None:
    """In the place of the graph that was there. The notes that it cites must be there; no transaction of its own."""
    for table in _TABLES:
        connection.execute(f"DELETE FROM {table}")
    put = connection.executemany
    put(
        "INSERT INTO entities (id, name, type, aliases, weight) VALUES (?, ?, ?, ?, ?)",
        [(e.id, e.name, e.type, msgspec.json.encode(e.aliases).decode(), e.weight) for e in graph.entities],
    )
    put(
        "INSERT INTO mentions (entity, note_id, start, end, text) VALUES (?, ?, ?, ?, ?)",
        [(e.id, m.note_id, m.span.start, m.span.end, m.text) for e in graph.entities for m in e.mentions],
    )
    put(
        "INSERT INTO relations (id, source, type, target, weight, valid_from, valid_to) VALUES (?, ?, ?, ?, ?, ?, ?)",
        [(r.id, r.source, r.type, r.target, r.weight, r.valid_from, r.valid_to) for r in graph.relations],
    )
    put(
        "INSERT INTO relation_evidence (relation, note_id, start, end) VALUES (?, ?, ?, ?)",
        [(r.id, c.note_id, c.span.start, c.span.end) for r in graph.relations for c in r.citations],
    )
    put(
        "INSERT INTO claims (id, entity, text, note_id, start, end, valid_from, valid_to, superseded_by) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            (
                *(c.id, c.entity, c.text, c.citation.note_id, c.citation.span.start, c.citation.span.end),
                *(c.valid_from, c.valid_to, c.superseded_by),
            )
            for c in graph.claims
        ],
    )
    put(
        "INSERT INTO communities (id, level, parent, name) VALUES (?, ?, ?, ?)",
        [(c.id, c.level, c.parent, c.name) for c in graph.communities],
    )
    put(
        "INSERT INTO community_members (community, entity, ordinal) VALUES (?, ?, ?)",
        [(c.id, entity, n) for c in graph.communities for n, entity in enumerate(c.entities)],
    )
    put(
        "INSERT INTO community_sentences (community, ordinal, text, note_id, start, end) VALUES (?, ?, ?, ?, ?, ?)",
        [
            (c.id, n, said.text, said.citations[0].note_id, said.citations[0].span.start, said.citations[0].span.end)
            for c in graph.communities
            for n, said in enumerate(c.summary)
        ],
    )
    connection.execute("INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)", (_HASH, graph.input_hash))


def drop_unmentioned(connection: sqlite3.Connection) -> None:
    """After notes were deleted: entities that no note names any more (the owner stays), relations without evidence,
    communities without entities, names that no note that is left says. To be called in the deletion's transaction."""
    connection.execute("DELETE FROM entities WHERE id != ? AND id NOT IN (SELECT entity FROM mentions)", (OWNER,))
    connection.execute("DELETE FROM relations WHERE id NOT IN (SELECT relation FROM relation_evidence)")
    connection.execute("DELETE FROM communities WHERE id NOT IN (SELECT community FROM community_members)")
    connection.execute("UPDATE communities SET parent = '' WHERE parent NOT IN (SELECT id FROM communities)")
    connection.execute(
        "UPDATE claims SET superseded_by = '', valid_to = NULL "
        "WHERE superseded_by != '' AND superseded_by NOT IN (SELECT id FROM claims)"
    )
    _rename(connection)


def _rename(connection: sqlite3.Connection) -> None:
    texts: dict[str, list[str]] = defaultdict(list)
    for identity, text in connection.execute("SELECT entity, text FROM mentions ORDER BY entity, text"):
        texts[identity].append(text)
    for identity, name, listed in connection.execute("SELECT id, name, aliases FROM entities").fetchall():
        said = " \0 ".join(" ".join(fold(text).split()) for text in texts[identity])
        aliases = msgspec.json.decode(listed, type=list[str])
        left = [alias for alias in aliases if fold(alias) in said]
        kept = name
        if identity != OWNER and fold(name.partition(" (")[0]) not in said:
            kept = max(left or texts[identity], key=lambda text: (len(text.split()), text))
            left = [alias for alias in left if alias != kept]
        if (kept, left) != (name, aliases):
            row = (kept, msgspec.json.encode(left).decode(), identity)
            connection.execute("UPDATE entities SET name = ?, aliases = ? WHERE id = ?", row)
    for identity, names in _members(connection, "e.name").items():
        connection.execute("UPDATE communities SET name = ? WHERE id = ?", (community_name(names), identity))


def _members(connection: sqlite3.Connection, column: str) -> dict[str, list[str]]:
    """Community -> a column of its entities, in their order."""
    found: dict[str, list[str]] = defaultdict(list)
    sql = f"SELECT m.community, {column} FROM community_members m JOIN entities e ON e.id = m.entity ORDER BY m.community, m.ordinal"
    for identity, value in connection.execute(sql):
        found[identity].append(value)
    return found


# --- reading


def made_from(connection: sqlite3.Connection) -> str:
    """``Graph.input_hash`` of what is there; empty where none has been put, or a note's words have left it since."""
    row = connection.execute("SELECT value FROM meta WHERE key = ?", (_HASH,)).fetchone()
    return row[0] if row else ""


def forget_words(connection: sqlite3.Connection, note_id: str) -> None:
    """Take out what the words of a note brought, as they are no longer there; the next building is a whole one."""
    for table in ("mentions", "relation_evidence", "claims", "community_sentences"):
        connection.execute(f"DELETE FROM {table} WHERE note_id = ?", (note_id,))
    connection.execute("DELETE FROM meta WHERE key = ?", (_HASH,))


def graph(connection: sqlite3.Connection) -> Graph:
    """Everything, in the order in which it was built; empty where none has been put."""
    return Graph(
        input_hash=made_from(connection),
        entities=tuple(_entities(connection, "SELECT id FROM entities", ())),
        relations=tuple(_relations(connection, "SELECT id FROM relations", ())),
        claims=tuple(_claims(connection, "1", ())),
        communities=tuple(communities(connection)),
    )


def entity(connection: sqlite3.Connection, identity: str) -> GraphEntity | None:
    """``None``: there is none with that id."""
    return next(iter(_entities(connection, "SELECT ?", (identity,))), None)


def find_entities(connection: sqlite3.Connection, name: str, limit: int = 20) -> list[GraphEntity]:
    """By name or other name, whatever the case and accents: whole names first, then beginnings, heaviest first."""
    wanted = fold(name.strip())
    if not wanted:
        return []
    found = []
    for identity, known, aliases, weight in connection.execute("SELECT id, name, aliases, weight FROM entities"):
        names = [fold(one) for one in (known, known.partition(" (")[0], *msgspec.json.decode(aliases, type=list[str]))]
        if any(one.startswith(wanted) for one in names):
            found.append((wanted not in names, -weight, identity))
    ids = [identity for _, _, identity in sorted(found)[:limit]]
    by_id = {e.id: e for e in _entities(connection, f"VALUES {', '.join('(?)' for _ in ids)}", ids)} if ids else {}
    return [by_id[identity] for identity in ids]


def entities_in(connection: sqlite3.Connection, note_ids: Sequence[str]) -> list[GraphEntity]:
    """Those that any of the notes names, with all of their mentions, heaviest first."""
    sql = "SELECT entity FROM mentions WHERE note_id IN (SELECT value FROM json_each(?))"
    return _entities(connection, sql, (msgspec.json.encode(list(note_ids)).decode(),))


def neighbours(
    connection: sqlite3.Connection, identity: str, limit: int = 50
) -> list[tuple[GraphRelation, GraphEntity]]:
    """Relations of an entity, each with who or what is at its other end: those in words first, then the strongest."""
    sql = (
        "SELECT id FROM (SELECT id, type, weight FROM relations WHERE source = ? UNION "
        "SELECT id, type, weight FROM relations WHERE target = ?) ORDER BY type = 'related', weight DESC, id LIMIT ?"
    )
    ordered = [row[0] for row in connection.execute(sql, (identity, identity, limit))]
    if not ordered:
        return []
    marks = f"VALUES {', '.join('(?)' for _ in ordered)}"
    relations = {r.id: r for r in _relations(connection, marks, ordered)}
    ends = {r.target if r.source == identity else r.source for r in relations.values()}
    others = {
        e.id: e
        for e in _entities(connection, "SELECT value FROM json_each(?)", (msgspec.json.encode(sorted(ends)).decode(),))
    }
    return [(r, others[r.target if r.source == identity else r.source]) for r in (relations[i] for i in ordered)]


def claims_of(connection: sqlite3.Connection, identity: str) -> list[Claim]:
    """Of one entity, oldest first."""
    return _claims(connection, "c.entity = ?", (identity,))


def communities(connection: sqlite3.Connection, level: int | None = None) -> list[Community]:
    """Coarsest first, then largest; with ``level`` only those of one."""
    members = _members(connection, "e.id")
    named: dict[str, set[str]] = defaultdict(set)
    for identity, note in connection.execute("SELECT DISTINCT entity, note_id FROM mentions"):
        named[identity].add(note)
    summaries = _summaries(connection)
    found = [
        Community(
            id=identity,
            level=at,
            parent=parent,
            name=name,
            entities=tuple(members[identity]),
            summary=tuple(summaries[identity]),
            note_ids=community_notes(named[one] for one in members[identity]),
        )
        for identity, at, parent, name in connection.execute("SELECT id, level, parent, name FROM communities")
        if level is None or at == level
    ]
    return sorted(found, key=lambda c: (c.level, -len(c.entities), c.id))


def community_sentences(
    connection: sqlite3.Connection, terms: Sequence[str], limit: int
) -> list[tuple[str, str, int, int, str]]:
    """For a broad question: sentences of the communities that its words are about.

    ``(name of the community, note id, start, end, text)``, best first, each sentence once. ``terms``: words of the question,
    as ``kernel.memory.words.content_terms`` makes them or as they were written. A community counts by how many of them
    its name, its entities and its sentences hold, finer ones before coarser ones; with no term that any holds: nothing.
    """
    wanted = {term for word in terms for term in (*content_terms(word), fold(word))} - {""}
    rows = connection.execute(
        "SELECT s.community, c.name, c.level, s.note_id, s.start, s.end, s.text, s.ordinal FROM community_sentences s "
        "JOIN communities c ON c.id = s.community ORDER BY s.community, s.ordinal"
    ).fetchall()
    about: dict[str, set[str]] = defaultdict(set)
    for identity, names in _members(connection, "e.name || ' ' || e.aliases").items():
        about[identity] |= {term for name in names for term in _terms(name)}
    scored = []
    for identity, name, level, note, start, end, text, ordinal in rows:
        held, here = len(wanted & about[identity]), len(wanted & _terms(text))
        if held or here:
            scored.append((-(held + 2 * here), -level, identity, ordinal, (name, note, start, end, text)))
    found: dict[tuple[str, int], tuple[str, str, int, int, str]] = {}
    for *_, row in sorted(scored):
        found.setdefault((row[1], row[2]), row)
    return list(found.values())[:limit]


def _terms(text: str) -> set[str]:
    return set(content_terms(text)) | {fold(word.strip('.,!?"()[]')) for word in text.split()}


def _entities(connection: sqlite3.Connection, ids: str, values: Sequence[str]) -> list[GraphEntity]:
    """``ids``: a query for the ids that are wanted."""
    mentions: dict[str, list[Mention]] = defaultdict(list)
    sql = f"SELECT entity, note_id, start, end, text FROM mentions WHERE entity IN ({ids}) ORDER BY entity, note_id, start"
    for identity, note, start, end, text in connection.execute(sql, values):
        mentions[identity].append(Mention(note_id=note, span=Span(start, end), text=text))
    sql = f"SELECT id, name, type, aliases, weight FROM entities WHERE id IN ({ids}) ORDER BY weight DESC, id"
    return [
        GraphEntity(
            id=identity,
            name=name,
            type=kind,
            aliases=msgspec.json.decode(aliases, type=tuple[str, ...]),
            mentions=tuple(mentions[identity]),
            weight=weight,
        )
        for identity, name, kind, aliases, weight in connection.execute(sql, values)
    ]


def _relations(connection: sqlite3.Connection, ids: str, values: Sequence[str]) -> list[GraphRelation]:
    cited: dict[str, list[Citation]] = defaultdict(list)
    sql = (
        "SELECT e.relation, e.note_id, n.title, substr(n.text, e.start + 1, e.end - e.start), e.start, e.end "
        f"FROM relation_evidence e JOIN notes n ON n.id = e.note_id WHERE e.relation IN ({ids}) "
        "ORDER BY e.relation, e.note_id, e.start"
    )
    for identity, *citation in connection.execute(sql, values):
        cited[identity].append(_citation(*citation))
    sql = f"SELECT id, source, type, target, weight, valid_from, valid_to FROM relations WHERE id IN ({ids}) ORDER BY weight DESC, id"
    return [
        GraphRelation(
            id=identity, source=source, type=kind, target=target, weight=weight, citations=tuple(cited[identity]),
            valid_from=start, valid_to=end,
        )
        for identity, source, kind, target, weight, start, end in connection.execute(sql, values)
    ]  # fmt: skip


def _claims(connection: sqlite3.Connection, where: str, values: Sequence[str]) -> list[Claim]:
    sql = (
        "SELECT c.id, c.entity, c.text, c.valid_from, c.valid_to, c.superseded_by, "
        "c.note_id, n.title, substr(n.text, c.start + 1, c.end - c.start), c.start, c.end "
        f"FROM claims c JOIN notes n ON n.id = c.note_id WHERE {where} "
        "ORDER BY coalesce(c.valid_from, ''), c.note_id, c.start, c.id, c.entity"
    )
    return [
        Claim(
            id=identity, entity=about, text=text, citation=_citation(*citation), valid_from=start, valid_to=end,
            superseded_by=newer,
        )
        for identity, about, text, start, end, newer, *citation in connection.execute(sql, values)
    ]  # fmt: skip


def _summaries(connection: sqlite3.Connection) -> dict[str, list[Cited]]:
    found: dict[str, list[Cited]] = defaultdict(list)
    sql = (
        "SELECT s.community, s.text, s.note_id, n.title, substr(n.text, s.start + 1, s.end - s.start), s.start, s.end "
        "FROM community_sentences s JOIN notes n ON n.id = s.note_id ORDER BY s.community, s.ordinal"
    )
    for identity, text, *citation in connection.execute(sql):
        found[identity].append(Cited(text=text, citations=(_citation(*citation),)))
    return found


def _citation(note: str, title: str, quote: str, start: int, end: int) -> Citation:
    return Citation(note_id=note, title=title, quote=quote, span=Span(start, end))
