"""Whom an event concerns: each of them once, nobody for what they did themselves, Eve nothing."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from tests.cast import Cast, person
from tests.held_broker import HeldBroker
from tests.users.mail_servers import MailServer
from trips.models import Alert, Patient, Trip, TripEvent
from trips.services import change_trip
from users.audiences import About, find
from users.kinds import Audience
from users.models import Notification, User
from users.notifications import notify_alert, notify_assignment, notify_trip_event
from users.roles import Role
from users.tasks import send_mail

pytestmark = pytest.mark.django_db

EVERYTHING = (
    "trip.scheduled",
    "trip.assigned",
    "trip.en_route_pickup",
    "trip.arrived_pickup",
    "trip.picked_up",
    "trip.arrived_dropoff",
    "trip.completed",
)


def told(kind: str = "") -> list[tuple[str, str, str]]:
    """(who, channel, kind) of the notices, sorted."""
    rows = Notification.objects.select_related("user")
    return sorted(
        (row.user.username if row.user else row.address, row.channel, row.kind)
        for row in rows
        if kind in ("", row.kind)
    )


def follow(trip: Trip, name: str) -> None:
    event = TripEvent.objects.filter(trip=trip, event=name).latest("version")
    notify_trip_event(event.pk)
    if name in ("trip.assigned", "trip.transferred"):
        notify_assignment(event.pk)


def move(cast: Cast, trip: Trip, user: User, **fields: Any) -> None:
    trip.refresh_from_db()
    change_trip(trip_id=trip.pk, user=user, fields=fields, expected_version=trip.version)


def test_pia_and_her_facility_hear_that_a_trip_is_booked(cast: Cast) -> None:
    trip = cast.trip_in("scheduled", facility=cast.facility)
    follow(trip, "trip.scheduled")
    assert told() == [
        ("hugo", "in_app", "booked"),
        ("pia", "email", "booked"),
        ("pia", "in_app", "booked"),
    ]


def test_a_trip_of_a_standing_order_or_of_the_past_is_not_told_as_booked(cast: Cast) -> None:
    trip = cast.trip_in("scheduled")
    Trip.objects.filter(pk=trip.pk).update(scheduled_at=timezone.now() - timedelta(hours=1))
    follow(trip, "trip.scheduled")
    assert told() == []


def test_another_time_is_told_to_patient_facility_and_driver_and_another_note_to_nobody(
    cast: Cast,
) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility)
    move(cast, trip, cast.dina, escorts=1)
    follow(trip, "trip.changed")
    assert told() == []
    move(cast, trip, cast.dina, scheduled_at=timezone.now() + timedelta(hours=3))
    follow(trip, "trip.changed")
    assert told() == [
        ("hugo", "in_app", "time_changed"),
        ("omar", "email", "time_changed"),
        ("omar", "in_app", "time_changed"),
        ("pia", "email", "time_changed"),
        ("pia", "in_app", "time_changed"),
    ]


def test_pia_hears_of_another_driver_and_not_of_the_first(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    follow(trip, "trip.assigned")
    assert told("driver_changed") == []
    cast.give_to_eve(trip)
    follow(trip, "trip.assigned")
    assert told("driver_changed") == [
        ("pia", "email", "driver_changed"),
        ("pia", "in_app", "driver_changed"),
    ]


def test_the_facility_that_cancels_is_not_told_and_the_patient_is(cast: Cast) -> None:
    trip = cast.trip_in("assigned", facility=cast.facility)
    colleague = person("colleague", Role.FACILITY)
    cast.facility.members.add(colleague)
    cast.tap(trip, "cancel", cast.hugo, reason="closed")
    follow(trip, "trip.cancelled")
    assert told() == [
        ("colleague", "in_app", "trip_cancelled"),
        ("omar", "in_app", "trip_cancelled"),
        ("pia", "email", "trip_cancelled"),
        ("pia", "in_app", "trip_cancelled"),
    ]


def test_eve_hears_nothing_of_a_whole_trip_and_everybody_else_once(cast: Cast) -> None:
    trip = cast.trip_in("completed", facility=cast.facility)
    for _ in range(2):
        for name in EVERYTHING:
            follow(trip, name)
    found = told()
    assert len(found) == len(set(found))
    assert not [one for one in found if one[0] in ("eve", "dina", "bea", "ada")]
    assert [kind for who, channel, kind in found if (who, channel) == ("pia", "email")] == [
        "arrived",
        "booked",
        "completed",
        "on_the_way",
    ]


def test_each_of_three_dispatchers_is_told_once_and_one_who_left_is_not(cast: Cast) -> None:
    for name in ("dora", "dirk", "dead"):
        person(name, Role.DISPATCHER)
    User.objects.filter(username="dead").update(is_active=False)
    now = timezone.now()
    alert = Alert.objects.create(
        device=cast.tracker, vehicle=cast.van, kind="sos", raised_at=now, received_at=now
    )
    for _ in range(3):
        notify_alert(alert.pk)
    assert told() == [(name, "in_app", "alert") for name in ("dina", "dirk", "dora")]


def test_who_leaves_after_the_mail_was_queued_gets_none(
    cast: Cast, held_broker: HeldBroker, mail_server: MailServer
) -> None:
    follow(cast.trip_in("assigned"), "trip.assigned")
    cast.disable(cast.omar)
    held_broker.deliver()
    row = Notification.objects.get(channel="email")
    send_mail(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("skipped", "account disabled")
    assert mail_server.offered == 0


def test_that_the_driver_is_here_is_not_said_any_more_to_who_is_aboard(
    cast: Cast, mail_server: MailServer
) -> None:
    trip = cast.trip_in("arrived_pickup")
    follow(trip, "trip.arrived_pickup")
    cast.tap(trip, "pick_up")
    row = Notification.objects.get(channel="email")
    send_mail(row.pk)
    row.refresh_from_db()
    assert (row.state, row.error) == ("skipped", "overtaken")
    assert mail_server.offered == 0


def copies_of_a_change(cast: Cast, mail_server: MailServer, caregiver: str) -> dict[str, str]:
    """{to: copy to} of the mails about a trip's new time."""
    Patient.objects.update(caregiver_email=caregiver)
    trip = cast.trip_in("assigned")
    move(cast, trip, cast.dina, scheduled_at=timezone.now() + timedelta(hours=3))
    follow(trip, "trip.changed")
    for row in Notification.objects.filter(channel="email"):
        assert send_mail(row.pk) == "sent"
    return {str(mail["To"]): mail["Cc"] for mail in mail_server.taken}


def test_a_caregiver_is_in_copy_of_pias_mails_and_of_nobody_elses(
    cast: Cast, mail_server: MailServer
) -> None:
    copies = copies_of_a_change(cast, mail_server, "care@home.invalid")
    assert copies == {"pia@nordic.invalid": "care@home.invalid", "omar@nordic.invalid": None}


def test_a_patient_who_is_their_own_caregiver_gets_one_mail_however_the_address_is_spelt(
    cast: Cast, mail_server: MailServer
) -> None:
    copies = copies_of_a_change(cast, mail_server, "Pia@Nordic.invalid")
    assert copies == {"pia@nordic.invalid": None, "omar@nordic.invalid": None}


def test_every_audience_can_be_found_of_every_trip(cast: Cast) -> None:
    for status in ("requested", "will_call", "completed", "missed"):
        trip = cast.trip_in(status)
        for audience in Audience:
            find(audience, About(trip))
