"""The cast can play every state: what the other tests stand on."""

from __future__ import annotations

import pytest

from tests.cast import Cast, event_names
from trips.lifecycle import Status


@pytest.mark.django_db
@pytest.mark.parametrize("status", Status)
def test_a_trip_in_each_state_is_made_by_everybodys_own_taps(cast: Cast, status: Status) -> None:
    trip = cast.trip_in(status)
    assert trip.status == status
    assert trip.version == len(event_names(trip))
