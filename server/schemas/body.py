"""Reading a body into a struct, with errors that name the parameter; and describing it in the API's schema.

Routes read their bodies by hand, so that what is wrong with one is said as OpenAI says it. The framework then knows
nothing of them: ``body_of`` tells it, for ``/schema/openapi.json``.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from litestar.openapi.spec import OpenAPIMediaType, Operation, RequestBody

from server.faults import BadParameter

T = TypeVar("T")
_DEFINITIONS = "#/$defs/"
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


def decode(raw: bytes, kind: type[T]) -> T:
    """Raises ``BadParameter``: malformed JSON without a parameter, a wrong type with its path (``stop[0]``)."""
    try:
        return msgspec.json.decode(raw.removeprefix(codecs.BOM_UTF8) or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadParameter(f"The body is not valid JSON ({error}).", None, code="malformed_json") from error
    except RecursionError as error:
        raise BadParameter("The body is nested too deeply.", None, code="malformed_json") from error


def decode_form(pairs: Iterable[tuple[str, str]], kind: type[T]) -> T:
    """The fields of a form, which are all texts, with the types of ``kind``. Raises ``BadParameter`` as ``decode`` does.

    ``name[]`` is one item of a list, ``name[key]`` one of an object, as OpenAI's clients write them.
    """
    fields: dict[str, Any] = {}
    for written, value in pairs:
        name, bracket, key = written.partition("[")
        if not bracket:
            fields[name] = value
        elif key == "]":
            fields[name] = [*_of_kind(fields.get(name), list), value]
        else:
            fields[name] = {**_of_kind(fields.get(name), dict), key.rstrip("]"): value}
    try:
        return msgspec.convert(fields, kind, strict=False)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from error


def _of_kind(value: Any, kind: type[T]) -> T:
    return value if isinstance(value, kind) else kind()


def body_of(kind: type, *, form: bool = False) -> type[Operation]:
    """``operation_class`` of a route that reads a ``kind``: as JSON, or as a ``form`` with a ``file`` beside."""
    (schema,), components = msgspec.json.schema_components([kind], ref_template=_DEFINITIONS + "{name}")
    described = _inlined(schema, components)
    if form:
        described["properties"] = {_sent_as(name, one): one for name, one in described["properties"].items()}
        described["properties"]["file"] = {"type": "string", "contentMediaType": "application/octet-stream"}
        described["required"] = [*described.get("required", ()), "file"]
    media = "multipart/form-data" if form else "application/json"
    body = RequestBody(content={media: OpenAPIMediaType(schema=described)}, required=True)

    @dataclass
    class WithBody(Operation):
        def __post_init__(self) -> None:
            self.request_body = body

    return WithBody


def _sent_as(name: str, schema: dict[str, Any]) -> str:
    """A form's field that comes several times has brackets."""
    return f"{name}[]" if any(one.get("type") == "array" for one in [schema, *schema.get("anyOf", ())]) else name


def _inlined(schema: Any, components: dict[str, Any]) -> Any:
    """Without references, which the framework's own components would not hold. No body of ours refers to itself."""
    if isinstance(schema, list):
        return [_inlined(one, components) for one in schema]
    if not isinstance(schema, dict):
        return schema
    if "$ref" in schema:
        return _inlined(components[schema["$ref"].removeprefix(_DEFINITIONS)], components)
    return {name: _inlined(one, components) for name, one in schema.items()}


def _named(message: str) -> BadParameter:
    match = _PATH.match(message)
    what, path = (match["what"], match["path"] or "") if match else (message, "")
    missing = _MISSING.search(what)
    if missing:
        path = f"{path}.{missing['name']}" if path else missing["name"]
        what = "It is required"
    param = path.replace("[...]", "").strip(".") or None
    if param is None:
        return BadParameter(f"The body: {what}.", None)
    return BadParameter(f"'{param}': {what}.", param)
