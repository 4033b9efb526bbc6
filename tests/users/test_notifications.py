"""Who is told what: one event, one notice, to those whom it concerns and to nobody else."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from tests.cast import Cast
from tests.held_broker import HeldBroker
from tests.services.invariants import shown
from tests.threads import at_once
from tests.users.mail_servers import MailServer
from trips.events.streams import user_stream
from trips.models import Patient, StreamEntry, Trip, TripEvent
from users.models import Notification
from users.notifications import compose, mail, notify_assignment, notify_trip_event, tell
from users.tasks import send_notification, send_trip_assignment_notification, send_welcome_email

pytestmark = pytest.mark.django_db


def told() -> list[tuple[str, str, str]]:
    """(who, channel, kind) of every notice, sorted."""
    rows = Notification.objects.select_related("user")
    return sorted(
        (row.user.username if row.user else row.address, row.channel, row.kind) for row in rows
    )


def follow(trip: Trip, name: str) -> str:
    """The handler of the trip's newest event of that name."""
    event = TripEvent.objects.filter(trip=trip, event=name).latest("version")
    if name in ("trip.assigned", "trip.transferred"):
        return notify_assignment(event.pk)
    return notify_trip_event(event.pk)


def test_omar_is_told_of_his_trip_in_the_app_and_by_mail_and_nobody_else_is(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    for _ in range(3):
        follow(trip, "trip.assigned")
    assert told() == [("omar", "email", "trip_assigned"), ("omar", "in_app", "trip_assigned")]


def test_when_eve_takes_over_omar_learns_that_it_is_gone(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    crew: dict[str, Any] = {"driver_id": cast.strange_driver.pk, "vehicle_id": cast.spare_van.pk}
    cast.tap(trip, "assign", **crew)
    follow(trip, "trip.assigned")
    assert told() == [
        ("eve", "email", "trip_assigned"),
        ("eve", "in_app", "trip_assigned"),
        ("omar", "in_app", "trip_withdrawn"),
    ]


def test_another_van_for_the_same_driver_takes_nothing_from_him(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    cast.tap(trip, "assign", vehicle_id=cast.spare_van.pk)
    follow(trip, "trip.assigned")
    assert {kind for _, _, kind in told()} == {"trip_assigned"}


def test_a_notice_is_in_its_persons_stream_once(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    for _ in range(2):
        follow(trip, "trip.assigned")
    notice = Notification.objects.get(channel="in_app")
    shown(user_stream(cast.omar.pk))
    assert StreamEntry.objects.get(notification=notice).stream_id == user_stream(cast.omar.pk)


def test_pia_is_mailed_that_her_driver_is_on_the_way(cast: Cast, mail_server: MailServer) -> None:
    trip = cast.trip_in("en_route_pickup")
    for _ in range(2):
        follow(trip, "trip.en_route_pickup")
    assert told() == [("pia", "email", "on_the_way"), ("pia", "in_app", "on_the_way")]
    text = compose(Notification.objects.get(channel="email")).body
    for expected in ("/track/", "Omar", "Van 1"):
        assert expected in text


def test_a_patient_without_an_account_is_mailed_at_her_address(cast: Cast) -> None:
    Patient.objects.update(user=None)
    follow(cast.trip_in("en_route_pickup"), "trip.en_route_pickup")
    assert told() == [("pia@home.invalid", "email", "on_the_way")]


def test_who_has_no_address_or_a_disabled_account_is_told_nothing(cast: Cast) -> None:
    cast.disable(cast.pia)
    follow(cast.trip_in("en_route_pickup"), "trip.en_route_pickup")
    Patient.objects.update(user=None, email="")
    follow(cast.trip_in("en_route_pickup"), "trip.en_route_pickup")
    assert told() == []


def test_nobody_is_told_that_a_driver_who_stands_at_the_door_is_on_the_way(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("assigned"), "pick_up")
    follow(trip, "trip.en_route_pickup")  # inferred from the pick-up
    assert told() == []


def test_a_cancelled_trip_is_told_to_its_driver_and_its_patient(cast: Cast) -> None:
    follow(cast.trip_in("cancelled"), "trip.cancelled")
    assert told() == [
        ("omar", "in_app", "trip_cancelled"),
        ("pia", "email", "trip_cancelled"),
        ("pia", "in_app", "trip_cancelled"),
    ]


def test_a_trip_that_nobody_had_is_cancelled_without_a_word_to_others(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("scheduled"), "cancel", reason="double booking")
    follow(trip, "trip.cancelled")
    assert told() == [("pia", "email", "trip_cancelled"), ("pia", "in_app", "trip_cancelled")]


def test_pia_is_not_told_what_she_did_herself(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("assigned"), "cancel", cast.pia, reason="unwell")
    follow(trip, "trip.cancelled")
    assert told() == [("omar", "in_app", "trip_cancelled")]


def test_a_declined_and_a_stuck_trip_are_told_to_the_dispatchers(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("assigned"), "decline", cast.omar, reason="flat tyre")
    follow(trip, "trip.declined")
    assert told() == [("dina", "in_app", "trip_declined")]


def test_a_withdrawn_trip_is_told_to_who_had_it(cast: Cast) -> None:
    trip = cast.tap(cast.trip_in("dispatched"), "unassign", reason="moved")
    follow(trip, "trip.unassigned")
    assert told() == [("omar", "in_app", "trip_withdrawn")]


def test_who_left_the_company_is_told_nothing(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    cast.disable(cast.omar)
    assert follow(trip, "trip.assigned") == "no driver to tell"
    cast.tap(trip, "unassign", reason="gone")
    follow(trip, "trip.unassigned")
    assert told() == []


def test_subjects_and_notices_carry_no_name_and_no_address(cast: Cast) -> None:
    for status, names in (
        ("en_route_pickup", ["trip.assigned", "trip.en_route_pickup"]),
        ("cancelled", ["trip.assigned", "trip.cancelled"]),
    ):
        trip = cast.trip_in(status)
        for name in names:
            follow(trip, name)
    mail(kind="welcome", key="x", user=cast.pia)
    texts = [row.message for row in Notification.objects.filter(channel="in_app")]
    texts += [str(compose(row).subject) for row in Notification.objects.filter(channel="email")]
    assert len(texts) == 10
    for text in texts:
        assert not {"Pia", "Ek", "Omar", "Götgatan", "Dialysis"} & set(text.split())


def test_telling_the_same_thing_again_tells_nothing_new(cast: Cast) -> None:
    people = [cast.omar, cast.eve]
    assert tell(people, kind="news", key="news:1", message="Snow.") == 2
    assert tell([*people, cast.dina], kind="news", key="news:1", message="Snow.") == 1
    assert tell(people, kind="news", key="news:2", message="More snow.") == 2
    assert tell(people, kind="warning", key="news:1", message="Ice.") == 2


def test_a_task_that_is_delivered_twice_says_it_once(cast: Cast) -> None:
    for _ in range(2):
        send_notification.apply((cast.omar.pk, "news", "Snow ahead."), task_id="one-call")
        send_welcome_email.apply((cast.omar.pk,))
    assert told() == [("omar", "email", "welcome"), ("omar", "in_app", "news")]


def test_the_assignment_task_and_the_outbox_say_it_once_between_them(cast: Cast) -> None:
    trip = cast.trip_in("assigned")
    follow(trip, "trip.assigned")
    send_trip_assignment_notification(trip.pk, cast.driver.pk)
    assert len(told()) == 2


@pytest.mark.parametrize("user_id", [0, -1, 10**12])
def test_a_task_for_nobody_fails_at_once(user_id: int) -> None:
    for task, args in ((send_notification, ("news", "Snow.")), (send_welcome_email, ())):
        result = task.apply((user_id, *args))
        assert result.state == "FAILURE"
        assert type(result.result).__name__ == "InvalidArguments"


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("held_broker")
def test_eight_workers_at_once_tell_and_queue_once(cast: Cast) -> None:
    def say() -> tuple[int, bool]:
        new = tell([cast.omar, cast.eve], kind="news", key="news:1", message="Snow.")
        return new, mail(kind="welcome", key="user:1", user=cast.omar)

    answers = at_once(say, 8)
    assert sum(new for new, _ in answers) == 2
    assert sum(queued for _, queued in answers) == 1
    assert len(told()) == 3


@pytest.mark.django_db(transaction=True)
def test_two_drivers_who_swap_many_trips_at_once_do_not_block_each_other(
    cast: Cast, held_broker: HeldBroker
) -> None:
    crews = [(cast.driver, cast.van), (cast.strange_driver, cast.spare_van)]
    events = []
    for n in range(24):
        trip = cast.trip_in("scheduled", scheduled_at=timezone.now() + timedelta(hours=n + 1))
        for driver, van in (crews[n % 2], crews[1 - n % 2]):
            cast.tap(trip, "assign", driver_id=driver.pk, vehicle_id=van.pk)
        events.append(TripEvent.objects.filter(trip=trip).latest("version").pk)
    waiting = iter(events)

    def tell_four() -> None:
        for _ in range(4):
            with transaction.atomic():  # the relay's, which marks the delivery done
                notify_assignment(next(waiting))

    assert at_once(tell_four, 6) == [None] * 6
    for user in (cast.omar, cast.eve):
        shown(user_stream(user.pk))
    assert StreamEntry.objects.filter(notification__isnull=False).count() == 48
