"""What every test gets: nothing leaves the machine, no setting of the developer's leaks in, a home folder of its own.

``paths`` is a fresh home folder with the starter models in it; ``home`` is the same, initialised. The models are made
once a session and hard-linked, so a test that damages one must remove the file and write another in its place.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from kernel.config import Paths
from kernel.engine.starter import install_starter, verify
from kernel.home import init_home

OWNER = "Robin Vale"
"""The owner's name in ``home``."""


class LeftTheMachine(AssertionError):
    """A test tried to talk to another machine; what it lacks is a fake."""


def pytest_configure() -> None:
    """Child processes are not reached by the guard below: they are told by their environment to stay offline."""
    nowhere = "http://127.0.0.1:9"
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        os.environ[name] = os.environ[name.upper()] = nowhere
    os.environ["no_proxy"] = os.environ["NO_PROXY"] = "127.0.0.1,localhost,::1"
    os.environ["HF_HUB_OFFLINE"] = os.environ["TRANSFORMERS_OFFLINE"] = "1"


@pytest.fixture(autouse=True, scope="session")
def _stay_on_this_machine() -> Iterator[None]:
    """Refuse names and connections beyond loopback, in this process."""
    with pytest.MonkeyPatch.context() as patch:
        for method in ("connect", "connect_ex", "sendto"):
            patch.setattr(socket.socket, method, _guarded(getattr(socket.socket, method)))
        patch.setattr(socket, "getaddrinfo", _guarded_lookup(socket.getaddrinfo))
        yield


@pytest.fixture(autouse=True)
def _no_settings_from_outside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands and servers that are told nothing use the test's own home, never the developer's."""
    for name in [name for name in os.environ if name.startswith("ONESELF_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ONESELF_HOME", str(tmp_path / "home"))


@pytest.fixture(scope="session")
def starter_models(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the starter models and their manifest, as ``oneself init`` writes them. Read only."""
    paths = Paths(tmp_path_factory.mktemp("starter"))
    install_starter(paths)
    yield paths.models
    verify(paths)  # a test that wrote into a linked file has spoilt it for all others


@pytest.fixture
def paths(tmp_path: Path, starter_models: Path) -> Paths:
    """A home folder that holds the starter models and nothing else yet."""
    made = Paths(tmp_path / "home")
    made.models.mkdir(parents=True)
    for file in starter_models.iterdir():
        _link(file, made.models / file.name)
    return made


@pytest.fixture
def home(tmp_path: Path, starter_models: Path) -> Paths:
    """An initialised home: key, settings with the owner's name, models, self 0000."""
    made = Paths(tmp_path / "home")
    made.models.mkdir(parents=True)
    made.lock.touch()  # how a begun home looks to init
    for file in starter_models.iterdir():
        _link(file, made.models / file.name)
    init_home(made, name=OWNER)
    return made


def _link(file: Path, target: Path) -> None:
    try:
        target.hardlink_to(file)
    except OSError:  # another file system, or one without links
        shutil.copyfile(file, target)


def _guarded(method: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(self: socket.socket, *arguments: Any) -> Any:
        address = arguments[-1]
        if self.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
            raise LeftTheMachine(f"a test tried to reach {address[0]}")
        return method(self, *arguments)

    return guarded


def _guarded_lookup(lookup: Callable[..., Any]) -> Callable[..., Any]:
    def guarded(host: Any, *arguments: Any, **named: Any) -> Any:
        if host and not _is_local(host.decode() if isinstance(host, bytes) else host):
            raise LeftTheMachine(f"a test tried to look up {host!r}")
        return lookup(host, *arguments, **named)

    return guarded


def _is_local(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host.partition("%")[0])
    except ValueError:
        return host == "localhost"
    return address.is_loopback or address.is_unspecified
