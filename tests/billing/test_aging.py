"""What is owed by age, to the day, per debtor and currency; and each sees only their own."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.allocations import Debtor
from billing.payments import Money, record, settle_credit_note
from tests.billing.dues import credit, owe, today
from tests.cast import Cast
from trips.models import Payer
from users.models import User

pytestmark = pytest.mark.django_db
URL = "/api/invoices/aging/"
BUCKETS = ("not_due", "days_1_30", "days_31_60", "days_61_90", "days_over_90")


def ask(cast: Cast, user: User, query: str = "") -> Any:
    return APIClient(headers=cast.headers(user)).get(URL + query)


def buckets(row: dict[str, Any]) -> list[int]:
    return [row[f"{name}_cents"] for name in BUCKETS]


def pay(cast: Cast, cents: int, debtor: Debtor, shares: Any = None) -> None:
    money = Money(
        debtor=debtor, amount_cents=cents, currency="USD", method="cash", received_on=today()
    )
    record(money, user=cast.bea, shares=shares)


@pytest.mark.parametrize(
    ("days_past", "bucket"),
    [(-30, 0), (0, 0), (1, 1), (30, 1), (31, 2), (60, 2), (61, 3), (90, 3), (91, 4), (2_000, 4)],
)
def test_each_day_is_in_one_bucket(cast: Cast, days_past: int, bucket: int) -> None:
    owe(cast, 100, due_in=-days_past)
    [row] = ask(cast, cast.bea).json()["rows"]
    assert buckets(row) == [100 if n == bucket else 0 for n in range(5)]


def test_rows_and_totals_by_debtor_and_currency(
    cast: Cast, django_assert_max_num_queries: Any
) -> None:
    other = Payer.objects.create(name="=HYPERLINK(1)")
    for n in range(4):
        owe(cast, 1_000, due_in=-n * 31)
    owe(cast, 300, due_in=-100, payer=other)
    owe(cast, 50, facility=cast.facility, currency="EUR")
    pay(cast, 1_250, Debtor("payer", cast.payer.pk))
    pay(cast, 900, Debtor("patient", cast.patient.pk))
    credited = owe(cast, 400, payer=other)
    pay(cast, 400, Debtor("payer", other.pk), [(credited.pk, 400)])
    settle_credit_note(credit(credited).pk)
    with django_assert_max_num_queries(8):
        body = ask(cast, cast.bea).json()
    shown = {(row["name"], row["currency"]): row for row in body["rows"]}
    assert [row["balance_cents"] for row in body["rows"]] == [2_750, 50, -100, -900]
    regional = shown["Regional Plan", "USD"]
    assert buckets(regional) == [1_000, 0, 1_000, 750, 0]  # the oldest was paid first
    assert (
        shown["=HYPERLINK(1)", "USD"]["owed_cents"],
        shown["=HYPERLINK(1)", "USD"]["unallocated_cents"],
    ) == (300, 400)
    assert shown["Pia Ek", "USD"]["unallocated_cents"] == 900
    euros, dollars = body["totals"]
    assert (euros["currency"], euros["owed_cents"]) == ("EUR", 50)
    assert (dollars["owed_cents"], dollars["balance_cents"]) == (3_050, 1_750)


def test_the_csv_has_the_same_rows_and_no_formula(cast: Cast) -> None:
    owe(cast, 12_345, payer=Payer.objects.create(name="=HYPERLINK(1)"))
    answer = ask(cast, cast.bea, "?format=csv")
    [row] = csv.DictReader(b"".join(answer.streaming_content).decode().splitlines())
    assert row["name"] == "'=HYPERLINK(1)"
    assert (row["not_due"], row["balance"]) == ("123.45", "123.45")


def test_hugo_and_pia_see_their_own_balance_and_others_none(cast: Cast) -> None:
    owe(cast, 1_000)
    owe(cast, 50, facility=cast.facility)
    owe(cast, 70, patient=cast.patient)
    for user, owed in ((cast.hugo, 50), (cast.pia, 70)):
        [row] = ask(cast, user).json()["rows"]
        assert row["balance_cents"] == owed
    for user in (cast.eve, cast.omar, cast.dina):
        assert ask(cast, user).status_code == 403
