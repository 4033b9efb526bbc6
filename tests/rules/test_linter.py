"""The linter's rules: each finds what it is for, and nothing on a ride that is right."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from billing.claim_states import ANSWERS, BatchState, ClaimState, state_of_batch
from billing.linter import (
    RULES,
    AuthorizationFacts,
    ClaimFacts,
    MeasuredFacts,
    PayerRules,
    Ridden,
    has_form,
    lint,
    normalised,
)

AT = datetime(2026, 3, 10, 9, 0, tzinfo=UTC)
DAY = AT.date()
RIDE = Ridden(1, 7, 3, 5, "wheelchair", 0, AT, AT + timedelta(minutes=20))
AUTHORIZATION = AuthorizationFacts(
    patient_id=7,
    valid_from=date(2026, 3, 1),
    valid_to=DAY,
    units=Decimal(10),
    used_before=Decimal(9),
    units_of_trip=Decimal(1),
)
MEASURED = MeasuredFacts(
    by_gps=True, coverage=0.95, longest_gap_s=60, driven_m=10_000, odometer_m=9_500
)
#: A ride with nothing against it: the last unit, on the last day.
GOOD = ClaimFacts(
    trip_id=1,
    patient_id=7,
    service_day=DAY,
    mobility="wheelchair",
    member_id="ZX123",
    authorization_number="A1",
    authorization=AUTHORIZATION,
    line_codes=("A0130", "S0209"),
    invoice_id=11,
    licences=("D-1",),
    licence_expires=(DAY,),
    plates=("ABC 123",),
    seatings={5: [{"amb": 4, "wc": 1}]},
    arrived_at=AT - timedelta(minutes=5),
    picked_up_at=AT,
    dropped_off_at=AT + timedelta(minutes=20),
    completed_at=AT + timedelta(minutes=21),
    measured=MEASURED,
    rides=(RIDE,),
)
ASKED = PayerRules(member_id_form="AA999 9999", signature_required=False)


def found(rules: PayerRules = ASKED, **changed: Any) -> list[str]:
    return [one.code for one in lint(replace(GOOD, **changed), rules)]


def other(**changed: Any) -> tuple[Ridden, ...]:
    """A ride of somebody else at the same time."""
    values: dict[str, Any] = {"trip_id": 2, "patient_id": 8} | changed
    return (replace(RIDE, **values),)


def test_a_ride_that_is_right_has_nothing_against_it() -> None:
    assert found() == []


_LATE = AT + timedelta(hours=1)
CASES: list[tuple[str, dict[str, Any]]] = [
    ("member_id_missing", {"member_id": "  "}),
    ("member_id_form", {"member_id": "12345"}),
    ("authorization_missing", {"authorization_number": "", "authorization": None}),
    ("authorization_unknown", {"authorization": None}),
    ("authorization_patient", {"authorization": replace(AUTHORIZATION, patient_id=8)}),
    ("authorization_days", {"authorization": replace(AUTHORIZATION, valid_to=date(2026, 3, 9))}),
    ("authorization_days", {"authorization": replace(AUTHORIZATION, valid_from=date(2026, 3, 11),
                                                     valid_to=date(2026, 4, 1))}),
    ("authorization_units", {"authorization": replace(AUTHORIZATION, used_before=Decimal("9.1"))}),
    ("authorization_level", {"authorization": replace(AUTHORIZATION, levels=("stretcher",))}),
    ("authorization_code", {"authorization": replace(AUTHORIZATION, codes=("A0130",))}),
    ("invoice_missing", {"invoice_id": None, "line_codes": ()}),
    ("invoice_revised", {"claimed_invoice_id": 10}),
    ("level_code", {"line_codes": ("A0120", "S0215")}),
    ("level_code", {"line_codes": ("S0209",)}),
    ("level_vehicle", {"seatings": {5: [{"amb": 4, "wc": 1}], 6: [{"amb": 4}]}}),
    ("licence_missing", {"licences": ()}),
    ("licence_missing", {"licences": ("D-1", "--")}),
    ("licence_expired", {"licence_expires": (DAY - timedelta(days=1),)}),
    ("plate_missing", {"plates": ("",)}),
    ("plate_form", {"plates": ("ÅÄÖ 123",)}),
    ("plate_form", {"plates": ("ABCDEFGHIJK",)}),
    ("times_missing", {"arrived_at": None}),
    ("times_order", {"arrived_at": AT + timedelta(seconds=1)}),
    ("times_order", {"dropped_off_at": AT - timedelta(seconds=1)}),
    ("times_order", {"completed_at": AT + timedelta(minutes=19)}),
    ("gps_missing", {"measured": None}),
    ("gps_missing", {"measured": replace(MEASURED, by_gps=False, coverage=0.0)}),
    ("gps_coverage", {"measured": replace(MEASURED, coverage=0.79)}),
    ("gps_gap", {"measured": replace(MEASURED, longest_gap_s=601)}),
    ("odometer_variance", {"measured": replace(MEASURED, odometer_m=7_900)}),
    ("log_broken", {"log_faults": 1}),
    ("duplicate_trip", {"duplicates": (2,)}),
    ("patient_twice", {"beside": other(patient_id=7, driver_id=4, vehicle_id=6)}),
    ("driver_twice", {"beside": other(vehicle_id=6)}),
    ("vehicle_twice", {"beside": other(driver_id=4, mobility="ambulatory")}),
    ("vehicle_overloaded", {"beside": other()}),
    ("vehicle_overloaded", {"beside": other(mobility="ambulatory", escorts=4)}),
]  # fmt: skip


@pytest.mark.parametrize(("code", "changed"), CASES, ids=[code for code, _ in CASES])
def test_each_rule_finds_its_own_and_no_other(code: str, changed: dict[str, Any]) -> None:
    assert found(**changed) == [code]


def test_every_rule_has_a_case() -> None:
    assert {rule.code for rule in RULES} == {code for code, _ in CASES} | {"signature_missing"}


@pytest.mark.parametrize(
    "changed",
    [
        {"claimed_invoice_id": 11},
        {"member_id": "1234"},
        {"member_id": " zx123 "},
        {"plates": ("abc-123",)},
        {"completed_at": AT + timedelta(minutes=20)},
        {"measured": replace(MEASURED, coverage=0.8, longest_gap_s=600, odometer_m=8_000)},
        {"measured": replace(MEASURED, odometer_m=None)},
        {"measured": replace(MEASURED, driven_m=0.0, odometer_m=0.0)},
        {"beside": other(mobility="ambulatory")},
        {"beside": other(mobility="ambulatory", escorts=3)},
        {"beside": other(driver_id=4, vehicle_id=6)},
        # Who followed on the heels of this ride, or was aboard before: a crossing of two taps.
        {"beside": other(vehicle_id=6, begins=AT + timedelta(minutes=18), ends=_LATE)},
        # The other one got in later: it finds this one aboard.
        {"beside": other(begins=AT + timedelta(minutes=1))},
    ],
)
def test_what_is_allowed_is_not_found(changed: dict[str, Any]) -> None:
    assert found(**changed) == []


def test_a_crossing_of_more_than_two_minutes_is_one_too_many() -> None:
    begins = AT + timedelta(minutes=17, seconds=59)
    assert found(beside=other(vehicle_id=6, begins=begins, ends=_LATE)) == ["driver_twice"]


def test_what_a_payer_does_not_ask_for_is_not_missed() -> None:
    lenient = PayerRules(authorization_required=False)
    assert found(lenient, authorization_number="", authorization=None, member_id="?") == []
    assert found(lenient, authorization=None) == []
    late = replace(AUTHORIZATION, valid_to=date(2026, 3, 9))
    assert found(lenient, authorization=late) == ["authorization_days"]


def test_signatures_are_asked_for_where_the_payer_wants_them() -> None:
    strict = PayerRules(signature_required=True)
    assert found(strict) == ["signature_missing"]
    assert found(strict, has_signature=True) == []


def test_many_things_are_found_in_the_order_of_the_rules() -> None:
    codes = found(member_id="", plates=(), licences=(), measured=None, invoice_id=None)
    order = [rule.code for rule in RULES]
    assert codes == sorted(codes, key=order.index)
    assert len(codes) == 5


@pytest.mark.parametrize(
    ("given", "plain"),
    [
        ("abc 12-3", "ABC123"),
        ("d.123/456", "D123456"),
        ("ＡＢＣ１", "ABC1"),
        (" ß1", "SS1"),
        ("å-1", "Å1"),
        ("", ""),
        ("---", ""),
    ],
)
def test_licences_and_plates_are_compared_without_separators(given: str, plain: str) -> None:
    assert normalised(given) == plain
    assert normalised(plain) == plain


@pytest.mark.parametrize(
    ("identifier", "forms", "fits"),
    [
        ("ZX12", "AA99", True),
        ("zx12", "AA99", True),
        ("ZX1", "AA99", False),
        ("ZX123", "AA99", False),
        ("Z112", "AA99", False),
        ("Z112", "*999", True),
        ("W-12", "W-99", True),
        ("١٢", "99", False),
        ("12", "AA 99", True),
        ("anything", "", True),
    ],
)
def test_member_ids_have_the_payers_form(identifier: str, forms: str, fits: bool) -> None:
    assert has_form(identifier, forms) is fits


_S, _B = ClaimState, BatchState


@pytest.mark.parametrize(
    ("claims", "batch"),
    [
        ([_S.PENDING, _S.ACCEPTED], _B.SUBMITTED),
        ([_S.PENDING, _S.REJECTED, _S.PAID], _B.SUBMITTED),
        ([_S.ACCEPTED], _B.ACCEPTED),
        ([_S.ACCEPTED, _S.PAID], _B.ACCEPTED),
        ([_S.ACCEPTED, _S.REJECTED], _B.PARTLY_REJECTED),
        ([_S.ACCEPTED, _S.REJECTED, _S.PAID], _B.PARTLY_REJECTED),
        ([_S.REJECTED, _S.REJECTED], _B.REJECTED),
        ([_S.PAID, _S.REJECTED], _B.PAID),
        ([_S.PAID], _B.PAID),
    ],
)
def test_the_claims_make_the_state_of_the_batch(
    claims: list[ClaimState], batch: BatchState
) -> None:
    assert state_of_batch(claims) is batch


def test_what_is_paid_or_rejected_is_final() -> None:
    assert not ANSWERS[_S.PAID]
    assert not ANSWERS[_S.REJECTED]
    assert set(ANSWERS) == set(_S)
    assert _S.PENDING not in set().union(*ANSWERS.values())
