"""Web pages and Office documents: what is read of them, whose it is and when, and what is refused."""

from __future__ import annotations

import io
import socket
import zipfile
from pathlib import Path

import pytest

from kernel.abc import Document, Reading
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory.readers import read_file
from kernel.memory.sentences import split_sentences
from tests.test_kernel.contracts.samples.documents import (
    DOCX,
    PAGE,
    R,
    a_docx,
    a_pptx,
    an_epub,
    an_xlsx,
    paragraph,
    table,
    zipped,
)


def read(folder: Path, name: str, data: bytes | str, *, mine: bool = False) -> Document:
    path = folder / name
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    (document,) = read_file(path, Reading(mine=mine), MemoryConfig())[1]
    return document


def refusal(folder: Path, name: str, data: bytes | str) -> ReadError:
    with pytest.raises(ReadError) as caught:
        read(folder, name, data)
    assert name in str(caught.value)
    return caught.value


def contexts(document: Document) -> list[str]:
    return [piece.context for piece in split_sentences(document.text, title=document.title, origin=document.origin)]


# --- web pages --------------------------------------------------------------------------------------------------------


def test_a_page_is_its_article(tmp_path: Path) -> None:
    page = read(tmp_path, "keeping.html", PAGE)
    assert (page.title, page.origin, page.happened_at) == ("Keeping bees", "other", "2024-05-03")
    assert page.details == {
        "author": "Maren Holt",
        "site": "The Hive Post",
        "url": "https://hive.example.org/bees/keeping",
    }
    assert page.links == ("https://hive.example.org/aunt", "https://books.example.org/bees")
    assert page.text == (
        "# Keeping bees\n\nBees need water close to the hive. They were kept by my aunt Rosa for twenty years, and she "
        "wrote a book about it that nobody has read to its end.\n\n## What you need\n\n- A hive\n- A smoker and gloves\n"
        "  - leather ones\n\n> Never open a hive in the rain.\n\n| Thing | Price |\n|---|---|\n| Hive | 120 |\n"
        "| Smoker | 30 |\n\nIt takes a whole spring to learn this, and then another summer to unlearn it again. "
        "Patience is not sold."
    )
    assert "What you need: Thing: Hive; Price: 120" in contexts(page)
    assert read(tmp_path, "keeping.html", PAGE, mine=True).origin == "owner"


def test_an_exported_note_is_read_whole(tmp_path: Path) -> None:
    note = (
        "<html><head><title>Shopping</title><style>p{color:red}</style></head><body><h1>Shopping</h1><div>Milk, two."
        '<br>Oil</div><ul><li><input type="checkbox" checked>Bread</li><li><input type="checkbox">Eggs<ol><li>brown'
        "</li></ol></li></ul><p style='display: none'>hidden</p><dl><dt>Rent</dt><dd>640</dd></dl><pre>x = *1*</pre>"
        "<ul><li>☑ Tea</li><li><span>☐</span><b>여권</b></li></ul><p>It says #1 and [x](y) * and snake_case.</p></body></html>"
    )
    assert read(tmp_path, "note.htm", note).text == (
        "# Shopping\n\nMilk, two.\nOil\n\n- [x] Bread\n- [ ] Eggs\n  1. brown\n\nRent: 640\n\n```\nx = *1*\n```\n\n"
        "- [x] Tea\n- [ ] 여권\n\nIt says #1 and [x](y) * and snake_case."
    )


def test_a_small_page_keeps_its_form_and_loses_its_menu(tmp_path: Path) -> None:
    page = "<body><nav><a href='/'>Home</a></nav><h1>Tea</h1><ul><li>Pot</li></ul><footer>Imprint</footer></body>"
    assert read(tmp_path, "tea.html", page).text == "# Tea\n\n- Pot"


def test_tables_that_only_lay_out_are_no_tables(tmp_path: Path) -> None:
    page = "<table><tr><td><p>One.</p><p>Two.</p></td><td>Three.</td></tr></table>"
    assert read(tmp_path, "old.html", page).text == "One.\n\nTwo.\n\nThree."


KOREAN = "<head><meta {} content='text/html; charset=euc-kr'><title>부산 여행</title></head><p>부산에서 배웠다. 똠방각하!</p>"


@pytest.mark.parametrize(
    ("data", "text"),
    [
        (KOREAN.format("http-equiv='Content-Type'").encode("cp949"), "부산에서 배웠다. 똠방각하!"),
        (KOREAN.format("x").encode("utf-8"), "부산에서 배웠다. 똠방각하!"),  # what it says of itself is not so
        (KOREAN.format("x").encode("utf-16"), "부산에서 배웠다. 똠방각하!"),
        (
            "<?xml version='1.0' encoding='iso-8859-1'?><html><p>Zwölf “Äpfel”</p></html>".encode("cp1252"),
            "Zwölf “Äpfel”",
        ),
        (b"<meta charset=iso-2022-jp><p>\x1b$B$3$s$K$A$O\x1b(B</p>", "こんにちは"),
        (
            "<meta charset='rot13'><p>Grüße aus Köln, wo es heute regnet.</p>".encode("latin-1"),
            "Grüße aus Köln, wo es heute regnet.",
        ),
    ],
)
def test_encodings(data: bytes, text: str, tmp_path: Path) -> None:
    assert read(tmp_path, "page.html", data).text == text


@pytest.mark.parametrize(
    "page",
    [
        "<title>App</title><noscript>Please enable JavaScript.</noscript><div id='root'></div><script src='a.js'></script>",
        "<html><body><img src='scan.png'></body></html>",
        "<html><head><title>Only a title</title></head><body></body></html>",
        "<!-- nothing -->",
    ],
)
def test_pages_without_text(page: str, tmp_path: Path) -> None:
    error = refusal(tmp_path, "app.html", page)
    assert error.code == "no_text" and "save it as PDF" in str(error)


def test_a_page_says_no_more_of_links_than_is_safe(tmp_path: Path) -> None:
    page = "<p><a href='javascript:x()'>a</a><a href='http://['>b</a><a href='/c'>c</a><a href='https://d.example'>d</a></p>"
    assert read(tmp_path, "links.html", page).links == ("https://d.example",)


# --- Office -----------------------------------------------------------------------------------------------------------


def test_word(tmp_path: Path) -> None:
    lease = read(tmp_path, "lease.docx", DOCX)
    assert (lease.title, lease.origin, lease.happened_at) == (
        "Lease of the workshop",
        "other",
        "2021-02-03T09:00:00+00:00",
    )
    assert lease.details == {"format": "docx", "author": "Oddvar Lund"}
    assert "# Terms\n\nThe rent is 640 a month." in lease.text
    assert "Terms: Room: Back; Use: Store; Keys: one" in contexts(lease)
    assert read(tmp_path, "lease.docx", DOCX, mine=True).origin == "owner"
    assert read(tmp_path, "2024-07-06 lease.docx", DOCX).happened_at == "2024-07-06", "what a person wrote comes first"


def test_word_of_a_template(tmp_path: Path) -> None:
    data = a_docx(
        paragraph("회의록", "1") + paragraph("이름: 김하늘. a*b and c_d.") + table(("이름", "김하늘"), ("나이", "9")),
        title="Microsoft Word - 문서1",
        creator="python-docx",
        created="2013-12-23T23:15:00Z",
    )
    note = read(tmp_path, "note.docx", data)
    assert (note.title, note.happened_from, note.details) == ("회의록", "mtime", {"format": "docx"})
    assert note.text == "# 회의록\n\n이름: 김하늘. a*b and c_d.\n\n| 이름 | 김하늘 |\n| 나이 | 9 |"


def test_word_links_and_pictures(tmp_path: Path) -> None:
    """A picture that lies elsewhere is not fetched; links are their words."""
    drawing = (
        '<w:p><w:r><w:drawing><wp:inline xmlns:wp="http://schemas.openxmlformats.org/drawingml/2006/wordprocessingDrawing">'
        '<a:graphic xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><a:graphicData><pic:pic '
        'xmlns:pic="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:blipFill><a:blip r:link="p"/>'
        "</pic:blipFill></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r></w:p>"
    )
    link = '<w:p><w:hyperlink r:id="l"><w:r><w:t>the pier</w:t></w:r></w:hyperlink><w:r><w:t> at noon</w:t></w:r></w:p>'
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        relations = (
            f'<Relationship Id="p" Type="{R}/image" Target="http://127.0.0.1:{server.getsockname()[1]}/a.png" '
            f'TargetMode="External"/><Relationship Id="l" Type="{R}/hyperlink" '
            'Target="https://pier.example/a_(b)" TargetMode="External"/>'
        )
        note = read(tmp_path, "note.docx", a_docx(link + drawing, relations=relations))
        with pytest.raises(BlockingIOError):
            server.accept()
    assert note.text == "the pier at noon" and note.links == ("https://pier.example/a_%28b%29",)


def test_powerpoint(tmp_path: Path) -> None:
    deck = read(tmp_path, "deck.pptx", a_pptx())
    assert (deck.title, deck.happened_at) == ("The orchard plan", "2023-09-01T07:30:00+00:00")
    assert deck.text == (
        "# The orchard plan\n\nPlant six pear trees\n\ngraft them in the second spring\n\n### Notes\n\n"
        "Say that Rosa pays for the trees.\n\n# 비용\n\n| 항목 | 가격 |\n|---|---|\n| 배나무 | 육십만 원 |"
    )


def test_excel(tmp_path: Path) -> None:
    sheets = {
        "벌통": [["Item", "Cost", None, "Note"], ["Hive", 120, None, "w " * 60], [], ["연기통", 30.5, None, None]],
        "Empty": [],
    }
    book = read(tmp_path, "2024-bees.xlsx", an_xlsx({name: list(rows) for name, rows in sheets.items()}))
    long = ("w " * 60).strip()
    assert (
        book.text == f"## 벌통\n\n| Item | Cost | Note |\n|---|---|---|\n| Hive | 120 | {long} |\n| 연기통 | 30.5 |  |"
    )
    assert book.title == "2024 bees" and "벌통: Item: 연기통; Cost: 30.5" in contexts(book)
    assert refusal(tmp_path, "none.xlsx", an_xlsx({"Sheet1": []})).code == "no_text"


def test_epub(tmp_path: Path) -> None:
    book = read(tmp_path, "salt.epub", an_epub(("One", "It begins at the sea."), ("Two", "It ends there.")))
    assert (book.title, book.happened_at, book.details["author"]) == ("The salt road", "2011-10-05", "Ines Quill")
    assert book.text == "# One\n\nIt begins at the sea.\n\n# Two\n\nIt ends there."


def locked(algorithm: str) -> dict[str, str]:
    return {
        "META-INF/encryption.xml": '<encryption xmlns:enc="http://www.w3.org/2001/04/xmlenc#"><enc:EncryptedData>'
        f'<enc:EncryptionMethod Algorithm="{algorithm}"/></enc:EncryptedData></encryption>'
    }


def test_epub_under_a_sellers_lock(tmp_path: Path) -> None:
    chapter = ("One", "It begins at the sea.")
    lock = locked("http://www.w3.org/2001/04/xmlenc#aes128-cbc")
    assert refusal(tmp_path, "sold.epub", an_epub(chapter, extra=lock)).code == "encrypted"
    fonts = locked("http://www.idpf.org/2008/embedding")
    assert read(tmp_path, "fonts.epub", an_epub(chapter, extra=fonts)).text.startswith("# One")


COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600)


@pytest.mark.parametrize(
    ("name", "data", "code"),
    [
        ("locked.docx", COMPOUND + "EncryptedPackage".encode("utf-16-le"), "encrypted"),
        ("old.docx", COMPOUND + "WordDocument".encode("utf-16-le"), "mislabelled"),
        ("deck.docx", a_pptx(), "mislabelled"),
        ("stuff.xlsx", zipped({"a.txt": "hello"}), "mislabelled"),
        ("half.docx", DOCX[:-40], "damaged"),
        ("bad.docx", zipped({"word/document.xml": "<w:document"}), "damaged"),
        ("bad.pptx", zipped({"ppt/presentation.xml": "<p/>"}), "damaged"),
        ("bad.xlsx", zipped({"xl/workbook.xml": "<p/>"}), "damaged"),
        ("bad.epub", zipped({"META-INF/container.xml": "<container/>"}), "damaged"),
        ("core.docx", zipped({"word/document.xml": "<w/>", "docProps/core.xml": "<!DOCTYPE"}), "damaged"),
        ("page.docx", PAGE.encode(), "mislabelled"),
    ],
)
def test_what_is_no_document(name: str, data: bytes, code: str, tmp_path: Path) -> None:
    assert refusal(tmp_path, name, data).code == code


def test_a_file_that_unpacks_without_end(tmp_path: Path) -> None:
    made = io.BytesIO(DOCX)
    with zipfile.ZipFile(made, "a", zipfile.ZIP_DEFLATED) as archive, archive.open("word/more.xml", "w") as part:
        for _ in range(300):
            part.write(bytes(1024 * 1024))
    error = refusal(tmp_path, "bomb.docx", made.getvalue())
    assert error.code == "too_large" and len(made.getvalue()) < 1024 * 1024


def test_damage_inside_is_always_said(tmp_path: Path) -> None:
    """One byte after another of the parts is spoilt; what comes is a document or a refusal by name."""
    for name, data in (("a.docx", DOCX), ("a.pptx", a_pptx()), ("a.xlsx", an_xlsx({"S": [["a", "b"], ["c", 1]]}))):
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = {part: archive.read(part) for part in archive.namelist()}
        for part in [part for part in parts if part.endswith((".xml", ".rels"))][:12]:
            for spoilt in (b"", b"<a/>", parts[part][: len(parts[part]) // 2], parts[part].replace(b"Id=", b"Ix=")):
                try:
                    read(tmp_path, name, zipped({**parts, part: spoilt}))
                except ReadError as error:
                    assert name in str(error)
