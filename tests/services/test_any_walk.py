"""Long random lives of a trip, undos included: the story stays whole at every step."""

from __future__ import annotations

from random import Random

import pytest

from tests.cast import Cast
from tests.services.invariants import check
from trips import access
from trips.lifecycle import Action, Actor, Status, possible
from trips.models import Trip
from trips.services import Refused, Tap, act
from users.models import User

pytestmark = pytest.mark.django_db
STEPS = 30


@pytest.mark.parametrize("seed", range(8))
def test_whatever_happens_to_a_trip_its_story_stays_whole(cast: Cast, seed: int) -> None:
    rng = Random(seed)
    start = rng.choice(["requested", "will_call", "assigned"])
    trip = cast.trip_in(start, facility=cast.facility)
    done = 0
    for _ in range(STEPS):
        user = rng.choice([cast.dina, cast.dina, cast.omar, cast.pia, None])
        action = _choice(rng, trip, user)
        if action is None:
            continue
        try:
            trip = act(trip_id=trip.pk, user=user, tap=_tap(cast, rng, action, trip.version))
            done += 1
        except Refused:
            trip = Trip.objects.get(pk=trip.pk)
        check(trip.pk)
    assert done


def _choice(rng: Random, trip: Trip, user: User | None) -> Action | None:
    actors = access.actors(user, trip) if user else {Actor.SYSTEM}
    actions = [action for action, _ in possible(Status(trip.status), actors)]
    return rng.choice(actions) if actions else None


def _tap(cast: Cast, rng: Random, action: Action, version: int) -> Tap:
    driver, van = rng.choice([(cast.driver, cast.van), (cast.strange_driver, cast.spare_van)])
    return Tap(
        action=action,
        reason="so it goes",
        driver_id=driver.pk,
        vehicle_id=van.pk,
        expected_version=version,
    )
