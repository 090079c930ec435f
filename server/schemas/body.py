"""Reading a JSON body into a struct, with errors that name the parameter."""

from __future__ import annotations

import re
from typing import TypeVar

import msgspec

from server.faults import BadParameter

T = TypeVar("T")
_PATH = re.compile(r"^(?P<what>.*?)(?: - at `\$\.?(?P<path>.*)`)?$", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>[^`]+)`")


def decode(raw: bytes, kind: type[T]) -> T:
    """Raises ``BadParameter``: malformed JSON without a parameter, a wrong type with its path (``stop[0]``)."""
    try:
        return msgspec.json.decode(raw or b"{}", type=kind)
    except msgspec.ValidationError as error:
        raise _named(str(error)) from error
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise BadParameter(f"The body is not valid JSON ({error}).", None, code="malformed_json") from error
    except RecursionError as error:
        raise BadParameter("The body is nested too deeply.", None, code="malformed_json") from error


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
