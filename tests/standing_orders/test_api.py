"""`/api/standing-orders/`: who may what, what is answered, and what is refused how."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.cast import Cast
from tests.standing_orders.conftest import Post, agree, body, tomorrow
from trips.models import Company, Facility, StandingOrder, Trip
from trips.standing_orders import services
from trips.standing_orders.plans import State, in_state, state_of

pytestmark = pytest.mark.django_db

As = Callable[[Any], APIClient]
URL = "/api/standing-orders/"
ACTIONS: dict[str, dict[str, Any]] = {
    "approve": {},
    "change": {"escorts": 1},
    "pause": {"reason": "away"},
    "resume": {},
    "skip": {"day": "2026-01-01"},
    "restore": {"day": "2026-01-01"},
    "end": {},
}
FOR_DISPATCHERS = ("approve", "change")


def test_dina_makes_an_order_and_reads_it_aloud(cast: Cast, dina: Post, as_user: As) -> None:
    status, made = dina(**body(cast, rule="FREQ=WEEKLY;BYDAY=MO,WE,FR"))
    assert status == 201
    order = made["order"]
    assert order["words"] == "every Mon, Wed, Fri at 08:00 for 09:00, back by will-call"
    assert (order["state"], order["version"], order["series"]) == ("active", 1, order["id"])
    assert order["patient"] == {"id": cast.patient.pk, "name": "Pia Ek"}
    assert order["pickup_time"] == "08:00"
    assert made["trips"] == {"made": Trip.objects.count(), "withdrawn": [], "left": []}
    answer = as_user(cast.dina).get(f"{URL}{order['id']}/")
    assert answer.json() == order


def test_a_facilitys_order_waits_until_dina_approves_it(
    cast: Cast, dina: Post, as_user: As
) -> None:
    fields = body(cast)
    del fields["facility_id"]
    made = as_user(cast.hugo).post(URL, fields).json()
    pk = made["order"]["id"]
    assert (made["order"]["state"], made["trips"]["made"]) == ("requested", 0)
    assert made["order"]["facility"]["id"] == cast.facility.pk
    assert as_user(cast.hugo).post(f"{URL}{pk}/approve/").status_code == 403
    status, approved = dina(f"{pk}/approve/", expected_version=1)
    assert (status, approved["order"]["state"], approved["trips"]["made"]) == (200, "active", 28)
    assert dina(f"{pk}/approve/")[0] == 409


def test_a_request_is_turned_down_by_ending_it(cast: Cast, dina: Post, as_user: As) -> None:
    pk = as_user(cast.hugo).post(URL, body(cast)).json()["order"]["id"]
    assert dina(f"{pk}/end/")[1]["order"]["state"] == "ended"
    assert dina(f"{pk}/approve/")[0] == 409
    assert Trip.objects.count() == 0


@pytest.mark.parametrize(
    ("who", "lists", "makes"),
    [
        ("ada", 200, 201),
        ("dina", 200, 201),
        ("hugo", 200, 201),
        ("bea", 200, 403),
        ("pia", 200, 403),
        ("omar", 403, 403),
        ("eve", 403, 403),
    ],
)
def test_each_role_may_what_it_may(
    cast: Cast, as_user: As, who: str, lists: int, makes: int
) -> None:
    own = agree(cast)
    client = as_user(getattr(cast, who))
    assert client.get(URL).status_code == lists
    assert client.get(f"{URL}{own.pk}/").status_code == lists
    assert client.get(f"{URL}{own.pk}/preview/").status_code == lists
    assert client.get(f"{URL}{own.pk}/history/").status_code == lists
    assert client.post(URL, body(cast)).status_code == makes
    assert client.post(f"{URL}preview/", body(cast)).status_code == {201: 200}.get(makes, makes)
    for action, fields in ACTIONS.items():
        status = client.post(f"{URL}{own.pk}/{action}/", fields).status_code
        allowed = makes == 201 and (who != "hugo" or action not in FOR_DISPATCHERS)
        assert (status != 403) == allowed, (action, status)


def test_a_foreign_order_is_as_absent(cast: Cast, as_user: As) -> None:
    other = Facility.objects.create(name="Elsewhere")
    foreign = agree(cast, facility=other)
    for action, fields in ACTIONS.items():
        if action in FOR_DISPATCHERS:
            continue
        answers = [
            as_user(cast.hugo).post(f"{URL}{pk}/{action}/", fields)
            for pk in (foreign.pk, foreign.pk + 999)
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].content == answers[1].content
    for rest in ("", "preview/", "history/"):
        answers = [
            as_user(cast.hugo).get(f"{URL}{pk}/{rest}") for pk in (foreign.pk, foreign.pk + 999)
        ]
        assert {answer.status_code for answer in answers} == {404}
        assert answers[0].content == answers[1].content
    assert as_user(cast.hugo).get(URL).json()["count"] == 0
    fields = body(cast, facility_id=other.pk)
    assert as_user(cast.hugo).post(URL, fields).status_code == 400
    cast.patient.facilities.clear()
    assert as_user(cast.hugo).post(URL, body(cast)).status_code == 400


@pytest.mark.parametrize(
    ("fields", "named"),
    [
        ({"rule": "FREQ=HOURLY"}, "rule"),
        ({"rule": "FREQ=WEEKLY;BYDAY=MO\0"}, "rule"),
        ({"rule": "FREQ=MONTHLY;BYMONTHDAY=31", "last_day": "2026-11-22"}, "last_day|rule"),
        ({"first_day": "0001-01-01"}, "first_day"),
        ({"first_day": "9999-12-31"}, "first_day"),
        ({"last_day": "2020-01-01"}, "last_day"),
        ({"first_day": "tomorrow"}, "first_day"),
        ({"pickup_time": "8 o'clock"}, "pickup_time"),
        ({"pickup_time": "24:00"}, "pickup_time"),
        ({"appointment_time": "07:59"}, "appointment_time"),
        ({"return_kind": "timed"}, "return_time"),
        ({"return_kind": "timed", "return_time": "08:00"}, "return_time"),
        ({"return_kind": "will_call", "return_time": "12:00"}, "return_time"),
        ({"return_kind": "none", "return_time": "12:00"}, "return_time"),
        ({"return_kind": "taxi"}, "return_kind"),
        ({"patient_id": 10**30}, "patient_id"),
        ({"pickup": {"address": "x", "latitude": 91, "longitude": 0}}, "pickup"),
        ({"mobility": "flying"}, "mobility"),
        ({"colour": "red"}, "colour"),
    ],
)
def test_an_order_that_does_not_fit_is_refused_by_name(
    cast: Cast, dina: Post, fields: dict[str, Any], named: str
) -> None:
    status, problem = dina(**body(cast) | fields)
    assert status == 400
    assert set(problem["errors"]) & set(named.split("|")), problem
    assert not StandingOrder.objects.exists()


@pytest.mark.parametrize(
    ("action", "fields", "named"),
    [
        ("skip", {}, "day"),
        ("skip", {"day": "2020-01-01"}, "day"),
        ("skip", {"day": "9999-12-31"}, "day"),
        ("pause", {}, "reason"),
        ("pause", {"reason": "x", "from": "2020-01-01"}, "from"),
        ("pause", {"reason": "x", "from": "9999-12-31"}, "from"),
        ("pause", {"reason": "x", "to": "2020-01-01"}, "to"),
        ("end", {"from": "2020-01-01"}, "from"),
        ("end", {"frm": "2020-01-01"}, "frm"),
        ("change", {"from": "9999-12-31", "escorts": 1}, "from"),
        ("change", {}, "non_field_errors"),
        ("change", {"rule": "FREQ=YEARLY"}, "rule"),
        ("change", {"pickup_time": "10:00"}, "appointment_time"),
        ("change", {"patient_id": 1}, "patient_id"),
        ("resume", {"from": "soon"}, "from"),
    ],
)
def test_a_change_that_does_not_fit_is_refused_by_name(
    cast: Cast, dina: Post, action: str, fields: dict[str, Any], named: str
) -> None:
    pk = dina(**body(cast))[1]["order"]["id"]
    before = StandingOrder.objects.values().get(), Trip.objects.count()
    status, problem = dina(f"{pk}/{action}/", **fields)
    assert (status, list(problem["errors"])) == (400, [named])
    assert (StandingOrder.objects.values().get(), Trip.objects.count()) == before


def test_an_old_version_gets_the_order_as_it_is(cast: Cast, dina: Post) -> None:
    pk = dina(**body(cast))[1]["order"]["id"]
    assert dina(f"{pk}/skip/", day=str(tomorrow(2)), expected_version=1)[0] == 200
    status, problem = dina(f"{pk}/end/", expected_version=1)
    assert status == 409
    assert problem["order"]["version"] == 2
    assert problem["order"]["skips"] == [{"day": str(tomorrow(2)), "reason": ""}]


def test_a_change_answers_the_order_that_holds_and_the_trips_that_were_left(
    cast: Cast, dina: Post
) -> None:
    pk = dina(**body(cast))[1]["order"]["id"]
    back = Trip.objects.filter(leg="return").order_by("service_date")[2]
    cast.tap(back, "ready", cast.pia)
    fields = {
        "from": str(tomorrow(3)),
        "pickup": {"address": "Hotel", "latitude": 57.71, "longitude": 11.97},
        "pickup_time": "08:15",
    }
    status, done = dina(f"{pk}/change/", **fields)
    assert status == 200
    assert done["order"]["pickup"]["address"] == "Hotel"
    assert done["order"]["series"] == pk != done["order"]["id"]
    assert [left["status"] for left in done["trips"]["left"]] == ["scheduled", "scheduled"]
    assert done["trips"]["left"][1]["trip_id"] == back.pk
    assert (len(done["trips"]["withdrawn"]), done["trips"]["made"]) == (22, 22)


def test_a_preview_shows_what_is_held_back_and_why(cast: Cast, dina: Post, as_user: As) -> None:
    pk = dina(**body(cast))[1]["order"]["id"]
    dina(f"{pk}/skip/", day=str(tomorrow(2)))
    dina(f"{pk}/pause/", **{"from": str(tomorrow(4)), "reason": "away"})
    shown = as_user(cast.pia).get(f"{URL}{pk}/preview/?count=5").json()
    assert shown["time_zone"] == "Europe/Stockholm"
    assert [day["held_back"] for day in shown["days"]] == ["", "skipped", "", "paused", "paused"]
    assert [len(day["trips"]) for day in shown["days"]] == [2, 0, 2, 0, 0]
    assert as_user(cast.pia).get(f"{URL}{pk}/preview/?count=0").status_code == 400


def test_a_draft_is_previewed_and_not_kept(cast: Cast, dina: Post) -> None:
    status, shown = dina("preview/?count=2", **body(cast))
    assert (status, len(shown["days"])) == (200, 2)
    assert shown["words"] == "every day at 08:00 for 09:00, back by will-call"
    assert dina("preview/", **body(cast, rule="FREQ=NEVER"))[0] == 400
    assert not StandingOrder.objects.exists()


def test_history_says_who_did_what(cast: Cast, dina: Post, as_user: As) -> None:
    pk = dina(**body(cast))[1]["order"]["id"]
    as_user(cast.hugo).post(f"{URL}{pk}/end/", {"from": str(tomorrow(5))})
    story = as_user(cast.dina).get(f"{URL}{pk}/history/").json()
    assert [(row["kind"], row["actor"]["name"]) for row in story] == [
        ("ended", "Hugo"), ("created", "Dina"),
    ]  # fmt: skip
    assert story[0]["data"] == {
        "from": str(tomorrow(5)), "made": 0, "withdrawn": 20, "left": 0,
    }  # fmt: skip


def test_the_states_of_the_list_are_those_of_each_order(cast: Cast, as_user: As) -> None:
    Company.objects.update(materialise_days=1)
    today = tomorrow(0)
    active, paused, later, ended = (agree(cast) for _ in range(4))
    services.pause(user=cast.dina, order_id=paused.pk, reason="away")
    services.pause(user=cast.dina, order_id=later.pk, first=tomorrow(3), reason="away")
    services.end(user=cast.dina, order_id=ended.pk)
    asked = StandingOrder.objects.get(pk=agree(cast).pk)
    StandingOrder.objects.filter(pk=asked.pk).update(approved_at=None)
    found = {state: set(in_state(StandingOrder.objects.all(), state, today)) for state in State}
    assert found == {
        State.ACTIVE: {active, later},
        State.PAUSED: {paused},
        State.ENDED: {ended},
        State.REQUESTED: {asked},
    }
    for state, orders in found.items():
        listed = as_user(cast.dina).get(f"{URL}?state={state.value}").json()["results"]
        assert {row["id"] for row in listed} == {order.pk for order in orders}
        assert {row["state"] for row in listed} == {state.value}
        fresh = StandingOrder.objects.filter(pk__in=[order.pk for order in orders])
        assert {state_of(order, today) for order in fresh} == {state}
    assert as_user(cast.dina).get(f"{URL}?state=tired").status_code == 400


def test_a_list_takes_as_many_statements_for_one_order_as_for_nine(cast: Cast, as_user: As) -> None:
    Company.objects.update(materialise_days=0)
    client = as_user(cast.dina)
    client.get(URL)
    counts = []
    for _ in range(2):
        agree(cast, except_holidays=True)
        with CaptureQueriesContext(connection) as queries:
            client.get(URL)
        counts.append(len(queries))
        for _ in range(7):
            agree(cast, except_holidays=True)
    assert counts[0] == counts[1]
