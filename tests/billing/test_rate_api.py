"""Billers keep the rates; who books asks what a trip will cost."""

from __future__ import annotations

import csv
from datetime import date, timedelta
from typing import Any

import pytest

from billing.models import Rate
from billing.pricing import price_to_issue
from tests.api.conftest import As, as_user
from tests.cast import DROPOFF, PICKUP, Cast
from trips.models import Holiday, Trip

__all__ = ["as_user"]
pytestmark = pytest.mark.django_db
TEN_MILES_M = 16_093.44
STOPS = {
    "pickup": dict(zip(("latitude", "longitude"), PICKUP, strict=True)),
    "dropoff": dict(zip(("latitude", "longitude"), DROPOFF, strict=True)),
}


def new_rate(cast: Cast, **fields: Any) -> dict[str, Any]:
    return {
        "payer": cast.payer.pk,
        "mobility": "ambulatory",
        "valid_from": "2026-01-01",
        "base_cents": 2_000,
        "mile_cents": 250,
        "mile_bands": [{"from_mile": "10", "cents": 175}],
        "after_hours": [{"days": ["SA"], "from": "18:00", "to": "06:00", "percent": "10"}],
    } | fields


def quote(as_user: As, user: Any, **body: Any) -> Any:
    return as_user(user).post("/api/rates/quote/", body, format="json")


# --- quotes


def test_bea_asks_what_ten_miles_and_a_wait_will_cost(cast: Cast, as_user: As) -> None:
    answer = quote(
        as_user, cast.bea, mobility="wheelchair", distance_m=TEN_MILES_M, wait_minutes=46
    )
    assert answer.status_code == 200, answer.data
    body = answer.json()
    # 45.00, ten miles at 4.00, and of 46 minutes 31 after the grace: two half hours at 15.00.
    assert [(line["code"], line["amount_cents"]) for line in body["lines"]] == [
        ("A0130", 4_500),
        ("S0209", 4_000),
        ("T2007", 3_000),
    ]
    assert (body["total_cents"], body["currency"]) == (11_500, "USD")
    assert body["lines"][1]["quantity"] == "10.00"
    assert "Miles: given." in body["assumptions"]
    assert "No time is agreed: the price of now." in body["assumptions"]


def test_dina_asks_for_a_trip_between_two_points_and_for_one_that_is_booked(
    cast: Cast, as_user: As
) -> None:
    by_fields = quote(as_user, cast.dina, mobility="ambulatory", **STOPS).json()
    trip = cast.book(copay_cents=300)
    by_trip = quote(as_user, cast.dina, trip=trip.pk).json()
    # 1.9 miles at 3.00.
    assert by_fields["total_cents"] == by_trip["total_cents"] == 2_500 + 570
    assert (by_fields["copay_cents"], by_trip["copay_cents"]) == (0, 300)
    assert "Miles: estimate: straight line x 1.3." in by_trip["assumptions"]


def test_the_quote_of_a_trip_that_has_ended_is_its_price(cast: Cast, as_user: As) -> None:
    trip = cast.trip_in("completed")
    body = quote(as_user, cast.bea, trip=trip.pk).json()
    assert body["total_cents"] == price_to_issue(trip).total_cents
    assert body["assumptions"] == []
    assert quote(as_user, cast.bea, trip=trip.pk, wait_minutes=5).status_code == 400


def test_pia_and_hugo_ask_for_their_own_trips_only(cast: Cast, as_user: As) -> None:
    mine = cast.book(facility=cast.facility)
    assert quote(as_user, cast.pia, trip=mine.pk).json()["total_cents"] == 3_070
    assert quote(as_user, cast.hugo, trip=mine.pk).json()["total_cents"] == 3_070
    strange = cast.book(patient=_somebody(), facility=None)
    absent = quote(as_user, cast.pia, trip=10**9)
    for user in (cast.pia, cast.hugo):
        foreign = quote(as_user, user, trip=strange.pk)
        assert (foreign.status_code, foreign.content) == (404, absent.content)


def _somebody() -> Any:
    from trips.models import Patient

    return Patient.objects.create(name="Somebody Else")


def test_what_a_payer_agreed_on_is_not_for_those_who_order(cast: Cast, as_user: As) -> None:
    Rate.objects.create(
        payer=cast.payer, mobility="ambulatory", valid_from="2026-01-01", base_cents=777,
        mile_cents=0,
    )  # fmt: skip
    trip = cast.book(payer=cast.payer, facility=cast.facility, copay_cents=300)
    for user in (cast.pia, cast.hugo):
        body = quote(as_user, user, trip=trip.pk).json()
        assert (body["total_cents"], body["lines"], body["rate"]) == (300, [], None)
        refused = quote(as_user, user, payer=cast.payer.pk, mobility="ambulatory", distance_m=1)
        assert refused.status_code == 400
    assert quote(as_user, cast.dina, trip=trip.pk).json()["total_cents"] == 777


def test_drivers_ask_for_no_price(cast: Cast, as_user: As) -> None:
    for user in (cast.omar, cast.eve):
        assert quote(as_user, user, mobility="ambulatory", distance_m=1).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mobility": "ambulatory"},
        {"mobility": "on a cloud", "distance_m": 1},
        {"mobility": "ambulatory", "distance_m": -1},
        {"mobility": "ambulatory", "distance_m": 10**12},
        {"mobility": "ambulatory", "distance_m": "far"},
        {"mobility": "ambulatory", "pickup": STOPS["pickup"]},
        {"mobility": "ambulatory", "pickup": STOPS["pickup"], "dropoff": {"latitude": 91}},
        {"mobility": "ambulatory", "distance_m": 1, "wait_minutes": 1.5},
        {"mobility": "ambulatory", "distance_m": 1, "payer": 10**30},
        {"mobility": "ambulatory", "distance_m": 1, "scheduled_at": "soon"},
        {"mobility": "ambulatory", "distance_m": 1, "price": 0},
        {"trip": "1"},
        {"trip": 0},
        {"trip": 1, "mobility": "ambulatory"},
    ],
)
def test_a_question_that_is_none_is_refused(cast: Cast, as_user: As, body: dict[str, Any]) -> None:
    answer = quote(as_user, cast.bea, **body)
    assert answer.status_code in (400, 404), answer.data


def test_where_no_rate_holds_it_says_so(cast: Cast, as_user: As) -> None:
    answer = quote(
        as_user, cast.bea, mobility="ambulatory", distance_m=1, scheduled_at="2019-01-01T12:00Z"
    )
    assert answer.status_code == 422
    assert answer.json()["detail"] == "No rate covers ambulatory on 2019-01-01."


# --- keeping rates


def test_bea_adds_a_rate_and_corrects_it(cast: Cast, as_user: As) -> None:
    bea = as_user(cast.bea)
    added = bea.post("/api/rates/", new_rate(cast), format="json")
    assert added.status_code == 201, added.data
    again = bea.post("/api/rates/", new_rate(cast, base_cents=1), format="json")
    assert again.status_code == 409
    assert again.json()["rate"]["id"] == added.data["id"]
    body = new_rate(cast, base_cents=1_900, corrects=added.data["id"], reason="typing error")
    corrected = bea.post("/api/rates/", body, format="json")
    assert (corrected.status_code, corrected.data["version"]) == (201, 2)
    # Another biller, who has not seen that yet:
    assert bea.post("/api/rates/", body, format="json").status_code == 409
    trip = cast.trip_in("completed", payer=cast.payer)
    assert price_to_issue(trip).lines[0].amount_cents == 1_900
    assert Rate.objects.get(pk=corrected.data["id"]).created_by == cast.bea


def test_a_withdrawn_rate_gives_way_to_the_default(cast: Cast, as_user: As) -> None:
    bea = as_user(cast.bea)
    rate = bea.post("/api/rates/", new_rate(cast), format="json").data["id"]
    trip = cast.trip_in("completed", payer=cast.payer)
    assert price_to_issue(trip).rate.pk == rate
    gone = bea.post(f"/api/rates/{rate}/withdraw/", {"reason": "never agreed"}, format="json")
    assert (gone.status_code, gone.data["valid_to"]) == (201, "2025-12-31")
    assert gone.data["mile_bands"] == [{"from_mile": "10", "cents": 175}]
    assert price_to_issue(trip).rate.payer is None
    again = bea.post(f"/api/rates/{rate}/withdraw/", {"reason": "x"}, format="json")
    assert again.status_code == 409


def test_a_rate_within_another_ones_time_is_refused(cast: Cast, as_user: As) -> None:
    bea = as_user(cast.bea)
    body = new_rate(cast, valid_to="2026-06-30")
    assert bea.post("/api/rates/", body, format="json").status_code == 201
    inside = bea.post("/api/rates/", new_rate(cast, valid_from="2026-06-01"), format="json")
    assert inside.status_code == 400
    assert "holds from 2026-01-01 to 2026-06-30" in str(inside.json()["errors"]["valid_from"])
    after = bea.post("/api/rates/", new_rate(cast, valid_from="2026-07-01"), format="json")
    assert after.status_code == 201


@pytest.mark.parametrize(
    "change",
    [
        {"mile_bands": [{"from_mile": "10"}]},
        {"mile_bands": "10"},
        {"mile_bands": None},
        {"after_hours": [{"days": ["SA"], "from": "25:00", "to": "06:00", "flat_cents": 1}]},
        {"after_hours": {"days": ["SA"]}},
        {"base_cents": -1},
        {"base_cents": 10**12},
        {"base_cents": None},
        {"mobility": "on a cloud"},
        {"payer": 10**30},
        {"valid_from": "today"},
        {"minimum_cents": 10, "maximum_cents": 5},
        {"mile_step": "0"},
        {"wait_increment_minutes": 0},
        {"wait_rounding": "never"},
        {"corrects": "x"},
        {"used_at": "2026-01-01T00:00Z"},
        {"cents": 1},
        {"included_miles": "-1"},
        {"reason": "\0"},
    ],
)
def test_a_rate_that_is_none_is_refused(cast: Cast, as_user: As, change: dict[str, Any]) -> None:
    answer = as_user(cast.bea).post("/api/rates/", new_rate(cast, **change), format="json")
    assert answer.status_code == 400, answer.data
    assert not Rate.objects.filter(payer=cast.payer).exists()


def test_nobody_else_sees_or_keeps_rates_and_none_is_changed_or_deleted(
    cast: Cast, as_user: As
) -> None:
    for user in (cast.dina, cast.omar, cast.eve, cast.pia, cast.hugo):
        assert as_user(user).get("/api/rates/").status_code == 403
        assert as_user(user).post("/api/rates/", {}, format="json").status_code == 403
        assert as_user(user).get("/api/holidays/").status_code == 403
    rate = Rate.objects.first()
    assert rate
    for method in ("put", "patch", "delete"):
        answer = getattr(as_user(cast.bea), method)(f"/api/rates/{rate.pk}/", {}, format="json")
        assert answer.status_code == 405


def test_rates_are_listed_filtered_and_taken_away_as_a_sheet(cast: Cast, as_user: As) -> None:
    bea = as_user(cast.bea)
    bea.post("/api/rates/", new_rate(cast, reason="=cmd()"), format="json")
    own = bea.get("/api/rates/", {"payer": cast.payer.pk}).json()
    assert (own["count"], own["results"][0]["base_cents"]) == (1, 2_000)
    assert bea.get("/api/rates/", {"default": "true", "mobility": "stretcher"}).json()["count"] == 1
    assert bea.get("/api/rates/", {"payer": "x"}).status_code == 400
    sheet: Any = bea.get("/api/rates/", {"format": "csv"})
    assert sheet["Content-Type"].startswith("text/csv")
    rows = list(csv.DictReader(b"".join(sheet.streaming_content).decode().splitlines()))
    assert len(rows) == Rate.objects.count() == 6
    assert {row["reason"] for row in rows} == {"", "'=cmd()"}


def test_bea_keeps_the_holidays(cast: Cast, as_user: As) -> None:
    bea = as_user(cast.bea)
    day = (date.today() + timedelta(days=30)).isoformat()
    added = bea.post("/api/holidays/", {"day": day, "name": "Midsummer"}, format="json")
    assert added.status_code == 201
    assert bea.post("/api/holidays/", {"day": day, "name": "x"}, format="json").status_code == 400
    assert bea.post("/api/holidays/", {"day": "soon", "name": "x"}).status_code == 400
    assert [row["name"] for row in bea.get("/api/holidays/").json()["results"]] == ["Midsummer"]
    assert bea.delete(f"/api/holidays/{added.data['id']}/").status_code == 204
    assert not Holiday.objects.exists()
    assert Trip.objects.count() == 0
