"""The distribution: names that are ours alone, the command, and everything that belongs into the package."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OURS = {"kernel", "server", "connectors"}
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def test_no_other_distribution_claims_our_names() -> None:
    claimed = importlib.metadata.packages_distributions()
    others = {name: set(map(canonical, claimed.get(name, []))) - {"oneself"} for name in OURS}
    assert not any(others.values()), others


def test_our_packages_come_from_here() -> None:
    for name in OURS:
        spec = importlib.util.find_spec(name)
        assert spec is not None and spec.origin is not None
        assert Path(spec.origin).is_relative_to(ROOT), spec.origin


def test_the_command_exists_and_can_be_loaded() -> None:
    assert PROJECT["project"]["scripts"]["oneself"] == "server.cli:main"
    module, _, name = PROJECT["project"]["scripts"]["oneself"].partition(":")
    assert callable(getattr(importlib.import_module(module), name))


def test_the_installed_command_is_ours() -> None:
    try:
        importlib.metadata.distribution("oneself")
    except importlib.metadata.PackageNotFoundError:
        pytest.skip("run from a tree that is not installed; scripts/setup installs it")
    found = importlib.metadata.entry_points(group="console_scripts", name="oneself")
    assert {entry.value for entry in found} == {"server.cli:main"}


def test_every_data_file_is_packaged() -> None:
    """Data beside the kernel's code must be matched by ``package-data``, or an installed Oneself lacks it."""
    suffixes = {Path(pattern).suffix for pattern in PROJECT["tool"]["setuptools"]["package-data"]["kernel"]}
    data = {file for file in (ROOT / "kernel").rglob("*") if file.is_file() and "__pycache__" not in file.parts}
    left_out = {str(file.relative_to(ROOT)) for file in data if file.suffix not in suffixes | {".py"}}
    assert not left_out


def test_every_package_folder_is_a_package() -> None:
    folders = {file.parent for package in OURS for file in (ROOT / package).rglob("*.py")}
    assert not {str(folder.relative_to(ROOT)) for folder in folders if not (folder / "__init__.py").exists()}
