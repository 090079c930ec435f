"""The words of an ontology, made ready to be looked for in sentences."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.graph.structs import EntityKind, Ontology, RelationKind
from kernel.memory.language import is_hangul
from kernel.memory.words import STOP, fold

CAPITAL = r"[A-ZÀ-ÞĀŌŪĒĪŠŽČĆĐŁŚ](?:[\w’'-]*\w)"
ADJECTIVES = (
    r"(?:(?:[a-z]+-)?(?:older|younger|elder|little|big|eldest|youngest|twin|only|late|dear|great|new|old|good|best|"
    r"lovely|former|other) )*"
)
PARTICLES = "이라는|이라고|이는|이가|이와|이랑|이를|이의|이한테|이에게|이도|한테서|한테|에게서|에게|께서|께|에서는|에서|에는|으로|이랑|하고|랑|은|는|이|가|을|를|와|과|의|도|만|로|에|아|야"
"""What may follow a Korean name, longest first among those that begin alike."""
HONORIFICS = "선생님|교수님|사장님|팀장님|과장님|부장님|선배님|선배|씨|님|군|양"
CIRCLES = (
    "work|the office|office|school|university|uni|college|choir|church|the gym|gym|the club|club|class|the band|band|"
    "the team|football|yoga|band practice|book club|the library|the hospital|the shop|nursery|the street|upstairs|downstairs"
)
SURNAMES = frozenset(
    "김이박최정강조윤장임한오서신권황안송류전홍고문양손배백허유남심노하곽성차주우구민진지엄채원천방공현함변염여추도소석선설마길연위표명기반왕금옥육인맹제모탁국"
)


@dataclass(frozen=True)
class Vocabulary:
    """``roles``: a noun, folded -> the relation that it says; ``address``: those that are a name by themselves."""

    ontology: Ontology
    relations: dict[str, RelationKind]
    roles: dict[str, str]
    address: frozenset[str]
    endings: dict[str, str]
    """Last word or syllables, folded -> type; the longest Korean ones first."""
    names: dict[str, str]
    broad: frozenset[str]
    ignore: frozenset[str]
    facts: dict[str, str]
    """Key of an attribute -> relation."""
    before: re.Pattern[str]
    """``my sister`` right before a name; groups ``whose`` and ``noun``."""
    after: re.Pattern[str]
    """``is my brother`` right after one."""
    bare: re.Pattern[str]
    """A relative without a name."""
    korean_named: re.Pattern[str] | None
    """``우리 누나 지우가``; groups ``noun`` and ``name``."""
    korean_bare: re.Pattern[str] | None

    def is_soft(self, role: str) -> bool:
        """Whether it is no contradiction that somebody is this and something else too."""
        return role in self.relations and self.relations[role].soft


@lru_cache(maxsize=4)
def vocabulary(ontology: Ontology) -> Vocabulary:
    """The same ontology is compiled once a process."""
    relations = {relation.name: relation for relation in ontology.relations}
    roles = {fold(noun): relation.name for relation in ontology.relations for noun in relation.nouns}
    address = frozenset(fold(word) for relation in ontology.relations for word in relation.addressed)
    roles |= {fold(word): relation.name for relation in ontology.relations for word in relation.addressed}
    listed = {noun for relation in ontology.relations for noun in (*relation.nouns, *relation.addressed)}
    english, korean = (
        sorted((n for n in listed if is_hangul(n[0]) == hangul), key=_longest) for hangul in (False, True)
    )
    nouns = "|".join(map(re.escape, english)) or r"(?!)"
    addressed = "|".join(re.escape(n.capitalize()) for n in english if fold(n) in address) or r"(?!)"
    hangul = "|".join(map(re.escape, korean))
    alone = "|".join(re.escape(n) for n in korean if fold(n) in address)
    whose = rf"(?P<whose>[Mm]y|[Oo]ur|[Hh]is|[Hh]er|[Tt]heir|{CAPITAL}['’]s)"
    return Vocabulary(
        ontology=ontology,
        relations=relations,
        roles=roles,
        address=address,
        endings=_by_type(ontology.types, "endings"),
        names=_by_type(ontology.types, "names") | _by_type(ontology.types, "broad"),
        broad=frozenset(fold(name) for kind in ontology.types for name in kind.broad),
        ignore=frozenset(map(fold, ontology.ignore)) | STOP,
        facts={key: relation.name for relation in ontology.relations for key in relation.facts},
        before=re.compile(
            rf"(?:\b{whose} {ADJECTIVES}|(?P<kept>\ban? (?:\w+ ){{0,2}}))(?P<noun>{nouns})(?P<called>,? (?:is )?(?:called|named)|,? is|,)? (?:\[\[)?$"
        ),
        after=re.compile(
            rf"(?:\]\])?(?:,? (?:who )?(?:is|was)|,| \()\s?(?P<whose>my|our) {ADJECTIVES}(?P<noun>{nouns})\b(?!['’-]\w)"
        ),
        bare=re.compile(
            rf"\b(?:(?P<whose>[Mm]y|[Oo]ur) {ADJECTIVES}(?P<noun>{nouns})|(?P<address>{addressed}))\b(?!-\w)"
        ),
        korean_named=re.compile(
            rf"(?:^|(?<=[\s(\"“]))(?:(?:우리|내|제|나의|저의) )?(?P<noun>{hangul})(?:의 이름은|인)? (?P<name>[가-힣]{{2,4}}?)"
            rf"(?=(?:\s?(?:{HONORIFICS}))?(?:{PARTICLES}|이다|다|이야|야)?(?:[\s.,!?)]|$))"
        )
        if hangul
        else None,
        korean_bare=re.compile(
            rf"(?:^|(?<=[\s(\"“]))(?:(?P<whose>우리|내|제|나의|저의) (?P<noun>{hangul})|(?P<address>{alone or '(?!)'}))(?=(?:{PARTICLES})?(?:[\s.,!?)]|$))"
        )
        if hangul
        else None,
    )


def is_name(word: str) -> bool:
    """Whether it is a given name that is known as one."""
    return word in lx.NAMES


def without_particle(word: str, known: Iterable[str]) -> str:
    """Which of ``known`` (longest first) a Korean word is, its particle and honorific left out; empty: none."""
    return next((name for name in known if word.startswith(name) and _TAIL.fullmatch(word[len(name) :])), "")


_TAIL = re.compile(rf"(?:{HONORIFICS})?(?:{PARTICLES}|이다|다|이야|야)?[.,!?)\"”]*")


def _by_type(types: Iterable[EntityKind], field: str) -> dict[str, str]:
    return {fold(word): kind.name for kind in types for word in getattr(kind, field)}


def _longest(word: str) -> tuple[int, str]:
    return -len(word), word
