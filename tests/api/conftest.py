"""In-process clients: fast, and without a server."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from tests.cast import Cast
from users.models import User

As = Callable[[User], APIClient]


@pytest.fixture
def as_user(cast: Cast) -> As:
    """A client that shows the token of this user with each request."""

    def client(user: User) -> APIClient:
        return APIClient(headers=cast.headers(user))

    return client
