"""When a trip arrives, whether that is in time, and why, by the rules alone."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from trips.dispatch.eta import (
    ALIGHTING,
    BOARDING,
    STALE_AFTER,
    WORTH_TELLING_S,
    Clock,
    Estimate,
    Job,
    Position,
    of_vehicle,
    unassigned,
    worth_telling,
)
from trips.dispatch.travel import Point
from trips.lifecycle import Status

NOW = datetime(2026, 3, 2, 8, 0, tzinfo=UTC)  # 09:00 in Stockholm
HERE, HOME, CLINIC = (57.70, 11.90), (57.71, 11.95), (57.68, 11.96)
OTHER_HOME, OTHER_CLINIC = (57.75, 12.00), (57.60, 11.80)
DRIVE = timedelta(minutes=12)
WITH_DRIVER = (Status.ASSIGNED, Status.DISPATCHED)


def clock() -> Clock:
    def drive_s(start: Point, end: Point) -> float:
        return 0.0 if start == end else DRIVE.total_seconds()

    return Clock(NOW, ZoneInfo("Europe/Stockholm"), timedelta(minutes=15), drive_s)


def job(status: str, due_min: float | None = 10, trip_id: int = 1, **fields: object) -> Job:
    """Due in so many minutes: at the pick-up, and an hour later at the clinic."""
    due = None if due_min is None else NOW + timedelta(minutes=due_min)
    values: dict[str, object] = {
        "trip_id": trip_id,
        "status": status,
        "state_since": NOW,
        "scheduled_at": due,
        "appointment_at": due and due + timedelta(hours=1),
        "pickup": HOME,
        "dropoff": CLINIC,
    }
    return Job(**values | fields)  # type: ignore[arg-type]


def seen(minutes_ago: float = 0, point: Point = HERE) -> Position:
    return Position(point, 8.0, NOW - timedelta(minutes=minutes_ago))


def one(trip: Job, position: Position | None) -> Estimate:
    return of_vehicle([trip], position, clock())[trip.trip_id]


@pytest.mark.parametrize(
    ("due_min", "risk", "why"),
    [
        (20, "on_time", "8 min before pick-up 09:20"),
        (12, "on_time", "at pick-up 09:12"),
        (8, "on_time", "4 min behind pick-up 09:08"),
        (5, "at_risk", "7 min behind pick-up 09:05"),
        (-3, "at_risk", "15 min behind pick-up 08:57"),
        (-4, "late", "16 min behind pick-up 08:56"),
    ],
)
def test_a_vehicle_under_way_is_judged_by_its_arrival(due_min: int, risk: str, why: str) -> None:
    found = one(job("en_route_pickup", due_min), seen())
    assert found == Estimate(NOW + DRIVE, (12 - due_min) * 60, risk, why)


def test_with_the_patient_aboard_the_appointment_counts() -> None:
    trip = job("in_progress", appointment_at=NOW + timedelta(minutes=4))
    assert one(trip, seen()) == Estimate(
        NOW + DRIVE, 8 * 60, "at_risk", "8 min behind appointment 09:04"
    )
    without = job("in_progress", appointment_at=None)
    assert one(without, seen()) == Estimate(NOW + DRIVE, None, "on_time", "")


def test_at_the_door_getting_aboard_takes_a_while() -> None:
    arrived = job("arrived_pickup", state_since=NOW - timedelta(minutes=2))
    assert one(arrived, None).eta == NOW - timedelta(minutes=2) + BOARDING + DRIVE
    waits = job("arrived_pickup", state_since=NOW - timedelta(minutes=40))
    assert one(waits, None).eta == NOW + DRIVE


def test_at_the_clinic_the_arrival_is_known() -> None:
    trip = job("arrived_dropoff", appointment_at=NOW, state_since=NOW - timedelta(minutes=1))
    assert one(trip, None) == Estimate(
        NOW - timedelta(minutes=1), -60, "on_time", "1 min before appointment 09:00"
    )


@pytest.mark.parametrize("status", WITH_DRIVER)
def test_nobody_comes_before_the_agreed_time(status: str) -> None:
    found = one(job(status, 60), seen())
    assert (found.eta, found.lateness_s, found.risk) == (NOW + timedelta(hours=1), 0, "on_time")


@pytest.mark.parametrize("status", WITH_DRIVER)
def test_a_planned_trip_is_late_where_the_trip_before_makes_it_late(status: str) -> None:
    before = job("en_route_pickup", 10, trip_id=7)
    after = job(status, 20, trip_id=8, pickup=OTHER_HOME, dropoff=OTHER_CLINIC)
    found = of_vehicle([after, before], seen(), clock())
    free = NOW + DRIVE + BOARDING + DRIVE + ALIGHTING
    assert found[8].eta == free + DRIVE
    assert found[8].risk == "late"
    assert found[8].why == "after trip 7, 24 min behind pick-up 09:20"


def test_planned_trips_follow_one_another_by_their_times() -> None:
    trips = [job("assigned", minutes, trip_id=minutes) for minutes in (50, 10, 30)]
    found = of_vehicle(trips, seen(), clock())
    first = NOW + DRIVE
    round_trip = BOARDING + DRIVE + ALIGHTING + DRIVE
    assert [found[number].eta for number in (10, 30, 50)] == [
        first,
        first + round_trip,
        first + round_trip * 2,
    ]
    assert found[50].why.startswith("after trip 30, ")


def test_a_vehicle_that_was_never_seen_is_judged_by_what_it_did_before() -> None:
    trips = [job("assigned", -30, trip_id=1), job("assigned", -10, trip_id=2)]
    found = of_vehicle(trips, None, clock())
    assert found[1] == Estimate(None, 30 * 60, "late", "no position, pick-up 08:30")
    assert found[2].eta == NOW + BOARDING + DRIVE + ALIGHTING + DRIVE


@pytest.mark.parametrize(
    ("due_min", "risk", "lateness_s"),
    [(31, "on_time", None), (10, "unknown", None), (-5, "at_risk", 300), (-16, "late", 960)],
)
def test_without_a_fresh_position_the_clock_alone_judges(
    due_min: int, risk: str, lateness_s: int | None
) -> None:
    stale = seen(minutes_ago=STALE_AFTER.total_seconds() / 60 + 1)
    found = one(job("en_route_pickup", due_min), stale)
    assert (found.eta, found.risk, found.lateness_s) == (None, risk, lateness_s)
    assert found.why.startswith("no position since 08:54, pick-up ")


@pytest.mark.parametrize(
    ("due_min", "risk"), [(40, "on_time"), (29, "at_risk"), (-14, "at_risk"), (-16, "late")]
)
def test_what_nobody_has_is_a_worry_shortly_before_its_time(due_min: int, risk: str) -> None:
    found = unassigned(job("scheduled", due_min), clock())
    assert (found.eta, found.risk) == (None, risk)
    assert found.why.startswith("nobody assigned, pick-up ")


def test_a_trip_without_a_time_is_never_late() -> None:
    assert unassigned(job("requested", None), clock()).risk == "unknown"


def test_two_patients_aboard_each_have_their_own_arrival_and_the_next_waits_for_both() -> None:
    first = job("in_progress", trip_id=1)
    second = job("in_progress", trip_id=2, dropoff=HERE)
    third = job("assigned", 5, trip_id=3)
    found = of_vehicle([first, second, third], seen(), clock())
    assert (found[1].eta, found[2].eta) == (NOW + DRIVE, NOW)
    assert found[3].eta == NOW + DRIVE + ALIGHTING + DRIVE
    assert found[3].why.startswith("after trip 1, ")


def estimate(eta_min: float | None = 12, risk: str = "on_time", why: str = "") -> Estimate:
    eta = None if eta_min is None else NOW + timedelta(minutes=eta_min)
    return Estimate(eta, None if eta_min is None else round(eta_min * 60), risk, why)


def test_people_are_told_of_what_changed_and_not_of_what_wobbles() -> None:
    minute = WORTH_TELLING_S / 60
    told = [
        (estimate(), estimate(12 + minute * 1.1)),
        (estimate(), estimate(12 - minute * 1.1)),
        (estimate(), estimate(risk="late")),
        (estimate(), estimate(None)),
        (estimate(None), estimate()),
        (estimate(None, why="nobody assigned"), estimate(None, why="no position")),
    ]
    kept = [(estimate(), estimate(12 + minute * 0.9, why="1 min behind")), (estimate(),) * 2]
    assert all(worth_telling(*pair) for pair in told)
    assert not any(worth_telling(*pair) for pair in kept)
