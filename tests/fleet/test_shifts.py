"""A shift: begun in the app, interrupted, ended; planned and helped along by dispatch."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import TestCase
from django.utils import timezone

from tests.api.conftest import As
from tests.api.problems import the_problem
from tests.cast import Cast
from tests.held_broker import HeldBroker
from trips import shifts
from trips.models import Shift, Vehicle
from trips.queries import company_day
from users.models import Notification

pytestmark = pytest.mark.django_db

URL = "/api/shifts/"


@pytest.fixture
def off_duty(cast: Cast) -> Cast:
    """Nobody is on duty, nor was."""
    Shift.objects.all().delete()
    return cast


def begin(cast: Cast, as_user: As, **more: Any) -> Any:
    return as_user(cast.omar).post(URL, {"vehicle_id": cast.van.pk, **more})


def omars(cast: Cast) -> Shift:
    return Shift.objects.get(driver=cast.driver)


def end_url(shift: Shift | int, what: str = "end") -> str:
    return f"{URL}{shift if isinstance(shift, int) else shift.pk}/{what}/"


def test_omar_begins_pauses_goes_on_and_ends(off_duty: Cast, as_user: As) -> None:
    omar = as_user(off_duty.omar)
    answer = begin(off_duty, as_user, odometer="1200.5")
    assert answer.status_code == 201
    shift = answer.json()
    assert (shift["state"], shift["vehicle_name"]) == ("on_duty", "Van 1")
    assert omar.post(end_url(shift["id"], "break")).json()["state"] == "on_break"
    the_problem(omar.post(end_url(shift["id"], "break")), 409)
    assert omar.post(end_url(shift["id"], "resume")).json()["state"] == "on_duty"
    the_problem(omar.post(end_url(shift["id"], "resume")), 409)
    ended = omar.post(end_url(shift["id"]), {"odometer": 1300}).json()
    assert (ended["state"], ended["odometer_start"], ended["odometer_end"]) == (
        "ended",
        "1200.5",
        "1300.0",
    )
    [pause] = ended["breaks"]
    assert pause["starts_at"] <= pause["ends_at"]
    for what in ("end", "break", "resume"):
        the_problem(omar.post(end_url(shift["id"], what)), 409)


def test_the_end_of_a_shift_ends_its_break(off_duty: Cast, as_user: As) -> None:
    shift = begin(off_duty, as_user).json()["id"]
    as_user(off_duty.omar).post(end_url(shift, "break"))
    ended = as_user(off_duty.omar).post(end_url(shift)).json()
    assert ended["breaks"][0]["ends_at"] == ended["ends_at"]


def test_nobody_has_two_shifts(cast: Cast, as_user: As) -> None:
    problem = the_problem(begin(cast, as_user, vehicle_id=cast.spare_van.pk), 409)
    assert f"shift {omars(cast).pk}" in problem["detail"]


def test_a_vehicle_has_one_driver_unless_it_is_handed_over(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    mine = omars(cast)
    Shift.objects.filter(driver=cast.strange_driver).delete()
    eve, body = as_user(cast.eve), {"vehicle_id": cast.van.pk}
    assert f"shift {mine.pk}" in the_problem(eve.post(URL, body), 409)["detail"]
    with TestCase.captureOnCommitCallbacks(execute=True):
        assert eve.post(URL, body | {"handover": True}).status_code == 201
    held_broker.deliver(times=2)
    mine.refresh_from_db()
    assert (mine.ends_at, mine.ended_by) == (Shift.objects.latest("pk").starts_at, cast.eve)
    [notice] = Notification.objects.all()
    assert (notice.user, notice.kind) == (cast.omar, "shift_ended")


def test_a_vehicle_with_somebody_aboard_is_not_handed_over(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("in_progress")
    Shift.objects.filter(driver=cast.strange_driver).delete()
    body = {"vehicle_id": cast.van.pk, "handover": True}
    problem = the_problem(as_user(cast.eve).post(URL, body), 409)
    assert f"Trip {trip.pk}" in problem["detail"]
    assert omars(cast).ends_at is None


def test_a_vehicle_out_of_service_is_not_driven(off_duty: Cast, as_user: As) -> None:
    Vehicle.objects.update(state="out_of_service", out_of_service_reason="brakes")
    assert "out of service" in the_problem(begin(off_duty, as_user), 409)["detail"]


@pytest.mark.parametrize("paper", ["licence_expires", "medical_expires"])
def test_an_expired_paper_keeps_its_driver_at_home(off_duty: Cast, as_user: As, paper: str) -> None:
    today = company_day(timezone.now())
    setattr(off_duty.driver, paper, today - timedelta(days=1))
    off_duty.driver.save()
    assert "expired" in the_problem(begin(off_duty, as_user), 409)["detail"]
    setattr(off_duty.driver, paper, today)
    off_duty.driver.save()
    assert begin(off_duty, as_user).status_code == 201


@pytest.mark.parametrize(
    "status", ["en_route_pickup", "arrived_pickup", "in_progress", "arrived_dropoff"]
)
def test_nobody_goes_home_or_pauses_during_a_trip(cast: Cast, as_user: As, status: str) -> None:
    trip = cast.trip_in(status)
    for what in ("end", "break"):
        problem = the_problem(as_user(cast.omar).post(end_url(omars(cast), what)), 409)
        assert f"Trip {trip.pk}" in problem["detail"]


def test_after_the_trip_one_may_go_home(cast: Cast, as_user: As) -> None:
    cast.trip_in("completed")
    assert as_user(cast.omar).post(end_url(omars(cast))).json()["state"] == "ended"


def test_the_same_beginning_again_gets_the_same_answer(off_duty: Cast, as_user: As) -> None:
    first = begin(off_duty, as_user, client_event_id="b1")
    assert begin(off_duty, as_user, client_event_id="b1").json() == first.json()
    assert Shift.objects.count() == 1
    other = begin(off_duty, as_user, client_event_id="b1", odometer=5)
    the_problem(other, 422)
    shift = first.json()["id"]
    ended = [as_user(off_duty.omar).post(end_url(shift), {"client_event_id": "e1"}) for _ in "ab"]
    assert ended[0].json() == ended[1].json()
    assert ended[0].json()["state"] == "ended"


def test_a_phone_without_coverage_says_later_when_it_began(off_duty: Cast, as_user: As) -> None:
    at = timezone.now() - timedelta(hours=2)
    shift = begin(off_duty, as_user, started_at=at.isoformat())
    assert omars(off_duty).starts_at == at
    ended_at = at + timedelta(hours=1)
    as_user(off_duty.omar).post(end_url(shift.json()["id"]), {"ended_at": ended_at.isoformat()})
    assert omars(off_duty).ends_at == ended_at


def test_an_end_before_the_beginning_is_refused(off_duty: Cast, as_user: As) -> None:
    shift = begin(off_duty, as_user, odometer=1000).json()["id"]
    early = (timezone.now() - timedelta(hours=1)).isoformat()
    for body in ({"ended_at": early}, {"odometer": 999}):
        the_problem(as_user(off_duty.omar).post(end_url(shift), body), 400)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"vehicle_id": "van"},
        {"vehicle_id": 10**9},
        {"odometer": -1},
        {"odometer": "NaN"},
        {"started_at": "2020-01-01T00:00Z"},
        {"started_at": "soon"},
        {"starts_at": "2030-01-01T00:00Z"},
        {"driver_id": 10**9},
        {"colour": "red"},
        {"handover": "perhaps"},
    ],
    ids=str,
)
def test_what_makes_no_sense_is_400(off_duty: Cast, as_user: As, body: dict[str, Any]) -> None:
    vehicle = {"vehicle_id": off_duty.van.pk} if body else {}
    the_problem(as_user(off_duty.omar).post(URL, vehicle | body), 400)
    assert not Shift.objects.exists()


def test_dina_does_it_for_omar_and_says_why(
    off_duty: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    dina = as_user(off_duty.dina)
    body = {"vehicle_id": off_duty.van.pk, "driver_id": off_duty.driver.pk}
    the_problem(dina.post(URL, body), 400)
    shift = dina.post(URL, body | {"reason": "his phone is broken"}).json()
    the_problem(dina.post(end_url(shift["id"])), 400)
    with TestCase.captureOnCommitCallbacks(execute=True):
        ended = dina.post(end_url(shift["id"]), {"reason": "ill"}).json()
    assert (ended["state"], ended["reason"]) == ("ended", "ill")
    held_broker.deliver(times=2)
    assert Notification.objects.get().user == off_duty.omar


def test_who_ends_their_own_shift_is_not_told_of_it(
    cast: Cast, as_user: As, held_broker: HeldBroker
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        as_user(cast.omar).post(end_url(omars(cast)))
    held_broker.deliver()
    assert not Notification.objects.exists()


# --- plans


def plan(cast: Cast, as_user: As, begins_h: float, hours: float = 8, **more: Any) -> Any:
    begins = timezone.now() + timedelta(hours=begins_h)
    body = {
        "driver_id": cast.driver.pk,
        "vehicle_id": cast.van.pk,
        "starts_at": begins.isoformat(),
        "ends_at": (begins + timedelta(hours=hours)).isoformat(),
    }
    return as_user(cast.dina).post(URL, body | more)


def test_dina_plans_tomorrow_while_omar_is_on_duty(cast: Cast, as_user: As) -> None:
    answer = plan(cast, as_user, 24)
    assert (answer.status_code, answer.json()["state"]) == (201, "planned")
    assert not shifts.running(timezone.now() + timedelta(hours=25)).filter(planned=True).exists()


@pytest.mark.parametrize(
    ("begins_h", "hours", "status"),
    [(24, 8, 409), (31, 1, 409), (23, 2, 409), (26, 1, 409), (32, 8, 201), (16, 8, 201)],
)
@pytest.mark.parametrize("whose", ["driver", "vehicle"])
def test_plans_do_not_overlap(
    cast: Cast, as_user: As, begins_h: float, hours: float, status: int, whose: str
) -> None:
    Shift.objects.all().delete()
    assert plan(cast, as_user, 24).status_code == 201
    other = (
        {"vehicle_id": cast.spare_van.pk}
        if whose == "driver"
        else {"driver_id": cast.strange_driver.pk}
    )
    # A moment later than the first one: what touches does not overlap.
    answer = plan(cast, as_user, begins_h + (0.001 if begins_h == 32 else -0.001), hours, **other)
    assert answer.status_code == status
    if status == 409:
        assert whose in the_problem(answer, 409)["detail"]


def test_omar_begins_what_was_planned_for_him(off_duty: Cast, as_user: As) -> None:
    planned = plan(off_duty, as_user, 1).json()
    begun = begin(off_duty, as_user).json()
    assert begun["id"] == planned["id"]
    assert (begun["state"], begun["ends_at"]) == ("on_duty", None)
    assert begun["planned_ends_at"] == planned["ends_at"]
    the_problem(as_user(off_duty.dina).delete(f"{URL}{begun['id']}/"), 409)


def test_a_plan_is_dropped_by_dispatch_alone(off_duty: Cast, as_user: As) -> None:
    path = f"{URL}{plan(off_duty, as_user, 24).json()['id']}/"
    the_problem(as_user(off_duty.omar).delete(path), 403)
    the_problem(as_user(off_duty.omar).post(f"{path}end/"), 409)
    assert as_user(off_duty.dina).delete(path).status_code == 204
    the_problem(as_user(off_duty.dina).delete(path), 404)


def test_drivers_do_not_plan(cast: Cast, as_user: As) -> None:
    tomorrow = timezone.now() + timedelta(days=1)
    body = {
        "vehicle_id": cast.van.pk,
        "starts_at": tomorrow.isoformat(),
        "ends_at": (tomorrow + timedelta(hours=8)).isoformat(),
    }
    the_problem(as_user(cast.omar).post(URL, body), 403)


@pytest.mark.parametrize(("begins_h", "hours"), [(-1, 8), (24, 25), (24, -1), (24, 0), (9000, 8)])
def test_a_plan_that_cannot_be_is_400(
    cast: Cast, as_user: As, begins_h: float, hours: float
) -> None:
    the_problem(plan(cast, as_user, begins_h, hours), 400)


# --- who sees what


def test_a_driver_sees_their_own_and_dispatch_everybodys(cast: Cast, as_user: As) -> None:
    mine = omars(cast)
    listed = as_user(cast.omar).get(URL).json()["results"]
    assert [one["id"] for one in listed] == [mine.pk]
    assert as_user(cast.dina).get(URL).json()["count"] == 2
    foreign = Shift.objects.get(driver=cast.strange_driver).pk
    for path in (f"{URL}{foreign}/", f"{URL}{10**9}/"):
        the_problem(as_user(cast.omar).get(path), 404)
    foreign_answer, absent_answer = (
        as_user(cast.omar).post(end_url(pk)) for pk in (foreign, 10**9)
    )
    assert foreign_answer.content == absent_answer.content


@pytest.mark.parametrize("name", ["pia", "hugo", "bea"])
def test_others_have_no_business_here(cast: Cast, as_user: As, name: str) -> None:
    client = as_user(getattr(cast, name))
    the_problem(client.get(URL), 403)
    the_problem(client.post(URL, {"vehicle_id": cast.van.pk}), 403)
    the_problem(client.post(end_url(omars(cast))), 403)


def test_shifts_are_found_by_driver_vehicle_day_and_state(cast: Cast, as_user: As) -> None:
    dina, mine = as_user(cast.dina), omars(cast)
    old = Shift.objects.create(
        driver=cast.driver,
        vehicle=cast.van,
        starts_at=timezone.now() - timedelta(days=9, hours=1),
        ends_at=timezone.now() - timedelta(days=9),
    )
    for query, wanted in {
        f"driver={cast.driver.pk}": {mine.pk, old.pk},
        f"driver={cast.driver.pk}&open=true": {mine.pk},
        f"vehicle={cast.van.pk}&open=false": {old.pk},
        f"date={company_day(old.starts_at)}": {old.pk},
        "planned=true": set(),
    }.items():
        found = dina.get(f"{URL}?{query}").json()["results"]
        assert {one["id"] for one in found} == wanted, query
