"""Who saw and who changed what: written for every route, kept by the database, provable."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import DatabaseError, OperationalError, connection, transaction
from django.db.utils import ProgrammingError
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from config.audit import EVENTS_TELL, SHOW_NOBODY, pattern_of
from config.chain import Fault
from tests.cast import Cast
from tests.scope.routes import routes
from trips import links
from trips.models import Shift
from trips.realtime import opened
from trips.realtime.credentials import Credential
from trips.realtime.outbox import Outbox
from trips.realtime.projections import Audience
from trips.realtime.sockets import Socket
from users.audit.entries import Entry, address_of, append_change, append_read
from users.audit.months import months, roll_months
from users.audit.verify import verify
from users.models import AuditChain, AuditEntry, User

pytestmark = pytest.mark.django_db


def entries(user: User | None) -> list[AuditEntry]:
    return list(AuditEntry.objects.filter(actor_id=user.pk if user else None).order_by("pk"))


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


def test_a_look_at_a_trip_names_who_what_and_whose(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    as_user(cast.dina).get(f"/api/trips/{trip.pk}/", headers={"user-agent": "x"})
    (seen,) = entries(cast.dina)
    assert (seen.action, seen.role, seen.kind, seen.ids) == (
        "read",
        "dispatcher",
        "trips",
        [trip.pk],
    )
    assert (seen.route, seen.address, seen.status) == ("GET /api/trips/<pk>/", "127.0.0.1", 200)
    assert seen.number is None


def test_a_list_names_each_row_that_it_showed(cast: Cast) -> None:
    trips = {cast.trip_in("assigned").pk, cast.trip_in("completed").pk}
    as_user(cast.dina).get("/api/trips/")
    assert trips <= set(entries(cast.dina)[0].ids)


def test_a_change_names_its_fields_and_none_of_their_words(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    body = {"expected_version": trip.version, "notes": "Pia hates rain"}
    answer = as_user(cast.dina).patch(
        f"/api/trips/{trip.pk}/", body, content_type="application/json"
    )
    assert answer.status_code == 200, answer.content
    (changed,) = entries(cast.dina)
    assert (changed.action, changed.fields) == ("change", ["expected_version", "notes"])
    assert changed.number is not None
    row = AuditEntry.objects.filter(pk=changed.pk).values().get()
    assert "rain" not in str(row)


def test_who_may_not_look_is_noted_as_refused(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    assert as_user(cast.eve).get(f"/api/trips/{trip.pk}/").status_code == 404
    (refused,) = entries(cast.eve)
    assert (refused.action, refused.kind, refused.ids) == ("refused", "trips", [trip.pk])


def test_a_signed_link_is_a_look_by_nobody_in_particular(cast: Cast) -> None:
    trip = cast.trip_in("en_route_pickup")
    assert Client().get(f"/track/{links.sign(trip.pk)}/").status_code == 200
    seen = entries(None)[-1]
    assert (seen.route, seen.kind, seen.ids) == ("GET /track/<signed>/", "trips", [trip.pk])


def test_the_admins_pages_are_in_it(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    User.objects.filter(pk=cast.ada.pk).update(is_staff=True, is_superuser=True)
    answer = as_user(cast.ada).get(f"/admin/trips/trip/{trip.pk}/change/")
    assert answer.status_code == 200, answer.headers
    assert (entries(cast.ada)[0].kind, entries(cast.ada)[0].ids) == ("trips", [trip.pk])


def test_a_page_over_the_api_names_what_it_showed_and_changed(cast: Cast) -> None:
    trip = cast.trip_in("assigned", scheduled_at=timezone.now())
    dina = as_user(cast.dina)
    assert dina.get(f"/dispatch/drivers/{cast.driver.pk}/").status_code == 200
    found = as_user(cast.ada).get("/api/audit/", {"patient": cast.patient.pk}).json()["results"]
    assert [(one["actor_id"], one["route"]) for one in found] == [
        (cast.dina.pk, "GET /api/trips/"),
    ]
    assert found[0]["ids"] == [trip.pk]
    body = {"driver_id": cast.driver.pk, "vehicle_id": cast.van.pk, "reason": "rota", "do": "plan"}
    at = timezone.now() + timedelta(days=2)
    times = {"starts_at": f"{at:%Y-%m-%dT08:00}", "ends_at": f"{at:%Y-%m-%dT09:00}"}
    dina.post("/dispatch/shifts/begin/", body | times)
    planned = entries(cast.dina)[-1]
    shift = Shift.objects.get(planned=True)
    assert (planned.action, planned.kind, planned.ids) == ("change", "shifts", [shift.pk])


def test_what_says_nothing_about_anybody_is_not(cast: Cast) -> None:
    as_user(cast.dina).get("/readyz")
    as_user(cast.dina).get("/api/preferences/")
    assert entries(cast.dina) == []


def test_addresses_that_show_nobody_exist() -> None:
    known = {route.split(" ", 1)[1] for route in routes()}
    assert known >= SHOW_NOBODY - {"/metrics"}
    assert routes() >= EVENTS_TELL


def test_patterns_are_read_from_both_kinds_of_routes() -> None:
    assert pattern_of(r"api/^trips/(?P<pk>\d{1,18})/status/$") == "/api/trips/<pk>/status/"
    assert pattern_of("track/<str:signed>/") == "/track/<signed>/"


def test_a_look_takes_one_statement_and_no_lock_on_a_row(cast: Cast) -> None:
    entry = Entry("read", cast.dina.pk, "dispatcher", None, "GET /x/", "trips", [1])
    append_read(entry)
    with CaptureQueriesContext(
        connection,
    ) as caught:
        append_read(entry)
    assert len(caught) == 1
    assert "FOR UPDATE" not in caught[0]["sql"]


def test_an_answer_does_not_wait_for_the_audit(
    cast: Cast, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def full(entry: Entry) -> None:
        raise DatabaseError("Key (patient)=(Pia)")

    monkeypatch.setattr("config.audit.append_read", full)
    assert as_user(cast.dina).get("/api/trips/").status_code == 200
    assert "not audited: GET /api/trips/" in caplog.text
    assert "Pia" not in caplog.text


# --- kept


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE users_auditentry SET actor_id = 1",
        "DELETE FROM users_auditentry",
        "TRUNCATE users_auditentry",
        "UPDATE {month} SET actor_id = 1",
        "DELETE FROM {month}",
    ],
)
def test_the_database_refuses_to_change_what_was_written(cast: Cast, statement: str) -> None:
    as_user(cast.dina).get("/api/trips/")
    month = f"users_auditentry_{months()[0]:%Y%m}"
    refused = pytest.raises(ProgrammingError, match="permission denied")
    with refused, transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement.format(month=month))


def _attack(sql: str, *parameters: Any) -> None:
    """With the rights of the tables' owner, who gives itself back what it took."""
    with connection.cursor() as cursor:
        cursor.execute("GRANT ALL ON users_auditentry TO CURRENT_USER")
        cursor.execute("ALTER TABLE users_auditentry DISABLE TRIGGER append_only")
        cursor.execute(sql, parameters)


ATTACKS = {
    "altered": ("UPDATE users_auditentry SET ids = '{99}' WHERE number = %s", Fault.ALTERED),
    "deleted": ("DELETE FROM users_auditentry WHERE number = %s", Fault.MISSING),
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_a_break_in_the_chain_is_found(cast: Cast, attack: str) -> None:
    before = AuditChain.objects.filter(month=months()[0]).values_list("length", flat=True).first()
    for number in range(3):
        append_change(Entry("change", cast.dina.pk, "dispatcher", None, "PATCH /x/", "x", [number]))
    month = datetime.now(UTC).date().replace(day=1)
    assert list(verify(month)) == []
    sql, fault = ATTACKS[attack]
    second = (before or 0) + 2
    _attack(sql, second)
    assert (month, second, fault) in list(verify(month))
    out = StringIO()
    with pytest.raises(SystemExit):
        call_command("verify_audit", stdout=out)
    assert f"change {second}: {fault.value}" in out.getvalue()


def test_months_are_made_ahead_and_dropped_with_their_chain(cast: Cast, settings: Any) -> None:
    with connection.cursor() as cursor:
        cursor.execute("SELECT users_audit_make_month('2001-05-17')")
    AuditChain.objects.create(month=date(2001, 5, 1))
    assert date(2001, 5, 1) in months()
    assert roll_months()[1] >= 1
    assert date(2001, 5, 1) not in months()
    assert not AuditChain.objects.filter(month=date(2001, 5, 1)).exists()
    assert len(months()) >= 2


# --- sockets


def test_an_opened_socket_is_a_look(cast: Cast, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[Entry] = []

    async def read(function: Any, group: list[tuple[datetime, Entry]]) -> None:
        written.extend(entry for _at, entry in group)

    async def close(code: int) -> None: ...

    async def connect() -> None:
        login = Credential("session", "k", cast.dina.pk, "dispatcher", "s")
        socket = Socket("board", Audience.DISPATCH, login, Outbox(batch=True, opened_at=0.0), close)
        scope = {"client": ["10.0.0.7", 1], "headers": []}
        opened.opened(scope, "/ws/dispatch/", socket)
        await asyncio.wait_for(opened._writer, 10)  # type: ignore[arg-type]

    monkeypatch.setattr(opened, "read", read)
    asyncio.run(connect())
    (seen,) = written
    assert (seen.actor_id, seen.kind, seen.address) == (cast.dina.pk, "board", "10.0.0.7")


# --- asked


@pytest.mark.parametrize("clock", ["-20:20", "%2B16:00"])
def test_a_moment_of_a_clock_that_nobody_has_is_refused(cast: Cast, clock: str) -> None:
    url = f"/api/audit/?since=1582-06-12T12:48:19{clock}"
    assert as_user(cast.ada).get(url).status_code == 400


def test_an_administrator_asks_who_saw_a_patient_and_is_in_the_answer(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    as_user(cast.dina).get(f"/api/trips/{trip.pk}/")
    as_user(cast.bea).get("/api/payers/")
    ada = as_user(cast.ada)
    url = f"/api/audit/?patient={trip.patient_id}"
    assert [row["actor_id"] for row in ada.get(url).json()["results"]] == [cast.dina.pk]
    assert entries(cast.ada)[-1].route == "GET /api/audit/"


# --- when things are away


def test_a_database_that_is_away_is_a_503_for_sessions_too(
    cast: Cast, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = as_user(cast.dina)

    def away(*_args: Any, **_more: Any) -> None:
        raise OperationalError("connection refused")

    monkeypatch.setattr("django.contrib.sessions.backends.db.SessionStore.load", away)
    client.raise_request_exception = False
    assert client.get("/driver/").status_code == 200
    assert client.get("/api/trips/").status_code == 503


def test_behind_our_proxy_the_address_is_the_clients(cast: Cast, settings: Any) -> None:
    settings.PROXIES = 1
    as_user(cast.dina).get("/api/trips/", headers={"x-forwarded-for": "6.6.6.6, 203.0.113.9"})
    assert entries(cast.dina)[0].address == "203.0.113.9"


def test_a_link_local_address_is_kept_without_its_zone(cast: Cast) -> None:
    address = address_of("fe80::1%eth0")
    append_read(Entry("read", cast.dina.pk, "dispatcher", address, "GET /x/", "trips"))
    assert entries(cast.dina)[0].address == "fe80::1"


@pytest.mark.parametrize("query", ["id", "patient", "actor"])
def test_a_number_that_no_key_has_is_refused(cast: Cast, query: str) -> None:
    assert as_user(cast.ada).get(f"/api/audit/?{query}={10**30}").status_code == 400
