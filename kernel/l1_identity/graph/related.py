"""What stands together in a sentence, more often than chance has it.

Weights as in FastGraphRAG's noun graph (microsoft/graphrag, ``index/operations/build_noun_graph``): pointwise mutual
information (Church & Hanks 1990) times the pair's probability, here as a number of sentences:
``n(x, y) * log2(n(x, y) * N / (n(x) * n(y)))``.
"""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence

from kernel.l1_identity.evidence import Line
from kernel.l1_identity.graph.entities import OWNER, Cast
from kernel.l1_identity.graph.relations import first_cited, identity_of
from kernel.l1_identity.graph.structs import RELATED
from kernel.l1_identity.graph.words import Vocabulary
from kernel.types import Citation, GraphRelation

Pair = tuple[str, str]
_MOST_CITATIONS = 8
_MOST_TOGETHER = 12
"""Of a sentence with more entities (a list of names) only the first ones count, so that its pairs stay few."""
_LEAST_CONCEPTS = 2
"""Two concepts in one sentence once are no relation."""


def together(lines: Sequence[Line], people: Cast, vocabulary: Vocabulary) -> list[list[str]]:
    """For each line its entities, each once; who is meant by a pronoun that the analyst resolved is one of them."""
    found = []
    for number, line in enumerate(lines):
        here = dict.fromkeys(identity for identity, _ in people.here[number])
        if here:
            for said in line.statements:
                if said.subject != OWNER and (meant := people.meant(said.subject, number, line.note.id, vocabulary)):
                    here.setdefault(meant)
        found.append(list(here)[:_MOST_TOGETHER])
    return found


def related(
    lines: Sequence[Line], groups: Sequence[Sequence[str]], people: Cast, known: Iterable[Pair]
) -> list[GraphRelation]:
    """Strongest first. ``known``: pairs that are related in words, either way round."""
    typed = {tuple(sorted(pair)) for pair in known}
    alone: Counter[str] = Counter()
    pairs: Counter[Pair] = Counter()
    cited: dict[Pair, dict[tuple[str, int], Citation]] = defaultdict(dict)
    for line, group in zip(lines, groups, strict=True):
        alone.update(group)
        for pair in _pairs(group, people):
            if pair not in typed:
                pairs[pair] += 1
                if len(cited[pair]) < _MOST_CITATIONS:
                    cited[pair][line.note.id, line.unit.start] = line.citation
    total = sum(1 for group in groups if group)
    made = []
    for (one, other), number in pairs.items():
        if number < _LEAST_CONCEPTS and people.type_of(one) == people.type_of(other) == "concept":
            continue
        weight = number * math.log2(number * total / (alone[one] * alone[other]))
        if weight > 0:
            citations = first_cited(cited[one, other].values(), _MOST_CITATIONS)
            made.append(
                GraphRelation(
                    id=identity_of(one, RELATED, other), source=one, type=RELATED, target=other,
                    weight=round(weight, 6), citations=citations,
                )
            )  # fmt: skip
    return sorted(made, key=lambda r: (-r.weight, r.id))


def _pairs(group: Sequence[str], people: Cast) -> list[Pair]:
    ordered = sorted(group)
    return [
        (one, other)
        for at, one in enumerate(ordered)
        for other in ordered[at + 1 :]
        if OWNER not in (one, other) or people.type_of(one if other == OWNER else other) != "concept"
    ]
