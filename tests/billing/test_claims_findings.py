"""What keeps Pia's rides from being claimed is found, mended, or waived with a reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from billing.claim_facts import claimable
from billing.findings import NotWaivable, check, waive
from billing.linter import RULE_OF, RULES
from billing.models import ClaimFinding, ClaimProfile, Invoice
from tests.api.problems import the_problem
from tests.billing.claimed import (
    as_user,
    authorize,
    codes,
    company_papers,
    driven,
    finished,
    look,
    today,
)
from tests.cast import Cast
from tests.evidence.test_log_is_kept import removed
from trips.models import Assignment, Trip, TripEvent, TripMeasurement

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(cast: Cast) -> Cast:
    """All papers are there, and an authorization."""
    company_papers(cast)
    authorize(cast)
    return cast


def update(trip: Trip, **fields: Any) -> None:
    Trip.objects.filter(pk=trip.pk).update(**fields)


def test_a_ride_with_all_its_papers_has_nothing_against_it(office: Cast) -> None:
    trip = driven(office)
    look(office)
    assert codes(trip) == []


def test_a_ride_without_papers_names_each_that_is_missing(cast: Cast) -> None:
    trip = driven(cast, authorization_number="")
    look(cast)
    assert codes(trip) == [
        "authorization_missing", "licence_missing", "member_id_missing", "plate_missing"
    ]  # fmt: skip


def test_who_else_pays_is_not_looked_at(office: Cast) -> None:
    own = driven(office, payer=None, authorization_number="")
    clinic = driven(office, 1, bill_to="facility", facility=office.facility)
    open_ = office.trip_in("in_progress", payer=office.payer)
    assert check(office.payer.pk, claimable(office.payer.pk)).trips == 0
    assert not ClaimFinding.objects.filter(trip__in=[own, clinic, open_]).exists()


def test_a_ride_that_nobody_billed_cannot_be_claimed_whatever_is_waived(office: Cast) -> None:
    trip = driven(office)
    Invoice.objects.filter(trip=trip).update(state="void")
    look(office)
    (finding,) = ClaimFinding.objects.filter(trip=trip)
    assert finding.code == "invoice_missing"
    with pytest.raises(NotWaivable):
        waive(finding_id=finding.pk, user=office.bea, reason="never mind")


def test_an_altered_log_is_found(office: Cast) -> None:
    trip = driven(office)
    removed(trip, 3)
    look(office)
    assert codes(trip) == ["log_broken"]


def test_positions_that_cover_little_and_odometers_that_differ_are_found(office: Cast) -> None:
    trip = driven(office)
    TripMeasurement.objects.filter(trip=trip).update(
        coverage=0.5, longest_gap_s=1_200, odometer_distance_m=20_000
    )
    look(office)
    assert codes(trip) == ["gps_coverage", "gps_gap", "odometer_variance"]
    detail = ClaimFinding.objects.get(trip=trip, code="gps_coverage").detail
    assert detail == "50% covered, 80% asked for"


def test_the_payers_own_rules_count(office: Cast) -> None:
    trip = driven(office)
    TripMeasurement.objects.filter(trip=trip).update(coverage=0.5)
    ClaimProfile.objects.create(
        payer=office.payer, least_coverage="0.4", member_id_form="AA9999", signature_required=True
    )
    look(office)
    assert codes(trip) == ["member_id_form", "signature_missing"]


def test_the_same_ride_twice_is_found_on_both(office: Cast) -> None:
    agreed = timezone.now() + timedelta(minutes=30)
    first, second = (driven(office, scheduled_at=agreed) for _ in range(2))
    look(office)
    assert codes(first) == codes(second) == ["duplicate_trip"]
    assert ClaimFinding.objects.get(trip=first).detail == f"trip {second.pk}"


def test_a_driver_in_two_vehicles_at_once_is_found(office: Cast) -> None:
    first, second = driven(office), driven(office, 1)
    began = timezone.now() - timedelta(hours=1)
    times = {
        "arrived_pickup_at": began,
        "picked_up_at": began,
        "dropped_off_at": began + timedelta(minutes=30),
    }
    for trip in (first, second):
        update(trip, **times)
    update(second, vehicle=office.spare_van)
    Assignment.objects.filter(trip=second).update(vehicle=office.spare_van)
    look(office)
    assert codes(first) == ["driver_twice", "patient_twice"]
    # The spare van has no plate on record.
    assert codes(second) == ["driver_twice", "patient_twice", "plate_missing"]


def test_shared_rides_are_no_clash_until_the_van_is_full(office: Cast) -> None:
    other = type(office.patient).objects.create(name="Per Alm", member_id="ZX87654321")
    authorize(office, patient=other, number="AUTH-2")
    sits = driven(office, patient=other, authorization_number="AUTH-2", mobility="ambulatory")
    rolls = driven(office)
    began = timezone.now() - timedelta(hours=1)
    for trip in (sits, rolls):
        update(
            trip,
            arrived_pickup_at=began,
            picked_up_at=began,
            dropped_off_at=began + timedelta(minutes=30),
        )
    look(office)
    assert codes(sits) == codes(rolls) == []
    office.van.capacities = [{"wc": 1}]
    office.van.save()
    look(office)
    assert "vehicle_overloaded" in codes(rolls) + codes(sits)


def test_units_are_used_up_in_the_order_of_the_rides(cast: Cast) -> None:
    company_papers(cast)
    authorize(cast, units=2)
    trips = [driven(cast, n) for n in range(3)]
    look(cast)
    assert [codes(trip) for trip in trips] == [[], [], ["authorization_units"]]
    assert ClaimFinding.objects.get().detail == "3 of 2.0"


def test_what_is_found_again_stays_one_row_and_what_is_gone_is_over(office: Cast) -> None:
    trip = driven(office)
    update(trip, authorization_number="")
    for _ in range(2):
        look(office)
    (finding,) = ClaimFinding.objects.all()
    update(trip, authorization_number="AUTH-1")
    look(office)
    finding.refresh_from_db()
    assert (finding.gone_at is not None, codes(trip)) == (True, [])


def test_a_waiver_holds_for_what_was_looked_at_and_no_more(office: Cast) -> None:
    trip = driven(office)
    TripMeasurement.objects.filter(trip=trip).update(coverage=0.7)
    look(office)
    finding = ClaimFinding.objects.get()
    waive(finding_id=finding.pk, user=office.bea, reason="a tunnel")
    look(office)
    assert list(ClaimFinding.objects.values_list("waived_because", flat=True)) == ["a tunnel"]
    TripMeasurement.objects.filter(trip=trip).update(coverage=0.1)
    look(office)
    present = ClaimFinding.objects.get(gone_at__isnull=True)
    assert (present.detail, present.waived_at) == ("10% covered, 80% asked for", None)
    finding.refresh_from_db()
    assert finding.waived_because == "a tunnel"


def test_a_reopened_ride_has_no_findings_any_more(office: Cast) -> None:
    trip = driven(office, authorization_number="")
    look(office)
    update(trip, status="arrived_dropoff")
    look(office)
    assert codes(trip) == []


def test_many_trips_take_as_many_statements_as_few(office: Cast) -> None:
    def statements() -> int:
        with CaptureQueriesContext(connection) as found:
            look(office)
        return len(found)

    driven(office)
    few = statements()
    for n in range(1, 5):
        driven(office, n)
    assert statements() == few


# --- over HTTP


def test_bea_checks_reads_mends_and_waives(office: Cast) -> None:
    trip = driven(office, authorization_number="")
    TripMeasurement.objects.filter(trip=trip).update(coverage=0.5)
    bea = as_user(office, office.bea)
    period = {"payer": office.payer.pk, "first_day": str(today() - timedelta(days=1))}
    result = finished(bea.post("/api/claims/check/", period | {"last_day": str(today())}))
    assert result == {"trips": 1, "blocked": 1}
    query = f"?payer={office.payer.pk}"
    shown = bea.get(f"/api/claims/findings/{query}").json()["results"]
    assert [row["code"] for row in shown] == ["authorization_missing", "gps_coverage"]
    assert (shown[0]["sentence"], shown[0]["version"]) == (
        "No authorization is named.",
        Trip.objects.get().version,
    )
    summary = bea.get(f"/api/claims/findings/summary/{query}").json()
    assert (summary["trips"], summary["blocked"], len(summary["rules"])) == (1, 1, 2)

    body = {"expected_version": shown[0]["version"], "authorization_number": "AUTH-1"}
    left = bea.patch(f"/api/claims/trips/{trip.pk}/", body)
    assert [row["code"] for row in left.json()] == ["gps_coverage"]
    the_problem(bea.patch(f"/api/claims/trips/{trip.pk}/", body), 409)
    waived = bea.post(f"/api/claims/findings/{shown[1]['id']}/waive/", {"reason": "a tunnel"})
    assert waived.json()["waived_by"] == office.bea.pk
    again = bea.post(f"/api/claims/findings/{shown[1]['id']}/waive/", {"reason": "a tunnel"})
    the_problem(again, 409)
    assert bea.get(f"/api/claims/findings/summary/{query}").json()["blocked"] == 0
    taken_back = bea.post(f"/api/claims/findings/{shown[1]['id']}/unwaive/").json()
    assert (taken_back["waived_at"], taken_back["id"] > shown[1]["id"]) == (None, True)
    kept = ClaimFinding.objects.get(pk=shown[1]["id"])
    assert (kept.waived_because, kept.gone_at is not None) == ("a tunnel", True)


def test_the_log_tells_who_mended_and_never_what(office: Cast) -> None:
    trip = driven(office)
    body = {"expected_version": Trip.objects.get().version, "member_id": "ZX99999999"}
    answer = as_user(office, office.bea).patch(f"/api/claims/trips/{trip.pk}/", body)
    assert answer.status_code == 200
    event = TripEvent.objects.filter(trip=trip).latest("version")
    assert (event.event, event.actor_id) == ("trip.changed", office.bea.pk)
    assert event.data == {"fields": ["member_id"]}
    office.patient.refresh_from_db()
    assert office.patient.member_id == "ZX99999999"


def test_a_member_id_mends_all_rides_of_its_patient(office: Cast) -> None:
    office.patient.member_id = ""
    office.patient.save()
    first, second = driven(office), driven(office, 1)
    look(office)
    assert codes(second) == ["member_id_missing"]
    body = {"expected_version": Trip.objects.get(pk=first.pk).version, "member_id": "ZX1"}
    as_user(office, office.bea).patch(f"/api/claims/trips/{first.pk}/", body)
    assert codes(first) == codes(second) == []


ODD: tuple[tuple[str, str, dict[str, Any]], ...] = (
    ("post", "check/", {}),
    ("post", "check/", {"payer": 1, "first_day": "2026-01-02", "last_day": "2026-01-01"}),
    ("get", "findings/", {}),
    ("get", "findings/", {"payer": "x"}),
    ("get", "findings/", {"payer": "payer", "severity": "loud"}),
    ("get", "findings/", {"payer": "payer", "from": "yesterday"}),
    ("get", "findings/summary/", {"from": "2026-01-01"}),
    ("patch", "trips/trip/", {"expected_version": 1}),
    ("patch", "trips/trip/", {"expected_version": 1, "member_id": ""}),
    ("patch", "trips/trip/", {"expected_version": 1, "member_id": "a\0b"}),
    ("patch", "trips/trip/", {"expected_version": 1, "memberid": "ZX1"}),
    ("patch", "trips/trip/", {"member_id": "ZX1"}),
    ("post", "findings/1/waive/", {}),
    ("post", "findings/1/waive/", {"reason": " "}),
)


def test_bad_input_is_a_400_in_words(office: Cast) -> None:
    trip = driven(office)
    bea = as_user(office, office.bea)
    for method, path, body in ODD:
        path = path.replace("trips/trip", f"trips/{trip.pk}")
        body = {k: office.payer.pk if v == "payer" else v for k, v in body.items()}
        the_problem(getattr(bea, method)(f"/api/claims/{path}", body), 400)


GET = (
    "claims/findings/", "claims/findings/summary/", "claims/", "claims/batches/",
    "claims/batches/1/", "claims/batches/1/file/", "authorizations/", "authorizations/1/",
    "authorizations/1/balance/",
)  # fmt: skip
POST = (
    "claims/check/", "claims/batches/", "claims/batches/1/submit/", "claims/batches/1/ready/",
    "claims/batches/1/answers/", "claims/findings/1/waive/", "authorizations/",
)  # fmt: skip


@pytest.mark.parametrize("who", ["dina", "omar", "pia", "hugo"])
def test_only_who_bills_comes_near_claims(cast: Cast, who: str) -> None:
    client = as_user(cast, getattr(cast, who))
    answers = [client.get(f"/api/{path}", {"payer": cast.payer.pk}) for path in GET]
    answers += [client.post(f"/api/{path}", {}) for path in POST]
    answers.append(client.patch("/api/claims/trips/1/", {}))
    for answer in answers:
        the_problem(answer, 403)


@pytest.mark.parametrize("path", ["findings/9999/waive/", "findings/9999/unwaive/"])
def test_an_absent_finding_is_404(office: Cast, path: str) -> None:
    the_problem(as_user(office, office.bea).post(f"/api/claims/{path}", {"reason": "so"}), 404)


def test_an_absent_trip_is_404(office: Cast) -> None:
    body = {"expected_version": 1, "member_id": "ZX1"}
    the_problem(as_user(office, office.bea).patch("/api/claims/trips/987654/", body), 404)


def test_findings_tell_no_name_and_no_address(office: Cast) -> None:
    ClaimProfile.objects.create(payer=office.payer, member_id_form="A")
    driven(office, authorization_number="UNKNOWN")
    look(office)
    assert ClaimFinding.objects.count() == 2
    for detail in ClaimFinding.objects.values_list("detail", flat=True):
        for secret in ("ZX12345678", "UNKNOWN", "Pia", "Götgatan"):
            assert secret not in detail


def test_each_rule_says_what_is_wrong_and_how_it_is_mended() -> None:
    assert len(RULE_OF) == len(RULES)
    for rule in RULES:
        assert len(rule.code) <= 32
        assert rule.sentence.endswith(".")
        assert rule.how_to_fix.endswith(".")
