"""The identity as Markdown pages for the mirror."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from kernel.l1_identity.standing import made_of, still_standing
from kernel.memory.mirror import Mirror
from kernel.memory.mirror.names import names_for, safe_name, same_file
from kernel.types import Biography, Citation, Cited, Identity, Note, Shade, Topic

_VIEWS = (("first_person", "In my words"), ("second_person", "To you"), ("third_person", "From outside"))
_SHOWN = 20
"""Notes listed of one topic."""


def write_identity(mirror: Mirror, identity: Identity | None, notes: Sequence[Note]) -> int:
    """Make the mirror's pages those of ``identity``, without what stood on notes that are not among ``notes``.

    Call it after the notes were mirrored: pages link to their files. Returns how many pages were written.
    """
    if identity is None:
        return mirror.write_pages({}, ())
    standing = still_standing(identity, {note.id: note for note in notes})
    return mirror.write_pages(identity_markdown(standing, mirror.files()), sorted(made_of(standing)))


def identity_markdown(identity: Identity, files: Mapping[str, str] = {}) -> dict[str, str]:
    """``identity.md``, ``topics.md`` and ``shades/NAME.md``; no pages for an identity without a word.

    ``files``: note id -> its file in the mirror, to link to; a note without one is named only.
    """
    pages = {}
    if any(getattr(identity.biography, view) for view, _ in _VIEWS) or identity.attributes:
        pages["identity.md"] = _identity_page(identity, files)
    if identity.topics:
        pages["topics.md"] = _topics_page(identity.topics, files)
    for shade in identity.shades:
        name = f"shades/{safe_name(shade.name) or 'untitled'}"
        taken = set(map(same_file, pages))
        file = next(file for file in names_for(name, shade.id) if same_file(file) not in taken)
        pages[file] = _shade_page(shade, file, files)
    return pages


# --- pages ------------------------------------------------------------------------------------------------------------


class _Footnotes:
    """Numbers citations in the order in which a page first uses them."""

    def __init__(self, files: Mapping[str, str], page: str) -> None:
        self._files, self._page = files, page
        self._numbers: dict[Citation, int] = {}

    def marks(self, citations: Sequence[Citation]) -> str:
        return "".join(f"[^{self._numbers.setdefault(c, len(self._numbers) + 1)}]" for c in citations)

    def lines(self) -> list[str]:
        return [
            f"[^{number}]: {_link(c.note_id, c.title, self._files, self._page)}: “{_inline(c.quote)}”"
            for c, number in self._numbers.items()
        ]


def _identity_page(identity: Identity, files: Mapping[str, str]) -> str:
    notes = _Footnotes(files, "identity/identity.md")
    lines = [
        f"# {_inline(identity.owner) or 'Identity'}",
        "",
        f"Version {identity.version}, {identity.created[:10]}",
        "",
    ]
    lines += _views(identity.biography, notes)
    if identity.attributes:
        lines += ["## Facts", "", "| what | value | from | to | how sure | cited |", "|---|---|---|---|---|---|"]
        for one in identity.attributes:
            cells = (one.key, one.value, one.valid_from or "", one.valid_to or "", _sure(one.confidence))
            lines.append(f"| {' | '.join(map(_inline, cells))} | {notes.marks(one.citations)} |")
        lines.append("")
    return "\n".join([*lines, *notes.lines(), ""])


def _shade_page(shade: Shade, page: str, files: Mapping[str, str]) -> str:
    notes = _Footnotes(files, f"identity/{page}")
    lines = [f"# {shade.icon} {_inline(shade.name)}".rstrip(), ""]
    lines += [f"{_inline(shade.aspect)}, {_sure(shade.confidence)}", "", *_views(shade, notes)]
    if shade.timeline:
        lines += ["## Timeline", ""]
        lines += [f"- {e.when[:10]}: {_inline(e.text)}{notes.marks([e.citation])}" for e in shade.timeline] + [""]
    return "\n".join([*lines, *notes.lines(), ""])


def _topics_page(topics: Sequence[Topic], files: Mapping[str, str]) -> str:
    lines = ["# Topics", ""]
    for topic in topics:
        lines += [f"## {_inline(topic.label)}", ""]
        if topic.keyphrases:
            lines += [_inline(", ".join(topic.keyphrases)), ""]
        lines += [f"- {_link(i, '', files, 'identity/topics.md')}" for i in topic.note_ids[:_SHOWN]]
        if len(topic.note_ids) > _SHOWN:
            lines.append(f"- and {len(topic.note_ids) - _SHOWN} more")
        lines.append("")
    return "\n".join(lines)


def _views(told: Biography | Shade, notes: _Footnotes) -> list[str]:
    lines = []
    for view, heading in _VIEWS:
        said: tuple[Cited, ...] = getattr(told, view)
        if said:
            lines += [f"## {heading}", "", " ".join(_inline(s.text) + notes.marks(s.citations) for s in said), ""]
    return lines


def _link(note_id: str, title: str, files: Mapping[str, str], page: str) -> str:
    file = files.get(note_id)
    if file is None:
        return _inline(title) or note_id
    target = posixpath.relpath(file, posixpath.dirname(page))
    readable = "".join(c if ord(c) > 127 else quote(c) for c in target)  # Korean stays as it is
    return f"[{_inline(title) or _inline(posixpath.basename(file).removesuffix('.md'))}]({readable})"


def _inline(text: str) -> str:
    """On one line, and no table, link or tag."""
    return re.sub(r"([\\\[\]|<>`])", r"\\\1", " ".join(text.split()))


def _sure(confidence: str) -> str:
    return confidence.lower().replace("_", " ")


# --- what still stands ------------------------------------------------------------------------------------------------
