"""Automatic assignment: a long job of a dispatcher's, for one trip or for a day."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.api.problems import the_problem
from tests.cast import DROPOFF, PICKUP, Cast
from tests.services.invariants import check, footprint
from trips import task_runs
from trips.dispatch import assign
from trips.lifecycle import Action, Actor
from trips.models import Shift, TaskRun, Trip, TripEvent
from trips.services import Tap, act
from trips.tasks import auto_assign_day, auto_assign_trip
from users.models import User

pytestmark = pytest.mark.django_db

BACK = {
    "pickup_latitude": DROPOFF[0],
    "pickup_longitude": DROPOFF[1],
    "dropoff_latitude": PICKUP[0],
    "dropoff_longitude": PICKUP[1],
}


@pytest.fixture(autouse=True)
def _unpublished(monkeypatch: pytest.MonkeyPatch) -> None:
    """The worker's part is called by hand."""
    monkeypatch.setattr(task_runs, "publish", lambda *_, **__: None)
    monkeypatch.setattr(task_runs, "send_task", lambda *_: None)


def api(user: User) -> APIClient:
    client = APIClient()
    client.force_authenticate(user)
    return client


def noon(days: int = 1) -> Any:
    """Tomorrow at noon where the company is."""
    now = timezone.now().astimezone(ZoneInfo("Europe/Stockholm"))
    return now.replace(hour=12, minute=0, second=0, microsecond=0) + timedelta(days=days)


def book(cast: Cast, minutes: float, **fields: Any) -> Trip:
    return cast.trip_in("scheduled", scheduled_at=noon() + timedelta(minutes=minutes), **fields)


def plan(cast: Cast, day: date | None = None, **more: Any) -> dict[str, Any]:
    """Ask for a day, let the worker work, and read the result."""
    asked = {"date": str(day or noon().date()), **more}
    answer = api(cast.dina).post("/api/dispatch/auto-assign/", asked, format="json")
    assert answer.status_code == 202, answer.content
    return done(cast, auto_assign_day, answer.json()["task_id"])


def done(cast: Cast, task: Any, task_id: str) -> dict[str, Any]:
    assert task.apply(args=(task_id, 0), throw=True).result == "done"
    body = api(cast.dina).get(f"/api/tasks/{task_id}/").json()
    assert (body["state"], body["percent"]) == ("SUCCESS", 100)
    assert body["current"] == body["total"]
    result: dict[str, Any] = body["result"]
    return result


def give_to_omar(cast: Cast, trip: Trip, user: User | None) -> Trip:
    tap = Tap(action=Action.ASSIGN, driver_id=cast.driver.pk, vehicle_id=cast.van.pk)
    return act(trip_id=trip.pk, user=user, tap=tap)


def test_a_days_trips_are_assigned_by_the_system(cast: Cast) -> None:
    trips = [book(cast, 30 * n) for n in range(4)]
    result = plan(cast)
    assert [one["trip_id"] for one in result["assigned"]] == [trip.pk for trip in trips]
    assert (result["left"], result["dry_run"], result["lateness_s"]) == ([], False, 0)
    for trip in trips:
        trip.refresh_from_db()
        assert (trip.status, trip.pinned) == ("assigned", False)
        event = TripEvent.objects.get(trip=trip, event="trip.assigned")
        assert (event.source, event.actor) == (Actor.SYSTEM, None)
        check(trip.pk)


def test_two_who_need_the_only_wheelchair_place_get_two_vans(cast: Cast) -> None:
    book(cast, 0, mobility="wheelchair", window_minutes=5)
    book(cast, 0, mobility="wheelchair", window_minutes=5)
    third = book(cast, 0, mobility="wheelchair", window_minutes=5)
    result = plan(cast)
    assert {one["vehicle_id"] for one in result["assigned"]} == {cast.van.pk, cast.spare_van.pk}
    assert [(one["trip_id"], one["code"]) for one in result["left"]] == [(third.pk, "no_room")]
    third.refresh_from_db()
    assert third.status == "scheduled"


def test_what_no_vehicle_can_carry_is_left_with_the_reason(cast: Cast) -> None:
    book(cast, 0, mobility="bariatric_stretcher")
    [left] = plan(cast)["left"]
    assert left["code"] == "cannot_carry"


def test_a_dry_run_says_the_plan_and_writes_nothing(cast: Cast) -> None:
    trip = book(cast, 0)
    before = footprint(trip.pk)
    result = plan(cast, dry_run=True)
    assert ([one["trip_id"] for one in result["assigned"]], result["dry_run"]) == ([trip.pk], True)
    assert footprint(trip.pk) == before


def test_what_a_dispatcher_decided_stays_and_counts(cast: Cast) -> None:
    pinned = give_to_omar(cast, book(cast, 0, mobility="wheelchair", window_minutes=5), cast.dina)
    sent = book(cast, 60)
    sent = cast.tap(give_to_omar(cast, sent, cast.dina), Action.DISPATCH)
    assert pinned.pinned
    other = book(cast, 0, mobility="wheelchair", window_minutes=5)
    result = plan(cast)
    assert [(one["trip_id"], one["vehicle_id"]) for one in result["assigned"]] == [
        (other.pk, cast.spare_van.pk)
    ]
    for trip in (pinned, sent):
        version = trip.version
        trip.refresh_from_db()
        assert (trip.version, trip.vehicle) == (version, cast.van)


def test_what_automation_assigned_before_may_move_where_that_helps(cast: Cast) -> None:
    moved = give_to_omar(cast, book(cast, 0, mobility="wheelchair", window_minutes=60), None)
    give_to_omar(cast, book(cast, 4, mobility="wheelchair", window_minutes=60, **BACK), cast.dina)
    assert not moved.pinned
    [one] = plan(cast)["assigned"]
    assert (one["trip_id"], one["moved"]) == (moved.pk, True)
    assert one["vehicle_id"] == cast.spare_van.pk


def test_planning_twice_changes_nothing_the_second_time(cast: Cast) -> None:
    trips = [book(cast, 20 * n) for n in range(5)]
    plan(cast)
    versions = list(Trip.objects.order_by("pk").values_list("version", flat=True))
    assert plan(cast)["assigned"] == []
    assert list(Trip.objects.order_by("pk").values_list("version", flat=True)) == versions
    assert len(versions) == len(trips)


def test_another_day_is_left_alone(cast: Cast) -> None:
    trip = book(cast, 0)
    result = plan(cast, noon(2).date())
    assert (result["assigned"], result["left"]) == ([], [])
    trip.refresh_from_db()
    assert trip.status == "scheduled"


def test_a_trip_that_somebody_changed_meanwhile_is_planned_anew_or_left(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, other = book(cast, 0), book(cast, 120)
    real = assign._write

    def meanwhile(picture: Any, *rest: Any) -> Any:
        if Trip.objects.get(pk=mine.pk).status == "scheduled":
            cast.tap(mine, Action.CANCEL, reason="ill")
        return real(picture, *rest)

    monkeypatch.setattr(assign, "_write", meanwhile)
    result = plan(cast)
    assert [one["trip_id"] for one in result["assigned"]] == [other.pk]
    assert [(one["trip_id"], one["code"]) for one in result["left"]] == [(mine.pk, "changed")]
    mine.refresh_from_db()
    assert mine.status == "cancelled"


def test_it_stops_when_nobody_wants_it_any_more(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(3):
        book(cast, 30 * n)
    monkeypatch.setattr(task_runs, "REPORT_EVERY_S", 0.0)
    answer = api(cast.dina).post("/api/dispatch/auto-assign/", {"date": str(noon().date())})
    run = TaskRun.objects.get(pk=answer.json()["task_id"])
    real = assign._write

    def cancelled(*rest: Any) -> Any:
        task_runs.cancel(run)
        return real(*rest)

    monkeypatch.setattr(assign, "_write", cancelled)
    assert auto_assign_day.apply(args=(str(run.pk), 0), throw=True).result == "cancelled"
    assert Trip.objects.filter(status="assigned").count() == 1  # the one that was under way
    run.refresh_from_db()
    assert run.state == TaskRun.State.REVOKED


def test_one_trip_gets_the_best_crew_and_no_other_is_moved(cast: Cast) -> None:
    waits, trip = book(cast, 0), book(cast, 90)
    answer = api(cast.dina).post(f"/api/trips/{trip.pk}/auto-assign/", {}, format="json")
    assert answer.status_code == 202
    result = done(cast, auto_assign_trip, answer.json()["task_id"])
    assert [one["trip_id"] for one in result["assigned"]] == [trip.pk]
    waits.refresh_from_db()
    assert waits.status == "scheduled"


def test_with_nobody_on_shift_everything_is_left(cast: Cast) -> None:
    Shift.objects.all().delete()
    trip = book(cast, 0)
    assert plan(cast)["left"] == [
        {"trip_id": trip.pk, "code": "no_crew", "text": "Nobody is on shift."}
    ]


def test_a_shift_ends_where_the_next_drivers_begins(cast: Cast) -> None:
    Shift.objects.filter(driver=cast.strange_driver).update(
        vehicle=cast.van, starts_at=noon(), ends_at=noon() + timedelta(hours=8)
    )
    early, late = book(cast, -60), book(cast, 60)
    given = {one["trip_id"]: one["driver_id"] for one in plan(cast)["assigned"]}
    assert given == {early.pk: cast.driver.pk, late.pk: cast.strange_driver.pk}


def test_a_trip_that_is_assigned_or_pinned_is_not_assigned_by_itself(cast: Cast) -> None:
    assigned = cast.trip_in("assigned")
    the_problem(api(cast.dina).post(f"/api/trips/{assigned.pk}/auto-assign/"), 409)
    pinned = book(cast, 0)
    Trip.objects.filter(pk=pinned.pk).update(pinned=True)
    the_problem(api(cast.dina).post(f"/api/trips/{pinned.pk}/auto-assign/"), 409)
    assert TaskRun.objects.count() == 0


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"date": "tomorrow"},
        {"date": "0001-01-01"},
        {"date": "2026-11-20", "dry_run": "perhaps"},
        {"date": "2026-11-20", "vehicles": []},
        [],
        "2026-11-20",
    ],
)
def test_nonsense_is_refused(cast: Cast, body: Any) -> None:
    the_problem(api(cast.dina).post("/api/dispatch/auto-assign/", body, format="json"), 400)


def test_only_dispatchers_may(cast: Cast) -> None:
    trip = book(cast, 0, facility=cast.facility)
    paths = (f"/api/trips/{trip.pk}/auto-assign/", "/api/dispatch/auto-assign/")
    for path in paths:
        for user in (cast.omar, cast.eve, cast.pia, cast.hugo, cast.bea):
            the_problem(api(user).post(path, {"date": "2026-11-20"}), 403)
        the_problem(APIClient().post(path), 401)
    the_problem(api(cast.ada).post(f"/api/trips/{10**30}/auto-assign/"), 404)
