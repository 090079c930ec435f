"""Web pages, Office documents and books: made by the tools themselves where there is one, else part by part."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from html import escape

import openpyxl
import pptx

W = 'xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"'
R = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
TYPES = "http://schemas.openxmlformats.org/package/2006/content-types"
RELATIONS = "http://schemas.openxmlformats.org/package/2006/relationships"

PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Keeping bees | The Hive Post</title>
<meta property="og:site_name" content="The Hive Post"><meta name="author" content="Maren Holt">
<meta property="article:published_time" content="2024-05-03T08:30:00+02:00">
<link rel="canonical" href="https://hive.example.org/bees/keeping"></head><body>
<nav><ul><li><a href="/">Home</a></li><li><a href="/shop">Shop</a></li></ul></nav>
<article><h1>Keeping bees</h1>
<p>Bees need water close to the hive. They were kept by my <a href="/aunt">aunt Rosa</a> for twenty years,
and she wrote a <a href="https://books.example.org/bees">book</a> about it that nobody has read to its end.</p>
<h2>What you need</h2><ul><li>A hive</li><li>A <b>smoker</b> and gloves<ul><li>leather ones</li></ul></li></ul>
<blockquote><p>Never open a hive in the rain.</p></blockquote>
<table><tr><th>Thing</th><th>Price</th></tr><tr><td>Hive</td><td>120</td></tr><tr><td>Smoker</td><td>30</td></tr></table>
<p>It takes a whole spring to learn this, and then another summer to unlearn it again. Patience is not sold.</p>
</article><footer>Cookie settings <a href="/privacy">Privacy</a></footer></body></html>
"""


def zipped(parts: dict[str, str | bytes]) -> bytes:
    """The same bytes every time: parts of a fixed date."""
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in parts.items():
            archive.writestr(zipfile.ZipInfo(name, (2024, 1, 1, 0, 0, 0)), data, zipfile.ZIP_DEFLATED)
    return made.getvalue()


def core(title: str = "", creator: str = "", created: str = "") -> str:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><cp:coreProperties xmlns:dc="http://purl.org/dc/elements/1.1/" '
        'xmlns:cp="http://schemas.openxmlformats.org/package/2006/metadata/core-properties" '
        f'xmlns:dcterms="http://purl.org/dc/terms/"><dc:title>{escape(title)}</dc:title>'
        f"<dc:creator>{escape(creator)}</dc:creator><dcterms:created>{created}</dcterms:created></cp:coreProperties>"
    )


def paragraph(text: str, style: str = "") -> str:
    made = f'<w:pPr><w:pStyle w:val="{style}"/></w:pPr>' if style else ""
    return f'<w:p>{made}<w:r><w:t xml:space="preserve">{escape(text)}</w:t></w:r></w:p>'


def table(*rows: tuple[str, ...]) -> str:
    cells = ["".join(f"<w:tc>{paragraph(cell)}</w:tc>" for cell in row) for row in rows]
    return "<w:tbl>" + "".join(f"<w:tr>{row}</w:tr>" for row in cells) + "</w:tbl>"


def a_docx(body: str, *, relations: str = "", **properties: str) -> bytes:
    """A Word document, with the parts that Word itself would not do without."""
    styles = "".join(
        f'<w:style w:type="paragraph" w:styleId="{key}"><w:name w:val="{name}"/></w:style>'
        for key, name in (("a3", "Title"), ("1", "heading 1"), ("2", "heading 2"))  # the ids of a Korean Word
    )
    return zipped(
        {
            "[Content_Types].xml": f'<Types xmlns="{TYPES}"><Default Extension="rels" ContentType="application/vnd.'
            'openxmlformats-package.relationships+xml"/><Default Extension="xml" ContentType="application/xml"/>'
            '<Override PartName="/word/document.xml" ContentType="application/vnd.openxmlformats-officedocument.'
            'wordprocessingml.document.main+xml"/></Types>',
            "_rels/.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="r1" Type="{R}/officeDocument" '
            'Target="word/document.xml"/></Relationships>',
            "word/document.xml": f'<w:document {W} xmlns:r="{R}"><w:body>{body}</w:body></w:document>',
            "word/styles.xml": f"<w:styles {W}>{styles}</w:styles>",
            "word/_rels/document.xml.rels": f'<Relationships xmlns="{RELATIONS}"><Relationship Id="s" Type="{R}/styles" '
            f'Target="styles.xml"/>{relations}</Relationships>',
            "docProps/core.xml": core(**properties),
        }
    )


def a_pptx() -> bytes:
    """Two slides: one with a list and notes, one with a table."""
    deck = pptx.Presentation()
    deck.core_properties.title = "PowerPoint 프레젠테이션"
    deck.core_properties.author = "Maren Holt"
    deck.core_properties.created = dt.datetime(2023, 9, 1, 7, 30)  # noqa: DTZ001 - python-pptx takes it as UTC
    slide = deck.slides.add_slide(deck.slide_layouts[1])
    slide.shapes.title.text = "The orchard plan"
    slide.placeholders[1].text = "Plant six pear trees\ngraft them in the second spring"
    slide.notes_slide.notes_text_frame.text = "Say that Rosa pays for the trees."
    slide = deck.slides.add_slide(deck.slide_layouts[5])
    slide.shapes.title.text = "비용"
    cells = slide.shapes.add_table(2, 2, 0, pptx.util.Inches(3), 99, 99).table
    for place, text in (((0, 0), "항목"), ((0, 1), "가격"), ((1, 0), "배나무"), ((1, 1), "육십만 원")):
        cells.cell(*place).text = text
    made = io.BytesIO()
    deck.save(made)
    return made.getvalue()


def an_xlsx(sheets: dict[str, list[list[object]]]) -> bytes:
    book = openpyxl.Workbook()
    del book["Sheet"]
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    book.properties.created = dt.datetime(2022, 3, 4, 5, 6, 7)  # noqa: DTZ001 - openpyxl takes it as UTC
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def an_epub(*chapters: tuple[str, str], title: str = "The salt road", extra: dict[str, str] | None = None) -> bytes:
    names = [f"c{number}.xhtml" for number in range(len(chapters))]
    items = "".join(f'<item id="{name}" href="{name}" media-type="application/xhtml+xml"/>' for name in names)
    spine = "".join(f'<itemref idref="{name}"/>' for name in names)
    return zipped(
        {
            "mimetype": "application/epub+zip",
            "META-INF/container.xml": '<container xmlns="urn:oasis:names:tc:opendocument:xmlns:container" version="1.0">'
            '<rootfiles><rootfile full-path="OEBPS/book.opf" media-type="application/oebps-package+xml"/></rootfiles>'
            "</container>",
            "OEBPS/book.opf": '<package xmlns="http://www.idpf.org/2007/opf" version="3.0"><metadata '
            f'xmlns:dc="http://purl.org/dc/elements/1.1/"><dc:title>{escape(title)}</dc:title><dc:creator>Ines Quill'
            "</dc:creator><dc:language>en</dc:language><dc:date>2011-10-05</dc:date><dc:description>First line.\n\n"
            "Second line of it.</dc:description><dc:identifier>urn:x:1</dc:identifier></metadata><manifest>"
            f"{items}</manifest><spine>{spine}</spine></package>",
            **{
                f"OEBPS/{name}": f'<?xml version="1.0" encoding="utf-8"?><html xmlns="http://www.w3.org/1999/xhtml"><head>'
                f"<title>{escape(head)}</title></head><body><h1>{escape(head)}</h1><p>{escape(text)}</p></body></html>"
                for name, (head, text) in zip(names, chapters, strict=True)
            },
            **(extra or {}),
        }
    )


DOCX = a_docx(
    paragraph("Lease of the workshop", "a3")
    + paragraph("Terms", "1")
    + paragraph("The rent is 640 a month. It is paid to Oddvar Lund.")
    + table(("Room", "Use", "Keys"), ("Front", "Shop", "two"), ("Back", "Store", "one")),
    title="Lease of the workshop",
    creator="Oddvar Lund",
    created="2021-02-03T09:00:00Z",
)

GOOD = {
    "html": ("keeping.html", PAGE.encode()),
    "office": ("lease.docx", DOCX),
}
