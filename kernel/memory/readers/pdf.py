"""PDF by PyMuPDF (AGPL-3.0), with the span of every page. Somebody else's words unless the owner says otherwise."""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from kernel.abc import Document
from kernel.errors import ReadError
from kernel.memory.readers.text import dated, title_from_name, title_from_text
from kernel.types import Origin, Span

_MADE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")
_HYPHEN = re.compile(r"(?<=[a-zà-ÿ])-\n(?=[a-zà-ÿ])")
_FEW_LETTERS = 3


def _blocks(page: Any) -> list[str]:
    """Blocks of text in reading order, words broken at a line's end made whole."""
    found = []
    for block in page.get_text("blocks", sort=True):
        text = re.sub(r"[ \t]+", " ", block[4]).replace("\r", "").replace("\x00", "").replace("\u00ad", "").strip()
        if block[6] == 0 and text:
            found.append(_HYPHEN.sub("", text))
    return found


def _without_running_lines(pages: list[list[str]]) -> list[list[str]]:
    """Leave out what stands at the edge of several pages (running heads, page numbers)."""
    seen = Counter(_same(block) for blocks in pages for block in {*blocks[:2], *blocks[-2:]} if len(block) < 90)
    running = {block for block, times in seen.items() if times > 1}
    kept = []
    for blocks in pages:
        edges = {0, 1, len(blocks) - 1, len(blocks) - 2}
        kept.append([block for n, block in enumerate(blocks) if n not in edges or _same(block) not in running])
    return kept


def _same(block: str) -> str:
    return re.sub(r"\d+", "0", block)


class PdfReader:
    """See ``kernel.abc.Reader``."""

    kind = "pdf"
    suffixes: tuple[str, ...] = (".pdf",)

    def read(self, data: bytes, *, name: str, mine: bool) -> Document:
        import pymupdf

        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        try:
            with pymupdf.open(stream=data, filetype="pdf") as document:
                if document.needs_pass:
                    raise ReadError(
                        f"{name} is encrypted. Save a copy without a password and add that.", code="encrypted"
                    )
                texts = ["\n\n".join(blocks) for blocks in _without_running_lines([_blocks(page) for page in document])]
                info = document.metadata or {}
        except (
            pymupdf.FileDataError,
            pymupdf.EmptyFileError,
            pymupdf.mupdf.FzErrorBase,
            RuntimeError,
            ValueError,
        ) as error:
            raise ReadError(f"{name} is damaged or cut short. Get a whole copy of it.", code="damaged") from error
        if not texts:
            raise ReadError(f"{name} is damaged or cut short: it has no pages. Get a whole copy of it.", code="damaged")
        if sum(c.isalpha() for text in texts for c in text) < _FEW_LETTERS:
            raise ReadError(
                f"{name} has {len(texts)} pages but no text in them (a scan?). Run text recognition over it first.",
                code="no_text",
            )
        return self._document(name, texts, info, mine)

    def _document(self, name: str, texts: list[str], info: dict[str, Any], mine: bool) -> Document:
        pages, at = [], 0
        for text in texts:
            pages.append(Span(at, at + len(text)))
            at += len(text) + 1
        text = "\f".join(texts)
        happened_at, happened_from = dated(name, text)
        made = _MADE.match(str(info.get("creationDate") or ""))
        if happened_at is None and made:
            happened_at, happened_from = f"{made[1]}-{made[2]}-{made[3]}", "front_matter"
        title = str(info.get("title") or "").strip()
        origin: Origin = "owner" if mine else "other"
        return Document(
            title=title if len(title) > 2 else title_from_name(name) or title_from_text(text),
            text=text,
            kind=self.kind,
            origin=origin,
            happened_at=happened_at,
            happened_from=happened_from,
            pages=tuple(pages),
        )
