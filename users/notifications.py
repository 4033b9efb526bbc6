"""Who is told what: the handlers of events, by the table of `users.kinds`. One event, one notice.

A `Notification` row is unique on (key, kind, channel, person) and exists before anything is
sent: a handler that runs twice writes nothing the second time.
"""

from collections.abc import Callable

from django.core.mail import EmailMultiAlternatives
from django.utils import timezone

from trips.events.log import recording
from trips.models import Alert, Trip, TripEvent
from users import audiences, envelope, mails, webhooks
from users.audiences import About, of_patient
from users.channels.outcome import Unwanted
from users.kinds import KINDS, OUTSIDE, Channel, kind_of, told_of
from users.models import Notification
from users.pipe import mail, objection, send, tell
from users.roles import Role

__all__ = ["compose", "mail", "mail_patient", "tell"]

#: What a new assignment says to drivers, on a faster queue than the rest of it.
_TO_DRIVERS = ("trip_assigned", "trip_withdrawn")


def compose(row: Notification) -> EmailMultiAlternatives:
    """What is sent for `row`; `Unwanted` where it is not to be sent any more."""
    if reason := objection(row):
        raise Unwanted(reason)
    return envelope.address(mails.compose(row), row)


def notify_assignment(event_id: int) -> str:
    """The driver who got the trip is told, and who had it before."""
    event = _event(event_id)
    key = f"assignment:{event.trip_id}:{event.data.get('driver_id')}:{event.version}"
    # One recording: two would lock the two drivers' streams in no fixed order.
    with recording():
        told = say("trip_assigned", _about(event), key=key)
        say("trip_withdrawn", _about(event), key=f"event:{event_id}")
    return f"driver of trip {event.trip_id} told" if told else "no driver to tell"


def notify_trip_event(event_id: int) -> str:
    """Everybody else who is told of a trip's event, facilities' systems among them."""
    event = _event(event_id)
    kinds = [name for name in told_of(event.event) if name not in _TO_DRIVERS or not _given(event)]
    with recording():
        for name in kinds:
            if _CONDITIONS.get(name, _always)(event):
                say(name, _about(event), key=f"event:{event_id}")
    webhooks.queue(event)
    return f"{event.event} of trip {event.trip_id} told"


def say(kind: str, about: About, *, key: str) -> int:
    """Tell the audiences of this kind about a trip, once per `key`; how many people there are."""
    told = KINDS[kind].told or {}
    message = KINDS[kind].message.format(trip_id=about.trip.pk)
    people = 0
    for audience, channels in told.items():
        found = audiences.find(audience, about)
        people += len(found)
        if Channel.IN_APP in channels:
            accounts = [one.user for one in found if one.user]
            tell(accounts, kind=kind, key=key, message=message, trip_id=about.trip.pk)
        for one in found:
            for channel in OUTSIDE:
                if channel in channels:
                    send(
                        one,
                        channel,
                        kind=kind,
                        key=key,
                        trip_id=about.trip.pk,
                        message="" if channel == Channel.EMAIL else message,
                    )
    return people


def mail_patient(trip: Trip, *, kind: str, key: str) -> bool:
    """Mail the patient: through their account where they have one, else to their address."""
    to = of_patient(trip.patient)
    return to is not None and send(to, Channel.EMAIL, kind=kind, key=key, trip_id=trip.pk)


def notify_alert(alert_id: int) -> str:
    """Every dispatcher is told of an alarm, in the app."""
    alert = Alert.objects.select_related("vehicle", "driver__user").get(pk=alert_id)
    source = alert.vehicle or alert.driver
    said = kind_of("alert").message.format(kind=alert.kind, source=source, alert_id=alert_id)
    message = alert.message or said
    dispatchers = audiences.of_role(Role.DISPATCHER)
    key = f"alert:{alert_id}"
    told = tell(dispatchers, kind="alert", key=key, message=message, trip_id=alert.trip_id)
    return f"{told} told of alert {alert_id}"


# --- when an event is news to anybody


def _given(event: TripEvent) -> bool:
    return event.event in KINDS["trip_assigned"].topics


def _always(event: TripEvent) -> bool:
    return True


def _tapped(event: TripEvent) -> bool:
    # Inferred: the driver is at the door already, or the patient aboard.
    return not event.inferred


def _booked(event: TripEvent) -> bool:
    """A standing order tells of its trips in one mail; of a trip that is over, there is no news."""
    trip = event.trip
    ahead = trip.scheduled_at is not None and trip.scheduled_at > timezone.now()
    return trip.standing_order_id is None and ahead


def _rescheduled(event: TripEvent) -> bool:
    return "scheduled_at" in event.data


def _changed_hands(event: TripEvent) -> bool:
    """Whether another driver had it before; of a first one the patient hears when he is coming."""
    return _former_driver_id(event) is not None


_CONDITIONS: dict[str, Callable[[TripEvent], bool]] = {
    "on_the_way": _tapped,
    "arrived": _tapped,
    "booked": _booked,
    "time_changed": _rescheduled,
    "driver_changed": _changed_hands,
}


def _event(event_id: int) -> TripEvent:
    related = ("trip__patient__user", "trip__facility")
    return TripEvent.objects.select_related(*related).get(pk=event_id)


def _about(event: TripEvent) -> About:
    trip = event.trip
    if _given(event):
        # The driver of this event: meanwhile the trip may have another.
        trip.driver_id = event.data.get("driver_id")
    return About(trip, _former_driver_id(event), event.actor_id)


def _former_driver_id(event: TripEvent) -> int | None:
    """Who had the trip before this event and has it no more."""
    before: int | None = event.data.get("before", {}).get("driver_id")
    return None if before == event.data.get("driver_id") else before
