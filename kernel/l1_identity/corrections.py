"""What the owner says of themself against what was found: a line in a note of theirs, which wins over everything else.

The note is an ordinary one, so that it is searched, cited, exported, edited and forgotten as any other. Its ``source``
names the key, each of its lines one value::

    Employer: Tidewater Instruments, since 2025-09-01, instead of Harbour Lab.
    My employer is not Harbour Lab.
    직장: 한빛전자 (2025-09-01부터, 서울전자 대신)
    직장: 서울전자 아님
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import msgspec

from kernel.errors import WrongUse
from kernel.l1_identity.attributes import FUNCTIONAL
from kernel.l1_identity.marks import keeping
from kernel.memory.mark_rows import CORRECTION
from kernel.types import Attribute, Citation, Frozen, Identity, Note, Span, TextToRemember

Ending = tuple[str, int]
"""A note's id and where a sentence of it ends: citations of one sentence may begin apart, with what explains it."""
_KOREAN = {
    "name": "이름", "occupation": "직업", "employer": "직장", "manager": "상사", "home_city": "사는 곳", "address": "주소",
    "partner": "배우자", "mother": "어머니", "father": "아버지", "sister": "자매", "brother": "형제", "son": "아들",
    "daughter": "딸", "pet": "반려동물", "birthday": "생일", "age": "나이", "languages": "언어", "instrument": "악기",
    "allergy": "알레르기", "bank": "은행", "car": "차", "likes": "좋아하는 것", "dislikes": "싫어하는 것",
}  # fmt: skip
_DAY = r"\d{4}(?:-\d\d){0,2}"
_ENGLISH = re.compile(rf"(?P<value>.+?)(?:, since (?P<day>{_DAY}))?(?:, instead of (?P<was>.+?))?")
_DENIED = re.compile(r"My .+? (?:is|are) not (?P<was>.+)")
_HANGUL = re.compile(rf"(?P<value>.+?) \((?:(?P<day>{_DAY})부터)?(?:, )?(?:(?P<was>.+) 대신)?\)")
_HANGUL_DENIED = re.compile(r"(?P<was>.+) 아님")
_LONGEST_KEY, _LONGEST_VALUE = 40, 300
"""Characters."""


class Correction(Frozen, frozen=True, kw_only=True):
    """One line of a note that corrects."""

    key: str
    value: str
    """Empty: ``was`` is not true."""
    valid_from: str | None
    was: str
    citation: Citation | None = None


def correction_note(
    key: str, value: str, valid_from: str | None = None, was: str | None = None, before: str = ""
) -> TextToRemember:
    """The note that says so; an empty ``value``: ``was`` is not true. ``before``: the text of the note that corrects this
    key already, of which the lines on other values stay.

    Raises ``WrongUse`` for a key that is none, and where there is nothing to say.
    """
    made = Correction(key=_key(key), value=_value(value), valid_from=valid_from, was=_value(was or ""))
    if not (made.value or made.was):
        raise WrongUse("a correction needs a value, or the value that is not true.", code="empty_correction")
    told = {made.value.casefold(), made.was.casefold()} - {""}
    kept = [line for line, one in _read(made.key, before) if not told & {one.value.casefold(), one.was.casefold()}]
    return TextToRemember(
        text="\n".join([*kept, _line(made)]), title=f"Correction: {_label(made.key)}", source=f"{CORRECTION}{made.key}"
    )


def corrections_of(note: Note) -> list[Correction]:
    """What a note corrects, in its order; nothing for a note that is no correction or whose words are not its owner's."""
    if not corrects(note):
        return []
    found, start = [], 0
    for line, one in _read(note.source.removeprefix(CORRECTION), note.text):
        start = note.text.index(line, start)
        span = Span(start, start + len(line))
        citation = Citation(note_id=note.id, title=note.title, quote=line, span=span)
        found.append(msgspec.structs.replace(one, citation=citation))
        start = span.end
    return found


def corrects(note: Note) -> bool:
    """Whether it is a note that corrects: attributes are not to be found in it by patterns."""
    return note.source.startswith(CORRECTION) and note.origin == "owner"


def corrected(attributes: Sequence[Attribute], notes: Sequence[Note]) -> list[Attribute]:
    """The attributes as the owner has corrected them; of ``notes`` those that correct are read, the later ones last.

    A corrected value is certain and cites its line alone. From its day on it stands in the place of every other value of
    a key that has one at a time, and of the value that it names: one that began before ends there, one that began later
    goes. Without a day it takes the place of what holds now. A value that is not true goes.
    """
    ours = {note.id for note in notes if corrects(note)}
    said = [one for note in sorted(notes, key=lambda note: (note.learned_at, note.id)) for one in corrections_of(note)]
    values = {(one.key, one.value) for one in said}
    left = [
        one
        for one in attributes  # without those of an earlier correction that its owner has changed since
        if (one.key, one.value) in values or not any(cited.note_id in ours for cited in one.citations)
    ]
    for one in said:
        left = _with(left, one)
    return left


def overruled(before: Sequence[Attribute], after: Sequence[Attribute]) -> frozenset[Ending]:
    """Where the notes say values that were held to be true and that ``corrected`` ended or took away: what stands there
    says nothing of the owner as they are. A place that says what holds now in the same breath is left out."""
    holding = [one for one in after if one.valid_to is None]
    return frozenset(place for one in _without(before, holding) for place in _places(one) - _said_beside(one, holding))


def with_corrections(identity: Identity, notes: Sequence[Note]) -> Identity:
    """A whole identity, corrected at once: its attributes, and without the sentences that say what was overruled. What a
    shade says of the past stays, but for what was never true."""
    known = corrected(identity.attributes, notes)
    if known == list(identity.attributes):
        return identity
    wrong = overruled(identity.attributes, known)
    never = {place for one in _without(identity.attributes, known) for place in _places(one)} & wrong
    left = keeping(identity, lambda cited: (cited.note_id, cited.span.end) not in never)
    now = keeping(left, lambda cited: (cited.note_id, cited.span.end) not in wrong)
    return msgspec.structs.replace(left, biography=now.biography, recent=now.recent, attributes=tuple(known))


# --- lines ------------------------------------------------------------------------------------------------------------


def _key(key: str) -> str:
    found = re.sub(r"[\s-]+", "_", key.strip().lower())
    if not re.fullmatch(r"[^\W\d_]\w*", found) or len(found) > _LONGEST_KEY:
        raise WrongUse(
            f"{key[:60]!r} is no attribute's name. `oneself identity show` lists them: employer, home_city, partner ...",
            code="bad_key",
        )
    return found


def _value(value: str) -> str:
    """On one line, without characters that are no text."""
    found = " ".join(re.sub(r"[\x00-\x1f\x7f]", " ", value).split())
    if len(found) > _LONGEST_VALUE:
        raise WrongUse(
            f"a value has {_LONGEST_VALUE} characters at most; keep the rest as a note (oneself add -).",
            code="too_large",
        )
    return found


def _label(key: str) -> str:
    return key.replace("_", " ")


def _line(made: Correction) -> str:
    label = _label(made.key)
    if any("가" <= c <= "힣" for c in made.value + made.was):
        label = _KOREAN.get(made.key, label)
        if not made.value:
            return f"{label}: {made.was} 아님"
        more = [f"{made.valid_from}부터"] if made.valid_from else []
        more += [f"{made.was} 대신"] if made.was else []
        return f"{label}: {made.value} ({', '.join(more)})" if more else f"{label}: {made.value}"
    if not made.value:
        return f"My {label} {'are' if label.endswith('s') else 'is'} not {made.was}."
    since = f", since {made.valid_from}" if made.valid_from else ""
    instead = f", instead of {made.was}" if made.was else ""
    end = "." if since or instead else ""  # the value may end with one of its own: Acme Inc.
    return f"{label[:1].upper()}{label[1:]}: {made.value}{since}{instead}{end}"


def _read(key: str, text: str) -> Iterator[tuple[str, Correction]]:
    """Lines with what they say; those that say nothing are passed over."""
    for line in filter(None, map(str.strip, text.splitlines())):
        if (one := _parsed(key, line)) is not None:
            yield line, one


def _parsed(key: str, line: str) -> Correction | None:
    if found := _DENIED.fullmatch(line.removesuffix(".")):
        return Correction(key=key, value="", valid_from=None, was=found["was"])
    _, colon, said = line.partition(":")
    said = said.strip()
    if not colon or not said:
        return None
    if found := _HANGUL_DENIED.fullmatch(said.removesuffix(".")):
        return Correction(key=key, value="", valid_from=None, was=found["was"])
    if (found := _HANGUL.fullmatch(said)) and (found["day"] or found["was"]):
        return Correction(key=key, value=found["value"], valid_from=found["day"], was=found["was"] or "")
    found = _ENGLISH.fullmatch(said.removesuffix("."))
    if found is None or not (found["day"] or found["was"]):
        return Correction(key=key, value=said, valid_from=None, was="")
    return Correction(key=key, value=found["value"], valid_from=found["day"], was=found["was"] or "")


# --- attributes -------------------------------------------------------------------------------------------------------


def _with(attributes: Sequence[Attribute], one: Correction) -> list[Attribute]:
    others = [other for other in attributes if other.key == one.key]
    if not one.value:
        return [other for other in attributes if other.key != one.key or not _same(other.value, one.was)]
    assert one.citation is not None
    single = one.key in FUNCTIONAL or one.key.startswith("favourite_")
    made = Attribute(
        key=one.key,
        value=one.value,
        confidence="VERY_HIGH",
        citations=(one.citation,),
        valid_from=one.valid_from or next((o.valid_from for o in others if _same(o.value, one.value)), None),
    )
    past: list[Attribute] = []
    beside: list[Attribute] = []
    for other in others:
        if single or _same(other.value, one.was):
            past += _ended(other, one)
        elif not _same(other.value, one.value):
            (beside if other.valid_to is None else past).append(other)
    at = next((i for i, other in enumerate(attributes) if other.key == one.key), len(attributes))
    before = [other for other in attributes[:at] if other.key != one.key]
    after = [other for other in attributes[at:] if other.key != one.key]
    return [*before, made, *beside, *past, *after]


def _ended(other: Attribute, one: Correction) -> list[Attribute]:
    """Another value as it stands beside the corrected one: over, or not at all."""
    if one.valid_from is None:
        return [other] if other.valid_to is not None and not _same(other.value, one.value) else []
    if other.valid_from is not None and other.valid_from >= one.valid_from:
        return []
    if other.valid_to is None and _same(other.value, one.value):
        return []
    end = min(other.valid_to or one.valid_from, one.valid_from)
    return [msgspec.structs.replace(other, valid_to=end)]


def _same(one: str, other: str) -> bool:
    """The same value; the owner's ``Kaya`` is the ``Kaya (cat)`` that was found."""
    a, b = (re.findall(r"\w+", text.casefold().removeprefix("the ")) for text in (one, other))
    return bool(a) and bool(b) and (a == b[: len(a)] or b == a[: len(b)])


def _without(before: Sequence[Attribute], after: Sequence[Attribute]) -> list[Attribute]:
    """Values that held and that ``after`` does not have."""
    return [
        one
        for one in before
        if one.valid_to is None and not any(one.key == other.key and _same(one.value, other.value) for other in after)
    ]


def _said_beside(one: Attribute, holding: Sequence[Attribute]) -> set[Ending]:
    return {place for other in holding if other.key == one.key for place in _places(other)}


def _places(one: Attribute) -> set[Ending]:
    return {(cited.note_id, cited.span.end) for cited in one.citations}
