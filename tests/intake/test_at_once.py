"""The same file twice at the same moment, and taps while a large one is written."""

from __future__ import annotations

from typing import Any

import pytest

from tests.cast import Cast
from tests.intake.files import good, manifest
from tests.threads import at_once
from trips.intake.manifest import open_sheet
from trips.intake.service import check, write
from trips.lifecycle import Action
from trips.models import Patient, StreamEntry, Trip
from trips.services import Tap, act

pytestmark = pytest.mark.django_db(transaction=True)


def text(rows: int) -> bytes:
    one = good(patient="Nils Ny", **{"return": "will call"})
    return manifest(one | {"external_id": f"B-{n}"} for n in range(rows)).encode()


def take(cast: Cast, content: bytes) -> int:
    checked = check(open_sheet(content), cast.dina, lambda *_: None, create_patients=True)
    assert not checked.problems
    return write(checked, cast.dina, lambda *_: None, accept=True)


def test_one_of_two_writes_and_the_other_finds_it_all_there(cast: Cast) -> None:
    content = text(20)
    assert sorted(at_once(lambda: take(cast, content), 2)) == [0, 40]
    assert (Trip.objects.count(), Patient.objects.filter(name="Nils Ny").count()) == (40, 1)


def test_taps_go_on_beside_it_and_the_board_stays_gapless(cast: Cast) -> None:
    trips = iter([cast.trip_in("scheduled") for _ in range(4)])
    content = text(200)

    def work() -> Any:
        trip = next(trips, None)
        if trip is None:
            return take(cast, content)
        return act(trip_id=trip.pk, user=cast.dina, tap=Tap(action=Action.CANCEL, reason="so"))

    results = at_once(work, 5)
    assert not [one for one in results if isinstance(one, Exception)]
    assert 400 in results
    board = StreamEntry.objects.filter(stream="board").order_by("seq")
    assert list(board.values_list("seq", flat=True)) == list(range(1, board.count() + 1))
