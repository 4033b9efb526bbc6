"""Who may be given a trip, and what an assignment leaves behind."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.cast import Cast
from tests.services.invariants import check, footprint, shown
from trips.events.streams import user_stream
from trips.lifecycle import Action, Status
from trips.models import Delivery, Driver, Shift, Trip, TripEvent, Vehicle
from trips.services import InvalidTap, Refused, Tap, TripNotFound, act

pytestmark = pytest.mark.django_db


def assign(cast: Cast, trip: Trip, **changes: Any) -> Trip:
    crew = {"driver_id": cast.driver.pk, "vehicle_id": cast.van.pk}
    fields = {**crew, "expected_version": trip.version} | changes
    return act(trip_id=trip.pk, user=cast.dina, tap=Tap(action=Action.ASSIGN, **fields))


def refused(cast: Cast, trip: Trip, error: type[Exception], **changes: Any) -> str:
    before = footprint(trip.pk)
    with pytest.raises(error) as caught:
        assign(cast, trip, **changes)
    assert footprint(trip.pk) == before
    return getattr(caught.value, "field", "") or str(caught.value)


def test_omar_gets_the_trip_with_his_van_and_is_owed_a_notice(cast: Cast) -> None:
    trip = assign(cast, cast.trip_in("scheduled"))
    assert (trip.status, trip.driver, trip.vehicle) == (Status.ASSIGNED, cast.driver, cast.van)
    [held] = trip.assignments.all()
    assert (held.driver, held.vehicle, held.ended_at) == (cast.driver, cast.van, None)
    event = TripEvent.objects.get(trip=trip, event="trip.assigned")
    assert event.data["driver_id"] == cast.driver.pk
    owed = Delivery.objects.get(
        topic="trip.assigned", subject_id=event.pk, subscriber="assignment_notice"
    )
    assert (owed.state, owed.attempts) == ("pending", 0)
    assert shown(user_stream(cast.omar.pk)) == [event.pk]
    assert shown(user_stream(cast.eve.pk)) == []


def test_a_driver_or_vehicle_that_is_absent_or_disabled_is_no_driver_or_vehicle(
    cast: Cast,
) -> None:
    trip = cast.trip_in("scheduled")
    assert refused(cast, trip, InvalidTap, driver_id=10**9) == "driver_id"
    assert refused(cast, trip, InvalidTap, vehicle_id=10**9) == "vehicle_id"
    assert refused(cast, trip, InvalidTap, driver_id=None) == "driver_id"
    cast.disable(cast.omar)
    assert refused(cast, trip, InvalidTap) == "driver_id"


def test_an_account_that_is_closed_while_its_row_is_waited_for_gets_no_trip(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    trip = cast.trip_in("scheduled")

    def closed_meanwhile(trip: Trip, driver_id: int, vehicle_id: int) -> list[Any]:
        cast.disable(cast.omar)
        return []

    monkeypatch.setattr("trips.effects.refusals_of", closed_meanwhile)
    assert refused(cast, trip, Refused) == "The driver's account is closed."


def test_a_van_without_a_stretcher_place_is_refused_a_stretcher(cast: Cast) -> None:
    trip = cast.trip_in("scheduled", mobility="stretcher")
    Driver.objects.filter(pk=cast.driver.pk).update(qualifications=["stretcher"])
    assert refused(cast, trip, Refused) == "Van 1 cannot carry stretcher."
    Vehicle.objects.filter(pk=cast.van.pk).update(capacities=[{"amb": 1, "str": 1}])
    assert assign(cast, trip).status == Status.ASSIGNED


def test_escorts_need_seats_too(cast: Cast) -> None:
    assert assign(cast, cast.trip_in("scheduled", mobility="wheelchair", escorts=4)).driver
    full = cast.trip_in("scheduled", mobility="wheelchair", escorts=5)
    assert "cannot carry" in refused(cast, full, Refused)


def test_a_vehicle_out_of_service_goes_nowhere(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    Vehicle.objects.filter(pk=cast.van.pk).update(state=Vehicle.State.OUT_OF_SERVICE)
    assert refused(cast, trip, Refused) == "Van 1 is out of service."


def test_the_driver_must_be_on_shift_when_the_trip_begins(cast: Cast) -> None:
    now = timezone.now()
    tomorrow = cast.trip_in("scheduled", scheduled_at=now + timedelta(days=1))
    Shift.objects.filter(driver=cast.driver).update(ends_at=now + timedelta(hours=8))
    assert "not on shift" in refused(cast, tomorrow, Refused)
    begins = now + timedelta(hours=20)
    Shift.objects.create(driver=cast.driver, vehicle=cast.van, starts_at=begins)
    assert assign(cast, tomorrow).status == Status.ASSIGNED


def test_a_trip_that_is_late_already_needs_a_driver_who_is_on_shift_now(cast: Cast) -> None:
    now = timezone.now()
    late = cast.trip_in("scheduled", scheduled_at=now - timedelta(minutes=50))
    Shift.objects.filter(driver=cast.driver).update(ends_at=now - timedelta(minutes=1))
    assert "not on shift" in refused(cast, late, Refused)


def test_reassigning_ends_omars_assignment_and_takes_the_trip_from_his_sight(cast: Cast) -> None:
    trip = cast.trip_in("dispatched")
    ends = Tap(action=Action.START)
    trip = assign(cast, trip, driver_id=cast.strange_driver.pk, vehicle_id=cast.spare_van.pk)
    assert (trip.status, trip.driver) == (Status.ASSIGNED, cast.strange_driver)
    first, second = trip.assignments.order_by("pk")
    assert first.ended_at == second.started_at
    assert second.ended_at is None
    with pytest.raises(TripNotFound):
        act(trip_id=trip.pk, user=cast.omar, tap=ends)
    assert act(trip_id=trip.pk, user=cast.eve, tap=ends).status == Status.EN_ROUTE_PICKUP
    newest = TripEvent.objects.get(trip=trip, version=trip.version)
    assert shown(user_stream(cast.omar.pk))[-1] == newest.pk  # he learns that it is gone
    check(trip.pk)


def test_a_breakdown_moves_the_patient_to_another_van_and_keeps_both_vans_evidence(
    cast: Cast,
) -> None:
    trip = cast.trip_in("in_progress")
    picked_up_at = trip.picked_up_at
    trip = cast.tap(
        trip,
        "transfer",
        cast.dina,
        driver_id=cast.strange_driver.pk,
        vehicle_id=cast.spare_van.pk,
        reason="engine",
    )
    assert (trip.status, trip.vehicle, trip.picked_up_at) == (
        Status.IN_PROGRESS,
        cast.spare_van,
        picked_up_at,
    )
    assert [a.vehicle for a in trip.assignments.order_by("pk")] == [cast.van, cast.spare_van]
    event = TripEvent.objects.get(trip=trip, event="trip.transferred")
    assert Delivery.objects.filter(topic="trip.transferred", subject_id=event.pk).exists()
    check(trip.pk)


@pytest.mark.parametrize("action", ["unassign", "decline"])
def test_a_trip_without_its_driver_is_scheduled_again(cast: Cast, action: str) -> None:
    trip = cast.trip_in("dispatched")
    actor = cast.omar if action == "decline" else cast.dina
    trip = cast.tap(trip, action, actor, reason="flat tyre")
    assert (trip.status, trip.driver, trip.vehicle) == (Status.SCHEDULED, None, None)
    assert trip.scheduled_at is not None
    check(trip.pk)


def test_the_assignment_ends_with_the_trip(cast: Cast) -> None:
    for status in ("cancelled", "no_show"):
        trip = cast.trip_in(status)
        assert trip.assignments.get().ended_at is not None
        assert trip.driver == cast.driver  # who had it is still told, and may look it up


def test_the_system_assigns_by_the_same_guards(cast: Cast) -> None:
    trip = cast.trip_in("scheduled", mobility="stretcher")
    tap = Tap(action=Action.ASSIGN, driver_id=cast.driver.pk, vehicle_id=cast.van.pk)
    with pytest.raises(Refused):
        act(trip_id=trip.pk, user=None, tap=tap)
