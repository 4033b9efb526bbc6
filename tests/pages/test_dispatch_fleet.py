"""Dina looks after the fleet, its people and what went wrong; her pages say what the API says."""

from __future__ import annotations

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.cast import Cast, open_company
from trips import alerts, fleet, shifts, talk
from trips.models import (
    Alert,
    Delivery,
    Device,
    Message,
    QuarantinedFix,
    Shift,
    ShiftBreak,
    TaskFailure,
    Vehicle,
)
from trips.queries import company_day
from users.models import Notification, User

pytestmark = pytest.mark.django_db
ZONE = ZoneInfo("Europe/Stockholm")
PAGES = (
    "vehicles",
    "drivers",
    "shifts",
    "messages",
    "alerts",
    "trouble",
    "expiries",
)


@pytest.fixture
def cast() -> Cast:
    return open_company()


def client_of(user: User) -> Client:
    client = Client()
    client.force_login(user)
    return client


@pytest.fixture
def dina(cast: Cast) -> Client:
    return client_of(cast.dina)


def page(client: Client, route: str, *args: Any, status: int = 200, **query: Any) -> str:
    """The text of a page without its tags."""
    answer = client.get(reverse(f"fleet:{route}", args=args), query)
    assert answer.status_code == status, answer.content[:500]
    return words(answer)


def words(answer: Any) -> str:
    return " ".join(re.sub(r"<[^>]+>", " ", answer.content.decode()).split())


def send(client: Client, route: str, *args: Any, **fields: Any) -> Any:
    return client.post(reverse(f"fleet:{route}", args=args), fields, follow=True)


def rows_of(client: Client, route: str, **query: Any) -> list[dict[str, str]]:
    answer = client.get(reverse(f"fleet:{route}"), {**query, "csv": "1"})
    assert answer["Content-Type"].startswith("text/csv")
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    return list(csv.DictReader(io.StringIO(text)))


@pytest.mark.parametrize("route", PAGES)
def test_dispatch_and_administrators_see_the_page_and_nobody_else(cast: Cast, route: str) -> None:
    url = reverse(f"fleet:{route}")
    assert client_of(cast.dina).get(url).status_code == 200
    assert client_of(cast.ada).get(url).status_code == 200
    for other in (cast.eve, cast.omar, cast.pia, cast.hugo, cast.bea):
        answer = client_of(other).get(url)
        assert answer.status_code == 403
        assert b"not for your role" in answer.content
    assert "/accounts/login/" in Client().get(url)["Location"]


@pytest.mark.parametrize("route", ["vehicle", "driver", "shift"])
def test_what_is_not_there_is_a_page_that_says_so(dina: Client, route: str) -> None:
    assert "There is nothing here" in page(dina, route, 987_654_321, status=404)


@pytest.mark.parametrize(
    ("route", "query"),
    [
        ("vehicles", {"state": "flying"}),
        ("drivers", {"on_duty": "maybe", "active": "maybe", "page": "x"}),
        ("shifts", {"date": "yesterday"}),
        ("shifts", {"date": "2026-11-20", "days": "999"}),
        ("alerts", {"state": "loud"}),
        ("trouble", {"show": "mails", "state": "sent"}),
        ("expiries", {"days": "-1"}),
    ],
)
def test_a_filter_that_makes_no_sense_is_answered_with_words(
    dina: Client, route: str, query: dict[str, str]
) -> None:
    answer = dina.get(reverse(f"fleet:{route}"), query)
    assert answer.status_code in (200, 400, 404)
    if answer.status_code != 200:
        assert "makes no sense" in words(answer)


def test_the_days_of_the_calendar_have_ends(dina: Client) -> None:
    for date in ("0001-01-01", "9999-12-31"):
        assert dina.get(reverse("fleet:shifts"), {"date": date, "days": "7"}).status_code == 200


# --- vehicles


def test_a_vehicle_shows_seats_papers_driver_and_todays_trips(cast: Cast, dina: Client) -> None:
    today = company_day(timezone.now())
    cast.trip_in("assigned", scheduled_at=timezone.now())
    fleet.update_vehicle(
        vehicle_id=cast.van.pk,
        changes={"plate": "ABC 123", "insurance_expires": today - timedelta(days=1)},
    )
    text = page(dina, "vehicles", q="abc")
    assert "ABC 123" in text
    assert "4 seats, 1 wheelchair" in text
    assert "1 day ago" in text
    assert "Omar" in text
    assert "Van 2" not in text
    [row] = rows_of(dina, "vehicles", q="abc")
    assert (row["driver"], row["trips_today"], row["state"]) == ("Omar", "1", "in_service")
    assert "Götgatan 12" in page(dina, "vehicle", cast.van.pk)


def test_many_vehicles_cost_no_more_statements_than_one(cast: Cast, dina: Client) -> None:
    with CaptureQueriesContext(connection) as few:
        page(dina, "vehicles")
    Vehicle.objects.bulk_create([Vehicle(name=f"Bus {n}") for n in range(20)])
    with CaptureQueriesContext(connection) as many:
        page(dina, "vehicles")
    assert len(many) <= len(few)


def test_papers_and_seats_are_changed_and_a_wrong_one_keeps_what_was_typed(
    cast: Cast, dina: Client
) -> None:
    fields = {"plate": "XYZ 9", "inspection_due": "2027-05-01", "seat-0-amb": "6", "has_lift": "on"}
    assert "Saved." in words(send(dina, "vehicle", cast.van.pk, **fields))
    van = Vehicle.objects.get(pk=cast.van.pk)
    assert (van.plate, van.capacities, str(van.inspection_due)) == (
        "XYZ 9",
        [{"amb": 6}],
        "2027-05-01",
    )
    answer = send(dina, "vehicle", cast.van.pk, **fields | {"seat-0-amb": "61", "plate": "NEW 1"})
    assert answer.status_code == 400
    assert "Not saved" in words(answer)
    assert b'value="NEW 1"' in answer.content
    assert Vehicle.objects.get(pk=cast.van.pk).plate == "XYZ 9"


def test_a_vehicle_goes_out_of_service_with_a_reason_only_and_comes_back(
    cast: Cast, dina: Client
) -> None:
    answer = send(dina, "vehicle-service", cast.van.pk, state="out_of_service")
    assert "Say why it is out of service." in words(answer)
    answer = send(
        dina, "vehicle-service", cast.van.pk, state="out_of_service", out_of_service_reason="brakes"
    )
    assert "Out of service: brakes" in words(answer)
    assert Alert.objects.filter(kind=fleet.OUT_OF_SERVICE).count() == 1
    assert "In service again." in words(
        send(dina, "vehicle-service", cast.van.pk, state="in_service")
    )


def test_a_devices_token_is_ended_from_its_vehicle(cast: Cast, dina: Client) -> None:
    assert "End its token" in page(dina, "vehicle", cast.van.pk)
    here = reverse("fleet:vehicle", args=[cast.van.pk])
    answer = send(dina, "device-revoke", cast.tracker.pk, next=here)
    assert answer.request["PATH_INFO"] == here
    assert "no token of its own" in words(answer)
    assert Device.objects.get(pk=cast.tracker.pk).token_digest is None


def test_nobody_is_sent_to_another_site(cast: Cast, dina: Client) -> None:
    url = reverse("fleet:device-revoke", args=[cast.tracker.pk])
    for there in ("https://evil.example/", "//evil.example/dispatch/", "/dispatch/\\evil"):
        answer = dina.post(url, {"next": there})
        assert answer["Location"].startswith("/dispatch/")
        assert "evil" not in answer["Location"] or there.startswith("/dispatch/")


# --- drivers


def test_a_driver_shows_papers_and_shift_and_they_are_changed(cast: Cast, dina: Client) -> None:
    assert "on duty Van 1" in page(dina, "drivers", q="omar")
    answer = send(
        dina, "driver", cast.driver.pk,
        licence="B-1", licence_expires="2027-01-31", qualifications="stretcher, oxygen",
    )  # fmt: skip
    assert "Saved." in words(answer)
    cast.driver.refresh_from_db()
    assert (cast.driver.qualifications, cast.driver.licence) == (["stretcher", "oxygen"], "B-1")
    answer = send(dina, "driver", cast.driver.pk, licence_expires="soon")
    assert (answer.status_code, "Not saved" in words(answer)) == (400, True)


def test_an_account_is_closed_only_for_who_is_off_duty_and_has_no_trips(
    cast: Cast, dina: Client
) -> None:
    trip = cast.trip_in("assigned")
    token = cast.token(cast.omar)
    assert "end it first" in words(send(dina, "driver-account", cast.driver.pk, do="disable"))
    shift = Shift.objects.get(driver=cast.driver)
    shifts.end_shift(user=cast.dina, shift=shift, at=timezone.now(), reason="ill")
    refused = words(send(dina, "driver-account", cast.driver.pk, do="disable"))
    assert f"Give these trips to somebody else first: {trip.pk}." in refused
    cast.give_to_eve(trip)
    assert "The account is closed" in words(
        send(dina, "driver-account", cast.driver.pk, do="disable")
    )
    headers = {"Authorization": f"Token {token}"}
    assert Client().get("/api/driver/day/", headers=headers).status_code == 401
    assert "omar" not in page(dina, "drivers")
    assert "account closed" in page(dina, "drivers", active="false")
    assert "open again" in words(send(dina, "driver-account", cast.driver.pk, do="enable"))
    # His old token stays dead.
    assert Client().get("/api/driver/day/", headers=headers).status_code == 401


# --- shifts


def local(hours: float) -> str:
    at = timezone.now() + timedelta(hours=hours)
    return f"{at.astimezone(ZONE):%Y-%m-%dT%H:%M}"


def test_a_shift_is_planned_once_and_an_overlap_is_refused_with_words(
    cast: Cast, dina: Client
) -> None:
    plan = {
        "do": "plan", "driver_id": cast.driver.pk, "vehicle_id": cast.van.pk, "reason": "rota",
        "starts_at": local(30), "ends_at": local(38), "client_event_id": "one",
    }  # fmt: skip
    assert "The shift is planned." in words(send(dina, "shift-begin", **plan))
    send(dina, "shift-begin", **plan)
    planned = Shift.objects.get(planned=True)
    assert f"{planned.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}" == plan["starts_at"]
    answer = send(dina, "shift-begin", **plan | {"client_event_id": "two", "reason": "again"})
    assert answer.status_code == 409
    assert f"The driver has shift {planned.pk} at that time." in words(answer)
    assert b'value="again"' in answer.content
    day = planned.starts_at.astimezone(ZONE).date().isoformat()
    assert "planned" in page(dina, "shifts", date=day)
    assert "The plan is dropped." in words(send(dina, "shift-step", planned.pk, do="drop"))


def test_a_shift_is_begun_paused_and_ended_for_a_driver(cast: Cast, dina: Client) -> None:
    shift = Shift.objects.get(driver=cast.driver)
    assert "The break begins." in words(send(dina, "shift-step", shift.pk, do="break"))
    assert "on a break" in page(dina, "shift", shift.pk)
    assert "The break is over." in words(send(dina, "shift-step", shift.pk, do="resume"))
    assert "Say why" in words(send(dina, "shift-step", shift.pk, do="end"))
    assert "has ended" in words(send(dina, "shift-step", shift.pk, do="end", reason="ill"))
    begin = {"driver_id": cast.driver.pk, "vehicle_id": cast.van.pk, "reason": "phone is dead"}
    assert "On duty now." in words(send(dina, "shift-begin", do="begin", **begin))
    assert Shift.objects.filter(driver=cast.driver, ends_at=None).count() == 1


def test_a_shift_is_put_right_with_a_reason(cast: Cast, dina: Client) -> None:
    shift = Shift.objects.get(driver=cast.driver)
    answer = send(
        dina, "shift", shift.pk, starts_at=local(-3), odometer_start="1200.5", reason="late tap"
    )
    assert "The shift is put right." in words(answer)
    shift.refresh_from_db()
    assert f"{shift.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}" == local(-3)
    assert (str(shift.odometer_start_mi), shift.reason) == ("1200.5", "late tap")


def test_the_seconds_of_a_shift_survive_a_correction_of_something_else(
    cast: Cast, dina: Client
) -> None:
    shift = Shift.objects.get(driver=cast.driver)
    Shift.objects.filter(pk=shift.pk).update(starts_at=shift.starts_at.replace(second=17))
    shift.refresh_from_db()
    shown = f"{shift.starts_at.astimezone(ZONE):%Y-%m-%dT%H:%M}"
    send(dina, "shift", shift.pk, starts_at=shown, odometer_start="7", reason="read wrong")
    after = Shift.objects.get(pk=shift.pk)
    assert after.starts_at == shift.starts_at
    assert after.odometer_start_mi == Decimal(7)


@pytest.mark.parametrize(
    ("fields", "status", "said"),
    [
        ({"starts_at": local(2)}, 400, "not to come"),
        ({"starts_at": local(-30)}, 400, "within 24 hours"),
        ({"starts_at": local(-24 * 9)}, 400, "last seven days"),
        ({"ends_at": local(-0.2)}, 409, "end it instead"),
        ({"starts_at": local(-4)}, 409, "at that time"),
        ({"starts_at": local(-0.3)}, 409, "A break of the shift"),
        ({"odometer_start": "9", "odometer_end": "5"}, 400, "ends lower than it began"),
        ({"odometer_start": "-9"}, 400, "greater than or equal to 0"),
    ],
)
def test_a_correction_that_cannot_be_is_refused_with_words(
    cast: Cast, dina: Client, fields: dict[str, str], status: int, said: str
) -> None:
    shift, now = Shift.objects.get(driver=cast.driver), timezone.now()
    hours = timedelta(hours=1)
    Shift.objects.create(
        driver=cast.driver,
        vehicle=cast.spare_van,
        starts_at=now - 6 * hours,
        ends_at=now - 2 * hours,
    )
    ShiftBreak.objects.create(shift=shift, starts_at=now - hours / 2, ends_at=now - hours / 4)
    answer = send(dina, "shift", shift.pk, reason="so it was", **fields)
    assert (answer.status_code, said in words(answer)) == (status, True), words(answer)
    shift.refresh_from_db()
    assert shift.reason == ""


def test_a_shift_of_long_ago_stands(cast: Cast, dina: Client) -> None:
    long_ago = timezone.now() - timedelta(days=9)
    shift = Shift.objects.create(
        driver=cast.driver,
        vehicle=cast.van,
        starts_at=long_ago,
        ends_at=long_ago + timedelta(hours=8),
    )
    answer = send(dina, "shift", shift.pk, odometer_end="5", reason="so it was")
    assert "the reports of its day are settled" in words(answer)


def test_a_week_stands_as_a_grid_with_each_shift_on_its_days(cast: Cast, dina: Client) -> None:
    monday = timezone.now().astimezone(ZONE).replace(hour=22, minute=0) + timedelta(days=2)
    Shift.objects.create(
        driver=cast.driver, vehicle=cast.van, starts_at=monday,
        ends_at=monday + timedelta(hours=6), planned=True,
    )  # fmt: skip
    text = page(dina, "shifts", date=company_day(timezone.now()).isoformat(), days="7")
    assert text.count("22:00 – 04:00") == 2
    assert text.index("Eve") < text.index("22:00 – 04:00")


# --- messages


def thread(client: Client, chosen: object, status: int = 200) -> str:
    answer = client.get(reverse("fleet:messages"), {"with": chosen})
    assert answer.status_code == status, answer.content[:500]
    return words(answer)


def test_a_thread_is_read_and_answered(cast: Cast, dina: Client) -> None:
    talk.send(sender=cast.omar, to=Message.To.DISPATCH, body="Flat tyre on Ringvägen.")
    talk.send(sender=cast.dina, to=Message.To.DRIVERS, body="Ice on the bridge.")
    text = page(dina, "messages")
    assert text.index("Omar") < text.index("Eve")
    said = thread(dina, cast.driver.pk)
    assert said.index("Flat tyre") < said.rindex("Ice on the bridge.")
    fields = {"to": cast.driver.pk, "body": "A van is coming.", "client_message_id": "one"}
    for _ in range(2):
        assert "A van is coming." in words(send(dina, "message-send", **fields))
    assert Message.objects.filter(to="driver").count() == 1
    everybody = thread(dina, "drivers")
    assert "Ice on the bridge." in everybody
    assert "told to 2" in everybody


def test_unread_ones_are_counted_and_carry_the_notice_that_reads_them(
    cast: Cast, dina: Client
) -> None:
    message = talk.send(sender=cast.omar, to=Message.To.DISPATCH, body="Flat tyre.")
    now = timezone.now()
    notice = Notification.objects.create(
        user=cast.dina, kind="message", key=talk.key(message.pk), channel="in_app", state="sent",
        due_at=now,
    )  # fmt: skip
    # One that a task sent by itself is of the kind, but of no message.
    Notification.objects.create(
        user=cast.dina, kind="message", key="9f3c", channel="in_app", state="sent", due_at=now
    )
    answer = dina.get(reverse("fleet:messages"), {"with": cast.driver.pk})
    assert f'data-notice="{notice.pk}"' in answer.content.decode()
    assert "1 new" in words(answer)
    dina.post(f"/api/notifications/{notice.pk}/read/")
    assert "1 new" not in thread(dina, cast.driver.pk)


def test_nobody_to_tell_and_nothing_to_say_are_answered_with_words(
    cast: Cast, dina: Client
) -> None:
    assert "may not be blank" not in words(send(dina, "message-send", to="drivers", body="Hello"))
    assert "required" in words(send(dina, "message-send", to="drivers", body=" "))
    assert send(dina, "message-send", to="everybody", body="Hello").status_code == 200
    assert Message.objects.count() == 1
    thread(dina, "nobody", status=404)


# --- alarms


def test_an_sos_is_seen_to_then_over_with_names_and_words(cast: Cast, dina: Client) -> None:
    alert = alerts.press_sos(driver=cast.driver, latitude=57.7, longitude=11.96, trip_id=None)
    text = page(dina, "alerts")
    assert "call for help · Van 1" in text
    assert "57.70000, 11.96000" in text
    assert "You see to it." in words(send(dina, "alert-seen", alert.pk))
    assert "No open alarm" in page(dina, "alerts")
    assert "Dina" in page(dina, "alerts", state="acknowledged")
    refused = words(send(dina, "alert-resolve", alert.pk))
    assert "resolution: This field is required." in refused
    assert "It is over." in words(send(dina, "alert-resolve", alert.pk, resolution="false alarm"))
    ada = client_of(cast.ada)
    send(ada, "alert-resolve", alert.pk, resolution="somebody was first")
    [row] = rows_of(dina, "alerts", state="resolved")
    assert (row["resolved_by_name"], row["resolution"]) == ("Dina", "false alarm")


def test_what_is_over_was_seen_to(cast: Cast, dina: Client) -> None:
    alert = alerts.press_sos(driver=cast.driver, latitude=None, longitude=None, trip_id=None)
    send(dina, "alert-resolve", alert.pk, resolution="false alarm")
    alert.refresh_from_db()
    assert alert.acknowledged_by == alert.resolved_by == cast.dina


# --- trouble


def buried(number: int = 1) -> Delivery:
    return Delivery.objects.create(
        topic="message.sent", subject_id=number, subscriber="message_notices", state="dead",
        attempts=5, due_at=timezone.now(), error="KeyError",
    )  # fmt: skip


def test_failures_are_tried_again_one_by_one_or_all(cast: Cast, dina: Client) -> None:
    one, two = buried(1), buried(2)
    TaskFailure.objects.create(
        task_id="x",
        task="users.tasks.send_daily_digest",
        error="ValueError",
        failed_at=timezone.now(),
    )
    text = page(dina, "trouble")
    assert "message.sent 1" in text
    assert "cannot be tried again" in text
    assert "1 is tried again." in words(send(dina, "trouble-retry", key=[f"delivery:{one.pk}"]))
    assert [Delivery.objects.get(pk=each.pk).state for each in (one, two)] == ["pending", "dead"]
    assert "1 is tried again." in words(send(dina, "trouble-retry", do="all"))
    assert Delivery.objects.get(pk=two.pk).state == "pending"
    assert "None of them had failed any more." in words(send(dina, "trouble-retry", do="all"))


def test_choosing_nothing_and_naming_nonsense_are_refused_with_words(
    cast: Cast, dina: Client
) -> None:
    buried()
    assert "keys" in words(send(dina, "trouble-retry"))
    assert "There is no failure x:1." in words(send(dina, "trouble-retry", key=["x:1"]))
    assert Delivery.objects.get().state == "dead"


def test_failed_mails_are_sent_again_and_an_unknown_fate_only_when_chosen(
    cast: Cast, dina: Client
) -> None:
    common = {"kind": "invoice", "channel": "email", "due_at": timezone.now(), "error": "550"}
    failed = Notification.objects.create(
        key="a", address="x@home.invalid", state="failed", **common
    )
    unknown = Notification.objects.create(
        key="b", address="y@home.invalid", state="unknown", **common
    )
    text = page(dina, "trouble", show="mails")
    assert "fate unknown" in text
    assert "home.invalid" not in text
    send(dina, "trouble-again", do="all")
    states = Notification.objects.in_bulk([failed.pk, unknown.pk])
    assert [states[failed.pk].state, states[unknown.pk].state] == ["queued", "unknown"]
    send(dina, "trouble-again", key=[unknown.pk])
    assert Notification.objects.get(pk=unknown.pk).state == "queued"


def test_positions_that_were_not_believed_are_counted_by_device(cast: Cast, dina: Client) -> None:
    for n in range(3):
        QuarantinedFix.objects.create(
            device=cast.tracker, reason="from_the_future", raw=b'{"latitude": 91}',
            digest=bytes([n]) * 32, received_at=timezone.now(),
        )  # fmt: skip
    text = page(dina, "trouble", show="positions")
    assert re.search(r"Van 1 device \d+ from the future 3 ", text)
    assert "&quot;latitude&quot;: 91" in text
    assert "Every position was believed" in page(dina, "trouble", show="positions", device="987654")


def test_papers_that_run_out_lead_to_whose_they_are(cast: Cast, dina: Client) -> None:
    today = company_day(timezone.now())
    fleet.update_driver(
        driver_id=cast.driver.pk, changes={"licence_expires": today + timedelta(days=3)}
    )
    text = page(dina, "expiries")
    assert "in 3 days driving licence Omar" in text
    assert [row["paper"] for row in rows_of(dina, "expiries", days="90")] == ["licence"]
    assert "Nothing runs out" in page(dina, "expiries", days="2")


def test_the_pages_speak_spanish(cast: Cast) -> None:
    User.objects.filter(pk=cast.dina.pk).update(language="es")
    client = Client(headers={"Accept-Language": "es"})
    client.force_login(cast.dina)
    assert "Vehículos" in page(client, "vehicles")
    assert "No hay ninguna alarma abierta" in page(client, "alerts")


def test_a_list_goes_on_over_pages_and_a_file_has_all_of_it(cast: Cast, dina: Client) -> None:
    Vehicle.objects.bulk_create([Vehicle(name=f"Bus {n:03}") for n in range(210)])
    first = page(dina, "vehicles", q="bus")
    assert "Page 1, 210 in all" in first
    assert "Bus 049" in first
    assert "Bus 050" not in first
    assert "Bus 209" in page(dina, "vehicles", q="bus", page="5")
    assert "makes no sense" in page(dina, "vehicles", q="bus", page="6", status=404)
    assert len(rows_of(dina, "vehicles", q="bus")) == 210


def test_no_cell_of_a_file_is_a_formula(cast: Cast, dina: Client) -> None:
    Vehicle.objects.create(name="=HYPERLINK(1)")
    assert "'=HYPERLINK(1)" in {row["name"] for row in rows_of(dina, "vehicles")}


def test_a_form_from_elsewhere_changes_nothing(cast: Cast) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(cast.dina)
    url = reverse("fleet:vehicle-service", args=[cast.van.pk])
    fields = {"state": "out_of_service", "out_of_service_reason": "x"}
    assert client.post(url, fields).status_code == 403
    assert Vehicle.objects.get(pk=cast.van.pk).state == "in_service"
