"""Where a sentence names somebody or something: names, relatives, and nouns that several notes share.

Noun phrases and named entities in place of a model's extraction: the method of FastGraphRAG (microsoft/graphrag,
``docs/index/methods.md``), with what the words around a name say of it.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from kernel.l0_insight import lexicon as lx
from kernel.l1_identity.evidence import Line
from kernel.l1_identity.graph import words as w
from kernel.l1_identity.graph.korean_spotting import korean_names, names_of_people
from kernel.l1_identity.graph.spotted import Spotted
from kernel.l1_identity.graph.words import Vocabulary
from kernel.memory.language import is_hangul
from kernel.memory.words import fold
from kernel.types import Entity, Insight, Span

_TITLE = r"(?:Dr|Mr|Mrs|Ms|Miss|Prof|Professor|Frau|Herr|Fr|Sir|Signora?|Señora?|Madame|Monsieur|Captain|Nurse)\.?"
_RUN = re.compile(
    rf"(?:{_TITLE} )?{w.CAPITAL}(?:(?: (?:(?:of the|of|de la|de|da|do|dos|del|la|van der|van|von|der|al|el|bin|&) )?|-){w.CAPITAL})*"
)
_FROM = re.compile(rf"(?:\]\])? from (?P<circle>{w.CIRCLES})\b", re.I)
_HIDDEN = re.compile(r"https?://\S+|\S+@\S+\.\w+|`[^`]*`|(?<=\]\()[^)\s]+(?=\))")
_BEGINS = re.compile(r"(?:^|[.!?:;\"“(\n]|[-*+•>|]|\d[.)]|\[[ xX]\])\s*[*_\"“'(]*$")
_WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
_FIRST_PERSON = re.compile(
    r"\b(?:I|me|my|mine|myself|we|our|us)\b|\bI['’]|(?:^|(?<=\s))(?:나는|내가|나를|나의|나도|내|난|저는|제가|제|저를|저도|우리|저희)(?=[\s가는를])"
)
_TYPES = {"person", "place", "organisation", "thing"}
_WORK = {"work", "office"}
_GENDERS = {word: "title:f" for word in lx.TITLES_FEMALE} | {
    word: "title:m" for word in ("mr", "herr", "sir", "signor", "monsieur")
}
_LEAST_NOTES, _MOST_SHARE = 2, 0.25
"""A noun is an entity if so many notes have it, and no more than this share of them."""
_SMALL = 12
"""Vaults with fewer notes have no share."""


def spot(lines: Sequence[Line], insights: Mapping[str, Insight], vocabulary: Vocabulary) -> list[list[Spotted]]:
    """For each line its names in the order of the text, none within another."""
    capitals = _Capitals(lines)
    entities = _by_line(lines, insights)
    korean = names_of_people(lines, entities, insights, vocabulary)
    nouns = _shared_nouns(insights, vocabulary)
    found = []
    for index, line in enumerate(lines):
        text = masked(line)
        spotted = [*_owner(index, line, text)]
        spotted += _bare(index, line, text, vocabulary)
        names: list[Spotted] = []
        if re.search(r"[A-ZÀ-Þ]", text):
            names += _english(index, line, text, entities[index], capitals, vocabulary)
        if any(map(is_hangul, text)):
            names += korean_names(index, line, text, entities[index], korean, vocabulary)
        spotted += names
        spotted += _nouns(index, line, text, nouns.get(line.note.id, {}))
        found.append(_apart(spotted))
    return found


def masked(line: Line) -> str:
    """The sentence with blanks in the place of addresses, code and line ends: every position stays."""
    return re.sub(r"\s", " ", _HIDDEN.sub(lambda m: " " * len(m.group()), line.unit.text))


def _apart(spotted: Iterable[Spotted]) -> list[Spotted]:
    """Longest first, and none within another."""
    kept: list[Spotted] = []
    for one in sorted(spotted, key=lambda s: (s.concept, s.start - s.end, s.start, s.owner)):
        if all(one.end <= other.start or other.end <= one.start for other in kept):
            kept.append(one)
    return sorted(kept, key=lambda s: s.start)


def _owner(index: int, line: Line, text: str) -> Iterator[Spotted]:
    m = _FIRST_PERSON.search(text) if line.own else None
    if m:
        yield Spotted(index, line.unit.start + m.start(), line.unit.start + m.end(), m.group(), (), owner=True)


# --- names with capitals


class _Capitals:
    """How often a word has a capital within a sentence, and how often it has none."""

    def __init__(self, lines: Sequence[Line]) -> None:
        self.high: Counter[str] = Counter()
        self.low: Counter[str] = Counter()
        for line in lines:
            text = masked(line)
            for m in _WORD.finditer(text):
                word = re.sub(r"['’]s$", "", m.group())
                if word[:1].islower():
                    self.low[word] += 1
                elif word[:1].isupper() and not _BEGINS.search(text[: m.start()]):
                    self.high[word] += 1

    def is_name(self, word: str, *, begins: bool, known: bool) -> bool:
        """``known``: the analyst or a list takes it for one."""
        low, high = self.low[word.lower()], self.high[word]
        if begins:
            return (known and low <= 2 * high + 1) or (high > 0 and low <= high)
        return known or low <= 2 * high


def _english(
    index: int, line: Line, text: str, entities: Sequence[Entity], capitals: _Capitals, vocabulary: Vocabulary
) -> Iterator[Spotted]:
    base = line.unit.start
    taken: list[Span] = []
    for m in _RUN.finditer(text):
        begins = bool(_BEGINS.search(text[: m.start()]))
        for start, end in _names(text, m.start(), m.end(), begins, base, entities, capitals, vocabulary):
            taken.append(Span(base + start, base + end))
            guesses = [e.type for e in entities if e.span.start < base + end and base + start < e.span.end]
            if guesses and not _TYPES & set(guesses) and fold(text[start:end]) not in vocabulary.names:
                continue  # ``Christmas``, ``the Fourth``
            yield _described(index, line, text, start, end, next((g for g in guesses if g in _TYPES), ""), vocabulary)
    for entity in entities:
        start, end = _trimmed(line.note.text, entity.span.start, entity.span.end)
        inside = any(start < other.end and other.start < end for other in taken)
        if entity.type in _TYPES and not inside and line.note.text[start : start + 1].isupper() and end - start > 1:
            words = line.note.text[start:end].split()
            if (
                fold(words[0]) not in vocabulary.ignore | vocabulary.roles.keys()
                and base <= start
                and end <= line.unit.end
            ):
                yield _described(index, line, text, start - base, end - base, entity.type, vocabulary)


def _names(
    text: str, start: int, end: int, begins: bool, base: int, entities: Sequence[Entity], capitals: _Capitals,
    vocabulary: Vocabulary,
) -> Iterator[tuple[int, int]]:  # fmt: skip
    """The parts of a run of capitals that are names: days, months and what only begins a sentence are cut away."""
    end = start + len(re.sub(r"['’]s$", "", text[start:end]))
    words = [(start + m.start(), start + m.end()) for m in re.finditer(r"[^\s]+", text[start:end])]
    current: list[tuple[int, int]] = []
    for number, (first, last) in enumerate(words):
        word = text[first:last]
        bare = re.sub(r"['’]s$", "", word)
        known = bare in lx.NAMES or any(
            e.type in _TYPES and e.span.start <= base + first < e.span.end for e in entities
        )
        opening = begins and number == 0
        title = bool(re.fullmatch(_TITLE, word))
        role = len(words) > 1 and fold(bare) in vocabulary.roles
        connector = word[:1].islower() or word == "&"
        usable = connector or title or role or capitals.is_name(bare, begins=opening, known=known) or (
            not opening and len(words) > 1 and word[:1].isupper()
        )  # fmt: skip
        if opening and len(words) > 1 and not usable:
            usable = capitals.low[bare.lower()] == 0 and not bare.endswith(("ing", "ed", "ly"))
        if (_is_ignored(bare, vocabulary) and not connector) or re.match(r"I['’]", word) or not usable:
            yield from _part(text, current, vocabulary)
            current = []
            continue
        current.append((first, first + len(bare)))
        if len(bare) < len(word):
            yield from _part(text, current, vocabulary)
            current = []
    yield from _part(text, current, vocabulary)


def _is_ignored(word: str, vocabulary: Vocabulary) -> bool:
    folded = fold(word)
    return folded in vocabulary.ignore or folded.removesuffix("s") in vocabulary.ignore


def _part(text: str, words: list[tuple[int, int]], vocabulary: Vocabulary) -> Iterator[tuple[int, int]]:
    while words and not text[words[0][0]].isupper():
        words = words[1:]
    while words and not text[words[-1][0]].isupper():
        words = words[:-1]
    if not words:
        return
    start, end = words[0][0], words[-1][1]
    whole = text[start:end]
    if len(words) == 1 and (re.fullmatch(_TITLE, whole) or fold(whole) in vocabulary.address or len(whole) < 2):
        return
    yield start, end


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    m = re.match(r"(?:the|a|an|my|our|The|A|An)\s+", text[start:end])
    start += m.end() if m else 0
    return start, start + len(re.sub(r"['’]s$|[.,;:]+$", "", text[start:end]))


def _described(index: int, line: Line, text: str, start: int, end: int, guess: str, vocabulary: Vocabulary) -> Spotted:
    """A name with what stands before and after it: ``my sister Ingrid``, ``Sam from work``."""
    base, written = line.unit.start, text[start:end]
    words = written.split()
    role = noun = whose = kind = ""
    while len(words) > 1 and (re.fullmatch(_TITLE, words[0]) or fold(words[0]) in vocabulary.roles):
        first = words.pop(0)
        kind = "person"
        if fold(first) in vocabulary.roles:
            role, noun = vocabulary.roles[fold(first)], first
        else:
            role = role or _GENDERS.get(first.lower().rstrip("."), "")
    name = " ".join(words)
    begin, last = start, end
    if m := vocabulary.before.search(text[:start]):
        called, owned = bool(m["called"]), m["whose"]
        if owned or (m["kept"] and called):
            relation = vocabulary.roles[fold(m["noun"])]
            role, noun, begin = relation, m["noun"], m.start()
            whose = "" if not owned or owned.lower() in {"my", "our"} else owned
            kind = (vocabulary.relations[relation].target or ("",))[0]
    if m := vocabulary.after.match(text[end:]):
        role, noun, whose = vocabulary.roles[fold(m["noun"])], m["noun"], ""
        kind = (vocabulary.relations[role].target or ("",))[0]
    elif (m := _FROM.match(text[end:])) and guess != "place" and not role:
        circle = re.sub(r"^the ", "", m["circle"].lower())
        role = "works_with" if circle in _WORK and "works_with" in vocabulary.relations else f"from {circle}"
        noun, last, kind = circle, end + m.end(), "person"
    if not line.own and not whose and role in vocabulary.relations:
        role = noun = ""
        begin = start
    at, until = base + begin, base + last
    return Spotted(
        index, at, until, line.note.text[at:until], tuple(fold(name).split()), name, role, noun, whose, kind, guess
    )


def _bare(index: int, line: Line, text: str, vocabulary: Vocabulary) -> Iterator[Spotted]:
    """The owner's relatives without their names."""
    if not line.own:
        return
    for pattern in (vocabulary.bare, vocabulary.korean_bare):
        for m in pattern.finditer(text) if pattern else ():
            group = "noun" if m["noun"] else "address"
            noun = m[group]
            role = vocabulary.roles[fold(noun)]
            kind = (vocabulary.relations[role].target or ("",))[0]
            start, end = line.unit.start + m.start(group), line.unit.start + m.end(group)
            yield Spotted(index, start, end, line.note.text[start:end], (), noun, role, noun, "", kind)


# --- nouns


def _shared_nouns(insights: Mapping[str, Insight], vocabulary: Vocabulary) -> dict[str, dict[str, str]]:
    """Note id -> form -> noun, of the keywords that several notes share."""
    held = Counter(word for insight in insights.values() for word in set(insight.keywords))
    most = max(len(insights) * _MOST_SHARE, _SMALL)
    shared = {
        word
        for word, notes in held.items()
        if _LEAST_NOTES <= notes <= most and not word[:1].isupper() and len(word) > 1 and word.replace("-", "").isalpha()
        and fold(word) not in vocabulary.ignore and fold(word) not in vocabulary.roles
        and word not in lx.PEOPLE
    }  # fmt: skip
    found = {}
    for note, insight in insights.items():
        found[note] = {form: word for word in insight.keywords if word in shared for form in _forms(word)}
    return found


def _forms(word: str) -> tuple[str, ...]:
    if is_hangul(word[0]):
        return (word,)
    plural = (
        word[:-1] + "ies" if word.endswith("y") else word + ("es" if word.endswith(("s", "sh", "ch", "x")) else "s")
    )
    return word, plural


def _nouns(index: int, line: Line, text: str, forms: Mapping[str, str]) -> Iterator[Spotted]:
    for m in _WORD.finditer(text) if forms else ():
        written = m.group()
        word, length = forms.get(written.lower(), ""), len(written)
        if not word and is_hangul(written[0]):
            word = next((f for f in forms if written.startswith(f) and w.without_particle(written, [f])), "")
            length = len(word)
        if word:
            start = line.unit.start + m.start()
            yield Spotted(index, start, start + length, written[:length], (fold(word),), word, concept=True)


def _by_line(lines: Sequence[Line], insights: Mapping[str, Insight]) -> list[list[Entity]]:
    """The analyst's entities of each sentence."""
    found: list[list[Entity]] = []
    ordered: list[Entity] = []
    last, at = "", 0
    for line in lines:
        if line.note.id != last:
            insight = insights.get(line.note.id)
            last, at = line.note.id, 0
            ordered = sorted(insight.entities if insight else (), key=lambda e: (e.span.start, e.span.end))
        here = []
        while at < len(ordered) and ordered[at].span.start < line.unit.start:
            at += 1
        while at < len(ordered) and ordered[at].span.start < line.unit.end:
            here.append(ordered[at])
            at += 1
        found.append(here)
    return found
