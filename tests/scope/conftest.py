"""The two worlds, made once per file."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import transaction
from pytest_django.plugin import DjangoDbBlocker

from tests.cast import open_company
from tests.scope.house import House, furnish
from tests.scope.table import ROLES


@pytest.fixture(scope="module")
def house(django_db_setup: None, django_db_blocker: DjangoDbBlocker) -> Iterator[House]:
    """One for all routes: each question is undone."""
    with django_db_blocker.unblock(), transaction.atomic():
        yield furnish(open_company(), ROLES)
        transaction.set_rollback(True)
