"""Batches: drafted of what is free, frozen with their file, never changed once sent."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, transaction

from billing.claim_files import file_of
from billing.claims import (
    NothingToClaim,
    WrongState,
    discard,
    reopen,
    submit,
)
from billing.models import Claim, ClaimBatch, ClaimProfile, Invoice
from tests.api.problems import the_problem
from tests.billing.claimed import (
    as_user,
    authorize,
    company_papers,
    days,
    drafted,
    driven,
    finished,
    look,
    readied,
    today,
)
from tests.cast import Cast
from tests.threads import at_once
from trips.models import Patient, Trip

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(cast: Cast) -> Cast:
    """All papers are there, and an authorization."""
    company_papers(cast)
    authorize(cast)
    return cast


@pytest.fixture
def sent(office: Cast) -> ClaimBatch:
    """A submitted batch of two rides."""
    for n in range(2):
        driven(office, n)
    batch = drafted(office)
    readied(office, batch)
    return submit(batch_id=batch.pk, user=office.bea, reference="R-1")


def rows_of(batch: ClaimBatch) -> list[dict[str, str]]:
    batch.refresh_from_db()
    assert batch.file is not None
    return list(csv.DictReader(io.StringIO(gzip.decompress(batch.file).decode())))


def claims_of(batch: ClaimBatch) -> list[Claim]:
    return list(batch.claims.order_by("pk"))


def answer(cast: Cast, batch: ClaimBatch, *answers: dict[str, Any]) -> Any:
    bea = as_user(cast, cast.bea)
    return bea.post(f"/api/claims/batches/{batch.pk}/answers/", {"answers": list(answers)})


def test_a_ride_in_a_draft_is_in_no_other(office: Cast) -> None:
    driven(office)
    batch = drafted(office)
    assert batch.claims.count() == 1
    with pytest.raises(NothingToClaim):
        drafted(office)
    discard(batch.pk)
    assert drafted(office).claims.count() == 1


def test_the_database_refuses_a_ride_in_two_batches(office: Cast) -> None:
    trip = driven(office)
    drafted(office)
    other = ClaimBatch.objects.create(payer=office.payer, created_by=office.bea, **days())
    with pytest.raises(IntegrityError), transaction.atomic():
        Claim.objects.create(batch=other, trip=trip)


def test_a_blocked_ride_is_not_drafted(office: Cast) -> None:
    driven(office, authorization_number="")
    free = driven(office, 1)
    look(office)
    assert [claim.trip_id for claim in drafted(office).claims.all()] == [free.pk]


def test_what_was_never_checked_is_checked_before_it_is_ready(office: Cast) -> None:
    blocked, free = driven(office, authorization_number=""), driven(office, 1)
    batch = drafted(office)
    assert batch.claims.count() == 2
    result = readied(office, batch)
    assert (result["outcome"], result["claims"]) == ("ready", 1)
    assert result["trips_left_out"] == [blocked.pk]
    assert [claim.trip_id for claim in claims_of(batch)] == [free.pk]


def test_a_batch_with_nothing_left_stays_a_draft(office: Cast) -> None:
    driven(office, authorization_number="")
    batch = drafted(office)
    assert readied(office, batch)["outcome"] == "nothing"
    assert (batch.state, batch.file) == ("draft", None)


def test_the_file_has_a_row_for_each_line_with_code_modifiers_and_numbers(office: Cast) -> None:
    trip = driven(office)
    invoice = Invoice.objects.get(trip=trip)
    batch = drafted(office)
    readied(office, batch)
    rows = rows_of(batch)
    assert [row["code"] for row in rows] == ["A0130", "S0209"]
    assert [row["line"] for row in rows] == ["1", "2"]
    assert rows[0]["modifier_1"] == "RD"
    assert (rows[1]["units"], rows[1]["unit"], rows[1]["miles"]) == ("4", "mile", "4.0")
    first = rows[0]
    assert (first["licence"], first["plate"]) == ("D123456", "ABC123")
    assert (first["member_id"], first["authorization_number"]) == ("ZX12345678", "AUTH-1")
    assert (first["invoice"], first["service_date"]) == (invoice.number, str(today()))
    charged = sum(round(float(row["charge"]) * 100) for row in rows)
    assert charged == invoice.total_cents == claims_of(batch)[0].amount_cents


def test_a_payers_own_columns_and_numbers(office: Cast) -> None:
    ClaimProfile.objects.create(
        payer=office.payer, provider_id="P-77", columns=["member_id", "code", "provider_id"]
    )
    driven(office)
    batch = drafted(office)
    readied(office, batch)
    text = gzip.decompress(batch.file or b"").decode().splitlines()
    assert text == ["member_id,code,provider_id", *(f"ZX12345678,{c},P-77" for c in
                    ("A0130", "S0209"))]  # fmt: skip


def test_no_cell_is_a_formula(office: Cast) -> None:
    driven(office)
    batch = drafted(office)
    for name in ("=cmd|' /C calc'!A0", "+1", "-1", "@SUM(A1)", "＝1+1", "\t=1"):
        Patient.objects.filter(pk=office.patient.pk).update(name=name)
        readied(office, batch)
        assert {row["patient"] for row in rows_of(batch)} == {f"'{name}"}
        reopen(batch.pk)


def test_the_same_claims_make_the_same_bytes(office: Cast) -> None:
    driven(office)
    batch = drafted(office)
    readied(office, batch)
    assert file_of(batch) == batch.file


def test_a_ready_batch_can_be_a_draft_again_and_is_written_anew(office: Cast) -> None:
    driven(office)
    batch = drafted(office)
    readied(office, batch)
    reopen(batch.pk)
    assert (claims_of(batch)[0].content, claims_of(batch)[0].invoice) == ({}, None)
    Patient.objects.filter(pk=office.patient.pk).update(member_id="ZX00000000")
    readied(office, batch)
    assert rows_of(batch)[0]["member_id"] == "ZX00000000"


def test_what_changed_since_it_was_ready_is_not_sent(office: Cast) -> None:
    trip = driven(office)
    batch = drafted(office)
    readied(office, batch)
    for change in ({"status": "arrived_dropoff"}, {"bill_to": "facility"}):
        with transaction.atomic():
            Trip.objects.filter(pk=trip.pk).update(**change)
            with pytest.raises(WrongState, match=str(trip.pk)):
                submit(batch_id=batch.pk, user=office.bea, reference="")
            transaction.set_rollback(True)
    Invoice.objects.filter(trip=trip).update(state="void")
    with pytest.raises(WrongState, match=str(trip.pk)):
        submit(batch_id=batch.pk, user=office.bea, reference="")


def test_what_was_sent_never_changes_whoever_tries(sent: ClaimBatch) -> None:
    claim = claims_of(sent)[0]
    attempts: list[Callable[[], Any]] = [
        lambda: ClaimBatch.objects.filter(pk=sent.pk).update(file=b"other"),
        lambda: ClaimBatch.objects.filter(pk=sent.pk).update(reference="other"),
        lambda: ClaimBatch.objects.filter(pk=sent.pk).update(state="ready"),
        lambda: ClaimBatch.objects.filter(pk=sent.pk).delete(),
        lambda: Claim.objects.filter(pk=claim.pk).update(content={}),
        lambda: Claim.objects.filter(pk=claim.pk).update(amount_cents=1),
        lambda: Claim.objects.filter(pk=claim.pk).delete(),
        lambda: Claim.objects.create(batch=sent, trip_id=claim.trip_id, state="rejected",
                                     denial_code="X"),
    ]  # fmt: skip
    for attempt in attempts:
        with pytest.raises(DatabaseError), transaction.atomic():
            attempt()
    for wrong in (reopen, discard):
        with pytest.raises(WrongState):
            wrong(sent.pk)


def test_answers_make_the_state_of_the_batch(office: Cast, sent: ClaimBatch) -> None:
    first, second = (claim.pk for claim in claims_of(sent))
    said = answer(office, sent, {"claim": first, "state": "accepted"}).json()
    assert (said["state"], said["pending"]) == ("submitted", 1)
    denied = {"claim": second, "state": "rejected", "denial_code": "CO-197"}
    assert answer(office, sent, denied).json()["state"] == "partly_rejected"
    assert answer(office, sent, denied).status_code == 200
    paid = answer(office, sent, {"claim": first, "state": "paid", "paid_cents": 4_000}).json()
    assert (paid["state"], paid["paid_cents"], paid["rejected"]) == ("paid", 4_000, 1)
    the_problem(answer(office, sent, {"claim": first, "state": "accepted"}), 409)
    shown = as_user(office, office.bea).get(f"/api/claims/?batch={sent.pk}&state=rejected").json()
    assert [(row["id"], row["denial_code"]) for row in shown["results"]] == [(second, "CO-197")]


def test_one_wrong_answer_and_none_is_noted(office: Cast, sent: ClaimBatch) -> None:
    first = claims_of(sent)[0].pk
    good = {"claim": first, "state": "accepted"}
    the_problem(answer(office, sent, good, {"claim": 987_654, "state": "accepted"}), 400)
    assert {claim.state for claim in claims_of(sent)} == {"pending"}


def test_an_odd_answer_is_a_400(office: Cast, sent: ClaimBatch) -> None:
    claim = claims_of(sent)[0]
    odd: list[dict[str, Any]] = [
        {"state": "rejected"},
        {"state": "accepted", "denial_code": "X"},
        {"state": "paid"},
        {"state": "accepted", "paid_cents": 1},
        {"state": "paid", "paid_cents": -1},
        {"state": "pending"},
        {"state": "lost"},
        {"state": "accepted", "note": "x"},
    ]
    for body in odd:
        the_problem(answer(office, sent, {"claim": claim.pk} | body), 400)
    claim.refresh_from_db()
    assert claim.state == "pending"


def test_two_answers_to_one_claim_and_none_at_all_are_400(office: Cast, sent: ClaimBatch) -> None:
    one = {"claim": claims_of(sent)[0].pk, "state": "accepted"}
    the_problem(answer(office, sent, one, one), 400)
    the_problem(answer(office, sent), 400)


def test_a_rejected_ride_goes_into_the_next_batch_and_an_accepted_one_does_not(
    office: Cast, sent: ClaimBatch
) -> None:
    first, second = claims_of(sent)
    answer(
        office, sent,
        {"claim": first.pk, "state": "accepted"},
        {"claim": second.pk, "state": "rejected", "denial_code": "CO-16"},
    )  # fmt: skip
    again = drafted(office)
    assert [claim.trip_id for claim in again.claims.all()] == [second.trip_id]
    readied(office, again)
    assert again.state == "ready"


def test_an_invoice_revised_after_it_was_sent_is_told(office: Cast, sent: ClaimBatch) -> None:
    claim = claims_of(sent)[0]
    Invoice.objects.filter(trip=claim.trip_id).update(state="void")
    look(office)
    found = list(claim.trip.claim_findings.values_list("code", flat=True))
    assert found == ["invoice_missing", "invoice_revised"]


def test_bea_goes_the_whole_way_over_http(office: Cast) -> None:
    trips = [driven(office, n) for n in range(3)]
    bea = as_user(office, office.bea)
    period = {name: str(day) for name, day in days().items()}
    made = bea.post("/api/claims/batches/", {"payer": office.payer.pk} | period)
    assert (made.status_code, made.json()["claims"]) == (201, 3)
    path = f"/api/claims/batches/{made.json()['id']}/"
    the_problem(bea.get(f"{path}file/"), 404)
    assert bea.post(f"{path}leave-out/", {"trip": trips[2].pk}).json()["claims"] == 2
    the_problem(bea.post(f"{path}leave-out/", {"trip": trips[2].pk}), 400)
    the_problem(bea.post(f"{path}submit/", {}), 409)
    assert finished(bea.post(f"{path}ready/"))["claims"] == 2
    the_problem(bea.post(f"{path}ready/"), 409)
    file = bea.get(f"{path}file/")
    assert (file["Content-Type"], file["Cache-Control"]) == ("text/csv; charset=utf-8", "no-store")
    sent = bea.post(f"{path}submit/", {"reference": "R-9"}).json()
    assert (sent["state"], sent["reference"], sent["submitted_by"]) == (
        "submitted", "R-9", office.bea.pk
    )  # fmt: skip
    assert bea.get(f"{path}file/").content == file.content
    the_problem(bea.delete(path), 409)
    total = Invoice.objects.filter(trip__in=trips[:2]).values_list("total_cents", flat=True)
    assert bea.get(path).json()["amount_cents"] == sum(total)
    left = bea.post("/api/claims/batches/", {"payer": office.payer.pk} | period).json()
    assert (left["claims"], bea.get("/api/claims/batches/?state=draft").json()["count"]) == (1, 1)
    assert bea.delete(f"/api/claims/batches/{left['id']}/").status_code == 204
    the_problem(bea.get(f"/api/claims/batches/{left['id']}/"), 404)
    the_problem(bea.post(f"/api/claims/batches/{left['id']}/submit/", {}), 404)


def test_a_draft_that_is_thrown_away_meanwhile_ends_the_job_quietly(office: Cast) -> None:
    driven(office)
    batch = drafted(office)
    bea = as_user(office, office.bea)
    begun = bea.post(f"/api/claims/batches/{batch.pk}/ready/")
    discard(batch.pk)
    assert finished(begun) == {"outcome": "gone"}


@pytest.mark.django_db(transaction=True)
def test_two_who_draft_at_once_share_no_ride(office: Cast) -> None:
    for n in range(3):
        driven(office, n)

    def tried() -> int:
        try:
            return drafted(office).claims.count()
        except NothingToClaim:
            return 0

    counts = at_once(tried, 4)
    assert sorted(counts) == [0, 0, 0, 3]
