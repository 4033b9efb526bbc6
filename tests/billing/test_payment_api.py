"""The payments' endpoints: who may, what is answered twice, what is refused and how."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from billing.models import Payment
from tests.billing.dues import credit, owe, revise, standing, today
from tests.cast import Cast
from users.models import User

pytestmark = pytest.mark.django_db
COLUMNS = "invoice,amount,date,reference\n"


def client(cast: Cast, user: User) -> APIClient:
    return APIClient(headers=cast.headers(user))


@pytest.fixture
def bea(cast: Cast) -> APIClient:
    return client(cast, cast.bea)


def check(cast: Cast, cents: int, **more: Any) -> dict[str, Any]:
    return {"payer": cast.payer.pk, "amount_cents": cents, "method": "check", **more}


def test_bea_records_a_payment_and_sees_where_it_went(cast: Cast, bea: APIClient) -> None:
    invoice = owe(cast, 1_000)
    answer = bea.post("/api/payments/", check(cast, 1_300, reference="4711", note="by post"))
    assert answer.status_code == 201
    body = answer.json()
    assert body["allocations"] == [
        {"invoice": invoice.pk, "number": invoice.number, "amount_cents": 1_000}
    ]
    assert (body["unallocated_cents"], body["recorded_by"]) == (300, cast.bea.pk)
    assert body["received_on"] == today().isoformat()
    [row] = bea.get("/api/payments/?unallocated=true&q=471").json()["results"]
    assert row == body


def test_the_same_key_with_the_same_body_gets_the_same_answer(cast: Cast, bea: APIClient) -> None:
    owe(cast, 1_000)
    key = {"Idempotency-Key": "a" * 255}
    first = bea.post("/api/payments/", check(cast, 400), headers=key)
    bea.post("/api/payments/", check(cast, 100))
    again = bea.post("/api/payments/", check(cast, 400), headers=key)
    assert (again.status_code, again.json()) == (201, first.json())
    assert Payment.objects.count() == 2
    other = bea.post("/api/payments/", check(cast, 500), headers=key)
    assert other.status_code == 422
    path = f"/api/payments/{first.json()['id']}/allocate/"
    assert bea.post(path, {}, headers=key).status_code == 422
    assert (
        bea.post(
            "/api/payments/", check(cast, 1), headers={"Idempotency-Key": "a" * 256}
        ).status_code
        == 400
    )
    assert Payment.objects.count() == 2


def test_refund_release_allocate_and_reverse(cast: Cast, bea: APIClient) -> None:
    invoice = owe(cast, 1_000)
    pk = bea.post("/api/payments/", check(cast, 1_000)).json()["id"]
    refund = {"amount_cents": 300, "method": "check", "note": "paid twice"}
    body = bea.post(f"/api/payments/{pk}/refund/", refund).json()
    assert (body["kind"], body["of"], body["amount_cents"]) == ("refund", pk, -300)
    assert standing(invoice) == ("partly_paid", 300)
    body = bea.post(f"/api/payments/{pk}/release/", {"invoice": invoice.pk}).json()
    assert (body["unallocated_cents"], body["allocations"]) == (700, [])
    shares = [{"invoice": invoice.pk, "amount_cents": 600}]
    body = bea.post(f"/api/payments/{pk}/allocate/", {"allocations": shares}).json()
    assert (body["unallocated_cents"], body["corrected_cents"]) == (100, 300)
    body = bea.post(f"/api/payments/{pk}/reverse/", {"note": "bounced"}).json()
    assert (body["kind"], body["amount_cents"]) == ("reversal", -700)
    assert standing(invoice) == ("sent", 1_000)
    again = bea.post(f"/api/payments/{pk}/reverse/", {"note": "bounced"})
    assert again.status_code == 400
    assert bea.post("/api/payments/999999999/reverse/", {"note": "x"}).status_code == 404


@pytest.mark.parametrize(
    "wrong",
    [
        {"amount_cents": 0}, {"amount_cents": -5}, {"amount_cents": 2**31}, {"amount_cents": "x"},
        {"method": "gold"}, {"payer": 10**12}, {"payer": None}, {"patient": 1}, {"currency": "usd"},
        {"received_on": "2999-01-01"}, {"received_on": "1980-01-01"}, {"typo": 1},
        {"allocations": [{"invoice": 10**12, "amount_cents": 1}]}, {"allocations": "all"},
        {"allocations": [{"invoice": 1, "amount_cents": 1}] * 2}, {"reference": "x" * 121},
    ],
    ids=str,
)  # fmt: skip
def test_what_is_wrong_is_a_400_and_nothing_is_kept(
    cast: Cast, bea: APIClient, wrong: dict[str, Any]
) -> None:
    answer = bea.post("/api/payments/", check(cast, 100) | wrong)
    assert (answer.status_code, answer["Content-Type"]) == (400, "application/problem+json")
    assert not Payment.objects.exists()


def test_hugo_and_pia_read_their_own_and_others_nothing(cast: Cast, bea: APIClient) -> None:
    mine = {"facility": cast.facility.pk, "patient": cast.patient.pk}
    ids = {}
    for kind, pk in mine.items():
        body = {kind: pk, "amount_cents": 5, "method": "cash", "note": "said hello"}
        ids[kind] = bea.post("/api/payments/", body).json()["id"]
    bea.post("/api/payments/", check(cast, 7))
    for user, kind in ((cast.hugo, "facility"), (cast.pia, "patient")):
        api = client(cast, user)
        [row] = api.get("/api/payments/").json()["results"]
        assert row["id"] == ids[kind]
        assert row.keys().isdisjoint({"note", "recorded_by", "idempotency_key"})
        other = next(pk for name, pk in ids.items() if name != kind)
        absent = api.get("/api/payments/999999999/")
        assert api.get(f"/api/payments/{other}/").content == absent.content
        assert api.post("/api/payments/", {}).status_code == 403
        assert api.post(f"/api/payments/{ids[kind]}/refund/", {}).status_code == 403
    for user in (cast.eve, cast.omar, cast.dina):
        assert client(cast, user).get("/api/payments/").status_code == 403
    assert APIClient().get("/api/payments/").status_code == 401


def test_the_list_is_filtered_and_takes_few_queries(
    cast: Cast, bea: APIClient, django_assert_max_num_queries: Any
) -> None:
    invoices = [owe(cast, 100, due_in=n) for n in range(3)]
    for _ in range(3):
        bea.post("/api/payments/", check(cast, 100))
    bea.post("/api/payments/", {"patient": cast.patient.pk, "amount_cents": 1, "method": "cash"})
    with django_assert_max_num_queries(8):
        assert bea.get("/api/payments/").json()["count"] == 4
    for query, found in {
        f"payer={cast.payer.pk}": 3, f"patient={cast.patient.pk}": 1, "method=cash": 1,
        f"invoice={invoices[0].pk}": 1, "unallocated=false": 3, f"received_to={today()}": 4,
        "received_to=2020-01-01": 0, "kind=refund": 0,
    }.items():  # fmt: skip
        assert bea.get(f"/api/payments/?{query}").json()["count"] == found, query


# --- the ledger


def test_the_ledger_tells_every_movement_and_ends_at_the_balance(
    cast: Cast, bea: APIClient
) -> None:
    invoice = owe(cast, 1_000, patient=cast.patient)
    body = {"patient": cast.patient.pk, "amount_cents": 800, "method": "card", "reference": "s9"}
    pk = bea.post("/api/payments/", body).json()["id"]
    bea.post(f"/api/payments/{pk}/refund/", {"amount_cents": 50, "method": "card", "note": "kind"})
    ledger = client(cast, cast.pia).get(f"/api/invoices/{invoice.pk}/ledger/").json()
    told = [(e["kind"], e["amount_cents"], e["balance_cents"]) for e in ledger["entries"]]
    assert told == [("invoice", 1_000, 1_000), ("payment", -800, 200), ("refund", 50, 250)]
    assert (ledger["balance_cents"], ledger["paid_cents"]) == (250, 750)
    assert [line["amount_cents"] for line in ledger["lines"]] == [1_000]
    note = credit(invoice)
    ledger = bea.get(f"/api/invoices/{invoice.pk}/ledger/").json()
    assert (ledger["credited_cents"], ledger["balance_cents"]) == (1_000, -750)
    assert ledger["entries"][-1]["balance_cents"] == -750
    assert bea.get(f"/api/invoices/{note.pk}/ledger/").json()["balance_cents"] == 0
    foreign = client(cast, cast.hugo).get(f"/api/invoices/{invoice.pk}/ledger/")
    assert foreign.content == bea.get("/api/invoices/999999999/ledger/").content
    assert client(cast, cast.eve).get(f"/api/invoices/{invoice.pk}/ledger/").status_code == 403


# --- remittances


def remit(api: APIClient, rows: str, **query: str) -> Any:
    return api.post(
        f"/api/payments/remittances/?{'&'.join(f'{k}={v}' for k, v in query.items())}",
        rows.encode(),
        content_type="text/csv",
    )


def test_a_remittance_is_checked_first_then_recorded_once(cast: Cast, bea: APIClient) -> None:
    first, second = owe(cast, 1_000), owe(cast, 2_000)
    file = (
        f"Check Number;Invoice Number;Paid;Payment Date\n"
        f"EFT-1;{first.number};$10.00;{today()}\nEFT-1;{second.number};12,50;{today()}\n"
        f"EFT-2;{second.number};9.00;{today():%m/%d/%Y}\n"
    )
    dry = remit(bea, file, dry_run="1")
    assert dry.status_code == 200
    assert (dry.json()["new"], dry.json()["recorded"], dry.json()["errors"]) == (2, False, [])
    assert not Payment.objects.exists()
    done = remit(bea, file)
    assert (done.status_code, done.json()["recorded"]) == (201, True)
    assert [(one["amount_cents"], one["unallocated_cents"]) for one in done.json()["payments"]] == [
        (2_250, 0), (900, 150),
    ]  # fmt: skip
    assert [standing(first), standing(second)] == [("paid", 0), ("paid", 0)]
    again = remit(bea, file)
    assert (again.status_code, again.json()["new"], again.json()["known"]) == (201, 0, 2)
    assert Payment.objects.count() == 2


@pytest.mark.parametrize(
    ("row", "column"),
    [
        ("{n},0,{d},E", "amount"), ("{n},-5,{d},E", "amount"), ("{n},1.2345,{d},E", "amount"),
        ("{n},1.234,{d},E", "amount"), ("{n},x,{d},E", "amount"), ("{n},,{d},E", "amount"),
        ("{n},99999999999,{d},E", "amount"), ("{n},9999999999,{d},E", "amount"),
        ("{n},5,2999-01-01,E", "date"), ("{n},5,soon,E", "date"), ("{n},5,{d},", "reference"),
        ("nope,5,{d},E", "invoice"), ("{v},5,{d},E", "invoice"), ("{n},5,{d},OK", "invoice"),
        ("{m},5,2026-01-01,OK", "date"), ("{n},5,{d},OLD", "reference"),
        ("{n},5,{d}", "reference"),
    ],
)  # fmt: skip
def test_one_wrong_row_and_nothing_of_the_file_is_recorded(
    cast: Cast, bea: APIClient, row: str, column: str
) -> None:
    good, more, void = owe(cast, 1_000), owe(cast, 1_000), owe(cast, 1_000, state="void")
    old = COLUMNS + f"{good.number},1.00,{today()},OLD\n"
    assert remit(bea, old).status_code == 201
    wrong = row.format(n=good.number, m=more.number, v=void.number, d=today())
    file = COLUMNS + f"{good.number},2.00,{today()},OK\n" + wrong + "\n"
    answer = remit(bea, file)
    assert answer.status_code == 400
    [error] = answer.json()["remittance"]["errors"]
    assert (error["row"], error["column"]) == (3, column)
    assert Payment.objects.count() == 1
    assert remit(bea, file, dry_run="1").json()["errors"] == [error]


@pytest.mark.parametrize(
    "content", ["", "a,b\n1,2\n", "invoice,amount,date\n", COLUMNS + 'x,"1\n', "PK\x03\x04zip"]
)
def test_a_file_that_is_none_is_a_400(bea: APIClient, content: str) -> None:
    assert remit(bea, content).status_code == 400


def test_a_remittance_for_a_revised_invoice_pays_what_stands_in_its_place(
    cast: Cast, bea: APIClient
) -> None:
    invoice = owe(cast, 1_000)
    credit(invoice)
    revised = revise(invoice, 700)
    remit(bea, COLUMNS + f"{invoice.number},7.00,{today()},E1\n")
    assert standing(revised) == ("paid", 0)


def test_only_billers_hand_in_remittances(cast: Cast) -> None:
    for user in (cast.eve, cast.dina, cast.hugo, cast.pia):
        assert remit(client(cast, user), COLUMNS).status_code == 403
