"""Dates and times as clients send them."""

from __future__ import annotations

import datetime as dt

from server.faults import BadParameter


def moment(value: str, param: str) -> str:
    """``value`` as it is kept: a day, or a time in UTC (one without an offset is taken as UTC).

    Raises ``BadParameter`` for anything that is not ISO 8601.
    """
    try:
        parsed = dt.datetime.fromisoformat(value)
        if parsed.time() == dt.time() and "T" not in value and ":" not in value:
            return parsed.date().isoformat()
        return (parsed if parsed.tzinfo else parsed.replace(tzinfo=dt.UTC)).astimezone(dt.UTC).isoformat("T", "seconds")
    except (ValueError, OverflowError) as error:
        raise BadParameter(f"'{param}' must be an ISO date such as 2025-06-25.", param) from error
