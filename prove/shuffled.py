"""A fleet's backlog of positions: shuffled, sent twice, partly stamped by a wrong clock."""

from __future__ import annotations

import time
from random import Random

from prove.checker import Position
from tests.cast import Cast, on_shift, person
from trips.lifecycle import Action
from trips.models import Driver, Vehicle
from trips.realtime.messages import iso_s
from trips.services import Tap, act
from users.models import User
from users.roles import Role

BAD_CLOCKS = 0.05
#: Hours and weeks off, in both directions, and the start of the epoch. The way lasts less than
#: any of them: a wrong time within it would be another truth.
OFFSETS_S = (-40 * 86_400.0, -7_200.0, 3_600.0, 6 * 86_400.0, -1.7e9)
METRES_NORTH_DEG = 1e-4  # about 11 m a second


class Van:
    """One van, its driver's phone, and what really happened: a fix each second."""

    def __init__(self, cast: Cast, n: int, fixes: int) -> None:
        self.vehicle = Vehicle.objects.create(name=f"Shuffle {n}", capacities=[{"amb": 4}])
        self.user: User = person(f"shuffler{n}", Role.DRIVER)
        driver = Driver.objects.create(user=self.user)
        on_shift([(driver, self.vehicle)])
        self.trip_id = cast.book().pk
        tap = Tap(action=Action.ASSIGN, driver_id=driver.pk, vehicle_id=self.vehicle.pk)
        for step in (Tap(action=Action.SCHEDULE), tap):
            act(trip_id=self.trip_id, user=cast.dina, tap=step)
        act(trip_id=self.trip_id, user=self.user, tap=Tap(action=Action.START))
        self.headers = cast.headers(self.user)
        self._began_s = round(time.time()) - fixes
        self.track = [
            Position(self.vehicle.pk, iso_s(self._began_s + n), 57.0 + n * METRES_NORTH_DEG, 11.97)
            for n in range(fixes)
        ]

    def backlog(self, rng: Random) -> list[dict[str, object]]:
        """All fixes twice and out of order; some of them stamped by a wrong clock."""
        fixes = []
        for n, true in enumerate(self.track):
            # The last one stays right: it is the answer.
            wrong = rng.random() < BAD_CLOCKS and n < len(self.track) - 1
            at = iso_s(self._began_s + n + rng.choice(OFFSETS_S)) if wrong else true.at
            fix: dict[str, object] = {
                "latitude": true.latitude,
                "longitude": true.longitude,
                "recorded_at": at,
            }
            fixes += [fix, fix]
        rng.shuffle(fixes)
        return fixes
