"""``ontology.toml``: the shipped one, and over it the owner's."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import msgspec

from kernel.errors import WrongUse
from kernel.l1_identity.graph.structs import RELATED, EntityKind, Ontology, RelationKind

FILE = "ontology.toml"
_SHIPPED = Path(__file__).with_name(FILE)
_NEEDED = ("person", "place", "organisation", "thing", "concept")
_NAME = re.compile(r"[a-z][a-z0-9_]*")
_Kind = TypeVar("_Kind", EntityKind, RelationKind)


def load_ontology(home: Path | None) -> Ontology:
    """The shipped ontology with what ``home/ontology.toml`` changes; an absent file changes nothing.

    Raises ``WrongUse`` naming file, line and key of what cannot be used.
    """
    types, relations, ignore = _read(_SHIPPED)
    own = home / FILE if home else None
    if own is not None and own.exists():
        more_types, more_relations, more = _read(own)
        types, relations, ignore = types | more_types, relations | more_relations, ignore | more
    made = Ontology(
        types=tuple(kind for _, kind in sorted(types.items()) if kind is not None),
        relations=tuple(kind for _, kind in sorted(relations.items()) if kind is not None),
        ignore=tuple(sorted(ignore)),
    )
    _check(made, own if own is not None and own.exists() else _SHIPPED)
    return made


def _read(path: Path) -> tuple[dict[str, EntityKind | None], dict[str, RelationKind | None], set[str]]:
    """``None`` for what is switched off."""
    try:
        text = path.read_text("utf-8")
        data = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise WrongUse(f"{path} is not valid TOML ({error}). Mend or remove it.", code="ontology") from error
    for key in data.keys() - {"types", "relations", "ignore"}:
        raise _wrong(path, text, (key,), "is not known here. There are types, relations and ignore.")
    ignore = data.get("ignore", [])
    if not isinstance(ignore, list) or not all(isinstance(word, str) for word in ignore):
        raise _wrong(path, text, ("ignore",), 'must be a list of words, as ignore = ["diary", "list"].')
    types = _kinds(path, text, data, "types", EntityKind)
    return types, _kinds(path, text, data, "relations", RelationKind), set(ignore)


def _kinds(path: Path, text: str, data: Mapping[str, Any], section: str, kind: type[_Kind]) -> dict[str, _Kind | None]:
    listed = data.get(section, {})
    if not isinstance(listed, dict):
        raise _wrong(path, text, (section,), f"must be written as [{section}.NAME].")
    found: dict[str, _Kind | None] = {}
    for name, body in listed.items():
        if not _NAME.fullmatch(name) or (section == "relations" and name == RELATED):
            raise _wrong(
                path, text, (section, name), "cannot be a name. Use small letters, digits and _ (not related)."
            )
        if not isinstance(body, dict):
            raise _wrong(path, text, (section, name), f"must be written as [{section}.{name}].")
        fields = set(kind.__struct_fields__) - {"name"} | {"off"}
        for key in body.keys() - fields:
            raise _wrong(path, text, (section, name, key), f"is not known here. There are {', '.join(sorted(fields))}.")
        off = body.get("off", False)
        if not isinstance(off, bool):
            raise _wrong(path, text, (section, name, "off"), "must be true or false.")
        given = {key: value for key, value in body.items() if key != "off"}
        try:
            found[name] = None if off else msgspec.convert(given | {"name": name}, kind)
        except msgspec.ValidationError as error:
            key = (re.findall(r"\$\.(\w+)", str(error)) or [""])[0]
            why = re.sub(r" - at `.*", "", str(error)).replace("`", "").replace("array", "list").replace("str", "text")
            raise _wrong(path, text, (section, name, key), f"is wrong: {why}. Put it right or take it out.") from error
    return found


def _check(ontology: Ontology, path: Path) -> None:
    text = path.read_text("utf-8")
    types = {kind.name for kind in ontology.types}
    for name in _NEEDED:
        if name not in types:
            raise _wrong(path, text, ("types", name), "is needed and cannot be off. Take that line out.")
    for relation in ontology.relations:
        for key, named in (("source", relation.source), ("target", relation.target)):
            for one in named:
                if one not in types:
                    why = f"names a type {one!r} that there is none of. Add [types.{one}], or use {', '.join(sorted(types))}."
                    raise _wrong(path, text, ("relations", relation.name, key), why)


def _wrong(path: Path, text: str, keys: tuple[str, ...], why: str) -> WrongUse:
    line = _line(text, keys)
    where = ".".join(key for key in keys if key)
    return WrongUse(f"{path}{f', line {line}' if line else ''}: {where} {why}", code="ontology")


def _line(text: str, keys: tuple[str, ...]) -> int:
    """Number of the line that a key stands on, or its table, from 1; 0 where neither is found."""
    lines = text.splitlines()
    table = ".".join(keys[:2]) if keys[0] != "ignore" else ""
    header = next((n for n, line in enumerate(lines) if re.match(rf"\s*\[\s*{re.escape(table)}\s*\]", line)), None)
    if len(keys) > 2 and header is not None:
        for number in range(header + 1, len(lines)):
            if lines[number].lstrip().startswith("["):
                break
            if re.match(rf"\s*{re.escape(keys[2])}\s*=", lines[number]):
                return number + 1
    if header is not None:
        return header + 1
    last = re.escape(keys[-1] or keys[0])
    return next((n + 1 for n, line in enumerate(lines) if re.match(rf"\s*\[?{last}\b", line)), 0)
