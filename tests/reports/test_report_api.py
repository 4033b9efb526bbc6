"""`/api/reports/…`: who may, what is answered, and that no page view reads a trip."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import httpx
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.api.problems import the_problem
from tests.cast import Cast
from tests.reports.days import MONDAY, NOW, add_shift, add_trip, measure
from trips.models import Shift
from trips.reports.rollup import roll_day
from users.models import User

pytestmark = pytest.mark.django_db
REPORTS = ("daily", "weekly", "drivers", "demand")
PERIOD = f"?from={MONDAY}&to={MONDAY + timedelta(days=1)}"
#: What a page view may read: the roll-up tables, names of drivers, who asks, the clock's zone.
MAY_READ = {
    "trips_dayreport", "trips_weekreport", "trips_driverday", "trips_demandhour", "trips_driver",
    "users_user", "knox_authtoken", "trips_company",
}  # fmt: skip


@pytest.fixture
def two_days(cast: Cast) -> Cast:
    """Three trips on Monday, one on Tuesday, rolled up."""
    Shift.objects.all().delete()
    add_shift(cast, "07:00", "11:00")
    done = add_trip(
        cast, "08:00", arrived_pickup_at="08:05", picked_up_at="08:10", dropped_off_at="09:10"
    )
    measure(done, 9_000, 3_000)
    add_trip(cast, "08:30", arrived_pickup_at="09:00", driver=cast.strange_driver)
    add_trip(cast, "10:00", "cancelled", driver=None, cancel_kind="late", pickup_latitude=57.6)
    tuesday = MONDAY + timedelta(days=1)
    add_trip(cast, "08:00", arrived_pickup_at="08:00", day=tuesday)
    for day in (MONDAY, tuesday):
        roll_day(day, NOW)
    return cast


@pytest.fixture
def ask(two_days: Cast) -> Callable[..., Any]:
    def get(path: str, user: User | None = None) -> Any:
        client = APIClient(headers=two_days.headers(user or two_days.dina))
        return client.get(f"/api/reports/{path}")

    return get


def rows_of(answer: Any) -> list[dict[str, str]]:
    """A CSV answer's rows."""
    text = b"".join(answer.streaming_content).decode()
    return list(csv.DictReader(io.StringIO(text)))


def test_days_in_their_order_with_the_total_of_their_sums(ask: Callable[..., Any]) -> None:
    answer = ask(f"daily/{PERIOD}").json()
    assert (answer["from"], answer["to"]) == (str(MONDAY), str(MONDAY + timedelta(days=1)))
    monday, tuesday = answer["rows"]
    assert (monday["day"], monday["trips"], monday["on_time_pickups"]) == (str(MONDAY), 3, 0.5)
    assert (tuesday["trips"], tuesday["on_time_pickups"]) == (1, 1.0)
    assert monday["computed_at"] == "2026-09-26T09:00:00.000Z"
    # Two of three; the mean of the two days would be 0.75.
    assert answer["total"]["on_time_pickups"] == 0.6667
    assert answer["total"]["utilisation"] == 0.25
    assert answer["total"]["loaded_unloaded"] == 3.0


def test_a_week_is_answered_whole(ask: Callable[..., Any]) -> None:
    answer = ask(f"weekly/?from={MONDAY + timedelta(days=2)}&to={MONDAY + timedelta(days=3)}")
    body = answer.json()
    assert (body["from"], body["to"]) == (str(MONDAY), str(MONDAY + timedelta(days=6)))
    assert [(row["monday"], row["trips"]) for row in body["rows"]] == [(str(MONDAY), 4)]


def test_drivers_by_name_with_what_they_kept(ask: Callable[..., Any], two_days: Cast) -> None:
    eve, omar = ask(f"drivers/{PERIOD}").json()["rows"]
    assert (eve["name"], omar["name"]) == ("Eve", "Omar")
    assert (omar["driver"], omar["completed"], omar["kept_promises"]) == (two_days.driver.pk, 2, 1)
    assert (eve["on_time_pickups"], omar["on_time_pickups"]) == (0.0, 1.0)
    assert (eve["utilisation"], omar["utilisation"]) == (None, 0.25)


@pytest.mark.parametrize(
    ("by", "rows"),
    [
        ("hour", [{"hour": 8, "trips": 3}, {"hour": 10, "trips": 1}]),
        (
            "area",
            [
                {"latitude": 57.605, "longitude": 11.965, "trips": 1},
                {"latitude": 57.705, "longitude": 11.965, "trips": 3},
            ],
        ),
        (
            "hour,area",
            [
                {"hour": 8, "latitude": 57.705, "longitude": 11.965, "trips": 3},
                {"hour": 10, "latitude": 57.605, "longitude": 11.965, "trips": 1},
            ],
        ),
    ],
)
def test_demand_by_hour_and_by_area(
    ask: Callable[..., Any], by: str, rows: list[dict[str, Any]]
) -> None:
    answer = ask(f"demand/{PERIOD}&by={by}").json()
    assert answer["rows"] == rows
    assert answer["total"] == {"trips": 4}


@pytest.mark.parametrize("report", REPORTS)
def test_the_file_has_the_same_numbers(ask: Callable[..., Any], report: str) -> None:
    answer = ask(f"{report}/{PERIOD}&format=csv")
    assert answer.streaming
    assert answer["Content-Type"] == "text/csv; charset=utf-8"
    assert f'filename="{report}-{MONDAY}' in answer["Content-Disposition"]
    shown = ask(f"{report}/{PERIOD}").json()["rows"]
    wanted = [{k: "" if v is None else str(v) for k, v in row.items()} for row in shown]
    assert rows_of(answer) == wanted


def test_a_file_of_nothing_still_has_its_header(ask: Callable[..., Any]) -> None:
    answer = ask("demand/?from=2020-01-01&to=2020-01-02&format=csv")
    assert b"".join(answer.streaming_content) == b"hour,latitude,longitude,trips\r\n"


def test_a_name_is_no_formula(ask: Callable[..., Any], two_days: Cast) -> None:
    User.objects.filter(pk=two_days.omar.pk).update(first_name='=HYPERLINK("http://x","y")')
    names = {row["name"] for row in rows_of(ask(f"drivers/{PERIOD}&format=csv"))}
    assert any(name.startswith("'=HYPERLINK(") for name in names)


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize("form", ["", "&format=csv"])
def test_a_page_view_reads_the_roll_up_tables_only_in_a_fixed_number_of_statements(
    ask: Callable[..., Any], two_days: Cast, report: str, form: str
) -> None:
    def statements() -> list[str]:
        with CaptureQueriesContext(connection) as found:
            answer = ask(f"{report}/?from=2026-06-01&to=2026-09-30{form}")
            assert list(answer) if form else answer.json()["rows"]
        return [query["sql"] for query in found]

    ask("daily/")  # her token is made
    few = statements()
    for n in range(2, 12):
        day = MONDAY - timedelta(days=n)
        add_trip(two_days, "09:00", day=day, pickup_latitude=57.7 - n / 100)
        roll_day(day, NOW)
    many = statements()
    assert len(many) == len(few) <= 8
    read = {table for sql in many for table in re.findall(r'(?:FROM|JOIN) "(\w+)"', sql)}
    assert read <= MAY_READ
    assert read & {"trips_dayreport", "trips_weekreport", "trips_driverday", "trips_demandhour"}


@pytest.mark.parametrize("report", REPORTS)
@pytest.mark.parametrize(
    ("who", "status"),
    [("ada", 200), ("dina", 200), ("bea", 200), ("omar", 403), ("pia", 403), ("hugo", 403)],
)
def test_who_may_and_who_may_not(
    ask: Callable[..., Any], two_days: Cast, report: str, who: str, status: int
) -> None:
    answer = ask(f"{report}/{PERIOD}", getattr(two_days, who))
    assert answer.status_code == status
    if status == 403:
        the_problem(answer, 403)
        the_problem(ask(f"{report}/?format=csv", getattr(two_days, who)), 403)


def test_nobody_gets_nothing(db: None) -> None:
    the_problem(APIClient().get("/api/reports/daily/"), 401)


@pytest.mark.parametrize(
    "asked",
    [
        "daily/?from=2026-09-02&to=2026-09-01",
        "daily/?from=yesterday",
        "daily/?from=2025-01-01&to=2026-09-01",
        "daily/?to=0001-01-01",
        "daily/?to=9999-12-31",
        "daily/?from=0001-01-01",
        "weekly/?from=2026-02-30",
        "drivers/?to=%00",
        "demand/?by=colour",
        "demand/?from=2026-09-02&to=2026-09-01&format=csv",
    ],
)
def test_a_period_that_is_none_is_refused_in_words(ask: Callable[..., Any], asked: str) -> None:
    the_problem(ask(asked), 400)


def test_another_format_is_not_found(ask: Callable[..., Any]) -> None:
    the_problem(ask("daily/?format=xml"), 404)


def test_without_a_period_it_is_the_last_thirty_days(ask: Callable[..., Any]) -> None:
    answer = ask("daily/").json()
    first, last = answer["from"], answer["to"]
    assert (date.fromisoformat(last) - date.fromisoformat(first)).days == 29
    assert answer["rows"] == []
    assert answer["total"]["trips"] == 0
    assert answer["total"]["on_time_pickups"] is None


@pytest.mark.django_db(transaction=True)
def test_the_file_is_streamed_by_the_real_server(two_days: Cast, http: httpx.Client) -> None:
    url = f"/api/reports/demand/{PERIOD}&format=csv"
    with http.stream("GET", url, headers=two_days.headers(two_days.bea)) as answer:
        assert answer.status_code == 200
        assert "content-length" not in answer.headers
        lines = list(answer.iter_lines())
    assert lines == ["hour,latitude,longitude,trips", "8,57.705,11.965,3", "10,57.605,11.965,1"]
