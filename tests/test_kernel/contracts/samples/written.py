"""What people write themselves: text, Markdown, PDF."""

from __future__ import annotations

import pymupdf


def a_pdf(*pages: str, password: str = "", title: str = "") -> bytes:
    """A real one."""
    with pymupdf.open() as document:
        for text in pages:
            document.new_page().insert_text((72, 72), text)
        document.set_metadata({"title": title} if title else {})
        if password:
            return document.tobytes(encryption=pymupdf.PDF_ENCRYPT_AES_256, user_pw=password, owner_pw=password)
        return document.tobytes()


GOOD = {
    "text": ("2024-07-06-packing.txt", b"Take the gazebo.\r\nAnd the cash tin.\r"),
    "markdown": (
        "walk.md",
        b"---\ntitle: A walk\ndate: 2024-07-06\ntags: [sea, dog]\n---\n# Other\nWe walked. #north\n",
    ),
    "pdf": ("manual.pdf", a_pdf("Keep the glue at 60 degrees.", "Rosin is the dog.", title="Workshop handbook")),
}
