"""What the OpenAPI document says of answers is true: a row of the proof, small."""

from __future__ import annotations

import pytest

from tests.prove.conftest import ProveRow

pytestmark = pytest.mark.slow


def test_no_request_that_the_document_allows_is_answered_otherwise(prove_row: ProveRow) -> None:
    assert prove_row(14, 0.02).broken == []
