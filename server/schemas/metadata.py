"""What a request's ``metadata`` says to this server; other keys are the client's own and given back as they came."""

from __future__ import annotations

from server.faults import BadParameter
from server.schemas.dates import moment


def memory_and_time(metadata: dict[str, str] | None) -> tuple[bool, str | None]:
    """``oneself.memory`` (``on`` where it is absent) and ``oneself.as_of``. Raises ``BadParameter``."""
    given = metadata or {}
    memory = given.get("oneself.memory", "on")
    if memory not in ("on", "off"):
        raise BadParameter("'metadata.oneself.memory' is 'on' or 'off'.", "metadata.oneself.memory")
    as_of = given.get("oneself.as_of")
    return memory == "on", None if as_of is None else moment(as_of, "metadata.oneself.as_of")
