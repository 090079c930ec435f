"""Text recognition in pictures by RapidOCR, with the models that lie inside its package: nothing is ever downloaded.

PP-OCRv6 (small) reads Latin, Greek, Chinese and Japanese writing. It knows no Hangul and guesses at it with little
confidence, which is why lines below ``MIN_CONFIDENCE`` are dropped: no words are better than wrong ones.
"""

from __future__ import annotations

import functools
import itertools
import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import median
from typing import Any

import msgspec

from kernel.errors import ReadError

MIN_CONFIDENCE = 0.75
"""Printed lines come at 0.9 and above; Hangul read as something else stayed below 0.7."""
LONG_SIDE = 1800
"""Pictures are scaled down to this, an A4 page at 150 dpi: 2000 reads no more of it and takes 100 MB more."""
_LONG = 3.0
"""A picture longer than this many times its width (a captured conversation) is read in pieces, else it would be scaled
until nothing can be read."""
_OVERLAP = 120
_MODELS = {
    "Det": "PP-OCRv6_det_small.onnx",
    "Cls": "ch_ppocr_mobile_v2.0_cls_mobile.onnx",
    "Rec": "PP-OCRv6_rec_small.onnx",
}


class Line(msgspec.Struct, frozen=True):
    """A recognised line and where it stands, in pixels of the picture as it was read."""

    text: str
    confidence: float
    left: float
    top: float
    right: float
    bottom: float

    @property
    def height(self) -> float:
        return self.bottom - self.top

    @property
    def middle(self) -> float:
        return (self.top + self.bottom) / 2


def lines_of(image: Any) -> list[Line]:
    """The lines of a ``PIL.Image`` in reading order, columns one after the other."""
    from PIL import Image, ImageOps

    image = _on_white(ImageOps.exif_transpose(image))
    if image.height > image.width * _LONG:
        scale = min(1.0, LONG_SIDE / (image.width * 2))
        if scale < 1:
            image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
        return in_reading_order([line for top, bottom in _pieces(image) for line in _piece(image, top, bottom)])
    image.thumbnail((LONG_SIDE, LONG_SIDE), Image.Resampling.LANCZOS)
    return in_reading_order(_recognised(image))


def paragraphs(lines: Sequence[Line]) -> list[str]:
    """The lines as text: those that follow closely in one paragraph, each on a line of its own."""
    blocks: list[list[Line]] = []
    for line in lines:
        last = blocks[-1][-1] if blocks else None
        near = last is not None and -0.5 * line.height < line.top - last.bottom < 0.9 * max(line.height, last.height)
        if near:
            blocks[-1].append(line)
        else:
            blocks.append([line])
    return ["\n".join(line.text for line in block) for block in blocks]


# --- recognition ------------------------------------------------------------------------------------------------------


@functools.cache
def _engine() -> Any:
    """One a process: loading takes a second. Raises ``ReadError`` rather than let the library look for its models."""
    import rapidocr

    folder = Path(rapidocr.__file__).parent / "models"
    if missing := [name for name in _MODELS.values() if not (folder / name).is_file()]:
        raise ReadError(
            f"the text recognition's model {missing[0]} is not in its package. "
            "Run `pip install --no-deps --force-reinstall rapidocr` with the version in constraints.txt.",
            code="no_model",
        )
    paths = {f"{part}.model_path": str(folder / name) for part, name in _MODELS.items()}
    # One line at a time: a batch is padded to its longest line, which costs more than it gains on a processor.
    return rapidocr.RapidOCR(params={"Global.log_level": "critical", "Rec.rec_batch_num": 1, **paths})


def _recognised(image: Any) -> list[Line]:
    import numpy as np

    result = _engine()(np.asarray(image)[:, :, ::-1], text_score=MIN_CONFIDENCE)
    if result.txts is None or result.boxes is None:
        return []
    lines = []
    for text, confidence, box in zip(result.txts, result.scores, result.boxes, strict=True):
        words = " ".join(text.split())
        if words:
            (left, top), (right, bottom) = box.min(axis=0).tolist(), box.max(axis=0).tolist()
            lines.append(Line(words, float(confidence), left, top, right, bottom))
    return lines


def _on_white(image: Any) -> Any:
    """As RGB; what is transparent becomes white, as a page shows it."""
    from PIL import Image

    if image.mode in ("RGBA", "LA", "PA") or "transparency" in image.info:
        image = image.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", image.size, "white"), image).convert("RGB")
    if image.mode.startswith("I;16"):
        return image.point(lambda value: value / 256).convert("L").convert("RGB")
    return image.convert("RGB")


def _pieces(image: Any) -> Iterator[tuple[int, int]]:
    step = image.width * 2 - _OVERLAP
    for n in range(max(1, math.ceil((image.height - _OVERLAP) / step))):
        yield n * step, min(image.height, n * step + step + _OVERLAP)


def _piece(image: Any, top: int, bottom: int) -> Iterator[Line]:
    """The lines of one piece. In the overlap of two each line belongs to the piece that holds more of what is around it."""
    first = top + _OVERLAP / 2 if top > 0 else 0
    last = bottom - _OVERLAP / 2 if bottom < image.height else image.height
    for line in _recognised(image.crop((0, top, image.width, bottom))):
        if first <= line.middle + top < last:
            yield msgspec.structs.replace(line, top=line.top + top, bottom=line.bottom + top)


# --- reading order ----------------------------------------------------------------------------------------------------


def in_reading_order(lines: Sequence[Line]) -> list[Line]:
    """Columns of running text are read one after the other; all else row by row, a row's parts as one line."""
    if not lines:
        return []
    left, right = min(line.left for line in lines), max(line.right for line in lines)
    wide = [line for line in lines if line.right - line.left > 0.6 * (right - left)]
    gutter = _gutter([line for line in lines if line not in wide])
    if gutter is None:
        return _rows(lines)
    ordered: list[Line] = []
    edges = [-math.inf, *sorted(line.middle for line in wide), math.inf]  # what spans both columns parts them
    for above, below in itertools.pairwise(edges):
        ordered += (line for line in wide if line.middle == above)
        band = [line for line in lines if line not in wide and above <= line.middle < below]
        ordered += in_reading_order([line for line in band if line.right <= gutter])
        ordered += in_reading_order([line for line in band if line.right > gutter])
    return ordered


def _gutter(lines: Sequence[Line]) -> float | None:
    """Where no line crosses and prose stands on both sides; ``None`` if there is no such place."""
    reach = -math.inf
    for line in sorted(lines, key=lambda one: one.left):
        if reach > -math.inf and line.left > reach:
            sides = ([one for one in lines if one.right <= reach], [one for one in lines if one.left > reach])
            if all(len(side) >= 3 and median(len(one.text) for one in side) >= 15 for side in sides):
                return reach
        reach = max(reach, line.right)
    return None


def _rows(lines: Sequence[Line]) -> list[Line]:
    rows: list[list[Line]] = []
    for line in sorted(lines, key=lambda one: one.middle):
        if rows and abs(line.middle - rows[-1][0].middle) < 0.5 * min(line.height, rows[-1][0].height):
            rows[-1].append(line)
        else:
            rows.append([line])
    return [_joined(sorted(row, key=lambda one: one.left)) for row in rows]


def _joined(row: list[Line]) -> Line:
    if len(row) == 1:
        return row[0]
    return Line(
        text="  ".join(line.text for line in row),
        confidence=min(line.confidence for line in row),
        left=row[0].left,
        top=min(line.top for line in row),
        right=max(line.right for line in row),
        bottom=max(line.bottom for line in row),
    )
