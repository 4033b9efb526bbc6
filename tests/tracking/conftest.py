"""The GPS door."""

from __future__ import annotations

import httpx
import pytest

from tests.cast import Cast
from tests.tracking.door import Door


@pytest.fixture
def door(http: httpx.Client, cast: Cast) -> Door:
    """The GPS door of the real server, with Omar's phone in front of it."""
    return Door(http, cast)
