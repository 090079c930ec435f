"""Markdown as converters make it -> Markdown as a person would keep it: no empty tables, pictures, comments, markup."""

from __future__ import annotations

import re

from kernel.memory.readers.elements import MAX_LINKS, table_row

_PICTURE = re.compile(r"!\[[^\]]*\]\((?:[^()\s]|\([^()]*\))*(?:\s+\"[^\"]*\")?\)")
_LINK = re.compile(r"\[((?:[^\[\]\n]|\[[^\[\]\n]*\])*)\]\(((?:[^()\s]|\([^()]*\))*)(?:\s+\"[^\"\n]*\")?\)")
_CONTENTS = re.compile(r"^\s*(?:[-*+]\s+)?\[[^\n]*\]\(#_Toc\w*\)\s*$", re.MULTILINE)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_MARKUP = re.compile(r"</?(?:u|a|sup|sub|br)\b[^<>\n]*>")
_BOLD = re.compile(r"(\*\*|__)(?=\S)([^\n]+?)(?<=\S)\1")
_ROW = re.compile(r"^\s*\|.*\|?\s*$")
_RULE = re.compile(r"^[\s|:-]*-[\s|:-]*$")
_NOTHING = frozenset({"NaN", "NaT", "None", "<NA>"})
_UNNAMED = re.compile(r"Unnamed: \d+(?:_level_\d+)?")
_MIDNIGHT = re.compile(r"(?<=\d{4}-\d\d-\d\d) 00:00:00$")
_WHOLE = re.compile(r"(-?\d{1,15})\.0")
_HEADING = re.compile(r"^(#{1,6})\s+(\S.*)$")


def tidy(markdown: str, *, sheet: bool = False, slides: bool = False) -> tuple[str, tuple[str, ...]]:
    """The text and the links in it.

    ``sheet``: cells are values of a spreadsheet, as pandas writes them. ``slides``: every line is a paragraph.
    """
    text = markdown.replace("\r\n", "\n").replace("\r", "\n").replace("\v", "\n").replace("\xa0", " ")
    text = _CONTENTS.sub("", _COMMENT.sub("", text))
    text = _MARKUP.sub("", _PICTURE.sub("", text))
    links = tuple(dict.fromkeys(found[2] for found in _LINK.finditer(text) if found[2].startswith("http")))
    text = _LINK.sub(r"\1", text).replace("↑", "")
    lines: list[str] = []
    rows: list[str] = []
    for line in [*text.split("\n"), ""]:
        if _ROW.match(line):
            rows.append(line)
            continue
        if rows:
            lines += ["", *_table(rows, sheet=sheet), ""]
            rows = []
        lines.append(_BOLD.sub(r"\2", line).rstrip())
        if slides and line.strip():
            lines.append("")
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_headings(lines, sheet=sheet))).strip("\n"), links[:MAX_LINKS]


def first_heading(text: str) -> str:
    """The first heading of a text; empty if it has none."""
    return next((found[2].strip() for line in text.split("\n") if (found := _HEADING.match(line))), "")


def _table(rows: list[str], *, sheet: bool) -> list[str]:
    """A table without the rows and columns that hold nothing, its first row as its head where that can be one."""
    ruled = len(rows) > 1 and bool(_RULE.match(rows[1]))
    grid = [[_cell(cell, sheet=sheet) for cell in row.strip().strip("|").split("|")] for row in rows]
    if ruled:
        del grid[1]
    width = max(map(len, grid))
    grid = [row + [""] * (width - len(row)) for row in grid]
    kept = [column for column in range(width) if any(row[column] for row in grid)]
    head, *body = [[row[column] for column in kept] for row in grid]
    body = [row for row in body if any(row)]
    if not any(head) and body:  # of a table without a head, the first row, if nothing speaks against it
        ruled = len(kept) > 2 and len(body) > 1 and all(cell and not re.search(r"\d", cell) for cell in body[0])
        head, *body = body
    if not any(head):
        return []
    lines = [table_row(head)]
    if ruled and body:
        lines.append("|" + "---|" * len(kept))
    return lines + [table_row(row) for row in body]


def _cell(text: str, *, sheet: bool) -> str:
    text = _BOLD.sub(r"\2", text.strip())
    if not sheet:
        return text
    if text in _NOTHING or _UNNAMED.fullmatch(text):
        return ""
    whole = _WHOLE.fullmatch(text)
    return whole[1] if whole else _MIDNIGHT.sub("", text)


def _headings(lines: list[str], *, sheet: bool) -> list[str]:
    """Without headings of no words, nor those of sheets that hold nothing."""
    kept: list[str] = []
    below = False
    for line in reversed(lines):
        heading = line.lstrip().startswith("#") and bool(re.match(r"\s*#{1,6}(?:\s|$)", line))
        if not heading or (line.strip("# ") and (below or not sheet)):
            kept.append(line.rstrip(": ") if heading else line)
        below = not heading and (below or bool(line.strip()))
    return kept[::-1]
