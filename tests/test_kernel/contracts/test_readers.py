"""One contract for every reader: whole documents or a ``ReadError`` that names the file and the next step."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.abc import Document, Reading
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory import readers
from kernel.memory.chunks import to_memory
from kernel.memory.readers import READERS
from kernel.memory.sentences import split_sentences
from kernel.types import Note
from tests.test_kernel.contracts.samples.written import a_pdf

LIMITS = MemoryConfig()
SAMPLES = Path(__file__).parent / "samples"
GOOD: dict[str, tuple[str, bytes]] = {
    kind: sample
    for file in sorted(SAMPLES.glob("[a-z]*.py"))
    for kind, sample in importlib.import_module(f"tests.test_kernel.contracts.samples.{file.stem}").GOOD.items()
}
"""For each kind of reader a good file's name and bytes, made by the real tools."""
KINDS = {reader.kind: getattr(reader, "kinds", (reader.kind,)) for reader in READERS}
"""What its documents are: an archive's are what the readers of its members make of them."""


PLAIN = Reading()


def read_all(path: Path, reading: Reading = PLAIN) -> tuple[Document, ...]:
    return readers.read_file(path, reading, LIMITS)[1]


def read_one(path: Path, reading: Reading = PLAIN) -> Document:
    (document,) = read_all(path, reading)
    return document


def put(folder: Path, name: str, data: bytes) -> Path:
    path = folder / name
    path.write_bytes(data)
    return path


def test_every_reader_is_under_contract() -> None:
    assert {reader.kind for reader in READERS} == set(GOOD)


@pytest.mark.parametrize("kind", GOOD)
def test_a_good_file(kind: str, tmp_path: Path, whisper_models: Path) -> None:
    name, data = GOOD[kind]
    path = put(tmp_path, name, data)
    reading = Reading(models=str(whisper_models))
    documents = read_all(path, reading)
    assert documents and len({document.part for document in documents}) == len(documents), (
        "parts have names of their own"
    )
    for document in documents:
        assert document.kind in KINDS[kind] and document.title and document.happened_at
        assert "\r" not in document.text and document.text.strip()
        ends = [0]
        for segment in document.segments:
            assert ends[-1] <= segment.start < segment.end <= len(document.text), "segments follow one another"
            assert document.text[segment.start : segment.end].strip()
            ends.append(segment.end)
    assert documents == read_all(path, reading), "the same file gives the same documents"


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize(
    "data",
    [
        b"",
        b" \n\n ",
        b"\x00\x01\x02\xff" * 900,
        b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(64),
        b"PK\x03\x04" + bytes(99),
    ],
)
def test_bad_content(kind: str, data: bytes, tmp_path: Path) -> None:
    path = put(tmp_path, f"thing{Path(GOOD[kind][0]).suffix}", data)
    with pytest.raises(ReadError) as caught:
        read_all(path)
    assert caught.value.code in {"empty", "mislabelled", "damaged", "no_text", "unsupported"}
    assert path.name in str(caught.value)


@pytest.mark.parametrize("kind", GOOD)
@pytest.mark.parametrize("share", [0.15, 0.5, 0.9])
def test_cut_short(kind: str, share: float, tmp_path: Path) -> None:
    """A piece of a file is read for what it is (a text is still a text) or refused by name; nothing else happens."""
    name, data = GOOD[kind]
    path = put(tmp_path, name, data[: int(len(data) * share)])
    try:
        documents = read_all(path)
    except ReadError as error:
        assert path.name in str(error)
    else:
        assert all(document.text.strip() for document in documents)


def test_too_large_is_refused_before_it_is_read(tmp_path: Path) -> None:
    path = tmp_path / "huge.md"
    with path.open("wb") as file:
        file.truncate(50 * 1024 * 1024)
    with pytest.raises(ReadError, match=r"50\.0 MB; the limit is 8 MB.*memory\.max_text_mb") as caught:
        read_one(path)
    assert caught.value.code == "too_large"


def test_unsupported_says_what_is_read_today(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match=r"\.md.*\.pdf.*\.txt") as caught:
        read_one(put(tmp_path, "photo.heic", b"x"))
    assert caught.value.code == "unsupported"


def test_pdf(tmp_path: Path) -> None:
    document = read_one(put(tmp_path, *GOOD["pdf"]))
    assert document.origin == "other" and document.title == "Workshop handbook"
    pages = [document.text[page.start : page.end] for page in document.pages]
    assert pages == ["Keep the glue at 60 degrees.", "Rosin is the dog."]
    for data, code in ((a_pdf("secret", password="x"), "encrypted"), (a_pdf("", ""), "no_text")):
        with pytest.raises(ReadError) as caught:
            read_one(put(tmp_path, "bad.pdf", data))
        assert caught.value.code == code


@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        ("utf-8", "부산에서 살았다."),
        ("utf-8-sig", "Æbleskiver, søndag."),
        ("utf-16", "Grüße aus Köln, wo es regnet."),
        ("euc-kr", "안녕하세요. 저는 부산에서 바이올린을 배웠습니다. 지금은 서울에 삽니다."),
        ("cp1250", "Wczoraj pojechałem do Łodzi, żeby zobaczyć siostrę. Było zimno i padał śnieg."),
        ("cp1250", "Včera jsem byl u sestry v Třebíči. Žádné včely neletěly, bylo příliš chladno."),
        ("latin-1", "Vi åt blåbär på ön i går, och sedan åkte vi hem."),
        ("latin-1", "Día de fútbol en Málaga con mi hermano. Mañana vuelvo a casa en tren."),
    ],
)
def test_any_encoding(encoding: str, text: str, tmp_path: Path) -> None:
    assert read_one(put(tmp_path, "note.txt", text.encode(encoding))).text == text


def markdown(tmp_path: Path, text: str, name: str = "note.md") -> tuple[str | None, str, str, tuple[str, ...], str]:
    document = read_one(put(tmp_path, name, text.encode()))
    return document.happened_at, document.happened_from, document.title, document.tags, document.origin


def test_markdown_conventions(tmp_path: Path) -> None:
    name, data = GOOD["markdown"]
    document = read_one(put(tmp_path, name, data))
    assert (document.title, document.happened_at, document.happened_from) == ("A walk", "2024-07-06", "front_matter")
    assert document.tags == ("sea", "dog", "north") and document.text.startswith("# Other")
    assert markdown(tmp_path, "---\nsource: https://example.org\n---\nTheir words.")[4] == "other"
    assert markdown(tmp_path, "# Heart\nA stent.", "2023-03-12-heart.md")[:3] == ("2023-03-12", "file_name", "Heart")
    assert markdown(tmp_path, "Left on 4월 3일.", "2023-11-06-staff-meeting.md")[2] == "Staff meeting"
    assert markdown(tmp_path, "Born on 25 June 1979.")[:2] == ("1979-06-25", "text")
    assert markdown(tmp_path, "Nothing dated.")[1] == "mtime"
    assert markdown(tmp_path, "---\ntitle: Jam: a warning\n---\nIt burns.")[2] == "Jam: a warning"
    assert markdown(tmp_path, "---\ndate: 2024-13-45\n---\nIt burns.", "2024-01-02.md")[0] == "2024-01-02"
    with pytest.raises(ReadError, match="nothing below"):
        markdown(tmp_path, "---\ntitle: x\n---\n")


def contexts(text: str, title: str = "Bike") -> list[str]:
    return [piece.context for piece in split_sentences(text, title=title)]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (
            "Saw Dr. Ray at 6.30 p.m. on Monday. He paid 4.20 for it.",
            ["Saw Dr. Ray at 6.30 p.m. on Monday.", "He paid 4.20 for it."],
        ),
        (
            "I read J. K. Rowling, e.g. the first. No. 5 is the best!",
            ["I read J. K. Rowling, e.g. the first.", "No. 5 is the best!"],
        ),
        (
            '"Why?" she asked me twice. I said no. Then we left it.',
            ['"Why?" she asked me twice.', "Bike: I said no.", "Bike: Then we left it."],
        ),
        ("## Thursday\nStolen on Tuesday.", ["Thursday: Stolen on Tuesday."]),
        ("Stolen on Tuesday.", ["Bike: Stolen on Tuesday."]),
        ("Rent: 640\nMum: calls on Sundays", ["Bike: Rent: 640", "Bike: Mum: calls on Sundays"]),
        ("To bring:\n- lamp\n- [x] pump", ["To bring: lamp", "To bring: done: pump"]),
        ("- Kitchen\n  - paint the walls", ["Bike: Kitchen", "Kitchen: paint the walls"]),
        ("| Who | Age |\n|---|---|\n| Ada | 9 |", ["Bike: Who: Ada; Age: 9"]),
        ("I met [[Rosa Diaz|Rosa]] and **Tom** at [the pier](http://x.org).", ["I met Rosa and Tom at the pier."]),
        (
            "나는 2024년 3월에 이사했다. 지금은 부산에서 살고 있다.",
            ["나는 2024년 3월에 이사했다.", "지금은 부산에서 살고 있다."],
        ),
    ],
)
def test_sentences_stand_by_themselves(text: str, wanted: list[str]) -> None:
    assert contexts(text) == wanted


def test_quotations_are_others_words() -> None:
    pieces = split_sentences("I have decided.\n\n> You must choose a side. (Oddvar)\n\nI chose the dog instead.")
    assert [piece.origin for piece in pieces] == ["owner", "other", "owner"]


LINES = [
    "# Head",
    "- item one. Two!",
    "> quoted. words",
    "key: value",
    "",
    "| a | b |",
    "|---|---|",
    "```",
    "Dr. No",
    "\f",
]


@settings(max_examples=150, deadline=None)
@given(
    st.lists(
        st.one_of(
            st.sampled_from(LINES),
            st.text(max_size=80),
        ),
        max_size=12,
    ).map("\n".join)
)
def test_every_span_is_its_text(text: str) -> None:
    note = Note(
        id="n_000000000000",
        origin="owner",
        kind="markdown",
        title="T",
        text=text,
        happened_at=None,
        happened_from="unknown",
        learned_at="",
        source="",
        content_hash="",
        language="en",
    )
    memory = to_memory(note, 100)
    end = 0
    for sentence in memory.sentences:
        quoted = text[sentence.start : sentence.end]
        assert sentence.start >= end and quoted == quoted.strip() and quoted and sentence.context.strip()
        end = sentence.end
        chunk = next(chunk for chunk in memory.chunks if chunk.id == sentence.chunk_id)
        assert chunk.start <= sentence.start and sentence.end <= chunk.end
