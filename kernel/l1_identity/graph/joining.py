"""Which names are one person, place or thing, and which of one name are two.

A shorter name goes to the longer one that holds it; a name with two roles that nobody has together (a nephew, somebody
from work) is two people; a name beside another in words that say so is another name of the same one. Where the notes
do not tell which of two people a name means, it is left out.
"""

from __future__ import annotations

import itertools
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.graph.spotted import Spotted
from kernel.l1_identity.graph.words import SURNAMES, Vocabulary
from kernel.memory.words import content_terms, fold

Key = tuple[str, ...]
Place = tuple[int, int]
"""Index of a line and ``Spotted.start``."""

_ALSO = re.compile(
    r"(?:\]\])?(?:,? (?:whom|who|that) (?:\w+ ){1,3}?calls?|,? (?:also |better |usually |otherwise |is also )?(?:known as|called|"
    r"nicknamed|aka|a\.k\.a\.)|,? (?:is |was |being )?short for|,? goes by(?: the name(?: of)?)?|['’]s nickname is) (?:\[\[)?|"
    r"(?:이?라는|의) (?:애칭|별명)(?:은|인)? "
)
_CALLED = re.compile(r"(?:을|를) ")
_CALLED_AFTER = re.compile(r"(?:이)?라고 (?:부|불)")
_OPENS = re.compile(r"(?:\]\])?\s?\((?:or |aka |also |애칭 |별명 )?")
_PEOPLE = {"person", "animal"}
_SAYING = lx.words(
    "say tell ring call phone ask laugh smile write text cry sing cook think want love marry come bring visit"
)


@dataclass(frozen=True)
class Joined:
    """``members[n]``: everything that was spotted of the n-th entity, in the order of the lines."""

    members: list[list[Spotted]]
    types: list[str]
    nouns: list[str]
    """What tells the n-th from others of its name: ``nephew``; may be empty."""
    owner: list[Spotted]


@dataclass
class _Node:
    key: Key
    roles: set[str] = field(default_factory=set)
    spotted: list[Spotted] = field(default_factory=list)


def join(lines: Sequence[Line], found: Sequence[Sequence[Spotted]], owner: str, vocabulary: Vocabulary) -> Joined:
    """Everything spotted, by whom or what it means."""
    every = [one for here in found for one in here]
    mine = _owner_keys(owner)
    types = _types_of(lines, every, vocabulary)
    joining = _Joining(lines, types, vocabulary)
    named = [s for s in every if s.key and not s.owner]
    of_owner = [s for s in every if s.owner or (s.key in mine and not s.role and not s.concept)]
    taken = set(map(_place, of_owner))
    joining.split([s for s in named if _place(s) not in taken])
    joining.link()
    joining.also_called(found)
    joining.relatives([s for s in every if not s.key and not s.owner])
    joining.decide()
    return joining.result(of_owner)


class _Joining:
    def __init__(self, lines: Sequence[Line], types: Mapping[Key, Counter[str]], vocabulary: Vocabulary) -> None:
        self.lines, self.types, self.vocabulary = lines, types, vocabulary
        self.nodes: list[_Node] = []
        self.parent: list[int] = []
        self.by_key: dict[Key, list[int]] = defaultdict(list)
        self.at: dict[Place, int] = {}
        self.open: list[tuple[Spotted, list[int]]] = []

    # -- nodes

    def split(self, named: Sequence[Spotted]) -> None:
        """One node for each name, or for each of the people who have it."""
        groups: dict[Key, list[Spotted]] = defaultdict(list)
        for one in named:
            groups[one.key].append(one)
        for key, group in sorted(groups.items()):
            classes = self._classes(group) if self._kind(key) in _PEOPLE else []
            numbers = [self._add(key, roles) for roles in classes or [set()]]
            for one in group:
                own = [n for n in numbers if one.role in self.nodes[n].roles and not one.whose]
                if own or len(numbers) == 1:
                    self._put(one, (own or numbers)[0])
                else:
                    self.open.append((one, numbers))

    def _classes(self, group: Sequence[Spotted]) -> list[set[str]]:
        counts = Counter(s.role for s in group if s.role and not s.whose)
        classes: list[set[str]] = []
        for role, _ in sorted(counts.items(), key=lambda item: (-item[1], item[0])):
            fits = next((c for c in classes if all(self._agree(role, other) for other in c)), None)
            if fits is None:
                classes.append({role})
            else:
                fits.add(role)
        return classes

    def _agree(self, one: str, other: str) -> bool:
        """Whether one person may be both."""
        if one == other or one.startswith("title:") != other.startswith("title:"):
            return True
        circles = [role for role in (one, other) if role.startswith("from ")]
        if circles:
            return len(circles) == 1 and any(self.vocabulary.is_soft(r) and r != "works_with" for r in (one, other))
        return self.vocabulary.is_soft(one) and self.vocabulary.is_soft(other)

    def _agree_all(self, one: int, other: int) -> bool:
        return all(self._agree(a, b) for a in self.nodes[one].roles for b in self.nodes[other].roles)

    def _add(self, key: Key, roles: Iterable[str]) -> int:
        self.nodes.append(_Node(key, set(roles)))
        self.parent.append(len(self.parent))
        self.by_key[key].append(len(self.nodes) - 1)
        return len(self.nodes) - 1

    def _put(self, one: Spotted, number: int) -> None:
        self.nodes[number].spotted.append(one)
        self.at[_place(one)] = number

    def _kind(self, key: Key) -> str:
        votes = self.types.get(key)
        return _most(votes)

    def root(self, number: int) -> int:
        while self.parent[number] != number:
            self.parent[number] = self.parent[self.parent[number]]
            number = self.parent[number]
        return number

    def _union(self, one: int, other: int) -> None:
        a, b = sorted((self.root(one), self.root(other)))
        self.parent[b] = a

    # -- longer and shorter names

    def link(self) -> None:
        """``Anders`` to ``Anders Lie``, ``Rowing Club`` to ``Harbour Rowing Club``, where only one can be meant."""
        longer: dict[str, list[int]] = defaultdict(list)
        ends: dict[Key, list[int]] = defaultdict(list)
        for number, node in enumerate(self.nodes):
            if len(node.key) > 1:
                for token in {node.key[0], node.key[-1]}:
                    longer[token].append(number)
                for cut in range(1, len(node.key) - 1):
                    ends[node.key[cut:]].append(number)
                if len(node.key) > 2:
                    ends[node.key[0], node.key[-1]].append(number)
        for key in sorted(self.by_key):
            people = self._kind(key) in _PEOPLE
            for number in list(self.by_key[key]):
                if len(key) == 1 and people:
                    wanted = [n for n in longer.get(key[0], ()) if self._kind(self.nodes[n].key) in _PEOPLE]
                    self._link_short(number, key, wanted)
                elif len(key) > 1:
                    held = [n for n in ends.get(key, ()) if (self._kind(self.nodes[n].key) in _PEOPLE) == people]
                    if len({self.root(n) for n in held}) == 1 and self._agree_all(number, held[0]):
                        self._union(number, held[0])

    def _link_short(self, number: int, key: Key, wanted: Sequence[int]) -> None:
        node, alone = self.nodes[number], len(self.by_key[key]) == 1
        shared = [n for n in wanted if node.roles & self.nodes[n].roles]
        fits = shared or [n for n in wanted if self._agree_all(number, n)]
        roots = {self.root(n) for n in fits}
        if len(roots) == 1 and (shared or alone or self._notes(number) & self._notes(fits[0])):
            self._union(number, fits[0])
        elif len(roots) > 1 and alone and not node.roles:
            self.open += [(one, fits) for one in node.spotted]
            for one in node.spotted:
                del self.at[_place(one)]
            node.spotted = []

    def _notes(self, number: int) -> set[str]:
        return {self.lines[s.line].note.id for s in self.nodes[number].spotted}

    # -- two names of one

    def also_called(self, found: Sequence[Sequence[Spotted]]) -> None:
        """``Elizabeth, whom everybody calls Beth``, ``Beth (Elizabeth)``, ``[[Anna Berg|Anna]]``."""
        for here in found:
            named = [s for s in here if s.key and not s.concept and not s.owner]
            for one, other in itertools.pairwise(named):
                a, b = self._any(one), self._any(other)
                if a is not None and b is not None and self._same(one, other):
                    self._union(a, b)

    def _any(self, one: Spotted) -> int | None:
        return self.at.get(_place(one))

    def _same(self, one: Spotted, other: Spotted) -> bool:
        line = self.lines[one.line]
        base, text = line.unit.start, re.sub(r"\s", " ", line.unit.text)
        between, after = text[one.end - base : other.start - base], text[other.end - base :]
        kinds = {self._kind(one.key), self._kind(other.key)}
        if between == "|" and text[: one.start - base].endswith("[["):
            return True
        if kinds & {"place"} and len(kinds) > 1:
            return False
        if _ALSO.fullmatch(between) or (_CALLED.fullmatch(between) and _CALLED_AFTER.match(after)):
            return True
        if not _OPENS.fullmatch(between) or not after.startswith(")"):
            return False
        initials = "".join(word[0] for word in one.name.split() if word[0].isupper())
        people = kinds <= _PEOPLE and len(one.key) == len(other.key) == 1
        return people or (len(other.name) > 1 and other.name == initials)

    # -- relatives without a name

    def relatives(self, bare: Sequence[Spotted]) -> None:
        """``my brother``, ``Mum``: the only one who has that role, else whoever has it in the note."""
        holders: dict[str, list[int]] = defaultdict(list)
        for number, node in enumerate(self.nodes):
            for role in node.roles:
                holders[role].append(number)
        for one in bare:
            roots = sorted({self.root(n) for n in holders.get(one.role, ())})
            if len(roots) > 1:
                said = {self.root(n) for n in holders[one.role] if self._called(n, one.noun)}
                here = {self.root(n) for n in holders[one.role] if self.lines[one.line].note.id in self._notes(n)}
                roots = sorted(said) if len(said) == 1 else sorted(here)
            if len(roots) == 1:
                self._put(one, roots[0])
            elif not holders.get(one.role) and not self.vocabulary.is_soft(one.role) and one.type == "person":
                number = self._add((one.role,), {one.role})
                holders[one.role].append(number)
                self._put(one, number)

    def _called(self, number: int, noun: str) -> bool:
        return any(fold(s.noun) == fold(noun) for s in self.nodes[number].spotted)

    # -- names that may be one of several

    def decide(self) -> None:
        """By who else of the name is in the note, else by the words around; left out where neither tells."""
        if not self.open:
            return
        sure = {n: self._notes(n) for _, numbers in self.open for n in numbers}
        words = {n: Counter(t for s in self.nodes[n].spotted for t in self._terms(s)) for n in sure}
        chosen: list[tuple[Spotted, int]] = []
        for one, numbers in self.open:
            note = self.lines[one.line].note.id
            here = sorted({self.root(n) for n in numbers if note in sure[n]})
            if len(here) == 1:
                chosen.append((one, here[0]))
                continue
            around = self._terms(one) - set(one.key)
            scores = sorted(((sum(t in words[n] for t in around), -n) for n in numbers), reverse=True)
            if len(scores) == 1 or scores[0][0] > scores[1][0]:
                chosen.append((one, -scores[0][1]))
        for one, number in chosen:
            self._put(one, number)

    def _terms(self, one: Spotted) -> set[str]:
        line = self.lines[one.line]
        return set(content_terms(f"{line.note.title} {line.unit.section} {line.words}"))

    # -- the outcome

    def result(self, owner: list[Spotted]) -> Joined:
        groups: dict[int, list[int]] = defaultdict(list)
        for number in range(len(self.nodes)):
            groups[self.root(number)].append(number)
        members, types, nouns = [], [], []
        for _, numbers in sorted(groups.items()):
            spotted = sorted((s for n in numbers for s in self.nodes[n].spotted), key=_place)
            if not spotted:
                continue
            votes = sum((self.types.get(self.nodes[n].key, Counter()) for n in numbers), Counter[str]())
            votes.update(s.type for s in spotted if s.type)
            if any(s.concept for s in spotted) and not votes:
                votes["concept"] += 1
            said = Counter(s.noun.lower() for s in spotted if s.noun and s.key and not s.whose)
            members.append(spotted)
            types.append(_most(votes))
            nouns.append(min(said, key=lambda noun: (-said[noun], noun)) if said else "")
        return Joined(members, types, nouns, sorted(owner, key=_place))


def _most(votes: Counter[str] | None) -> str:
    """The type with most votes; at a tie the one that is more often right."""
    order = ("person", "animal", "place", "organisation")
    if not votes:
        return "thing"
    return min(votes, key=lambda kind: (-votes[kind], order.index(kind) if kind in order else len(order), kind))


def _place(one: Spotted) -> Place:
    return one.line, one.start


def _owner_keys(owner: str) -> set[Key]:
    words = tuple(fold(owner).split())
    if not words:
        return set()
    if len(words) == 1 and len(owner) == 3 and owner[0] in SURNAMES:
        return {words, (owner[0], owner[1:]), (owner[1:],)}
    return {words, words[:1]}


def _types_of(lines: Sequence[Line], every: Sequence[Spotted], vocabulary: Vocabulary) -> dict[Key, Counter[str]]:
    """What speaks for each type of each name: the words around it most, then its last word, then the analyst."""
    votes: dict[Key, Counter[str]] = defaultdict(Counter)
    for one in every:
        if not one.key or one.owner or one.concept:
            continue
        votes[one.key].update({kind: weight for kind, weight in _signs(lines, one, vocabulary)})
    return votes


def _signs(lines: Sequence[Line], one: Spotted, vocabulary: Vocabulary) -> Iterator[tuple[str, int]]:
    whole, words = fold(one.name), fold(one.name).split()
    if one.type:
        yield one.type, 6
    elif whole in vocabulary.names:
        yield vocabulary.names[whole], 5
    elif len(words) > 1 and words[-1] in vocabulary.endings:
        yield vocabulary.endings[words[-1]], 4
    elif len(words) == 1 and (ending := _korean_ending(whole, vocabulary)):
        yield ending, 4
    elif one.name.split()[0] in lx.NAMES:
        yield "person", 3
    elif any(s.subject == one.name and s.relation in _SAYING for s in lines[one.line].statements):
        yield "person", 2
    elif one.guess:
        yield one.guess, 1


def _korean_ending(name: str, vocabulary: Vocabulary) -> str:
    return next(
        (vocabulary.endings[name[at:]] for at in range(1, len(name) - 1) if name[at:] in vocabulary.endings), ""
    )
