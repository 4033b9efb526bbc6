"""What follows an event: the table is whole, and every handler may run twice."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps
from django.test import TestCase
from django.utils import timezone
from django.utils.module_loading import import_string

from billing import statements
from billing.invoices import issue_invoice
from config.celery import QUEUES
from config.subscriptions import AFTER_MAIL, MAIL_COMPOSERS, SUBSCRIBERS, SUBSCRIPTIONS
from tests.cast import PICKUP, Cast
from tests.evidence.rides import DROPPED_OFF, PICKED_UP, begins, report, ride, way
from tests.fixtures_processes import Mailbox
from tests.held_broker import HeldBroker
from tests.standing_orders.conftest import agree
from trips import alerts, fleet, shifts, talk, timekeeping
from trips.evidence import late
from trips.lifecycle import EVENT_NAMES
from trips.models import (
    Alert,
    Delivery,
    ExpiryWarning,
    Message,
    Shift,
    Trip,
    TripEvent,
    TripMeasurement,
)
from trips.queries import company_day
from trips.services import change_trip
from users.models import Notification


def test_every_subscriber_exists_on_a_queue_that_exists_and_is_used() -> None:
    named = {name for names in SUBSCRIPTIONS.values() for name in names}
    assert named == set(SUBSCRIBERS)
    for subscriber in SUBSCRIBERS.values():
        assert callable(subscriber.load())
        assert subscriber.queue in QUEUES
    for path in [*MAIL_COMPOSERS.values(), *AFTER_MAIL.values()]:
        assert callable(import_string(path))


def test_every_topic_of_a_trip_is_an_event_that_can_happen() -> None:
    assert {topic for topic in SUBSCRIPTIONS if topic.startswith("trip.")} <= EVENT_NAMES


def _event(trip: Trip, name: str) -> int:
    return TripEvent.objects.get(trip=trip, event=name).pk


def _stuck(cast: Cast) -> int:
    trip = cast.trip_in("in_progress")
    Trip.objects.filter(pk=trip.pk).update(state_since="2026-01-01T00:00Z")
    assert timekeeping.flag_stuck() == 1
    return _event(trip, "trip.stuck")


def _handed_over(cast: Cast) -> int:
    crew: dict[str, Any] = {"driver_id": cast.strange_driver.pk, "vehicle_id": cast.spare_van.pk}
    trip = cast.tap(cast.trip_in("in_progress"), "transfer", reason="engine", **crew)
    return _event(trip, "trip.transferred")


def _withdrawn(cast: Cast) -> int:
    trip = cast.tap(cast.trip_in("dispatched"), "unassign", reason="moved")
    return _event(trip, "trip.unassigned")


def _declined(cast: Cast) -> int:
    trip = cast.tap(cast.trip_in("dispatched"), "decline", cast.omar, reason="flat tyre")
    return _event(trip, "trip.declined")


def _alarm(cast: Cast) -> int:
    alert = alerts.raise_alert(device_id=cast.tracker.pk, kind="sos", fix=None)
    assert alert is not None
    return alert.pk


def _left_alone(cast: Cast) -> int:
    alert_id = _alarm(cast)
    Alert.objects.filter(pk=alert_id).update(received_at="2026-01-01T00:00Z")
    assert alerts.escalate() == 1
    return alert_id


def _said(cast: Cast) -> int:
    return talk.send(sender=cast.dina, to=Message.To.DRIVERS, body="Ice on the bridge.").pk


def _sent_home(cast: Cast) -> int:
    shift = Shift.objects.get(driver=cast.driver)
    return shifts.end_shift(user=cast.dina, shift=shift, at=timezone.now(), reason="ill").pk


def _paper(cast: Cast) -> int:
    today = company_day(timezone.now())
    fleet.update_driver(driver_id=cast.driver.pk, changes={"licence_expires": today})
    assert fleet.warn_of_expiries() == 1
    return ExpiryWarning.objects.get().pk


def _called(cast: Cast) -> int:
    return _event(cast.tap(cast.trip_in("will_call"), "ready", cast.pia), "trip.ready")


def _moved(cast: Cast) -> int:
    trip = cast.trip_in("assigned")
    later = {"scheduled_at": timezone.now() + timedelta(hours=2)}
    change_trip(trip_id=trip.pk, user=cast.dina, fields=later, expected_version=trip.version)
    return _event(trip, "trip.changed")


def _broken_down(cast: Cast) -> int:
    cast.trip_in("assigned")
    broken = {"state": "out_of_service", "out_of_service_reason": "brakes"}
    fleet.update_vehicle(vehicle_id=cast.van.pk, changes=broken)
    return Alert.objects.get().pk


def _agreed(cast: Cast) -> int:
    return agree(cast).events.get().pk


def _undone(cast: Cast) -> int:
    trip = cast.tap(cast.trip_in("no_show"), "undo", reason="she came")
    return _event(trip, "trip.undone")


def _remeasured(cast: Cast) -> int:
    begin = begins()
    trip = ride(cast, begin)
    issue_invoice(trip.pk)
    far = way(begin, (PICKED_UP, DROPPED_OFF), (PICKUP, (57.8, 12.2)))
    report(cast.van, far, device_id=cast.tracker.pk, trip=trip)
    TripMeasurement.objects.update(is_stale=True)
    assert late.measure_stale() == 1
    return _event(trip, "trip.remeasured")


def _statement(cast: Cast) -> int:
    invoice = issue_invoice(cast.trip_in("completed", payer=cast.payer).pk)
    month = invoice.served_on.replace(day=1)
    return statements.close(statements.Account(payer_id=cast.payer.pk), month)[0].pk


#: How each thing happens; the id of what happened.
HAPPEN: dict[str, Callable[[Cast], int]] = {
    "trip.scheduled": lambda cast: _event(cast.trip_in("scheduled"), "trip.scheduled"),
    "trip.rejected": lambda cast: _event(cast.trip_in("rejected"), "trip.rejected"),
    "trip.ready": _called,
    "trip.assigned": lambda cast: _event(cast.trip_in("assigned"), "trip.assigned"),
    "trip.transferred": _handed_over,
    "trip.en_route_pickup": lambda cast: _event(
        cast.trip_in("en_route_pickup"), "trip.en_route_pickup"
    ),
    "trip.arrived_pickup": lambda cast: _event(
        cast.trip_in("arrived_pickup"), "trip.arrived_pickup"
    ),
    "trip.picked_up": lambda cast: _event(cast.trip_in("in_progress"), "trip.picked_up"),
    "trip.arrived_dropoff": lambda cast: _event(
        cast.trip_in("arrived_dropoff"), "trip.arrived_dropoff"
    ),
    "trip.missed": lambda cast: _event(cast.trip_in("missed"), "trip.missed"),
    "trip.undone": _undone,
    "trip.changed": _moved,
    "trip.no_show": lambda cast: _event(cast.trip_in("no_show"), "trip.no_show"),
    "trip.cancelled": lambda cast: _event(cast.trip_in("cancelled"), "trip.cancelled"),
    "trip.unassigned": _withdrawn,
    "trip.declined": _declined,
    "trip.stuck": _stuck,
    "trip.completed": lambda cast: _event(cast.trip_in("completed"), "trip.completed"),
    "trip.remeasured": _remeasured,
    "alert.raised": _alarm,
    "alert.escalated": _left_alone,
    "message.sent": _said,
    "shift.ended": _sent_home,
    "paper.expiring": _paper,
    "vehicle.out_of_service": _broken_down,
    "standing_order.changed": _agreed,
    "statement.issued": _statement,
    "invoice.issued": lambda cast: issue_invoice(cast.trip_in("completed").pk).pk,
}


def everything() -> dict[str, list[dict[str, Any]]]:
    """All rows of our apps."""
    labels = ("trips", "billing", "users")
    models = [model for label in labels for model in apps.get_app_config(label).get_models()]
    return {
        model.__name__: list(model._default_manager.order_by("pk").values()) for model in models
    }


@pytest.mark.django_db
@pytest.mark.parametrize("topic", SUBSCRIPTIONS)
def test_a_handler_that_runs_twice_leaves_what_it_left_the_first_time(
    cast: Cast, held_broker: HeldBroker, topic: str
) -> None:
    subject_id = HAPPEN[topic](cast)
    for name in SUBSCRIPTIONS[topic]:
        handler = SUBSCRIBERS[name].load()
        handler(subject_id)
        after_one = everything()
        with TestCase.captureOnCommitCallbacks(execute=True):
            handler(subject_id)
        assert everything() == after_one
        assert held_broker.take() == []


@pytest.mark.django_db
@pytest.mark.parametrize("topic", SUBSCRIPTIONS)
def test_what_follows_is_done_once_though_every_message_is_delivered_three_times(
    cast: Cast, held_broker: HeldBroker, smtp_sink: Mailbox, topic: str
) -> None:
    with TestCase.captureOnCommitCallbacks(execute=True):
        subject_id = HAPPEN[topic](cast)
    held_broker.deliver(times=3)
    owed = Delivery.objects.filter(topic=topic, subject_id=subject_id)
    assert owed.count() == len(SUBSCRIPTIONS[topic])
    assert set(Delivery.objects.values_list("state", "attempts")) == {("done", 1)}
    mails = Notification.objects.filter(channel="email")
    # "Your driver is here" is not said any more where the trip went on meanwhile.
    assert set(mails.values_list("state", "attempts")) <= {("sent", 1), ("skipped", 1)}
    assert set(mails.filter(state="skipped").values_list("error")) <= {("overtaken",)}
    assert len(smtp_sink.messages) == mails.filter(state="sent").count()
