"""Fetching links: from a real server on this machine, which only a test's own rule allows."""

from __future__ import annotations

import asyncio
import gzip
import os
import shutil
import socket
import ssl
import subprocess
import time
from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest

from kernel.abc import Reading
from kernel.config import MemoryConfig
from kernel.errors import ReadError
from kernel.memory.addresses import is_public
from kernel.memory.readers import read_file
from kernel.memory.web import IP, MAX_REDIRECTS, Fetched, fetch, look_up
from tests.test_kernel.memory.websites import PAGE, Site

LOOPBACK = ip_address("127.0.0.1")
MB = 1024 * 1024
QUICK = MemoryConfig(max_link_mb=1, link_seconds=5.0)


@pytest.fixture
def site() -> Iterator[Site]:
    made = Site()
    yield made
    made.server.shutdown()
    made.server.server_close()


def only_loopback(address: IP) -> bool:
    return address == LOOPBACK


async def get(url: str, folder: Path, limits: MemoryConfig = QUICK) -> Fetched:
    return await fetch(url, folder, limits, allow=only_loopback)


async def refused(url: str, folder: Path, limits: MemoryConfig = QUICK) -> ReadError:
    with pytest.raises(ReadError) as caught:
        await get(url, folder, limits)
    assert not list(folder.glob("*.*")), "nothing half is kept"
    return caught.value


# --- what comes -------------------------------------------------------------------------------------------------------


async def test_a_page_is_kept_and_can_be_read(site: Site, tmp_path: Path) -> None:
    found = await get(site.put("/on-tea?id=1") + "#top", tmp_path / "new")
    assert found.path == tmp_path / "new" / "on-tea.html" and found.content_type == "text/html"
    assert found.url == f"{site.url}/on-tea?id=1"
    (document,) = read_file(found.path, Reading(), QUICK)[1]
    assert (document.title, document.text, document.origin) == ("Tea", "The pot is warm.", "other")
    again = await get(site.url + "/on-tea", tmp_path / "new")
    assert again.path.name == "on-tea-2.html", "what is there is never written over"


async def test_nothing_is_told_but_the_address(site: Site, tmp_path: Path) -> None:
    site.put("/a", b"", status=302, Location="/b", Set_Cookie="who=robin; Path=/")
    site.put("/b")
    await get(site.url + "/a", tmp_path)
    assert [path for path, _ in site.asked] == ["/a", "/b"]
    for _, headers in site.asked:
        assert headers.pop("user-agent") == "Oneself" and headers.pop("host") == f"127.0.0.1:{site.port}"
        assert set(headers) == {"accept", "accept-encoding"}


@pytest.mark.parametrize(
    ("path", "kind", "body", "name"),
    [
        ("/", "text/html; charset=utf-8", PAGE, "127.0.0.1.html"),
        ("/a/Tea%20%26%20Pots.php", "application/xhtml+xml", PAGE, "Tea-Pots.php.html"),
        ("/%EC%B0%A8.pdf", "application/pdf", b"%PDF-1.7", "차.pdf"),
        ("/readme.md", "text/plain", "# Tea", "readme.md"),
        ("/tea", "text/plain", "Tea", "tea.txt"),
        ("/tea.php", "text/markdown", "# Tea", "tea.php.md"),
        ("/tea.jpeg", "image/jpeg", b"\xff\xd8\xff", "tea.jpg"),
        ("/tea", "audio/mpeg", b"ID3", "tea.mp3"),
        ("/tea.docx", "application/octet-stream", b"PK\x03\x04", "tea.docx"),
        ("/tea", "", b"<!-- x --><!doctype HTML><p>Tea", "tea.html"),
        ("/..%2f..%2fetc%2fpasswd", "text/plain", "x", "passwd.txt"),
        ("/..%5c..%5c.ssh", "text/plain", "x", "ssh.txt"),
        ("/" + "%EC%B0%A8" * 200, "text/plain", "x", "차" * 26 + ".txt"),
    ],
)
async def test_names(path: str, kind: str, body: str | bytes, name: str, site: Site, tmp_path: Path) -> None:
    found = await get(site.put(path, body, kind), tmp_path)
    assert found.path == tmp_path / name
    assert found.path.read_bytes() == (body.encode() if isinstance(body, str) else body)


async def test_an_encoding_that_only_the_server_knows(site: Site, tmp_path: Path) -> None:
    body = "<p>부산에서 바이올린을 배웠다.</p>".encode("cp949")
    found = await get(site.put("/k", body, "text/html; charset=EUC-KR"), tmp_path)
    assert read_file(found.path, Reading(), QUICK)[1][0].text == "부산에서 바이올린을 배웠다."
    lied = await get(site.put("/u", "<p>부산</p>", "text/html; charset=iso-8859-1"), tmp_path)
    assert lied.path.read_text("utf-8") == "<p>부산</p>"


async def test_packed_bodies(site: Site, tmp_path: Path) -> None:
    text = "tea " * 100_000
    packed = gzip.compress(text.encode())
    found = await get(site.put("/a", packed, "text/plain", Content_Encoding="gzip"), tmp_path)
    assert found.path.read_text("utf-8") == text
    half = await refused(site.put("/b", packed[:-20], "text/plain", Content_Encoding="gzip"), tmp_path / "b")
    assert half.code == "unreachable" and "broke off" in str(half)
    other = await refused(site.put("/c", b"x", "text/plain", Content_Encoding="br"), tmp_path / "c")
    assert other.code == "unreachable" and "br" in str(other)


# --- what does not come -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host", ["127.0.0.1", "localhost", "127.1", "0x7f000001", "2130706433", "[::1]", "[::ffff:127.0.0.1]", "0.0.0.0"]
)
async def test_this_machine_is_refused_however_it_is_written(host: str, site: Site, tmp_path: Path) -> None:
    site.put("/")
    with pytest.raises(ReadError, match="private network") as caught:
        await fetch(f"http://{host}:{site.port}/", tmp_path, QUICK)
    assert caught.value.code == "refused_address" and not site.asked


@pytest.mark.parametrize(
    "address",
    [
        *("0.0.0.0", "10.1.2.3", "100.64.0.1", "100.100.100.200", "127.8.8.8", "169.254.169.254", "172.31.0.1"),
        *("168.63.129.16", "192.0.0.192", "192.0.2.1", "192.168.1.1", "198.18.0.1", "198.51.100.1", "203.0.113.9"),
        *("224.0.0.1", "239.1.1.1", "240.0.0.1", "255.255.255.255", "::", "::1", "::127.0.0.1", "::ffff:10.0.0.1"),
        *("::ffff:8.8.8.8", "64:ff9b::a00:1", "64:ff9b:1::1", "100::1", "2001::1", "2001:db8::1", "2002:a00:1::1"),
        *("fc00::1", "fd00:ec2::254", "fe80::1", "fec0::1", "ff02::1", "3fff::1", "5f00::1", "2606:4700::1%eth0"),
    ],
)
def test_addresses_that_are_not_public(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize("address", ["1.1.1.1", "93.184.216.34", "172.32.0.1", "100.128.0.1", "2606:4700::1111"])
def test_addresses_that_are_public(address: str) -> None:
    assert is_public(ip_address(address))


async def test_one_private_address_among_public_ones_is_enough(site: Site, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[IP]:
        return [LOOPBACK, IPv4Address("10.0.0.7")]

    site.put("/")
    with pytest.raises(ReadError, match="private network"):
        await fetch(f"http://tea.example:{site.port}/", tmp_path, QUICK, allow=only_loopback, resolve=resolve)
    assert not site.asked


@pytest.mark.parametrize(
    ("target", "code"),
    [
        ("http://169.254.169.254/latest/meta-data/", "refused_address"),
        ("//10.0.0.1/", "refused_address"),
        ("http://[::ffff:a9fe:a9fe]/", "refused_address"),
        ("file:///etc/passwd", "refused_address"),
        ("http://robin:hunter2@127.0.0.1/", "refused_address"),
        ("http://[", "refused_address"),
    ],
)
async def test_redirects_are_judged_like_links(target: str, code: str, site: Site, tmp_path: Path) -> None:
    error = await refused(site.put("/go", b"", status=301, Location=target), tmp_path)
    assert error.code == code and "hunter2" not in str(error)
    assert len(site.asked) == 1


async def test_redirects_end(site: Site, tmp_path: Path) -> None:
    site.put("/5", PAGE)
    for n in range(5):
        site.put(f"/{n}", b"", status=307, Location=str(n + 1))
    found = await get(site.url + "/0", tmp_path / "five")
    assert found.url == site.url + "/5" and len(site.asked) == MAX_REDIRECTS + 1
    error = await refused(site.put("/round", b"", status=302, Location="/round"), tmp_path)
    assert error.code == "unreachable" and f"more than {MAX_REDIRECTS} times" in str(error)


async def test_the_connection_is_made_to_the_address_that_was_judged(site: Site, tmp_path: Path) -> None:
    """A name whose server answers well once and with a private address ever after (DNS rebinding)."""
    asked: list[str] = []

    async def resolve(host: str, port: int) -> list[IP]:
        asked.append(host)
        return [LOOPBACK] if len(asked) == 1 else [ip_address("10.0.0.7")]

    site.put("/")
    url = f"http://rebind.example:{site.port}/"
    found = await fetch(url, tmp_path, QUICK, allow=only_loopback, resolve=resolve)
    assert asked == ["rebind.example"], "looked up once, by us; whoever connects is given the address"
    assert found.url == url and site.asked[0][1]["host"] == f"rebind.example:{site.port}"
    with pytest.raises(ReadError, match="private network"):
        await fetch(url, tmp_path, QUICK, allow=only_loopback, resolve=resolve)


async def test_the_next_address_is_tried(site: Site, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[IP]:
        return [ip_address("127.0.0.9"), IPv6Address("::1"), LOOPBACK]  # nobody listens on the first two

    site.put("/")
    found = await fetch(
        f"http://tea.example:{site.port}/", tmp_path, QUICK, allow=lambda address: address.is_loopback, resolve=resolve
    )
    assert found.path.exists()


async def test_large_bodies_are_given_up_on(site: Site, tmp_path: Path) -> None:
    stopped = time.monotonic()
    for url in (
        site.put("/declared", b"x" * (MB + 1), "text/plain"),
        site.endless("/silent", b"x" * 65536),
        site.endless("/zipped", gzip.compress(bytes(64 * MB)), Content_Encoding="gzip"),
    ):
        error = await refused(url, tmp_path)
        assert error.code == "too_large" and url in str(error) and "memory.max_link_mb" in str(error)
    assert time.monotonic() - stopped < 4
    exact = await get(site.put("/exact", b"x" * MB, "text/plain"), tmp_path)
    assert exact.path.stat().st_size == MB


async def test_slow_bodies_are_given_up_on(site: Site, tmp_path: Path) -> None:
    limits = MemoryConfig(link_seconds=0.6)
    began = time.monotonic()
    error = await refused(site.endless("/drip", b"x", pause=0.05), tmp_path, limits)
    assert error.code == "timeout" and "0.6 seconds" in str(error) and "memory.link_seconds" in str(error)
    assert time.monotonic() - began < 2


async def test_slow_lookups_are_given_up_on(tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[IP]:
        await asyncio.sleep(30)
        return [LOOPBACK]

    with pytest.raises(ReadError) as caught:
        await fetch("http://tea.example/", tmp_path, MemoryConfig(link_seconds=0.2), resolve=resolve)
    assert caught.value.code == "timeout"


@pytest.mark.parametrize(
    ("status", "words"), [(404, "not there"), (403, "save the page"), (503, "later"), (304, "Check"), (302, "Check")]
)
async def test_other_answers_are_named(status: int, words: str, site: Site, tmp_path: Path) -> None:
    error = await refused(site.put("/tea?key=hunter2", b"", status=status), tmp_path)
    assert error.code == f"http_{status}" and words in str(error)
    assert f"{site.url}/tea answered {status}" in str(error) and "hunter2" not in str(error)


async def test_what_is_nothing(site: Site, tmp_path: Path) -> None:
    assert (await refused(site.put("/a", b" \n"), tmp_path)).code == "empty"
    assert (await refused(site.put("/b", b"x", "application/x-tar"), tmp_path)).code == "unsupported"
    assert (await refused(site.put("/c", b"\x00\x01", ""), tmp_path)).code == "unsupported"
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    assert (await refused(f"http://127.0.0.1:{port}/", tmp_path)).code == "unreachable"

    async def unknown(host: str, port: int) -> list[IP]:
        raise socket.gaierror(-2, "Name or service not known")

    with pytest.raises(ReadError, match=r"http://tea\.example/ cannot be reached: its host is not known"):
        await fetch("http://tea.example/", tmp_path, QUICK, resolve=unknown)


@pytest.mark.parametrize(
    "url",
    [
        *("http://robin:hunter2@tea.example/", "https://hunter2@tea.example/", "http://robin:hunter2?x@tea.example/"),
        *(
            "http://robin:hunter2/x@tea.example/",
            "http://robin:hunter2:@[::1/",
            "file:///etc/hosts",
            "ftp://tea.example",
        ),
        *(
            "tea.example",
            "javascript:alert(1)",
            "http://",
            "http:///tea",
            "",
            "http://te%20a.example/",
            "http://tea.example:99999/",
            "http://a\x00b/",
        ),
    ],
)
async def test_what_is_no_link(url: str, tmp_path: Path) -> None:
    async def resolve(host: str, port: int) -> list[IP]:
        raise AssertionError("looked up")

    with pytest.raises(ReadError) as caught:
        await fetch(url, tmp_path, QUICK, resolve=resolve)
    assert caught.value.code == "refused_address"
    assert "hunter2" not in str(caught.value) and "robin" not in str(caught.value)


# --- TLS --------------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate and its key for ``tea.example``."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl makes the certificate")
    path = tmp_path_factory.mktemp("tls") / "tea.pem"
    subject = "-subj /CN=tea.example -addext subjectAltName=DNS:tea.example"
    command = f"req -x509 -newkey rsa:2048 -nodes -days 2 {subject} -keyout tea.pem -out tea.pem.crt"
    subprocess.run([openssl, *command.split()], cwd=path.parent, check=True, capture_output=True)
    path.write_bytes(path.read_bytes() + Path(f"{path}.crt").read_bytes())
    return path


async def test_a_certificate_must_be_for_the_name(
    certificate: Path, site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    names: list[str | None] = []
    context.sni_callback = lambda connection, name, _: names.append(name)
    site.server.socket = context.wrap_socket(site.server.socket, server_side=True)
    site.put("/")

    async def resolve(host: str, port: int) -> list[IP]:
        return [LOOPBACK]

    async def over_tls(host: str) -> Fetched:
        url = f"https://{host}:{site.port}/"
        return await fetch(url, tmp_path, QUICK, allow=only_loopback, resolve=resolve)

    with pytest.raises(ReadError, match="certificate"):
        await over_tls("tea.example")  # nobody vouches for it
    monkeypatch.setenv("SSL_CERT_FILE", f"{certificate}.crt")
    assert (await over_tls("tea.example")).path.exists()
    with pytest.raises(ReadError, match="certificate"):
        await over_tls("coffee.example")
    assert names == ["tea.example", "tea.example", "coffee.example"]
    assert site.asked[0][1]["host"] == f"tea.example:{site.port}"


async def test_a_name_is_looked_up_with_all_its_addresses() -> None:
    assert LOOPBACK in await look_up("localhost", 80)
    assert os.environ["http_proxy"], "there is a proxy in the environment of every test here, and none was used"
