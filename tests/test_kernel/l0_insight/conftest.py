"""Notes as the memory room makes them, without a database."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from kernel.types import Memory
from tests.test_kernel import notes

Make = Callable[..., Memory]


@pytest.fixture(scope="session")
def remembered() -> Make:
    return notes.remembered
