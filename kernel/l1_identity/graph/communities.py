"""Entities that belong together: Leiden (Traag, Waltman & van Eck 2019) on the weighted graph, by modularity.

A community of many is split again at a finer resolution, and is the parent of its parts (GraphRAG, arXiv 2404.16130).
The owner is left out: what touches everything would join everything. A summary is sentences of the notes, chosen so that
together they name most of the community.
"""

from __future__ import annotations

import hashlib
import math
import random
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from kernel.l1_identity.evidence import Line
from kernel.l1_identity.graph.entities import OWNER
from kernel.l1_identity.graph.structs import RELATED
from kernel.memory.graph_rows import community_name, community_notes
from kernel.types import Cited, Community, Graph, GraphEntity, GraphRelation

_SEED = 7
_SMALLEST, _LARGEST = 3, 12
_DEEPEST = 3
"""Levels below the coarsest."""
_FINER = 1.5
"""Resolution of each level, times that of the one above."""
_SAID = 4.0
"""What a relation in words counts beside one of standing together, for each note that says it."""
_OVERLAP = 0.3
"""Two communities of two buildings are one if so much of their union is in both."""
_MOST_SENTENCES, _FEWEST_SENTENCES = 4, 2
_TELLING = {"person": 1.5, "concept": 0.5}
"""What a type counts for when a community is named and summed up."""
_LONGEST = 320
"""Characters of a sentence of a summary."""

Weights = dict[tuple[str, str], float]


@dataclass(frozen=True)
class _Group:
    level: int
    parent: int
    """Index of its parent; -1: none."""
    members: tuple[str, ...]


def communities(
    entities: Sequence[GraphEntity],
    relations: Sequence[GraphRelation],
    lines: Sequence[Line],
    groups: Sequence[Sequence[str]],
    previous: Graph | None,
) -> list[Community]:
    """Coarsest first, largest first within a level. ``groups``: the entities of each line."""
    weights = _weights(relations)
    by_id = {entity.id: entity for entity in entities}
    found: list[_Group] = []
    nodes = sorted({one for pair in weights for one in pair})
    _split(nodes, weights, 0, -1, 1.0, found)
    ranks = _ranks(weights, by_id)
    ordered = [tuple(sorted(g.members, key=lambda i: (-ranks[i], i))) for g in found]
    names = _identities(found, previous)
    holding: dict[str, list[int]] = defaultdict(list)
    for number, here in enumerate(groups):
        for one in here:
            holding[one].append(number)
    made = []
    for index, (group, members) in enumerate(zip(found, ordered, strict=True)):
        made.append(
            Community(
                id=names[index],
                level=group.level,
                parent=names[group.parent] if group.parent >= 0 else "",
                name=community_name([by_id[i].name for i in members]),
                entities=members,
                summary=_summary(members, ranks, lines, groups, holding),
                note_ids=community_notes([{m.note_id for m in by_id[i].mentions} for i in members]),
            )
        )
    return sorted(made, key=lambda c: (c.level, -len(c.entities), c.id))


def _weights(relations: Iterable[GraphRelation]) -> Weights:
    weights: Weights = defaultdict(float)
    for relation in relations:
        if OWNER not in (relation.source, relation.target):
            one, other = sorted((relation.source, relation.target))
            weights[one, other] += relation.weight if relation.type == RELATED else _SAID * relation.weight
    return dict(weights)


def _split(
    nodes: Sequence[str], weights: Weights, level: int, parent: int, resolution: float, found: list[_Group]
) -> None:
    parts = [part for part in _leiden(nodes, weights, resolution) if len(part) >= _SMALLEST]
    if level and len(parts) < 2:
        return
    for part in parts:
        found.append(_Group(level, parent, tuple(part)))
        here = len(found) - 1
        if len(part) > _LARGEST and level < _DEEPEST:
            inside = set(part)
            within = {pair: weight for pair, weight in weights.items() if pair[0] in inside and pair[1] in inside}
            _split(part, within, level + 1, here, resolution * _FINER, found)


def _leiden(nodes: Sequence[str], weights: Weights, resolution: float) -> list[list[str]]:
    """Largest first. The same nodes and weights give the same parts."""
    if not weights:
        return []
    import igraph

    numbers = {name: number for number, name in enumerate(nodes)}
    pairs = sorted(weights)
    graph = igraph.Graph(n=len(nodes), edges=[(numbers[a], numbers[b]) for a, b in pairs])
    igraph.set_random_number_generator(random.Random(_SEED))
    try:
        clustering = graph.community_leiden(
            objective_function="modularity", weights=[weights[p] for p in pairs], resolution=resolution, n_iterations=-1
        )
    finally:
        igraph.set_random_number_generator(random)
    parts = [[nodes[i] for i in part] for part in clustering]
    return sorted(parts, key=lambda part: (-len(part), part[0]))


def _ranks(weights: Weights, entities: Mapping[str, GraphEntity]) -> dict[str, float]:
    """How strong an entity is: what its relations weigh, and how many notes name it."""
    strength: Counter[str] = Counter()
    for (one, other), weight in weights.items():
        strength[one] += weight  # type: ignore[assignment]
        strength[other] += weight  # type: ignore[assignment]
    return {
        identity: _TELLING.get(entity.type, 1.0) * math.log1p(strength[identity]) * math.log1p(entity.weight)
        for identity, entity in entities.items()
    }


def _summary(
    members: Sequence[str],
    ranks: Mapping[str, float],
    lines: Sequence[Line],
    groups: Sequence[Sequence[str]],
    holding: Mapping[str, Sequence[int]],
) -> tuple[Cited, ...]:
    """Greedy cover: each sentence is the one that adds most of the members' weight to those before it."""
    inside = set(members)
    wanted = sorted({n for one in members for n in holding[one]})
    shared = {n: inside & set(groups[n]) for n in wanted if len(lines[n].unit.text) <= _LONGEST}
    gives = {n: (1.0 if lines[n].own else 0.6) * (1.0 if lines[n].stands_alone else 0.5) for n in shared}

    def worth(number: int) -> tuple[float, int]:
        held = shared[number]
        weight = sum(ranks[i] + 0.01 for i in sorted(held & left)) + 0.1 * sum(ranks[i] + 0.01 for i in sorted(held))
        return round(weight * gives[number], 9), -number

    left, chosen = set(inside), list[int]()
    texts: set[str] = set()
    while len(chosen) < _MOST_SENTENCES and shared:
        best = max(shared, key=worth)
        if len(chosen) >= _FEWEST_SENTENCES and not shared[best] & left:
            break
        if lines[best].words not in texts:
            chosen.append(best)
            texts.add(lines[best].words)
            left -= shared[best]
        del shared[best]
    return tuple(Cited(text=lines[n].words, citations=(lines[n].citation,)) for n in sorted(chosen))


def _identities(found: Sequence[_Group], previous: Graph | None) -> list[str]:
    """The ids of the previous building where a community is still the same, greedily by overlap."""
    old = [(c.id, c.level, set(c.entities)) for c in (previous.communities if previous else ())]
    having: dict[tuple[int, str], list[int]] = defaultdict(list)
    for at, (_, level, members) in enumerate(old):
        for one in members:
            having[level, one].append(at)
    pairs = []
    for index, group in enumerate(found):
        shared = Counter(at for one in group.members for at in having.get((group.level, one), ()))
        pairs += [(n / (len(group.members) + len(old[at][2]) - n), index, old[at][0]) for at, n in shared.items()]
    taken: dict[int, str] = {}
    given: set[str] = set()
    for overlap, index, name in sorted(pairs, key=lambda p: (-p[0], p[1], p[2])):
        if overlap >= _OVERLAP and index not in taken and name not in given:
            taken[index] = name
            given.add(name)
    names: list[str] = []
    for index, group in enumerate(found):
        name = taken.get(index) or _fresh(group, given)
        given.add(name)
        names.append(name)
    return names


def _fresh(group: _Group, used: set[str]) -> str:
    for salt in range(len(used) + 1):
        basis = "\0".join([str(group.level), *sorted(group.members), str(salt)])
        name = "c_" + hashlib.sha256(basis.encode()).hexdigest()[:12]
        if name not in used:
            return name
    raise AssertionError("more salts than names")
