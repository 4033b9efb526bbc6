"""A vehicle that breaks down gives its trips back, and dispatch hears of it once."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client, TestCase
from django.utils import timezone

from tests.api.conftest import As
from tests.api.problems import the_problem
from tests.cast import Cast, event_names
from tests.held_broker import HeldBroker
from trips import fleet
from trips.models import Alert, Trip, TripEvent, Vehicle
from trips.queries import company_day
from users.models import Notification, User

pytestmark = pytest.mark.django_db

BROKEN = {"state": "out_of_service", "out_of_service_reason": "brakes"}


def change(cast: Cast, as_user: As, body: dict[str, Any]) -> Any:
    return as_user(cast.dina).patch(f"/api/vehicles/{cast.van.pk}/", body)


def break_down(cast: Cast, as_user: As, held_broker: HeldBroker, times: int = 1) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert change(cast, as_user, BROKEN).status_code == 200
    held_broker.deliver(times=times)


def test_trips_that_nobody_set_out_for_are_freed(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    later = timezone.now() + timedelta(hours=5)
    waiting = [cast.trip_in("assigned"), cast.trip_in("dispatched", scheduled_at=later)]
    break_down(cast, as_user, held_broker, times=3)
    for trip in Trip.objects.filter(pk__in=[one.pk for one in waiting]):
        assert (trip.status, trip.driver, trip.vehicle) == ("scheduled", None, None)
        assert event_names(trip)[-1] == "trip.unassigned"
        event = TripEvent.objects.filter(trip=trip).latest("version")
        assert (event.source, event.actor) == ("system", None)
        assert event.message == "Van 1 is out of service."


def test_who_is_under_way_stays_and_needs_a_transfer(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("in_progress")
    break_down(cast, as_user, held_broker)
    trip.refresh_from_db()
    assert (trip.status, trip.vehicle) == ("in_progress", cast.van)
    assert "1 under way" in Alert.objects.get().message


def test_dispatch_hears_of_it_once_and_of_the_next_time_again(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    cast.trip_in("assigned")
    break_down(cast, as_user, held_broker, times=3)
    break_down(cast, as_user, held_broker)  # said again: nothing new
    alert = Alert.objects.get()
    assert (alert.kind, alert.vehicle) == (fleet.OUT_OF_SERVICE, cast.van)
    told = Notification.objects.filter(kind="alert")
    assert [notice.user for notice in told] == [cast.dina]
    assert told[0].message == alert.message
    [shown] = as_user(cast.dina).get("/api/alerts/?open=1").json()["results"]
    assert shown["message"] == alert.message
    assert change(cast, as_user, {"state": "in_service"}).json()["out_of_service_reason"] == ""
    break_down(cast, as_user, held_broker)
    assert Alert.objects.count() == 2


def test_a_vehicle_that_is_back_before_the_handler_ran_keeps_its_trips(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    trip = cast.trip_in("assigned")
    with TestCase.captureOnCommitCallbacks(execute=True):
        change(cast, as_user, BROKEN)
        change(cast, as_user, {"state": "in_service"})
    held_broker.deliver()
    trip.refresh_from_db()
    assert trip.vehicle == cast.van


def test_nobody_takes_a_vehicle_out_without_a_reason(cast: Cast, as_user: As) -> None:
    the_problem(change(cast, as_user, {"state": "out_of_service"}), 400)
    assert Vehicle.objects.get(pk=cast.van.pk).state == "in_service"


def test_the_admin_goes_the_same_way(cast: Cast, held_broker: HeldBroker) -> None:
    trip = cast.trip_in("assigned")
    User.objects.filter(pk=cast.ada.pk).update(is_staff=True, is_superuser=True)
    client = Client()
    client.force_login(User.objects.get(pk=cast.ada.pk))
    form = {"name": "Van 1", "plate": "", "capacities": '[{"amb": 4}]', "has_lift": "on"}
    devices = {"devices-TOTAL_FORMS": "0", "devices-INITIAL_FORMS": "0"}
    path = f"/admin/trips/vehicle/{cast.van.pk}/change/"
    without = client.post(path, {**form, **devices, "state": "out_of_service"})
    assert "Say why" in without.content.decode()
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert client.post(path, {**form, **devices, **BROKEN}).status_code == 302
    held_broker.deliver()
    trip.refresh_from_db()
    assert trip.status == "scheduled"


def test_dina_keeps_a_vehicle_and_a_driver_up_to_date(cast: Cast, as_user: As) -> None:
    vehicle = {
        "capacities": [{"amb": 2, "wc": 2}],
        "has_lift": False,
        "plate": "GBG 1",
        "inspection_due": "2030-01-31",
        "lift_inspection_due": None,
        "insurance_expires": "2030-02-28",
    }
    shown = change(cast, as_user, vehicle).json()
    assert {name: shown[name] for name in vehicle} == vehicle
    driver = {
        "qualifications": ["stretcher"],
        "licence": "L-1",
        "licence_expires": "2030-01-01",
        "medical_expires": None,
    }
    path = f"/api/drivers/{cast.driver.pk}/"
    shown = as_user(cast.dina).patch(path, driver).json()
    assert {name: shown[name] for name in driver} == driver


@pytest.mark.parametrize(
    "body",
    [
        {"state": "flying"},
        {"capacities": [{"beds": 1}]},
        {"capacities": [{"amb": -1}]},
        {"capacities": {"amb": 1}},
        {"capacities": [{"amb": 10**9}]},
        {"inspection_due": "soon"},
        {"name": "Van 2"},
        {"id": 7},
    ],
    ids=str,
)
def test_a_change_that_makes_no_sense_is_400(cast: Cast, as_user: As, body: dict[str, Any]) -> None:
    the_problem(change(cast, as_user, body), 400)


@pytest.mark.parametrize("name", ["omar", "pia", "hugo", "bea"])
def test_only_dispatch_changes_the_fleet(cast: Cast, as_user: As, name: str) -> None:
    client = as_user(getattr(cast, name))
    for path in (f"/api/vehicles/{cast.van.pk}/", f"/api/drivers/{cast.driver.pk}/"):
        the_problem(client.patch(path, {}), 403)
    the_problem(client.get("/api/expiries/"), 403)


# --- papers


def expire(cast: Cast, days: int) -> None:
    """Omar's licence in so many days, the van's insurance a day later."""
    day = company_day(timezone.now()) + timedelta(days=days)
    fleet.update_driver(driver_id=cast.driver.pk, changes={"licence_expires": day})
    later = {"insurance_expires": day + timedelta(days=1)}
    fleet.update_vehicle(vehicle_id=cast.van.pk, changes=later)


def test_a_warning_is_given_once_for_paper_date_and_step(
    cast: Cast, held_broker: HeldBroker
) -> None:
    expire(cast, 14)  # the insurance: in 15 days, so the step of 30
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert fleet.warn_of_expiries() == 2
        assert fleet.warn_of_expiries() == 0
    held_broker.deliver(times=2)
    told = Notification.objects.filter(kind="expiry")
    licence = told.filter(message__contains="licence")
    assert {notice.user for notice in licence} == {cast.dina, cast.ada, cast.omar}
    insurance = told.exclude(message__contains="licence")
    assert {notice.user for notice in insurance} == {cast.dina, cast.ada}
    expire(cast, 13)  # a corrected date is another warning
    assert fleet.warn_of_expiries() == 2


def test_papers_are_listed_by_date_with_those_that_ran_out(cast: Cast, as_user: As) -> None:
    expire(cast, -1)
    listed = as_user(cast.dina).get("/api/expiries/").json()
    assert [(one["paper"], one["days_left"]) for one in listed] == [
        ("licence", -1),
        ("insurance", 0),
    ]
    assert (listed[0]["driver"], listed[0]["vehicle"]) == (cast.driver.pk, None)
    assert (listed[1]["name"], listed[1]["vehicle"]) == ("Van 1", cast.van.pk)
    expire(cast, 60)
    assert as_user(cast.dina).get("/api/expiries/").json() == []
    assert len(as_user(cast.dina).get("/api/expiries/?days=61").json()) == 2
    for days in ("-1", "367", "many"):
        the_problem(as_user(cast.dina).get(f"/api/expiries/?days={days}"), 400)


def test_who_has_left_and_a_lift_that_is_not_there_are_not_warned_of(cast: Cast) -> None:
    expire(cast, 5)
    cast.disable(cast.omar)
    day = company_day(timezone.now())
    changes = {"has_lift": False, "lift_inspection_due": day, "insurance_expires": None}
    fleet.update_vehicle(vehicle_id=cast.van.pk, changes=changes)
    assert fleet.warn_of_expiries() == 0
