"""Which way imports may point, read from the source: between packages, within the kernel, and no cycles."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("kernel", "server", "connectors")

ALLOWED_BETWEEN = {"kernel": {"kernel"}, "server": {"server", "kernel"}, "connectors": {"connectors", "kernel"}}

GROUND = {"types", "errors", "events", "files"}
SEAMS = GROUND | {"abc", "config", "frames", "worker"}
MEMORY = SEAMS | {"memory"}
INSIGHT = MEMORY | {"l0_insight"}
IDENTITY = INSIGHT | {"l1_identity"}
ALLOWED_IN_KERNEL = {
    "types": GROUND,
    "errors": GROUND,
    "events": GROUND,
    "files": GROUND,
    "abc": GROUND,
    "config": GROUND,
    "frames": GROUND | {"abc", "config"},
    "worker": SEAMS,
    "memory": MEMORY,
    "l0_insight": INSIGHT,
    "l1_identity": IDENTITY,
    "engine": SEAMS | {"engine"},
    "answer": MEMORY | {"answer"},
    "l2_training": IDENTITY | {"answer", "engine", "exam", "l2_training"},
    "exam": IDENTITY | {"answer", "exam"},
    "selves": SEAMS | {"engine", "l2_training", "selves"},
    "home": SEAMS | {"engine", "selves"},
    "pipeline": IDENTITY | {"l2_training", "engine", "answer", "exam", "selves"},
}
"""Rooms that are not named here (``mind`` and what comes above it) may use the whole kernel."""

HEAVY = {
    "torch", "transformers", "peft", "trl", "datasets", "llama_cpp", "spacy", "kiwipiepy", "sklearn", "scipy",
    "pymupdf", "fitz", "matplotlib", "igraph",
}  # fmt: skip


def module_of(file: Path) -> str:
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


SOURCES = {
    module_of(file): ast.parse(file.read_text("utf-8"))
    for package in PACKAGES
    for file in sorted((ROOT / package).rglob("*.py"))
}


def is_type_checking(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def imports_of(module: str, *, only_at_load: bool = False) -> set[str]:
    """Modules named in import statements; with ``only_at_load``, those that loading ``module`` runs."""
    found: set[str] = set()

    def visit(node: ast.AST) -> None:
        if only_at_load and (is_type_checking(node) or isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)):
            return
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}: relative import"
            assert node.module is not None
            names = {f"{node.module}.{alias.name}" for alias in node.names}
            found.update(names & SOURCES.keys() or {node.module})
        for child in ast.iter_child_nodes(node):
            visit(child)

    visit(SOURCES[module])
    return found


def room_of(module: str) -> str:
    return module.split(".")[1] if "." in module else ""


@pytest.mark.parametrize("package", PACKAGES)
def test_directions_between_the_packages(package: str) -> None:
    wrong = {
        f"{module} -> {name}"
        for module in SOURCES
        if module.split(".")[0] == package
        for name in imports_of(module)
        if name.split(".")[0] in PACKAGES and name.split(".")[0] not in ALLOWED_BETWEEN[package]
    }
    assert not wrong


@pytest.mark.parametrize("room", sorted(ALLOWED_IN_KERNEL))
def test_directions_within_the_kernel(room: str) -> None:
    wrong = {
        f"{module} -> {name}"
        for module in SOURCES
        if module.startswith("kernel.") and room_of(module) == room
        for name in imports_of(module, only_at_load=True)
        if name.startswith("kernel.") and room_of(name) not in ALLOWED_IN_KERNEL[room]
    }
    assert not wrong


def test_every_import_of_our_own_exists() -> None:
    wrong = {
        f"{module} -> {name}"
        for module in SOURCES
        for name in imports_of(module)
        if name.split(".")[0] in PACKAGES and name not in SOURCES
    }
    assert not wrong


def test_there_are_no_cycles() -> None:
    graph = {module: imports_of(module, only_at_load=True) & SOURCES.keys() for module in SOURCES}
    state: dict[str, str] = {}
    cycles: list[str] = []

    def visit(module: str, path: list[str]) -> None:
        state[module] = "open"
        for name in sorted(graph[module]):
            if state.get(name) == "open":
                cycles.append(" -> ".join([*path[path.index(name) :], name]))
            elif name not in state:
                visit(name, [*path, name])
        state[module] = "done"

    for module in sorted(graph):
        if module not in state:
            visit(module, [module])
    assert not cycles


def test_the_kernel_knows_no_web_and_no_environment() -> None:
    web = {"litestar", "uvicorn", "httpx", "click", "starlette", "fastapi"}
    wrong = []
    for module, tree in SOURCES.items():
        if not module.startswith("kernel"):
            continue
        # links are fetched in the one, a server that carries the weights is asked in the other; nothing else reaches out
        reaching = {"httpx"} if module in ("kernel.memory.web", "kernel.engine.wire") else set()
        wrong += [f"{module} -> {name}" for name in imports_of(module) if name.split(".")[0] in web - reaching]
        # a C library of a child can only be told by a variable: setting one that is not there is no reading
        set_only = {
            id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Attribute) and node.attr == "setdefault"
        }
        for node in ast.walk(tree):
            reads = isinstance(node, ast.Attribute) and node.attr in ("environ", "getenv", "getcwd")
            if reads and id(node) not in set_only:
                wrong.append(f"{module}:{node.lineno} {node.attr}")
    assert not wrong


def reached_from(start: set[str]) -> dict[str, str]:
    """Every module of ours that loading ``start`` loads, packages' ``__init__`` too, with the one that asked for it."""
    reached, waiting = {module: "" for module in start}, sorted(start)
    while waiting:
        module = waiting.pop()
        named = imports_of(module, only_at_load=True) & SOURCES.keys()
        parents = {".".join(name.split(".")[:at]) for name in {*named, module} for at in range(1, name.count(".") + 1)}
        for name in (named | parents) & SOURCES.keys():
            if name not in reached:
                reached[name] = module
                waiting.append(name)
    return reached


def test_nothing_heavy_can_be_loaded_by_the_server() -> None:
    """By the source, so that it holds for paths that a run does not take; ``test_process.py`` looks at a live one."""
    servers = {module for module in SOURCES if module.split(".")[0] in ("server", "connectors")}
    wrong = {
        f"{module} (through {asked}) -> {name}"
        for module, asked in reached_from(servers).items()
        for name in imports_of(module, only_at_load=True)
        if name.split(".")[0] in HEAVY
    }
    assert not wrong


def test_no_module_of_ours_hides_one_of_the_standard_library() -> None:
    assert not {package for package in PACKAGES if package in sys.stdlib_module_names}
