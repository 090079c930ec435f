"""Only whole characters, and no part of a stop string, however the bytes fall."""

from hypothesis import given
from hypothesis import strategies as st

from kernel.engine.text import TextStream


def feed_all(stream: TextStream, data: bytes, sizes: list[int]) -> tuple[list[str], str]:
    pieces = []
    position = 0
    for size in [*sizes, len(data)]:
        pieces.append(stream.feed(data[position : position + size]))
        position += size
    return pieces, "".join(pieces) + stream.end()


@given(st.text(max_size=60), st.lists(st.integers(1, 5), max_size=40))
def test_without_stop_strings_the_text_is_the_bytes(text: str, sizes: list[int]) -> None:
    text = text.encode("utf-8", "replace").decode()
    pieces, whole = feed_all(TextStream(), text.encode(), sizes)
    assert whole == text
    assert not any("�" in piece for piece in pieces) or "�" in text


@given(
    st.text(alphabet="ab한 ", max_size=40),
    st.lists(st.text(alphabet="ab한 ", min_size=1, max_size=4), min_size=1, max_size=3),
    st.lists(st.integers(1, 5), max_size=40),
)
def test_a_stop_string_is_never_sent_and_ends_the_text_where_it_begins(
    text: str, stop: list[str], sizes: list[int]
) -> None:
    stream = TextStream(stop)
    _, whole = feed_all(stream, text.encode(), sizes)
    assert text.startswith(whole)
    assert not any(word in whole for word in stop)
    assert stream.stopped == any(word in text for word in stop)
    if not stream.stopped:
        assert whole == text


def test_what_could_become_a_stop_string_waits_and_goes_out_once_it_cannot() -> None:
    stream = TextStream(["\nUser:"])
    assert stream.feed(b"Hello\nUs") == "Hello"
    assert stream.feed(b"ually") == "\nUsually"
    assert stream.feed(b" so\nUser") == " so"
    assert stream.feed(b": hi") == ""
    assert stream.stopped
    assert stream.feed(b"more") == "" and stream.end() == ""


def test_an_unfinished_character_at_the_end_is_dropped() -> None:
    stream = TextStream()
    assert stream.feed("가나".encode()[:4]) == "가"
    assert stream.end() == ""
