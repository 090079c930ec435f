"""PDF by PyMuPDF (AGPL-3.0), with the span of every page. Somebody else's words unless the owner says otherwise.

Pages without text but with something drawn on them (scans) are rendered and go through text recognition.
"""

from __future__ import annotations

import re
from collections import Counter
from typing import Any

from kernel.abc import Document, Reader, Reading
from kernel.errors import ReadError
from kernel.memory.readers.ocr import LONG_SIDE, lines_of, paragraphs
from kernel.memory.readers.text import dated, title_from_name, title_from_text
from kernel.types import Origin, Span

_MADE = re.compile(r"D:(\d{4})(\d{2})(\d{2})")
_HYPHEN = re.compile(r"(?<=[a-zà-ÿ])-\n(?=[a-zà-ÿ])")
_FEW_LETTERS = 3
MAX_OCR_PAGES = 50
"""Scanned pages of one file that are read: some three minutes on two cores."""
_DPI = 200


def _blocks(page: Any) -> list[str]:
    """Blocks of text in reading order, words broken at a line's end made whole."""
    found = []
    for block in page.get_text("blocks", sort=True):
        text = re.sub(r"[ \t]+", " ", block[4]).replace("\r", "").replace("\x00", "").replace("\u00ad", "").strip()
        if block[6] == 0 and text:
            found.append(_HYPHEN.sub("", text))
    return found


def _is_scan(page: Any, blocks: list[str]) -> bool:
    """Hardly any text, but something to see."""
    few = sum(c.isalpha() for block in blocks for c in block) < _FEW_LETTERS
    return few and bool(page.get_images() or page.get_drawings())


def _recognised(page: Any) -> list[str]:
    """The paragraphs that text recognition finds on a page."""
    import pymupdf
    from PIL import Image

    inches = max(page.rect.width, page.rect.height, 1) / 72
    pixels = page.get_pixmap(dpi=max(20, min(_DPI, int(LONG_SIDE / inches))), colorspace=pymupdf.csRGB, alpha=False)
    image = Image.frombytes("RGB", (pixels.width, pixels.height), pixels.samples)
    return [_HYPHEN.sub("", text) for text in paragraphs(lines_of(image))]


def _read_pages(document: Any) -> tuple[list[list[str]], dict[str, str | int | float | None]]:
    """Each page's blocks of text, scans by recognition; and what to say of those."""
    pages, scans, left_out = [], 0, 0
    for page in document:
        blocks = _blocks(page)
        if _is_scan(page, blocks):
            if scans < MAX_OCR_PAGES:
                blocks = _recognised(page) or blocks
                scans += 1
            else:
                left_out += 1
        pages.append(blocks)
    details: dict[str, str | int | float | None] = {"ocr_pages": scans} if scans else {}
    if left_out:
        details |= {
            "unread_pages": left_out,
            "unread_because": f"only {MAX_OCR_PAGES} scanned pages of a file are read",
        }
    return pages, details


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


class PdfReader(Reader):
    kind = "pdf"
    suffixes: tuple[str, ...] = (".pdf",)
    signatures = (b"%PDF-",)
    large = True

    def read(self, data: bytes, *, name: str, reading: Reading) -> tuple[Document, ...]:
        import pymupdf

        pymupdf.TOOLS.mupdf_display_errors(False)
        pymupdf.TOOLS.mupdf_display_warnings(False)
        try:
            with pymupdf.open(stream=data, filetype="pdf") as document:
                if document.needs_pass:
                    raise ReadError(
                        f"{name} is encrypted. Save a copy without a password and add that.", code="encrypted"
                    )
                pages, details = _read_pages(document)
                texts = ["\n\n".join(blocks) for blocks in _without_running_lines(pages)]
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
                f"{name} has {len(texts)} pages but no text in them, and text recognition found none either. "
                "Scan it again upright and sharper, or leave it out.",
                code="no_text",
            )
        return (self._document(name, texts, info, details, reading.mine),)

    def _document(
        self,
        name: str,
        texts: list[str],
        info: dict[str, Any],
        details: dict[str, str | int | float | None],
        mine: bool,
    ) -> Document:
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
            details=details,
        )
