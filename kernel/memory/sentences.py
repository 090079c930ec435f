"""A note's text -> sentences with exact spans, each with a ``context`` that can stand by itself.

Lines come first, sentences second: a list item, a row of a table or a ``key: value`` line is a unit of its own, and
takes its subject from what stands above it (the parent item, the line that introduces the list, the heading, and
failing these the note's title): ``Bike: Stolen on Tuesday.`` Hard-wrapped lines are joined again.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

from kernel.memory.dates import find_dates
from kernel.memory.language import is_hangul
from kernel.memory.splitting import split_running_text
from kernel.memory.vocabulary import VOCABULARY
from kernel.types import Origin


class Piece(msgspec.Struct):
    """A sentence before it has an identity. ``heading`` is the nearest heading, ``block`` numbers the paragraph."""

    start: int
    end: int
    context: str
    origin: Origin
    heading: str
    block: int


class _Line(msgspec.Struct):
    start: int
    end: int
    text: str


_HEADING = re.compile(r"^(#{1,6})\s+(.*?)\s*#*\s*$")
_UNDERLINE = re.compile(r"^(=+|-{3,})\s*$")
_RULE = re.compile(r"^\s*([-*_])(\s*\1){2,}\s*$")
_ITEM = re.compile(r"^(\s*)([-*+•–·]|\d{1,3}[.)]|[a-z]\))\s+(?:\[([ xX])\]\s+)?")
_QUOTE = re.compile(r"^\s*>+\s?(?:\[![\w-]+\][+-]?\s*)?")
_KEY = re.compile(r"^(?:\*\*|__)?([^\s:][^:\n.!?]{0,44}?)(?:\*\*|__)?:(?:\*\*|__)?\s+(?=\S)")
_LEAD = re.compile(r"^(.{2,80}):\s*$")
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
_NO_KEYS = VOCABULARY.not_keys
_WRAP_AT = 50
"""A page is at least this wide, in characters: shorter lines were ended by their writer, not by the page."""

_CLEAN = (
    (re.compile(r"!\[\[[^\]]*\]\]"), ""),
    (re.compile(r"\[\[[^\]|]*\|([^\]]+)\]\]"), r"\1"),
    (re.compile(r"\[\[([^\]#]+)(?:#[^\]]*)?\]\]"), r"\1"),
    (re.compile(r"!?\[([^\]]*)\]\((?:[^()\s]|\([^)]*\))*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"(\*\*|__|~~|==)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*_])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*_])"), r"\2"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\n\s*>+\s?"), " "),
    (re.compile(r"(?<!\S)#(?=[^\W\d])"), ""),
    (re.compile(r"\s*\^[\w-]+$"), ""),
    (re.compile(r"\s+"), " "),
)


def plain(text: str) -> str:
    """Text as it is read: links as their labels, no marks of emphasis, one line."""
    for pattern, into in _CLEAN:
        text = pattern.sub(into, text)
    return text.strip()


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


class _Splitter:
    """One pass over the lines of a note."""

    def __init__(self, text: str, title: str, origin: Origin, *, laid_out: bool) -> None:
        self.text, self.origin, self.laid_out = text, origin, laid_out
        self.title = "" if _says_itself(text, title) else title
        self.heading = ""
        self.lead = ""
        self.parents: list[tuple[int, str]] = []
        self.header: list[str] = []
        self.block = 0
        self.pieces: list[Piece] = []
        self.fenced = False

    def run(self) -> list[Piece]:
        lines = _lines(self.text)
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
        if _QUOTE.match(body) and body.lstrip().startswith(">"):
            return self._quote(lines, index)
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
        below = next((later.text for later in lines[index + 1 :] if later.text.strip()), "")
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
        following = next((later.text for later in lines[index + 1 :] if later.text.strip()), "")
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
        stop = index
        while stop < len(lines) and lines[stop].text.lstrip().startswith(">"):
            stop += 1
        first = _QUOTE.match(lines[index].text)
        assert first is not None
        start, end = lines[index].start + first.end(), lines[stop - 1].end
        origin: Origin = "other" if self.origin == "owner" else self.origin
        for a, b in split_running_text(self.text, start, end):
            while a < b and self.text[a] in "> \t\n":
                a += 1
            words = plain(self.text[a:b])
            if words:
                subject = self._subject() if is_terse(words) else ""
                self._add(a, b, f"{subject}: {words}" if subject else words, origin)
        self.block += 1
        return stop - index

    def _item(self, lines: list[_Line], index: int, item: re.Match[str]) -> int:
        indent = len(item[1].expandtabs(4))
        while self.parents and self.parents[-1][0] >= indent:
            self.parents.pop()
        stop = index + 1
        while stop < len(lines) and self._continues_item(lines[stop].text, indent):
            stop += 1
        line = lines[index]
        start, end = line.start + item.end(), lines[stop - 1].end
        mark = {" ": "to do", "x": "done", "X": "done"}.get(item[3] or "", "")
        self._unit(start, end, self.origin, terse=True, mark=mark)
        words = plain(self.text[start:end]).rstrip(":").strip()
        if len(words) <= 80:
            self.parents.append((indent, words))
        after = next((later.text for later in lines[stop:] if later.text.strip()), "")
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
        bottom = next((n for n in range(index, len(lines)) if not lines[n].text.strip()), len(lines))
        width = max(len(line.text) for line in lines[index:bottom]) if bottom - index > 2 else 0
        while stop < len(lines) and self._wrapped(lines[stop - 1].text, lines[stop].text, width):
            stop += 1
        start, end = lines[index].start, lines[stop - 1].end
        body = self.text[start:end]
        self.parents = []
        if (lead := _LEAD.match(body.strip())) and stop - index == 1:
            self.lead = plain(lead[1])
            if self._nothing_follows(lines[stop:]):
                self._unit(start, end, self.origin, terse=True)
            return 1
        if self._begins_paragraph(lines, index) or not lines[index - 1].text.strip():
            self.lead = ""
        own_line = "\n" not in body and not re.search(r"[.!?…。]['\"”’)]*$", body.strip())
        self._unit(start, end, self.origin, terse=own_line and len(body.split()) < 12 and not _FINITE.search(body))
        return stop - index

    @staticmethod
    def _nothing_follows(rest: list[_Line]) -> bool:
        body = next((later.text for later in rest if later.text.strip()), "")
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

    def _unit(self, start: int, end: int, origin: Origin, *, terse: bool, mark: str = "") -> None:
        """One line or paragraph: its sentences; its key and subject are carried to those that need them."""
        key = _KEY.match(self.text[start:end].lstrip())
        key_words = plain(key[1]) if key and len(key[1].split()) <= 6 else ""
        if key_words.lower() in _NO_KEYS or key_words.lower().startswith(("http", "i ", "and ", "but ", "he ", "she ")):
            key_words = ""
        subject = self._subject()
        for number, (a, b) in enumerate(split_running_text(self.text, start, end)):
            words = plain(self.text[a:b])
            if not any(c.isalnum() for c in words) or _TAG_LINE.match(self.text[a:b]):
                continue
            keyed = bool(_KEY.match(words))
            carried = bool(key_words) and number > 0 and not keyed and len(words.split()) < _CARRIED_WORDS
            needs_subject = (
                is_terse(words) or carried or (number == 0 and (terse or bool(key_words))) or (keyed and terse)
            )
            prefix = [subject] if subject and needs_subject and not _holds(words, subject) else []
            if mark:
                prefix.append(mark)
            if carried:
                prefix.append(key_words)
            self._add(a, b, ": ".join([*prefix, words]), origin)

    def _add(self, start: int, end: int, context: str, origin: Origin) -> None:
        self.pieces.append(Piece(start, end, context, origin, self.heading or "", self.block))


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
