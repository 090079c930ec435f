"""Pictures and scans through the real text recognition: what is written in them, when and where they were taken."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path
from typing import Any

import pymupdf
import pytest
from PIL import Image

from kernel.abc import Document, Reading
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory.readers import read_file
from kernel.memory.readers.image import ImageReader
from kernel.memory.readers.ocr import Line, in_reading_order, lines_of
from tests.test_kernel.contracts.samples.media import a_picture, saved

FERRY = "The ferry leaves at half past nine."
THEIRS = Reading()
BLANK = Image.new("RGB", (64, 48), "lightblue")


def read(folder: Path, name: str, data: bytes, reading: Reading = THEIRS) -> Document:
    path = folder / name
    path.write_bytes(data)
    (document,) = read_file(path, reading, MemoryConfig())[1]
    return document


def exif(
    taken: str = "2024:07:06 08:30:00",
    offset: str = "",
    place: tuple[Any, ...] = (),
    orientation: int = 1,
) -> Image.Exif:
    made = Image.Exif()
    made[0x010F], made[0x0110], made[0x0112] = "Example", "Example E1", orientation
    made.get_ifd(0x8769).update({0x9003: taken, **({0x9011: offset} if offset else {})})
    if place:
        made.get_ifd(0x8825).update({1: place[0], 2: place[1], 3: place[2], 4: place[3]})
    return made


SEOUL = ("N", (37.0, 33.0, 59.4), "E", (126.0, 58.0, 40.8))
LIMA = ("S", (12.0, 2.0, 45.6), "W", (77.0, 1.0, 40.8))


def test_what_is_written_in_a_picture(tmp_path: Path) -> None:
    document = read(tmp_path, "noticeboard.png", saved(a_picture(FERRY, "Bring a coat.")))
    assert document.text == f"{FERRY}\nBring a coat."
    assert (document.title, document.origin, document.happened_from) == ("Noticeboard", "other", "mtime")
    assert document.details == {"width": 900, "height": 300}
    mine = read(tmp_path, "IMG_2034.png", saved(a_picture(FERRY)), Reading(mine=True))
    assert (mine.origin, mine.title) == ("owner", FERRY), "a camera's name is no title"


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_format_that_is_promised(form: str, tmp_path: Path) -> None:
    assert read(tmp_path, f"board.{form.lower()}", saved(a_picture(FERRY), form)).text == FERRY


def test_transparent_pictures_stand_on_white(tmp_path: Path) -> None:
    drawn = a_picture(FERRY).convert("L")
    black = Image.new("RGBA", drawn.size, "black")
    black.putalpha(drawn.point(lambda value: 255 - value))
    assert read(tmp_path, "board.png", saved(black)).text == FERRY


def test_exif_says_when_where_and_with_what(tmp_path: Path) -> None:
    data = saved(a_picture(FERRY), "JPEG", exif=exif(offset="+09:00", place=SEOUL))
    document = read(tmp_path, "2020-01-01.jpg", data)
    assert (document.happened_at, document.happened_from) == ("2024-07-05T23:30:00+00:00", "exif")
    assert document.details["camera"] == "Example E1"
    assert (document.details["latitude"], document.details["longitude"]) == (37.5665, 126.978)
    assert read(tmp_path, "a.jpg", saved(BLANK, "JPEG", exif=exif())).happened_at == "2024-07-06", "no zone: the day"
    nowhere = read(tmp_path, "sea 2024-07-06.jpg", saved(BLANK, "JPEG", exif=exif("0000:00:00 00:00:00", place=LIMA)))
    assert (nowhere.happened_at, nowhere.happened_from) == ("2024-07-06", "file_name")
    assert (nowhere.details["latitude"], nowhere.details["longitude"]) == (-12.046, -77.028)


def test_a_picture_held_sideways_is_read_upright(tmp_path: Path) -> None:
    sideways = a_picture(FERRY).transpose(Image.Transpose.ROTATE_90)
    document = read(tmp_path, "board.jpg", saved(sideways, "JPEG", exif=exif(orientation=6)))
    assert document.text == FERRY and document.details["width"] == 900


def test_a_picture_without_text_says_what_is_known_of_it(tmp_path: Path) -> None:
    data = saved(BLANK, "JPEG", exif=exif(place=SEOUL))
    document = read(tmp_path, "sea.jpg", data, Reading(mine=True))
    assert document.text == "A picture taken on 2024-07-06 at 37.5665, 126.978: Sea (sea.jpg)."
    assert document.origin == "self", "a made sentence never teaches the owner's voice"
    assert read(tmp_path, "IMG_0001.jpg", data).title == "Picture of 2024-07-06"
    korean = read(tmp_path, "할머니와 바다.jpg", data)
    assert korean.text == "2024-07-06에 37.5665, 126.978에서 찍은 사진: 할머니와 바다 (할머니와 바다.jpg)."
    assert (
        read(tmp_path, "Rex at the lake.png", saved(BLANK)).text == "A picture: Rex at the lake (Rex at the lake.png)."
    )
    with pytest.raises(ReadError, match=r"IMG_0001\.png holds no text.*Give it a name") as caught:
        read(tmp_path, "IMG_0001.png", saved(BLANK))
    assert caught.value.code == "no_text"


def test_a_description_takes_the_place_of_the_sentence() -> None:
    described = ImageReader(describe=lambda image: f"A light blue field of {image.width} pixels.")
    (document,) = described.read(saved(BLANK), name="IMG_1.png", reading=Reading())
    assert document.text == "A light blue field of 64 pixels." and document.origin == "self"
    (written,) = described.read(saved(a_picture(FERRY)), name="IMG_1.png", reading=Reading())
    assert written.text == FERRY and written.details["shows"] == "A light blue field of 900 pixels."


def test_hangul_is_left_out_rather_than_misread(tmp_path: Path) -> None:
    """The recogniser in the package knows no Hangul."""
    with pymupdf.open() as document:
        page = document.new_page(width=400, height=120)
        page.insert_text((20, 40), "오늘은 부산 바다에 다녀왔다. 맑음", fontname="korea", fontsize=16)
        page.insert_text((20, 90), FERRY, fontsize=16)
        data = page.get_pixmap(dpi=150).tobytes("png")
    assert read(tmp_path, "board.png", data).text == FERRY


def test_a_long_capture_is_read_in_pieces(tmp_path: Path) -> None:
    said = [f"Message {n}: we meet at number {n * 7} at noon." for n in range(80)]
    picture = a_picture(*said, size=(800, 4000), letters=32)
    lines = [line.text for line in lines_of(picture)]
    assert len(lines) == 80, "a line in the overlap of two pieces is there once"
    assert sum(line == wanted for line, wanted in zip(lines, said, strict=True)) >= 76


def test_pages_of_a_scanned_tiff(tmp_path: Path) -> None:
    data = saved(a_picture(FERRY), "TIFF", save_all=True, append_images=[a_picture("It is late.")])
    document = read(tmp_path, "scan.tiff", data)
    assert [document.text[page.start : page.end] for page in document.pages] == [FERRY, "It is late."]


def bomb() -> bytes:
    """A PNG of a few bytes that says it is 60 000 pixels square."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    header = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (bomb(), "too_large"),
        (saved(a_picture(FERRY))[:-900], "damaged"),
        (saved(a_picture(FERRY), "JPEG")[:9000], "damaged"),
    ],
)
def test_bombs_and_pieces_are_refused(data: bytes, code: str, tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"board\.png") as caught:
        read(tmp_path, "board.png", data)
    assert caught.value.code == code


# --- reading order ----------------------------------------------------------------------------------------------------


def at(left: float, top: float, text: str, *, width: float = 380) -> Line:
    return Line(text, 1.0, left, top, left + width, top + 20)


def test_columns_are_read_one_after_the_other() -> None:
    left = [at(0, 50 + n * 30, f"left column, line {n}") for n in range(4)]
    right = [at(420, 52 + n * 30, f"right column, line {n}") for n in range(4)]
    head, foot = at(0, 0, "A heading over both of them", width=800), at(0, 200, "And what stands under both", width=800)
    mixed = [line for pair in zip(left, right, strict=True) for line in pair]
    ordered = in_reading_order([foot, *mixed, head])
    assert ordered == [head, *left, *right, foot]


def test_rows_of_a_receipt_stay_together() -> None:
    lines = [at(0, n * 30, item, width=90) for n, item in enumerate(["Milk", "Bread", "Soap"])]
    lines += [at(400, n * 30 + 2, price, width=40) for n, price in enumerate(["1.20", "2.10", "0.90"])]
    assert [line.text for line in in_reading_order(lines)] == ["Milk  1.20", "Bread  2.10", "Soap  0.90"]


# --- scans ------------------------------------------------------------------------------------------------------------


def scan(*pages: str | None) -> bytes:
    """A PDF of pictures of pages; ``None``: a page with real text on it."""
    with pymupdf.open() as document:
        for text in pages:
            page = document.new_page()
            if text is None:
                page.insert_text((72, 72), "This page was typed.")
            else:
                picture = a_picture(*([text] if text else []), size=(1240, 1754), letters=36)
                page.insert_image(page.rect, stream=saved(picture, "JPEG"))
        return document.tobytes()


def test_scanned_pages_of_a_pdf_are_recognised(tmp_path: Path) -> None:
    document = read(tmp_path, "letter.pdf", scan(FERRY, None, "Bring a coat, it is cold."))
    pages = [document.text[page.start : page.end] for page in document.pages]
    assert pages == [FERRY, "This page was typed.", "Bring a coat, it is cold."]
    assert document.details == {"ocr_pages": 2}


def test_a_scan_without_words_is_no_text(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"empty\.pdf has 1 pages.*recognition") as caught:
        read(tmp_path, "empty.pdf", scan(""))
    assert caught.value.code == "no_text"


def test_a_long_scan_says_how_many_pages_were_left_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kernel.memory.readers.pdf.MAX_OCR_PAGES", 1)
    document = read(tmp_path, "book.pdf", scan(FERRY, "Never read.", "Nor this."))
    assert document.text.strip() == FERRY
    assert document.details["ocr_pages"] == 1 and document.details["unread_pages"] == 2


def test_the_recogniser_never_leaves_its_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its library would fetch models that are not there; it is never asked to."""
    import rapidocr

    from kernel.memory.readers import ocr

    ocr._engine.cache_clear()
    monkeypatch.setattr(rapidocr, "__file__", str(tmp_path / "rapidocr" / "__init__.py"))
    try:
        with pytest.raises(ReadError, match="rapidocr") as caught:
            lines_of(Image.open(io.BytesIO(saved(BLANK))))
        assert caught.value.code == "no_model"
    finally:
        ocr._engine.cache_clear()
