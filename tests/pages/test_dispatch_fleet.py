"""Dina looks after vehicles and drivers; her pages say what the API says."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from tests.cast import Cast, open_company
from tests.pages.dispatch_desk import client_of, page, rows_of, send, words
from trips import fleet, shifts
from trips.models import (
    Alert,
    Device,
    Shift,
    Vehicle,
)
from trips.queries import company_day
from users.models import User

pytestmark = pytest.mark.django_db
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


@pytest.fixture
def dina(cast: Cast) -> Client:
    return client_of(cast.dina)


def test_a_page_says_whose_it_is_not(cast: Cast, dina: Client) -> None:
    eve, ada = client_of(cast.eve), client_of(cast.ada)
    for route in PAGES:
        url = reverse(f"fleet:{route}")
        assert [dina.get(url).status_code, ada.get(url).status_code] == [200, 200]
        refused = eve.get(url)
        assert refused.status_code == 403
        assert b"not for your role" in refused.content
        assert "/accounts/login/" in Client().get(url)["Location"]


def test_what_is_not_there_is_a_page_that_says_so(dina: Client) -> None:
    for route in ("vehicle", "driver", "shift"):
        assert "There is nothing here" in page(dina, route, 987_654_321, status=404)


#: Route, query, status.
NONSENSE: tuple[tuple[str, dict[str, str], int], ...] = (
    ("vehicles", {"state": "flying"}, 400),
    ("drivers", {"page": "x"}, 404),
    ("shifts", {"date": "yesterday"}, 400),
    ("shifts", {"date": "2026-11-20", "days": "999"}, 400),
    ("alerts", {"state": "loud"}, 400),
    ("alerts", {"state": "loud", "csv": "1"}, 400),
    ("trouble", {"show": "mails", "state": "sent"}, 400),
    ("expiries", {"days": "-1"}, 400),
    ("expiries", {"days": "-1", "csv": "1"}, 400),
)


def test_a_filter_that_makes_no_sense_is_answered_with_words(dina: Client) -> None:
    for route, query, status in NONSENSE:
        assert "makes no sense" in page(dina, route, status=status, **query), query
    page(dina, "trouble", status=404, show="everything")
    assert page(dina, "vehicles", page="last")


def test_the_days_of_the_calendar_have_ends(dina: Client) -> None:
    for date in ("0001-01-01", "9999-12-31"):
        assert dina.get(reverse("fleet:shifts"), {"date": date, "days": "7"}).status_code == 200


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


def test_a_list_that_no_file_holds_is_to_be_narrowed(
    dina: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    Vehicle.objects.bulk_create([Vehicle(name=f"Bus {n}") for n in range(6)])
    monkeypatch.setattr("trips.desk_fleet.common.MOST_ROWS", 5)
    asked = {"q": "bus", "csv": "1"}
    answer = dina.get(reverse("fleet:vehicles"), asked, follow=True)
    assert answer.redirect_chain == [(f"{reverse('fleet:vehicles')}?q=bus", 302)]
    assert "A file has room for 5 rows, and these are 6: choose fewer." in words(answer)
    assert len(rows_of(dina, "vehicles", q="bus 1")) == 1


def test_the_times_of_a_file_are_utc(cast: Cast, dina: Client) -> None:
    begun = Shift.objects.get(driver=cast.driver)
    rows = {row["id"]: row for row in rows_of(dina, "shifts", driver=str(cast.driver.pk))}
    assert rows[str(begun.pk)]["starts_at"].endswith("Z")


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
