"""Pictures and recordings: drawn by Pillow, spoken by eSpeak NG."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import matplotlib
from PIL import Image, ImageDraw, ImageFont

from tests.test_kernel.speech import recording, spoken

FONT = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
SAID = "Yesterday I walked along the beach with my dog. In the evening we made a large pot of soup."


def a_picture(*lines: str, size: tuple[int, int] = (900, 300), letters: int = 32) -> Image.Image:
    """The lines, one under the other, black on white."""
    picture = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(picture)
    for number, line in enumerate(lines):
        draw.text((40, 40 + number * letters * 1.5), line, fill="black", font=ImageFont.truetype(str(FONT), letters))
    return picture


def saved(picture: Image.Image, form: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    picture.save(file, form, **options)
    return file.getvalue()


GOOD = {
    "image": ("2024-07-06-noticeboard.png", saved(a_picture("The ferry leaves at half past nine.", "Bring a coat."))),
    "audio": ("2024-07-06 beach.wav", recording(spoken(SAID))),
}
