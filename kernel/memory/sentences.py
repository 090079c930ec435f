"""A note's text -> sentences with exact spans, each with a ``context`` that can stand by itself.

Lines come first, sentences second: a list item, a row of a table or a ``key: value`` line is a unit of its own, and
takes its subject from what stands above it (the parent item, the line that introduces the list, the heading, and
failing these the note's title): ``Bike: Stolen on Tuesday.`` Hard-wrapped lines are joined again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Literal

import msgspec

from kernel.memory.dates import find_dates
from kernel.memory.language import is_hangul
from kernel.memory.marks import VEIL, plain, veiled, without_footnote_marks
from kernel.memory.splitting import split_running_text
from kernel.memory.vocabulary import VOCABULARY
from kernel.types import Origin, Segment


class Piece(msgspec.Struct):
    """A sentence before it has an identity. ``heading`` is the nearest heading, ``block`` numbers the paragraph."""

    start: int
    end: int
    context: str
    origin: Origin
    heading: str
    block: int
    todo: Literal["", "open", "done"] = ""
    speaker: str = ""


class _Line(msgspec.Struct):
    start: int
    end: int
    text: str


_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^(=+|-{3,})\s*$")
_RULE = re.compile(r"^\s*([-*_])(\s*\1){2,}\s*$")
_ITEM = re.compile(
    r"^(\s*)(?:(?:[-*+•–·]|\d{1,3}[.)]|[a-z]\))\s+"
    r"(?:\[(?P<box>[ xXvVOㅇ✓✔/><!?*-]?)\](?:\s+|$)|(?P<drawn>[☐☑☒✅⬜])\ufe0f?\s*)?|(?P<bullet>[☐☑☒])\ufe0f?\s*)"
)
_QUOTE = re.compile(r"^\s*>+\s?")
_CALLOUT = re.compile(r"^\s*>\s?\[!(?P<type>[^\]|\n]+)(?:\|[^\]\n]*)?\][+-]?\s*")
_QUOTING_CALLOUTS = {"quote", "cite", "인용"}
_KEY = re.compile(
    r"^(?:\*\*|__|[\[(](?=[^\[\]():\n]+::\s))?([^\s:][^:\n.!?]{0,44}?)(?:\*\*|__)?::?(?:\*\*|__)?\s+(?=\S)"
)
_LEAD = re.compile(r"^(.{2,80}?)(::?)\s*$")
_FOOTNOTE = re.compile(r"^\s*\[\^[^\]\s]+\]:\s+(?=\S)")
_ROW = re.compile(r"^\s*\|.*\|\s*$")
_ROW_RULE = re.compile(r"^\s*\|?\s*:?-{2,}:?\s*(\|\s*:?-{2,}:?\s*)*\|?\s*$")
_FENCE = re.compile(r"^\s*(```|~~~)")
_TAG_LINE = re.compile(r"^\s*(#[^\s#]+\s*)+$")
_EMBED_LINE = re.compile(r"^\s*!\[\[[^\]]*\]\]\s*$|^\s*!\[[^\]]*\]\([^)]*\)\s*$")
_FINITE = re.compile(
    r"\b(?:i|i'm|i've|i'd|i'll|we|we're|he|she|it|they|is|was|are|were|has|have|had|said|says)\b|[다요죠네]\.?$",
    re.IGNORECASE,
)
_TERSE_WORDS = 5
"""A sentence of fewer words gets a subject from above it ("Moved." says nothing by itself)."""
_CARRIED_WORDS = 8
"""A later sentence of a ``key: value`` line with fewer words is taken to speak of the key still."""
_MESSAGE = 240
"""Characters of a message that is kept as one sentence."""
_TODO_WORDS = {
    "open": ("to do", "할 일"),
    "half": ("in progress", "진행 중"),
    "done": ("done", "완료"),
    "cancelled": ("cancelled", "취소"),
}
_OPEN_BOXES = ("", " ", ">", "<", "!", "?", "*", "☐", "⬜")
_SEEN = re.compile(rf"[^{VEIL}]+")
_NO_KEYS = VOCABULARY.not_keys
_WRAP_AT = 50
"""A page is at least this wide, in characters: shorter lines were ended by their writer, not by the page."""


def is_terse(words: str) -> bool:
    """Too short to say what it is about. Korean says in one word what English says in three."""
    if any(map(is_hangul, words)):
        return len(words) <= 10
    return len(words.split()) < _TERSE_WORDS


def _lines(text: str) -> list[_Line]:
    lines, at = [], 0
    for raw in re.split(r"(?<=[\n\f])", text):
        body = raw.rstrip("\n\f")
        lines.append(_Line(at, at + len(body), body))
        at += len(raw)
    return lines


def _next_words(lines: list[_Line], index: int) -> str:
    """The first line from ``index`` on that is not empty."""
    while index < len(lines) and not lines[index].text.strip():
        index += 1
    return lines[index].text if index < len(lines) else ""


def _paragraphs(lines: list[_Line]) -> list[tuple[int, int]]:
    """For each line, where its paragraph ends, and the length of the longest line from it to there."""
    found = [(0, 0)] * len(lines)
    bottom, width = len(lines), 0
    for index in range(len(lines) - 1, -1, -1):
        if lines[index].text.strip():
            width = max(width, len(lines[index].text))
        else:
            bottom, width = index, 0
        found[index] = bottom, width
    return found


def _end_of_quote(lines: list[_Line], index: int) -> int:
    while index < len(lines) and lines[index].text.lstrip().startswith(">"):
        index += 1
    return index


def _todo(item: re.Match[str]) -> tuple[str, Literal["", "open", "done"]]:
    """How far a task is (a key of ``_TODO_WORDS``), and whether there is still something to do."""
    box = item["box"] if item["box"] is not None else item["drawn"] or item["bullet"]
    if box is None:
        return "", ""
    if box == "-":
        return "cancelled", "done"
    if box == "/":
        return "half", "open"
    return ("open", "open") if box in _OPEN_BOXES else ("done", "done")


class _Splitter:
    """One pass over the lines of a note."""

    def __init__(self, text: str, title: str, origin: Origin, *, laid_out: bool) -> None:
        self.text, self.origin, self.laid_out = text if laid_out else veiled(text), origin, laid_out
        self.unmarked = without_footnote_marks(self.text)
        self.title = "" if _says_itself(text, title) else title
        self.heading = ""
        self.lead = ""
        self.parents: list[tuple[int, str]] = []
        self.header: list[str] = []
        self.block = 0
        self.pieces: list[Piece] = []
        self.fenced = False
        self.below: list[tuple[int, int]] = []

    def run(self, lines: list[_Line] | None = None) -> list[Piece]:
        lines = _lines(self.text) if lines is None else lines
        self.below = _paragraphs(lines)
        index = 0
        while index < len(lines):
            index += self._step(lines, index)
        return self.pieces

    def _step(self, lines: list[_Line], index: int) -> int:
        """Handle what begins at this line; how many lines it took."""
        line = lines[index]
        body = line.text
        if _FENCE.match(body):
            self.fenced = not self.fenced
            return 1
        if not body.strip() or _TAG_LINE.match(body) or _EMBED_LINE.match(body):
            self.block += 1
            self.header = []
            return 1
        if self.fenced:
            self._unit(line.start, line.end, self.origin, terse=True)
            return 1
        if heading := _HEADING.match(body):
            self._head(line, heading.start(2), heading.end(2), index, lines)
            return 1
        following = lines[index + 1].text if index + 1 < len(lines) else ""
        if (
            _UNDERLINE.match(following)
            and not _ITEM.match(body)
            and len(body) < 80
            and self._begins_paragraph(lines, index)
        ):
            self._head(line, 0, len(body), index + 1, lines)
            return 2
        if _RULE.match(body) or _ROW_RULE.match(body):
            self.block += 1
            return 1
        if _ROW.match(body):
            self._row(line, following)
            return 1
        if callout := _CALLOUT.match(body):
            return self._callout(lines, index, callout)
        if _QUOTE.match(body):
            return self._quote(lines, index)
        if footnote := _FOOTNOTE.match(body):
            self._unit(line.start + footnote.end(), line.end, self.origin, terse=True)
            return 1
        if self.laid_out and self._stands_alone(lines, index):
            self._head(line, 0, len(body), index, lines)
            return 1
        if item := _ITEM.match(body):
            return self._item(lines, index, item)
        return self._paragraph(lines, index)

    @staticmethod
    def _begins_paragraph(lines: list[_Line], index: int) -> bool:
        return index == 0 or not lines[index - 1].text.strip()

    @staticmethod
    def _stands_alone(lines: list[_Line], index: int) -> bool:
        """In a laid-out document: a short line of its own above a paragraph is a heading, whatever its type was."""
        body = lines[index].text.strip()
        alone = (index == 0 or not lines[index - 1].text.strip()) and (
            index + 1 < len(lines) and not lines[index + 1].text.strip()
        )
        below = _next_words(lines, index + 1)
        return alone and len(body) < 60 and body[-1].isalpha() and not _KEY.match(body) and len(below) > len(body)

    # --- what stands above

    def _subject(self) -> str:
        for candidate in (self.parents[-1][1] if self.parents else "", self.lead, self.heading, self.title):
            if candidate:
                return candidate
        return ""

    def _head(self, line: _Line, start: int, end: int, index: int, lines: list[_Line]) -> None:
        self.heading = plain(line.text[start:end]).rstrip(":")
        self.lead, self.parents, self.header = "", [], []
        self.block += 1
        following = _next_words(lines, index + 1)
        alone = not following or bool(_HEADING.match(following))
        if (
            alone
            or find_dates(self.heading)
            or (len(self.heading.split()) >= _TERSE_WORDS and _FINITE.search(self.heading))
        ):
            self._add(line.start + start, line.start + end, self.heading, self.origin)
        self.block += 1

    # --- kinds of lines

    def _row(self, line: _Line, following: str) -> None:
        cells = [plain(cell) for cell in line.text.strip().strip("|").split("|")]
        if _ROW_RULE.match(following):
            self.header = cells
            return
        if self.header:
            pairs = [f"{key}: {cell}" if key else cell for key, cell in zip(self.header, cells, strict=False) if cell]
        else:
            pairs = [cell for cell in cells if cell]
        if pairs:
            subject = self._subject()
            self._add(
                line.start, line.end, f"{subject}: {'; '.join(pairs)}" if subject else "; ".join(pairs), self.origin
            )

    def _quote(self, lines: list[_Line], index: int) -> int:
        """The lines of one quotation. They are others' words."""
        stop = _end_of_quote(lines, index)
        first = _QUOTE.match(lines[index].text)
        assert first is not None
        start, end = lines[index].start + first.end(), lines[stop - 1].end
        origin: Origin = "other" if self.origin == "owner" else self.origin
        for a, b in self._running(start, end):
            while a < b and (self.text[a] == ">" or self.text[a].isspace()):
                a += 1
            words = plain(self.text[a:b])
            if words:
                subject = self._subject() if is_terse(words) else ""
                self._add(a, b, f"{subject}: {words}" if subject else words, origin)
        self.block += 1
        return stop - index

    def _callout(self, lines: list[_Line], index: int, callout: re.Match[str]) -> int:
        """``> [!note] Title`` and the lines below it: Markdown of its own, in the note's own words unless it says that
        it quotes. Its title is its heading."""
        stop = _end_of_quote(lines, index)
        base = lines[index].start
        inner, parts = [], []
        for number, line in enumerate(lines[index:stop], index):
            mark = re.match(r"\s*>[ \t]?", line.text)
            width = mark.end() if mark else 0
            inner.append(_Line(line.start + width - base, line.end - base, line.text[width:]))
            after = self.text[line.end : lines[number + 1].start] if number + 1 < stop else ""
            parts += [" " * width, line.text[width:], after]
        quoted = callout["type"].strip().lower() in _QUOTING_CALLOUTS and self.origin == "owner"
        within = _Splitter("".join(parts), "", "other" if quoted else self.origin, laid_out=False)
        within.title, within.heading, within.lead = self.title, self.heading, self.lead
        first = lines[index]
        if plain(first.text[callout.end() :]):
            heading = _Line(callout.end(), first.end - base, first.text[callout.end() :])
            within._head(heading, 0, len(heading.text.rstrip()), 0, inner)
        self._take(within.run(inner[1:]), base)
        return stop - index

    def _take(self, pieces: list[Piece], base: int) -> None:
        """Pieces of a part of the text that begins at ``base``."""
        before = self.block + 1
        for piece in pieces:
            piece.start, piece.end, piece.block = piece.start + base, piece.end + base, piece.block + before
        self.pieces += pieces
        self.block = pieces[-1].block + 1 if pieces else before

    def _item(self, lines: list[_Line], index: int, item: re.Match[str]) -> int:
        indent = len(item[1].expandtabs(4))
        while self.parents and self.parents[-1][0] >= indent:
            self.parents.pop()
        stop = index + 1
        while stop < len(lines) and self._continues_item(lines[stop].text, indent):
            stop += 1
        line = lines[index]
        start, end = line.start + item.end(), lines[stop - 1].end
        state, todo = _todo(item)
        first = len(self.pieces)
        self._unit(start, end, self.origin, terse=True, state=state)
        for piece in self.pieces[first:]:
            piece.todo = todo
        words = plain(self.text[start:end]).rstrip(":").strip()
        if len(words) <= 80:
            self.parents.append((indent, words))
        after = _next_words(lines, stop)
        if not _ITEM.match(after):
            self.parents = []
        self.block += 1
        return stop - index

    @staticmethod
    def _continues_item(body: str, indent: int) -> bool:
        if (
            not body.strip()
            or _ITEM.match(body)
            or _HEADING.match(body)
            or _ROW.match(body)
            or body.lstrip().startswith(">")
        ):
            return False
        return len(body) - len(body.lstrip()) > indent

    def _paragraph(self, lines: list[_Line], index: int) -> int:
        """Running text: this line and those that only the width of a page broke off."""
        stop = index + 1
        bottom, width = self.below[index]
        if bottom - index <= 2:
            width = 0
        while stop < len(lines) and self._wrapped(lines[stop - 1].text, lines[stop].text, width):
            stop += 1
        start, end = lines[index].start, lines[stop - 1].end
        body = self.text[start:end]
        self.parents = []
        if (lead := _LEAD.match(body.strip())) and stop - index == 1:
            if lead[2] == "::":  # a field without a value
                return 1
            self.lead = plain(lead[1])
            if self._nothing_follows(lines, stop):
                self._unit(start, end, self.origin, terse=True)
            return 1
        if self._begins_paragraph(lines, index) or not lines[index - 1].text.strip():
            self.lead = ""
        own_line = "\n" not in body and not re.search(r"[.!?…。]['\"”’)]*$", body.strip())
        self._unit(start, end, self.origin, terse=own_line and len(body.split()) < 12 and not _FINITE.search(body))
        return stop - index

    @staticmethod
    def _nothing_follows(lines: list[_Line], index: int) -> bool:
        body = _next_words(lines, index)
        return not body or bool(_HEADING.match(body))

    @staticmethod
    def _wrapped(above: str, below: str, width: int) -> bool:
        """Whether only the width of the page broke the line; ``width`` is the longest line of the paragraph."""
        begins_anew = (
            not below.strip() or _HEADING.match(below) or _ITEM.match(below) or _ROW.match(below) or _FENCE.match(below)
            or below.lstrip().startswith(">") or _UNDERLINE.match(below) or _TAG_LINE.match(below) or _KEY.match(below)
        )  # fmt: skip
        if begins_anew:
            return False
        if re.search(r"[.!?…。:;]['\"”’)]*\s*$", above):
            return False
        if below.lstrip()[:1].islower():
            return len(above) >= _WRAP_AT * 2 // 3
        return width >= _WRAP_AT and len(above) + 1 + len(below.split(maxsplit=1)[0]) > width  # the word did not fit

    # --- sentences

    def _unit(self, start: int, end: int, origin: Origin, *, terse: bool, state: str = "") -> None:
        """One line or paragraph: its sentences; its key and subject are carried to those that need them."""
        key = _KEY.match(self.text[start:end].lstrip())
        key_words = plain(key[1]) if key and len(key[1].split()) <= 6 else ""
        if key_words.lower() in _NO_KEYS or key_words.lower().startswith(("http", "i ", "and ", "but ", "he ", "she ")):
            key_words = ""
        subject = self._subject()
        for number, (a, b) in enumerate(self._running(start, end)):
            words = plain(self.text[a:b])
            if not any(c.isalnum() for c in words) or _TAG_LINE.match(self.text[a:b]):
                continue
            keyed = bool(_KEY.match(words))
            carried = bool(key_words) and number > 0 and not keyed and len(words.split()) < _CARRIED_WORDS
            needs_subject = (
                is_terse(words) or carried or (number == 0 and (terse or bool(key_words))) or (keyed and terse)
            )
            prefix = [subject] if subject and needs_subject and not _holds(words, subject) else []
            if state:
                prefix.append(_TODO_WORDS[state][any(map(is_hangul, words))])
            if carried:
                prefix.append(key_words)
            self._add(a, b, ": ".join([*prefix, words]), origin)

    def _add(self, start: int, end: int, context: str, origin: Origin) -> None:
        parts = list(self._seen(start, end))
        for a, b in parts:
            words = context if len(parts) == 1 else plain(self.text[a:b])
            if words:
                self.pieces.append(Piece(a, b, words, origin, self.heading, self.block))

    def _running(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Spans of the sentences of running text, none over something hidden."""
        for a, b in split_running_text(self.unmarked, start, end):
            yield from self._seen(a, b)

    def _seen(self, start: int, end: int) -> Iterator[tuple[int, int]]:
        """The stretches between what is hidden, white space around them left out."""
        for found in _SEEN.finditer(self.text, start, end):
            words = found.group()
            if bare := words.strip():
                at = found.start() + len(words) - len(words.lstrip())
                yield at, at + len(bare)


def _holds(words: str, subject: str) -> bool:
    """Whether the sentence names its subject already."""
    return subject.lower() in words.lower()


def _says_itself(text: str, title: str) -> bool:
    """A title that was cut from the beginning of the text adds nothing as a subject."""
    return bool(title) and text.lstrip().startswith(title.rstrip("…").rstrip())


def split_sentences(text: str, *, title: str = "", origin: Origin = "owner") -> list[Piece]:
    """All sentences of a note in order; their spans do not overlap."""
    return _Splitter(text, title, origin, laid_out=False).run()


def page_sentences(text: str, pages: Iterator[tuple[int, int]], *, title: str, origin: Origin) -> list[Piece]:
    """The same for a paged document: no sentence runs over the end of its page."""
    pieces: list[Piece] = []
    for start, end in pages:
        for piece in _Splitter(text[start:end], title, origin, laid_out=True).run():
            piece.start, piece.end = piece.start + start, piece.end + start
            piece.block += pieces[-1].block + 1 if pieces else 0
            pieces.append(piece)
    return pieces


def segment_sentences(text: str, segments: Sequence[Segment], *, origin: Origin) -> list[Piece]:
    """The same for what several people said in turn: each stretch by itself, with the name of who said it before it.

    A message of a few sentences is one piece: what it says, it says together ("Yes! On Friday."). What the owner says
    stands without a name, as in the owner's own notes.
    """
    pieces: list[Piece] = []
    for segment in segments:
        whose = segment.origin or origin
        if segment.end - segment.start <= _MESSAGE:
            words = plain(text[segment.start : segment.end])
            found = [Piece(segment.start, segment.end, words, whose, "", 0)] if any(map(str.isalnum, words)) else []
        else:
            found = _Splitter(text[segment.start : segment.end], "", whose, laid_out=False).run()
            for piece in found:
                piece.start, piece.end = piece.start + segment.start, piece.end + segment.start
        for piece in found:
            piece.block += pieces[-1].block + 1 if pieces else 0
            piece.speaker = segment.speaker
        pieces += found
    return pieces
