"""A driver knows today's trips, and of days to come no more than a calendar needs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tests.cast import Cast
from trips import access
from trips.models import Trip
from trips.realtime import resume
from trips.realtime.projections import Audience

pytestmark = pytest.mark.django_db
STOCKHOLM = ZoneInfo("Europe/Stockholm")
DAY = timedelta(days=1)


def midnight() -> datetime:
    """When the company's today begins."""
    return datetime.combine(timezone.now().astimezone(STOCKHOLM).date(), time(), STOCKHOLM)


def omars(cast: Cast, status: str, at: datetime, since: datetime | None = None) -> Trip:
    """A trip of Omar's for `at`, whatever the clock says now."""
    trip = cast.trip_in(status)
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=at, state_since=since or trip.state_since)
    return trip


LONG_AGO = timedelta(days=-2)
WHEN: dict[str, tuple[str, Callable[[], datetime], bool]] = {
    "this morning's, done": ("completed", midnight, True),
    "tonight's": ("assigned", lambda: midnight() + DAY - timedelta(seconds=1), True),
    "one of a night shift": ("assigned", lambda: timezone.now() + timedelta(hours=7), True),
    "next week's": ("assigned", lambda: timezone.now() + 7 * DAY, False),
    "the day after tomorrow's": ("assigned", lambda: midnight() + 2 * DAY, False),
    "next week's, but sent out": ("dispatched", lambda: timezone.now() + 7 * DAY, True),
    "yesterday's, still to be done": ("assigned", lambda: midnight() - DAY, True),
    "yesterday's, under way": ("in_progress", lambda: midnight() - DAY, True),
    "last week's, done": ("completed", lambda: midnight() - 7 * DAY, False),
}


@pytest.mark.parametrize("case", WHEN)
def test_omar_sees(cast: Cast, case: str) -> None:
    status, at, seen = WHEN[case]
    trip = omars(cast, status, at(), timezone.now() + LONG_AGO)
    client = APIClient(headers=cast.headers(cast.omar))
    assert client.get(f"/api/trips/{trip.pk}/").status_code == (200 if seen else 404)
    assert client.get("/api/trips/").json()["count"] == int(seen)
    assert (client.get(f"/api/trips/{trip.pk}/track.gpx").status_code == 200) == seen
    pair = (cast.omar.pk, trip.pk)
    assert (pair in access.still_watching({pair})) == seen
    assert (trip in access.trips_to_drive(cast.omar.pk)) == (seen and status != "completed")
    assert APIClient(headers=cast.headers(cast.dina)).get("/api/trips/").json()["count"] == 1


def test_what_ended_just_now_is_shown_for_a_while(cast: Cast) -> None:
    trip = omars(cast, "completed", midnight() - DAY)
    assert trip in access.visible_trips(cast.omar)
    Trip.objects.update(state_since=timezone.now() - timedelta(hours=3))
    assert trip not in access.visible_trips(cast.omar)


def test_a_phone_tells_late_what_happened_days_ago(cast: Cast) -> None:
    trip = omars(cast, "completed", midnight() - 3 * DAY, timezone.now() + LONG_AGO)
    assert trip not in access.visible_trips(cast.omar)
    assert trip in access.reachable_trips(cast.omar)
    assert trip not in access.reachable_trips(cast.eve)


def test_next_weeks_trip_cannot_be_tapped_and_is_as_absent(cast: Cast) -> None:
    trip = omars(cast, "assigned", timezone.now() + 7 * DAY)
    client = APIClient(headers=cast.headers(cast.omar))
    tap = {"action": "decline", "reason": "holidays"}
    own, absent = (client.post(f"/api/trips/{pk}/status/", tap) for pk in (trip.pk, 987_654_321))
    assert own.status_code == 404
    assert own.content == absent.content


def frames(cast: Cast, audience: Audience) -> list[str]:
    entries = resume.entries(f"user:{cast.omar.pk}", 0)
    return [entry.text(audience) for entry in entries if entry.event]


def test_his_stream_names_nobody_of_next_week(cast: Cast) -> None:
    trip = omars(cast, "assigned", timezone.now() + 7 * DAY)
    [frame] = frames(cast, Audience.DRIVER)
    assert f'"trip_id":{trip.pk}' in frame
    assert "Pia" not in frame
    assert "Götgatan" not in frame
    assert "57.70" in frame
    Trip.objects.update(scheduled_at=timezone.now())
    [frame] = frames(cast, Audience.DRIVER)
    assert "Pia" in frame
    assert "Götgatan" in frame


def test_his_snapshot_is_what_he_may_ask_for(cast: Cast) -> None:
    today, later = cast.trip_in("assigned"), omars(cast, "assigned", timezone.now() + 7 * DAY)
    frame = resume._my_snapshot(0, cast.omar.pk, Audience.DRIVER)
    assert [trip.id for trip in frame.trips] == [today.pk]
    assert later.pk not in [trip.id for trip in frame.trips]


WITHHELD = ("payer", "facility", "stuck_at")
NEVER = {"price", "member_id", "copay_cents", "bill_to", "tolls_cents", "authorization_number"}


def test_he_reads_what_the_job_needs(cast: Cast) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility, payer=cast.payer)
    shown: dict[str, Any] = (
        APIClient(headers=cast.headers(cast.omar)).get(f"/api/trips/{trip.pk}/").json()
    )
    assert [shown[name] for name in WITHHELD] == [None] * len(WITHHELD)
    assert all(shown.get(name) is None for name in NEVER)
    assert shown["patient"]["name"] == "Pia Ek"
    assert shown["pickup"]["address"] == "Götgatan 12"
