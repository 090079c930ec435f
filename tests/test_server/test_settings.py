"""Settings from file and environment; what is misspelt or ill-typed is refused by name."""

from __future__ import annotations

from pathlib import Path

import pytest

from kernel.config import KernelConfig, Paths
from kernel.errors import HomeError, WrongUse
from server.settings import Settings, home_from, load_settings, sections


def test_defaults_are_a_kernels_config_and_listen_on_loopback(paths: Paths) -> None:
    settings = load_settings(paths, {})
    assert isinstance(settings, KernelConfig) and settings == Settings()
    assert (settings.server.host, settings.server.port, settings.server.allowed_origins) == ("127.0.0.1", 8000, ())


def test_the_environment_wins_over_the_file(paths: Paths) -> None:
    paths.settings.write_text('[owner]\nname = "Noor"\n[server]\nport = 9000\ndrain_seconds = 2\n')
    environment = {
        "ONESELF_SERVER_PORT": "9001",
        "ONESELF_SERVER_ALLOWED_ORIGINS": "https://a.example, http://localhost:3000",
        "ONESELF_TRAINING_LEARNING_RATE": "1e-3",
        "ONESELF_MEMORY_CHUNK_CHARACTERS": "900",
        "ONESELF_HOME": "/elsewhere",
        "PATH": "/bin",
    }
    settings = load_settings(paths, environment)
    assert (settings.owner.name, settings.server.port, settings.server.drain_seconds) == ("Noor", 9001, 2.0)
    assert settings.server.allowed_origins == ("https://a.example", "http://localhost:3000")
    assert (settings.training.learning_rate, settings.memory.chunk_characters) == (1e-3, 900)


@pytest.mark.parametrize("section_and_name", [f"{s}.{n}" for s, names in sections().items() for n in names])
def test_every_setting_can_be_given_in_the_environment(paths: Paths, section_and_name: str) -> None:
    section, name = section_and_name.split(".")
    value = getattr(getattr(Settings(), section), name)
    given = ",".join(value) if isinstance(value, tuple) else str(value) or "x"
    given = given if section_and_name != "server.host" else "127.0.0.2"
    load_settings(paths, {f"ONESELF_{section}_{name}".upper(): given})


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("[sever]\nport = 1\n", r"\[sever\].*did you mean 'server'"),
        ("[server]\nprot = 1\n", r"\[server\] has no setting 'prot'.*did you mean 'port'"),
        ("port = 1\n", "port"),
        ("server = 1\n", r"\[server\] must be a section"),
        ('[server]\nport = "many"\n', r"server\.port"),
        ("[server]\nport = 70000\n", r"server\.port"),
        ("[server]\nmax_upload_mb = 0\n", r"server\.max_upload_mb"),
        ('[server]\nallowed_origins = ["*"]\n', r"allowed_origins.*'\*'"),
        ('[server]\nallowed_origins = ["https://a.example/page"]\n', "allowed_origins"),
        ('[memory]\nchunk_characters = "x"\n', r"memory\.chunk_characters"),
    ],
)
def test_what_is_wrong_in_the_file_is_named(paths: Paths, text: str, named: str) -> None:
    paths.settings.write_text(text)
    with pytest.raises(WrongUse, match=named):
        load_settings(paths, {})


@pytest.mark.parametrize(
    ("variable", "value", "named"),
    [
        ("ONESELF_SERVER_PROT", "1", "ONESELF_SERVER_PROT.*ONESELF_SERVER_PORT"),
        ("ONESELF_PORT", "1", "ONESELF_PORT"),
        ("ONESELF_SERVER_PORT", "many", "ONESELF_SERVER_PORT"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(paths: Paths, variable: str, value: str, named: str) -> None:
    with pytest.raises(WrongUse, match=named):
        load_settings(paths, {variable: value})


def test_a_file_that_is_not_toml(paths: Paths) -> None:
    paths.settings.write_text("[server\n")
    with pytest.raises(HomeError, match="not valid TOML"):
        load_settings(paths, {})


def test_where_the_home_is(tmp_path: Path) -> None:
    assert home_from(tmp_path, {"ONESELF_HOME": "/x"}).home == tmp_path
    assert home_from(None, {"ONESELF_HOME": str(tmp_path)}).home == tmp_path
    assert home_from(None, {}).home == Path.home() / ".oneself"
    assert home_from("~/self", {}).home == Path.home() / "self"
