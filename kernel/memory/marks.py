"""What Markdown writes around the words: emphasis and links as they are read, what is hidden, what is pointed to.

``veiled`` takes nothing away: every position of the text stays what it was, so that spans stay exact.
"""

from __future__ import annotations

import re
import urllib.parse
from collections.abc import Iterator

VEIL = "\x1f"
"""Stands for every character that is hidden from readers. Python takes it for white space; no text that was read by
``readers.text.decode`` holds one."""

_CODE = re.compile(
    r"^[ \t>]*+(?P<fence>`{3,}+|~{3,}+)[^\n]*+\n.*?(?:^[ \t>]*(?P=fence)[`~]*[ \t]*$|\Z)|``[^\n]*?``|`[^`\n]+`",
    re.DOTALL | re.MULTILINE,
)
_COMMENT = re.compile(r"<!--|(?<![\w%])%%(?!%)")
_BLOCK_ID = re.compile(r"(?:(?<=\s)|^)\^[A-Za-z0-9-]+[ \t]*$", re.MULTILINE)
_FOOTNOTE = re.compile(r"\[\^[^\]\s]+\](?!:)")

_CLEAN = (
    (_FOOTNOTE, ""),
    (re.compile(r"!\[\[[^\]]*\]\]"), ""),
    (re.compile(r"\[\[[^\]|]*\|([^\]]+)\]\]"), r"\1"),
    (re.compile(r"\[\[([^\]#]+)(?:#[^\]]*)?\]\]"), r"\1"),
    (re.compile(r"!?\[([^\]]*)\]\((?:[^()\s]|\([^)]*\))*(?:\s+\"[^\"]*\")?\)"), r"\1"),
    (re.compile(r"[\[(]([^\[\]():\n]+)::\s+([^\[\]()\n]+)[\])]"), r"\1: \2"),
    (re.compile(r"(?<=[^\s:])::\s+(?=\S)"), ": "),
    (re.compile(r"(\*\*|__|~~|==)(?=\S)(.+?)(?<=\S)\1"), r"\2"),
    (re.compile(r"(?<![\w*_])([*_])(?=\S)([^*_\n]+?)(?<=\S)\1(?![\w*_])"), r"\2"),
    (re.compile(r"`([^`\n]+)`"), r"\1"),
    (re.compile(r"\n\s*>+\s?"), " "),
    (re.compile(r"(?<!\S)#(?=[^\W\d])"), ""),
    (re.compile(r"\s*\^[\w-]+$"), ""),
    (re.compile(r"\s+"), " "),
)

_LINK = re.compile(
    r"!?\[\[(?P<note>[^\[\]\n]+)\]\]"
    r"|\]\((?:<(?P<pointed>[^<>\n]+)>|(?P<bare>(?:[^()\s<>]|\([^()\s]*\))+))(?:\s+[\"'(][^\n]*?[\"')])?\)"
    r"|<(?P<auto>https?://[^\s<>]+)>"
    r"|^[ ]{0,3}\[[^\]^\n][^\]\n]*\]:[ \t]+<?(?P<defined>[^\s<>]+)",
    re.MULTILINE,
)
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:")


def plain(text: str) -> str:
    """Text as it is read: links as their labels, no marks of emphasis, one line."""
    for pattern, into in _CLEAN:
        text = pattern.sub(into, text)
    return text.strip()


def without_code(text: str) -> str:
    """The text with blanks in the place of code, line ends kept."""
    return _CODE.sub(lambda found: re.sub(r"[^\n]", " ", found.group()), text)


def veiled(text: str) -> str:
    """The text with ``VEIL`` in the place of comments and block ids, line ends kept."""
    if "%%" not in text and "<!--" not in text and "^" not in text:
        return text
    bare = without_code(text)
    spans = sorted([*_comments(bare), *(found.span() for found in _BLOCK_ID.finditer(bare))])
    parts, at = [], 0
    for start, end in spans:
        if start >= at:
            parts += [text[at:start], re.sub(r"[^\n]", VEIL, text[start:end])]
            at = end
    return "".join([*parts, text[at:]])


def _comments(text: str) -> Iterator[tuple[int, int]]:
    """``%% … %%`` and ``<!-- … -->``. What is never closed is text; within a line ``%%`` ends with its paragraph."""
    at = 0
    unclosed: set[str] = set()
    for opening in _COMMENT.finditer(text):
        closing = "-->" if opening.group() == "<!--" else "%%"
        if opening.start() < at or closing in unclosed:
            continue
        end = text.find(closing, opening.end())
        if end < 0:
            unclosed.add(closing)
            continue
        begins_line = not text[text.rfind("\n", 0, opening.start()) + 1 : opening.start()].strip()
        if closing == "%%" and not begins_line and "\n\n" in text[opening.end() : end]:
            continue
        at = end + len(closing)
        yield opening.start(), at


def without_footnote_marks(text: str) -> str:
    """The text with blanks in the place of ``[^1]``: a full stop before one ends its sentence."""
    return _FOOTNOTE.sub(lambda found: " " * len(found.group()), text) if "[^" in text else text


def links_of(text: str) -> tuple[str, ...]:
    """What a Markdown text points to, in order, each once: names of notes and files, and URLs. Code is left out."""
    found: list[str] = []
    for match in _LINK.finditer(without_code(veiled(text))):
        if match["note"]:
            found.append(_note_name(match["note"].replace("\\|", "|").partition("|")[0]))
            continue
        target = (match["pointed"] or match["bare"] or match["auto"] or match["defined"]).strip()
        if not _SCHEME.match(target):
            found.append(_note_name(urllib.parse.unquote(target)))
        elif not target.startswith("data:"):
            found.append(target)
    return tuple(dict.fromkeys(name for name in found if name))


def _note_name(target: str) -> str:
    """``Trips/Porto.md#Food`` -> ``Porto``; empty for a place within the same note."""
    path = re.split(r"[#^]", target, maxsplit=1)[0].strip()
    return re.sub(r"\.(?:md|markdown)$", "", path.rsplit("/", 1)[-1], flags=re.IGNORECASE)
