"""HTML elements -> the Markdown that sentences are cut from: headings, lists, tables and quotations keep their form.

Not a converter for printing: emphasis is left out, links are their labels (where they lead is handed back apart), and
nothing is escaped, because the text is what is cited.
"""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urljoin

_DROPPED = frozenset(
    "script style noscript template head svg math iframe object embed canvas video audio picture img map "
    "button select textarea dialog".split()
)
_BLOCKS = frozenset(
    "html body main article section div p header footer aside nav address figure figcaption fieldset form details "
    "summary center dl dt dd tr td th thead tbody tfoot caption li".split()
)
_FURNITURE = frozenset("nav footer aside".split())
"""What surrounds the text of a page."""
_HEADINGS = {f"h{level}": level for level in range(1, 7)}
_SPACE = re.compile(r"[ \t\n\r\f\v\xa0\u2000-\u200a\u202f\u3000]+")
_UNSEEN = re.compile(r"[\u00ad\u200b\u200e\u200f\u2060\ufeff]")
_HIDDEN = re.compile(r"display\s*:\s*none", re.IGNORECASE)
_LINK = re.compile(r"https?://[^\s/\[\]]")
_BOX = re.compile(r"\A[☐☑☒]\s*")
_BREAK = "\x00"
MAX_LINKS = 500


class Elements:
    """One pass over a tree of ``lxml`` elements. ``furniture``: whether menus and the like are kept."""

    def __init__(self, base: str = "", *, furniture: bool = True) -> None:
        self.base, self.furniture = base, furniture
        self.links: dict[str, None] = {}
        self.blocks: list[str] = []
        self.run: list[str] = []

    @property
    def text(self) -> str:
        self._flush()
        return "\n\n".join(self.blocks)

    def walk(self, node: Any) -> Elements:
        """Take in what stands inside an element."""
        self.run.append(_words(node.text))
        for child in node:
            self._child(child)
            self.run.append(_words(child.tail))
        return self

    def _inside(self, node: Any) -> list[str]:
        """The blocks of an element that is set apart (an item, a cell, a quotation)."""
        part = Elements(self.base, furniture=self.furniture)
        part.links = self.links
        part.walk(node)._flush()
        return part.blocks

    def _flush(self) -> None:
        lines = [_SPACE.sub(" ", line).strip() for line in "".join(self.run).split(_BREAK)]
        self.run = []
        if text := "\n".join(line for line in lines if line):
            self.blocks.append(text)

    def _child(self, node: Any) -> None:
        tag = node.tag.rpartition("}")[2].lower() if isinstance(node.tag, str) else ""
        if not tag or tag in _DROPPED or self._left_out(node, tag):
            return
        if tag == "br":
            self.run.append(_BREAK)
        elif tag == "input":
            if node.get("type") == "checkbox":
                self.run.append("[x] " if node.get("checked") is not None else "[ ] ")
        elif tag in _HEADINGS:
            self._block([f"{'#' * _HEADINGS[tag]} {words}"] if (words := " ".join(self._lines(node))) else [])
        elif tag in ("ul", "ol", "menu"):
            self._block(["\n".join(self._list(node, ordered=tag == "ol"))])
        elif tag == "blockquote":
            self._block(["\n>\n".join(_prefixed(block, "> ") for block in self._inside(node))])
        elif tag == "pre":
            code = _UNSEEN.sub("", "".join(node.itertext())).replace("\r", "").strip("\n").rstrip()
            self._block([f"```\n{code}\n```"] if code else [])
        elif tag == "table":
            self._block(self._table(node))
        elif tag == "dl":
            self._block(self._terms(node))
        elif tag == "hr":
            self._flush()
        elif tag in _BLOCKS:
            self._flush()
            self.walk(node)
            self._flush()
        else:
            if tag == "a":
                self._link(node.get("href"))
            self.walk(node)

    def _left_out(self, node: Any, tag: str) -> bool:
        if node.get("hidden") is not None or _HIDDEN.search(node.get("style") or ""):
            return True
        return not self.furniture and (tag in _FURNITURE or node.get("role") == "navigation")

    def _block(self, blocks: list[str]) -> None:
        self._flush()
        self.blocks += [block for block in blocks if block]

    def _lines(self, node: Any) -> list[str]:
        return [line for block in self._inside(node) for line in block.split("\n")]

    def _link(self, href: str | None) -> None:
        try:
            target = urljoin(self.base, (href or "").strip())
        except ValueError:  # "http://[": what a page may hold
            return
        if _LINK.match(target) and len(self.links) < MAX_LINKS:
            self.links[target] = None

    def _list(self, node: Any, *, ordered: bool) -> list[str]:
        lines: list[str] = []
        number = 0
        for child in node:
            if not isinstance(child.tag, str) or self._left_out(child, child.tag):
                continue
            inside = self._lines(child) if child.tag == "li" else [""]
            if child.tag in ("ul", "ol"):  # a list within a list that is in no item
                lines += ["  " + line for line in self._list(child, ordered=child.tag == "ol")]
            if not any(inside):
                continue
            number += 1
            marker = f"{number}. " if ordered else "- "
            lines.append(marker + _BOX.sub(lambda found: "[ ] " if found[0].startswith("☐") else "[x] ", inside[0]))
            lines += [" " * len(marker) + line for line in inside[1:]]
        return lines

    def _terms(self, node: Any) -> list[str]:
        """``<dt>Rent</dt><dd>640</dd>`` -> ``Rent: 640``."""
        lines: list[str] = []
        term = ""
        for child in node.iter("dt", "dd"):
            words = " ".join(self._lines(child))
            if child.tag == "dt":
                lines += [term] if term else []
                term = words
            elif words:
                lines.append(f"{term.rstrip(':')}: {words}" if term else words)
                term = ""
        return ["\n".join([*lines, term] if term else lines)]

    def _table(self, node: Any) -> list[str]:
        """A table of data as rows, a table that only lays out the page as what stands in its cells."""
        rows = [row for row in node.iter("tr") if next(row.iterancestors("table")) is node]
        cells = [[self._inside(cell) for cell in row if cell.tag in ("td", "th")] for row in rows]
        cells = [row for row in cells if any(row)]
        laid_out = any(len(cell) > 1 for row in cells for cell in row) or all(len(row) < 2 for row in cells)
        if laid_out or next(node.iterdescendants("table"), None) is not None:
            return [block for row in cells for cell in row for block in cell]
        caption = next((" ".join(self._lines(child)) for child in node if child.tag == "caption"), "")
        lines = [table_row([" ".join(cell) for cell in row]) for row in cells]
        if rows and all(cell.tag == "th" for cell in rows[0]):
            lines.insert(1, "|" + "---|" * len(cells[0]))
        return [caption, "\n".join(lines)]


def table_row(cells: list[str]) -> str:
    """One row of a Markdown table."""
    return "| " + " | ".join(cell.replace("\n", " ").replace("|", "/").strip() for cell in cells) + " |"


def _words(text: str | None) -> str:
    return _SPACE.sub(" ", _UNSEEN.sub("", (text or "").replace(_BREAK, " ")))


def _prefixed(block: str, mark: str) -> str:
    return "\n".join(mark + line for line in block.split("\n"))
